/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_mount.c - the mounts of config.json, made inside the container's root
 *
 * Phase: C_FS, as root of the container's user namespace, before pivot_root.
 *
 *   operation          system calls                                     where
 *   -----------------  -----------------------------------------------  -------------------------
 *   bind, rbind        open_tree(CLONE), mount_setattr: attributes,     parent, P_MAP (do_tree.c)
 *                      recursive attributes, id map, propagation
 *                      move_mount                                       here
 *   file system        fsopen, fsconfig, fsmount(attributes)            here, detached
 *                      move_mount, mount_setattr(propagation)           here
 *    ... with an       mount(2) on "." of the mount point               here: fsconfig(2) takes
 *    option > 255 B,                                                    255 bytes an option, and
 *    or iversion                                                        knows no such flag
 *   tmpfs, no mode=    as file system, with the mode of what it covers  here
 *   tmpcopyup          as tmpfs; copied into before it is attached      here (do_copyup.c)
 *   proc, mqueue       as file system; EPERM and no namespace of its    here
 *                      own: the host's, cloned read-only
 *   sysfs              the mount made in A, whose network it shows;     C_ANET / here
 *                      else as file system; EPERM: the host's /sys,
 *                      cloned read-only
 *   cgroup             do_cgroupfs.c                                    here
 *   remount            fspick, fsconfig(RECONFIGURE), mount_setattr     here, on what is there
 *
 * Should: finish each mount while it is attached nowhere. Mustn't: name a mount point by a path of
 * the process; each is an O_PATH descriptor that was opened below the root (CVE-2021-30465), and
 * where one cannot be had, nothing is mounted.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "base/str.h"
#include "base/table.h"
#include "exec/ctx.h"
#include "exec/fs.h"
#include "sys/mnt.h"
#include "sys/syscalls.h"

#define MQUEUE_MAGIC 0x19800202 /* ipc/mqueue.c; in no exported header */

/* Attributes that fsmount(2) takes itself; a new proc or sysfs is refused if they come later. */
#define FSMOUNT_ATTRS                                                                              \
	(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |            \
	 MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOSYMFOLLOW)

static enum beneath_link mount_links(const struct op_mount *m)
{
	return m->no_symlink && !mutant("mount.no_symlink") ? LINK_REFUSE : fs_links(m->dest_ctr);
}

static int attach(struct exec_ctx *c, const struct op_mount *m, int mnt, bool is_dir, struct err *e)
{
	auto_close int dest = -1;

	if (fs_mount_point(c, m->dest_ctr, is_dir, mount_links(m), &dest, e))
		return -1;
	if (mnt_attach(mnt, dest) < 0)
		return err_sys(e, "mount on %s", m->dest_ctr);
	return 0;
}

static int set_propagation(const struct op_mount *m, int mnt, struct err *e)
{
	struct mnt_change prop = { .propagation = m->propagation,
				   .recursive = (m->propagation & MS_REC) != 0 };

	if (mnt_set(mnt, &prop) < 0)
		return err_sys(e, "change the propagation of %s", m->dest_ctr);
	return 0;
}

static int do_bind(struct exec_ctx *c, const struct op_mount *m, size_t i, struct err *e)
{
	auto_close int tree = take_fd(c->tree[i]);
	struct stat st;

	if (tree < 0)
		return err_set(e, ERR_STATE, "bind mount of %s: its source was not opened",
			       m->source_host);
	if (fstat(tree, &st) < 0)
		return err_sys(e, "look at the mount of %s", m->source_host);
	if (attach(c, m, tree, S_ISDIR(st.st_mode), e))
		return -1;
	return fs_hide(c, m, tree, e);
}

static struct mnt_fs fs_of(const struct op_mount *m)
{
	return (struct mnt_fs){
		.type = m->type,
		.source = m->source_host,
		.data = m->data,
		.label = m->label,
		.sb_flags = m->sb_flags,
		.sb_clear = m->remount ? m->sb_clear : 0,
		.attr = m->attr_set & FSMOUNT_ATTRS,
	};
}

static const struct {
	uint64_t attr;
	unsigned long ms;
} attr_ms[] = {
	{ MOUNT_ATTR_RDONLY, MS_RDONLY },	  { MOUNT_ATTR_NOSUID, MS_NOSUID },
	{ MOUNT_ATTR_NODEV, MS_NODEV },		  { MOUNT_ATTR_NOEXEC, MS_NOEXEC },
	{ MOUNT_ATTR_NOATIME, MS_NOATIME },	  { MOUNT_ATTR_STRICTATIME, MS_STRICTATIME },
	{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME }, { MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW },
};

#define MOUNT2_ONLY (MS_I_VERSION | MS_SILENT) /* of the superblock; fsconfig(2) has no name for them */

/* What fsconfig(2) cannot take, such as a long lowerdir=: mount(2) on the directory we stand in. */
static int mount_long(struct exec_ctx *c, const struct op_mount *m, struct err *e)
{
	auto_close int dest = -1, mnt = -1;
	unsigned long flags = m->sb_flags;

	for (size_t i = 0; i < ARRAY_SIZE(attr_ms); i++)
		if (m->attr_set & attr_ms[i].attr)
			flags |= attr_ms[i].ms;
	if (fs_mount_point(c, m->dest_ctr, true, mount_links(m), &dest, e))
		return -1;
	if (fchdir(dest) < 0 ||
	    mount(m->source_host ? m->source_host : m->type, ".", m->type, flags, m->data) < 0)
		return err_sys(e, "mount %s on %s", m->type, m->dest_ctr);
	if (!m->propagation)
		return 0;
	if (beneath_open(c->rootfd, m->dest_ctr, O_PATH | O_DIRECTORY, 0, mount_links(m), &mnt, e))
		return -1;
	return set_propagation(m, mnt, e);
}

/* The new mount is complete: attach it. Recursive attributes matter only to binds. */
static int finish(struct exec_ctx *c, const struct op_mount *m, int mnt, struct err *e)
{
	if (set_propagation(m, mnt, e))
		return -1;
	return attach(c, m, mnt, true, e);
}

/* runc's way, which images rely on: a tmpfs on /run is not for everybody to write. */
static int mode_data(struct exec_ctx *c, const struct op_mount *m, const char *data, char *buf,
		     size_t size)
{
	auto_close int dir = -1;
	struct stat st;

	if (beneath_open(c->rootfd, m->dest_ctr, O_PATH | O_DIRECTORY, 0, mount_links(m), &dir, NULL) ||
	    fstat(dir, &st) < 0)
		return -1; /* nothing there, or nothing that can be mounted on: that comes later */
	return snprintf(buf, size, "%s%smode=%03o", data ? data : "", data ? "," : "",
			(unsigned)st.st_mode & 07777) < (int)size
		       ? 0
		       : -1;
}

static int do_fs(struct exec_ctx *c, const struct op_mount *m, struct err *e)
{
	struct mnt_fs fs = fs_of(m);
	auto_close int mnt = -1;
	char data[4096];

	if (!mnt_data_fits(m->data) || (m->sb_flags & MOUNT2_ONLY))
		return mount_long(c, m, e);
	if (m->keep_mode && mode_data(c, m, m->data, data, sizeof(data)) == 0)
		fs.data = data;
	if (mnt_new(&fs, &mnt, e))
		return err_ctx(e, "mount on %s", m->dest_ctr);
	return finish(c, m, mnt, e);
}

static int do_copyup(struct exec_ctx *c, const struct op_mount *m, struct err *e)
{
	struct mnt_fs fs = fs_of(m);
	auto_close int mnt = -1, from = -1;

	fs.attr &= ~(uint64_t)MOUNT_ATTR_RDONLY; /* after the copy */
	if (mnt_new(&fs, &mnt, e))
		return err_ctx(e, "mount on %s", m->dest_ctr);
	if (fs_mount_point(c, m->dest_ctr, true, mount_links(m), &from, e) ||
	    fs_copy_up(from, mnt, e))
		return err_ctx(e, "copy %s into the tmpfs that is mounted there", m->dest_ctr);
	if (mnt_set(mnt, &(struct mnt_change){ .set = m->attr_set & MOUNT_ATTR_RDONLY }) < 0)
		return err_sys(e, "make %s read-only", m->dest_ctr);
	return finish(c, m, mnt, e);
}

/* What the host has mounted, for a file system that this user namespace may not mount. */
static const struct host_fs {
	const char *type, *path_host;
	long magic;
	const char *ns; /* only if the container has none of its own; NULL: in any case */
} host_fs[] = {
	{ "proc", "/proc", PROC_SUPER_MAGIC, "pid" },
	{ "mqueue", "/dev/mqueue", MQUEUE_MAGIC, "ipc" },
	{ "sysfs", "/sys", SYSFS_MAGIC, NULL },
};

static int clone_host(const struct host_fs *h, int *ret_fd, struct err *e)
{
	const struct mnt_change ro = {
		.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
		.propagation = MS_PRIVATE,
		.recursive = true,
	};
	auto_close int fd = mnt_clone(AT_FDCWD, h->path_host, true);
	struct statfs sf;

	if (fd < 0 || fstatfs(fd, &sf) < 0)
		return err_sys(e, "clone the host's %s", h->path_host);
	if (sf.f_type != h->magic)
		return err_set(e, ERR_UNSUPPORTED, "the host's %s is not %s", h->path_host,
			       h->type);
	if (mnt_set(fd, &ro) < 0)
		return err_sys(e, "make the clone of the host's %s read-only", h->path_host);
	*ret_fd = take_fd(fd);
	return 0;
}

static const struct host_fs *find_host_fs(const struct plan *p, const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(host_fs); i++)
		if (streq(host_fs[i].type, type))
			return host_fs[i].ns && fs_has_own_ns(p, host_fs[i].ns) ? NULL
										: &host_fs[i];
	return NULL;
}

/* proc, sysfs, mqueue: as any file system, or the host's where that is not permitted. */
static int do_kernel_fs(struct exec_ctx *c, const struct op_mount *m, struct err *e)
{
	struct mnt_fs fs = fs_of(m);
	const struct host_fs *h;
	auto_close int mnt = -1;
	struct err why = ERR_INIT;

	if (m->kind == MOUNT_SYSFS && c->sysfs_tree >= 0) {
		mnt = take_fd(c->sysfs_tree);
		if (mnt_set(mnt, &(struct mnt_change){ .set = m->attr_set }) < 0)
			return err_sys(e, "set attributes of %s", m->dest_ctr);
		return finish(c, m, mnt, e);
	}
	if (mnt_new(&fs, &mnt, &why)) {
		h = why.sys == EPERM ? find_host_fs(c->plan, m->type) : NULL;
		if (!h) {
			*e = why;
			return err_ctx(e, "mount on %s", m->dest_ctr);
		}
		if (clone_host(h, &mnt, e))
			return err_ctx(e, "mount on %s (a new one is not permitted)", m->dest_ctr);
	}
	return finish(c, m, mnt, e);
}

static int do_remount(struct exec_ctx *c, const struct op_mount *m, struct err *e)
{
	const struct mnt_change change[] = {
		{ .set = m->rattr_set, .clear = m->rattr_clear, .recursive = true },
		{ .set = m->attr_set, .clear = m->attr_clear },
	};
	struct mnt_fs fs = fs_of(m);
	auto_close int mnt = -1;

	if (beneath_open(c->rootfd, m->dest_ctr, O_PATH, 0, mount_links(m), &mnt, e))
		return -1;
	fs.source = NULL;
	if (m->kind != MOUNT_BIND && (m->data || m->sb_flags || m->sb_clear) &&
	    mnt_reconfigure(mnt, &fs, e))
		return err_ctx(e, "remount %s", m->dest_ctr);
	for (size_t i = 0; i < ARRAY_SIZE(change); i++)
		if (mnt_set(mnt, &change[i]) < 0)
			return err_sys(e, "remount %s%s", m->dest_ctr,
				       errno == EINVAL ? " (is it a mount point?)" : "");
	return set_propagation(m, mnt, e);
}

int do_mount(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_mount *m = &op->u.mount;

	if (m->remount)
		return do_remount(c, m, e);
	switch (m->kind) {
	case MOUNT_BIND:
		return do_bind(c, m, i, e);
	case MOUNT_CGROUP:
		return fs_mount_cgroup(c, m, e);
	case MOUNT_TMPFS_COPYUP:
		return do_copyup(c, m, e);
	case MOUNT_PROC:
	case MOUNT_SYSFS:
		return do_kernel_fs(c, m, e);
	case MOUNT_FS:
		return streq(m->type, "mqueue") ? do_kernel_fs(c, m, e) : do_fs(c, m, e);
	}
	return err_set(e, ERR_UNSUPPORTED, "mount on %s: unknown kind %d", m->dest_ctr,
		       (int)m->kind);
}
