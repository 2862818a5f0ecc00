/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup.h - making, joining, reading and removing a container's cgroup
 *
 * Drivers: v1 (and hybrid, whose controllers are v1), v2, none. All take the directories from the
 * plan or the state; nothing here decides a value. Joining never writes cgroup.procs on the start
 * path: that waits for an RCU grace period (8 to 15 ms after idle, docs/architecture.md).
 */
#ifndef CGROUP_CGROUP_H
#define CGROUP_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "plan/plan.h"

#define CGROUP_MAX_DIRS 16

struct cgroup_fds {
	int v2_dir;			/* for CLONE_INTO_CGROUP, or -1 */
	int tasks[CGROUP_MAX_DIRS];	/* v1: opened O_WRONLY; the child writes "0" itself */
	size_t n_tasks;
	bool existed; /* cgroup_make(): every directory was there before */
};

/* cgroup_check_unused() - that cgroup_make() will not refuse because of others: before anything is
 * written down by which a delete would remove the cgroup */
int cgroup_check_unused(const struct op_cgroup *cg, struct err *e);

/* cgroup_make() - directories, controllers enabled, limits, device rules; on failure all gone again.
 * A cgroup that exists and holds processes, or is frozen, is an error. */
int cgroup_make(const struct op_cgroup *cg, struct cgroup_fds *ret_fds, struct err *e);
/* For exec: open an existing cgroup. */
int cgroup_open(const struct op_cgroup *cg, struct cgroup_fds *ret_fds, struct err *e);
/* cgroup_join_self() - in the single-threaded child; no allocation */
int cgroup_join_self(const struct cgroup_fds *fds, struct err *e);
void cgroup_fds_done(struct cgroup_fds *fds);

int cgroup_apply(const struct op_cgroup *cg, struct err *e); /* `update` */
int cgroup_freeze(const struct op_cgroup *cg, bool frozen, struct err *e);
int cgroup_is_frozen(const struct op_cgroup *cg, bool *ret_frozen, struct err *e);
/* cgroup_pids() - host pids of the whole subtree; caller frees *ret */
int cgroup_pids(const struct op_cgroup *cg, pid_t **ret, size_t *ret_n, struct err *e);
/* cgroup_kill() - every process in it: cgroup.kill where there is one and sig is SIGKILL, else
 * freeze, signal, thaw (thawed on every path) */
int cgroup_kill(const struct op_cgroup *cg, int sig, struct err *e);
/* cgroup_remove() - kill what is left, rmdir with retries; a missing directory is success */
int cgroup_remove(const struct op_cgroup *cg, struct err *e);
/* cgroup_stats() - the "data" object of `events --stats`, runc's shape */
void cgroup_stats(const struct op_cgroup *cg, struct strbuf *b);

/* When the kernel kills in a container for want of memory. */
struct cgroup_oom {
	int dir, fd;  /* fd: to poll for @events; -1: there is nothing to watch */
	short events; /* poll(2) */
	bool v2;
	uint64_t kills;
};
#define CGROUP_OOM_INIT                                                                            \
	{                                                                                          \
		.dir = -1, .fd = -1                                                                \
	}

/* cgroup_oom_watch() - from now on; success with ret->fd -1 where no memory controller is */
int cgroup_oom_watch(const struct op_cgroup *cg, struct cgroup_oom *ret, struct err *e);
/* cgroup_oom_happened() - whether something was killed since it was last asked */
bool cgroup_oom_happened(struct cgroup_oom *o);
void cgroup_oom_done(struct cgroup_oom *o);

#endif
