/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay_upper.c - the upper layer of an overlay: its directory, its looks, what is absent in it
 *
 * Phase: P_MAP, with the caller's privileges; overlay_prepare() in the helper of overlay.c.
 *
 * A name that must be absent is a whiteout, made before the overlay is mounted: what the host does
 * to the lower directory later cannot bring it back.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "base/str.h"
#include "exec/overlay.h"
#include "sys/mnt.h"

#define XATTR_MAX 65536
#define OVERFLOW_ID 65534u

/* What the upper's root must look like: its mode, ids and attributes are those of "/" inside. */
static int copy_xattr(int from, int to, const char *name)
{
	auto_free char *value = xcalloc(XATTR_MAX, 1);
	ssize_t n = fgetxattr(from, name, value, XATTR_MAX);

	if (n < 0)
		return errno == ENODATA ? 0 : -1;
	return fsetxattr(to, name, value, (size_t)n, 0);
}

static int copy_xattrs(int from, int to)
{
	ssize_t n = flistxattr(from, NULL, 0);

	if (n == 0)
		return 0; /* as nearly always: no memory for it */
	auto_free char *names = xcalloc(XATTR_MAX, 1);
	n = flistxattr(from, names, XATTR_MAX);

	if (n < 0)
		return errno == EOPNOTSUPP ? 0 : -1;
	for (const char *p = names; p < names + n; p += strlen(p) + 1) {
		if (str_has_prefix(p, "trusted.overlay.") || str_has_prefix(p, "user.overlay."))
			continue;
		/* an attribute that the upper's file system cannot hold is not worth failing for */
		if (copy_xattr(from, to, p) < 0 && errno != EOPNOTSUPP && errno != EPERM)
			return -1;
	}
	return 0;
}

static int copy_looks(const struct overlay *o, int from, int to, struct err *e)
{
	struct stat st;

	if (fstat(from, &st) < 0)
		return err_sys(e, "look at a directory of %s", o->what_host);
	/* through the mapped clone: an id that the container does not have shows as overflow */
	uid_t uid = st.st_uid == OVERFLOW_ID ? o->uid : st.st_uid;
	gid_t gid = st.st_gid == OVERFLOW_ID ? o->gid : st.st_gid;
	if (fchown(to, uid, gid) < 0 || fchmod(to, st.st_mode & 07777) < 0)
		return err_sys(e, "give the upper directory to its user");
	if (copy_xattrs(from, to) < 0)
		return err_sys(e, "copy extended attributes to the upper directory");
	return 0;
}

/* ---- names that are absent ---- */

struct absent {
	const struct overlay *o;
	int lower, upper; /* roots of the project and of the upper layer */
};

/* The directory of @path_rel, a file's path, in the upper: made where it is missing. */
static int upper_parent(const struct absent *ab, const char *path_rel, int *ret_fd, struct err *e)
{
	auto_close int from = dup(ab->lower), to = dup(ab->upper);
	const char *slash;

	for (const char *p = path_rel; (slash = strchr(p, '/')); p = slash + 1) {
		char name[NAME_MAX + 1];

		snprintf(name, sizeof(name), "%.*s", (int)(slash - p), p);
		int f = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		fd_close(&from);
		from = f;
		bool is_new = mkdirat(to, name, 0700) == 0;
		int t = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		fd_close(&to);
		to = t;
		if (from < 0 || to < 0)
			return err_sys(e, "make the directory of %s/%s in the upper layer",
				       ab->o->what_host, path_rel);
		if (is_new && copy_looks(ab->o, from, to, e))
			return -1;
	}
	*ret_fd = take_fd(to);
	return 0;
}

static int whiteout(int dir, const char *name)
{
	return mknodat(dir, name, S_IFCHR, makedev(0, 0)) < 0 && errno != EEXIST ? -1 : 0;
}

static int make_absent(void *ctx, int dir, const char *name, const char *path_rel, struct err *e)
{
	const struct absent *ab = ctx;
	auto_close int parent = -1;

	(void)dir; /* of the lower layer */
	if (upper_parent(ab, path_rel, &parent, e))
		return -1;
	if (whiteout(parent, name) < 0)
		return err_sys(e, "hide %s/%s", ab->o->what_host, path_rel);
	return 0;
}

/* What is there now, wherever; and at the top also what may come. */
static int hide_names(const struct overlay *o, int lower, int upper, struct err *e)
{
	struct absent ab = { .o = o, .lower = lower, .upper = upper };

	if (!o->hide || mutant("projects.whiteout"))
		return 0;
	if (hide_walk(lower, o->hide, make_absent, &ab, e))
		return err_ctx(e, "%s", o->what_host);
	for (size_t i = 0; i < o->hide->n_names; i++)
		if (!strpbrk(o->hide->names[i], "*?[\\") &&
		    whiteout(upper, o->hide->names[i]) < 0)
			return err_sys(e, "hide %s/%s", o->what_host, o->hide->names[i]);
	return 0;
}

int overlay_prepare(const struct overlay *o, int dir, struct err *e)
{
	auto_close int from = openat(o->lower[0], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int to = openat(dir, "upper", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (from < 0 || to < 0)
		return err_sys(e, "open the root of the topmost layer and of the upper directory");
	if (copy_looks(o, from, to, e))
		return -1;
	return hide_names(o, from, to, e);
}

static int make_path(const char *dir_host, struct err *e)
{
	char path[PATH_MAX];
	size_t n = strlen(dir_host);

	if (n >= sizeof(path))
		return err_set(e, ERR_INPUT, "upper directory %s: path too long", dir_host);
	for (size_t i = 1; i <= n; i++) {
		if (dir_host[i] != '/' && dir_host[i] != '\0')
			continue;
		memcpy(path, dir_host, i);
		path[i] = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return err_sys(e, "make upper directory %s", dir_host);
	}
	return 0;
}

/* A volatile upper cannot be used twice: empty but for the name of its owner's directory. */
static int make_base(struct exec_ctx *c, const char *dir_host, struct err *e)
{
	auto_free char *owner = NULL;
	auto_close int dir = -1;

	if (c->res->upper_host)
		return 0;
	owner = upper_owner_text(c->opts->state_root, c->plan->id);
	if (!owner)
		return err_sys(e, "state root %s", c->opts->state_root);
	c->res->upper_host = dir_host; /* from now on there is something to remove */
	if (exec_remove_upper(dir_host, e) || make_path(dir_host, e))
		return -1;
	dir = open(dir_host, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "open upper directory %s", dir_host);
	if (fd_write_file_at(dir, UPPER_OWNER, owner, strlen(owner), 0600, e))
		return err_ctx(e, "upper directory %s", dir_host);
	return 0;
}

int overlay_upper(struct exec_ctx *c, const char *dir_host, const char *sub, int *ret_fd,
		  struct err *e)
{
	if (make_base(c, dir_host, e))
		return -1;
	auto_close int base = open(dir_host, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (base < 0 || (sub && mkdirat(base, sub, 0700) < 0))
		return err_sys(e, "make upper directory %s/%s", dir_host, sub ? sub : "");
	auto_close int dir =
		openat(base, sub ? sub : ".", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* a detached mount, since the helper cannot clone what is mounted in our namespace */
	auto_close int fd = dir < 0 ? -1 : mnt_clone(dir, "", false);
	if (fd < 0 || mnt_set(fd, &(struct mnt_change){ .propagation = MS_PRIVATE }) < 0)
		return err_sys(e, "clone the mount of upper directory %s", dir_host);
	*ret_fd = take_fd(fd);
	return 0;
}
