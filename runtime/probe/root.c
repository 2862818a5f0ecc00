/* SPDX-License-Identifier: Apache-2.0 */
/*
 * root.c - the rootfs, and the layers it is made of where an engine has mounted an overlay there
 *
 * An overlay cannot be idmapped and a third level of overlays is refused, so the plan builds a new
 * overlay from the engine's layers. Their paths come from the mount options: text, relative to a
 * directory that the kernel does not tell, written when the mount was made and perhaps by a
 * process in another mount namespace. So they are believed only when the topmost layer is, by
 * inode and device or by times, what the kernel shows as the overlay's root; else f->root.problem.
 */
#include "probe/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "probe/overlayopts.h"
#include "sys/syscalls.h"

#define MAX_BASES 64 /* directory levels above upper and mount point */

struct layers {
	struct fact_path *v; /* upper first where there is one, then the lowers */
	size_t n;
	struct statx top;
	bool one_dev; /* all on one device: the overlay then shows the layers' inode numbers */
};

static int stat_dir(int fd, struct statx *ret)
{
	return statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, ret);
}

static bool same_time(struct statx_timestamp a, struct statx_timestamp b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/*
 * An overlay shows its root with mode, owner and times of the topmost layer's root, and with its
 * inode number if all layers are on one device (Documentation/filesystems/overlayfs.rst).
 */
static bool is_top_of(const struct layers *l, const struct statx *merged)
{
	const struct statx *top = &l->top;

	if (l->one_dev && top->stx_ino != merged->stx_ino)
		return false;
	return top->stx_mode == merged->stx_mode && top->stx_uid == merged->stx_uid &&
	       top->stx_gid == merged->stx_gid && same_time(top->stx_ctime, merged->stx_ctime) &&
	       same_time(top->stx_mtime, merged->stx_mtime);
}

static const char *below(struct arena *a, const char *base, const char *path)
{
	return path[0] == '/' ? path : arena_printf(a, "%s/%s", base, path);
}

/* Opens every layer relative to @base; false if one is not there. */
static bool open_layers(struct probe_ctx *c, const struct overlay_opts *o, const char *base,
			struct layers *ret)
{
	struct layers l = { .one_dev = true };
	size_t n_upper = o->upper != NULL;

	l.v = arena_alloc(c->a, o->n_lower + n_upper, sizeof(*l.v));
	for (; l.n < o->n_lower + n_upper; l.n++) {
		const char *path = l.n < n_upper ? o->upper : o->lower[l.n - n_upper];
		struct fact_path *p = &l.v[l.n];
		auto_close int fd = probe_path(c, below(c->a, base, path), p);

		if (fd < 0 || p->type != 'd' || (l.n == 0 && stat_dir(fd, &l.top) < 0))
			return false;
		p->can_idmap = can_idmap(c, p, fd);
		l.one_dev = l.one_dev && p->dev == l.v[0].dev;
	}
	*ret = l;
	return true;
}

static bool has_relative(const struct overlay_opts *o)
{
	for (size_t i = 0; i < o->n_lower; i++)
		if (o->lower[i][0] != '/')
			return true;
	return o->upper && o->upper[0] != '/';
}

/*
 * Engines mount with relative paths ("l/ABC:l/DEF") when the options would not fit in a page, from
 * a working directory that lies above the upper directory, or above the mount point where that is
 * relative too: every level is tried, from the nearest.
 */
static bool find_layers(struct probe_ctx *c, const struct overlay_opts *o, const char *start,
			const struct statx *merged, struct layers *ret)
{
	char *base = path_clean(c->a, start);

	for (int i = 0; i < MAX_BASES; i++) {
		if (open_layers(c, o, base, ret) && is_top_of(ret, merged))
			return true;
		if (!has_relative(o) || streq(base, "/"))
			return false;
		char *slash = strrchr(base, '/');
		slash[slash == base] = '\0';
	}
	return false;
}

/* Outside the initial user namespace none can be, and nobody asks for it. */
static void check_idmaps(struct probe_ctx *c, const struct layers *l)
{
	struct fact_root *r = &c->f->root;

	r->at.can_idmap = true;
	for (size_t k = 0; k < l->n && r->at.can_idmap; k++) {
		r->at.can_idmap = l->v[k].can_idmap;
		if (!r->at.can_idmap)
			r->no_idmap = arena_printf(c->a,
						   "its layer %s is on %s, which this kernel "
						   "cannot idmap",
						   l->v[k].realpath, l->v[k].fstype);
	}
}

static void take_layers(struct probe_ctx *c, const struct overlay_opts *o, const struct layers *l)
{
	struct fact_root *r = &c->f->root;
	size_t i = 0;

	check_idmaps(c, l);
	if (o->upper)
		r->upper = l->v[i++].realpath;
	r->work = o->work;
	r->lower = arena_alloc(c->a, o->n_lower, sizeof(*r->lower));
	for (; i < l->n; i++)
		r->lower[r->n_lower++] = l->v[i].realpath;
}

static const struct mountinfo *find_overlay(const struct mountinfo_table *t, uint64_t fs_dev)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].fs_dev == fs_dev && streq(t->v[i].fstype, "overlay"))
			return &t->v[i];
	return NULL;
}

/* Options belong to the superblock: any mount of it has them. */
static void probe_overlay(struct probe_ctx *c, int fd)
{
	struct fact_root *r = &c->f->root;
	const struct mountinfo *m = find_overlay(&c->mounts, r->at.fs_dev);
	struct overlay_opts o;
	struct statx merged;
	struct layers l;

	if (!m || !streq(r->at.fs_path, "/")) {
		r->problem = "it lies inside an overlay mount, not at its root";
		return;
	}
	r->is_overlay = true;
	overlay_opts_parse(c->a, m->sb_options, &o);
	r->userxattr = o.userxattr;
	r->metacopy = o.metacopy;
	r->redirect_dir = o.redirect_dir;
	r->problem = o.problem;
	if (r->problem)
		return;
	if (stat_dir(fd, &merged) < 0 ||
	    (!find_layers(c, &o, o.upper && o.upper[0] == '/' ? o.upper : m->point, &merged, &l) &&
	     !find_layers(c, &o, m->point, &merged, &l)))
		r->problem = "the layers named in its mount options are not the ones it shows";
	else
		take_layers(c, &o, &l);
}

static void probe_plain(struct probe_ctx *c, int fd)
{
	struct fact_root *r = &c->f->root;

	r->at.can_idmap = can_idmap(c, &r->at, fd);
	if (!r->at.can_idmap)
		r->no_idmap = arena_printf(c->a, "its file system (%s) cannot be idmapped by this kernel",
					   r->at.fstype);
}

/* For a note alone: the image's own files decide nothing. */
static bool has_sudo(int root)
{
	auto_close int fd = sys_openat2(root, "usr/bin/sudo", O_PATH | O_CLOEXEC, 0,
					RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_ISUID);
}

int probe_root(struct probe_ctx *c, const char *path_host, const struct probe_opts *o,
	       struct err *e)
{
	struct fact_root *r = &c->f->root;
	auto_close int fd = probe_path(c, path_host, &r->at);

	if (fd < 0) {
		if (o->peek)
			return 0;
		errno = access(path_host, F_OK) < 0 ? errno : EXDEV;
		return err_sys(e, "root.path: open the rootfs %s", path_host);
	}
	if (r->at.type != 'd' && !o->peek)
		return err_set(e, ERR_SPEC, "root.path: the rootfs %s is not a directory",
			       path_host);
	if (o->no_layers)
		return 0;
	r->has_sudo = has_sudo(fd);
	if (streq(r->at.fstype, "overlay"))
		probe_overlay(c, fd);
	else
		probe_plain(c, fd);
	return 0;
}
