/* SPDX-License-Identifier: Apache-2.0 */
/* fd.h - file descriptors: ownership, whole reads and writes. -1 means none; 0 is a descriptor. */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

void fd_close(int *fd); /* closes *fd unless -1, sets it to -1, keeps errno */
#define auto_close __attribute__((cleanup(fd_close)))

#define take_fd(fd)               \
	({                        \
		int take_fd_ = (fd); \
		(fd) = -1;        \
		take_fd_;         \
	})

/**
 * fd_read_all() - everything up to EOF
 * @max:	refuse more than this many bytes (ERR_INPUT)
 * @what:	for the message
 * @ret_data:	NUL-terminated; caller frees
 * @ret_len:	without the NUL; may be NULL
 */
int fd_read_all(int fd, size_t max, const char *what, char **ret_data, size_t *ret_len,
		struct err *e);

/* fd_read_file() - the same for a path, opened O_RDONLY|O_CLOEXEC|O_NONBLOCK; regular files only */
int fd_read_file(const char *path, size_t max, char **ret_data, size_t *ret_len, struct err *e);

/* fd_write_all() - 0, or -1 with errno set; retries EINTR and short writes */
int fd_write_all(int fd, const void *data, size_t n);

/**
 * fd_write_file_at() - make or replace a file atomically (temporary name, then rename)
 * @mode:	of the new file, umask not applied
 */
int fd_write_file_at(int dirfd, const char *name, const char *data, size_t n, mode_t mode,
		     struct err *e);

/* fd_write_locked_at() - the same for a file that only the holder of a lock writes: the temporary name
 * is always one, so that writers which are killed leave one file at most, and the next takes it */
int fd_write_locked_at(int dirfd, const char *name, const char *data, size_t n, mode_t mode,
		       struct err *e);

#endif
