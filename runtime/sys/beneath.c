/* SPDX-License-Identifier: Apache-2.0 */
/*
 * beneath.c - work on a hostile tree, through its root's descriptor
 *
 * Theory of operation. The kernel does every resolution (openat2, RESOLVE_IN_ROOT and
 * RESOLVE_NO_MAGICLINKS): a symbolic link may lead anywhere inside the root and nowhere else.
 * What the kernel cannot do is make what is missing, so make_path() walks: it keeps the text of
 * the part that is done (real directories only) and of the rest, and looks at one component at a
 * time with RESOLVE_NO_SYMLINKS. A link is read and its text put in front of the rest, so that a
 * dangling link of an image (/etc/resolv.conf -> ../run/x) is completed as the container would.
 * Whatever somebody swaps between two steps, each step again begins at the root's descriptor and
 * follows no link, so the worst outcome is an error or an object elsewhere inside the root.
 */
#include "sys/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "base/str.h"
#include "sys/syscalls.h"

#define RACE_TRIES 128 /* EAGAIN: a ".." met a concurrent rename or mount */
#define LINKS_MAX 40   /* as the kernel's own limit in a path */

/* openat2 under @rootfd; -1 with errno. EAGAIN and EXDEV are races and retried. */
static int open_in_root(int rootfd, const char *path_ctr, int flags, mode_t mode, uint64_t resolve)
{
	int fd = -1;

	/* "" is not a path for openat2, and "/" is the root itself under RESOLVE_IN_ROOT */
	for (int i = 0; i < RACE_TRIES; i++) {
		fd = sys_openat2(rootfd, *path_ctr ? path_ctr : "/", (uint64_t)flags | O_CLOEXEC,
				 flags & (O_CREAT | __O_TMPFILE) ? mode : 0,
				 resolve | RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
		if (fd >= 0 || (errno != EAGAIN && errno != EXDEV))
			break;
	}
	return fd;
}

/* O_PATH | O_NOFOLLOW opens a link itself: say ELOOP as open(2) does without O_PATH. */
static bool is_link(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISLNK(st.st_mode);
}

int beneath_open(int rootfd, const char *path_ctr, int flags, mode_t mode, enum beneath_link links,
		 int *ret_fd, struct err *e)
{
	uint64_t resolve = links == LINK_REFUSE ? RESOLVE_NO_SYMLINKS : 0;

	if (links == LINK_REFUSE_LAST)
		flags |= O_NOFOLLOW;
	auto_close int fd = open_in_root(rootfd, path_ctr, flags, mode, resolve);
	if (fd >= 0 && links == LINK_REFUSE_LAST && is_link(fd)) {
		errno = ELOOP;
		return err_sys(e, "open %s in the container's root: is a symbolic link", path_ctr);
	}
	if (fd < 0)
		return err_sys(e, "open %s in the container's root", path_ctr);
	*ret_fd = take_fd(fd);
	return 0;
}

/* What make_path() is to leave at the end of the path where nothing is. */
enum make { MAKE_DIR, MAKE_FILE };

struct walk {
	int rootfd;
	enum make last;
	enum beneath_link links;
	mode_t dir_mode, last_mode;
	char done[PATH_MAX]; /* "" or "/a/b": real directories, seen or made */
	char rest[PATH_MAX]; /* still to go: components divided by '/' */
	int n_links;
};

/* Take the first component off w->rest; an empty one means the walk is over. */
static void next_component(struct walk *w, char name[NAME_MAX + 2])
{
	size_t skip = strspn(w->rest, "/");
	size_t n = strcspn(w->rest + skip, "/");
	size_t keep = n <= NAME_MAX ? n : NAME_MAX + 1; /* too long: the kernel will say so */

	memcpy(name, w->rest + skip, keep);
	name[keep] = '\0';
	memmove(w->rest, w->rest + skip + n, strlen(w->rest + skip + n) + 1);
}

static bool is_last(const struct walk *w)
{
	return w->rest[strspn(w->rest, "/")] == '\0';
}

/* The link @fd stands where the walk is: its text goes in front of the rest. */
static int splice_link(struct walk *w, int fd)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(fd, "", text, sizeof(text) - 1);

	if (n < 0)
		return -1;
	if (w->links == LINK_REFUSE || ++w->n_links > LINKS_MAX) {
		errno = ELOOP;
		return -1;
	}
	text[n] = '\0';

	size_t rest = strlen(w->rest);
	if ((size_t)n + 1 + rest >= sizeof(w->rest)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memmove(w->rest + n + 1, w->rest, rest + 1);
	memcpy(w->rest, text, (size_t)n);
	w->rest[n] = '/';
	if (text[0] == '/')
		w->done[0] = '\0';
	return 0;
}

/* Test builds: by the path that was looked at before, wherever it leads by now. */
static int make_by_path(const struct walk *w, const char *name, enum make what, mode_t mode)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/self/fd/%d%s/%s", w->rootfd, w->done, name);
	(void)usleep(MUTANT_RACE_US);
	if (what == MAKE_DIR)
		return mkdir(path, mode) < 0 && errno != EEXIST ? -1 : 0;
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);
	return fd < 0 ? -1 : 0;
}

/* Make @name in the directory w->done; somebody else having made it meanwhile is success. */
static int make_component(const struct walk *w, const char *name, enum make what, mode_t mode)
{
	auto_close int dir =
		open_in_root(w->rootfd, w->done, O_PATH | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS);
	auto_close int fd = -1;

	if (dir < 0)
		return -1;
	if (what == MAKE_DIR ? mutant("beneath.dir_by_fd") : mutant("beneath.file_by_fd"))
		return make_by_path(w, name, what, mode);
	if (what == MAKE_DIR)
		return mkdirat(dir, name, mode) < 0 && errno != EEXIST ? -1 : 0;
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	return fd < 0 && errno != EEXIST ? -1 : 0;
}

static void pop(struct walk *w)
{
	char *slash = strrchr(w->done, '/');

	if (slash)
		*slash = '\0';
}

static int push(struct walk *w, const char *name)
{
	size_t n = strlen(w->done);

	if ((size_t)snprintf(w->done + n, sizeof(w->done) - n, "/%s", name) < sizeof(w->done) - n)
		return 0;
	w->done[n] = '\0';
	errno = ENAMETOOLONG;
	return -1;
}

/* One component: there, made, or a link that was spliced in. */
static int step(struct walk *w, const char *name)
{
	bool last = is_last(w);
	enum make what = last ? w->last : MAKE_DIR;
	char parent[PATH_MAX];

	memcpy(parent, w->done, sizeof(parent));
	if (push(w, name))
		return -1;
	for (int i = 0; i < RACE_TRIES; i++) {
		auto_close int fd = open_in_root(w->rootfd, w->done, O_PATH | O_NOFOLLOW, 0, 0);

		if (fd >= 0 && is_link(fd)) {
			if (last && w->links == LINK_REFUSE_LAST) {
				errno = ELOOP;
				return -1;
			}
			memcpy(w->done, parent, sizeof(parent));
			return splice_link(w, fd);
		}
		if (fd >= 0)
			return 0;
		if (errno != ENOENT)
			return -1;

		char made[PATH_MAX];
		memcpy(made, w->done, sizeof(made));
		memcpy(w->done, parent, sizeof(parent));
		if (make_component(w, name, what, last ? w->last_mode : w->dir_mode))
			return -1;
		memcpy(w->done, made, sizeof(made));
	}
	errno = EAGAIN;
	return -1;
}

/* Returns an O_PATH fd of the path's end, everything missing having been made; -1 with errno. */
static int make_path(struct walk *w, const char *path_ctr)
{
	char name[NAME_MAX + 2];

	if (strlen(path_ctr) >= sizeof(w->rest)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(w->rest, path_ctr, strlen(path_ctr) + 1);

	auto_close int there =
		open_in_root(w->rootfd, path_ctr, O_PATH | O_NOFOLLOW, 0, RESOLVE_NO_SYMLINKS);
	if (there >= 0 && !is_link(there))
		return take_fd(there); /* as it mostly is: no link on the way, nothing to make */
	for (;;) {
		next_component(w, name);
		if (name[0] == '\0')
			break;
		if (streq(name, "."))
			continue;
		if (streq(name, ".."))
			pop(w);
		else if (step(w, name))
			return -1;
	}
	return open_in_root(w->rootfd, w->done, O_PATH | O_NOFOLLOW, 0, RESOLVE_NO_SYMLINKS);
}

int beneath_mkdirs(int rootfd, const char *path_ctr, mode_t mode, enum beneath_link links,
		   int *ret_fd, struct err *e)
{
	struct walk w = { .rootfd = rootfd,
			  .last = MAKE_DIR,
			  .links = links,
			  .dir_mode = 0755,
			  .last_mode = mode };
	auto_close int fd = make_path(&w, path_ctr);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "make directory %s in the container's root", path_ctr);
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return err_sys(e, "make directory %s in the container's root", path_ctr);
	}
	*ret_fd = take_fd(fd);
	return 0;
}

int beneath_touch(int rootfd, const char *path_ctr, mode_t mode, enum beneath_link links,
		  int *ret_fd, struct err *e)
{
	struct walk w = { .rootfd = rootfd,
			  .last = MAKE_FILE,
			  .links = links,
			  .dir_mode = 0755,
			  .last_mode = mode };
	auto_close int fd = make_path(&w, path_ctr);

	if (fd < 0)
		return err_sys(e, "make file %s in the container's root", path_ctr);
	*ret_fd = take_fd(fd);
	return 0;
}

int beneath_parent(int rootfd, const char *path_ctr, enum beneath_link links, int *ret_dirfd,
		   const char **ret_name, struct err *e)
{
	const char *name = strrchr(path_ctr, '/');
	char dir[PATH_MAX];

	name = name ? name + 1 : path_ctr;
	size_t n = (size_t)(name - path_ctr);
	if (*name == '\0' || streq(name, ".") || streq(name, "..") || n >= sizeof(dir))
		return err_set(e, ERR_INPUT, "container path %s does not name a file", path_ctr);
	memcpy(dir, path_ctr, n);
	dir[n] = '\0';
	if (beneath_mkdirs(rootfd, dir, 0755, links, ret_dirfd, e))
		return -1;
	*ret_name = name;
	return 0;
}

int beneath_write(int rootfd, const char *path_ctr, const char *data, size_t n, mode_t mode,
		  struct err *e)
{
	auto_close int dir = -1;
	const char *name;

	if (beneath_parent(rootfd, path_ctr, LINK_FOLLOW, &dir, &name, e) ||
	    fd_write_file_at(dir, name, data, n, mode, e))
		return err_ctx(e, "write %s in the container's root", path_ctr);
	return 0;
}
