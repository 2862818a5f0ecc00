/* SPDX-License-Identifier: Apache-2.0 */
/* fd.c - whole reads and writes on descriptors */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

void fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd); /* nothing to do about EIO on a descriptor we only read or synced */
	*fd = -1;
	errno = saved;
}

int fd_read_all(int fd, size_t max, const char *what, char **ret_data, size_t *ret_len,
		struct err *e)
{
	size_t cap = 4096, len = 0;
	auto_free char *buf = xcalloc(cap + 1, 1);

	for (;;) {
		ssize_t n = read(fd, buf + len, cap - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "read %s", what);
		if (n == 0)
			break;
		len += (size_t)n;
		if (len > max)
			return err_set(e, ERR_INPUT, "read %s: larger than %zu bytes", what, max);
		if (len == cap) {
			cap *= 2;
			buf = xrealloc(buf, cap + 1, 1);
		}
	}
	buf[len] = '\0';
	if (ret_len)
		*ret_len = len;
	*ret_data = take_ptr(buf);
	return 0;
}

int fd_read_file(const char *path, size_t max, char **ret_data, size_t *ret_len, struct err *e)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INPUT, "open %s: not a regular file", path);
	return fd_read_all(fd, max, path, ret_data, ret_len, e);
}

int fd_write_all(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n > 0) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -1;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

/* What is there already was left by a process that was killed: process ids come again. */
static int create_tmp(int dirfd, const char *tmp)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	int fd = openat(dirfd, tmp, flags, 0600);

	if (fd < 0 && errno == EEXIST && unlinkat(dirfd, tmp, 0) == 0)
		fd = openat(dirfd, tmp, flags, 0600);
	return fd;
}

static int replace(int dirfd, const char *name, const char *tmp, const char *data, size_t n,
		   mode_t mode, struct err *e)
{
	auto_close int fd = create_tmp(dirfd, tmp);

	if (fd < 0)
		return err_sys(e, "create %s", name);
	if (fchmod(fd, mode) < 0 || fd_write_all(fd, data, n) < 0 ||
	    renameat(dirfd, tmp, dirfd, name) < 0) {
		err_sys(e, "write %s", name);
		(void)unlinkat(dirfd, tmp, 0); /* the first error is the one to report */
		return -1;
	}
	return 0;
}

int fd_write_file_at(int dirfd, const char *name, const char *data, size_t n, mode_t mode,
		     struct err *e)
{
	char tmp[300];
	int len = snprintf(tmp, sizeof(tmp), ".%s.%d", name, (int)getpid());

	if (len < 0 || (size_t)len >= sizeof(tmp))
		return err_set(e, ERR_INPUT, "write %s: name too long", name);
	return replace(dirfd, name, tmp, data, n, mode, e);
}

int fd_write_locked_at(int dirfd, const char *name, const char *data, size_t n, mode_t mode,
		       struct err *e)
{
	char tmp[300];
	int len = snprintf(tmp, sizeof(tmp), ".%s.new", name);

	if (len < 0 || (size_t)len >= sizeof(tmp))
		return err_set(e, ERR_INPUT, "write %s: name too long", name);
	return replace(dirfd, name, tmp, data, n, mode, e);
}
