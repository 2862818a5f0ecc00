/* SPDX-License-Identifier: Apache-2.0 */
/* t_plan_cgroup.c - linux.resources and cgroupsPath into directories, writes and device rules */
#include "base/table.h"
#include "plan/cg.h"
#include "tests/unit/plan_fix.h"

static void shares(void)
{
	static const struct { uint64_t shares, weight; } rows[] = {
		{ 0, 0 },      { 1, 1 },      { 2, 1 },	     { 3, 2 },	    { 100, 17 },
		{ 512, 59 },   { 1023, 100 }, { 1024, 100 }, { 1025, 101 }, { 2048, 174 },
		{ 262143, 10000 }, { 262144, 10000 }, { UINT64_MAX, 10000 },
	};
	bool good = true, grows = true;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t got = cg_weight_of_shares(rows[i].shares);

		if (got != rows[i].weight)
			t_note("%ju shares: %ju, want %ju", (uintmax_t)rows[i].shares, (uintmax_t)got,
			       (uintmax_t)rows[i].weight);
		good = good && got == rows[i].weight;
	}
	t_ok(good, "shares become the weights that other runtimes agree on");
	for (uint64_t s = 2; s < 262144; s++)
		grows = grows && cg_weight_of_shares(s) <= cg_weight_of_shares(s + 1);
	t_ok(grows, "more shares are never less weight");
	t_ok(cg_io_weight(10) == 1 && cg_io_weight(500) == 4950 && cg_io_weight(1000) == 10000,
	     "blkio weights become io weights");
}

static void swaps(void)
{
	static const struct { const char *name; int64_t swap, memory; bool ok; int64_t want; } rows[] = {
		{ "memory+swap less memory is swap", 300, 100, true, 200 },
		{ "equal means no swap", 100, 100, true, 0 },
		{ "no limit of memory and none given is no limit of swap", 0, -1, true, -1 },
		{ "unlimited stays unlimited", -1, 100, true, -1 },
		{ "swap with unlimited memory is taken as it is", 300, -1, true, 300 },
		{ "nothing asked for is nothing", 0, 100, true, 0 },
		{ "less than memory makes no sense", 50, 100, false, 0 },
		{ "without memory it makes no sense", 50, 0, false, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int64_t got = 0;
		bool ok = cg_swap_only(rows[i].swap, rows[i].memory, &got);

		t_ok(ok == rows[i].ok && got == rows[i].want, rows[i].name);
	}
}

/* "file=value" of all writes, separated by spaces; "~" after one that may fail, "|" an alternative */
static const char *writes(struct fix *x, const struct op_cgroup *cg)
{
	static const char *const mark[] = { "", "~", "|" };
	const char *s = "";

	for (size_t i = 0; i < cg->n_writes; i++)
		s = arena_printf(&x->a, "%s%s%s=%s%s", s, i ? " " : "", cg->writes[i].file,
				 cg->writes[i].value, mark[cg->writes[i].on_fail]);
	return s;
}

#define RES(r) FIX_LINUX(",\"resources\":{" r "}")
#define BLKIO "\"blockIO\":{\"weight\":500,\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":9}]}"

static void limits(void)
{
	static const struct { const char *name, *config, *v2, *hybrid; } rows[] = {
		{ "nothing asked for writes nothing", FIX_PLAIN, "", "" },
		{ "the zeros that engines send write nothing",
		  RES("\"memory\":{\"disableOOMKiller\":false},\"cpu\":{\"shares\":0},\"pids\":{\"limit\":0},"
		      "\"blockIO\":{\"weight\":0},\"network\":{\"classID\":0}"), "", "" },
		{ "swappiness of 2^64-1 is Go's unset", RES("\"memory\":{\"swappiness\":18446744073709551615}"),
		  "", "" },
		{ "memory, then memory and swap",
		  RES("\"memory\":{\"limit\":1048576,\"swap\":2097152,\"reservation\":4096}"),
		  "memory.swap.max=1048576 memory.max=1048576 memory.low=4096",
		  "memory.limit_in_bytes=1048576 memory.memsw.limit_in_bytes=2097152 "
		  "memory.soft_limit_in_bytes=4096" },
		{ "equal limits switch swap off", RES("\"memory\":{\"limit\":4096,\"swap\":4096}"),
		  "memory.swap.max=0~ memory.max=4096",
		  "memory.limit_in_bytes=4096 memory.memsw.limit_in_bytes=4096" },
		{ "unlimited memory takes swap with it", RES("\"memory\":{\"limit\":-1}"),
		  "memory.swap.max=max~ memory.max=max",
		  "memory.limit_in_bytes=-1 memory.memsw.limit_in_bytes=-1~" },
		{ "shares, quota and period", RES("\"cpu\":{\"shares\":1024,\"quota\":5000,\"period\":10000}"),
		  "cpu.weight=100 cpu.max=5000 10000",
		  "cpu.shares=1024 cpu.cfs_period_us=10000 cpu.cfs_quota_us=5000" },
		{ "a quota of -1 is none", RES("\"cpu\":{\"quota\":-1}"), "cpu.max=max 100000",
		  "cpu.cfs_quota_us=-1" },
		{ "a burst follows its quota", RES("\"cpu\":{\"quota\":5000,\"burst\":10}"),
		  "cpu.max=5000 100000 cpu.max.burst=10", "cpu.cfs_quota_us=5000 cpu.cfs_burst_us=10" },
		{ "an idle group has no weight", RES("\"cpu\":{\"idle\":1,\"shares\":10}"), "cpu.idle=1",
		  "cpu.idle=1" },
		{ "block I/O: the file of the scheduler that is there", RES(BLKIO),
		  "io.bfq.weight=500| io.weight=default 4950 io.max=8:0 rbps=9",
		  "blkio.bfq.weight=500| blkio.weight=500 blkio.throttle.read_bps_device=8:0 9" },
		{ "huge pages live in v2 on a hybrid host too",
		  RES("\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4096}]"),
		  "hugetlb.2MB.max=4096 hugetlb.2MB.rsvd.max=4096~",
		  "hugetlb.2MB.max=4096 hugetlb.2MB.rsvd.max=4096~" },
		{ "unified is written as it is, a line at a time",
		  RES("\"unified\":{\"hugetlb.2MB.max\":\"1\\n2\",\"cgroup.max.depth\":\"3\"}"),
		  "hugetlb.2MB.max=1 hugetlb.2MB.max=2 cgroup.max.depth=3",
		  "hugetlb.2MB.max=1 hugetlb.2MB.max=2 cgroup.max.depth=3" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (int hybrid = 0; hybrid < 2; hybrid++) {
			const char *want = hybrid ? rows[i].hybrid : rows[i].v2, *got;
			struct fix x;

			fix_init(&x, rows[i].config);
			if (hybrid)
				fix_hybrid(&x);
			got = fix_build(&x) ? writes(&x, &fix_op(&x, OP_CGROUP, 0)->u.cgroup) : x.e.msg;
			if (!t_ok(streq(got, want), rows[i].name))
				t_note("%s: got %s, want %s", hybrid ? "hybrid" : "v2", got, want);
			arena_done(&x.a);
		}
	}
}

static void refused(void)
{
	static const struct { const char *name, *config, *want; bool hybrid; } rows[] = {
		{ "the root of the hierarchy is no container's cgroup", FIX_LINUX(",\"cgroupsPath\":\"/../\""),
		  "the root of the cgroup", false },
		{ "a controller that the host lacks is named", RES("\"pids\":{\"limit\":5}"),
		  "linux.resources.pids.limit: this host has no cgroup controller \"pids\"", true },
		{ "so is a cpuset", RES("\"cpu\":{\"cpus\":\"0\"}"), "linux.resources.cpu.cpus", true },
		{ "and a network class", RES("\"network\":{\"classID\":5}"), "network.classID", false },
		{ "realtime limits are not on v2", RES("\"cpu\":{\"realtimeRuntime\":5}"), "realtimeRuntime",
		  false },
		{ "the OOM killer cannot be switched off on v2", RES("\"memory\":{\"disableOOMKiller\":true}"),
		  "disableOOMKiller", false },
		{ "swap below memory", RES("\"memory\":{\"limit\":100,\"swap\":50}"), "memory.swap", false },
		{ "swap below memory on v1", RES("\"memory\":{\"limit\":100,\"swap\":50}"), "memory.swap", true },
		{ "a page size that leads elsewhere",
		  RES("\"hugepageLimits\":[{\"pageSize\":\"2MB/../x\",\"limit\":1}]"), "pageSize", false },
		{ "a unified key that leads elsewhere", RES("\"unified\":{\"memory.../x\":\"1\"}"),
		  "not the name of a cgroup file", false },
		{ "unified may not move processes of the host", RES("\"unified\":{\"cgroup.procs\":\"1\"}"),
		  "not a limit", false },
		{ "a v1 controller cannot be set through unified", RES("\"unified\":{\"memory.high\":\"1\"}"),
		  "no cgroup v2 controller", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fix x;

		fix_init(&x, rows[i].config);
		if (rows[i].hybrid)
			fix_hybrid(&x);
		fix_refused(&x, rows[i].want, rows[i].name);
	}
}

static void paths(void)
{
	static const struct { const char *name, *config, *v2, *memory; } rows[] = {
		{ "an absolute path counts from the mount", FIX_LINUX(",\"cgroupsPath\":\"/x/y\""), "/x/y",
		  "/x/y" },
		{ "a relative one from the own cgroup, on v2 from its parent",
		  FIX_LINUX(",\"cgroupsPath\":\"x/y\""), "/a/x/y", "/own/x/y" },
		{ "dot-dot does not leave the own cgroup", FIX_LINUX(",\"cgroupsPath\":\"../../../x\""),
		  "/a/x", "/own/x" },
		{ "without one the name says whose it is", FIX_PLAIN, "/agentrt-box", "/agentrt-box" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (int hybrid = 0; hybrid < 2; hybrid++) {
			const char *want = hybrid ? rows[i].memory : rows[i].v2;
			struct fix x;

			fix_init(&x, rows[i].config);
			if (hybrid)
				fix_hybrid(&x);
			bool built = fix_build(&x);
			const char *got = built ? fix_op(&x, OP_CGROUP, 0)->u.cgroup.dirs[0].path : x.e.msg;

			if (!t_ok(streq(got, want), rows[i].name))
				t_note("got %s, want %s", got, want);
			arena_done(&x.a);
		}
	}
}

static void devices(void)
{
	struct fix x;

	fix_init(&x, FIX_PLAIN);
	fix_build(&x);
	const struct op_cgroup *cg = &fix_op(&x, OP_CGROUP, 0)->u.cgroup;
	t_ok(cg->n_devices > 1 && !cg->devices[0].allow && cg->devices[0].type == 'a',
	     "device rules begin with nothing allowed, asked for or not");
	arena_done(&x.a);

	fix_init(&x, RES("\"devices\":[{\"allow\":true,\"access\":\"rwm\"}]"));
	x.prof.devices_screen = true;
	fix_build(&x);
	cg = &fix_op(&x, OP_CGROUP, 0)->u.cgroup;
	t_ok(cg->n_devices == 2 && !cg->devices[0].allow, "a screened list gets no defaults added");
	arena_done(&x.a);

	fix_init(&x, FIX_PLAIN);
	x.f.in_initial_userns = false;
	fix_build(&x);
	t_ok(fix_op(&x, OP_CGROUP, 0)->u.cgroup.n_devices == 0,
	     "in a user namespace there is nobody who could set device rules");
	arena_done(&x.a);
}

static void zero_pids(void)
{
	static const char config[] = "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"}," FIX_PROC
				     ",\"linux\":{\"namespaces\":[" FIX_NS
				     "],\"resources\":{\"pids\":{\"limit\":0}}}}";
	struct fix x;

	fix_init(&x, config);
	fix_build(&x);
	t_ok(streq(writes(&x, &fix_op(&x, OP_CGROUP, 0)->u.cgroup), "pids.max=1"),
	     "from specification 1.3 on a limit of no processes is a limit");
	arena_done(&x.a);
}

static void none(void)
{
	struct fix x;

	fix_init(&x, FIX_PLAIN);
	x.f.cgroup = CGROUP_NONE;
	t_ok(fix_ok(&x, "a host without cgroups runs a container without limits") &&
		     fix_op(&x, OP_CGROUP, 0)->u.cgroup.none, "and the plan says so");
	arena_done(&x.a);
	fix_init(&x, RES("\"memory\":{\"limit\":100}"));
	x.f.cgroup = CGROUP_NONE;
	fix_refused(&x, "linux.resources.memory", "but a limit is not forgotten there");
}

static void update(void)
{
	struct plan_cg_dir dir = { "", "/sys/fs/cgroup", "/x" };
	struct op_cgroup cg = { .v2 = true, .dirs = &dir, .n_dirs = 1 };
	const struct oci_resources r = { .mem_limit = { true, 4096 }, .pids_limit = { true, 0 } };
	struct fix x;

	fix_init(&x, FIX_PLAIN);
	t_ok(plan_build_update(&x.a, &r, &x.f, &cg, &x.e) == 0 &&
		     streq(writes(&x, &cg), "memory.max=4096"),
	     "update writes what is asked for and nothing else");
	const struct oci_resources check = { .mem_limit = { true, 4096 },
					     .mem_check_before_update = { true, true } };
	t_ok(plan_build_update(&x.a, &check, &x.f, &cg, &x.e) == 0 && cg.writes[0].not_below &&
		     streq(cg.writes[0].not_below, "memory.current"),
	     "checkBeforeUpdate compares with what is in use");
	arena_done(&x.a);
}

static void rdt(void)
{
	static const struct { const char *name, *rdt, *group, *monitor, *schema; bool own, must; } rows[] = {
		{ "nothing but the property: a group of the container's own", "", "/sys/fs/resctrl/box", NULL, NULL,
		  true, false },
		{ "a group by name must exist", "\"closID\":\"gold\"", "/sys/fs/resctrl/gold", NULL, NULL, false, true },
		{ "the default group", "\"closID\":\"/\"", "/sys/fs/resctrl", NULL, NULL, false, true },
		{ "a schema makes it", "\"closID\":\"gold\",\"l3CacheSchema\":\"L3:0=f\"", "/sys/fs/resctrl/gold",
		  NULL, "L3:0=f\n", false, false },
		{ "memBwSchema takes the place of a line of l3CacheSchema, schemata come last",
		  "\"l3CacheSchema\":\"L3:0=f\\nMB:0=9\",\"memBwSchema\":\"MB:0=20\",\"schemata\":[\"L2:0=1\"]",
		  "/sys/fs/resctrl/box", NULL, "L3:0=f\nMB:0=20\nL2:0=1\n", true, false },
		{ "monitoring is in a group below", "\"closID\":\"/\",\"enableMonitoring\":true", "/sys/fs/resctrl",
		  "/sys/fs/resctrl/mon_groups/box", NULL, false, true },
	};
	char config[1024];
	struct fix x;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(config, sizeof(config), FIX_LINUX(",\"intelRdt\":{%s}"), rows[i].rdt);
		fix_init(&x, config);
		x.f.resctrl_host = "/sys/fs/resctrl";
		const struct op_rdt *r = fix_build(&x) && fix_op(&x, OP_RDT, 0) ? &fix_op(&x, OP_RDT, 0)->u.rdt : NULL;
		bool same = r && streq(r->group_host, rows[i].group) && r->is_own == rows[i].own &&
			    r->must_exist == rows[i].must && !r->schema == !rows[i].schema &&
			    (!r->schema || streq(r->schema, rows[i].schema)) &&
			    !r->monitor_host == !rows[i].monitor &&
			    (!r->monitor_host || streq(r->monitor_host, rows[i].monitor));

		if (!t_ok(same, rows[i].name))
			t_note("%s: %s", r ? r->group_host : "?", r ? r->schema : x.e.msg);
		arena_done(&x.a);
	}
	fix_init(&x, FIX_LINUX(",\"intelRdt\":{}"));
	fix_refused(&x, "no resctrl file system", "a host without one is an error");
}

int main(void)
{
	rdt();
	shares();
	swaps();
	limits();
	refused();
	paths();
	devices();
	zero_pids();
	none();
	update();
	return t_done();
}
