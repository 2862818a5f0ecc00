/* SPDX-License-Identifier: Apache-2.0 */
/* t_beneath.c - work below a root whose links are hostile; needs no privilege */
#include "sys/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/table.h"
#include "tests/unit/test.h"

static char top[] = "/tmp/t_beneath.XXXXXX"; /* holds "root" and, beside it, "outside" */

/* The tree: a name that ends in '/' is a directory; a target makes it a link. */
static const struct { const char *path, *target; } tree[] = {
	{ "outside/", NULL },
	{ "root/", NULL },
	{ "root/dir/", NULL },
	{ "root/dir/file", NULL },
	{ "root/abs", "/dir" },
	{ "root/up", "../../../../outside" },
	{ "root/host", NULL }, /* replaced below: link to the absolute host path of outside */
	{ "root/dangling", "run/later/file" },
	{ "root/dangling-dir", "/made/by/link" },
	{ "root/dangling-up", "../../outside/made" },
	{ "root/loop", "loop" },
	{ "root/magic", "/proc/self/root" },
	{ "root/dir/deep", "../abs/file" },
};

static void make_tree(void)
{
	char host[PATH_MAX];

	if (!mkdtemp(top) || chdir(top) < 0)
		exit(99);
	for (size_t i = 0; i < ARRAY_SIZE(tree); i++) {
		const char *p = tree[i].path;
		bool ok = tree[i].target	     ? symlink(tree[i].target, p) == 0 :
			  p[strlen(p) - 1] == '/' ? mkdir(p, 0755) == 0 :
						       close(creat(p, 0644)) == 0;
		if (!ok)
			exit(99);
	}
	snprintf(host, sizeof(host), "%s/outside/made", top);
	if (unlink("root/host") < 0 || symlink(host, "root/host") < 0)
		exit(99);
}

enum act { OPEN, MKDIRS, TOUCH, WRITE };

/* @lands: what must exist afterwards, relative to the top; NULL: the call fails with @sys */
static const struct {
	const char *name;
	enum act act;
	const char *path;
	enum beneath_link links;
	const char *lands;
	int sys;
} cases[] = {
	{ "a plain file opens", OPEN, "/dir/file", LINK_REFUSE, "root/dir/file", 0 },
	{ "the root itself opens", OPEN, "/", LINK_REFUSE, "root", 0 },
	{ "an absolute link stays in the root", OPEN, "/abs/file", LINK_FOLLOW, "root/dir/file", 0 },
	{ "links through links stay in the root", OPEN, "/dir/deep", LINK_FOLLOW, "root/dir/file", 0 },
	{ "a link out of the root is cut at the root", OPEN, "/up", LINK_FOLLOW, NULL, ENOENT },
	{ "a link to a host path is taken inside the root", OPEN, "/host", LINK_FOLLOW, NULL, ENOENT },
	{ "a loop of links ends", OPEN, "/loop", LINK_FOLLOW, NULL, ELOOP },
	{ "a link is refused where links are refused", OPEN, "/abs/file", LINK_REFUSE, NULL, ELOOP },
	{ "a last link is refused", OPEN, "/abs", LINK_REFUSE_LAST, NULL, ELOOP },
	{ "a link before the last is followed", OPEN, "/abs/file", LINK_REFUSE_LAST, "root/dir/file", 0 },
	{ "a missing path says ENOENT", OPEN, "/nothing", LINK_FOLLOW, NULL, ENOENT },
	{ "directories are made", MKDIRS, "/a/b/c", LINK_REFUSE, "root/a/b/c", 0 },
	{ "directories that exist are success", MKDIRS, "/a/b", LINK_REFUSE, "root/a/b", 0 },
	{ "directories are made behind a link", MKDIRS, "/abs/x/y", LINK_FOLLOW, "root/dir/x/y", 0 },
	{ "directories are not made behind a refused link", MKDIRS, "/abs/z", LINK_REFUSE, NULL, ELOOP },
	{ "a dangling link to a directory is completed", MKDIRS, "/dangling-dir/d", LINK_FOLLOW,
	  "root/made/by/link/d", 0 },
	{ "a dangling link that climbs is completed inside", MKDIRS, "/dangling-up/d", LINK_FOLLOW,
	  "root/outside/made/d", 0 },
	{ "a dangling link to a host path is completed inside", MKDIRS, "/host/d", LINK_FOLLOW, "", 0 },
	{ "a loop of links ends when making too", MKDIRS, "/loop/d", LINK_FOLLOW, NULL, ELOOP },
	{ "a file in the way is not a directory", MKDIRS, "/dir/file/d", LINK_FOLLOW, NULL, ENOTDIR },
	{ "a directory asked for where a file is fails", MKDIRS, "/dir/file", LINK_FOLLOW, NULL, ENOTDIR },
	{ "a file is made with its parents", TOUCH, "/etc/hosts", LINK_REFUSE, "root/etc/hosts", 0 },
	{ "a file that exists is left", TOUCH, "/dir/file", LINK_REFUSE, "root/dir/file", 0 },
	{ "a dangling link to a file is completed", TOUCH, "/dangling", LINK_FOLLOW,
	  "root/run/later/file", 0 },
	{ "a last link is refused when making a file", TOUCH, "/abs", LINK_REFUSE_LAST, NULL, ELOOP },
	{ "a written file replaces a link", WRITE, "/up", LINK_FOLLOW, "root/up", 0 },
	{ "a name that is too long fails", TOUCH,
	  "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  LINK_FOLLOW, NULL, ENAMETOOLONG },
};

static int act(int rootfd, size_t i, int *ret_fd, struct err *e)
{
	const char *p = cases[i].path;

	switch (cases[i].act) {
	case OPEN:
		return beneath_open(rootfd, p, O_PATH, 0, cases[i].links, ret_fd, e);
	case MKDIRS:
		return beneath_mkdirs(rootfd, p, 0755, cases[i].links, ret_fd, e);
	case TOUCH:
		return beneath_touch(rootfd, p, 0644, cases[i].links, ret_fd, e);
	case WRITE:
		return beneath_write(rootfd, p, "text", 4, 0644, e);
	}
	return -1;
}

static bool is_same(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && lstat(path, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static void run_case(int rootfd, size_t i)
{
	auto_close int fd = -1;
	struct err e = ERR_INIT;
	char host[PATH_MAX];
	const char *lands = cases[i].lands;
	int r = act(rootfd, i, &fd, &e);

	if (lands && !*lands) { /* the absolute host path, taken inside the root */
		snprintf(host, sizeof(host), "root%s/outside/made/d", top);
		lands = host;
	}
	bool ok = lands ? r == 0 && (cases[i].act == WRITE || is_same(fd, lands)) :
			  r == -1 && e.sys == cases[i].sys;
	if (cases[i].act == WRITE) {
		struct stat st;
		ok = ok && lstat(lands, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 4;
	}
	if (!t_ok(ok, cases[i].name))
		t_note("returned %d, errno %d, %s", r, e.sys, r ? e.msg : "");
}

static void parent_cases(int rootfd)
{
	static const char *const bad[] = { "/", "", "/dir/", "/dir/..", "/." };
	struct err e = ERR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		auto_close int dir = -1;
		const char *name;
		char what[64];

		snprintf(what, sizeof(what), "\"%s\" names no file", bad[i]);
		t_ok(beneath_parent(rootfd, bad[i], LINK_FOLLOW, &dir, &name, &e) == -1 && dir == -1,
		     what);
	}
	auto_close int dir = -1;
	const char *name = "";
	t_ok(beneath_parent(rootfd, "/p/q/r", LINK_REFUSE, &dir, &name, &e) == 0 &&
		     streq(name, "r") && is_same(dir, "root/p/q"),
	     "the parent is made and the name returned");
}

static void procfs_cases(void)
{
	auto_close int proc = -1, fd = -1;
	struct err e = ERR_INIT;

	t_ok(procfs_open(&proc, &e) == 0 && fd_is_procfs(proc), "a procfs opens");
	t_ok(procfs_openat(proc, "self/status", O_RDONLY, &fd, &e) == 0, "a file of it opens");
	fd_close(&fd);
	t_ok(procfs_openat(proc, "self/root/etc/passwd", O_RDONLY, &fd, &e) == -1 && fd == -1,
	     "a magic link out of procfs is refused");
	t_ok(procfs_openat(proc, "../etc/passwd", O_RDONLY, &fd, &e) == -1 && fd == -1,
	     "a path out of procfs is refused");
	t_ok(procfs_open_link(proc, "self/ns/user", O_RDONLY, &fd, &e) == 0 && fd >= 0,
	     "a namespace opens through its link");
	fd_close(&fd);
	t_ok(procfs_open_link(proc, "self/root/etc/passwd", O_RDONLY, &fd, &e) == -1 && fd == -1,
	     "a magic link on the way to a link is refused");
	t_ok(procfs_write(proc, "self/oom_score_adj", "500", &e) == 0, "a write lands");
	t_ok(procfs_write(proc, "self/cwd/x", "1", &e) == -1, "a write through a magic link is refused");
}

int main(void)
{
	char cmd[PATH_MAX];

	make_tree();
	auto_close int rootfd = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		run_case(rootfd, i);
	parent_cases(rootfd);

	char outside[PATH_MAX];
	snprintf(outside, sizeof(outside), "%s/outside", top);
	t_ok(rmdir(outside) == 0, "nothing was made outside the root");
	procfs_cases();
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", top);
	if (chdir("/") < 0 || system(cmd) != 0)
		t_note("%s is left", top);
	return t_done();
}
