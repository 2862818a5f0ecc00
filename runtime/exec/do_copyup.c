/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_copyup.c - tmpcopyup: what the image has at a tmpfs' mount point appears in the tmpfs
 *
 * Phase: C_FS. The source is the image's: every step goes by descriptor and follows no link; the
 * amount is bounded by the size of the tmpfs, the depth by COPY_DEPTH. Sockets and device nodes are
 * left out.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "exec/fs.h"

#define COPY_DEPTH 64

static void close_dir(DIR **d)
{
	if (*d)
		(void)closedir(*d); /* was only read */
}

static int set_looks(int fd, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	return fchown(fd, st->st_uid, st->st_gid) < 0 || fchmod(fd, st->st_mode & 07777) < 0 ||
			       futimens(fd, times) < 0
		       ? -1
		       : 0;
}

static int copy_file(int from, int to, const char *name, const struct stat *st)
{
	auto_close int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	auto_close int out =
		in < 0 ? -1
		       : openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				0600);
	ssize_t n;

	if (out < 0)
		return -1;
	while ((n = sendfile(out, in, NULL, 1u << 20)) > 0)
		;
	return n < 0 ? -1 : set_looks(out, st);
}

static int copy_link(int from, int to, const char *name, const struct stat *st)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(from, name, text, sizeof(text) - 1);

	if (n < 0)
		return -1;
	text[n] = '\0';
	if (symlinkat(text, to, name) < 0)
		return -1;
	return fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW);
}

static int copy_dir(int in, int out, int depth);

static int copy_entry(int from, int to, const char *name, int depth)
{
	auto_close int in = -1, out = -1;
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (S_ISREG(st.st_mode))
		return copy_file(from, to, name, &st);
	if (S_ISLNK(st.st_mode))
		return copy_link(from, to, name, &st);
	if (S_ISFIFO(st.st_mode))
		return mknodat(to, name, st.st_mode, 0);
	if (!S_ISDIR(st.st_mode))
		return 0;
	if (depth == COPY_DEPTH) {
		errno = ELOOP;
		return -1;
	}
	in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0 || mkdirat(to, name, 0700) < 0)
		return -1;
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return out < 0 || copy_dir(in, out, depth + 1) ? -1 : 0;
}

static int copy_dir(int in, int out, int depth)
{
	int copy = openat(in, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	__attribute__((cleanup(close_dir))) DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *ent;
	struct stat st;

	if (!d) {
		fd_close(&copy);
		return -1;
	}
	for (errno = 0; (ent = readdir(d)); errno = 0) {
		if (streq(ent->d_name, ".") || streq(ent->d_name, ".."))
			continue;
		if (copy_entry(in, out, ent->d_name, depth))
			return -1;
	}
	if (errno || fstat(in, &st) < 0)
		return -1;
	return set_looks(out, &st);
}

int fs_copy_up(int from, int to, struct err *e)
{
	auto_close int in = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int out = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (in < 0 || out < 0 || copy_dir(in, out, 0))
		return err_sys(e, "copy what the image has there");
	return 0;
}
