/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_overlay.c - the container's root: a disposable overlay, or a clone of the given directory
 *
 * Phase: P_MAP, with the caller's privileges; c->userns is open where there is one.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "base/str.h"
#include "exec/overlay.h"
#include "sys/mnt.h"

/* @src: the root as it was opened and compared; a layer that is the root is not opened again. */
static int open_layer(const struct op_root *r, int src, const char *path_host, int userns,
		      int *ret_fd, struct err *e)
{
	bool is_root = streq(path_host, r->root_host);
	auto_close int dir = is_root ? -1 : open(path_host, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int fd = !is_root && dir < 0 ? -1 : mnt_clone(is_root ? src : dir, "", false);

	if (fd < 0)
		return err_sys(e, "clone layer %s", path_host);
	if (userns >= 0 && mnt_set(fd, &(struct mnt_change){ .userns = userns }) < 0) {
		if (errno == EINVAL)
			return err_set(e, ERR_UNSUPPORTED,
				       "map ids of layer %s: its file system does "
				       "not support id-mapped mounts on this kernel",
				       path_host);
		return err_sys(e, "map ids of layer %s", path_host);
	}
	*ret_fd = take_fd(fd);
	return 0;
}

static int build_overlay(struct exec_ctx *c, const struct op_root *r, int src, struct overlay *o,
			 int *ret_fd, struct err *e)
{
	int ret;

	if (overlay_root_id(c->plan, &o->uid, &o->gid, e))
		return -1;
	for (size_t i = 0; i < o->n_lower && i < OVERLAY_LOWER_MAX; i++)
		if (open_layer(r, src, r->lower_host[i], r->idmap ? c->userns : -1, &o->lower[i], e))
			return -1;
	if (!r->upper_tmpfs && overlay_upper(c, r->upper_dir_host, NULL, &o->upper, e))
		return -1;
	ret = overlay_make(o, ret_fd, e);
	ctx_drop(c, &o->upper);
	return ret;
}

static int overlay_root(struct exec_ctx *c, const struct op_root *r, int src, int *ret_fd,
			struct err *e)
{
	int lower[OVERLAY_LOWER_MAX];
	struct overlay o = {
		.what_host = r->root_host,
		.lower_host = r->lower_host,
		.lower = lower,
		.n_lower = r->n_lower,
		.upper_host = r->upper_dir_host,
		.upper = -1,
		.tmpfs_size_bytes = r->tmpfs_size_bytes,
		.metacopy = r->metacopy,
		.userxattr = r->userxattr,
		.redirect_dir = r->redirect_dir,
	};

	for (size_t i = 0; i < OVERLAY_LOWER_MAX; i++)
		lower[i] = -1;
	int ret = build_overlay(c, r, src, &o, ret_fd, e);
	for (size_t i = 0; i < OVERLAY_LOWER_MAX; i++)
		ctx_drop(c, &lower[i]);
	return ret;
}

/* A root that the config wants as a slave, or shared with others that it lets in, goes on getting
 * what the host mounts below it; in no case does anything travel from it to the host. */
static uint64_t clone_propagation(const struct plan *p)
{
	const struct op *ro = plan_find(p, OP_ROOT_RO);

	return ro && (ro->u.root_ro.propagation & (MS_SLAVE | MS_SHARED)) ? MS_SLAVE : MS_PRIVATE;
}

/* No overlay: the directory itself, with what is mounted below it. */
static int plain_root(struct exec_ctx *c, const struct op_root *r, int src, int *ret_fd,
		      struct err *e)
{
	auto_close int fd = mnt_clone(src, "", !r->idmap);

	if (fd < 0)
		return err_sys(e, "clone the mount of %s", r->root_host);
	if (mnt_set(fd, &(struct mnt_change){ .propagation = clone_propagation(c->plan),
					      .recursive = true }) < 0)
		return err_sys(e, "cut the mount of %s off the host's", r->root_host);
	if (r->idmap && mnt_set(fd, &(struct mnt_change){ .userns = c->userns }) < 0)
		return err_sys(e, "map ids of %s", r->root_host);
	*ret_fd = take_fd(fd);
	return 0;
}

int do_tree_root(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_root *r = &op->u.root;
	auto_close int src = open(r->root_host, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
	struct stat st;

	if (src < 0 || fstat(src, &st) < 0)
		return err_sys(e, "open root %s", r->root_host);
	if ((r->dev || r->ino) && (st.st_dev != r->dev || st.st_ino != r->ino))
		return err_set(e, ERR_STATE, "root %s was replaced while the container was created",
			       r->root_host);
	if (r->idmap && c->userns < 0)
		return err_set(e, ERR_SPEC, "root %s: there is no user namespace to map ids with",
			       r->root_host);
	if (r->overlay ? overlay_root(c, r, src, &fd, e) : plain_root(c, r, src, &fd, e))
		return -1;
	/* A user namespace cannot make device nodes; those that an image brings stay dead, too. */
	if (c->userns >= 0 && !mutant("root.nodev") &&
	    mnt_set(fd, &(struct mnt_change){ .set = MOUNT_ATTR_NODEV }) < 0)
		return err_sys(e, "forbid device nodes in root %s", r->root_host);
	c->tree[i] = take_fd(fd);
	return 0;
}
