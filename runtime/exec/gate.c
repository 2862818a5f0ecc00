/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate.c - two fifos in the container's directory: `start` opens one, the outcome is in the other
 *
 * Theory of operation: `create` and `start` are two programs with nothing in common but the state
 * directory, and the process that waits between them is behind a seccomp filter and in another
 * root. So everything is opened in P_PRE, and at the gate only read, write, close, execve and exit
 * are needed.
 *
 *	gate	the child holds it read-write: no open blocks, and a reader that is also a
 *		writer never sees end of file, so that a `start` that dies has no effect
 *	result	the child writes a struct err there if a hook or execve fails; execve closes it
 *		(close-on-exec), so that end of file means: the program runs
 *
 * `start` opens result before it writes to gate, else it could miss the end of file. A fifo that
 * nobody holds (ENXIO) is a container that has ended while it waited.
 */
#include "exec/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "exec/exec.h"

static int make_fifo(int dirfd, const char *name, int *ret_fd, struct err *e)
{
	if (mkfifoat(dirfd, name, 0600) < 0)
		return err_sys(e, "make the fifo \"%s\" in the container's directory", name);
	auto_close int fd = openat(dirfd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_sys(e, "open the fifo \"%s\" in the container's directory", name);
	*ret_fd = take_fd(fd);
	return 0;
}

int gate_make(int state_dirfd, int *ret_gate, int *ret_result, struct err *e)
{
	auto_close int gate = -1, result = -1;

	if (fault("p_pre.gate"))
		return err_set(e, ERR_SYS, "injected failure at p_pre.gate");
	if (make_fifo(state_dirfd, "gate", &gate, e) ||
	    make_fifo(state_dirfd, "result", &result, e))
		return -1;
	*ret_gate = take_fd(gate);
	*ret_result = take_fd(result);
	return 0;
}

int gate_wait(int gate, struct err *e)
{
	char byte;
	ssize_t n;

	do
		n = read(gate, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		return err_sys(e, "wait for start");
	return 0;
}

void gate_report(int result, const struct err *why)
{
	(void)fd_write_all(result, why, sizeof(*why)); /* `start` sees our end at least */
}

static int open_fifo(int dirfd, const char *name, int flags, int *ret_fd, struct err *e)
{
	auto_close int fd = openat(dirfd, name, flags | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd < 0 && errno == ENXIO)
		return err_set(e, ERR_STATE, "cannot start a container that has stopped");
	if (fd < 0)
		return err_sys(e, "open the fifo \"%s\" in the container's directory", name);
	if (fstat(fd, &st) < 0 || !S_ISFIFO(st.st_mode))
		return err_set(e, ERR_STATE, "\"%s\" in the container's directory is not a fifo",
			       name);
	if (fcntl(fd, F_SETFL, 0) < 0)
		return err_sys(e, "prepare the fifo \"%s\"", name);
	*ret_fd = take_fd(fd);
	return 0;
}

/* 0: end of file, the program runs. Else the child's own error. */
static int read_result(int fd, struct err *e)
{
	struct err got;
	size_t len = 0;

	while (len < sizeof(got)) {
		ssize_t n = read(fd, (char *)&got + len, sizeof(got) - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "wait for the container's program");
		if (n == 0)
			break;
		len += (size_t)n;
	}
	if (len == 0)
		return 0;
	if (len != sizeof(got) || (unsigned)got.kind >= ERR__COUNT)
		return err_set(e, ERR_INPUT, "the container's process reported an unreadable error");
	got.msg[ERR_MSG_MAX - 1] = '\0';
	got.rule[ERR_RULE_MAX - 1] = '\0';
	if (e)
		*e = got;
	return -1;
}

int exec_start(int state_dirfd, struct err *e)
{
	struct sigaction old, ign = { .sa_handler = SIG_IGN };
	auto_close int gate = -1, result = -1;
	int written;

	if (fault("start.gate"))
		return err_set(e, ERR_SYS, "injected failure at start.gate");
	/* Writing first: ENXIO tells a dead container from a waiting one; reading never does. */
	if (open_fifo(state_dirfd, "gate", O_WRONLY, &gate, e) ||
	    open_fifo(state_dirfd, "result", O_RDONLY, &result, e))
		return -1;
	(void)sigaction(SIGPIPE, &ign, &old); /* it may end just now: EPIPE, not our death */
	written = fd_write_all(gate, "\n", 1);
	(void)sigaction(SIGPIPE, &old, NULL);
	if (fault("start.written"))
		return err_set(e, ERR_SYS, "injected failure at start.written");
	if (written < 0)
		return err_sys(e, "open the gate of the container");

	int rc = read_result(result, e);

	/* Whatever came of it, it cannot be started again. */
	(void)unlinkat(state_dirfd, "gate", 0);
	(void)unlinkat(state_dirfd, "result", 0);
	return rc;
}
