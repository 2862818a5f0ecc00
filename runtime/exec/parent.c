/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parent.c - exec_create(): phases P_PRE to P_POST, and undoing them
 *
 * Theory of operation: the parent is one thread with the caller's privileges, and stays where it
 * is: it enters no namespace and no container path. What it makes, it records in the context as
 * soon as it exists, so that one function undoes everything in reverse, wherever a failure came.
 *
 * P_PRE	holds the caller's privileges; no child yet.
 *	Should: check that every operation is known and this program cannot be overwritten; open the
 *	namespaces to join; make cgroups with their limits, the gate, the compiled filters.
 * P_MAP	the child exists and makes its namespaces meanwhile.
 *	Should: write the id maps; make every mount that needs a host path, complete and detached;
 *	prepare the proxy as far as it needs nothing of the child.
 *	Mustn't: attach one.
 * P_NET	the child's namespaces exist.
 *	Should: run the engine's network hooks with the child's pid. Then send the mounts, let the
 *	child go on, start the proxy beside it, answer it until it is ready, and wait until the proxy
 *	serves.
 * P_POST	the child needs nothing any more but ACK.
 *	Should: set its limits (nothing of ours runs under them); have the caller write down the pid,
 *	for after ACK the child no longer ends with us; publish the pid, last of all: an engine takes
 *	the pid file for the sign that everything went well.
 *
 * On failure the child is killed by its pidfd and reaped, so that nothing of it runs when the error
 * is returned; then the proxy, the cgroup and the upper directory go. Its namespaces and mounts die
 * with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/egress_wire.h"
#include "base/fd.h"
#include "base/mutant.h"
#include "exec/child.h"
#include "exec/ctx_begin.h"
#include "exec/fds.h"
#include "exec/gate.h"
#include "exec/netdev.h"
#include "exec/helper.h"
#include "exec/run.h"
#include "exec/spawn.h"
#include "exec/timens.h"

int do_cgroup(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_cgroup *cg = &op->u.cgroup;

	(void)i;
	if (cg->none)
		return 0;
	if (fault("p_pre.cgroup"))
		return err_set(e, ERR_SYS, "injected failure at p_pre.cgroup");
	if (c->plan->is_exec)
		return cgroup_open(cg, &c->cg, e);
	if (cgroup_make(cg, &c->cg, e))
		return -1;
	c->cg_made = !c->cg.existed;
	return 0;
}

/* Where the proxy dials from, if there is an A. A new E is made by spawn(). */
static int open_e(struct exec_ctx *c, struct err *e)
{
	const struct op *op = plan_find(c->plan, OP_ANET);

	if (!op)
		return 0;
	c->two_threads = op->u.anet.e == E_NEW;
	if (ns_of(c->procfd, "self", NS_T_NETWORK, &c->own_netns, e))
		return -1;
	if (op->u.anet.e == E_PATH &&
	    ns_open(op->u.anet.e_path_host, NS_T_NETWORK, op->u.anet.e_ino, &c->e_netns, e))
		return -1;
	if (op->u.anet.e == E_HOST) {
		c->e_netns = fcntl(c->own_netns, F_DUPFD_CLOEXEC, 3);
		if (c->e_netns < 0)
			return err_sys(e, "keep the host's network namespace");
	}
	return 0;
}

static int phase_pre(struct exec_ctx *c, struct err *e)
{
	if (fault("p_pre"))
		return err_set(e, ERR_SYS, "injected failure at p_pre");
	/* Orphans of a container without a pid namespace come to a foreground `run`. */
	if (!c->opts->detach && !c->opts->no_subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return err_sys(e, "become a subreaper");
	if (open_e(c, e) || run_phase(c, P_PRE, e))
		return -1;
	return gate_make(c->opts->state_dirfd, &c->gate, &c->result, e);
}

/* As root of the container's user namespace, where the caller is nobody: its copy of our mounts is
 * as good a source as they are, and what is cloned from it may be attached in the container's. */
static int map_inside(void *arg, struct err *e)
{
	struct exec_ctx *c = arg;

	if (setns(c->userns, CLONE_NEWUSER) < 0)
		return err_sys(e, "enter the container's user namespace");
	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(e, "make a mount namespace in the container's user namespace");
	return run_phase(c, P_MAP, e);
}

static int make_mounts(struct exec_ctx *c, struct err *e)
{
	const struct op *userns = plan_find(c->plan, OP_USERNS);

	return userns && userns->u.userns.mounts_inside ? helper_run(map_inside, c, e) :
							  run_phase(c, P_MAP, e);
}

static int phase_map(struct exec_ctx *c, struct err *e)
{
	uint64_t flags = (c->new_userns ? CLONE_NEWUSER : 0) |
			 (ns_is_new(c->plan, NS_T_PID) ? CLONE_NEWPID : 0);

	if (!c->plan->terminal)
		fds_give_stdio(c->plan);
	if (spawn(c, flags, child_create, e))
		return -1;
	/* The child's alone from now on: its end of the socket is its end. */
	sync_done(&c->child_sync);
	fd_close(&c->gate);
	fd_close(&c->result);
	cgroup_fds_done(&c->cg);
	if (fault("p_map"))
		return err_set(e, ERR_SYS, "injected failure at p_map");
	if (run_kind(c, P_MAP, OP_USERNS, e) ||
	    sync_send(&c->sync, SYNC_MAPPED, NULL, NULL, 0, e) || make_mounts(c, e) ||
	    run_kind(c, P_MAP, OP_EGRESS, e))
		return -1;
	return 0;
}

static int phase_net(struct exec_ctx *c, struct err *e)
{
	struct sync_frame f;
	int fds[SYNC_MAX_FDS];

	if (sync_recv(&c->sync, &f, fds, e))
		return -1;
	c->a_ino = f.u.a.ino;
	if (a_socks_unpack(fds, f.n_fds, f.u.a.socks, &c->a_socks, e)) {
		for (uint32_t i = 0; i < f.n_fds; i++)
			fd_close(&fds[i]);
		return -1;
	}
	if (fault("p_net"))
		return err_set(e, ERR_SYS, "injected failure at p_net");
	return timens_offsets(c, e) || fill_result(c, e) || run_phase(c, P_NET, e) ? -1 : 0;
}

static int send_trees(struct exec_ctx *c, struct err *e)
{
	struct sync_frame f;
	int fds[SYNC_MAX_FDS];
	size_t n = 0;

	memset(&f, 0, sizeof(f));
	for (size_t i = 0; i <= c->plan->n_ops; i++) {
		bool is_end = i == c->plan->n_ops;

		if (n && (is_end || n == SYNC_MAX_FDS)) {
			if (sync_send(&c->sync, SYNC_TREES, &f, fds, n, e))
				return -1;
			n = 0;
		}
		if (is_end || c->tree[i] < 0)
			continue;
		f.u.index[n] = (uint32_t)i;
		fds[n++] = c->tree[i];
	}
	for (size_t i = 0; i < c->plan->n_ops; i++)
		fd_close(&c->tree[i]);
	return sync_send(&c->sync, SYNC_GO, NULL, NULL, 0, e);
}

/* Beside the child, which makes its file system; nobody is told of it before both are ready. */
static int start_proxy(struct exec_ctx *c, struct err *e)
{
	if (run_kind(c, P_NET, OP_EGRESS, e))
		return -1;
	a_socks_close(&c->a_socks);
	ctx_drop_all(c);
	return 0;
}

static int create(struct exec_ctx *c, struct err *e)
{
	if (ctx_begin(c, e) || phase_pre(c, e) || phase_map(c, e) || phase_net(c, e))
		return -1;
	if (send_trees(c, e) || start_proxy(c, e) || answer_until_ready(c, e) ||
	    do_egress_ready(c, e) || announce(c, e) || write_pid(c, e))
		return -1;
	c->res->pidfd = take_fd(c->pidfd);
	c->res->late = take_fd(c->procfd); /* a mount that is attached nowhere */
	return 0;
}

/* In reverse order of making. What fails here cannot be helped, and must not hide the first error. */
static void undo(struct exec_ctx *c)
{
	struct exec_result *r = c->res;
	const struct op *cg = plan_find(c->plan, OP_CGROUP);
	struct err ignored = ERR_INIT;

	fd_close(&r->console_master);
	netdev_undo(c);
	spawn_kill(c);
	egress_undo(c);
	if (r->egress_pid)
		exec_stop_egress(r->egress_pid, r->egress_start, r->egress_cg_dirs,
				 r->n_egress_cg_dirs);
	if (c->cg_made)
		(void)cgroup_remove(&cg->u.cgroup, &ignored);
	if (r->upper_host)
		(void)exec_remove_upper(r->upper_host, &ignored);
	(void)unlinkat(c->opts->state_dirfd, "gate", 0);
	(void)unlinkat(c->opts->state_dirfd, "result", 0);
	(void)unlinkat(c->opts->state_dirfd, EGRESS_WATCH_NAME, 0);
	memset(r, 0, sizeof(*r));
	r->pidfd = r->late = r->console_master = -1;
}

int exec_create(const struct plan *p, const struct exec_opts *o, struct exec_result *ret,
		struct err *e)
{
	struct exec_ctx c;

	ctx_init(&c, p, o, ret);
	int rc = create(&c, e);

	if (rc) {
		sync_prefer_peer(&c.sync, e);
		undo(&c);
	}
	ctx_done(&c);
	return rc;
}
