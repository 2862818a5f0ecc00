/* SPDX-License-Identifier: Apache-2.0 */
/* outer.h - an ordinary user's ids, for the commands that need what root would have */
#ifndef CMD_OUTER_H
#define CMD_OUTER_H

#include "cmd/cmd.h"

/* cmd_outer_enter() - root of a user namespace with all the caller's ids from here on, nothing where
 * he is root of one already; ctx->own_userns says which */
int cmd_outer_enter(struct cmd_ctx *ctx, struct err *e);

/* cmd_outer_run() - @fn as such a root, in a process of its own; in this one where that is root. May
 * be called twice, the second time with the caller's own id alone. */
int cmd_outer_run(struct arena *a, int (*fn)(void *arg, struct err *e), void *arg, struct err *e);

#endif
