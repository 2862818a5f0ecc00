/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn.c - making the child: direct, or through a helper that enters namespaces for it
 *
 * Theory of operation: a child whose namespaces are all new is one clone3 away. One that joins
 * namespaces by path, or is to be born in a new E, needs a process that enters those first: a pid
 * namespace counts only for children, a user namespace may be entered only before what it owns, and E must belong to the runtime's user namespace while the child gets its own. The parent
 * never does that itself, for then an error half way would have to undo it: a helper does, which
 * shares memory and descriptors with the parent (CLONE_VM | CLONE_VFORK | CLONE_FILES: nothing is
 * copied, and it can hand over E by just opening it), makes the child with CLONE_PARENT so that it
 * is the parent's own, and is gone.
 *
 * Should: leave the parent's namespaces, working directory and credentials alone.
 * Mustn't: run anything of the container's; be traceable from a namespace it has entered (it shares
 * the parent's memory: the parent is not dumpable before it starts, CVE-2016-9962).
 */
#include "exec/spawn.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "exec/affinity.h"
#include "exec/helper.h"
#include "exec/lo.h"
#include "exec/ns.h"
#include "sys/syscalls.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

struct spawn_args {
	struct exec_ctx *c;
	uint64_t flags;
	child_fn *child;
};

/*
 * A new user namespace takes its maker's limit: it is what the kernel lets its maker have in
 * processes, in it and beside it (user_namespaces(7), from Linux 5.14), and the maker's own user
 * namespace has none but the runtime.
 */
static bool limit_processes(const struct plan *p, struct rlimit *ret_was)
{
	const struct op *ns = plan_find(p, OP_USERNS);
	struct rlimit now;

	if (!ns || !ns->u.userns.nproc || mutant("rootless.nproc") ||
	    getrlimit(RLIMIT_NPROC, &now) < 0 || now.rlim_cur <= ns->u.userns.nproc)
		return false;
	*ret_was = now;
	now.rlim_cur = ns->u.userns.nproc;
	return setrlimit(RLIMIT_NPROC, &now) == 0;
}

static int clone_child(struct exec_ctx *c, uint64_t flags,
		       child_fn *child, struct err *e)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD, /* with it, the helper's own */
	};

	if (c->cg.v2_dir >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)c->cg.v2_dir;
	}

	struct rlimit was;
	bool limited = (flags & CLONE_NEWUSER) && limit_processes(c->plan, &was);
	pid_t pid = fault("p_map.clone") ? (errno = EAGAIN, -1) : sys_clone3(&args, sizeof(args));
	int why = errno;

	if (limited && pid != 0)
		(void)setrlimit(RLIMIT_NPROC, &was); /* the soft limit, up to the hard one again */
	errno = why;
	if (pid < 0)
		return err_sys(e, "make the container's process (clone3, flags %#llx)",
			       (unsigned long long)args.flags);
	if (pid == 0) {
		child(c);
		_exit(1); /* not reached */
	}
	c->pid = pid;
	c->pidfd = pidfd;
	return 0;
}

static int join_one(struct exec_ctx *c, enum ns_type type, struct err *e)
{
	if (setns(c->join[type], ns_table[type].flag) < 0)
		return err_sys(e, "enter the %s namespace", ns_table[type].name);
	return 0;
}

/* Entered by the child itself: child.c, timens.c. */
static bool is_childs(int type)
{
	return type == NS_T_CGROUP || type == NS_T_TIME;
}

/* Those that belong to the user namespace that is entered, or those that do not. */
static int join_some(struct exec_ctx *c, bool owned, struct err *e)
{
	int user = c->join[NS_T_USER];
	uint64_t user_ino = user >= 0 ? ns_ino(user) : 0;

	for (int t = 0; t < NS_TYPE__COUNT; t++) {
		if (t == NS_T_USER || is_childs(t) || c->join[t] < 0)
			continue;
		if ((user >= 0 && ns_owner_ino(c->join[t]) == user_ino) == owned &&
		    join_one(c, (enum ns_type)t, e))
			return -1;
	}
	return 0;
}

/*
 * The user namespace comes first where it owns the others; what belongs to another one (a network
 * namespace that an engine made on the host) can only be entered with the privileges of before. The
 * cgroup namespace is the child's own affair: from inside it the kernel denies that the caller's
 * cgroup exists, and CLONE_INTO_CGROUP fails with ENOENT.
 */
static int join_all(struct exec_ctx *c, struct err *e)
{
	if (join_some(c, false, e))
		return -1;
	if (c->join[NS_T_USER] >= 0 && join_one(c, NS_T_USER, e))
		return -1;
	return join_some(c, true, e);
}

static int make_e(struct exec_ctx *c, struct err *e)
{
	if (unshare(CLONE_NEWNET) < 0)
		return err_sys(e, "make the engine's network namespace");
	if (lo_up(e) || ns_of(c->procfd, "self", NS_T_NETWORK, &c->e_netns, e))
		return err_ctx(e, "the engine's network namespace");
	return 0;
}

static bool wants_new_e(const struct exec_ctx *c)
{
	const struct op *a = plan_find(c->plan, OP_ANET);

	return !c->plan->is_exec && a && a->u.anet.e == E_NEW;
}

/*
 * process.execCPUAffinity.initial is for the way into the cgroup, so the child must be born with it;
 * `final` is set inside (do_sched.c).
 */
static int initial_affinity(const struct exec_ctx *c, struct err *e)
{
	const struct op *s = plan_find(c->plan, OP_SCHED);

	if (!s || !s->u.sched.affinity_initial || !affinity_set(s->u.sched.affinity_initial, e))
		return 0;
	return err_ctx(e, "process.execCPUAffinity.initial");
}

static int spawn_in_helper(void *arg, struct err *e)
{
	struct spawn_args *a = arg;
	struct exec_ctx *c = a->c;

	if (initial_affinity(c, e))
		return -1;
	/* E first: in the user namespace of a pod it would belong to the pod. */
	if (wants_new_e(c) && make_e(c, e))
		return -1;
	if (join_all(c, e))
		return -1;
	return clone_child(c, a->flags | CLONE_PARENT, a->child, e);
}

int spawn(struct exec_ctx *c, uint64_t flags, child_fn *child,
	  struct err *e)
{
	struct spawn_args a = { .c = c, .flags = flags, .child = child };
	bool helper = wants_new_e(c) || c->plan->is_exec;

	for (int t = 0; t < NS_TYPE__COUNT; t++)
		helper = helper || (!is_childs(t) && c->join[t] >= 0);
	return helper ? helper_run(spawn_in_helper, &a, e) : clone_child(c, flags, child, e);
}

void spawn_kill(struct exec_ctx *c)
{
	siginfo_t si;

	if (c->pidfd < 0)
		return;
	(void)sys_pidfd_send_signal(c->pidfd, SIGKILL); /* ESRCH: it has ended by itself */
	while (waitid(P_PIDFD, (id_t)c->pidfd, &si, WEXITED) < 0 && errno == EINTR)
		;
	fd_close(&c->pidfd);
	c->pid = 0;
}
