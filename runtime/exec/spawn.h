/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.h - making the child: direct, or through a helper that enters namespaces for it */
#ifndef EXEC_SPAWN_H
#define EXEC_SPAWN_H

#include "exec/ctx.h"

/**
 * spawn() - clone3 the child
 * @flags:	CLONE_NEWUSER, CLONE_NEWPID as the plan wants
 * @child:	runs in it, never returns
 *
 * Uses c->join[] (entered first), makes E where op_anet wants a new one (sets c->e_netns) and the
 * time namespace; on v2 the child is born in c->cg.v2_dir. Sets c->pid and c->pidfd; the child is
 * the caller's own, to be waited for with the pidfd. The caller's namespaces never change.
 */
int spawn(struct exec_ctx *c, uint64_t flags, child_fn *child,
	  struct err *e);

/* spawn_kill() - end the child and reap it; c->pid and c->pidfd are reset */
void spawn_kill(struct exec_ctx *c);

#endif
