/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify.c - NOTIFY_SOCKET: a container tells the service manager of its caller that it is ready
 *
 * Theory of operation (sd_notify(3), and what runc does): the manager's own socket stays out of the
 * container, where anything could be said to it. `create` makes a directory of the container's and
 * has it mounted read-only on /run/notify; whoever starts the container binds a socket in it before
 * the gate opens, waits for a datagram that says READY=1, and says just that to the manager, with
 * the pid to watch. Everything else that the container says is dropped.
 */
#include "cmd/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/table.h"
#include "sys/syscalls.h"

#define DIR_NAME    "notify"
#define SOCKET_NAME "notify.sock"
#define DIR_CTR	    "/run/notify"
#define VARIABLE    "NOTIFY_SOCKET"
#define MESSAGE_MAX 4096 /* bytes of one datagram; more is cut off */

static const char *caller_socket(void)
{
	const char *s = getenv(VARIABLE);

	return s && (s[0] == '/' || s[0] == '@') && s[1] ? s : NULL;
}

static void add_mount(struct arena *a, struct oci_spec *s, const char *dir_host)
{
	static const char *const options[] = { "bind", "ro", "nosuid", "nodev", "noexec" };
	struct oci_mount *all = NULL;
	size_t n = 0;

	for (size_t i = 0; i < s->n_mounts; i++)
		*arena_push(a, all, n) = s->mounts[i];

	struct oci_mount *m = arena_push(a, all, n);

	*m = (struct oci_mount){ .destination = DIR_CTR, .type = "bind", .source = dir_host };
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		*arena_push(a, m->options, m->n_options) = options[i];
	s->mounts = all;
	s->n_mounts = n;
}

static void add_variable(struct arena *a, struct oci_process *p)
{
	const char **env = NULL;
	size_t n = 0;

	for (size_t i = 0; i < p->n_env; i++)
		if (!str_has_prefix(p->env[i], VARIABLE "="))
			*arena_push(a, env, n) = p->env[i];
	*arena_push(a, env, n) = VARIABLE "=" DIR_CTR "/" SOCKET_NAME;
	p->env = env;
	p->n_env = n;
}

int notify_prepare(struct cmd_ctx *ctx, const char *id, int dirfd, const struct pipeline *p,
		   struct err *e)
{
	if (!caller_socket() || !p->spec->process)
		return 0;
	if (p->profile->mounts.screen) {
		log_debug(VARIABLE " is not passed on: the profile screens mounts");
		return 0;
	}
	if (mkdirat(dirfd, DIR_NAME, 0755) < 0 || fchmodat(dirfd, DIR_NAME, 0755, 0) < 0)
		return err_sys(e, "make the directory of the notify socket");
	add_mount(ctx->a, p->spec,
		  path_join(ctx->a, ctx->root, arena_printf(ctx->a, "%s/" DIR_NAME, id)));
	add_variable(ctx->a, p->spec->process);
	return 0;
}

/* By the directory's descriptor: the path may be longer than the 107 bytes of a socket's name. */
static int bind_in(int dir, struct err *e)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)unlinkat(dir, SOCKET_NAME, 0); /* of a start that was interrupted */
	snprintf(un.sun_path, sizeof(un.sun_path), "/proc/self/fd/%d/" SOCKET_NAME, dir);
	if (fd < 0 || bind(fd, (struct sockaddr *)&un, sizeof(un)) < 0 ||
	    fchmodat(dir, SOCKET_NAME, 0777, 0) < 0)
		return err_sys(e, "make the notify socket");
	return take_fd(fd);
}

int notify_open(const struct container *c, struct notify *ret, struct err *e)
{
	struct notify n = { .fd = -1, .pid = c->s->pid, .to = caller_socket() };
	auto_close int dir = -1;

	*ret = n;
	if (!n.to)
		return 0;
	dir = openat(c->dirfd, DIR_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open the directory of the notify socket");
	ret->fd = bind_in(dir, e);
	return ret->fd < 0 ? -1 : 0;
}

static void say(const struct notify *n, const char *text)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t len = strlen(n->to);

	if (len >= sizeof(un.sun_path))
		len = sizeof(un.sun_path) - 1;
	memcpy(un.sun_path, n->to, len);
	if (un.sun_path[0] == '@')
		un.sun_path[0] = '\0'; /* an abstract name has no end but its length */
	if (fd < 0 || sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&un,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		log_warn("tell %s that the container is ready: %s", n->to, strerror(errno));
}

static bool says_ready(const char *text)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += line != text;
		if (str_has_prefix(line, "READY=1") && (line[7] == '\n' || line[7] == '\0'))
			return true;
	}
	return false;
}

bool notify_take(const struct notify *n)
{
	char text[MESSAGE_MAX + 1], pid[64];
	ssize_t len = recv(n->fd, text, MESSAGE_MAX, 0);

	if (len < 0)
		return true;
	text[len] = '\0';
	if (!says_ready(text))
		return true;
	snprintf(pid, sizeof(pid), "MAINPID=%lld\nREADY=1\n", (long long)n->pid);
	say(n, pid);
	return false;
}

int notify_wait(const struct container *c, const struct notify *n, struct err *e)
{
	auto_close int pidfd = n->fd < 0 ? -1 : sys_pidfd_open((pid_t)c->s->pid, 0);
	struct pollfd p[2] = { { .fd = n->fd, .events = POLLIN },
			       { .fd = pidfd, .events = POLLIN } };

	while (pidfd >= 0 && proc_is_same(c->s->pid, c->s->pid_start)) {
		if (poll(p, ARRAY_SIZE(p), -1) < 0 && errno != EINTR)
			return err_sys(e, "wait until container %s is ready", c->id);
		if (p[0].revents && !notify_take(n))
			return 0;
		if (p[1].revents)
			return 0;
	}
	return 0;
}

void notify_done(struct notify *n)
{
	fd_close(&n->fd);
}
