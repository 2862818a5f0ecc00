/* SPDX-License-Identifier: Apache-2.0 */
/* steering.c - what the kernel refused for us, from its ring into the decision log */
#include "egress/steering.h"

#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/egress_wire.h"
#include "egress/refusal.h"
#include "egress/start.h"

#define TURN 64 /* refusals before others have a turn */

/* The ring is mapped twice in a row, so that no record is ever cut by its end. */
static int map_ring(struct steering *s, size_t page)
{
	size_t bytes = STEER_RING_PAGES * page;
	void *c = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, EGRESS_FD_STEER_RING, 0);
	uint8_t *p;

	if (c == MAP_FAILED)
		return -1;
	p = mmap(NULL, page + 2 * bytes, PROT_READ, MAP_SHARED, EGRESS_FD_STEER_RING, (off_t)page);
	if (p == MAP_FAILED)
		return -1;
	s->consumer = c;
	s->producer = (const uint64_t *)(void *)p;
	s->data = p + page;
	s->mask = bytes - 1;
	return 0;
}

int steering_map(struct steering *s, struct err *e)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *p;

	*s = (struct steering){ .src.fd = -1 };
	if (start_is_absent(EGRESS_FD_STEER_PAGE))
		return 0;
	p = mmap(NULL, (sizeof(*s->page) + page - 1) & ~(page - 1), PROT_READ | PROT_WRITE,
		 MAP_SHARED, EGRESS_FD_STEER_PAGE, 0);
	if (p == MAP_FAILED || map_ring(s, page) < 0)
		return err_sys(e, "map what the steering program shares");
	s->page = p;
	return 0;
}

static void to_addr(const struct steer_event *ev, struct ipaddr *ret)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	*ret = (struct ipaddr){ .family = 6 };
	memcpy(ret->b, ev->addr, 16);
	if (memcmp(ret->b, mapped, 12) == 0) {
		memmove(ret->b, ret->b + 12, 4);
		memset(ret->b + 4, 0, 12);
		ret->family = 4;
	}
}

static void note(struct steering *s, const struct steer_event *ev, int64_t now_ms)
{
	struct ipaddr a;

	to_addr(ev, &a);
	refusal_note(s->names, s->record, &a, ev->port, ev->proto, now_ms);
}

/* Return: whether there is more. */
static bool take(struct steering *s, int64_t now_ms)
{
	for (int i = 0; i < TURN; i++) {
		uint64_t at = *s->consumer, end = __atomic_load_n(s->producer, __ATOMIC_ACQUIRE);
		uint32_t len;

		if (at >= end)
			return false;
		len = __atomic_load_n((const uint32_t *)(const void *)(s->data + (at & s->mask)),
				      __ATOMIC_ACQUIRE);
		if (len & BPF_RINGBUF_BUSY_BIT)
			return false; /* being written: the kernel wakes us again */
		if (!(len & BPF_RINGBUF_DISCARD_BIT) && len == sizeof(struct steer_event)) {
			struct steer_event ev;

			memcpy(&ev, s->data + (at & s->mask) + BPF_RINGBUF_HDR_SZ, sizeof(ev));
			note(s, &ev, now_ms);
		}
		len = (len & ~BPF_RINGBUF_DISCARD_BIT) + BPF_RINGBUF_HDR_SZ;
		__atomic_store_n(s->consumer, at + ((len + 7) & ~7u), __ATOMIC_RELEASE);
	}
	return true;
}

static void on_refusals(struct loop_source *src, uint32_t events)
{
	struct steering *s = container_of(src, struct steering, src);
	uint64_t lost = __atomic_load_n(&s->page->lost, __ATOMIC_RELAXED);

	(void)events;
	(void)take(s, s->loop->now_ms); /* level-triggered: what is left comes again */
	s->record->missing.lines += lost - s->lost;
	s->lost = lost;
}

int steering_start(struct steering *s, struct loop *l, struct names *names, struct record *record,
		   struct err *e)
{
	s->names = names;
	s->record = record;
	s->loop = l;
	if (!s->page)
		return 0;
	s->src = (struct loop_source){ EGRESS_FD_STEER_RING, on_refusals };
	if (loop_add(l, &s->src, EPOLLIN) < 0)
		return err_sys(e, "watch the ring of refusals");
	return 0;
}
