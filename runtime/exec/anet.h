/* SPDX-License-Identifier: Apache-2.0 */
/* anet.h - making A, the agent's network namespace */
#ifndef EXEC_ANET_H
#define EXEC_ANET_H

#include "exec/ctx.h"

/* anet_make() - phase C_ANET, child. Sets c->a_netns, c->a_ino, c->a_socks, c->sysfs_tree. The
 * caller is in A afterwards unless c->two_threads. */
int anet_make(struct exec_ctx *c, const struct op *op, struct err *e);

#endif
