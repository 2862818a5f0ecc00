/* SPDX-License-Identifier: Apache-2.0 */
/* t_plan_mounts.c - mounts, root, devices and paths of a plan */
#include <linux/mount.h>
#include <sys/mount.h>

#include "base/table.h"
#include "tests/unit/plan_fix.h"

#define M(dest, type, source, options) \
	"{\"destination\":\"" dest "\",\"type\":\"" type "\",\"source\":\"" source "\",\"options\":[" \
	options "]}"

static void kinds(void)
{
	static const struct { const char *name, *mount; enum mount_kind kind; uint64_t set, rset; } rows[] = {
		{ "a bind is known by its options, not by its type",
		  M("/x", "none", "/src", "\"bind\",\"ro\""), MOUNT_BIND, MOUNT_ATTR_RDONLY, 0 },
		{ "recursive flags of a bind stay recursive", M("/x", "bind", "/src", "\"rbind\",\"rro\""),
		  MOUNT_BIND, 0, MOUNT_ATTR_RDONLY },
		{ "of a file system they are its own", M("/x", "tmpfs", "tmpfs", "\"rro\""), MOUNT_FS,
		  MOUNT_ATTR_RDONLY, 0 },
		{ "proc is proc", M("/proc", "proc", "proc", "\"nosuid\""), MOUNT_PROC, MOUNT_ATTR_NOSUID, 0 },
		{ "sysfs is sysfs", M("/sys", "sysfs", "sysfs", "\"ro\""), MOUNT_SYSFS, MOUNT_ATTR_RDONLY, 0 },
		{ "cgroup is made in the container's cgroup namespace",
		  M("/sys/fs/cgroup", "cgroup", "cgroup", "\"ro\",\"noexec\""), MOUNT_CGROUP,
		  MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC, 0 },
		{ "tmpcopyup", M("/x", "tmpfs", "tmpfs", "\"tmpcopyup\""), MOUNT_TMPFS_COPYUP, 0, 0 },
		{ "the later option wins", M("/x", "tmpfs", "t", "\"ro\",\"rw\",\"nodev\""), MOUNT_FS,
		  MOUNT_ATTR_NODEV, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct op_mount *m;
		struct fix x;

		fix_init(&x, "{" FIX_HEAD "," FIX_PROC ",\"linux\":{\"namespaces\":[" FIX_NS "]}}");
		arena_done(&x.a);
		char config[1024];
		snprintf(config, sizeof(config), "{" FIX_HEAD "," FIX_PROC
			 ",\"mounts\":[%s],\"linux\":{\"namespaces\":[" FIX_NS "]}}", rows[i].mount);
		fix_init(&x, config);
		bool built = fix_build(&x);
		m = built ? &fix_op(&x, OP_MOUNT, 0)->u.mount : NULL;
		if (!t_ok(m && m->kind == rows[i].kind && m->attr_set == rows[i].set &&
			  m->rattr_set == rows[i].rset, rows[i].name))
			t_note("%s", m ? "kind or flags differ" : x.e.msg);
		arena_done(&x.a);
	}
}

/* What an option does besides setting an attribute. */
static void options(void)
{
	static const struct { const char *name, *options; bool keep_mode; uint64_t sb, clear; } rows[] = {
		{ "a tmpfs without a mode keeps that of its directory", "\"size=1m\"", true, 0, 0 },
		{ "one with a mode does not", "\"size=1m\",\"mode=700\"", false, 0, 0 },
		{ "mode= is an option of its own, not the end of another", "\"huge_mode=1\"", true, 0, 0 },
		{ "a flag of the file system", "\"sync\",\"iversion\"", true, MS_SYNCHRONOUS | MS_I_VERSION, 0 },
		{ "is taken off by a later one", "\"sync\",\"async\"", true, 0, MS_SYNCHRONOUS },
		{ "a remount keeps no mode", "\"remount\",\"nolazytime\"", false, 0, MS_LAZYTIME },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char config[1024];
		struct fix x;

		snprintf(config, sizeof(config), "{" FIX_HEAD "," FIX_PROC ",\"mounts\":[" M("/x", "tmpfs", "t", "%s")
			 "],\"linux\":{\"namespaces\":[" FIX_NS "]}}", rows[i].options);
		fix_init(&x, config);
		const struct op_mount *m = fix_build(&x) ? &fix_op(&x, OP_MOUNT, 0)->u.mount : NULL;
		if (!t_ok(m && m->keep_mode == rows[i].keep_mode && m->sb_flags == rows[i].sb &&
			  m->sb_clear == rows[i].clear, rows[i].name))
			t_note("%s", m ? "it does something else" : x.e.msg);
		arena_done(&x.a);
	}
}

static void refused(void)
{
	static const struct { const char *name, *config, *want; } rows[] = {
		{ "file-system options of a bind are an error, for the kernel would ignore them",
		  FIX_MOUNTS(M("/x", "bind", "/src", "\"bind\",\"size=1m\"")), "takes no file-system options" },
		{ "a bind over a file of /proc is refused",
		  FIX_MOUNTS(M("/proc/sys/kernel/core_pattern", "bind", "/src", "\"bind\"")), "inside /proc" },
		{ "a tmpfs over /proc is refused", FIX_MOUNTS(M("/proc", "tmpfs", "t", "")), "inside /proc" },
		{ "also by a path that only looks different",
		  FIX_MOUNTS(M("/x/..//proc/self", "bind", "/src", "\"bind\"")), "inside /proc" },
		{ "a mount over the root is refused", FIX_MOUNTS(M("/x/..", "tmpfs", "t", "")), "whole root" },
		{ "tmpcopyup is for tmpfs", FIX_MOUNTS(M("/x", "proc", "proc", "\"tmpcopyup\"")), "tmpcopyup" },
		{ "a mount without type and bind is refused",
		  FIX_MOUNTS("{\"destination\":\"/x\",\"source\":\"/src\"}"), "type: absent" },
		{ "options of a cgroup mount are refused",
		  FIX_MOUNTS(M("/c", "cgroup", "c", "\"release_agent=/x\"")), "cgroup mount takes no" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fix x;

		fix_init(&x, rows[i].config);
		fix_refused(&x, rows[i].want, rows[i].name);
	}
}

#define BIND M("/work", "bind", "/src", "\"rbind\"")

static void sources(void)
{
	struct fix x;

	fix_init(&x, FIX_MOUNTS(BIND));
	x.t.mount_facts[0].realpath = NULL;
	x.t.mount_facts[0].type = 0;
	fix_refused(&x, "no such file or directory", "a source that is not there is an error");

	fix_init(&x, FIX_MOUNTS(BIND));
	x.t.mount_facts[0].realpath = "/real";
	if (fix_ok(&x, "a source is named by its real path")) {
		const struct op_mount *m = &fix_op(&x, OP_MOUNT, 0)->u.mount;

		t_ok(streq(m->source_host, "/real") && m->src_dev == 5 && m->src_ino == 100,
		     "with the device and inode that were decided on");
	}
	arena_done(&x.a);

	fix_init(&x, FIX_MOUNTS(M("/proc/meminfo", "bind", "/src", "\"bind\"")));
	fix_ok(&x, "some files of /proc may be covered, as lxcfs does");
	arena_done(&x.a);

	fix_init(&x, FIX_MOUNTS(M("/proc", "bind", "/proc", "\"rbind\"")));
	x.t.mount_facts[0].fstype = "proc";
	fix_ok(&x, "a bind of procfs itself may stand on /proc");
	arena_done(&x.a);
}

static void decisions(void)
{
	const struct op_mount *m;
	struct fix x;

	fix_init(&x, FIX_MOUNTS(BIND));
	fix_userns(&x);
	x.t.mounts[0] = (struct tight_mount){ .idmap = IDMAP_OWNER, .owner_uid = 1000, .owner_gid = 1001,
					      .ctr_uid = 7, .ctr_gid = 8, .force_readonly = true,
					      .rule = "mount.owner" };
	x.t.mount_facts[0].uid = 1000;
	x.t.mount_facts[0].gid = 1001;
	if (fix_ok(&x, "a project is mapped to its owner")) {
		m = &fix_op(&x, OP_MOUNT, 0)->u.mount;
		t_ok(m->idmap == MOUNT_IDMAP_MAPS && m->n_uid == 1 && m->uid[0].ctr == 1000 &&
			     m->uid[0].host == 100007 && m->uid[0].size == 1 && m->gid[0].ctr == 1001 &&
			     m->gid[0].host == 100008,
		     "the owner on disk is the container's process and nobody else is anybody");
		t_ok((m->attr_set & MOUNT_ATTR_RDONLY) && (m->rattr_set & MOUNT_ATTR_RDONLY),
		     "a forced read-only reaches what is mounted below");
		t_ok(streq(fix_op(&x, OP_MOUNT, 0)->rule, "mount.owner"), "and the op names the rule");
	}
	arena_done(&x.a);

	fix_init(&x, FIX_MOUNTS(BIND));
	fix_userns(&x);
	x.t.mounts[0] = (struct tight_mount){ .idmap = IDMAP_OWNER, .owner_uid = 1000, .owner_gid = 1001,
					      .ctr_uid = 7, .ctr_gid = 8, .rule = "mount.owner" };
	x.t.mount_facts[0].gid = 1001;
	if (fix_ok(&x, "a project of the host's root is written as somebody else")) {
		m = &fix_op(&x, OP_MOUNT, 0)->u.mount;
		t_ok(m->n_uid == 2 && m->uid[0].host == 100007 && m->uid[1].ctr == 0 &&
			     m->uid[1].host == 4294967294u && m->uid[1].size == 1 && m->n_gid == 1,
		     "and root is nobody there: an id that no container has");
	}
	arena_done(&x.a);

	fix_init(&x, FIX_MOUNTS(BIND));
	fix_userns(&x);
	x.t.mounts[0] = (struct tight_mount){ .idmap = IDMAP_OWNER, .ctr_uid = 70000 };
	fix_refused(&x, "is not mapped in the user namespace", "an owner outside the map is refused");

	fix_init(&x, FIX_MOUNTS(BIND));
	fix_userns(&x);
	x.t.mounts[0].idmap = IDMAP_CONTAINER;
	x.t.mount_facts[0].can_idmap = false;
	fix_refused(&x, "cannot map the ids", "a file system that cannot be idmapped is refused by name");

	fix_init(&x, FIX_MOUNTS(M("/work", "bind", "/src", "\"bind\",\"idmap\"")));
	x.t.mounts[0].idmap = IDMAP_SPEC;
	fix_refused(&x, "idmap needs", "idmap without maps and user namespace is refused");
}

static void root(void)
{
	const struct op_root *r;
	struct fix x;

	fix_init(&x, FIX_PLAIN);
	if (fix_ok(&x, "a plain root is the directory itself")) {
		r = &fix_op(&x, OP_ROOT, 0)->u.root;
		t_ok(!r->overlay && r->n_lower == 1 && streq(r->lower_host[0], "/b/rootfs") && r->ino == 2,
		     "identified by what was seen");
	}
	arena_done(&x.a);

	fix_init(&x, FIX_PLAIN);
	const char *lower[] = { "/l2", "/l1" };
	x.t.root_overlay = true;
	x.f.root.is_overlay = true;
	x.f.root.lower = lower;
	x.f.root.n_lower = 2;
	x.f.root.upper = "/u";
	x.f.root.metacopy = true;
	if (fix_ok(&x, "an overlay is rebuilt from its layers")) {
		r = &fix_op(&x, OP_ROOT, 0)->u.root;
		t_ok(r->n_lower == 3 && streq(r->lower_host[0], "/u") && streq(r->lower_host[1], "/l2"),
		     "the engine's upper is the topmost of them");
		t_ok(r->metacopy && streq(r->redirect_dir, "on"), "metacopy needs redirects");
		t_ok(str_has_prefix(r->upper_dir_host, "/var/lib/agentrt/box."), "changes go to their own place");
	}
	x.f.root.problem = "two layers are gone";
	fix_refused(&x, "two layers are gone", "layers that cannot be used are refused with the reason");

	fix_init(&x, FIX_LINUX(",\"resources\":{\"memory\":{\"limit\":1000}}"));
	x.t.root_overlay = true;
	x.prof.root.upper = UPPER_TMPFS;
	x.prof.root.size_bytes = 900;
	if (fix_ok(&x, "changes may be kept in memory")) {
		r = &fix_op(&x, OP_ROOT, 0)->u.root;
		t_ok(r->upper_tmpfs && r->tmpfs_size_bytes == 500, "at most half of the memory limit");
		t_ok(streq(r->redirect_dir, "nofollow"), "and redirects are not followed");
	}
	arena_done(&x.a);

	fix_init(&x, FIX_PLAIN);
	x.f.root.at.type = 0;
	fix_refused(&x, "does not exist", "a missing root is an error");
	fix_init(&x, FIX_PLAIN);
	x.f.root.at.type = 'l';
	fix_refused(&x, "not a directory", "a root that is a link is an error");
	fix_init(&x, FIX_PLAIN);
	x.t.root_idmap = true;
	x.f.root.at.can_idmap = false;
	fix_refused(&x, "cannot map the ids", "a root that cannot be idmapped is refused by name");
}

static size_t count(const struct fix *x, enum op_kind kind)
{
	size_t n = 0;

	while (fix_op(x, kind, n))
		n++;
	return n;
}

static void dev(void)
{
	struct fix x;

	fix_init(&x, FIX_MOUNTS(M("/dev", "tmpfs", "tmpfs", "\"ro\",\"mode=755\"")));
	if (fix_ok(&x, "a read-only /dev is built")) {
		const struct op_mount *first = &fix_op(&x, OP_MOUNT, 0)->u.mount;
		const struct op *last = fix_op(&x, OP_MOUNT, 1);

		t_ok(!(first->attr_set & MOUNT_ATTR_RDONLY), "it is writable while devices are made in it");
		t_ok(last && last->u.mount.remount && last->u.mount.attr_set == MOUNT_ATTR_RDONLY &&
			     last > fix_op(&x, OP_LINK, 0),
		     "and read-only after the last of them");
		t_ok(count(&x, OP_DEV) == 6 && !fix_op(&x, OP_DEV, 0)->u.dev.bind, "six devices are made");
	}
	arena_done(&x.a);

	fix_init(&x, FIX_MOUNTS(M("/dev/../dev", "bind", "/mydev", "\"rbind\"")));
	if (fix_ok(&x, "a config may bring a /dev of its own"))
		t_ok(count(&x, OP_DEV) == 0 && count(&x, OP_LINK) == 0, "then nothing is made in it");
	arena_done(&x.a);

	fix_init(&x, FIX_LINUX(",\"devices\":[{\"type\":\"c\",\"path\":\"/dev/null\",\"major\":1,\"minor\":3,"
			       "\"fileMode\":384,\"uid\":5},{\"type\":\"p\",\"path\":\"/dev/fifo\"}]"));
	fix_userns(&x);
	if (fix_ok(&x, "devices of the config are made")) {
		const struct op *null = fix_op(&x, OP_DEV, 5), *fifo = fix_op(&x, OP_DEV, 6);

		t_ok(count(&x, OP_DEV) == 7 && null->u.dev.mode == 0600 && null->u.dev.uid == 5,
		     "in place of the default of that name");
		t_ok(null->u.dev.bind && streq(null->u.dev.source_host, "/dev/null"),
		     "a user namespace gets the host's node");
		t_ok(!fifo->u.dev.bind && fifo->u.dev.type == 'p', "but makes its own fifos");
	}
	arena_done(&x.a);
}

static void propagation(void)
{
	struct fix x;

	fix_init(&x, FIX_PLAIN);
	fix_build(&x);
	t_ok(fix_op(&x, OP_PROPAGATION, 0)->u.propagation.ms == (MS_SLAVE | MS_REC),
	     "nothing that is mounted in the container reaches the host");
	arena_done(&x.a);
	fix_init(&x, FIX_LINUX(",\"rootfsPropagation\":\"shared\""));
	fix_build(&x);
	t_ok(fix_op(&x, OP_ROOT_RO, 0)->u.root_ro.propagation == MS_SHARED, "the root gets what it asks for");
	arena_done(&x.a);
	fix_init(&x, FIX_LINUX(",\"rootfsPropagation\":\"nosuid\""));
	fix_refused(&x, "rootfsPropagation", "an option of another kind is not a propagation");
}

int main(void)
{
	kinds();
	options();
	refused();
	sources();
	decisions();
	root();
	dev();
	propagation();
	return t_done();
}
