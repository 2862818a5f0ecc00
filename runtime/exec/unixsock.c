/* SPDX-License-Identifier: Apache-2.0 */
/* unixsock.c - hand one descriptor to whoever listens on a unix socket */
#include "exec/unixsock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"

/* A path that sun_path cannot hold is reached through a descriptor of the socket itself. */
static int set_path(struct sockaddr_un *sun, const char *path, int *ret_fd, struct err *e)
{
	if (strlen(path) < sizeof(sun->sun_path)) {
		memcpy(sun->sun_path, path, strlen(path) + 1);
		return 0;
	}
	auto_close int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open socket %s", path);
	snprintf(sun->sun_path, sizeof(sun->sun_path), "/proc/self/fd/%d", fd);
	*ret_fd = take_fd(fd);
	return 0;
}

/* @data on @sock, and @fd beside it. */
static int send_fd(int sock, int fd, const void *data, size_t n)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = n };
	union {
		struct cmsghdr hdr;
		char bytes[CMSG_SPACE(sizeof(int))];
	} ctl;
	struct msghdr mh = { .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = ctl.bytes,
			     .msg_controllen = sizeof(ctl.bytes) };
	ssize_t sent;

	memset(&ctl, 0, sizeof(ctl));
	struct cmsghdr *c = CMSG_FIRSTHDR(&mh);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	do
		sent = sendmsg(sock, &mh, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)n ? 0 : -1;
}

int unixsock_send_fd(const char *path, int fd, const char *text, size_t n, struct err *e)
{
	auto_close int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), at = -1;
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	if (sock < 0)
		return err_sys(e, "make a socket for %s", path);
	if (set_path(&sun, path, &at, e))
		return -1;
	if (connect(sock, (struct sockaddr *)&sun, sizeof(sun)) < 0)
		return err_sys(e, "connect to %s", path);
	return send_fd(sock, fd, text, n) < 0 ? err_sys(e, "send a descriptor to %s", path) : 0;
}

/* A directory's path may be longer than sun_path. */
static struct sockaddr_un name_at(int dirfd, const char *name)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	snprintf(sun.sun_path, sizeof(sun.sun_path), "/proc/self/fd/%d/%s", dirfd, name);
	return sun;
}

int unixsock_bind_at(int dirfd, const char *name, int *ret_fd, struct err *e)
{
	auto_close int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un sun = name_at(dirfd, name);

	if (sock < 0 || fchmod(sock, 0600) < 0 || bind(sock, (struct sockaddr *)&sun, sizeof(sun)) < 0)
		return err_sys(e, "make the socket \"%s\" in the container's directory", name);
	*ret_fd = take_fd(sock);
	return 0;
}

bool unixsock_listens_at(int dirfd, const char *name)
{
	auto_close int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un sun = name_at(dirfd, name);

	return sock >= 0 && connect(sock, (struct sockaddr *)&sun, sizeof(sun)) == 0;
}

int unixsock_send_fd_at(int dirfd, const char *name, int fd, const void *data, size_t n, struct err *e)
{
	auto_close int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const struct timeval patience = { .tv_sec = 1 };
	struct sockaddr_un sun = name_at(dirfd, name);

	if (sock < 0 || setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0 ||
	    connect(sock, (struct sockaddr *)&sun, sizeof(sun)) < 0 || send_fd(sock, fd, data, n) < 0)
		return err_sys(e, "hand a descriptor to the socket \"%s\" of the proxy", name);
	return 0;
}
