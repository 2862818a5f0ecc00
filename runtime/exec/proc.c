/* SPDX-License-Identifier: Apache-2.0 */
/* proc.c - run a program to its end: text on its stdin, its output kept, a time limit */
#include "exec/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "sys/syscalls.h"

#define TICK_MS 10 /* where pidfd_open(2) is filtered: how often to look */

static _Noreturn void run_child(const struct proc_run *r, int in, int out, int report)
{
	int sys;

	sys_reset_signals();
	(void)setpgid(0, 0); /* cannot fail in a new child */
	if (r->cwd && chdir(r->cwd) < 0)
		(void)!chdir("/"); /* the bundle may be out of a hook's reach; it has the path */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* filtered: it only outlives us then */
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 ||
	    sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		goto fail;
	execve(r->path, (char *const *)r->argv, (char *const *)r->envp);
fail:
	sys = errno;
	(void)fd_write_all(report, &sys, sizeof(sys)); /* the reader sees our end at least */
	_exit(127);
}

struct run_state {
	const struct proc_run *r;
	struct proc_end *end;
	pid_t pid;
	int pidfd, in, out;
	size_t written, n_out;
	int64_t deadline_ms; /* -1: none */
	bool ended;
};

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* always there */
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void feed(struct run_state *st)
{
	size_t n = strlen(st->r->input) - st->written;
	ssize_t w = n ? write(st->in, st->r->input + st->written, n) : 0;

	if (w > 0)
		st->written += (size_t)w;
	if (!n || (w < 0 && errno != EAGAIN && errno != EINTR) || st->r->input[st->written] == '\0')
		fd_close(&st->in); /* all of it, or EPIPE: a program need not read its input */
}

static void keep_output(struct proc_end *end, size_t *n_out, const char *buf, size_t n)
{
	if (n > PROC_OUTPUT_MAX) {
		buf += n - PROC_OUTPUT_MAX;
		n = PROC_OUTPUT_MAX;
	}
	if (*n_out + n > PROC_OUTPUT_MAX) {
		size_t drop = *n_out + n - PROC_OUTPUT_MAX;

		memmove(end->output, end->output + drop, *n_out - drop);
		*n_out -= drop;
	}
	for (size_t i = 0; i < n; i++)
		end->output[(*n_out)++] = (char)(buf[i] < ' ' || buf[i] > '~' ? ' ' : buf[i]);
}

static void drain(struct run_state *st)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(st->out, buf, sizeof(buf))) > 0)
		keep_output(st->end, &st->n_out, buf, (size_t)n);
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		fd_close(&st->out);
}

static int wait_ms(const struct run_state *st)
{
	int64_t left = st->deadline_ms < 0 ? -1 : st->deadline_ms - now_ms();

	if (st->deadline_ms >= 0 && left < 0)
		left = 0;
	if (st->pidfd < 0 && (left < 0 || left > TICK_MS))
		left = TICK_MS;
	return left > 60000 ? 60000 : (int)left;
}

static int loop(struct run_state *st, struct err *e)
{
	while (!st->ended) {
		struct pollfd p[] = { { .fd = st->pidfd, .events = POLLIN },
				      { .fd = st->out, .events = POLLIN },
				      { .fd = st->in, .events = POLLOUT } };

		if (poll(p, 3, wait_ms(st)) < 0 && errno != EINTR)
			return err_sys(e, "wait for %s", st->r->path);
		if (p[1].revents)
			drain(st);
		if (p[2].revents)
			feed(st);
		if (st->pidfd < 0 || p[0].revents)
			st->ended = waitpid(st->pid, &st->end->status, WNOHANG) == st->pid;
		if (!st->ended && st->deadline_ms >= 0 && now_ms() >= st->deadline_ms) {
			st->end->timed_out = true;
			return 0;
		}
	}
	if (st->out >= 0)
		drain(st);
	return 0;
}

static void end_group(struct run_state *st)
{
	if (st->ended)
		return;
	(void)kill(-st->pid, SIGKILL); /* the group may not exist yet: then the process itself */
	(void)kill(st->pid, SIGKILL);
	while (waitpid(st->pid, &st->end->status, 0) < 0 && errno == EINTR)
		;
}

static int start(struct run_state *st, struct err *e)
{
	int in[2], out[2], report[2];
	int sys = 0;

	if (pipe2(in, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe to run %s", st->r->path);
	auto_close int in_r = in[0];
	st->in = in[1];
	if (pipe2(out, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe to run %s", st->r->path);
	auto_close int out_w = out[1];
	st->out = out[0];
	if (pipe2(report, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe to run %s", st->r->path);
	auto_close int report_r = report[0];
	auto_close int report_w = report[1];
	if (fcntl(st->in, F_SETFL, O_NONBLOCK) < 0 || fcntl(st->out, F_SETFL, O_NONBLOCK) < 0)
		return err_sys(e, "prepare the pipes to run %s", st->r->path);

	st->pid = fork();
	if (st->pid < 0)
		return err_sys(e, "fork to run %s", st->r->path);
	if (st->pid == 0)
		run_child(st->r, in_r, out_w, report_w);
	fd_close(&report_w);
	if (read(report_r, &sys, sizeof(sys)) == (ssize_t)sizeof(sys)) {
		end_group(st);
		errno = sys;
		return err_sys(e, "execute %s", st->r->path);
	}
	st->pidfd = sys_pidfd_open(st->pid, 0);
	if (!st->r->input)
		fd_close(&st->in);
	return 0;
}

int proc_run(const struct proc_run *r, struct proc_end *ret, struct err *e)
{
	struct sigaction old, ign = { .sa_handler = SIG_IGN };
	struct run_state st = { .r = r, .end = ret, .pidfd = -1, .in = -1, .out = -1,
				.deadline_ms = r->timeout_ms > 0 ? now_ms() + r->timeout_ms : -1 };

	memset(ret, 0, sizeof(*ret));
	(void)sigaction(SIGPIPE, &ign, &old); /* EPIPE is what we want; cannot fail */
	int rc = start(&st, e);

	if (rc == 0) {
		rc = loop(&st, e);
		end_group(&st);
	}
	(void)sigaction(SIGPIPE, &old, NULL);
	fd_close(&st.pidfd);
	fd_close(&st.in);
	fd_close(&st.out);
	return rc;
}
