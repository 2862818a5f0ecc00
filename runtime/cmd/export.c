/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export.c - `export`: what a container has changed, as a layer of an image
 *
 * The engine's own copy, diff and commit look at the layer that the engine made, which agentrt
 * never writes to. So the upper layer is written out in the format of image layers (OCI image-spec
 * layer.md): whiteouts as ".wh.NAME", opaque directories as ".wh..wh..opq" in them, hard links,
 * extended attributes, and ids as they are in the container.
 *
 * Everything in the tree was made by the container, and may be changing: it is walked by descriptor,
 * no link is followed, depth and number are bounded. A name that begins with ".wh." would mean
 * something else in a layer, so it is left out and said.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "cmd/container.h"
#include "cmd/outer.h"
#include "cmd/tar.h"

#define WH	   ".wh."
#define OPAQUE	   ".wh..wh..opq"
#define DEPTH_MAX  256u
#define LINKS_MAX  (1u << 20)
#define XATTR_MAX  65536u
#define NOBODY	   65534u
#define CAP_V2	   0x02000000u /* linux/capability.h: VFS_CAP_REVISION_2, and its size */
#define CAP_V2_LEN 20u

struct export_opts {
	const char *output;
};

#define X(...) OPT_ROW(struct export_opts, __VA_ARGS__)
static const struct opt opts[] = {
	X(STRING, output, "output", 'o', "FILE", "write it there (default: standard output)"),
	{ 0 },
};

struct seen {
	dev_t dev;
	ino_t ino;
	char *path;
};

struct walk {
	const struct oci_linux *ids;
	int out;
	struct seen *links; /* open addressing; size a power of two */
	size_t n_links, cap_links;
	size_t left_out;
};

static void walk_done(struct walk *w)
{
	for (size_t i = 0; i < w->cap_links; i++)
		free(w->links[i].path);
	free(w->links);
}
#define auto_walk __attribute__((cleanup(walk_done)))

static void left_out(struct walk *w, const char *path, const char *why)
{
	char shown[128];

	str_printable(shown, sizeof(shown), path);
	w->left_out++;
	log_warn("export: %s is left out: %s", shown, why);
}

/* As it is in the container; nobody, where it has no id there. */
static uint32_t inside(const struct oci_idmap *m, size_t n, uint32_t host)
{
	for (size_t i = 0; i < n; i++)
		if (host >= m[i].host && host - m[i].host < m[i].size)
			return m[i].ctr + (host - m[i].host);
	return n ? NOBODY : host;
}

/* ---- hard links ---- */

static struct seen *slot(struct seen *v, size_t cap, dev_t dev, ino_t ino)
{
	size_t i = (size_t)((uint64_t)ino * UINT64_C(0x9e3779b97f4a7c15)) & (cap - 1);

	while (v[i].path && (v[i].ino != ino || v[i].dev != dev))
		i = (i + 1) & (cap - 1);
	return &v[i];
}

static void grow_links(struct walk *w)
{
	size_t cap = w->cap_links ? w->cap_links * 2 : 64;
	struct seen *v = xcalloc(cap, sizeof(*v));

	for (size_t i = 0; i < w->cap_links; i++)
		if (w->links[i].path)
			*slot(v, cap, w->links[i].dev, w->links[i].ino) = w->links[i];
	free(w->links);
	w->links = v;
	w->cap_links = cap;
}

/* The path under which the inode was written before; NULL: it is new, and noted. */
static const char *earlier_link(struct walk *w, const struct stat *st, const char *path)
{
	struct seen *s;

	if (st->st_nlink < 2 || w->n_links == LINKS_MAX)
		return NULL; /* beyond the limit: copies instead of links */
	if (w->n_links * 2 >= w->cap_links)
		grow_links(w);
	s = slot(w->links, w->cap_links, st->st_dev, st->st_ino);
	if (s->path)
		return s->path;
	*s = (struct seen){ st->st_dev, st->st_ino, xstrdup(path) };
	w->n_links++;
	return NULL;
}

/* ---- extended attributes ---- */

/* The root id of a namespaced capability is the host's; in a layer it is the reader's own. */
static void put_caps(struct strbuf *b, const char *name, const unsigned char *v, size_t n)
{
	unsigned char cap[CAP_V2_LEN];

	if (n < CAP_V2_LEN)
		return;
	memcpy(cap, v, CAP_V2_LEN);
	cap[3] = CAP_V2 >> 24; /* little endian; the flags below it stay */
	tar_xattr(b, name, cap, CAP_V2_LEN);
}

/* user.* and capabilities; the overlay's own, labels and lists with ids of the host are not. */
static int put_xattrs(struct strbuf *b, int fd, const char *path, struct err *e)
{
	auto_free char *proc = xasprintf("/proc/self/fd/%d", fd);
	auto_free char *names = xcalloc(XATTR_MAX, 1), *value = xcalloc(XATTR_MAX, 1);
	ssize_t len = listxattr(proc, names, XATTR_MAX), n;

	if (len < 0)
		return errno == EOPNOTSUPP ? 0 : err_sys(e, "list attributes of %s", path);
	for (const char *p = names; p < names + len; p += strlen(p) + 1) {
		bool caps = streq(p, "security.capability");

		if (streq(p, "trusted.overlay.metacopy"))
			return err_set(e, ERR_UNSUPPORTED,
				       "export %s: its data is in a layer of the engine (metacopy)",
				       path);
		if (!caps && (!str_has_prefix(p, "user.") || str_has_prefix(p, "user.overlay.")))
			continue;
		n = getxattr(proc, p, value, XATTR_MAX);
		if (n < 0)
			continue; /* it has gone meanwhile */
		if (caps)
			put_caps(b, p, (const unsigned char *)value, (size_t)n);
		else
			tar_xattr(b, p, value, (size_t)n);
	}
	return 0;
}

static bool is_opaque(int fd)
{
	char v[2] = "";

	return (fgetxattr(fd, "trusted.overlay.opaque", v, sizeof(v)) == 1 && v[0] == 'y') ||
	       (fgetxattr(fd, "user.overlay.opaque", v, sizeof(v)) == 1 && v[0] == 'y');
}

/* ---- entries ---- */

static int put_marker(struct walk *w, const char *dir, const char *name, struct err *e)
{
	auto_free char *path = xasprintf("%s%s%s", dir, dir[0] ? "/" : "", name);
	const struct tar_entry t = { .type = TAR_FILE, .path = path, .mode = 0600 };

	return tar_header(w->out, &t, e);
}

static int put_whiteout(struct walk *w, const char *dir, const char *name, struct err *e)
{
	auto_free char *marker = xasprintf(WH "%s", name);

	return mutant("export.whiteout") ? 0 : put_marker(w, dir, marker, e);
}

static bool type_of(const struct stat *st, enum tar_type *ret)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		*ret = TAR_FILE;
		return true;
	case S_IFDIR:
		*ret = TAR_DIR;
		return true;
	case S_IFLNK:
		*ret = TAR_SYMLINK;
		return true;
	case S_IFIFO:
		*ret = TAR_FIFO;
		return true;
	default:
		return false;
	}
}

/* @fd: O_PATH of the entry itself */
static int put_entry(struct walk *w, int fd, const struct stat *st, const char *path, struct err *e)
{
	auto_strbuf struct strbuf xattrs = STRBUF_INIT;
	char target[PATH_MAX] = "";
	struct tar_entry t = {
		.path = path,
		.mode = st->st_mode & 07777,
		.uid = inside(w->ids->uid_mappings, w->ids->n_uid_mappings, st->st_uid),
		.gid = inside(w->ids->gid_mappings, w->ids->n_gid_mappings, st->st_gid),
		.mtime_s = st->st_mtim.tv_sec,
	};
	auto_close int data = -1;

	if (!type_of(st, &t.type)) {
		left_out(w, path, "a layer has no sockets and no devices");
		return 0;
	}
	t.link = t.type == TAR_DIR ? NULL : earlier_link(w, st, path);
	if (t.link) {
		t.type = TAR_HARDLINK;
		return tar_header(w->out, &t, e);
	}
	if (t.type == TAR_SYMLINK) {
		if (readlinkat(fd, "", target, sizeof(target) - 1) < 0)
			return err_sys(e, "read the link %s", path);
		t.link = target;
	} else if (put_xattrs(&xattrs, fd, path, e)) {
		return -1;
	}
	t.xattrs = xattrs;
	if (t.type != TAR_FILE)
		return tar_header(w->out, &t, e);

	auto_free char *proc = xasprintf("/proc/self/fd/%d", fd);
	data = open(proc, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (data < 0)
		return err_sys(e, "open %s", path);
	t.size = (uint64_t)st->st_size;
	return tar_header(w->out, &t, e) || tar_data(w->out, data, t.size, e) ? -1 : 0;
}

static int put_dir(struct walk *w, int dirfd, const char *dir, unsigned depth, struct err *e);

static int put_one(struct walk *w, int dirfd, const char *dir, const char *name, unsigned depth,
		   struct err *e)
{
	auto_free char *path = xasprintf("%s%s%s", dir, dir[0] ? "/" : "", name);
	auto_close int fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), sub = -1;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open %s", path);
	if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0))
		return put_whiteout(w, dir, name, e);
	if (str_has_prefix(name, WH)) {
		left_out(w, path, "in a layer its name means that something is removed");
		return 0;
	}
	if (put_entry(w, fd, &st, path, e))
		return -1;
	if (!S_ISDIR(st.st_mode))
		return 0;
	if (depth == DEPTH_MAX)
		return err_set(e, ERR_INPUT, "export: directories are nested more than %u deep",
			       DEPTH_MAX);
	sub = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (sub < 0)
		return err_sys(e, "open %s", path);
	if (is_opaque(sub) && !mutant("export.opaque") && put_marker(w, path, OPAQUE, e))
		return -1;
	return put_dir(w, sub, path, depth + 1, e);
}

static int no_dots(const struct dirent *d)
{
	return !streq(d->d_name, ".") && !streq(d->d_name, "..");
}

/* Sorted, so that two exports of one state are the same bytes. */
static int put_dir(struct walk *w, int dirfd, const char *dir, unsigned depth, struct err *e)
{
	struct dirent **v = NULL;
	int n = scandirat(dirfd, ".", &v, no_dots, alphasort), r = 0;

	if (n < 0)
		return err_sys(e, "read the directory /%s", dir);
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = put_one(w, dirfd, dir, v[i]->d_name, depth, e);
		free(v[i]);
	}
	free(v);
	return r;
}

static int open_upper(const struct container *c, int *ret_fd, struct err *e)
{
	const char *path;

	if (!c->s->upper_host)
		return err_set(e, ERR_UNSUPPORTED,
			       "export %s: its root is not an overlay with the upper layer on disk "
			       "(root.mode, root.upper of profile %s)",
			       c->id, c->s->profile);
	path = arena_printf(c->a, "%s/upper", c->s->upper_host);
	*ret_fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*ret_fd < 0 && errno == ENOENT)
		return err_set(e, ERR_UNSUPPORTED,
			       "export %s: there is no upper layer on disk (root.upper of profile "
			       "%s may be \"tmpfs\")",
			       c->id, c->s->profile);
	return *ret_fd < 0 ? err_sys(e, "open the upper layer %s", path) : 0;
}

static int open_output(const char *path, int *ret_fd, struct err *e)
{
	if (!path && isatty(STDOUT_FILENO))
		return err_set(e, ERR_USAGE,
			       "export: an archive is not for a terminal: use --output FILE");
	*ret_fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600)
		       : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	return *ret_fd < 0 ? err_sys(e, "open %s", path ? path : "standard output") : 0;
}

static int run_export(struct cmd_ctx *ctx, const void *opts_, const struct opt_args *args,
		      struct err *e)
{
	const struct export_opts *o = opts_;
	auto_container struct container c = CONTAINER_INIT;
	auto_walk struct walk w = { .out = -1 };
	auto_close int upper = -1, out = -1;
	struct oci_spec *s;

	if (container_open_named(ctx, args->v[0], &c, e) || container_spec(&c, &s, e) ||
	    open_output(o->output, &out, e) ||
	    (c.s->upper_host && c.s->is_rootless && cmd_outer_enter(ctx, e)) ||
	    open_upper(&c, &upper, e))
		return -1;
	w.ids = &s->linux_;
	w.out = out;
	if (put_dir(&w, upper, "", 0, e) || tar_end(out, e))
		return err_ctx(e, "export %s", c.id);
	return 0;
}

const struct cmd cmd_export = {
	.name = "export",
	.args = "[options] ID",
	.summary = "write what a container has changed as a layer of an image (tar)",
	.more = "The container should be stopped or paused, or files may be caught half written.\n",
	.opts = opts,
	.opts_size = sizeof(struct export_opts),
	.min_args = 1,
	.max_args = 1,
	.run = run_export,
};
