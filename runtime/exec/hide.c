/* SPDX-License-Identifier: Apache-2.0 */
/* hide.c - the walk over a project for names that must not be seen, and for sockets and pipes */
#include "exec/hide.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "base/str.h"

struct walk {
	const struct hide *h;
	hide_found *found;
	void *ctx;
	dev_t dev;
	struct strbuf path; /* of the directory that is read, with a slash at its end, or empty */
	unsigned n_entries, n_found;
};

static void close_dir(DIR **d)
{
	if (*d)
		(void)closedir(*d); /* was only read */
}

static bool matches(const char *const *patterns, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (fnmatch(patterns[i], name, 0) == 0)
			return true;
	return false;
}

static int too_large(const char *what, unsigned limit, struct err *e)
{
	return err_set(e, ERR_UNSUPPORTED,
		       "searching for the names in mounts.hide: more than %u %s; mount a smaller "
		       "directory, or name directories that need no search in mounts.show",
		       limit, what);
}

static int read_dir(struct walk *w, int fd, unsigned depth, struct err *e);

static int descend(struct walk *w, int dir, const char *name, unsigned depth, struct err *e)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	size_t len = w->path.len;
	struct stat st;

	if (fd < 0) /* gone, changed, or closed to us; a lack of descriptors is none of these */
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == EACCES
			       ? 0
			       : err_sys(e, "open %s%s", w->path.p ? w->path.p : "", name);
	if (fstat(fd, &st) < 0 || st.st_dev != w->dev) {
		fd_close(&fd);
		return 0;
	}
	if (depth == HIDE_MAX_DEPTH) {
		fd_close(&fd);
		return too_large("levels of directories", HIDE_MAX_DEPTH, e);
	}
	strbuf_addf(&w->path, "%s/", name);
	int ret = read_dir(w, fd, depth + 1, e);
	w->path.len = len;
	w->path.p[len] = '\0';
	return ret;
}

static bool is_dir(int dir, const struct dirent *de)
{
	struct stat st;

	if (de->d_type != DT_UNKNOWN)
		return de->d_type == DT_DIR;
	return fstatat(dir, de->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* A process of the host is behind it. */
static bool is_door(int dir, const struct dirent *de)
{
	struct stat st;

	if (mutant("projects.sockets"))
		return false;
	if (de->d_type != DT_UNKNOWN)
		return de->d_type == DT_SOCK || de->d_type == DT_FIFO;
	return fstatat(dir, de->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (S_ISSOCK(st.st_mode) || S_ISFIFO(st.st_mode));
}

static int look_at(struct walk *w, int dir, const struct dirent *de, unsigned depth, struct err *e)
{
	const char *name = de->d_name;

	if (streq(name, ".") || streq(name, ".."))
		return 0;
	if (++w->n_entries > HIDE_MAX_ENTRIES)
		return too_large("files", HIDE_MAX_ENTRIES, e);
	if (!is_door(dir, de) && matches(w->h->except, w->h->n_except, name))
		return 0;
	if (!is_door(dir, de) && !matches(w->h->names, w->h->n_names, name))
		return is_dir(dir, de) ? descend(w, dir, name, depth, e) : 0;
	if (++w->n_found > HIDE_MAX_FOUND)
		return too_large("matches", HIDE_MAX_FOUND, e);

	auto_strbuf struct strbuf path = STRBUF_INIT;

	strbuf_addf(&path, "%s%s", w->path.p ? w->path.p : "", name);
	return w->found(w->ctx, dir, name, path.p, e);
}

/* Takes @fd. */
static int read_dir(struct walk *w, int fd, unsigned depth, struct err *e)
{
	__attribute__((cleanup(close_dir))) DIR *d = fdopendir(fd);
	const struct dirent *de;

	if (!d) {
		fd_close(&fd);
		return err_sys(e, "read the project");
	}
	while ((errno = 0, de = readdir(d)))
		if (look_at(w, fd, de, depth, e))
			return -1;
	return errno ? err_sys(e, "read the project") : 0;
}

int hide_walk(int root, const struct hide *h, hide_found *found, void *ctx, struct err *e)
{
	struct walk w = { .h = h, .found = found, .ctx = ctx, .path = STRBUF_INIT };
	int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		int unreadable = fd < 0 && errno == EACCES;

		fd_close(&fd);
		return unreadable ? 0 : err_sys(e, "open the project");
	}
	w.dev = st.st_dev;
	int ret = read_dir(&w, fd, 0, e);
	strbuf_done(&w.path);
	return ret;
}
