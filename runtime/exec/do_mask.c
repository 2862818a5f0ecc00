/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_mask.c - masked and read-only paths
 *
 * Phase: C_FS, after pivot_root. A masked file shows /dev/null: the host's, opened and verified
 * (character 1:3) before the root changed, never the container's, which an image can replace by a
 * link (CVE-2025-31133); read-only, which lets it be written but not be given another mode or
 * owner: it is the host's own inode. A masked directory shows an empty read-only one. Both mounts
 * are made once; a mount can be attached only once, so after the first time the attached one is cloned
 * (ctx.h: mask_file, mask_dir). Missing paths are skipped: the kernel does not offer all of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "exec/ctx.h"
#include "exec/fs.h"
#include "sys/mnt.h"

#define MASK_ATTRS (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static bool is_null(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

/* Test builds: the image's where it has one, looked at by its name and then taken by its name. */
static int clone_image_null(const struct exec_ctx *c)
{
	struct stat st;

	if (fstatat(c->rootfd, "dev/null", &st, 0) < 0 || !is_null(&st))
		return mnt_clone(AT_FDCWD, "/dev/null", false);
	(void)usleep(MUTANT_RACE_US);
	auto_close int fd = openat(c->rootfd, "dev/null", O_PATH | O_CLOEXEC);
	return fd < 0 ? -1 : mnt_clone(fd, "", false);
}

int fs_open_mask_file(struct exec_ctx *c, struct err *e)
{
	if (c->mask_file >= 0)
		return 0;

	auto_close int fd = mutant("mask.source") ? clone_image_null(c)
						  : mnt_clone(AT_FDCWD, "/dev/null", false);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open the host's /dev/null");
	if (!is_null(&st) && !mutant("mask.source"))
		return err_set(e, ERR_STATE, "the host's /dev/null is not character device 1:3");
	if (mnt_set(fd, &(struct mnt_change){ .set = (mutant("mask.readonly") ? 0 : MOUNT_ATTR_RDONLY) |
						     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
					      .propagation = MS_PRIVATE }) < 0)
		return err_sys(e, "make the clone of /dev/null private and read-only");
	c->mask_file = take_fd(fd);
	return 0;
}

/* Exactly one inode beyond the root is refused by some kernels' tmpfs: two. */
static int open_mask_dir(struct exec_ctx *c, struct err *e)
{
	const struct mnt_fs empty = { .type = "tmpfs",
				      .data = "mode=0555,size=4k,nr_inodes=2",
				      .attr = MASK_ATTRS };

	return c->mask_dir >= 0 ? 0 : mnt_new(&empty, &c->mask_dir, e);
}

/* The first use attaches *mask itself; the later ones a clone of it. */
static int attach_mask(int *mask, bool *is_attached, int dest)
{
	auto_close int clone = -1;

	if (!*is_attached) {
		*is_attached = mnt_attach(*mask, dest) == 0;
		return *is_attached ? 0 : -1;
	}
	clone = mnt_clone(*mask, "", false);
	return clone < 0 ? -1 : mnt_attach(clone, dest);
}

static int open_path(struct exec_ctx *c, const char *path_ctr, int *ret_fd, bool *ret_is_missing,
		     struct err *e)
{
	struct err why = ERR_INIT;

	*ret_is_missing = false;
	if (beneath_open(c->rootfd, path_ctr, O_PATH, 0, LINK_FOLLOW, ret_fd, &why) == 0)
		return 0;
	*ret_is_missing = why.sys == ENOENT || why.sys == ENOTDIR;
	if (*ret_is_missing)
		return 0;
	*e = why;
	return -1;
}

int fs_mask_at(struct exec_ctx *c, int fd, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "look at what is to be masked");
	if (S_ISDIR(st.st_mode) && open_mask_dir(c, e))
		return -1;
	if ((S_ISDIR(st.st_mode) ? attach_mask(&c->mask_dir, &c->mask_dir_used, fd)
				 : attach_mask(&c->mask_file, &c->mask_file_used, fd)) < 0)
		return err_sys(e, "attach the mask");
	return 0;
}

int do_mask(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const char *path = op->u.path.path_ctr;
	auto_close int fd = -1;
	bool is_missing;

	(void)i;
	if (open_path(c, path, &fd, &is_missing, e) || (!is_missing && fs_mask_at(c, fd, e)))
		return err_ctx(e, "mask %s", path);
	return 0;
}

int do_rdonly(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const char *path = op->u.path.path_ctr;
	auto_close int fd = -1, tree = -1;
	bool is_missing;

	(void)i;
	if (open_path(c, path, &fd, &is_missing, e))
		return err_ctx(e, "make %s read-only", path);
	if (is_missing)
		return 0;
	/* a clone keeps nosuid, nodev and noexec of what it is taken from */
	tree = mnt_clone(fd, "", true);
	if (tree < 0 ||
	    mnt_set(tree, &(struct mnt_change){ .set = MOUNT_ATTR_RDONLY, .recursive = true }) <
		    0 ||
	    mnt_attach(tree, fd) < 0)
		return err_sys(e, "make %s read-only", path);
	return 0;
}
