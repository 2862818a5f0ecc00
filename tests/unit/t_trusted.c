/* SPDX-License-Identifier: Apache-2.0 */
/* t_trusted.c - files that others could have put there, or could change, are not opened */
#include "sys/trusted.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"
#include "tests/unit/test.h"

static char top[] = "/tmp/t_trusted.XXXXXX"; /* in a sticky directory, as any of root's would be */

static char *at(const char *rel)
{
	return xasprintf("%s/%s", top, rel);
}

static void make_file(const char *rel, mode_t mode)
{
	auto_free char *path = at(rel);
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	(void)!write(fd, "x", 1);
	(void)fchmod(fd, mode);
}

static void make_dir(const char *rel, mode_t mode)
{
	auto_free char *path = at(rel);

	(void)mkdir(path, 0700);
	(void)chmod(path, mode);
}

static void make_link(const char *rel, const char *target)
{
	auto_free char *path = at(rel);

	(void)!symlink(target, path);
}

static void make_tree(void)
{
	auto_free char *target = NULL;

	make_dir("good", 0755);
	make_file("good/file", 0644);
	make_file("good/group", 0664);
	make_file("good/world", 0646);
	make_dir("open", 0777);
	make_dir("open/sub", 0755);
	make_file("open/sub/file", 0644);
	make_dir("group", 0775);
	make_file("group/file", 0644);
	make_dir("sticky", 01777);
	make_file("sticky/file", 0644);
	make_dir("sticky/sub", 0755);
	make_file("sticky/sub/file", 0644);
	make_link("good/link", "file");
	make_link("good/up", "../good/./file");
	make_link("good/to-open", "../open/sub/file");
	make_link("sticky/link", "../good/file");
	make_link("good/dangling", "nothing");
	make_link("good/loop", "loop");
	target = at("good");
	make_link("abs", target);
}

/* NULL: opened; else a part of the message */
static const struct {
	const char *name, *rel, *says;
} rows[] = {
	{ "a file of ours in a directory of ours", "good/file", NULL },
	{ "the same with dots and slashes", "good//.././good/file", NULL },
	{ "a directory", "good", NULL },
	{ "a file that its group may write", "good/group", "good/group has mode 0664" },
	{ "a file that everybody may write", "good/world", "good/world has mode 0646" },
	{ "a parent that everybody may write", "open/sub/file", "open has mode 0777" },
	{ "a parent that its group may write", "group/file", "group has mode 0775" },
	{ "a file in a sticky directory", "sticky/file", "others may put files" },
	{ "a directory in a sticky directory", "sticky/sub/file", NULL },
	{ "a link within a good directory", "good/link", NULL },
	{ "a link with dots", "good/up", NULL },
	{ "an absolute link to a directory", "abs/file", NULL },
	{ "a link that leads through a bad directory", "good/to-open", "open has mode 0777" },
	{ "a link in a sticky directory", "sticky/link", "others may put files" },
	{ "a link that leads nowhere", "good/dangling", "leads nowhere" },
	{ "a link to itself", "good/loop", "symbolic link" },
	{ "a file as a directory", "good/file/x", "ot a directory" },
};

static void others(void)
{
	auto_free char *file = at("good/file"), *dir = at("good");
	struct err e = ERR_INIT;
	int fd = -1;

	if (geteuid() != 0) {
		t_skip("a file of another user's", "needs root");
		return;
	}
	(void)!chown(file, 12345, 0);
	t_ok(trusted_open(file, 0, &fd, &e) < 0 && strstr(e.msg, "owned by uid 12345"),
	     "a file of another user's is refused");
	(void)!chown(file, 0, 0);
	(void)!chown(dir, 12345, 0);
	t_ok(trusted_open(file, 0, &fd, &e) < 0 && strstr(e.msg, "good is owned by uid 12345"),
	     "a directory of another user's is refused");
	(void)!chown(dir, 0, 0);
	t_ok(trusted_open(file, 0, &fd, &e) == 0, "and it is opened when it is root's again");
	fd_close(&fd);
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st, (void)type, (void)where;
	return remove(path);
}

int main(void)
{
	umask(022);
	if (!mkdtemp(top))
		return 1;
	make_tree();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *path = at(rows[i].rel);
		struct err e = ERR_INIT;
		auto_close int fd = -1;
		int r = trusted_open(path, 0, &fd, &e);

		if (!t_ok(rows[i].says ? r < 0 && fd == -1 && strstr(e.msg, rows[i].says)
				       : r == 0 && fd >= 0,
			  rows[i].name))
			t_note("%s", r ? e.msg : "opened");
	}

	auto_free char *none = at("good/none");
	struct err e = ERR_INIT;
	int fd = -1;

	t_ok(trusted_open(none, 0, &fd, &e) < 0 && e.kind == ERR_SYS && e.sys == ENOENT,
	     "a file that is not there is told apart");
	others();
	(void)nftw(top, drop, 8, FTW_DEPTH | FTW_PHYS);
	return t_done();
}
