/* SPDX-License-Identifier: Apache-2.0 */
/* fds.h - which descriptors a container gets, and that it gets no other */
#ifndef EXEC_FDS_H
#define EXEC_FDS_H

#include <stddef.h>

#include "exec/ctx.h"

/* fds_plan() - c->n_keep and c->n_listen: 0-2, LISTEN_FDS' where meant for this process, and
 * --preserve-fds' behind them; each must have been passed in by the caller. P_PRE. */
int fds_plan(struct exec_ctx *c, struct err *e);

/* fds_close_others() - close all but the first c->n_keep and those listed (-1: none) */
int fds_close_others(const struct exec_ctx *c, const int *keep, size_t n_keep, struct err *e);

/* fds_give_stdio() - pipes on 0-2 that belong to the runtime's user change to the container's, so
 * that its program can open /dev/stdout again. P_PRE, parent. Best effort, as in runc. */
void fds_give_stdio(const struct plan *p);

#endif
