/* SPDX-License-Identifier: Apache-2.0 */
/* fs_mounts.c - live: every kind of mount, devices, our own files, masks, read-only paths */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/table.h"
#include "tests/live/box.h"

#define STD (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static const struct node image[] = {
	{ 'd', "root", NULL, 0, 0 },
	{ 'd', "root/etc", NULL, 0, 0 },
	{ 'f', "root/etc/hosts", "image", 0, 0 },
	{ 'l', "root/etc/resolv.conf", "../run/resolve/stub.conf", 0, 0 },
	{ 'd', "root/var", NULL, 0, 0 },
	{ 'd', "root/var/cache", NULL, 0750, 7 },
	{ 'f', "root/var/cache/f", "cached", 0640, 7 },
	{ 'l', "root/var/cache/l", "/etc/hosts", 0, 0 },
	{ 'd', "root/var/cache/sub", NULL, 0, 0 },
	{ 'f', "root/var/cache/sub/g", "g", 0, 0 },
	{ 'd', "root/ro", NULL, 0, 0 },
	{ 'f', "root/ro/f", "f", 0, 0 },
	{ 'd', "root/secret", NULL, 0, 0 },
	{ 'f', "root/secret/key", "k", 0, 0 },
	{ 'f', "root/secret.txt", "k", 0, 0 },
	{ 'f', "root/secret2.txt", "k", 0, 0 },
	{ 'd', "root/secret2", NULL, 0, 0 },
	{ 'f', "root/secret2/key", "k", 0, 0 },
	{ 'd', "proj", NULL, 0, 1000 },
	{ 'f', "proj/src", "src", 0, 1000 },
	{ 'd', "data", NULL, 0, 0 },
	{ 'f', "data/f", "data", 0666, 0 },
	{ 'd', "data/below", NULL, 0777, 0 },
	{ 'f', "one", "one", 0, 0 },
};

static struct op ops[80];
static size_t n_ops;
static const char *lower[1];
static struct plan_idmap proj_map = { 1000, BOX_BASE, 1 }; /* owner on disk: root inside */
static struct plan_cg_dir cg_dirs[16];
static struct op_cgroup cg = { .none = true, .dirs = cg_dirs };

static struct op *add(enum op_kind kind)
{
	ops[n_ops] = (struct op){ .kind = kind };
	return &ops[n_ops++];
}

static struct op_mount *add_mount(enum mount_kind kind, const char *type, const char *dest,
				  uint64_t attr, const char *data)
{
	struct op_mount *m = &add(OP_MOUNT)->u.mount;

	*m = (struct op_mount){ .kind = kind, .type = type, .dest_ctr = dest, .source_host = type,
				.attr_set = attr, .data = data };
	m->no_symlink = kind == MOUNT_PROC || kind == MOUNT_SYSFS;
	return m;
}

static struct op_mount *add_bind(const char *rel, const char *dest, uint64_t attr)
{
	struct op_mount *m = add_mount(MOUNT_BIND, "bind", dest, attr, NULL);

	m->source_host = strdup(rel[0] == '/' ? rel : box_path(rel));
	return m;
}

static void add_root(void)
{
	n_ops = 0;
	add(OP_PROPAGATION)->u.propagation.ms = MS_SLAVE | MS_REC;
	lower[0] = strdup(box_path("root"));
	add(OP_ROOT)->u.root = (struct op_root){
		.root_host = lower[0], .overlay = true, .idmap = true, .lower_host = lower, .n_lower = 1,
		.upper_dir_host = strdup(box_path("upper/m")),
	};
}

static void add_dev(const char *path, const char *host, unsigned minor)
{
	add(OP_DEV)->u.dev = (struct op_dev){ .path_ctr = path, .type = 'c', .major = 1,
					      .minor = minor, .mode = 0666, .bind = true,
					      .source_host = host };
}

static void add_path(enum op_kind kind, const char *path)
{
	add(kind)->u.path.path_ctr = path;
}

static bool attr_is(const char *path, unsigned long want, unsigned long without)
{
	struct statvfs v;

	return statvfs(path, &v) == 0 && (v.f_flag & want) == want && !(v.f_flag & without);
}

static bool fs_is(const char *path, long magic)
{
	struct statfs s;

	return statfs(path, &s) == 0 && s.f_type == magic;
}

static bool ids_are(const char *path, uid_t uid, gid_t gid, mode_t mode)
{
	struct stat st;

	return lstat(path, &st) == 0 && st.st_uid == uid && st.st_gid == gid &&
	       (st.st_mode & 07777) == mode;
}

static bool is_node(const char *path, unsigned minor)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, minor);
}

static bool is_empty(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n == 2;
}

static void check_kernel_fs(void)
{
	char text[64] = "";

	box_check(fs_is("/proc", PROC_SUPER_MAGIC) &&
			  attr_is("/proc", ST_NOSUID | ST_NODEV | ST_NOEXEC, 0),
		  "proc is mounted with its flags");
	box_check(readlink("/proc/self", text, sizeof(text) - 1) > 0 && streq(text, "1"),
		  "it is that of the container's pid namespace");
	box_check(fs_is("/sys", SYSFS_MAGIC) && attr_is("/sys", ST_RDONLY, 0), "sysfs is mounted read-only");
	box_check(faccessat(AT_FDCWD, "/sys/class/net/lo", F_OK, 0) == 0, "it shows a network namespace");
	box_check(fs_is("/dev/mqueue", 0x19800202), "mqueue is mounted");
	box_check(fs_is("/dev/pts", DEVPTS_SUPER_MAGIC), "devpts is mounted");
	box_check(fs_is("/dev", TMPFS_MAGIC) && ids_are("/dev", 0, 0, 0755) &&
			  attr_is("/dev", ST_NOSUID, ST_NODEV),
		  "a tmpfs has its mode and flags");
	box_check(open("/dev/ptmx", O_RDWR | O_CLOEXEC) >= 0, "a pty can be opened");
}

static void check_binds(void)
{
	box_check(file_is("/data/f", "data") && write_to("/data/f", "x", 0) == EROFS,
		  "a read-only bind cannot be written");
	box_check(write_to("/data2/below/n", "x", O_CREAT) == 0,
		  "ro that is not recursive leaves a mount below writable");
	box_check(write_to("/data3/below/n", "x", O_CREAT) == EROFS, "recursive ro does not");
	box_check(write_to("/data4/f", "x", 0) == EROFS, "a remount can make a bind read-only");
	box_check(attr_is("/data4", ST_NOSUID, 0), "and keeps what it had");
	box_check(file_is("/deep/er/one", "one"), "a file is bound on a path that is made");
	box_check(ids_are("/proj", 0, 0, 0755) && ids_are("/proj/src", 0, 0, 0644),
		  "a mapped project belongs to root inside");
	box_check(write_to("/proj/made", "x", O_CREAT | O_EXCL) == 0, "and can be written");
	box_check(ids_are("/cmap/f", 0, 0, 0666), "a bind can carry the container's own map");
	box_check(ids_are("/data/f", 65534, 65534, 0666), "a bind without a map shows foreign owners");
}

static void check_dev(void)
{
	char text[64] = "";

	box_check(is_node("/dev/null", 3) && write_to("/dev/null", "x", 0) == 0, "/dev/null works");
	box_check(is_node("/dev/zero", 5) && is_node("/srv/zero", 5), "a device can be anywhere");
	box_check(readlink("/dev/fd", text, sizeof(text) - 1) > 0 && streq(text, "/proc/self/fd"),
		  "a link of /dev is there");
}

static void check_files(void)
{
	struct stat st;

	box_check(file_is("/etc/hosts", "ours\n") && ids_are("/etc/hosts", 0, 0, 0644),
		  "a file of ours covers the image's");
	box_check(write_to("/etc/hosts", "x", 0) == EROFS && chmod("/etc/hosts", 0666) < 0 &&
			  unlink("/etc/hosts") < 0,
		  "and cannot be changed");
	box_check(file_is("/etc/resolv.conf", "nameserver\n") && lstat("/etc/resolv.conf", &st) == 0 &&
			  S_ISLNK(st.st_mode) && file_is("/run/resolve/stub.conf", "nameserver\n"),
		  "a dangling link in its place is completed");
	box_check(file_is("/made/by/us", "x"), "a path that is missing is made");
	box_check(is_empty("/secret") && is_empty("/secret2") &&
			  write_to("/secret/n", "x", O_CREAT) == EROFS,
		  "masked directories are empty and read-only");
	box_check(is_node("/secret.txt", 3) && is_node("/secret2.txt", 3) && file_is("/secret.txt", ""),
		  "masked files are empty");
	box_check(write_to("/ro/f", "x", 0) == EROFS && file_is("/ro/f", "f"), "a read-only path is");
	box_check(attr_is("/proc/sys", ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC, 0),
		  "a read-only path keeps nosuid, nodev and noexec");
	box_check(file_is("/var/cache/f", "cached") && ids_are("/var/cache/f", 7, 7, 0640) &&
			  ids_are("/var/cache", 7, 7, 0750) && file_is("/var/cache/sub/g", "g"),
		  "tmpcopyup brings content, owners and modes");
	box_check(fs_is("/var/cache", TMPFS_MAGIC) && write_to("/var/cache/n", "x", O_CREAT) == 0,
		  "into a tmpfs");
	box_check(fs_is("/over", OVERLAYFS_SUPER_MAGIC) && file_is("/over/f", "f"),
		  "options longer than fsconfig takes reach the kernel");
	box_check(write_to("/new", "x", O_CREAT) == EROFS, "the root is read-only all the same");
}

static void inside(struct exec_ctx *c)
{
	(void)c;
	check_kernel_fs();
	check_binds();
	check_dev();
	check_files();
}

/* More than 255 bytes of lowerdir: host paths, as an engine would write them. */
static const char *long_overlay(void)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	strbuf_addf(&b, "lowerdir=%s", box_path("root/ro"));
	for (int i = 0; i < 8; i++) {
		char rel[40];

		snprintf(rel, sizeof(rel), "a-rather-long-name-of-a-layer-%d", i);
		box_tree((struct node[]){ { 'd', rel, NULL, 0, 0 } }, 1);
		strbuf_addf(&b, ":%s", box_path(rel));
	}
	strbuf_adds(&b, ",userxattr");
	return strdup(b.p);
}

static void everything(void)
{
	struct op_mount *m;
	struct box b = { .ops = ops, .inside = inside };

	add_root();
	add_mount(MOUNT_PROC, "proc", "/proc", STD, NULL);
	add_mount(MOUNT_FS, "tmpfs", "/dev", MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME,
		  "mode=755,size=65536k");
	add_mount(MOUNT_FS, "devpts", "/dev/pts", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
		  "newinstance,ptmxmode=0666,mode=0620,gid=5");
	add_mount(MOUNT_FS, "mqueue", "/dev/mqueue", STD, NULL);
	add_mount(MOUNT_SYSFS, "sysfs", "/sys", STD | MOUNT_ATTR_RDONLY, NULL);
	add_mount(MOUNT_TMPFS_COPYUP, "tmpfs", "/var/cache", STD, "size=1m");
	add_mount(MOUNT_FS, "overlay", "/over", 0, long_overlay());
	add_bind("data", "/data", MOUNT_ATTR_RDONLY);
	add_bind("data", "/data2", MOUNT_ATTR_RDONLY)->recursive = true;
	m = add_bind("data", "/data3", 0);
	m->recursive = true;
	m->rattr_set = MOUNT_ATTR_RDONLY;
	add_bind("data", "/data4", MOUNT_ATTR_NOSUID);
	m = add_bind("data", "/data4", MOUNT_ATTR_RDONLY);
	m->remount = true;
	add_bind("one", "/deep/er/one", 0);
	m = add_bind("proj", "/proj", 0);
	m->idmap = MOUNT_IDMAP_MAPS;
	m->uid = m->gid = &proj_map;
	m->n_uid = m->n_gid = 1;
	add_bind("data", "/cmap", 0)->idmap = MOUNT_IDMAP_CONTAINER;
	add(OP_FILE)->u.file = (struct op_file){ "/etc/hosts", "ours\n", 0644 };
	add(OP_FILE)->u.file = (struct op_file){ "/etc/resolv.conf", "nameserver\n", 0644 };
	add(OP_FILE)->u.file = (struct op_file){ "/made/by/us", "x", 0644 };
	add_dev("/dev/null", "/dev/null", 3);
	add_dev("/dev/zero", "/dev/zero", 5);
	add_dev("/srv/zero", "/dev/zero", 5);
	add(OP_LINK)->u.link = (struct op_link){ "/dev/fd", "/proc/self/fd" };
	add(OP_LINK)->u.link = (struct op_link){ "/dev/ptmx", "pts/ptmx" };
	add(OP_PIVOT);
	add(OP_ROOT_RO)->u.root_ro.readonly = true;
	add_path(OP_RDONLY, "/ro");
	add_path(OP_RDONLY, "/proc/sys");
	add_path(OP_RDONLY, "/proc/nothing");
	add_path(OP_MASK, "/secret");
	add_path(OP_MASK, "/secret2");
	add_path(OP_MASK, "/secret.txt");
	add_path(OP_MASK, "/secret2.txt");
	add_path(OP_MASK, "/proc/nothing/at/all");
	add_path(OP_MASK, "/proc/kcore");
	b.n_ops = n_ops;
	if (mount("tmpfs", box_path("data/below"), "tmpfs", 0, "mode=777") < 0)
		perror("mount");
	box_runs(&b, "a container with every kind of mount");
	umount2(box_path("data/below"), MNT_DETACH);
	box_ok(ids_are(box_path("proj/made"), 1000, 1000, 0644),
	       "files made in a mapped project belong to its owner");
}

static void inside_nodes(struct exec_ctx *c)
{
	(void)c;
	box_check(is_node("/dev/null", 3) && ids_are("/dev/null", 0, 5, 0666),
		  "a node is made with its mode and owner");
	box_check(attr_is("/", 0, ST_RDONLY), "the root is writable");
}

static void without_userns(void)
{
	struct box b = { .ops = ops, .inside = inside_nodes, .no_userns = true };
	struct op *op;

	add_root();
	ops[1].u.root.idmap = false;
	add_mount(MOUNT_FS, "tmpfs", "/dev", MOUNT_ATTR_NOSUID, "mode=755");
	op = add(OP_DEV);
	op->u.dev = (struct op_dev){ .path_ctr = "/dev/null", .type = 'c', .major = 1, .minor = 3,
				     .mode = 0666, .gid = 5 };
	ops[n_ops++] = *op; /* twice: the same node is success */
	add(OP_PIVOT);
	b.n_ops = n_ops;
	box_runs(&b, "device nodes without a user namespace");
}

static void fails(const char *text, const char *name)
{
	struct box b = { .ops = ops, .n_ops = n_ops };

	box_fails(&b, text, name);
}

static void refusals(void)
{
	add_root();
	add_bind("data", "/data", 0)->src_ino = 12345;
	fails("was replaced", "a source that is not the one that was checked is refused");
	add_root();
	add_bind("nothing", "/data", 0);
	fails("no such file", "a missing source is an error");
	add_root();
	add_bind("/sys/kernel", "/data", 0)->idmap = MOUNT_IDMAP_CONTAINER;
	fails("does not support id-mapped", "a source that cannot be id-mapped is refused");
	add_root();
	add_dev("/dev/x", "/dev/zero", 3);
	fails("is not character 1:3", "a host node with another number is refused");
	add_root();
	add_dev("/dev/x", strdup(box_path("one")), 3);
	fails("is not character 1:3", "a host file that is no node is refused");
	add_root();
	add_mount(MOUNT_FS, "tmpfs", "/t", 0, "size=1m,nonsense=1");
	fails("nonsense", "an option that the kernel does not know is named");
	add_root();
	add_bind("one", "/etc", 0);
	fails("mount on /etc", "a file is not bound on a directory");
	add_root();
	add_bind("data", "/nowhere", 0)->remount = true;
	fails("no such file", "a remount of nothing is an error");
}

static bool cgroup_shared; /* no cgroup namespace */

static void inside_cgroup(struct exec_ctx *c)
{
	(void)c;
	if (cg.n_dirs == 1) {
		box_check(fs_is("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC), "cgroup2 is mounted");
		box_check(attr_is("/sys/fs/cgroup", ST_RDONLY, 0), "read-only");
		box_check(cgroup_shared || file_is("/proc/self/cgroup", "0::/\n"),
			  "its root is the container's cgroup, where that has a namespace");
		return;
	}
	box_check(fs_is("/sys/fs/cgroup", TMPFS_MAGIC) && attr_is("/sys/fs/cgroup", ST_RDONLY, 0),
		  "cgroup v1 is a read-only tmpfs");
	box_check(fs_is("/sys/fs/cgroup/memory", CGROUP_SUPER_MAGIC) &&
			  attr_is("/sys/fs/cgroup/memory", ST_RDONLY, 0),
		  "with a hierarchy in it");
}

/* The hierarchies of this machine, as facts would list them: v1 ones, and v2 last. */
static void find_cgroups(void)
{
	char line[4096], dir[256], type[64], opts[512];
	FILE *f = fopen("/proc/mounts", "re");
	const char *v2 = NULL;

	cg.n_dirs = 0;
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*s %255s %63s %511s", dir, type, opts) != 3 ||
		    strncmp(dir, "/sys/fs/cgroup", 14) != 0)
			continue;
		if (streq(type, "cgroup2"))
			v2 = strdup(dir);
		const char *last = strrchr(opts, ',');
		if (streq(type, "cgroup") && cg.n_dirs < 15)
			cg_dirs[cg.n_dirs++] = (struct plan_cg_dir){ strdup(last ? last + 1 : opts),
								     strdup(dir), "/" };
	}
	if (f)
		fclose(f);
	if (v2)
		cg_dirs[cg.n_dirs++] = (struct plan_cg_dir){ "", v2, "/" };
	cg.none = cg.n_dirs == 0;
}

static void cgroups(void)
{
	struct box b = { .ops = ops, .inside = inside_cgroup };

	find_cgroups();
	if (cg.none) {
		box_skip("a cgroup mount", "this machine has none below /sys/fs/cgroup");
		return;
	}
	add_root();
	add(OP_CGROUP)->u.cgroup = cg;
	add_mount(MOUNT_PROC, "proc", "/proc", STD, NULL);
	add_mount(MOUNT_SYSFS, "sysfs", "/sys", STD | MOUNT_ATTR_RDONLY, NULL);
	add_mount(MOUNT_CGROUP, "cgroup", "/sys/fs/cgroup", STD | MOUNT_ATTR_RDONLY, NULL);
	add(OP_PIVOT);
	b.n_ops = n_ops;
	box_runs(&b, "a cgroup mount in a cgroup namespace");
	b.host_cgroup = cgroup_shared = true;
	box_runs(&b, "a cgroup mount without one");
}

static void inside_host_pid(struct exec_ctx *c)
{
	(void)c;
	box_check(fs_is("/proc", PROC_SUPER_MAGIC) && attr_is("/proc", ST_RDONLY, 0),
		  "where a new proc is not permitted the host's is shown read-only");
}

static void host_pid(void)
{
	struct box b = { .ops = ops, .inside = inside_host_pid, .host_pid = true };

	add_root();
	add_mount(MOUNT_PROC, "proc", "/proc", STD, NULL);
	add(OP_PIVOT);
	b.n_ops = n_ops;
	box_runs(&b, "proc in the host's pid namespace");
}

int main(void)
{
	box_setup();
	box_tree(image, ARRAY_SIZE(image));
	everything();
	without_userns();
	cgroups();
	host_pid();
	refusals();
	return box_end();
}
