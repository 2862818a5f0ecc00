/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_root.c - the child's root: propagation, attaching it, changing to it, making it read-only
 *
 * Phase: C_FS, as root of the container's user namespace, in a mount namespace that is a copy of
 * the host's. The new root arrives as a detached mount. The child may not be able to walk to any
 * directory of the host that would suit as a mount point, so the root is put on top of "/" itself:
 * paths go on leading to the host's files (a lookup begins below what is mounted on "/"), while
 * c->rootfd leads into the container, and everything else is done relative to that descriptor.
 *
 * A createContainer hook, however, looks for the container at root.path, with all its mounts. Where
 * there is one, the root is put there, if the child can open that directory and nothing that is
 * mounted there could travel back to the host; else the hook has its working directory alone.
 *
 * Should: leave no mount of the host behind. Mustn't: let an unmount propagate to the host, or
 * resolve a container path by name.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "exec/ctx.h"
#include "exec/fs.h"
#include "exec/overlay.h"
#include "sys/mnt.h"
#include "sys/syscalls.h"

int do_propagation(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	uint64_t ms = op->u.propagation.ms;
	struct mount_attr attr = { .propagation = ms & ~(uint64_t)MS_REC };

	(void)c, (void)i;
	if (sys_mount_setattr(AT_FDCWD, "/", ms & MS_REC ? AT_RECURSIVE : 0, &attr) < 0)
		return err_sys(e, "change the propagation of /");
	return 0;
}

static bool has_root_hook(const struct plan *p)
{
	for (size_t i = 0; i < p->n_ops; i++)
		if (p->ops[i].kind == OP_HOOK && p->ops[i].phase == C_FS)
			return true;
	return false;
}

/* False: not needed, or not possible. */
static bool attach_at_path(struct exec_ctx *c, const struct op_root *r, size_t i)
{
	const struct op *prop = plan_find(c->plan, OP_PROPAGATION);
	auto_close int at = -1;
	struct stat st;

	if (!has_root_hook(c->plan) || !prop || (prop->u.propagation.ms & MS_SHARED))
		return false;
	at = open(r->root_host, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (at < 0 || fstat(at, &st) < 0 || st.st_dev != r->dev || st.st_ino != r->ino)
		return false;
	return mnt_attach(c->tree[i], at) == 0;
}

static int attach_at_top(struct exec_ctx *c, const struct op_root *r, size_t i, struct err *e)
{
	auto_close int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (old < 0)
		return err_sys(e, "open /");
	/* pivot_root(2) refuses a shared parent; EINVAL: "/" is no mount point, and only chroot
	 * (no_pivot) will do */
	if (mnt_set(old, &(struct mnt_change){ .propagation = MS_PRIVATE }) < 0 &&
	    !(errno == EINVAL && r->no_pivot))
		return err_sys(e, "make / private (where / is not a mount point, use --no-pivot)");
	if (mnt_attach(c->tree[i], old) < 0)
		return err_sys(e, "attach the container's root");
	return 0;
}

int do_root_attach(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_root *r = &op->u.root;

	if (!attach_at_path(c, r, i) && attach_at_top(c, r, i, e))
		return -1;
	c->rootfd = take_fd(c->tree[i]);
	/* this process is its user: root of the user namespace */
	return r->overlay ? overlay_prove(c->rootfd, r->root_host, 0, 0, e) : 0;
}

/*
 * The old root comes to lie on the new one's "/", and is taken off it. Slave first: an unmount
 * must not travel to the host; and not private, which would keep a device busy that the host
 * unmounts meanwhile.
 */
static int pivot(int rootfd, struct err *e)
{
	auto_close int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (old < 0 || fchdir(rootfd) < 0)
		return err_sys(e, "enter the container's root");
	if (sys_pivot_root(".", ".") < 0)
		return err_sys(e, "pivot_root to the container's root (on an initial ramdisk, use "
				  "--no-pivot)");
	if (mnt_set(old, &(struct mnt_change){ .propagation = MS_SLAVE, .recursive = true }) < 0 ||
	    mnt_umount(old) < 0)
		return err_sys(e, "detach the host's mounts");
	return 0;
}

/*
 * Without pivot_root the host's mounts stay in the namespace, out of reach below the new root. A
 * procfs or sysfs among them that is not covered would let a nested user namespace mount a fresh
 * one without our masks: take them off, or cover them where the kernel has locked them.
 */
static int hide_host_mount(const char *path_host, struct err *e)
{
	if (umount2(path_host, MNT_DETACH) == 0 || errno == ENOENT)
		return 0;
	if (mount("tmpfs", path_host, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  "size=4k,mode=000") < 0)
		return err_sys(e, "cover %s of the host", path_host);
	return 0;
}

static int chroot_to(int rootfd, struct err *e)
{
	if (sys_mount_setattr(AT_FDCWD, "/", 0, &(struct mount_attr){ .propagation = MS_PRIVATE }) <
		    0 &&
	    errno != EINVAL)
		return err_sys(e, "make / private");
	if (hide_host_mount("/proc", e) || hide_host_mount("/sys", e))
		return -1;
	if (fchdir(rootfd) < 0 || chroot(".") < 0)
		return err_sys(e, "chroot to the container's root");
	return 0;
}

int do_pivot(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op *root = plan_find(c->plan, OP_ROOT);

	(void)op, (void)i;
	if (fs_open_mask_file(c, e)) /* the last moment at which the host's /dev/null is in reach */
		return -1;
	if (root && root->u.root.no_pivot ? chroot_to(c->rootfd, e) : pivot(c->rootfd, e))
		return -1;
	if (chdir("/") < 0)
		return err_sys(e, "change to the new root directory");
	return 0;
}

int do_root_ro(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_root_ro *r = &op->u.root_ro;
	struct mnt_change prop = { .propagation = r->propagation,
				   .recursive = (r->propagation & MS_REC) != 0 };
	struct statvfs vfs;

	(void)i;
	if (mnt_set(c->rootfd, &prop) < 0)
		return err_sys(e, "change the propagation of the container's root");
	if (!r->readonly || mutant("root.readonly"))
		return 0;
	if (mnt_set(c->rootfd, &(struct mnt_change){ .set = MOUNT_ATTR_RDONLY }) < 0)
		return err_sys(e, "make the container's root read-only");
	if (fstatvfs(c->rootfd, &vfs) < 0 || !(vfs.f_flag & ST_RDONLY))
		return err_set(e, ERR_SYS, "the container's root is still writable");
	return 0;
}
