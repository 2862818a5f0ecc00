/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.c - runtime/probe on real mounts: disguised paths, overlays as engines mount them,
 * namespaces
 *
 * Runs in a mount namespace of its own, on a tmpfs of its own, or below /var/tmp where the kernel
 * does not idmap a tmpfs (before 6.3).
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/table.h"
#include "probe/probe.h"
#include "tests/unit/test.h"

#define WORK "/tmp/agentrt-probe-test"

static struct arena arena = ARENA_INIT;
static bool tmpfs_idmap;
static char disk_dir[] = "/var/tmp/agentrt-probe.XXXXXX"; /* bound to WORK unless tmpfs_idmap */
static const char *bind_option[] = { "rbind", "ro" };

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static void dirs(const char *const *paths)
{
	for (; *paths; paths++)
		need(mkdir(*paths, 0755) == 0, *paths);
}

static void touch(const char *path)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	need(fd >= 0, path);
}

/* One probe of a config with these bind sources and namespace paths. */
static struct facts *probe(const char *root, const char *const *sources, const char *const *ns,
			   const struct probe_opts *o)
{
	struct oci_root r = { .path = root };
	struct oci_mount mounts[16] = { { 0 } };
	struct oci_namespace spaces[16] = { { 0 } };
	struct oci_spec s = { .root = &r, .mounts = mounts };
	struct facts *f = NULL;
	struct err e = ERR_INIT;

	for (; sources && sources[s.n_mounts]; s.n_mounts++)
		mounts[s.n_mounts] = (struct oci_mount){ .source = sources[s.n_mounts],
							 .options = bind_option,
							 .n_options = ARRAY_SIZE(bind_option) };
	for (; ns && ns[s.linux_.n_namespaces]; s.linux_.n_namespaces++)
		spaces[s.linux_.n_namespaces].path = ns[s.linux_.n_namespaces];
	s.linux_.namespaces = spaces;
	if (probe_facts(&arena, &s, WORK, o, &f, &e)) {
		printf("Bail out! probe: %s\n", e.msg);
		exit(1);
	}
	return f;
}

static bool same_place(const struct fact_path *a, const struct fact_path *b)
{
	return a->fs_dev == b->fs_dev && a->fs_path && b->fs_path && streq(a->fs_path, b->fs_path);
}

static void sources(void)
{
	static const char *const paths[] = {
		"secret",  "link", "seen",	     "seen/key",
		"nothing", "sock", "link/../secret", "/proc/self/root" WORK "/secret/key",
		NULL
	};
	struct probe_opts o = { .no_guards = true };
	struct sockaddr_un sun = { .sun_family = AF_UNIX, .sun_path = WORK "/sock" };
	auto_close int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	dirs((const char *const[]){ "secret", "root", "seen", "other", "other/x", NULL });
	touch("secret/key");
	need(symlink("other/x", "link") == 0, "symlink");
	need(bind(sock, (const struct sockaddr *)&sun, sizeof(sun)) == 0, "bind");
	need(mount("secret", "seen", NULL, MS_BIND, NULL) == 0, "bind mount");
	const struct facts *f = probe("root", paths, NULL, &o);
	const struct fact_path *m = f->mounts;

	t_ok(f->n_mounts == 8 && m[0].type == 'd' && streq(m[0].realpath, WORK "/secret"),
	     "a directory is found relative to the bundle");
	t_ok(m[1].type == 'd' && streq(m[1].realpath, WORK "/other/x"),
	     "a symbolic link is followed");
	t_ok(same_place(&m[0], &m[2]) && !streq(m[0].realpath, m[2].realpath),
	     "a bind mount of it is the same place under another name");
	const char *key = arena_printf(&arena, "%s/secret/key", tmpfs_idmap ? "" : disk_dir);
	t_ok(streq(m[3].fs_path, key) && m[3].type == 'f' && m[3].mode == 0600,
	     "so is what lies below");
	t_ok(m[4].type == 0 && !m[4].realpath && m[4].given, "what does not exist has type 0");
	t_ok(m[5].type == 's', "a socket is known by its type");
	t_ok(m[6].type == 0, "link/.. is what the kernel makes of it, not what the text says");
	t_ok(m[7].type == 'f' && streq(m[7].realpath, WORK "/secret/key"),
	     "a path through /proc is seen through");
	need(umount2("seen", MNT_DETACH) == 0, "umount");
}

static void guards(void)
{
	static const char *const paths[] = { "secret", NULL };
	struct probe_opts o = { .state_root = WORK "/secret" };
	const struct facts *f = probe("root", paths, NULL, &o);
	bool root_home = false, has_etc = false, has_state = false;

	for (size_t i = 0; i < f->n_homes; i++)
		root_home = root_home || streq(f->homes[i], "/root");
	for (size_t i = 0; i < f->n_guards; i++) {
		has_etc = has_etc ||
			  (f->guards[i].at.realpath && streq(f->guards[i].at.realpath, "/etc"));
		has_state = has_state || same_place(&f->guards[i].at, &f->mounts[0]);
	}
	t_ok(root_home, "root's home is one of the homes");
	t_ok(has_etc, "a guarded place that exists is among the guards");
	t_ok(has_state, "so is the state directory in use");
	f = probe("root", NULL, NULL, &o);
	t_ok(f->n_guards > 0 && f->n_homes > 0, "they are looked up for the root alone, too");
}

static void overlay_is(const struct facts *f, const char *lower, const char *upper,
		       const char *name)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	for (size_t i = 0; i < f->root.n_lower; i++)
		strbuf_addf(&b, "%s;", f->root.lower[i]);
	bool ok = f->root.is_overlay && !f->root.problem && b.p && streq(b.p, lower) &&
		  streq(f->root.upper ? f->root.upper : "-", upper);
	if (!t_ok(ok, name))
		t_note("overlay %d, lower %s, upper %s, problem %s", f->root.is_overlay,
		       b.p ? b.p : "-", f->root.upper ? f->root.upper : "-",
		       f->root.problem ? f->root.problem : "-");
}

static void overlay_mount(const char *where, const char *options)
{
	need(mount("overlay", where, "overlay", 0, options) == 0, options);
}

/* As dockerd lays them out: /ov/<id>/{diff,work,merged}, and /ov/l/<SHORT> -> ../<id>/diff. */
static void overlays(void)
{
	struct probe_opts o = { .no_guards = true };

	dirs((const char *const[]){ "ov", "ov/l", "ov/a", "ov/a/diff", "ov/b", "ov/b/diff", "ov/c",
				    "ov/c/diff", "ov/c/work", "ov/c/merged", "ov/a,b:c",
				    "ov/c/diff/sub", NULL });
	need(symlink("../a/diff", "ov/l/A") == 0 && symlink("../b/diff", "ov/l/B") == 0, "symlink");
	need(chdir(WORK "/ov") == 0, "chdir");

	overlay_mount("c/merged", "lowerdir=" WORK "/ov/l/B:" WORK "/ov/l/A,upperdir=" WORK
				  "/ov/c/diff,workdir=" WORK "/ov/c/work");
	overlay_is(probe("ov/c/merged", NULL, NULL, &o), WORK "/ov/b/diff;" WORK "/ov/a/diff;",
		   WORK "/ov/c/diff", "an overlay's layers are found, links resolved");
	const struct facts *f = probe("ov/c/merged/sub", NULL, NULL, &o);
	t_ok(!f->root.is_overlay && f->root.problem, "a directory inside an overlay is a problem");
	need(umount("c/merged") == 0, "umount");

	overlay_mount("c/merged", "lowerdir=l/B:l/A,upperdir=c/diff,workdir=c/work");
	overlay_is(probe("ov/c/merged", NULL, NULL, &o), WORK "/ov/b/diff;" WORK "/ov/a/diff;",
		   WORK "/ov/c/diff", "relative layers are found above the mount point");
	need(umount("c/merged") == 0, "umount");

	overlay_mount("c/merged", "lowerdir=b/diff:a/diff,upperdir=" WORK "/ov/c/diff,workdir=" WORK
				  "/ov/c/work");
	overlay_is(probe("ov/c/merged", NULL, NULL, &o), WORK "/ov/b/diff;" WORK "/ov/a/diff;",
		   WORK "/ov/c/diff", "or above the upper directory");
	need(umount("c/merged") == 0, "umount");

	overlay_mount("c/merged", "lowerdir=a\\,b\\:c:b/diff");
	overlay_is(probe("ov/c/merged", NULL, NULL, &o), WORK "/ov/a,b:c;" WORK "/ov/b/diff;", "-",
		   "a read-only overlay with a comma and a colon in a name");
	need(umount("c/merged") == 0, "umount");

	overlay_mount("c/merged", "lowerdir=" WORK "/ov/a/diff,upperdir=" WORK
				  "/ov/c/diff,workdir=" WORK "/ov/c/work");
	need(rename("c/diff", "c/old") == 0 && mkdir("c/diff", 0755) == 0, "rename");
	f = probe("ov/c/merged", NULL, NULL, &o);
	t_ok(f->root.is_overlay && f->root.problem && f->root.n_lower == 0,
	     "a layer replaced after the mount is a problem, not a layer");
	need(rmdir("c/diff") == 0 && rename("c/old", "c/diff") == 0, "rename back");
	overlay_is(probe("ov/c/merged", NULL, NULL, &o), WORK "/ov/a/diff;", WORK "/ov/c/diff",
		   "and the right one is found again");
	need(umount("c/merged") == 0 && chdir(WORK) == 0, "umount");
}

/* Layers on two file systems: inode numbers are not shown, times have to do. */
static void overlay_two_devices(void)
{
	struct probe_opts o = { .no_guards = true };

	if (!tmpfs_idmap) {
		t_skip("layers on two file systems are recognised", "no tmpfs can be a layer");
		return;
	}
	dirs((const char *const[]){ "two", "two/fs", "two/merged", NULL });
	need(mount("t", "two/fs", "tmpfs", 0, NULL) == 0, "tmpfs");
	dirs((const char *const[]){ "two/fs/lower", NULL });
	overlay_mount("two/merged", "lowerdir=" WORK "/secret:" WORK "/two/fs/lower");
	overlay_is(probe("two/merged", NULL, NULL, &o), WORK "/secret;" WORK "/two/fs/lower;", "-",
		   "layers on two file systems are recognised");
	need(umount("two/merged") == 0 && umount("two/fs") == 0, "umount");
}

/* A layer that is itself an overlay: mounts, but cannot be idmapped. */
static void overlay_of_overlay(void)
{
	struct probe_opts o = { .no_guards = true };

	dirs((const char *const[]){ "deep", "deep/below", "deep/merged", NULL });
	overlay_mount("deep/below", "lowerdir=" WORK "/secret:" WORK "/other");
	overlay_mount("deep/merged", "lowerdir=" WORK "/deep/below:" WORK "/other");
	const struct facts *f = probe("deep/merged", NULL, NULL, &o);
	t_ok(f->root.is_overlay && !f->root.problem && f->root.no_idmap &&
		     strstr(f->root.no_idmap, "/deep/below is on overlay"),
	     "a layer that cannot be idmapped is named");
	need(umount("deep/merged") == 0 && umount("deep/below") == 0, "umount");
}

static void namespaces(void)
{
	static const char *const paths[] = { "/proc/self/ns/net",
					     "/proc/self/ns/user",
					     "/proc/self/status",
					     "/nowhere",
					     "/proc/self/ns/pid_for_children",
					     NULL };
	struct stat st;
	need(stat("/proc/self/ns/user", &st) == 0, "stat");
	struct probe_opts o = { .no_guards = true };
	const struct facts *f = probe("root", NULL, paths, &o);

	t_ok(f->n_ns == 5 && f->ns[0].type == NS_NETWORK && f->ns[0].is_hosts && !f->ns[0].is_pods,
	     "the runtime's own network namespace is the host's");
	t_ok(f->ns[1].type == NS_USER && f->ns[1].ino == st.st_ino, "its inode is known");
	t_ok(f->ns[2].type == -1 && f->ns[2].ino != 0, "a file that is no namespace has no type");
	t_ok(f->ns[3].type == -1 && f->ns[3].ino == 0, "what does not exist has no inode");
	t_ok(f->ns[4].type == NS_PID, "the type is asked of the kernel, not read from the name");
}

static void kernel(void)
{
	struct probe_opts o = { .no_guards = true };
	const struct facts *f = probe("root", NULL, NULL, &o);

	t_ok(f->euid == 0 && f->kernel_overlay && f->kernel_idmap && f->cap_last >= 40,
	     "this kernel has overlays and idmapped mounts");
	t_ok(f->cgroup != CGROUP_NONE && f->n_hierarchies > 0, "and cgroups");
	t_note("tmpfs takes idmaps: %d; landlock %d; cgroup.kill %d", tmpfs_idmap,
	       (int)f->landlock_abi, f->kernel_cgroup_kill);
}

static void missing_root(void)
{
	struct oci_root r = { .path = "nowhere" };
	struct oci_spec s = { .root = &r };
	struct probe_opts o = { .no_guards = true };
	struct facts *f = NULL;
	struct err e = ERR_INIT;

	t_ok(probe_facts(&arena, &s, WORK, &o, &f, &e) < 0 && strstr(e.msg, "root.path") && !f,
	     "a missing rootfs is an error that names it");
	o.peek = true;
	t_ok(probe_facts(&arena, &s, WORK, &o, &f, &e) == 0 && f->root.at.type == 0,
	     "but not for explain");
}

static void speed(void)
{
	static const char *const paths[] = { "secret", "secret/key", "root", NULL };
	struct probe_opts o = { 0 };
	struct timespec t0, t1;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	for (int i = 0; i < 100; i++)
		probe("root", paths, NULL, &o);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	double us =
		((double)(t1.tv_sec - t0.tv_sec) * 1e9 + (double)(t1.tv_nsec - t0.tv_nsec)) / 1e5;
	t_note("a probe with guards takes %.0f us", us);
}

static void setup(void)
{
	struct probe_opts o = { .no_guards = true };

	(void)mkdir(WORK, 0700);
	need(mount("t", WORK, "tmpfs", 0, NULL) == 0 && chdir(WORK) == 0, "tmpfs");
	tmpfs_idmap = probe(".", NULL, NULL, &o)->root.at.can_idmap;
	if (tmpfs_idmap)
		return;
	need(chdir("/") == 0 && umount(WORK) == 0 && mkdtemp(disk_dir) &&
		     mount(disk_dir, WORK, NULL, MS_BIND, NULL) == 0 && chdir(WORK) == 0,
	     disk_dir);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

static void clean_up(void)
{
	need(chdir("/") == 0 && umount2(WORK, MNT_DETACH) == 0 && rmdir(WORK) == 0, "clean up");
	if (!tmpfs_idmap)
		need(nftw(disk_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0, disk_dir);
	arena_done(&arena);
}

int main(void)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
		t_skip("probes of real mounts", "needs root and a mount namespace");
		return t_done();
	}
	setup();
	sources();
	guards();
	overlays();
	overlay_two_devices();
	overlay_of_overlay();
	namespaces();
	kernel();
	missing_root();
	speed();
	clean_up();
	return t_done();
}
