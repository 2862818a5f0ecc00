/* SPDX-License-Identifier: Apache-2.0 */
/* timens.h - a new time namespace: made and entered by the child, its offsets by the parent */
#ifndef EXEC_TIMENS_H
#define EXEC_TIMENS_H

#include "exec/ctx.h"

/* timens_offsets() - parent, when the child has made the namespace and nobody has entered it */
int timens_offsets(struct exec_ctx *c, struct err *e);

/* timens_enter() - child, after that; also one that the config names by path */
int timens_enter(struct exec_ctx *c, struct err *e);

#endif
