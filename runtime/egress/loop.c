/* SPDX-License-Identifier: Apache-2.0 */
/* loop.c - epoll */
#include "egress/loop.h"

#include <errno.h>
#include <time.h>

#include "base/fd.h"

static void read_clock(struct loop *l)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	l->now_ms = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int loop_init(struct loop *l, struct err *e)
{
	*l = (struct loop){ .epfd = epoll_create1(EPOLL_CLOEXEC) };
	if (l->epfd < 0)
		return err_sys(e, "make an epoll descriptor");
	read_clock(l);
	return 0;
}

/* #syscalls: epoll_ctl */
static int control(struct loop *l, int op, struct loop_source *s, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = s };

	return epoll_ctl(l->epfd, op, s->fd, &ev);
}

int loop_add(struct loop *l, struct loop_source *s, uint32_t events)
{
	return control(l, EPOLL_CTL_ADD, s, events);
}

int loop_set(struct loop *l, struct loop_source *s, uint32_t events)
{
	return control(l, EPOLL_CTL_MOD, s, events);
}

static void drop_pending(struct loop *l, const struct loop_source *s)
{
	for (int i = l->i; i < l->n; i++)
		if (l->batch[i].data.ptr == s)
			l->batch[i].data.ptr = NULL;
}

void loop_forget(struct loop *l, struct loop_source *s)
{
	if (s->fd < 0)
		return;
	(void)control(l, EPOLL_CTL_DEL, s, 0); /* ENOENT where it never was in */
	drop_pending(l, s);
	s->fd = -1;
}

void loop_release(struct loop *l, struct loop_source *s)
{
	drop_pending(l, s);
	s->fd = -1;
}

/* #syscalls: close */
void loop_close(struct loop *l, struct loop_source *s)
{
	if (s->fd < 0)
		return;
	drop_pending(l, s);
	fd_close(&s->fd); /* the last reference: epoll forgets it by itself */
}

/* #syscalls: epoll_wait epoll_pwait clock_gettime */
int loop_wait(struct loop *l, int timeout_ms, struct err *e)
{
	int n = epoll_wait(l->epfd, l->batch, LOOP_BATCH, timeout_ms);

	if (n < 0 && errno != EINTR)
		return err_sys(e, "wait for events");
	read_clock(l);
	l->n = n < 0 ? 0 : n;
	for (l->i = 0; l->i < l->n;) {
		struct epoll_event *ev = &l->batch[l->i++];
		struct loop_source *s = ev->data.ptr;

		if (s)
			s->fn(s, ev->events);
	}
	l->n = l->i = 0;
	return 0;
}
