/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trusted.c - opening a file along a path that nobody else can change
 *
 * The path is walked component by component with descriptors, links included, so that what was
 * checked is what is opened: whoever could exchange a component between the two could write to a
 * directory that has been checked.
 */
#include "sys/trusted.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "base/str.h"

#define LINKS_MAX 40u
#define OVERFLOW_UID 65534u
#define USER_INIT_INO 0xEFFFFFFDu /* include/linux/proc_ns.h: the initial user namespace */

struct walk {
	const char *path_host; /* as asked for: for messages */
	int flags;
	int dir;
	bool dir_is_shared; /* anybody may put files there */
	unsigned links;
	char *at_host, *rest; /* where we are ("" for "/"), what is left; owned */
};

static void walk_done(struct walk *w)
{
	fd_close(&w->dir);
	free(w->at_host);
	free(w->rest);
}
#define auto_walk __attribute__((cleanup(walk_done)))

/* @text replaces what *owned held. */
static void set(char **owned, char *text)
{
	free(*owned);
	*owned = text;
}

static bool is_in_userns(void)
{
	struct stat st;

	return stat("/proc/self/ns/user", &st) == 0 && st.st_ino != USER_INIT_INO;
}

static bool is_owner_trusted(uid_t uid)
{
	return uid == 0 || uid == geteuid() || (uid == OVERFLOW_UID && is_in_userns());
}

/* @name: of the component; "" for "/" */
static int check(const struct walk *w, const char *name, const struct stat *st, struct err *e)
{
	auto_free char *path = xasprintf("%s/%s", w->at_host, name);
	bool others = st->st_mode & (S_IWGRP | S_IWOTH) && !S_ISLNK(st->st_mode);
	bool sticky = S_ISDIR(st->st_mode) && st->st_mode & S_ISVTX;

	if (!is_owner_trusted(st->st_uid) && !mutant("trusted.owner"))
		return err_set(e, ERR_DENIED,
			       "read %s: %s is owned by uid %u, who could change the policy: it "
			       "must belong to root",
			       w->path_host, path, (unsigned)st->st_uid);
	if (others && !sticky && !mutant("trusted.mode"))
		return err_set(e, ERR_DENIED,
			       "read %s: %s has mode %04o, so others could change the policy: it "
			       "must be writable by root alone",
			       w->path_host, path, (unsigned)st->st_mode & 07777);
	if (w->dir_is_shared && !S_ISDIR(st->st_mode) && !mutant("trusted.shared"))
		return err_set(e, ERR_DENIED,
			       "read %s: %s is in a directory where others may put files: it "
			       "must be in one that root alone can write",
			       w->path_host, path);
	return 0;
}

static int fail(const struct walk *w, struct err *e)
{
	if (errno == ENOENT && w->links)
		return err_set(e, ERR_INPUT, "open %s: a symbolic link that leads nowhere",
			       w->path_host);
	return err_sys(e, "open %s", w->path_host);
}

static int enter(struct walk *w, const char *name, int fd, const struct stat *st, struct err *e)
{
	if (check(w, name, st, e)) {
		fd_close(&fd);
		return -1;
	}
	fd_close(&w->dir);
	w->dir = fd;
	w->dir_is_shared = st->st_mode & (S_IWGRP | S_IWOTH);
	set(&w->at_host, name[0] ? xasprintf("%s/%s", w->at_host, name) : xstrdup(""));
	return 0;
}

static int enter_root(struct walk *w, struct err *e)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		err_sys(e, "open /");
		fd_close(&fd);
		return -1;
	}
	w->dir_is_shared = false;
	set(&w->at_host, xstrdup(""));
	return enter(w, "", fd, &st, e);
}

/* What is left of the path continues behind the link's target. */
static int follow(struct walk *w, int link, const char *rest, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(link, "", target, sizeof(target));

	if (n < 0)
		return fail(w, e);
	if ((size_t)n == sizeof(target) || ++w->links > LINKS_MAX) {
		errno = ELOOP;
		return fail(w, e);
	}
	set(&w->rest, xasprintf("%.*s/%s", (int)n, target, rest));
	return target[0] == '/' ? enter_root(w, e) : 0;
}

/* The last component, for reading; it is still what was checked. */
static int open_last(struct walk *w, const char *name, const struct stat *was, int *ret_fd,
		     struct err *e)
{
	auto_close int fd = openat(w->dir, name,
				   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | w->flags);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(w, e);
	if (st.st_dev != was->st_dev || st.st_ino != was->st_ino)
		return err_set(e, ERR_SYS, "open %s: it was exchanged meanwhile", w->path_host);
	*ret_fd = take_fd(fd);
	return 0;
}

/* One component; 1: it was the last one. */
static int step(struct walk *w, int *ret_fd, struct err *e)
{
	const char *at = w->rest + strspn(w->rest, "/");
	char name[NAME_MAX + 1];
	size_t n = strcspn(at, "/");
	struct stat st;

	if (n == 0)
		at = ".", n = 1;
	if (n > NAME_MAX) {
		errno = ENAMETOOLONG;
		return fail(w, e);
	}
	memcpy(name, at, n);
	name[n] = '\0';

	auto_free char *rest = xstrdup(at + n + strspn(at + n, "/"));
	auto_close int fd = openat(w->dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(w, e);
	if (S_ISLNK(st.st_mode))
		return check(w, name, &st, e) ? -1 : follow(w, fd, rest, e);
	if (!rest[0]) {
		if (check(w, name, &st, e) || open_last(w, name, &st, ret_fd, e))
			return -1;
		return 1;
	}
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return fail(w, e);
	}
	set(&w->rest, xstrdup(rest));
	return enter(w, name, take_fd(fd), &st, e);
}

int trusted_open(const char *path_host, int flags, int *ret_fd, struct err *e)
{
	auto_walk struct walk w = { .path_host = path_host, .flags = flags, .dir = -1 };
	int r;

	w.rest = xstrdup(path_host);
	r = enter_root(&w, e);
	while (r == 0)
		r = step(&w, ret_fd, e);
	return r < 0 ? -1 : 0;
}
