/* SPDX-License-Identifier: Apache-2.0 */
/* exec.h - performing a plan; what cmd/ calls. No spec or profile header is included in exec/. */
#ifndef EXEC_EXEC_H
#define EXEC_EXEC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "plan/plan.h"

/* In an upper directory: the path of its container's state directory */
#define UPPER_OWNER "owner"

struct exec_result;

struct exec_opts {
	const char *console_socket, *pidfd_socket, *pid_file; /* NULL: none */
	unsigned preserve_fds;	  /* beyond 0-2 and LISTEN_FDS */
	bool detach;
	int state_dirfd;	  /* the container's directory */
	int proxy_dirfd;	  /* of the container with the proxy; -1: there is none */
	const char *state_root, *egress_path; /* absolute path of the agentrt-egress program */
	const char *cache_dir;	  /* compiled seccomp programs; NULL: no cache */
	bool no_subreaper;
	/*
	 * Called with what was made, except pidfd and console, before the child is let go to the gate,
	 * where it no longer notices that we are gone: whoever is to find it must be told first.
	 */
	int (*made)(void *arg, const struct exec_result *r, struct err *e); /* NULL: nobody */
	void *made_arg;
};

struct exec_result {
	pid_t pid;
	uint64_t pid_start;
	int pidfd; /* of the container's first process; caller closes */
	int late;  /* caller closes; the kernel takes its time, so when nobody waits; or -1 */
	pid_t egress_pid;
	uint64_t egress_start;
	uint64_t ns_ino[8], ns_e_ino;
	int console_master; /* foreground `run -t`: the pty; else -1 */
	struct plan_cg_dir *egress_cg_dirs; /* in the plan's arena */
	size_t n_egress_cg_dirs;
	const char *upper_host;
};

/* exec_self_is_at_risk() - whether the container of this plan could overwrite the running program
 * (CVE-2019-5736): not where its user namespace leaves the file's owner out */
bool exec_self_is_at_risk(const struct plan *p);

/**
 * exec_protect_self() - go on from a file that nobody can write, unless this program does already
 * To be called where exec_self_is_at_risk(), before anything has a side effect: where the kernel
 * does not let a running program change its file, this executes it again, and returns 0 at once the
 * second time round. exec_create() and exec_join() refuse where it was needed and not called.
 */
int exec_protect_self(struct err *e);

/**
 * exec_create() - phases P_PRE to C_GATE
 * When it returns 0 the init process waits at the gate: everything that could fail has. When it
 * returns -1 nothing of the container is left but the state directory (the caller's).
 */
int exec_create(const struct plan *p, const struct exec_opts *o, struct exec_result *ret,
		struct err *e);

/* exec_start() - open the gate; returns after execve succeeded, or with its error */
int exec_start(int state_dirfd, struct err *e);

/* exec_join() - the plan of plan_build_exec(): the new process has executed when it returns 0 */
int exec_join(const struct plan *p, const struct exec_opts *o, struct exec_result *ret,
	      struct err *e);

/*
 * exec_hooks() - run the plan's hooks of one kind here (poststart, poststop); @state_json on stdin
 * The first that fails ends it, but poststop hooks run all. Return: -1 with the first failure.
 */
int exec_hooks(const struct plan *p, enum plan_hook_kind kind, const char *state_json, struct err *e);

/* upper_owner_text() - what UPPER_OWNER holds for a container of this root; caller frees; NULL with errno */
char *upper_owner_text(const char *state_root, const char *id);

/* exec_sweep_uppers() - remove the upper directories below @dir_host whose containers are gone, and
 * nobody deleted them: the state root is the one they name, and they are not in it, or they are of
 * another boot; returns how many */
unsigned exec_sweep_uppers(const char *dir_host);

/* exec_remove_upper() - the disposable upper directory, whatever it holds; at delete */
int exec_remove_upper(const char *upper_host, struct err *e);

/* The ids of a user: his own is 0, subordinate ones follow. */
struct exec_ids {
	struct plan_idmap *uid, *gid;
	size_t n_uid, n_gid;
};

/**
 * exec_outer_enter() - become root of a new user namespace with all of the user's ids, and of a mount
 * namespace in it
 *
 * Several ids are mapped by newuidmap(1); a single one needs nothing. For the rest of this process:
 * there is no way back. Fails where user namespaces are not for ordinary users.
 */
int exec_outer_enter(const struct exec_ids *ids, struct err *e);

/* exec_outer_enter_of() - the user namespace in which that of @pid is nested; nothing where that is
 * ours, or not below ours */
int exec_outer_enter_of(pid_t pid, struct err *e);

/* exec_outer_run() - @fn in a process that shares this one's memory and descriptors, root in a new
 * user namespace as above (its mounts are ours) */
int exec_outer_run(const struct exec_ids *ids, int (*fn)(void *arg, struct err *e), void *arg,
		   struct err *e);

/* exec_egress_dirs() - where the proxy's cgroup will be, for a delete after a create that was killed;
 * in the plan's arena */
void exec_egress_dirs(const struct plan *p, struct plan_cg_dir **ret_dirs, size_t *ret_n);

/* exec_proxy_listens() - whether the proxy of the container with this directory lives, and takes the
 * listeners of filters */
bool exec_proxy_listens(int state_dirfd);

/* exec_stop_egress() - end the proxy of a container and remove its cgroup; at delete */
void exec_stop_egress(pid_t pid, uint64_t start, const struct plan_cg_dir *dirs, size_t n_dirs);

/* Something else to look at while the process runs. */
struct exec_watch {
	int fd;			  /* -1: nothing */
	bool (*ready)(void *arg); /* it can be read; false: not to be watched any longer */
	void *arg;
};

/* exec_relay() - foreground: wait for the process, relay the console and signals; its status as a
 * shell reports it (128 + signal); @watch may be NULL */
int exec_relay(const struct exec_result *r, const struct exec_watch *watch, int *ret_status,
	       struct err *e);

#endif
