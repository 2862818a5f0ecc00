/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_dev.c - device nodes and the links of /dev
 *
 * Phase: C_FS. A user namespace cannot make nodes: there the host's node, verified by the parent
 * through the descriptor that was cloned, is attached to an empty file. Everything is relative to
 * the root's descriptor and nothing below /dev follows a link: an image whose /dev, or whose
 * /dev/null, is a link gets an error (CVE-2026-41579, CVE-2026-47766, CVE-2026-88264).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "base/str.h"
#include "exec/ctx.h"
#include "exec/fs.h"
#include "sys/mnt.h"

static mode_t node_type(const struct op_dev *d)
{
	return d->type == 'b' ? S_IFBLK : d->type == 'p' ? S_IFIFO : S_IFCHR;
}

static bool is_wanted(const struct stat *st, const struct op_dev *d)
{
	if ((st->st_mode & S_IFMT) != node_type(d))
		return false;
	return d->type == 'p' || st->st_rdev == makedev(d->major, d->minor);
}

static int make_node(int dir, const char *name, const struct op_dev *d, struct err *e)
{
	dev_t dev = d->type == 'p' ? 0 : makedev(d->major, d->minor);
	mode_t mask = umask(0);
	int r = mknodat(dir, name, node_type(d) | (d->mode & 07777), dev);
	struct stat st;

	(void)umask(mask);
	if (r == 0)
		r = fchownat(dir, name, d->uid, d->gid, AT_SYMLINK_NOFOLLOW);
	else if (errno == EEXIST && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		 is_wanted(&st, d))
		return 0;
	else if (errno == EEXIST)
		return err_set(e, ERR_SPEC, "device %s: the image has something else there",
			       d->path_ctr);
	return r ? err_sys(e, "make device %s", d->path_ctr) : 0;
}

/* The file that the host's node is attached to; never through a link. */
static int bind_node(struct exec_ctx *c, int dir, const char *name, const struct op_dev *d,
		     size_t i, struct err *e)
{
	auto_close int tree = take_fd(c->tree[i]), made = -1, dest = -1;
	struct stat st;

	if (tree < 0)
		return err_set(e, ERR_STATE, "device %s: the host's node was not opened",
			       d->path_ctr);
	made = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (made < 0 && errno != EEXIST)
		return err_sys(e, "make device %s", d->path_ctr);
	dest = openat(dir, name, O_PATH | (mutant("dev.nofollow") ? 0 : O_NOFOLLOW) | O_CLOEXEC);
	if (dest < 0 || fstat(dest, &st) < 0)
		return err_sys(e, "open device %s", d->path_ctr);
	if (S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode))
		return err_set(e, ERR_SPEC, "device %s: the image has a %s there", d->path_ctr,
			       S_ISLNK(st.st_mode) ? "symbolic link" : "directory");
	if (mnt_attach(tree, dest) < 0)
		return err_sys(e, "attach device %s", d->path_ctr);
	return 0;
}

int do_dev(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_dev *d = &op->u.dev;
	auto_close int dir = -1;
	const char *name;

	if (beneath_parent(c->rootfd, d->path_ctr, fs_links(d->path_ctr), &dir, &name, e))
		return err_ctx(e, "device %s", d->path_ctr);
	return d->bind ? bind_node(c, dir, name, d, i, e) : make_node(dir, name, d, e);
}

static bool is_link_to(int dir, const char *name, const char *target)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(dir, name, text, sizeof(text) - 1);

	if (n < 0)
		return false;
	text[n] = '\0';
	return streq(text, target);
}

int do_link(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_link *l = &op->u.link;
	auto_close int dir = -1;
	const char *name;

	(void)i;
	if (beneath_parent(c->rootfd, l->path_ctr, fs_links(l->path_ctr), &dir, &name, e))
		return err_ctx(e, "link %s", l->path_ctr);
	if (symlinkat(l->target, dir, name) == 0 || is_link_to(dir, name, l->target))
		return 0;
	/* an image without a /dev of ours may have a node or another link: replace it */
	if (errno != EEXIST && errno != EINVAL)
		return err_sys(e, "link %s", l->path_ctr);
	if (unlinkat(dir, name, 0) < 0 || symlinkat(l->target, dir, name) < 0)
		return err_sys(e, "replace %s by a link", l->path_ctr);
	return 0;
}
