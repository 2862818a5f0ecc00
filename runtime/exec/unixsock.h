/* SPDX-License-Identifier: Apache-2.0 */
/* unixsock.h - hand one descriptor to whoever listens on a unix socket */
#ifndef EXEC_UNIXSOCK_H
#define EXEC_UNIXSOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* unixsock_send_fd() - connect to @path (any length), send @text with @fd beside it, close */
int unixsock_send_fd(const char *path, int fd, const char *text, size_t n, struct err *e);

/*
 * unixsock_bind_at() - a datagram socket with the name @name in @dirfd, for this user alone
 * unixsock_listens_at() - whether it is there, and whoever has it lives
 * unixsock_send_fd_at() - one datagram to it, @n bytes with @fd beside them; waits while its queue is
 * full, but not for ever
 */
int unixsock_bind_at(int dirfd, const char *name, int *ret_fd, struct err *e);
bool unixsock_listens_at(int dirfd, const char *name);
int unixsock_send_fd_at(int dirfd, const char *name, int fd, const void *data, size_t n, struct err *e);

#endif
