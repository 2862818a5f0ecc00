/* SPDX-License-Identifier: Apache-2.0 */
/* t_mountinfo.c - runtime/probe: mountinfo, and the cgroup hierarchies found through it */
#include <sys/sysmacros.h>

#include "base/str.h"
#include "base/table.h"
#include "probe/cgroups.h"
#include "tests/unit/test.h"

static void lines(void)
{
	static const struct {
		const char *name, *in;
		bool ok;
	} rows[] = {
		{ "no mounts is a table", "", true },
		{ "no optional field", "22 27 0:21 / /proc rw - proc proc rw\n", true },
		{ "two optional fields", "22 27 0:21 / /p rw shared:1 master:2 - proc proc rw\n",
		  true },
		{ "an empty source", "22 27 0:21 / /p rw - tmpfs  rw\n", true },
		{ "no newline at the end", "22 27 0:21 / /p rw - tmpfs x rw", true },
		{ "a line cut before the dash is refused", "22 27 0:21 / /p rw shared:1\n", false },
		{ "a line cut before the source is refused", "22 27 0:21 / /p rw - tmpfs\n",
		  false },
		{ "a device without a colon is refused", "22 27 21 / /p rw - tmpfs x rw\n", false },
		{ "an id that is no number is refused", "a 27 0:21 / /p rw - tmpfs x rw\n", false },
		{ "an empty line is refused", "\n", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_arena struct arena a = ARENA_INIT;
		struct mountinfo_table t = { 0 };
		struct err e = ERR_INIT;
		int r = mountinfo_parse(&a, arena_strdup(&a, rows[i].in), &t, &e);

		if (!t_ok((r == 0) == rows[i].ok, rows[i].name))
			t_note("%s", e.msg);
	}
}

static void fields(void)
{
	auto_arena struct arena a = ARENA_INIT;
	struct mountinfo_table t;
	struct err e = ERR_INIT;
	char *text =
		arena_strdup(&a, "31 1 254:1 /a\\040b /x\\011\\134y rw,noatime shared:5 - ext4 "
				 "/dev/vda rw,opt=a\\054b\n32 31 0:9 / /z rw - tmpfs t rw\n");

	t_ok(mountinfo_parse(&a, text, &t, &e) == 0 && t.n == 2, "two lines are two mounts");
	t_ok(t.v[0].id == 31 && t.v[0].parent == 1 && t.v[0].fs_dev == makedev(254, 1),
	     "ids and device");
	t_ok(streq(t.v[0].root, "/a b") && streq(t.v[0].point, "/x\t\\y"),
	     "root and mount point are decoded");
	t_ok(streq(t.v[0].sb_options, "rw,opt=a\\054b"), "superblock options are not");
	t_ok(mountinfo_by_id(&t, 32) == &t.v[1], "a mount is found by id");
	t_ok(!mountinfo_by_id(&t, 33), "an id that is not there is not found");
}

static void octals(void)
{
	static const struct {
		const char *name, *in, *want;
	} rows[] = {
		{ "a space", "a\\040b", "a b" },
		{ "two in a row", "\\134\\072", "\\:" },
		{ "a backslash alone stays", "a\\", "a\\" },
		{ "two digits stay", "\\04", "\\04" },
		{ "a digit above seven stays", "\\048", "\\048" },
		{ "more than a byte stays", "\\777", "\\777" },
		{ "NUL stays text", "\\000", "\\000" },
		{ "a decoded backslash does not start another", "\\134040", "\\040" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char buf[32];

		snprintf(buf, sizeof(buf), "%s", rows[i].in);
		octal_decode(buf);
		if (!t_ok(streq(buf, rows[i].want), rows[i].name))
			t_note("got %s", buf);
	}
}

#define V1_MOUNTS                                                                                  \
	"1 0 0:1 / /c/memory rw - cgroup cgroup rw,memory\n"                                       \
	"2 0 0:2 / /c/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"                             \
	"3 0 0:3 / /c/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
#define V2_MOUNT "9 0 0:9 / /c/unified rw - cgroup2 cgroup2 rw,nsdelegate\n"

/* Hierarchies are printed as "controllers mount own;". */
static void hierarchies(void)
{
	static const struct {
		const char *name, *mounts, *self;
		enum fact_cgroup kind;
		const char *want;
	} rows[] = {
		{ "pure v2", V2_MOUNT, "0::/user.slice/a\n", CGROUP_V2,
		  " /c/unified /user.slice/a;" },
		{ "v1 without v2", V1_MOUNTS, "4:memory:/x\n3:cpu,cpuacct:/\n", CGROUP_V1,
		  "memory /c/memory /x;cpu,cpuacct /c/cpu,cpuacct /;" },
		{ "hybrid: v2 comes last", V1_MOUNTS V2_MOUNT, "0::/u\n1:name=systemd:/s\n",
		  CGROUP_HYBRID, "name=systemd /c/systemd /s; /c/unified /u;" },
		{ "a path with a colon", V1_MOUNTS, "4:memory:/a:b\n", CGROUP_V1,
		  "memory /c/memory /a:b;" },
		{ "a hierarchy that is not mounted is left out", V1_MOUNTS, "5:pids:/p\n0::/\n",
		  CGROUP_NONE, "" },
		{ "no mounts at all", "", "0::/\n", CGROUP_NONE, "" },
		{ "a controller whose name begins like another's",
		  "1 0 0:1 / /c rw - cgroup c rw,cpuset\n", "3:cpu:/\n", CGROUP_NONE, "" },
		{ "a bind of the own cgroup makes it the root",
		  "1 0 0:1 /docker/x /c/memory rw - cgroup cgroup rw,memory\n",
		  "4:memory:/docker/x/y\n", CGROUP_V1, "memory /c/memory /y;" },
		{ "the mount with the shorter root wins",
		  "1 0 0:9 /docker/x /d rw - cgroup2 cgroup rw\n" V2_MOUNT, "0::/a\n", CGROUP_V2,
		  " /c/unified /a;" },
		{ "a cgroup outside of the mount is its root",
		  "1 0 0:1 /docker/x /c/memory rw - cgroup cgroup rw,memory\n", "4:memory:/other\n",
		  CGROUP_V1, "memory /c/memory /;" },
		{ "a cgroup outside of the namespace is its root", V2_MOUNT, "0::/../..\n",
		  CGROUP_V2, " /c/unified /;" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_arena struct arena a = ARENA_INIT;
		auto_strbuf struct strbuf b = STRBUF_INIT;
		struct mountinfo_table t = { 0 };
		struct facts f = { 0 };
		struct err e = ERR_INIT;
		bool ok = mountinfo_parse(&a, arena_strdup(&a, rows[i].mounts), &t, &e) == 0 &&
			  cgroups_find(&a, &t, arena_strdup(&a, rows[i].self), &f, &e) == 0;

		strbuf_adds(&b, "");
		for (size_t k = 0; k < f.n_hierarchies; k++)
			strbuf_addf(&b, "%s %s %s;", f.hierarchies[k].controllers,
				    f.hierarchies[k].mount_host, f.hierarchies[k].own_path);
		if (!t_ok(ok && f.cgroup == rows[i].kind && streq(b.p, rows[i].want), rows[i].name))
			t_note("kind %d, \"%s\" %s", f.cgroup, b.p, e.msg);
	}
	auto_arena struct arena a = ARENA_INIT;
	struct mountinfo_table t = { 0 };
	struct facts f = { 0 };
	t_ok(cgroups_find(&a, &t, arena_strdup(&a, "4:memory\n"), &f, NULL) < 0,
	     "a line without a path is refused");
}

int main(void)
{
	lines();
	fields();
	octals();
	hierarchies();
	return t_done();
}
