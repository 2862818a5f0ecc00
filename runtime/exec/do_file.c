/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_file.c - a small file of ours in the container: /etc/hosts, /etc/resolv.conf
 *
 * The file is the only one of a tmpfs that is mounted over the path read-only, so the container
 * cannot write it, its image and upper are not touched, and a link in its place is followed inside
 * the root (/etc/resolv.conf of many images leads into /run).
 *
 * P_MAP, parent: makes it where it can, while the child makes its namespaces. C_FS, before
 * pivot_root, child: makes it where it is not there, and attaches it.
 *
 * A mount of a single file is a clone, and Linux before 6.15 clones no mount that is attached
 * nowhere. There the child puts the tmpfs for a moment on top of the container's root: nothing is
 * seen of that, since every lookup of ours begins below it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "exec/ctx.h"
#include "exec/fs.h"
#include "exec/overlay.h"
#include "sys/mnt.h"

#define NAME "file"

static int write_file(int dir, const struct op_file *f, uint32_t uid, uint32_t gid, struct err *e)
{
	auto_close int fd = openat(dir, NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || fd_write_all(fd, f->content, strlen(f->content)) < 0 ||
	    fchown(fd, uid, gid) < 0 || fchmod(fd, f->mode) < 0)
		return err_sys(e, "write %s", f->path_ctr);
	return 0;
}

/* A detached tmpfs with the file, for @uid:@gid */
static int make_tmpfs(const struct op_file *f, uint32_t uid, uint32_t gid, int *ret_fd,
		      struct err *e)
{
	const struct mnt_fs tmp = { .type = "tmpfs",
				    .source = "agentrt",
				    .data = "mode=0755,size=1m",
				    .attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					    MOUNT_ATTR_NOEXEC };
	auto_close int dir = -1;

	if (mnt_new(&tmp, &dir, e) || write_file(dir, f, uid, gid, e))
		return -1;
	*ret_fd = take_fd(dir);
	return 0;
}

static int finish(int fd, const struct op_file *f, struct err *e)
{
	const struct mnt_change done = { .set = mutant("file.readonly") ? 0 : MOUNT_ATTR_RDONLY,
					 .propagation = MS_PRIVATE };

	return mnt_set(fd, &done) < 0 ? err_sys(e, "make a mount of %s", f->path_ctr) : 0;
}

/* compat: remove when Linux 6.15 is baseline. The tmpfs itself is off the root again. */
static int clone_attached(struct exec_ctx *c, int dir, int *ret_fd, struct err *e)
{
	if (mnt_attach(dir, c->rootfd) < 0)
		return err_sys(e, "attach the tmpfs of a file of ours");
	*ret_fd = mnt_clone(dir, NAME, false);
	int saved = errno;
	if (mnt_umount(dir) < 0)
		return err_sys(e, "take off the tmpfs of a file of ours");
	errno = saved;
	return 0;
}

/* The child's way */
static int file_mount(struct exec_ctx *c, const struct op_file *f, int *ret_fd, struct err *e)
{
	auto_close int dir = -1, fd = -1;

	if (make_tmpfs(f, geteuid(), getegid(), &dir, e))
		return -1;
	fd = mnt_clone(dir, NAME, false);
	if (fd < 0 && errno == EINVAL && clone_attached(c, dir, &fd, e))
		return -1;
	if (fd < 0)
		return err_sys(e, "clone the file for %s", f->path_ctr);
	if (finish(fd, f, e))
		return -1;
	*ret_fd = take_fd(fd);
	return 0;
}

int do_tree_file(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_file *f = &op->u.file;
	const struct op *userns = plan_find(c->plan, OP_USERNS);
	auto_close int dir = -1, fd = -1;
	uint32_t uid, gid;

	/* whose it is to be is not known, or this is a helper that is somebody else: do_file() */
	if ((userns && userns->u.userns.mounts_inside) ||
	    overlay_root_id(c->plan, &uid, &gid, NULL) || make_tmpfs(f, uid, gid, &dir, NULL))
		return 0;
	fd = mnt_clone(dir, NAME, false);
	ctx_drop(c, &dir);
	if (fd < 0)
		return 0;
	if (finish(fd, f, e))
		return -1;
	c->tree[i] = take_fd(fd);
	return 0;
}

int do_file(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_file *f = &op->u.file;
	auto_close int mnt = take_fd(c->tree[i]), dest = -1;

	if ((mnt < 0 && file_mount(c, f, &mnt, e)) ||
	    fs_mount_point(c, f->path_ctr, false, fs_links(f->path_ctr), &dest, e))
		return -1;
	if (mnt_attach(mnt, dest) < 0)
		return err_sys(e, "mount our own file on %s", f->path_ctr);
	return 0;
}
