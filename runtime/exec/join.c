/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join.c - exec_join(): one more process in a running container
 *
 * Theory of operation: the plan of an exec names the namespaces of the container's init and the
 * numbers they must have; they are opened once, before anything else, and entered by a helper
 * (spawn.c), which makes the process inside. From there on it is the same child with the same C_DROP
 * as at create, without a gate: end of file on the socket after ACK is the execve.
 *
 * A process must enter A and never E. After `start` that is what init's ns/net shows; before it, E
 * is. So where the container has an A, the network namespace to join must belong to the container's
 * user namespace, which E never does.
 *
 * Should: enter the cgroup without moving there (CLONE_INTO_CGROUP, or "0" into v1's tasks).
 * Mustn't: be traceable from inside at any moment (CVE-2016-9962); hold a descriptor of the host
 * once inside (CVE-2024-21626).
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "exec/child.h"
#include "exec/ctx_begin.h"
#include "exec/fds.h"
#include "exec/run.h"
#include "exec/spawn.h"

static int check_a(const struct exec_ctx *c, struct err *e)
{
	int net = c->join[NS_T_NETWORK], user = c->join[NS_T_USER];

	if (!plan_find(c->plan, OP_ANET) || mutant("join.anet"))
		return 0;
	if (net < 0 || user < 0 || ns_owner_ino(net) != ns_ino(user))
		return err_set(e, ERR_STATE,
			       "the container's first process is not in the agent's network namespace: exec is possible once the container has been started");
	return 0;
}

/* The process has executed, or its error is here. */
static int wait_exec(struct exec_ctx *c, struct err *e)
{
	struct sync_frame f;
	int fds[SYNC_MAX_FDS];

	return sync_recv(&c->sync, &f, fds, e);
}

static int join(struct exec_ctx *c, struct err *e)
{
	if (ctx_begin(c, e) || check_a(c, e) || run_phase(c, P_PRE, e))
		return -1;
	if (fault("join"))
		return err_set(e, ERR_SYS, "injected failure at join");
	sync_skip_setup(&c->sync);
	sync_skip_setup(&c->child_sync);
	if (!c->plan->terminal)
		fds_give_stdio(c->plan);
	if (spawn(c, 0, child_join, e))
		return -1;
	sync_done(&c->child_sync);
	cgroup_fds_done(&c->cg);
	if (run_phase(c, P_MAP, e) || answer_until_ready(c, e) || fill_result(c, e) ||
	    announce(c, e) || wait_exec(c, e) || write_pid(c, e))
		return -1;
	c->res->pidfd = take_fd(c->pidfd);
	return 0;
}

int exec_join(const struct plan *p, const struct exec_opts *o, struct exec_result *ret,
	      struct err *e)
{
	struct exec_ctx c;

	ctx_init(&c, p, o, ret);
	int rc = join(&c, e);

	if (rc) {
		fd_close(&ret->console_master);
		spawn_kill(&c);
	}
	ctx_done(&c);
	return rc;
}
