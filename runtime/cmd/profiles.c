/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profiles.c - reading an administrator's profiles
 *
 * A file that anybody but root could have written is an error, and not passed over: that would let
 * whoever made it unreadable choose the weaker of two policies.
 */
#include "cmd/profiles.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "base/path.h"
#include "base/str.h"

static int check_owner(int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat %s", path);
	if ((st.st_uid != 0 || st.st_mode & (S_IWGRP | S_IWOTH)) && !mutant("profile.owner"))
		return err_set(e, ERR_DENIED,
			       "profile %s: owned by uid %u with mode %04o; it must belong to root "
			       "and be writable by nobody else",
			       path, (unsigned)st.st_uid, (unsigned)st.st_mode & 07777);
	return 0;
}

static int read_text(struct arena *a, int fd, const char *path, const char **ret_text,
		     size_t *ret_len, struct err *e)
{
	auto_free char *text = NULL;
	struct stat st;
	size_t len;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "profile %s: not a regular file", path);
	if (fd_read_all(fd, PROFILE_MAX_BYTES, path, &text, &len, e))
		return -1;
	*ret_text = arena_strndup(a, text, len);
	*ret_len = len;
	return 0;
}

/* The directory is looked at too, by descriptor: who may write there may put files there. */
static int read_installed(void *ctx, struct arena *a, const char *name, const char **ret_text,
			  size_t *ret_len, struct err *e)
{
	const char *dir = ctx ? ctx : PROFILE_DIR;
	const char *path = arena_printf(a, "%s/%s.json", dir, name);
	auto_close int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int fd = -1;

	if (dirfd >= 0)
		fd = openat(dirfd, path_base(path),
			    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		*ret_text = NULL;
		return 0;
	}
	if (fd < 0)
		return err_sys(e, "open profile %s", path);
	if (check_owner(dirfd, dir, e) || check_owner(fd, path, e))
		return -1;
	return read_text(a, fd, path, ret_text, ret_len, e);
}

int profiles_load(struct arena *a, const char *dir, const char *name,
		  const struct profile **ret_profile, struct err *e)
{
	struct profile *p;

	if (profile_load(a, name, read_installed, (void *)dir, &p, e))
		return -1;
	*ret_profile = p;
	return 0;
}

struct candidate {
	const char *name, *path, *dir;
	bool used; /* a file that extends its own name means the built-in one */
};

static int read_candidate(void *ctx, struct arena *a, const char *name, const char **ret_text,
			  size_t *ret_len, struct err *e)
{
	struct candidate *c = ctx;
	auto_close int fd = -1;

	if (c->used || !streq(name, c->name))
		return read_installed((void *)c->dir, a, name, ret_text, ret_len, e);
	c->used = true;
	fd = open(c->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open profile %s", c->path);
	return read_text(a, fd, c->path, ret_text, ret_len, e);
}

int profiles_load_file(struct arena *a, const char *dir, const char *path,
		       const struct profile **ret_profile, struct err *e)
{
	const char *base = path_base(path);
	size_t n = strlen(base) - (str_has_suffix(base, ".json") ? strlen(".json") : 0);
	struct candidate c = { .name = arena_strndup(a, base, n), .path = path, .dir = dir };
	struct profile *p;

	if (profile_load(a, c.name, read_candidate, &c, &p, e))
		return -1;
	*ret_profile = p;
	return 0;
}

int profiles_text(struct arena *a, const char *dir, const char *name, const char **ret_text,
		  size_t *ret_len, struct err *e)
{
	const struct profile *checked;

	/* First of all the name: it becomes part of a path. */
	if (profiles_load(a, dir, name, &checked, e) ||
	    read_installed((void *)dir, a, name, ret_text, ret_len, e))
		return -1;
	if (!*ret_text) {
		*ret_text = profile_builtin(name);
		*ret_len = strlen(*ret_text);
	}
	return 0;
}
