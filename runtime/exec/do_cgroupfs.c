/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_cgroupfs.c - mounts of type cgroup: what the container sees of its own cgroup
 *
 * Phase: C_FS. In a cgroup namespace of its own a new mount shows the container's cgroup as the
 * root, so that is what is mounted: one cgroup2, or, where the controllers are on v1, a tmpfs with
 * one directory a hierarchy, as the host has them. Without such a namespace a new mount would show
 * the whole machine: then, and where a new mount is not permitted, the container's own directories
 * of the host's mounts are cloned instead, always read-only (CVE-2023-25809).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "base/path.h"
#include "base/str.h"
#include "exec/fs.h"
#include "sys/mnt.h"
#include "sys/syscalls.h"

#define CGROUP_ATTRS (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)
#define CGROUP_ROOT "/sys/fs/cgroup"

struct mounter {
	struct exec_ctx *c;
	const struct op_mount *m;
	bool own_ns;
};

static bool is_cgroupfs(int fd)
{
	struct statfs sf;

	return fstatfs(fd, &sf) == 0 &&
	       (sf.f_type == CGROUP_SUPER_MAGIC || sf.f_type == CGROUP2_SUPER_MAGIC);
}

/* The host's directory of the container's cgroup; read-only, since the files below may not be. */
static int clone_dir(const char *path_host, int *ret_fd, struct err *e)
{
	const struct mnt_change ro = { .set = (mutant("cgroupfs.readonly") ? 0 : MOUNT_ATTR_RDONLY) |
					      CGROUP_ATTRS,
				       .propagation = MS_PRIVATE,
				       .recursive = true };
	auto_close int fd = mnt_clone(AT_FDCWD, path_host, true);

	if (fd < 0)
		return err_sys(e, "clone the cgroup mount at %s", path_host);
	if (!is_cgroupfs(fd))
		return err_set(e, ERR_UNSUPPORTED, "%s is not in a cgroup file system", path_host);
	if (mnt_set(fd, &ro) < 0)
		return err_sys(e, "make the clone of %s read-only", path_host);
	*ret_fd = take_fd(fd);
	return 0;
}

/* One hierarchy, detached: "" is cgroup2, else v1 with these controllers or this name. */
static int hierarchy(const struct mounter *t, const struct plan_cg_dir *d, int *ret_fd,
		     struct err *e)
{
	bool v2 = d->controllers[0] == '\0';
	struct mnt_fs fs = {
		.type = v2 ? "cgroup2" : "cgroup",
		.source = "cgroup",
		.data = v2 ? NULL : d->controllers,
		.attr = (t->m->attr_set & MOUNT_ATTR_RDONLY) | CGROUP_ATTRS,
	};
	struct err why = ERR_INIT;
	char path[PATH_MAX];

	if (t->own_ns && mnt_new(&fs, ret_fd, &why) == 0)
		return 0;
	if (t->own_ns && why.sys != EPERM) {
		*e = why;
		return -1;
	}
	if ((size_t)snprintf(path, sizeof(path), "%s%s", d->mount_host, d->path) >= sizeof(path))
		return err_set(e, ERR_INPUT, "cgroup path %s is too long", d->path);
	return clone_dir(path, ret_fd, e);
}

static int attach(const struct mounter *t, int mnt, struct err *e)
{
	struct mnt_change prop = { .propagation = t->m->propagation,
				   .recursive = (t->m->propagation & MS_REC) != 0 };
	enum beneath_link links = t->m->no_symlink ? LINK_REFUSE : fs_links(t->m->dest_ctr);
	auto_close int dest = -1;

	if (fs_mount_point(t->c, t->m->dest_ctr, true, links, &dest, e))
		return -1;
	if (mnt_attach(mnt, dest) < 0 || mnt_set(mnt, &prop) < 0)
		return err_sys(e, "mount cgroup on %s", t->m->dest_ctr);
	return 0;
}

/* "cpu" -> "cpu,cpuacct": the names under which programs look for a controller. */
static int link_controllers(int dir, const char *name, struct err *e)
{
	char one[NAME_MAX + 1];

	if (!strchr(name, ','))
		return 0;
	for (const char *p = name; *p;) {
		size_t n = strcspn(p, ",");

		if (n > 0 && n < sizeof(one)) {
			memcpy(one, p, n);
			one[n] = '\0';
			if (symlinkat(name, dir, one) < 0 && errno != EEXIST)
				return err_sys(e, "link cgroup controller %s", one);
		}
		p += n;
		p += *p == ',';
	}
	return 0;
}

static int add_hierarchy(const struct mounter *t, int dir, const struct plan_cg_dir *d,
			 struct err *e)
{
	const char *name = path_base(d->mount_host);
	auto_close int mnt = -1;

	if (hierarchy(t, d, &mnt, e))
		return -1;
	if (mkdirat(dir, name, 0755) < 0 ||
	    sys_move_mount(mnt, "", dir, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_sys(e, "mount cgroup hierarchy %s", name);
	return link_controllers(dir, name, e);
}

/* The tmpfs is attached first: Linux before 6.15 mounts nothing below a detached mount. */
static int mount_v1(const struct mounter *t, const struct op_cgroup *cg, struct err *e)
{
	const struct mnt_fs tmp = { .type = "tmpfs",
				    .source = "cgroup",
				    .data = "mode=755,size=64k",
				    .label = t->m->label,
				    .attr = CGROUP_ATTRS };
	auto_close int dir = -1;

	if (mnt_new(&tmp, &dir, e) || attach(t, dir, e))
		return -1;
	for (size_t i = 0; i < cg->n_dirs; i++)
		if (add_hierarchy(t, dir, &cg->dirs[i], e))
			return -1;
	if (mnt_set(dir, &(struct mnt_change){ .set = t->m->attr_set & MOUNT_ATTR_RDONLY }) < 0)
		return err_sys(e, "make %s read-only", t->m->dest_ctr);
	return 0;
}

static int mount_one(const struct mounter *t, const struct plan_cg_dir *d, struct err *e)
{
	auto_close int mnt = -1;

	if (hierarchy(t, d, &mnt, e))
		return -1;
	return attach(t, mnt, e);
}

/* The container has no cgroup of ours: what the host shows, read-only. */
static int mount_host(const struct mounter *t, struct err *e)
{
	const struct mnt_change ro = { .set = MOUNT_ATTR_RDONLY | CGROUP_ATTRS,
				       .propagation = MS_PRIVATE,
				       .recursive = true };
	auto_close int mnt = mnt_clone(AT_FDCWD, CGROUP_ROOT, true);

	if (mnt < 0 || mnt_set(mnt, &ro) < 0)
		return err_sys(e, "clone the host's " CGROUP_ROOT);
	return attach(t, mnt, e);
}

int fs_mount_cgroup(struct exec_ctx *c, const struct op_mount *m, struct err *e)
{
	const struct op *op = plan_find(c->plan, OP_CGROUP);
	struct mounter t = { .c = c, .m = m, .own_ns = fs_has_own_ns(c->plan, "cgroup") };
	const struct op_cgroup *cg = op ? &op->u.cgroup : NULL;
	int r;

	if (!cg || cg->none || cg->n_dirs == 0)
		r = mount_host(&t, e);
	else if (cg->n_dirs == 1 && cg->dirs[0].controllers[0] == '\0')
		r = mount_one(&t, &cg->dirs[0], e);
	else
		r = mount_v1(&t, cg, e);
	return r ? err_ctx(e, "mount cgroup on %s", m->dest_ctr) : 0;
}
