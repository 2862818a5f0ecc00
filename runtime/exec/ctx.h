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
#include "exec/exec.h"
#include "plan/plan.h"

struct seccomp_prog { void *data; size_t n_bytes; }; /* struct sock_filter[] */

struct exec_ctx {
	const struct plan *plan;
	const struct exec_opts *opts;
	struct exec_result *res; /* parent only */

	/* parent */
	int procfd;		/* trusted procfs of the parent's pid namespace */
	struct cgroup_fds cg;
	bool cg_made;
	int own_netns, e_netns; /* the runtime's; E (opened path, new, or own_netns for E_HOST) */
	int pidfd;		/* of the child */
	pid_t pid;
	int userns;		/* the container's, opened after the maps are written; -1 none */
	int proxy_sock;		/* received from the child: listening in A */

	/* both: index = op index */
	int *tree;		/* detached mounts: OP_ROOT, OP_MOUNT (bind), OP_DEV (bind); else -1 */
	struct seccomp_prog *prog; /* OP_SECCOMP: compiled in P_PRE */

	/* child */
	int sync;		/* socketpair end (SOCK_SEQPACKET), each side has its own */
	int rootfd;		/* the new root once attached; "/" after pivot */
	int c_procfd;		/* trusted procfs usable in the child, opened before pivot_root */
	int a_netns, sysfs_tree; /* made in A by the helper of C_ANET */
	int console_master, console_slave;
	int gate, result;	/* fifos of the start protocol */
	int mask_file, mask_dir; /* do_mask.c's own, -1 at first: /dev/null, an empty directory */
	bool mask_file_used, mask_dir_used; /* attached once: clone it from now on */
};

/* One action. @i = index of @op in the plan. Phase, privileges, Should / Mustn't: at each do_. */
typedef int do_fn(struct exec_ctx *c, const struct op *op, size_t i, struct err *e);

/*
 * do_tree.c, do_overlay.c (parent, after P_MAP: c->userns is valid where there is one): sets
 * c->tree[i], a detached mount with all its attributes (read-only, nosuid ..., idmap) applied.
 */
do_fn do_tree_root, do_tree_mount, do_tree_dev;
/* C_FS (child) */
do_fn do_propagation, do_root_attach, do_mount, do_file, do_dev, do_link, do_pivot, do_root_ro,
	do_rdonly, do_mask;
/* do_tty.c: /dev/console, pty; master sent to --console-socket, or kept for the foreground */
do_fn do_console;
/* C_DROP (child; every one acts on the calling thread only, where the kernel allows that) */
do_fn do_hostname, do_sysctl, do_rlimit, do_oom, do_sched, do_keyring, do_lsm, do_creds, do_seccomp;
/* do_hooks.c: @state_json is built from the plan and the pid; child hooks get the container's pid */
do_fn do_hook;
/* do_net.c: P_NET (parent) */
do_fn do_netdev;
/* do_egress.c: P_NET (parent): starts agentrt-egress, waits for its ready byte, fills c->res */
do_fn do_egress;

#endif
