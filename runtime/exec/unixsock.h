/* SPDX-License-Identifier: Apache-2.0 */
/* unixsock.h - hand one descriptor to whoever listens on a unix socket */
#ifndef EXEC_UNIXSOCK_H
#define EXEC_UNIXSOCK_H

#include <stddef.h>

#include "base/err.h"

/* unixsock_send_fd() - connect to @path (any length), send @text with @fd beside it, close */
int unixsock_send_fd(const char *path, int fd, const char *text, size_t n, struct err *e);

#endif
