/* SPDX-License-Identifier: Apache-2.0 */
/* loop.c - epoll */
#include "egress/loop.h"

#include <errno.h>
#include <time.h>

#include "base/fd.h"
#include "base/table.h"

static void read_clock(struct loop *l)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	l->now_ms = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int loop_init(struct loop *l, struct err *e)
{
	l->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epfd < 0)
		return err_sys(e, "make an epoll descriptor");
	read_clock(l);
	return 0;
}

/* #syscalls: epoll_ctl */
static int control(struct loop *l, int op, struct loop_source *s, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.fd = s->fd };

	return epoll_ctl(l->epfd, op, s->fd, &ev);
}

int loop_add(struct loop *l, struct loop_source *s, uint32_t events)
{
	if (s->fd >= (int)ARRAY_SIZE(l->of)) {
		errno = EMFILE;
		return -1;
	}
	if (control(l, EPOLL_CTL_ADD, s, events) < 0)
		return -1;
	l->of[s->fd] = s;
	return 0;
}

int loop_set(struct loop *l, struct loop_source *s, uint32_t events)
{
	return control(l, EPOLL_CTL_MOD, s, events);
}

static bool is_in(const struct loop *l, const struct loop_source *s)
{
	return s->fd < (int)ARRAY_SIZE(l->of) && l->of[s->fd] == s;
}

/* The number may be another's before the batch is through. */
static void drop(struct loop *l, const struct loop_source *s)
{
	l->of[s->fd] = NULL;
	for (int i = l->i; i < l->n; i++)
		if (l->batch[i].data.fd == s->fd)
			l->batch[i].data.fd = -1;
}

void loop_forget(struct loop *l, struct loop_source *s)
{
	if (s->fd < 0)
		return;
	if (is_in(l, s)) {
		(void)control(l, EPOLL_CTL_DEL, s, 0);
		drop(l, s);
	}
	s->fd = -1;
}

void loop_move(struct loop *l, struct loop_source *from, struct loop_source *to)
{
	to->fd = from->fd;
	l->of[to->fd] = to;
	from->fd = -1;
}

/* #syscalls: close */
void loop_close(struct loop *l, struct loop_source *s)
{
	if (s->fd < 0)
		return;
	if (is_in(l, s))
		drop(l, s);
	fd_close(&s->fd); /* the last reference: epoll forgets it by itself */
}

/* #syscalls: epoll_wait epoll_pwait clock_gettime */
int loop_wait(struct loop *l, int timeout_ms, struct err *e)
{
	int n = epoll_wait(l->epfd, l->batch, LOOP_BATCH, timeout_ms);

	if (n < 0 && errno != EINTR)
		return err_sys(e, "wait for events");
	read_clock(l);
	l->turn++;
	l->n = n < 0 ? 0 : n;
	for (l->i = 0; l->i < l->n;) {
		struct epoll_event *ev = &l->batch[l->i++];
		struct loop_source *s = ev->data.fd < 0 ? NULL : l->of[ev->data.fd];

		if (s)
			s->fn(s, ev->events);
	}
	l->n = l->i = 0;
	return 0;
}
