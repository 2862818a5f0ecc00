/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_sched.c - scheduling, I/O priority, processor affinity, memory policy, personality
 *
 * What takes a capability in the initial user namespace (real-time and deadline scheduling, I/O
 * priority) the parent sets on the child: when it has joined its cgroups, for a v1 cgroup without a
 * real-time budget takes no real-time task, and which call is refused then should not be a matter of
 * luck; and not before the last thread is made, for a SCHED_DEADLINE task may make none. Without a
 * second thread that is P_NET, where a rootless parent still has the child's user id; else READY, on
 * the thread that will execute. What can only be set for oneself (personality, memory policy) the
 * child does.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "exec/affinity.h"
#include "exec/ctx.h"

/* sched_setattr(2): no libc of the baseline declares it. The clamps, which config.json has flags but
 * no values for, are in its second published size. */
struct sched_attr_v1 {
	uint32_t size, sched_policy;
	uint64_t sched_flags;
	int32_t sched_nice;
	uint32_t sched_priority;
	uint64_t sched_runtime, sched_deadline, sched_period;
	uint32_t sched_util_min, sched_util_max;
};
#define SCHED_ATTR_SIZE_VER0 48

#define IOPRIO_WHO_PROCESS 1 /* ioprio_set(2) */
#define IOPRIO_CLASS_SHIFT 13
#define NUMA_NODES_MAX	   1024

static int set_scheduler(pid_t pid, const struct op_sched *s, struct err *e)
{
	const uint64_t clamps = SCHED_FLAG_UTIL_CLAMP_MIN | SCHED_FLAG_UTIL_CLAMP_MAX;
	struct sched_attr_v1 a = {
		.size = s->flags & clamps ? sizeof(a) : SCHED_ATTR_SIZE_VER0,
		.sched_policy = s->policy,
		.sched_flags = s->flags,
		.sched_nice = s->nice,
		.sched_priority = s->priority,
		.sched_runtime = s->runtime_ns,
		.sched_deadline = s->deadline_ns,
		.sched_period = s->period_ns,
	};

	if (syscall(SYS_sched_setattr, pid, &a, 0) < 0)
		return err_sys(e, "set scheduling policy %u, nice %d, priority %u", s->policy,
			       s->nice, s->priority);
	return 0;
}

static int set_both(pid_t tid, const struct op_sched *s, struct err *e)
{
	if (s->has_scheduler && set_scheduler(tid, s, e))
		return -1;
	if (s->io_class && syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, tid,
				   s->io_class << IOPRIO_CLASS_SHIFT | s->io_priority) < 0)
		return err_sys(e, "set I/O priority class %d, level %d", s->io_class,
			       s->io_priority);
	return 0;
}

static bool is_late(const struct exec_ctx *c)
{
	return c->plan->is_exec || c->two_threads;
}

/* P_NET, parent. */
int do_sched_early(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	(void)i;
	return is_late(c) ? 0 : set_both(c->pid, &op->u.sched, e);
}

/* The thread that will execute, where the leader only keeps the place: the other one of two. */
static pid_t second_thread(const struct exec_ctx *c)
{
	pid_t found = c->pid;
	char rel[32];
	DIR *d;

	snprintf(rel, sizeof(rel), "%d/task", (int)c->pid);
	auto_close int fd = openat(c->procfd, rel, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || !(d = fdopendir(fd)))
		return found;
	(void)take_fd(fd); /* the stream's */
	for (struct dirent *ent; (ent = readdir(d));) {
		long tid = strtol(ent->d_name, NULL, 10);

		if (tid > 0 && tid != c->pid)
			found = (pid_t)tid;
	}
	(void)closedir(d); /* was only read */
	return found;
}

/* C_GATE, parent, between READY and ACK. */
int do_sched_late(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_sched *s = &op->u.sched;

	(void)i;
	if (!is_late(c) || (!s->has_scheduler && !s->io_class))
		return 0;
	return set_both(c->two_threads ? second_thread(c) : c->pid, s, e);
}

static int set_mempolicy_nodes(const struct op_sched *s, struct err *e)
{
	unsigned long mask[NUMA_NODES_MAX / (8 * sizeof(unsigned long))] = { 0 };
	bool has_nodes = s->mempolicy_nodes && *s->mempolicy_nodes;

	if (has_nodes && !cpu_list_parse(s->mempolicy_nodes, mask, NUMA_NODES_MAX))
		return err_set(e, ERR_SPEC, "memory policy nodes \"%s\": not a list of nodes",
			       s->mempolicy_nodes);
	if (syscall(SYS_set_mempolicy, s->mempolicy | (int)s->mempolicy_flags,
		    has_nodes ? mask : NULL, has_nodes ? NUMA_NODES_MAX : 0) < 0)
		return err_sys(e, "set memory policy %d for nodes \"%s\"", s->mempolicy,
			       has_nodes ? s->mempolicy_nodes : "");
	return 0;
}

/* C_DROP, child. */
int do_sched(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_sched *s = &op->u.sched;

	(void)i;
	if (s->mempolicy >= 0 && set_mempolicy_nodes(s, e))
		return -1;
	if (s->affinity_final && affinity_set(s->affinity_final, e))
		return err_ctx(e, "process.execCPUAffinity.final");
	/* Else the processors of whoever called the runtime, or `initial`, would stay. */
	if (c->plan->is_exec && !s->affinity_final)
		affinity_reset();
	if (s->has_personality && personality(s->personality) < 0)
		return err_sys(e, "set the execution domain to %#lx", s->personality);
	return 0;
}
