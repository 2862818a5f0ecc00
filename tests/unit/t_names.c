/* SPDX-License-Identifier: Apache-2.0 */
/* t_names.c - tables of names: numbers of the ABI, no name twice, what each mount option does */
#include <linux/mount.h>

#include "base/str.h"
#include "spec/names.h"
#include "spec/oci.h"
#include "tests/unit/test.h"

/* Numbers written out, not taken from the headers that the tables use. */
static void values(void)
{
	static const struct { const struct name_table *t; const char *name; uint64_t want; } rows[] = {
		{ &names_seccomp_action, "SCMP_ACT_KILL_PROCESS", 0x80000000 },
		{ &names_seccomp_action, "SCMP_ACT_KILL_THREAD", 0 },
		{ &names_seccomp_action, "SCMP_ACT_ERRNO", 0x00050000 },
		{ &names_seccomp_action, "SCMP_ACT_NOTIFY", 0x7fc00000 },
		{ &names_seccomp_action, "SCMP_ACT_ALLOW", 0x7fff0000 },
		{ &names_seccomp_op, "SCMP_CMP_MASKED_EQ", 7 },
		{ &names_seccomp_arch, "SCMP_ARCH_X86_64", 0xc000003e },
		{ &names_seccomp_arch, "SCMP_ARCH_X32", 0x4000003e },
		{ &names_seccomp_arch, "SCMP_ARCH_X86", 0x40000003 },
		{ &names_seccomp_arch, "SCMP_ARCH_AARCH64", 0xc00000b7 },
		{ &names_seccomp_arch, "SCMP_ARCH_LOONGARCH64", 0xc0000102 },
		{ &names_seccomp_arch, "SCMP_ARCH_SH", 0x4000002a },
		{ &names_seccomp_arch, "SCMP_ARCH_SHEB", 0x0000002a },
		{ &names_seccomp_flag, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 32 },
		{ &names_cap, "CAP_CHOWN", 0 },
		{ &names_cap, "CAP_CHECKPOINT_RESTORE", 40 },
		{ &names_rlimit, "RLIMIT_NOFILE", 7 },
		{ &names_sched_policy, "SCHED_DEADLINE", 6 },
		{ &names_io_class, "IOPRIO_CLASS_IDLE", 3 },
		{ &names_mempolicy_mode, "MPOL_WEIGHTED_INTERLEAVE", 6 },
		{ &names_personality, "LINUX32", 8 },
		{ &names_ns, "time", NS_TIME },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t v = 0;

		t_ok(name_find(rows[i].t, rows[i].name, &v) && v == rows[i].want, rows[i].name);
	}
	uint64_t v = 5;
	t_ok(!name_find(&names_cap, "cap_chown", &v) && v == 5, "names are exact");
	t_ok(!name_of(&names_cap, 63), "a number without a name has none");
	t_ok(streq(name_of(&names_seccomp_action, 0), "SCMP_ACT_KILL"),
	     "of two names the first is written");
}

static void unique(void)
{
	static const struct name_table *const tables[] = {
		&names_ns, &names_rlimit, &names_cap, &names_signal, &names_seccomp_action,
		&names_seccomp_op, &names_seccomp_arch, &names_seccomp_flag, &names_sched_policy,
		&names_sched_flag, &names_io_class, &names_mempolicy_mode, &names_mempolicy_flag,
		&names_personality,
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		const struct name_table *t = tables[i];
		bool ok = t->n > 0;

		for (size_t k = 0; k < t->n; k++) {
			uint64_t v;

			ok = ok && name_find(t, t->rows[k].name, &v) && v == t->rows[k].value;
		}
		t_ok(ok, t->what);
	}
}

static void signals(void)
{
	static const struct { const char *in; bool ok; int want; } rows[] = {
		{ "TERM", true, 15 },	   { "SIGTERM", true, 15 },    { "15", true, 15 },
		{ "0", true, 0 },	   { "64", true, 64 },	       { "65", false, 0 },
		{ "-1", false, 0 },	   { "", false, 0 },	       { "term", false, 0 },
		{ "SIG", false, 0 },	   { "SIGSIGTERM", false, 0 }, { "RTMIN", true, 34 },
		{ "SIGRTMIN+3", true, 37 }, { "RTMAX-1", true, 63 },   { "RTMIN+30", true, 64 },
		{ "RTMIN+31", false, 0 },  { "RTMIN-1", false, 0 },    { "RTMAX+1", false, 0 },
		{ "RTMIN+", false, 0 },	   { "9x", false, 0 },
		{ "99999999999999999999", false, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int got = 0;

		if (!t_ok(name_find_signal(rows[i].in, &got) == rows[i].ok && got == rows[i].want,
			  "a signal's name or number"))
			t_note("%s: %d", rows[i].in, got);
	}
}

/* config.md "Linux mount options", MUST and SHOULD */
static const char *const oci_options[] = {
	"async", "atime", "bind", "defaults", "dev", "diratime", "dirsync", "exec", "iversion",
	"lazytime", "loud", "noatime", "nodev", "nodiratime", "noexec", "noiversion", "nolazytime",
	"norelatime", "nostrictatime", "nosuid", "private", "rbind", "relatime", "remount", "ro",
	"rprivate", "rshared", "rslave", "runbindable", "rw", "shared", "silent", "slave",
	"strictatime", "suid", "sync", "unbindable", "mand", "nomand", "tmpcopyup", "ratime", "rdev",
	"rdiratime", "rexec", "rnoatime", "rnodev", "rnodiratime", "rnoexec", "rnorelatime",
	"rnostrictatime", "rnosuid", "rnosymfollow", "rrelatime", "rro", "rrw", "rstrictatime",
	"rsuid", "rsymfollow", "nosymfollow", "symfollow", "idmap", "ridmap",
};

static void all_options(void)
{
	bool all = true;

	for (size_t i = 0; i < sizeof(oci_options) / sizeof(oci_options[0]); i++) {
		if (!mopt_find(oci_options[i])) {
			t_note("%s", oci_options[i]);
			all = false;
		}
	}
	t_ok(all && mopt_table_n == sizeof(oci_options) / sizeof(oci_options[0]),
	     "every option of the specification is known, and no other");
	t_ok(!mopt_find("size=1m") && !mopt_find("") && !mopt_find("RO"), "what is data is not found");
}

static bool is_access_time(const char *name)
{
	return str_has_suffix(name, "atime") && !str_has_suffix(name, "diratime");
}

static void option_effects(void)
{
	bool atime = true, bits = true, pairs = true;

	for (size_t i = 0; i < mopt_table_n; i++) {
		const struct mopt_row *r = &mopt_table[i];
		uint64_t both = r->attr_set | r->attr_clear;

		/* mount_setattr(2): EINVAL unless the whole field is cleared with the set */
		if (is_access_time(r->name))
			atime = atime && (r->attr_clear & MOUNT_ATTR__ATIME) == MOUNT_ATTR__ATIME;
		else
			atime = atime && !(both & MOUNT_ATTR__ATIME);
		bits = bits && mopt_find(r->name) == r && !(both & MOUNT_ATTR_IDMAP);
		if (r->kind != MOPT_RECURSIVE)
			continue;

		const struct mopt_row *one = mopt_find(r->name + 1);

		bits = bits && !r->set && !r->clear && r->recursive && both;
		pairs = pairs && one && one->kind == MOPT_FLAG && one->attr_set == r->attr_set &&
			one->attr_clear == r->attr_clear;
	}
	t_ok(atime, "an access-time option clears the whole field, and no other option touches it");
	t_ok(bits, "a recursive option has attributes only, no option is there twice");
	t_ok(pairs, "each recursive option does what the plain one does");

	const struct mopt_row *r = mopt_find("rslave");
	t_ok(r && r->kind == MOPT_PROPAGATION && r->set == (MS_SLAVE | MS_REC) && r->recursive,
	     "recursive propagation");
	r = mopt_find("rw");
	t_ok(r && r->clear == MS_RDONLY && r->attr_clear == MOUNT_ATTR_RDONLY && !r->set,
	     "a negative option clears");
}

int main(void)
{
	values();
	unique();
	signals();
	all_options();
	option_effects();
	return t_done();
}
