/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.h - epoll: sources with a callback each, and no event for a source that is gone
 *
 * An event names a descriptor, and a table says whose that is now: a source can be handed on
 * (loop_move()) without telling the kernel.
 */
#ifndef EGRESS_LOOP_H
#define EGRESS_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "base/egress_wire.h"
#include "base/err.h"

#define LOOP_BATCH 64

/* Embedded in its owner; the callback finds the owner by container_of(). */
struct loop_source {
	int fd; /* -1: not in the loop */
	void (*fn)(struct loop_source *s, uint32_t events);
};

struct loop {
	int epfd;
	int64_t now_ms; /* monotonic, as of the last wait */
	uint64_t turn;	/* number of the last wait */
	struct epoll_event batch[LOOP_BATCH];
	int n, i; /* of the batch being dispatched */
	struct loop_source *of[EGRESS_NOFILE]; /* by descriptor */
};

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* loop_init() - @l is all zero */
int loop_init(struct loop *l, struct err *e);
/* loop_add() - s->fd and s->fn are set; 0, or -1 with errno */
int loop_add(struct loop *l, struct loop_source *s, uint32_t events);
int loop_set(struct loop *l, struct loop_source *s, uint32_t events);
/* loop_forget() - out of the loop, not closed; loop_close() - closed too. Both set fd to -1, and
 * no event of the current batch reaches the source any more. */
void loop_forget(struct loop *l, struct loop_source *s);
void loop_close(struct loop *l, struct loop_source *s);
/* loop_move() - @to has the descriptor from now on, and what happens to it; from->fd is -1 */
void loop_move(struct loop *l, struct loop_source *from, struct loop_source *to);
/* loop_wait() - one batch; timeout_ms as epoll_wait(2) */
int loop_wait(struct loop *l, int timeout_ms, struct err *e);

#endif
