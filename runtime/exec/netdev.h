/* SPDX-License-Identifier: Apache-2.0 */
/* netdev.h - undoing what do_netdev.c has moved */
#ifndef EXEC_NETDEV_H
#define EXEC_NETDEV_H

#include "exec/ctx.h"

/* netdev_undo() - every interface that was moved goes back as it was */
void netdev_undo(struct exec_ctx *c);

/* netdev_done() - forget them: they are the container's */
void netdev_done(struct exec_ctx *c);

#endif
