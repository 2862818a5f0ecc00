/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cg_limits.c - memory, cpu, cpuset and pids
 *
 * The kernel wants memory <= memory+swap, burst <= quota and quota/period within the parent's at
 * every moment. The order here fits a fresh cgroup; in an update either direction is possible, so
 * the cgroup layer tries a refused write once more after the others.
 */
#include <inttypes.h>

#include "base/str.h"
#include "plan/cg.h"

static bool asks_i64(const struct opt_i64 *v)
{
	return v->set && v->v != 0;
}

static bool asks_u64(const struct opt_u64 *v)
{
	return v->set && v->v != 0;
}

/* -1 is "max" on v2, and itself on v1. */
static void write_limit(struct cg_build *c, enum cg_where where, const char *controller,
			const char *file, const char *prop, int64_t v)
{
	if (where == CG_V2 && v == -1)
		cg_write(c, controller, file, prop, "max");
	else
		cg_write(c, controller, file, prop, "%" PRId64, v);
}

static void last_may_fail(struct cg_build *c)
{
	c->cg->writes[c->cg->n_writes - 1].on_fail = FAIL_IGNORE;
}

/* memory.checkBeforeUpdate: cgroup v2 takes a limit below what is used, and then kills. */
static void check_usage(struct cg_build *c, int64_t limit, const char *usage)
{
	if (c->r->mem_check_before_update.v && limit > 0)
		c->cg->writes[c->cg->n_writes - 1].not_below = usage;
}

/* The kernel may lack swap accounting: "no limit" and "nothing" are then true anyway. */
static int memory_v2(struct cg_build *c, struct err *e)
{
	const struct oci_resources *r = c->r;
	int64_t mem = r->mem_limit.set ? r->mem_limit.v : 0, swap;

	if (!cg_swap_only(r->mem_swap.set ? r->mem_swap.v : 0, mem, &swap))
		return err_set(e, ERR_SPEC, "linux.resources.memory.swap: %" PRId64 " is memory plus swap, "
			       "and must not be less than memory.limit, which must be there",
			       r->mem_swap.v);
	if (swap != 0 || asks_i64(&r->mem_swap)) {
		write_limit(c, CG_V2, "memory", "memory.swap.max", "memory.swap", swap);
		check_usage(c, swap, "memory.swap.current");
		if (swap <= 0)
			last_may_fail(c);
	}
	if (mem) {
		write_limit(c, CG_V2, "memory", "memory.max", "memory.limit", mem);
		check_usage(c, mem, "memory.current");
	}
	if (asks_i64(&r->mem_reservation))
		write_limit(c, CG_V2, "memory", "memory.low", "memory.reservation",
			    r->mem_reservation.v);
	return 0;
}

/* No limit of memory and none given for swap means no limit of either. */
static void memsw_v1(struct cg_build *c, int64_t mem, int64_t swap)
{
	if (!swap && mem != -1)
		return;
	write_limit(c, CG_V1, "memory", "memory.memsw.limit_in_bytes", "memory.swap", swap ? swap : -1);
	check_usage(c, swap, "memory.memsw.usage_in_bytes");
	if (!swap)
		last_may_fail(c); /* a kernel without swap accounting has no such file */
}

static int memory_v1(struct cg_build *c, struct err *e)
{
	const struct oci_resources *r = c->r;
	int64_t mem = r->mem_limit.set ? r->mem_limit.v : 0;
	int64_t swap = r->mem_swap.set ? r->mem_swap.v : 0;

	if (swap > 0 && mem > 0 && swap < mem)
		return err_set(e, ERR_SPEC, "linux.resources.memory.swap: %" PRId64 " is memory plus swap, "
			       "and must not be less than memory.limit", swap);
	if (mem) {
		write_limit(c, CG_V1, "memory", "memory.limit_in_bytes", "memory.limit", mem);
		check_usage(c, mem, "memory.usage_in_bytes");
	}
	memsw_v1(c, mem, swap);
	if (asks_i64(&r->mem_reservation))
		write_limit(c, CG_V1, "memory", "memory.soft_limit_in_bytes", "memory.reservation",
			    r->mem_reservation.v);
	if (asks_i64(&r->mem_kernel_tcp))
		write_limit(c, CG_V1, "memory", "memory.kmem.tcp.limit_in_bytes", "memory.kernelTCP",
			    r->mem_kernel_tcp.v);
	if (r->mem_disable_oom_killer.v)
		cg_write(c, "memory", "memory.oom_control", "memory.disableOOMKiller", "1");
	return 0;
}

/* 2^64-1 is how Go writes its -1: unset. v2 has nothing like it, and runtimes ignore it there. */
static int swappiness(struct cg_build *c, enum cg_where where, struct err *e)
{
	const struct opt_u64 *s = &c->r->mem_swappiness;

	if (!s->set || s->v == UINT64_MAX || where != CG_V1)
		return 0;
	if (s->v > 100)
		return err_set(e, ERR_SPEC, "linux.resources.memory.swappiness: %" PRIu64 " is not in 0..100",
			       s->v);
	cg_write(c, "memory", "memory.swappiness", "memory.swappiness", "%" PRIu64, s->v);
	return 0;
}

/*
 * memory.kernel and useHierarchy ask for nothing that a kernel of today can do (the specification
 * calls both deprecated); v2 has no per-socket limit and no switch for the OOM killer.
 */
int cg_memory(struct cg_build *c, struct err *e)
{
	const struct oci_resources *r = c->r;
	bool asks = asks_i64(&r->mem_limit) || asks_i64(&r->mem_swap) ||
		    asks_i64(&r->mem_reservation) || r->mem_disable_oom_killer.v ||
		    asks_i64(&r->mem_kernel_tcp) ||
		    (asks_u64(&r->mem_swappiness) && r->mem_swappiness.v != UINT64_MAX);
	enum cg_where where = cg_where(c, "memory");

	if (asks && cg_need(c, "memory", "memory", &where, e))
		return -1;
	if (where == CG_NOWHERE)
		return 0;
	if (where == CG_V2 && (r->mem_disable_oom_killer.v || asks_i64(&r->mem_kernel_tcp)))
		return err_set(e, ERR_UNSUPPORTED, "linux.resources.memory.%s: not available on cgroup v2",
			       r->mem_disable_oom_killer.v ? "disableOOMKiller" : "kernelTCP");
	if (where == CG_V2 ? memory_v2(c, e) : memory_v1(c, e))
		return -1;
	return swappiness(c, where, e);
}

static void quota_v2(struct cg_build *c)
{
	const struct oci_resources *r = c->r;
	uint64_t period = asks_u64(&r->cpu_period) ? r->cpu_period.v : 100000;

	if (!asks_i64(&r->cpu_quota) && !asks_u64(&r->cpu_period))
		return;
	if (r->cpu_quota.set && r->cpu_quota.v > 0)
		cg_write(c, "cpu", "cpu.max", "cpu.quota", "%" PRId64 " %" PRIu64, r->cpu_quota.v,
			 period);
	else
		cg_write(c, "cpu", "cpu.max", "cpu.quota", "max %" PRIu64, period);
}

static void quota_v1(struct cg_build *c)
{
	const struct oci_resources *r = c->r;

	if (asks_u64(&r->cpu_period))
		cg_write(c, "cpu", "cpu.cfs_period_us", "cpu.period", "%" PRIu64, r->cpu_period.v);
	if (asks_i64(&r->cpu_quota))
		cg_write(c, "cpu", "cpu.cfs_quota_us", "cpu.quota", "%" PRId64, r->cpu_quota.v);
}

static void bandwidth(struct cg_build *c, enum cg_where where)
{
	const struct opt_u64 *burst = &c->r->cpu_burst;

	if (where == CG_V2)
		quota_v2(c);
	else
		quota_v1(c);
	if (burst->set)
		cg_write(c, "cpu", where == CG_V2 ? "cpu.max.burst" : "cpu.cfs_burst_us", "cpu.burst",
			 "%" PRIu64, burst->v);
}

static int realtime(struct cg_build *c, enum cg_where where, struct err *e)
{
	const struct oci_resources *r = c->r;

	if (!asks_u64(&r->cpu_rt_period) && !asks_i64(&r->cpu_rt_runtime))
		return 0;
	if (where == CG_V2)
		return err_set(e, ERR_UNSUPPORTED, "linux.resources.cpu.%s: not available on cgroup v2",
			       asks_u64(&r->cpu_rt_period) ? "realtimePeriod" : "realtimeRuntime");
	if (asks_u64(&r->cpu_rt_period))
		cg_write(c, "cpu", "cpu.rt_period_us", "cpu.realtimePeriod", "%" PRIu64,
			 r->cpu_rt_period.v);
	if (asks_i64(&r->cpu_rt_runtime))
		cg_write(c, "cpu", "cpu.rt_runtime_us", "cpu.realtimeRuntime", "%" PRId64,
			 r->cpu_rt_runtime.v);
	return 0;
}

int cg_cpu(struct cg_build *c, struct err *e)
{
	const struct oci_resources *r = c->r;
	bool asks = asks_u64(&r->cpu_shares) || asks_i64(&r->cpu_quota) || asks_u64(&r->cpu_period) ||
		    asks_u64(&r->cpu_burst) || asks_u64(&r->cpu_rt_period) ||
		    asks_i64(&r->cpu_rt_runtime) || asks_i64(&r->cpu_idle);
	enum cg_where where = cg_where(c, "cpu");
	bool idle = asks_i64(&r->cpu_idle);

	if (asks && cg_need(c, "cpu", "cpu", &where, e))
		return -1;
	if (where == CG_NOWHERE)
		return 0;
	if (realtime(c, where, e))
		return -1;
	if (r->cpu_idle.set)
		cg_write(c, "cpu", "cpu.idle", "cpu.idle", "%" PRId64, r->cpu_idle.v);
	/* an idle group has no weight to set */
	if (asks_u64(&r->cpu_shares) && !idle && where == CG_V2)
		cg_write(c, "cpu", "cpu.weight", "cpu.shares", "%" PRIu64,
			 cg_weight_of_shares(r->cpu_shares.v));
	if (asks_u64(&r->cpu_shares) && !idle && where == CG_V1)
		cg_write(c, "cpu", "cpu.shares", "cpu.shares", "%" PRIu64, r->cpu_shares.v);
	bandwidth(c, where);
	return 0;
}

int cg_cpuset(struct cg_build *c, struct err *e)
{
	const char *cpus = c->r->cpu_cpus, *mems = c->r->cpu_mems;
	enum cg_where where;

	if ((!cpus || !*cpus) && (!mems || !*mems))
		return 0;
	if (cg_need(c, "cpuset", cpus && *cpus ? "cpu.cpus" : "cpu.mems", &where, e))
		return -1;
	if (cpus && *cpus)
		cg_write(c, "cpuset", "cpuset.cpus", "cpu.cpus", "%s", cpus);
	if (mems && *mems)
		cg_write(c, "cpuset", "cpuset.mems", "cpu.mems", "%s", mems);
	return 0;
}

/* A limit of 0 is written as 1: with 0 not even the container's first process could be made. */
int cg_pids(struct cg_build *c, struct err *e)
{
	const struct opt_i64 *limit = &c->r->pids_limit;
	enum cg_where where;

	if (!limit->set || (limit->v == 0 && !c->zero_pids))
		return 0;
	if (limit->v < 0 && cg_where(c, "pids") == CG_NOWHERE)
		return 0;
	if (cg_need(c, "pids", "pids.limit", &where, e))
		return -1;
	if (limit->v < 0)
		cg_write(c, "pids", "pids.max", "pids.limit", "max");
	else
		cg_write(c, "pids", "pids.max", "pids.limit", "%" PRId64,
			 limit->v ? limit->v : INT64_C(1));
	return 0;
}
