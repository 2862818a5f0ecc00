/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lifetime.c - who kills a container when its time is over
 *
 * No daemon can be assumed, and nothing inside the container can be trusted with it: an alarm(2)
 * that survives execve can be blocked. So `start` leaves a process behind, a copy of itself that
 * does nothing but wait: for the end of the container's first process, by a pidfd, or of its time,
 * whichever comes first. It is in the caller's cgroup and namespaces, where the container can
 * neither see nor signal it, and it reads nothing that comes from there. Its clock goes on while
 * the container is paused and while the machine sleeps.
 *
 * Why it was killed is written into the container's directory first, so that whoever sees the end
 * finds the reason.
 */
#include "cmd/lifetime.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "cgroup/cgroup.h"
#include "sys/syscalls.h"

#define ENDED_FILE "ended"
#define ENDED_MAX 256u
#define POLL_MAX_S 86400 /* poll(2) counts milliseconds in an int */

static int64_t now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec;
}

/* true: the first process ended by itself */
static bool wait_for_end(int pidfd, uint32_t seconds)
{
	const int64_t end = now_s() + seconds;
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	for (;;) {
		int64_t left = end - now_s();

		if (left <= 0)
			return poll(&p, 1, 0) > 0;
		if (left > POLL_MAX_S)
			left = POLL_MAX_S;
		if (poll(&p, 1, (int)left * 1000) > 0)
			return true;
	}
}

static void kill_all(const struct container *c, int pidfd)
{
	auto_free char *why = xasprintf("it was older than limits.maxLifetimeSeconds (%u)",
					c->s->max_lifetime_s);

	/* What fails here has nobody who could be told; killing is tried in any case. */
	(void)fd_write_file_at(c->dirfd, ENDED_FILE, why, strlen(why), 0600, NULL);
	if (c->cg.none || cgroup_kill(&c->cg, SIGKILL, NULL))
		(void)sys_pidfd_send_signal(pidfd, SIGKILL);
}

/* Descriptors 0 to 2 to /dev/null, @a and @b become 3 and 4, no other stays open. */
static int keep_two(int *a, int *b)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int x = fcntl(*a, F_DUPFD_CLOEXEC, 5), y = fcntl(*b, F_DUPFD_CLOEXEC, 5);

	if (null < 0 || x < 0 || y < 0)
		return -1;
	for (int fd = 0; fd <= 2; fd++)
		if (dup3(null, fd, 0) < 0 && errno != EINVAL)
			return -1;
	if (dup3(x, 3, O_CLOEXEC) < 0 || dup3(y, 4, O_CLOEXEC) < 0)
		return -1;
	*a = 3;
	*b = 4;
	return sys_close_range(5, ~0u, 0);
}

static void watcher(const struct container *c, int pidfd)
{
	struct container own = *c;

	sys_reset_signals();
	if (setsid() < 0 || chdir("/") < 0 || keep_two(&own.dirfd, &pidfd) < 0)
		_exit(1);
	own.lock = -1;
	prctl(PR_SET_NAME, "agentrt-timer", 0, 0, 0);
	if (!wait_for_end(pidfd, c->s->max_lifetime_s))
		kill_all(&own, pidfd);
	_exit(0);
}

int lifetime_watch(const struct container *c, struct err *e)
{
	auto_close int pidfd = -1;
	pid_t pid;
	int status;

	if (!c->s->max_lifetime_s || mutant("limits.lifetime"))
		return 0;
	pidfd = sys_pidfd_open((pid_t)c->s->pid, 0);
	if (pidfd < 0 || !proc_is_same(c->s->pid, c->s->pid_start))
		return err_sys(e, "watch the lifetime of container %s", c->id);
	pid = fork();
	if (pid == 0) { /* its child has no parent that would have to wait for it */
		pid_t own = fork();

		if (own == 0)
			watcher(c, pidfd);
		_exit(own < 0);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(e, ERR_SYS,
			       "watch the lifetime of container %s: no process could be made for it",
			       c->id);
	return 0;
}

const char *lifetime_ended(const struct container *c)
{
	auto_close int fd = openat(c->dirfd, ENDED_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	auto_free char *text = NULL;

	if (fd < 0 || fd_read_all(fd, ENDED_MAX, ENDED_FILE, &text, NULL, NULL))
		return NULL;
	return arena_strdup(c->a, text);
}
