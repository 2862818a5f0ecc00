/* SPDX-License-Identifier: Apache-2.0 */
/* run.h - which function performs which operation in which phase, and the loop over a plan */
#ifndef EXEC_RUN_H
#define EXEC_RUN_H

#include "exec/ctx.h"

/**
 * run_phase() - every operation of the plan that has something to do in a phase, in the plan's order
 *
 * An operation that fails ends the loop with its index in e->op and its place in the message,
 * unless its on_fail says to go on.
 */
int run_phase(struct exec_ctx *c, enum phase ph, struct err *e);

/* run_kind() - the same for the operations of one kind, where a phase needs an order of its own */
int run_kind(struct exec_ctx *c, enum phase ph, enum op_kind kind, struct err *e);

/* run_check() - whether every operation of the plan is performed by somebody; before the first */
int run_check(const struct plan *p, struct err *e);

#endif
