/* SPDX-License-Identifier: Apache-2.0 */
/* update.c - `update`: other limits for a container, from JSON or from options */
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "cgroup/cgroup.h"
#include "cmd/container.h"
#include "cmd/pipeline.h"
#include "cmd/profiles.h"
#include "plan/build.h"
#include "probe/probe.h"
#include "spec/spec.h"

struct update_opts {
	const char *resources, *cpuset_cpus, *cpuset_mems;
	struct opt_num blkio_weight, cpu_period, cpu_quota, cpu_burst, cpu_share, cpu_rt_period,
		cpu_rt_runtime, cpu_idle, memory, memory_reservation, memory_swap, pids_limit;
	const char *kernel_memory, *kernel_memory_tcp, *l3_cache_schema, *mem_bw_schema;
};

#define X(...) OPT_ROW(struct update_opts, __VA_ARGS__)
static const struct opt opts[] = {
	X(STRING, resources, "resources", 'r', "FILE",
	  "LinuxResources as JSON; - is standard input; other options are then ignored"),
	X(U64, blkio_weight, "blkio-weight", 0, "N", "block I/O weight, 10 to 1000"),
	X(U64, cpu_period, "cpu-period", 0, "N", "CFS period, microseconds"),
	X(I64, cpu_quota, "cpu-quota", 0, "N", "CFS quota, microseconds; -1 is none"),
	X(U64, cpu_burst, "cpu-burst", 0, "N", "CFS burst, microseconds"),
	X(U64, cpu_share, "cpu-share", 0, "N", "CPU shares, relative"),
	X(U64, cpu_rt_period, "cpu-rt-period", 0, "N", "real-time period, microseconds"),
	X(I64, cpu_rt_runtime, "cpu-rt-runtime", 0, "N", "real-time runtime, microseconds"),
	X(I64, cpu_idle, "cpu-idle", 0, "N", "1: SCHED_IDLE"),
	X(STRING, cpuset_cpus, "cpuset-cpus", 0, "LIST", "CPUs: 0-3,7"),
	X(STRING, cpuset_mems, "cpuset-mems", 0, "LIST", "memory nodes"),
	X(I64, memory, "memory", 0, "N", "memory, bytes; -1 is no limit"),
	X(I64, memory_reservation, "memory-reservation", 0, "N", "soft limit, bytes"),
	X(I64, memory_swap, "memory-swap", 0, "N", "memory and swap, bytes; -1 is no limit"),
	X(I64, pids_limit, "pids-limit", 0, "N", "processes; -1 is no limit"),
	X(STRING, kernel_memory, "kernel-memory", 0, NULL, NULL),
	X(STRING, kernel_memory_tcp, "kernel-memory-tcp", 0, NULL, NULL),
	X(STRING, l3_cache_schema, "l3-cache-schema", 0, NULL, NULL),
	X(STRING, mem_bw_schema, "mem-bw-schema", 0, NULL, NULL),
	{ 0 },
};

static struct opt_u64 as_u64(struct opt_num n)
{
	return (struct opt_u64){ .set = n.set, .v = n.u };
}

static struct opt_i64 as_i64(struct opt_num n)
{
	return (struct opt_i64){ .set = n.set, .v = n.i };
}

static struct oci_resources *from_options(struct arena *a, const struct update_opts *o)
{
	struct oci_resources *r = arena_alloc(a, 1, sizeof(*r));

	r->blkio_weight = as_u64(o->blkio_weight);
	r->cpu_period = as_u64(o->cpu_period);
	r->cpu_quota = as_i64(o->cpu_quota);
	r->cpu_burst = as_u64(o->cpu_burst);
	r->cpu_shares = as_u64(o->cpu_share);
	r->cpu_rt_period = as_u64(o->cpu_rt_period);
	r->cpu_rt_runtime = as_i64(o->cpu_rt_runtime);
	r->cpu_idle = as_i64(o->cpu_idle);
	r->cpu_cpus = o->cpuset_cpus;
	r->cpu_mems = o->cpuset_mems;
	r->mem_limit = as_i64(o->memory);
	r->mem_reservation = as_i64(o->memory_reservation);
	r->mem_swap = as_i64(o->memory_swap);
	r->pids_limit = as_i64(o->pids_limit);
	return r;
}

static int from_json(struct arena *a, const char *path, struct oci_resources **ret, struct err *e)
{
	bool is_stdin = streq(path, "-");
	auto_free char *text = NULL;
	size_t len;

	if (is_stdin ? fd_read_all(STDIN_FILENO, SPEC_MAX_BYTES, "standard input", &text, &len, e)
		     : fd_read_file(path, SPEC_MAX_BYTES, &text, &len, e))
		return -1;
	return spec_parse_resources(a, text, len, is_stdin ? "standard input" : path, ret, e);
}

/* Accepted and ignored, as runc has it: --kernel-memory, --kernel-memory-tcp (the kernel dropped
 * them in 5.16). Refused: what a caller would rely on. */
static int refuse(const struct update_opts *o, struct err *e)
{
	const struct {
		const char *value, *name;
	} rows[] = {
		{ o->l3_cache_schema, "l3-cache-schema" },
		{ o->mem_bw_schema, "mem-bw-schema" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].value)
			return err_set(e, ERR_UNSUPPORTED, "--%s is not supported", rows[i].name);
	return 0;
}

static int run_update(struct cmd_ctx *ctx, const void *opts_, const struct opt_args *args,
		      struct err *e)
{
	const struct update_opts *o = opts_;
	auto_container struct container c = CONTAINER_INIT;
	struct oci_resources *r = NULL, *narrow = NULL;
	const struct profile *profile;
	struct finding *findings;
	struct oci_spec *spec;
	struct facts *f;
	size_t n;

	if (refuse(o, e))
		return -1;
	if (!o->resources)
		r = from_options(ctx->a, o);
	else if (from_json(ctx->a, o->resources, &r, e))
		return -1;
	if (spec_check_resources(r, e) || container_open(ctx, args->v[0], WITH_LOCK, &c, e))
		return -1;
	if (c.st == STATUS_STOPPED)
		return err_set(e, ERR_STATE, "container not running: its limits cannot be updated");
	if (c.cg.none)
		return err_set(e, ERR_UNSUPPORTED, "container %s has no cgroup: it has no limits",
			       c.id);
	if (container_spec(&c, &spec, e) ||
	    profiles_for(ctx->a, c.s->profile_dir, c.s->profile, spec->annotations,
			 spec->n_annotations, &profile, e) ||
	    tighten_resources(ctx->a, r, profile, &narrow, &findings, &n, e) ||
	    probe_host(ctx->a, &f, e) || plan_build_update(ctx->a, narrow, f, &c.cg, e))
		return -1;
	pipeline_report(findings, n);
	return cgroup_apply(&c.cg, e) ? -1 : 0;
}

const struct cmd cmd_update = {
	.name = "update",
	.args = "[options] ID",
	.summary = "change the limits of a container",
	.opts = opts,
	.opts_size = sizeof(struct update_opts),
	.min_args = 1,
	.max_args = 1,
	.run = run_update,
};
