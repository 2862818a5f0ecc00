/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.c - the process that becomes the container's: phases C_NS to C_EXEC
 *
 * Theory of operation: born by clone3 with the parent's memory and nothing shared, in its user and
 * pid namespaces. It works its way down, and each phase needs less than the one before:
 *
 * C_NS		holds every capability in the new user namespace, no id yet.
 *	Should: become deaf to what the caller set up (signals, session, processors); close every
 *	descriptor it does not need; join its cgroups (v1), then make its namespaces, the cgroup
 *	namespace after the join, or its root would be the caller's cgroup.
 *	Mustn't: touch a file: its ids are not mapped yet. The parent writes the maps meanwhile.
 * C_ANET	the same.
 *	Should: make A; see anet.c.
 * C_FS		is root of its user namespace, which the host knows as nobody.
 *	Should: build the root from the detached mounts that the parent sent, and go there.
 *	Mustn't: resolve a host path (it could not, in a user namespace); follow the image's links
 *	out of the root.
 * C_DROP	inside the new root.
 *	Should: take on the program's identity, once for each thread, and prove it can find the
 *	program; end with nothing open but the gate.
 *	Mustn't: do anything after the last seccomp filter but read, write, close, execve and exit.
 * C_GATE	holds nothing.
 *	Should: wait. Whatever could fail has failed, as an error of create.
 * C_EXEC	the container's.
 *	Should: run startContainer hooks, execute; report why not to `start`.
 *
 * The parent is never trusted to be alive: every wait is a read that ends when it does.
 */
#include "exec/child.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "exec/affinity.h"
#include "exec/anet.h"
#include "exec/fds.h"
#include "exec/gate.h"
#include "exec/lo.h"
#include "exec/ns.h"
#include "exec/proc.h"
#include "exec/prog.h"
#include "exec/run.h"
#include "exec/thread.h"
#include "exec/timens.h"
#include "sys/syscalls.h"

#define EXIT_SETUP 1   /* setting up failed: the parent has the reason */
#define EXIT_EXEC  126 /* the gate was open, but the program did not start */

static _Noreturn void fail(struct exec_ctx *c, const struct err *why)
{
	struct sync_frame f;

	memset(&f, 0, sizeof(f));
	f.u.err = *why;
	(void)sync_send(&c->sync, SYNC_ERR, &f, NULL, 0, NULL); /* the parent sees our end at least */
	_exit(EXIT_SETUP);
}

/* ---- C_NS ---- */

static int keep_needed(struct exec_ctx *c, struct err *e)
{
	int keep[CGROUP_MAX_DIRS + 6];
	size_t n = 0;

	keep[n++] = c->sync.fd;
	keep[n++] = c->c_procfd;
	keep[n++] = c->gate;
	keep[n++] = c->result;
	keep[n++] = c->join[NS_T_CGROUP];
	keep[n++] = c->join[NS_T_TIME];
	for (size_t i = 0; i < c->cg.n_tasks; i++)
		keep[n++] = c->cg.tasks[i];
	return fds_close_others(c, keep, n, e);
}

/* What a process inherits from whoever called the runtime, and a container must not. */
static int start_clean(struct exec_ctx *c, struct err *e)
{
	c->sync = c->child_sync;
	sys_reset_signals();
	if (setsid() < 0)
		return err_sys(e, "start a session");
	if (chdir("/") < 0)
		return err_sys(e, "leave the caller's directory");
	return keep_needed(c, e);
}

/* The cgroups, then the cgroup namespace, whose root they are to be. */
static int join_cgroups(struct exec_ctx *c, struct err *e)
{
	if (c->cg.n_tasks && cgroup_join_self(&c->cg, e))
		return -1;
	for (size_t i = 0; i < c->cg.n_tasks; i++)
		fd_close(&c->cg.tasks[i]);
	c->cg.n_tasks = 0;
	if (c->join[NS_T_CGROUP] >= 0 && setns(c->join[NS_T_CGROUP], CLONE_NEWCGROUP) < 0)
		return err_sys(e, "enter the cgroup namespace");
	fd_close(&c->join[NS_T_CGROUP]);
	return 0;
}

static int make_namespaces(struct exec_ctx *c, struct err *e)
{
	static const enum ns_type types[] = { NS_T_MOUNT, NS_T_UTS, NS_T_IPC, NS_T_CGROUP,
					      NS_T_NETWORK, NS_T_TIME };
	bool has_a = plan_find(c->plan, OP_ANET) != NULL;
	int flags = 0;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (ns_is_new(c->plan, types[i]) && !(has_a && types[i] == NS_T_NETWORK))
			flags |= ns_table[types[i]].flag;
	if (fault("c_ns"))
		return err_set(e, ERR_SYS, "injected failure at c_ns");
	if (flags && unshare(flags) < 0)
		return err_sys(e, "make namespaces (%#x)", (unsigned)flags);
	return (flags & CLONE_NEWNET) ? lo_up(e) : 0;
}

static int phase_ns(struct exec_ctx *c, struct err *e)
{
	if (start_clean(c, e) || join_cgroups(c, e))
		return -1;
	affinity_reset();
	return make_namespaces(c, e);
}

/* ---- C_ANET ---- */

static int phase_anet(struct exec_ctx *c, struct err *e)
{
	const struct op *a = plan_find(c->plan, OP_ANET);
	struct sync_frame f;
	int fds[SYNC_MAX_FDS];
	size_t n;

	/* net.ipv4.ping_group_range is EINVAL until the group ids are mapped. */
	if (sync_recv(&c->sync, &f, fds, e) || (a && anet_make(c, a, e)))
		return -1;
	memset(&f, 0, sizeof(f));
	f.u.a.ino = c->a_ino;
	n = a_socks_pack(&c->a_socks, fds, &f.u.a.socks);
	if (sync_send(&c->sync, SYNC_NS, &f, fds, n, e))
		return -1;
	a_socks_close(&c->a_socks);
	return 0;
}

/* ---- C_FS ---- */

static int take_trees(struct exec_ctx *c, const struct sync_frame *f, const int *fds, struct err *e)
{
	for (uint32_t i = 0; i < f->n_fds; i++) {
		if (f->u.index[i] >= c->plan->n_ops || c->tree[f->u.index[i]] >= 0)
			return err_set(e, ERR_INPUT, "the parent sent a mount for operation %u",
				       f->u.index[i]);
		c->tree[f->u.index[i]] = fds[i];
	}
	return 0;
}

/* Until GO; the ids are mapped by then. */
static int wait_go(struct exec_ctx *c, struct err *e)
{
	struct sync_frame f;
	int fds[SYNC_MAX_FDS];

	do {
		if (sync_recv(&c->sync, &f, fds, e))
			return -1;
		if (f.msg == SYNC_TREES && take_trees(c, &f, fds, e))
			return -1;
	} while (f.msg != SYNC_GO);
	return 0;
}

/*
 * From the caller's ids, unmapped in here, to the namespace's root. Where 0 is not mapped the
 * capabilities are the same and the ids stay; groups may be denied to a rootless caller.
 */
static int become_root(struct exec_ctx *c, struct err *e)
{
	bool joins = c->join[NS_T_USER] >= 0;

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(e, "forbid to trace the container's first process");
	if (!c->new_userns && !joins)
		return 0;
	if (sys_setgroups(0, NULL) < 0 && errno != EPERM)
		return err_sys(e, "drop the caller's groups");
	if ((sys_setresgid(0, 0, 0) < 0 || sys_setresuid(0, 0, 0) < 0) && errno != EINVAL)
		return err_sys(e, "become root of the user namespace");
	/* A change of ids makes a process what fs.suid_dumpable says. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(e, "forbid to trace the container's first process");
	return 0;
}

static int phase_fs(struct exec_ctx *c, struct err *e)
{
	if (fault("c_fs"))
		return err_set(e, ERR_SYS, "injected failure at c_fs");
	if (run_kind(c, C_FS, OP_PROPAGATION, e) || run_kind(c, C_FS, OP_ROOT, e))
		return -1;
	return run_phase(c, C_FS, e);
}

/* ---- C_DROP to C_EXEC: the thread that will execute ---- */

/* The filters last: they may refuse what makes a domain. */
static int fence(struct exec_ctx *c, struct err *e)
{
	return run_kind(c, C_DROP, OP_LANDLOCK, e) || run_kind(c, C_DROP, OP_SECCOMP, e) ? -1 : 0;
}

static int drop_identity(struct exec_ctx *c, struct err *e)
{
	const struct op *creds = plan_find(c->plan, OP_CREDS);
	bool nnp = creds && creds->u.creds.no_new_privs;

	if (run_kind(c, C_DROP, OP_LSM, e) || prog_chdir(c, false, e))
		return -1;
	/* A domain and a filter take no_new_privs, or a capability that is about to go. */
	if (!nnp && fence(c, e))
		return -1;
	if (run_kind(c, C_DROP, OP_CREDS, e) || prog_chdir(c, true, e) || prog_find(c, e))
		return -1;

	const int keep[] = { c->sync.fd, c->gate, c->result, c->hold, c->listener };

	if (fds_close_others(c, keep, sizeof(keep) / sizeof(keep[0]), e))
		return -1;
	if (run_kind(c, C_DROP, OP_RLIMIT, e))
		return -1;
	if (fault("c_drop.seccomp"))
		return err_set(e, ERR_SYS, "injected failure at c_drop.seccomp");
	return nnp ? fence(c, e) : 0;
}

/* READY, then ACK: from here on nothing of create can fail. */
static int wait_ack(struct exec_ctx *c, struct err *e)
{
	struct sync_frame f;
	int fds[SYNC_MAX_FDS];

	memset(&f, 0, sizeof(f));
	f.u.left = c->left;
	if (sync_send(&c->sync, SYNC_READY, &f, NULL, 0, e) || sync_recv(&c->sync, &f, fds, e))
		return -1;
	fd_close(&c->listener);
	return 0;
}

static _Noreturn void gate_and_exec(struct exec_ctx *c)
{
	struct err e = ERR_INIT;

	sync_done(&c->sync);
	if (gate_wait(c->gate, &e) == 0) {
		fd_close(&c->gate);
		if (run_phase(c, C_EXEC, &e) == 0)
			prog_exec(c, &e);
	}
	gate_report(c->result, &e);
	_exit(EXIT_EXEC);
}

static _Noreturn void finish(struct exec_ctx *c)
{
	struct err e = ERR_INIT;

	if (drop_identity(c, &e) || wait_ack(c, &e))
		fail(c, &e);
	if (!c->plan->is_exec)
		gate_and_exec(c);
	prog_exec(c, &e);
	fail(c, &e);
}

static _Noreturn void second_thread(struct exec_ctx *c)
{
	struct err e = ERR_INIT;

	if (!mutant("anet.enter") && setns(c->a_netns, CLONE_NEWNET) < 0) {
		err_sys(&e, "enter the agent's network namespace");
		fail(c, &e);
	}
	finish(c);
}

/* The leader's share of C_DROP where a second thread executes: it gets the filters from there. It
 * will not run another instruction of the program's, so it needs none of its capabilities. */
static int leader_drop(struct exec_ctx *c, struct err *e)
{
	if (run_kind(c, C_DROP, OP_CREDS, e))
		return -1;
	if (sys_capset(0, 0, 0) < 0)
		return err_sys(e, "give up the first thread's capabilities");
	return 0;
}

static _Noreturn void drop(struct exec_ctx *c)
{
	struct err e = ERR_INIT;

	if (fault("c_drop"))
		err_set(&e, ERR_SYS, "injected failure at c_drop");
	else if (run_phase(c, C_DROP, &e) == 0) {
		prog_env(c);
		if (!c->two_threads)
			finish(c);
		c->hold = eventfd(0, EFD_CLOEXEC);
		if (c->hold < 0)
			err_sys(&e, "make what the first thread waits for");
		else
			thread_split(c, leader_drop, second_thread, &e);
	}
	fail(c, &e);
}

_Noreturn void child_create(struct exec_ctx *c)
{
	struct err e = ERR_INIT;

	if (phase_ns(c, &e) || phase_anet(c, &e) || wait_go(c, &e) || timens_enter(c, &e) ||
	    become_root(c, &e) || phase_fs(c, &e))
		fail(c, &e);
	drop(c);
}

static int open_root(struct exec_ctx *c, struct err *e)
{
	c->rootfd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return c->rootfd < 0 ? err_sys(e, "open the container's root") : 0;
}

_Noreturn void child_join(struct exec_ctx *c)
{
	struct err e = ERR_INIT;

	if (start_clean(c, &e) || join_cgroups(c, &e) || timens_enter(c, &e) || become_root(c, &e) ||
	    open_root(c, &e) || phase_fs(c, &e))
		fail(c, &e);
	drop(c);
}
