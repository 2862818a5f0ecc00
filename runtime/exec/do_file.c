/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_file.c - a small file of ours in the container: /etc/hosts, /etc/resolv.conf
 *
 * Phase: C_FS, before pivot_root. The file is the only one of a tmpfs that is then mounted over
 * the path read-only, so the container cannot write it, its image and upper are not touched, and a
 * link in its place is followed inside the root (/etc/resolv.conf of many images leads into /run).
 *
 * A mount of a single file is a clone, and Linux before 6.15 clones no mount that is attached
 * nowhere. There the tmpfs lies for a moment on top of the container's root: nothing is seen of
 * that, since every lookup of ours begins below it. (An unmount waits for an RCU grace period.)
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
#include "sys/mnt.h"

#define NAME "file"

static int write_file(int dir, const struct op_file *f, struct err *e)
{
	auto_close int fd = openat(dir, NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || fd_write_all(fd, f->content, strlen(f->content)) < 0 ||
	    fchmod(fd, f->mode) < 0)
		return err_sys(e, "write %s", f->path_ctr);
	return 0;
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

/* A detached mount of one file */
static int file_mount(struct exec_ctx *c, const struct op_file *f, int *ret_fd, struct err *e)
{
	const struct mnt_fs tmp = { .type = "tmpfs",
				    .source = "agentrt",
				    .data = "mode=0755,size=1m",
				    .attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					    MOUNT_ATTR_NOEXEC };
	const struct mnt_change done = { .set = mutant("file.readonly") ? 0 : MOUNT_ATTR_RDONLY,
					 .propagation = MS_PRIVATE };
	auto_close int dir = -1, fd = -1;

	if (mnt_new(&tmp, &dir, e) || write_file(dir, f, e))
		return -1;
	fd = mnt_clone(dir, NAME, false);
	if (fd < 0 && errno == EINVAL && clone_attached(c, dir, &fd, e))
		return -1;
	if (fd < 0 || mnt_set(fd, &done) < 0)
		return err_sys(e, "make a mount of %s", f->path_ctr);
	*ret_fd = take_fd(fd);
	return 0;
}

int do_file(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_file *f = &op->u.file;
	auto_close int mnt = -1, dest = -1;

	(void)i;
	if (file_mount(c, f, &mnt, e) ||
	    fs_mount_point(c, f->path_ctr, false, fs_links(f->path_ctr), &dest, e))
		return -1;
	if (mnt_attach(mnt, dest) < 0)
		return err_sys(e, "mount our own file on %s", f->path_ctr);
	return 0;
}
