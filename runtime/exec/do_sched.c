/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_sched.c - scheduling, I/O priority, processor affinity, memory policy, personality
 *
 * What takes a capability in the initial user namespace (real-time and deadline scheduling, I/O
 * priority) the parent sets on the child's pid, before the child makes a thread that inherits it.
 * What can only be set for oneself (personality, memory policy) the child does.
 */
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"
#include "exec/affinity.h"
#include "exec/ctx.h"

/* sched_setattr(2), first published size: no libc of the baseline declares it. */
struct sched_attr_v0 {
	uint32_t size, sched_policy;
	uint64_t sched_flags;
	int32_t sched_nice;
	uint32_t sched_priority;
	uint64_t sched_runtime, sched_deadline, sched_period;
};

#define IOPRIO_WHO_PROCESS 1 /* ioprio_set(2) */
#define IOPRIO_CLASS_SHIFT 13
#define NUMA_NODES_MAX	   1024

static int set_scheduler(pid_t pid, const struct op_sched *s, struct err *e)
{
	struct sched_attr_v0 a = {
		.size = sizeof(a),
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

/* P_MAP, parent. */
int do_sched_parent(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_sched *s = &op->u.sched;

	(void)i;
	if (s->has_scheduler && set_scheduler(c->pid, s, e))
		return -1;
	if (s->io_class && syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, c->pid,
				   s->io_class << IOPRIO_CLASS_SHIFT | s->io_priority) < 0)
		return err_sys(e, "set I/O priority class %d, level %d", s->io_class,
			       s->io_priority);
	return 0;
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

	(void)c;
	(void)i;
	if (s->mempolicy >= 0 && set_mempolicy_nodes(s, e))
		return -1;
	if (s->affinity_final && affinity_set(s->affinity_final, e))
		return err_ctx(e, "process.execCPUAffinity.final");
	if (s->has_personality && personality(s->personality) < 0)
		return err_sys(e, "set the execution domain to %#lx", s->personality);
	return 0;
}
