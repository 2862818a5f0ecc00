/* SPDX-License-Identifier: Apache-2.0 */
/* ctx_begin.h - the context's beginning and end, and what happens with the child's messages */
#ifndef EXEC_CTX_BEGIN_H
#define EXEC_CTX_BEGIN_H

#include "exec/ctx.h"

void ctx_init(struct exec_ctx *c, const struct plan *p, const struct exec_opts *o,
	      struct exec_result *res);

/* ctx_begin() - what create and exec check and open alike, before anything is made */
int ctx_begin(struct exec_ctx *c, struct err *e);

/* ctx_done() - the context's own; the child and what was made for it are not touched */
void ctx_done(struct exec_ctx *c);

/* answer_until_ready() - parent: take the child's messages from GO to READY: the console, listeners */
int answer_until_ready(struct exec_ctx *c, struct err *e);

/* announce() - parent: limits on the child, its pidfd to --pidfd-socket; then ACK */
int announce(struct exec_ctx *c, struct err *e);

/* write_pid() - the pid file, where one is wanted */
int write_pid(struct exec_ctx *c, struct err *e);

/* ctx_init_pid() - of an exec: the container's first process, by which the plan names the
 * namespaces to join; 0 where it does not */
int ctx_init_pid(const struct plan *p);

/* fill_result() - pid, start time, namespaces' numbers */
int fill_result(struct exec_ctx *c, struct err *e);

#endif
