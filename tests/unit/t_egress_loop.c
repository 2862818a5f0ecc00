/* SPDX-License-Identifier: Apache-2.0 */
/* t_egress_loop.c - events reach whoever has the descriptor now, and nobody who had it before */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "egress/loop.h"
#include "tests/unit/test.h"

static struct loop loop;

/* What is watched, and what happened to it. */
static struct watched {
	struct loop_source src;
	int n;
} first, second, third;

static void count(struct loop_source *s, uint32_t events)
{
	(void)events;
	container_of(s, struct watched, src)->n++;
}

static void watch(struct watched *w, unsigned ready, void (*fn)(struct loop_source *, uint32_t))
{
	*w = (struct watched){ .src = { eventfd(ready, EFD_CLOEXEC | EFD_NONBLOCK), fn } };
	if (w->src.fd < 0 || loop_add(&loop, &w->src, EPOLLIN) < 0)
		abort();
}

static void turn(void)
{
	struct err e = ERR_INIT;

	if (loop_wait(&loop, 0, &e))
		abort();
}

/* Closes the other of the two; the number is somebody else's at once. */
static void close_other(struct loop_source *s, uint32_t events)
{
	struct watched *other = s == &first.src ? &second : &first;
	int fd = other->src.fd;

	count(s, events);
	loop_close(&loop, &other->src);
	watch(&third, 0, count);
	t_ok(third.src.fd == fd, "a closed descriptor's number is given out again");
}

static void closed_in_a_batch(void)
{
	watch(&first, 1, close_other);
	watch(&second, 1, close_other);
	turn();
	t_ok(first.n + second.n == 1, "a source that is closed gets no event of the same batch");
	t_ok(third.n == 0, "nor does who has its number next");
	loop_close(&loop, &first.src);
	loop_close(&loop, &second.src);
	loop_close(&loop, &third.src);
}

static void moved(void)
{
	watch(&first, 1, count);
	second = (struct watched){ .src = { -1, count } };
	loop_move(&loop, &first.src, &second.src);
	turn();
	t_ok(first.n == 0 && first.src.fd == -1 && second.n == 1,
	     "a source that is handed on gets the events");
	int fd = second.src.fd;
	loop_forget(&loop, &second.src);
	turn();
	t_ok(second.n == 1 && second.src.fd == -1, "one that is forgotten gets none");
	close(fd);
}

/* A library closes a socket and tells us afterwards: by then it may be another's. */
static void forgotten_too_late(void)
{
	int fd;

	watch(&first, 0, count);
	fd = first.src.fd;
	close(fd);
	watch(&second, 1, count);
	t_ok(second.src.fd == fd, "a number comes back");
	loop_forget(&loop, &first.src);
	turn();
	t_ok(first.n == 0 && second.n == 1, "who forgets it late takes it from nobody");
	loop_close(&loop, &second.src);
}

static void out_of_range(void)
{
	struct watched w = { .src = { EGRESS_NOFILE, count } };

	t_ok(loop_add(&loop, &w.src, EPOLLIN) < 0 && errno == EMFILE, "a number beyond the table is refused");
	loop_forget(&loop, &w.src);
	t_ok(w.src.fd == -1, "and can be forgotten");
}

int main(void)
{
	struct err e = ERR_INIT;

	if (loop_init(&loop, &e))
		abort();
	closed_in_a_batch();
	moved();
	forgotten_too_late();
	out_of_range();
	return t_done();
}
