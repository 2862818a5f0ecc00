/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctx.h - what the phases of one create (or exec) share; internal to exec/
 *
 * The parent fills it before clone3; the child gets its own copy by fork and adds what the parent
 * sends (tree[] by SCM_RIGHTS). Every descriptor is O_CLOEXEC and -1 when absent.
 */
#ifndef EXEC_CTX_H
#define EXEC_CTX_H

#include "cgroup/cgroup.h"
#include "exec/a_socks.h"
#include "exec/exec.h"
#include "exec/ns.h"
#include "exec/sync.h"
#include "plan/plan.h"

struct seccomp_prog { void *data; size_t n_bytes; }; /* struct sock_filter[] */

struct exec_ctx {
	const struct plan *plan;
	const struct exec_opts *opts;
	struct exec_result *res; /* parent only */

	/* decided before the first action */
	bool new_userns;  /* the child is made in a user namespace of its own */
	bool two_threads; /* E is new and there is an A: docs/architecture.md, section 4 */
	unsigned n_keep;  /* descriptors 0 ... n_keep - 1 are the container's */
	unsigned n_listen; /* of them, passed by LISTEN_FDS */
	bool can_take_fd; /* the parent may take a descriptor out of the child (pidfd_getfd) */

	/* parent */
	int procfd;		/* trusted procfs of the parent's pid namespace */
	struct cgroup_fds cg;
	bool cg_made; /* it was not there before: a failure takes it away again */
	int own_netns, e_netns; /* the runtime's; E (opened path, new, or own_netns for E_HOST) */
	int pidfd;		/* of the child */
	pid_t pid;
	int userns;		/* the container's, opened after the maps are written; -1 none */
	struct a_socks a_socks;	/* the child makes them, the parent receives them: the proxy's */
	uint64_t a_ino;		/* of A; 0: there is none */
	struct egress_start *egress; /* do_egress.c: what the proxy gets, until it is started */
	int egress_ready;	/* from the proxy, until it serves; -1 none */
	bool has_listener;	/* of the filter that is recorded: it was handed over, or said why not */
	int dropped;		/* ctx_drop() */
	struct netdev_moved *moved; /* do_netdev.c: interfaces of the host, the last one first */
	int moved_to;		    /* the network namespace that they are in */
	int join[NS_TYPE__COUNT]; /* namespaces entered before the child is made, by enum ns_type */

	/* both: index = op index */
	int *tree; /* detached mounts: OP_ROOT, OP_MOUNT (bind), OP_DEV (bind), OP_FILE; else -1 */
	struct seccomp_prog *prog; /* OP_SECCOMP: compiled in P_PRE */
	struct seccomp_record {
		struct seccomp_prog notify; /* instead of the one program that is recorded; none: as it is */
		struct seccomp_prog part;   /* seccomp_record_part() of it */
		struct err why_not;	    /* that nothing is recorded: said if all else goes well */
	} record;

	/* child */
	struct sync sync;	/* this process's end */
	struct sync child_sync; /* the other one, until the child has it */
	int rootfd;		/* the new root once attached; "/" after pivot */
	int c_procfd;		/* trusted procfs: the parent's, whose "self" is right in the child too */
	int a_netns, sysfs_tree; /* made in A by the helper of C_ANET */
	int console_master, console_slave;
	int gate, result;	/* fifos of the start protocol */
	int hold;		/* what the leader of two threads waits for in vain */
	int listener;		/* of a seccomp filter that notifies; the parent takes it by ACK */
	const char *const *env; /* of the program, complete */
	char *prog_path;	/* what execve gets */
	bool cwd_done;
	struct sync_left left;	/* limits that only the parent may set; both: by READY */
	int mask_file, mask_dir; /* do_mask.c's own, -1 at first: /dev/null, an empty directory */
	bool mask_file_used, mask_dir_used; /* attached once: clone it from now on */
};

/* What a process or thread of ours does until it executes or ends: it never returns. */
typedef void child_fn(struct exec_ctx *c);

/*
 * ctx_drop() - close a detached mount, later: the kernel waits for a grace period at each. Until then
 * they lie on each other (Linux 6.15), so that it is one for all; *@mnt is -1 then.
 * ctx_drop_all() - now
 */
void ctx_drop(struct exec_ctx *c, int *mnt);
void ctx_drop_all(struct exec_ctx *c);

/* One action. @i = index of @op in the plan. Phase, privileges, Should / Mustn't: at each do_. */
typedef int do_fn(struct exec_ctx *c, const struct op *op, size_t i, struct err *e);

/*
 * do_tree.c, do_overlay.c (parent, after P_MAP: c->userns is valid where there is one): sets
 * c->tree[i], a detached mount with all its attributes (read-only, nosuid ..., idmap) applied.
 */
do_fn do_tree_root, do_tree_mount, do_tree_dev;
/* do_file.c: the same for a file of ours, where Linux can (6.15); else do_file makes it, too */
do_fn do_tree_file;
/* C_FS (child) */
do_fn do_propagation, do_root_attach, do_mount, do_file, do_dev, do_link, do_pivot, do_root_ro,
	do_rdonly, do_mask;
/* do_tty.c: /dev/console, pty; master sent to --console-socket, or kept for the foreground */
do_fn do_console;
/* C_DROP (child; every one acts on the calling thread only, where the kernel allows that) */
do_fn do_hostname, do_sysctl, do_rlimit, do_sched, do_keyring, do_lsm, do_creds,
	do_landlock, do_seccomp;
/* Parent, on the child's pid: lowering an oom score, raising a hard limit and real-time scheduling
 * take capabilities in the initial user namespace */
do_fn do_oom, do_sched_early, do_sched_late, do_rlimit_parent;
/* P_PRE (parent) */
do_fn do_cgroup, do_rdt, do_seccomp_compile;
/* P_MAP (parent) */
do_fn do_userns, do_rdt_join;
/* do_hooks.c: @state_json is built from the plan and the pid; child hooks get the container's pid */
do_fn do_hook;
/* do_netdev.c: P_NET (parent) */
do_fn do_netdev;
/* do_egress.c: P_MAP (parent): what needs nothing of A; P_NET: starts agentrt-egress, fills c->res */
do_fn do_egress_prepare, do_egress;
/* egress_undo() - of what was prepared and not started */
void egress_undo(struct exec_ctx *c);
/* do_egress_ready() - wait until the proxy serves; nothing to wait for is success */
int do_egress_ready(struct exec_ctx *c, struct err *e);

#endif
