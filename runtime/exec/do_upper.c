/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_upper.c - removing what a container has left in its upper directory
 *
 * The tree was written by somebody hostile: it may be deeper than any stack or descriptor limit,
 * hold names of any bytes, links to anywhere, directories without permissions, immutable files.
 * Everything goes by descriptor, never follows a link, and uses a bounded number of descriptors:
 * a directory that lies deeper than MAX_DEPTH is first moved up to the top, and removed from there
 * in a later round. Each round removes at least MAX_DEPTH levels, so it ends.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "base/str.h"
#include "exec/exec.h"
#include "state/state.h"

#define MAX_DEPTH 32

struct removal {
	int top;	  /* the directory that is being emptied */
	unsigned n_moved; /* names for what was moved up: ".deep.N" */
};

static void close_dir(DIR **d)
{
	if (*d)
		(void)closedir(*d); /* was only read */
}

/* Without the container's user namespace its root may have set these; then even we get EPERM. */
static void clear_immutable(int fd)
{
	int flags;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && (flags & (FS_IMMUTABLE_FL | FS_APPEND_FL))) {
		flags &= ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
		(void)ioctl(fd, FS_IOC_SETFLAGS, &flags); /* the next unlink tells */
	}
}

/* Only regular files and directories are ever opened: a fifo or device would do something. */
static int open_plain(int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		errno = EPERM;
		return -1;
	}
	return openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* unlinkat(2), and once more with immutable flags taken off what may be in the way. */
static int unlink_hard(int dir, const char *name, int flags)
{
	if (unlinkat(dir, name, flags) == 0 || errno == ENOENT)
		return 0;
	if (errno != EPERM && errno != EACCES)
		return -1;

	auto_close int fd = open_plain(dir, name);
	clear_immutable(dir);
	if (fd >= 0)
		clear_immutable(fd);
	return unlinkat(dir, name, flags);
}

/* Too deep: put the directory right below the top, for a later round. */
static int move_up(struct removal *r, int dir, const char *name)
{
	char deep[32];

	snprintf(deep, sizeof(deep), ".deep.%u", r->n_moved++);
	if (renameat(dir, name, r->top, deep) == 0)
		return 0;

	auto_close int fd = open_plain(dir, name);
	clear_immutable(dir);
	if (fd >= 0)
		clear_immutable(fd);
	return renameat(dir, name, r->top, deep);
}

static int empty_dir(struct removal *r, int fd, int depth);

static int remove_entry(struct removal *r, int dir, const char *name, int depth)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISDIR(st.st_mode))
		return unlink_hard(dir, name, 0);
	if (depth == MAX_DEPTH)
		return move_up(r, dir, name);

	auto_close int fd = open_plain(dir, name);
	if (fd < 0 || empty_dir(r, fd, depth + 1))
		return -1;
	return unlink_hard(dir, name, AT_REMOVEDIR);
}

/* Passes over @fd until one finds nothing: a directory that changes may hide entries from one. */
static int empty_dir(struct removal *r, int fd, int depth)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	__attribute__((cleanup(close_dir))) DIR *d = copy < 0 ? NULL : fdopendir(copy);
	bool seen;

	if (!d) {
		fd_close(&copy);
		return -1;
	}
	do {
		seen = false;
		rewinddir(d);
		for (struct dirent *ent; (ent = readdir(d));) {
			if (streq(ent->d_name, ".") || streq(ent->d_name, ".."))
				continue;
			seen = true;
			if (remove_entry(r, fd, ent->d_name, depth))
				return -1;
		}
	} while (seen);
	return 0;
}

/*
 * Whose an upper directory is: "<boot id> <device> <inode> <state root>/<id>". The numbers are the
 * state root's, for a path alone means nothing to a runtime that sees other mounts: where a file
 * system of its own lies on the state root, every container of the others would look dead.
 */
char *upper_owner_text(const char *state_root, const char *id)
{
	struct stat st;
	char boot[37];

	if (stat(state_root, &st) < 0)
		return NULL;
	state_boot_id(boot);
	return xasprintf("%s %llu %llu %s/%s", boot, (unsigned long long)st.st_dev,
			 (unsigned long long)st.st_ino, state_root, id);
}

/* In doubt it is not: what a text of another shape says is not known. */
static bool owner_is_dead(const char *text)
{
	unsigned long long dev, ino;
	char boot[37], was[37];
	int at = 0;

	if (sscanf(text, "%36s %llu %llu %n", was, &dev, &ino, &at) < 3 || text[at] != '/')
		return false;
	state_boot_id(boot);
	if (!streq(was, boot))
		return true; /* nothing of another boot lives */

	auto_free char *root = xstrdup(text + at);
	struct stat st;

	*strrchr(root, '/') = '\0';
	if (!mutant("upper.root") &&
	    (stat(root, &st) < 0 || st.st_dev != (dev_t)dev || st.st_ino != (ino_t)ino))
		return false;
	return access(text + at, F_OK) < 0 && errno == ENOENT;
}

static bool upper_is_dead(const char *upper_host)
{
	auto_free char *path = xasprintf("%s/%s", upper_host, UPPER_OWNER);
	auto_free char *text = NULL;

	return fd_read_file(path, PATH_MAX, &text, NULL, NULL) == 0 && owner_is_dead(text);
}

unsigned exec_sweep_uppers(const char *dir_host)
{
	DIR *d = opendir(dir_host);
	unsigned n = 0;

	for (struct dirent *de; d && (de = readdir(d));) {
		if (de->d_name[0] == '.')
			continue;
		auto_free char *upper_host = xasprintf("%s/%s", dir_host, de->d_name);

		if (upper_is_dead(upper_host))
			n += exec_remove_upper(upper_host, NULL) == 0;
	}
	close_dir(&d);
	return n;
}

int exec_remove_upper(const char *upper_host, struct err *e)
{
	struct removal r = { .top = -1 };
	auto_close int fd = open(upper_host, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "remove %s", upper_host);
	r.top = fd;
	if (empty_dir(&r, fd, 0) || rmdir(upper_host) < 0)
		return err_sys(e, "remove %s", upper_host);
	return 0;
}
