/* SPDX-License-Identifier: Apache-2.0 */
/* thread.h - a second thread, made by hand; see the essay in thread.c */
#ifndef EXEC_THREAD_H
#define EXEC_THREAD_H

#include "exec/ctx.h"

/**
 * thread_split() - go on as two threads, one after the other
 * @leader:	the calling thread's last work; -1: its error ends both
 * @second:	what the other one does from then on; never returns
 * @hold:	a descriptor that never becomes readable (an eventfd)
 *
 * Returns only on failure.
 */
int thread_split(struct exec_ctx *c, int (*leader)(struct exec_ctx *, struct err *),
		 child_fn *second, struct err *e);

#endif
