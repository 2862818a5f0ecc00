/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_tree.c - the mounts that come from the host, made by the parent while attached nowhere
 *
 * Phase: P_MAP, with the caller's privileges. Should: open every source once, compare what was
 * opened with what the plan was decided on (device, inode, or the device number of a node), and
 * finish the clone - attributes, id map, propagation - before anybody can see it. Mustn't: resolve
 * a container path, attach anything, or leave a clone that still propagates to the host.
 *
 * Attributes of a mount made here are not locked in the container's mount namespace: a container
 * that keeps CAP_SYS_ADMIN over its own user namespace can lift `ro` of a bind mount there. That
 * is why the agent profile takes that capability away; under `oci` it is the config's choice.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "exec/ctx.h"
#include "exec/idmap.h"
#include "exec/overlay.h"
#include "sys/mnt.h"
#include "sys/syscalls.h"

/* The object at @path_host, if it still is what the plan was made for. */
static int open_source(const char *path_host, uint64_t dev, uint64_t ino, int *ret_fd,
		       struct err *e)
{
	auto_close int fd = open(path_host, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open mount source %s", path_host);
	if ((dev || ino) && (st.st_dev != dev || st.st_ino != ino) && !mutant("tree.same_source"))
		return err_set(e, ERR_STATE,
			       "mount source %s was replaced while the container was "
			       "created: it is not the file that was checked",
			       path_host);
	*ret_fd = take_fd(fd);
	return 0;
}

/* The user namespace whose maps go on the mount: the container's, one made for it, or -1. */
static int mount_userns(struct exec_ctx *c, const struct op_mount *m, int *ret_made, int *ret_use,
			struct err *e)
{
	struct idmap maps = { m->uid, m->gid, m->n_uid, m->n_gid, false, false };

	*ret_use = -1;
	switch (m->idmap) {
	case MOUNT_IDMAP_NONE:
		return 0;
	case MOUNT_IDMAP_CONTAINER:
		if (c->userns < 0)
			return err_set(e, ERR_SPEC,
				       "id-mapped mount on %s: the container has no user "
				       "namespace whose map could be used",
				       m->dest_ctr);
		*ret_use = c->userns;
		return 0;
	case MOUNT_IDMAP_MAPS:
		if (idmap_userns(c->procfd, &maps, ret_made, e))
			return err_ctx(e, "id-mapped mount on %s", m->dest_ctr);
		*ret_use = *ret_made;
		return 0;
	}
	return 0;
}

/* EINVAL and EPERM of an id map have causes that the errno does not tell. */
static int idmap_failed(const char *path_host, struct err *e)
{
	if (errno == EINVAL)
		return err_set(e, ERR_UNSUPPORTED,
			       "map ids of the mount of %s: its file system does "
			       "not support id-mapped mounts on this kernel",
			       path_host);
	if (errno == EPERM)
		return err_set(e, ERR_UNSUPPORTED,
			       "map ids of the mount of %s: it already is an "
			       "id-mapped mount, or it belongs to another user namespace",
			       path_host);
	return err_sys(e, "map ids of the mount of %s", path_host);
}

static int finish_bind(int tree, const struct op_mount *m, int userns, struct err *e)
{
	const struct mnt_change step[] = {
		{ .propagation = m->propagation ? m->propagation : MS_PRIVATE,
		  .recursive = m->propagation ? (m->propagation & MS_REC) != 0 : m->recursive },
		{ .set = m->rattr_set, .clear = m->rattr_clear, .recursive = true },
		{ .set = mutant("tree.attr") ? 0 : m->attr_set, .clear = m->attr_clear },
	};

	for (size_t i = 0; i < sizeof(step) / sizeof(step[0]); i++)
		if (mnt_set(tree, &step[i]) < 0)
			return err_sys(e, "set attributes of the mount of %s", m->source_host);
	if (userns >= 0 &&
	    mnt_set(tree,
		    &(struct mnt_change){ .userns = userns, .recursive = m->idmap_recursive }) < 0)
		return idmap_failed(m->source_host, e);
	return 0;
}

/* Who the project's owner is outside: the one id that the map leads to, or the container's root. */
static int cow_owner(const struct exec_ctx *c, const struct op_mount *m, struct overlay *o,
		     struct err *e)
{
	if (m->idmap != MOUNT_IDMAP_MAPS || m->n_uid != 1 || m->n_gid != 1)
		return overlay_root_id(c->plan, &o->uid, &o->gid, e);
	o->uid = m->uid[0].host;
	o->gid = m->gid[0].host;
	return 0;
}

/* An overlay over the finished clone takes its place. */
static int copy_on_write(struct exec_ctx *c, const struct op_mount *m, int *tree, struct err *e)
{
	const struct op *root = plan_find(c->plan, OP_ROOT);
	const struct hide hide = { m->hide, m->show, m->n_hide, m->n_show };
	struct overlay o = {
		.what_host = m->source_host,
		.lower_host = (const char *[]){ m->source_host },
		.lower = tree,
		.n_lower = 1,
		.upper_host = root->u.root.upper_dir_host,
		.upper = -1,
		.tmpfs_size_bytes = m->cow_tmpfs_bytes,
		.redirect_dir = "nofollow",
		.userxattr = root->u.root.userxattr,
		.prove = true,
		.hide = m->n_hide ? &hide : NULL,
	};
	const struct mnt_change attr = { .set = m->attr_set, .clear = m->attr_clear };
	auto_close int mnt = -1;

	if (cow_owner(c, m, &o, e) ||
	    (m->cow_dir && overlay_upper(c, o.upper_host, m->cow_dir, &o.upper, e)))
		return -1;
	int ret = overlay_make(&o, &mnt, e);
	ctx_drop(c, &o.upper);
	if (ret)
		return err_ctx(e, "copy-on-write mount on %s", m->dest_ctr);
	if (mnt_set(mnt, &attr) < 0)
		return err_sys(e, "set attributes of the mount on %s", m->dest_ctr);
	ctx_drop(c, tree);
	*tree = take_fd(mnt);
	return 0;
}

int do_tree_mount(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_mount *m = &op->u.mount;
	auto_close int src = -1, tree = -1, made = -1;
	int userns;

	if (m->kind != MOUNT_BIND || m->remount)
		return 0; /* made by do_mount in the container's namespaces */
	if (open_source(m->source_host, m->src_dev, m->src_ino, &src, e))
		return -1;
	tree = mnt_clone(src, "", m->recursive);
	if (tree < 0)
		return err_sys(e, "clone the mount of %s", m->source_host);
	if (mount_userns(c, m, &made, &userns, e) || finish_bind(tree, m, userns, e))
		return -1;
	if ((m->cow_dir || m->cow_tmpfs_bytes) && copy_on_write(c, m, &tree, e))
		return -1;
	c->tree[i] = take_fd(tree);
	return 0;
}

static bool is_node(const struct stat *st, const struct op_dev *d)
{
	mode_t type = d->type == 'b' ? S_IFBLK : S_IFCHR;

	return (st->st_mode & S_IFMT) == type && major(st->st_rdev) == d->major &&
	       minor(st->st_rdev) == d->minor;
}

int do_tree_dev(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_dev *d = &op->u.dev;
	auto_close int src = -1, tree = -1;
	struct stat st;

	if (!d->bind)
		return 0; /* made by do_dev with mknod(2) */
	src = open(d->source_host, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (src < 0 || fstat(src, &st) < 0)
		return err_sys(e, "open device %s", d->source_host);
	if (!is_node(&st, d) && !mutant("dev.verify"))
		return err_set(e, ERR_STATE, "device %s of the host is not %s %u:%u",
			       d->source_host, d->type == 'b' ? "block" : "character", d->major,
			       d->minor);
	tree = mnt_clone(src, "", false);
	if (tree < 0)
		return err_sys(e, "clone the mount of %s", d->source_host);
	/* nodev of the host's mount would make the node useless; noexec stops nothing here and
	 * breaks mapping /dev/zero executable; read-only keeps the host's inode as it is, where the
	 * container's root is its owner, and lets the device be written */
	if (mnt_set(tree, &(struct mnt_change){ .set = MOUNT_ATTR_NOSUID |
						       (mutant("dev.readonly") ? 0 :
									 MOUNT_ATTR_RDONLY),
						.clear = MOUNT_ATTR_NODEV,
						.propagation = MS_PRIVATE }) < 0)
		return err_sys(e, "set attributes of the mount of %s", d->source_host);
	c->tree[i] = take_fd(tree);
	return 0;
}
