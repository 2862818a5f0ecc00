/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dir.c - the container's directory: made, locked, listed and removed
 *
 * Theory of operation. mkdir(2) of <root>/<id> reserves the id; the lock says whether somebody
 * is at work in it. state.json is replaced by rename(2), so readers take no lock: `state` called
 * by a hook during `create` must not wait for that create. A directory without state.json, or
 * whose state has no pid, and whose lock is free, was left by a runtime that was killed: it is
 * shown as stopped and can be deleted.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "base/path.h"
#include "state/state.h"

#define LOCK_NAME "lock"
#define REMOVE_DEPTH 8
#define REMOVE_TRIES 5
#define STATE_MAX_IDS 65536u

bool state_id_is_valid(const char *id)
{
	size_t n = strlen(id);

	if (n == 0 || n > STATE_ID_MAX || (id[0] == '.' && !mutant("state.id")))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!chr_is_alnum(id[i]) && !strchr("_+.-", id[i]))
			return false;
	return true;
}

static int check_id(const char *id, struct err *e)
{
	if (state_id_is_valid(id))
		return 0;
	return err_set(e, ERR_INPUT,
		       "invalid container ID format: \"%s\": 1 to %d of A-Z a-z 0-9 _ + . -, "
		       "not starting with a dot",
		       id, STATE_ID_MAX);
}

/* Whoever may write there may put a container there whose state is his own. */
static int check_root(const char *root, struct err *e)
{
	struct stat st;

	if (stat(root, &st) < 0)
		return err_sys(e, "state root %s", root);
	if ((st.st_uid != geteuid() || st.st_mode & (S_IWGRP | S_IWOTH)) && !mutant("state.root"))
		return err_set(e, ERR_DENIED,
			       "state root %s: owned by uid %u with mode %04o; it must belong to "
			       "uid %u and be writable by nobody else",
			       root, (unsigned)st.st_uid, (unsigned)st.st_mode & 07777,
			       (unsigned)geteuid());
	return 0;
}

/* The root and its missing parents. Only the last is ours: private where the user is not root,
 * and sticky there, so that cleaners of XDG_RUNTIME_DIR leave it alone. */
static int make_root(const char *root, struct err *e)
{
	mode_t mode = geteuid() == 0 ? 0711 : 0700 | S_ISVTX;
	auto_free char *path = xstrdup(root);

	if (root[0] != '/' || !root[1])
		return err_set(e, ERR_USAGE,
			       "state root %s: must be an absolute directory other than /", root);
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(path, 0711) < 0 && errno != EEXIST)
			return err_sys(e, "create state root %s", path);
		*p = '/';
	}
	if (mkdir(path, mode) < 0)
		return errno == EEXIST ? check_root(path, e)
				       : err_sys(e, "create state root %s", path);
	return chmod(path, mode) < 0 ? err_sys(e, "set the mode of state root %s", path) : 0;
}

static int open_container(const char *root, const char *id, int *ret_dirfd, struct err *e)
{
	auto_close int rootfd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rootfd < 0 && errno != ENOENT)
		return err_sys(e, "open state root %s", root);

	auto_close int fd =
		rootfd < 0 ? -1
			   : openat(rootfd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(e, ERR_NOTFOUND, "container does not exist: %s", id);
	if (fd < 0)
		return err_sys(e, "open the state of container %s", id);
	*ret_dirfd = take_fd(fd);
	return 0;
}

/* What was waited for may have been the end of the container: a directory without links is gone. */
int state_lock(const char *id, int dirfd, int *ret_lock, struct err *e)
{
	auto_close int fd =
		openat(dirfd, LOCK_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;
	int rc = -1;

	if (fd < 0 && errno == ENOENT)
		return err_set(e, ERR_NOTFOUND, "container does not exist: %s", id);
	if (fd < 0)
		return err_sys(e, "open the lock of container %s", id);
	do
		rc = flock(fd, LOCK_EX);
	while (rc < 0 && errno == EINTR);
	if (rc < 0 || fstat(dirfd, &st) < 0)
		return err_sys(e, "lock container %s", id);
	if (st.st_nlink == 0)
		return err_set(e, ERR_NOTFOUND, "container does not exist: %s", id);
	*ret_lock = take_fd(fd);
	return 0;
}

/* Nobody else has made anything of it: the lock is free, and only create puts files there. */
static void give_back(int rootfd, const char *id)
{
	auto_free char *lock = xasprintf("%s/" LOCK_NAME, id);

	(void)unlinkat(rootfd, lock, 0); /* a second failure has nobody to tell it to */
	(void)unlinkat(rootfd, id, AT_REMOVEDIR);
}

int state_create_dir(const char *root, const char *id, int *ret_dirfd, int *ret_lock, struct err *e)
{
	if (check_id(id, e) || make_root(root, e))
		return -1;

	auto_close int rootfd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rootfd < 0)
		return err_sys(e, "open state root %s", root);
	if (mkdirat(rootfd, id, 0700) < 0)
		return errno == EEXIST
			       ? err_set(e, ERR_STATE, "container with given ID already exists: %s",
					 id)
			       : err_sys(e, "create the state directory of container %s in %s", id,
					 root);

	auto_close int dirfd = -1;
	struct err why = ERR_INIT;
	if (open_container(root, id, &dirfd, &why) || state_lock(id, dirfd, ret_lock, &why)) {
		give_back(rootfd, id);
		if (why.kind == ERR_NOTFOUND)
			err_ctx(&why, "deleted while it was being created");
		if (e)
			*e = why;
		return -1;
	}
	*ret_dirfd = take_fd(dirfd);
	return 0;
}

int state_open(const char *root, const char *id, bool exclusive, int *ret_dirfd, int *ret_lock,
	       struct err *e)
{
	auto_close int dirfd = -1;
	int lock = -1;

	if (check_id(id, e) || open_container(root, id, &dirfd, e) ||
	    (exclusive && state_lock(id, dirfd, &lock, e)))
		return -1;
	*ret_dirfd = take_fd(dirfd);
	*ret_lock = lock;
	return 0;
}

bool state_is_locked(int dirfd)
{
	auto_close int fd = openat(dirfd, LOCK_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

static int remove_content(int dirfd, unsigned depth, struct err *e);

static int remove_entry(int dirfd, const char *name, unsigned depth, struct err *e)
{
	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR)
		return err_sys(e, "remove %s", name);
	if (depth == 0)
		return err_set(e, ERR_INPUT, "remove %s: nested too deeply", name);

	auto_close int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open %s", name);
	if (remove_content(fd, depth - 1, e))
		return err_ctx(e, "%s", name);
	return unlinkat(dirfd, name, AT_REMOVEDIR) < 0 ? err_sys(e, "remove %s", name) : 0;
}

static void dir_close(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}
#define auto_dir __attribute__((cleanup(dir_close)))

static bool is_dots(const char *name)
{
	return streq(name, ".") || streq(name, "..");
}

static int remove_content(int dirfd, unsigned depth, struct err *e)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		err_sys(e, "read directory");
		fd_close(&fd);
		return -1;
	}
	for (struct dirent *de; (de = readdir(d));)
		if (!is_dots(de->d_name) && remove_entry(dirfd, de->d_name, depth, e))
			return -1;
	return 0;
}

int state_remove_dir(const char *root, const char *id, int dirfd, struct err *e)
{
	auto_close int rootfd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (rootfd < 0)
		return err_sys(e, "open state root %s", root);
	/* First, for nobody would find them again once the directory is gone. */
	if (state_release_ids(root, id, e))
		return -1;
	/* Somebody who waits for the lock may put a new lock file in after we removed ours. */
	for (int tries = 0; tries < REMOVE_TRIES; tries++) {
		if (remove_content(dirfd, REMOVE_DEPTH, e))
			return err_ctx(e, "remove the state of container %s", id);
		if (unlinkat(rootfd, id, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
		if (errno != ENOTEMPTY)
			break;
	}
	return err_sys(e, "remove the state directory of container %s", id);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int state_list(struct arena *a, const char *root, const char ***ret_ids, size_t *ret_n,
	       struct err *e)
{
	auto_dir DIR *d = opendir(root);
	const char **ids = NULL;
	size_t n = 0;

	if (!d && errno != ENOENT)
		return err_sys(e, "read state root %s", root);
	for (struct dirent *de; d && (de = readdir(d));) {
		if (!state_id_is_valid(de->d_name) ||
		    (de->d_type != DT_DIR && de->d_type != DT_UNKNOWN))
			continue;
		if (n == STATE_MAX_IDS)
			return err_set(e, ERR_INPUT, "read state root %s: more than %u containers",
				       root, STATE_MAX_IDS);
		*arena_push(a, ids, n) = arena_strdup(a, de->d_name);
	}
	if (n > 1)
		qsort(ids, n, sizeof(*ids), by_name);
	*ret_ids = ids;
	*ret_n = n;
	return 0;
}
