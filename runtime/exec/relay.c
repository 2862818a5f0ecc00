/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay.c - foreground: between the caller's terminal and the container's, until its process ends
 *
 * Theory of operation: one poll loop over the process (pidfd), signals (signalfd), the caller's
 * stdin and the pty. Signals go to the process; SIGWINCH becomes the pty's size. The caller's
 * terminal is raw meanwhile, and put back on every way out. The pty is read to its end after the
 * process: what it wrote last must not be lost; a grandchild that keeps it open is not waited for.
 * Where stdin ends, as /dev/null does at once, an end of file is typed on the pty: a shell would wait
 * for its next line for ever. It is typed again, in pauses that double, because a pty's is no state: a
 * program that changes the terminal's mode meanwhile, as shells do at their start, reads NULs instead.
 *
 * Mustn't: block on a stdout that nobody reads while the process may have ended (poll decides);
 * leave the terminal raw.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "exec/exec.h"
#include "sys/syscalls.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#define DRAIN_MS 100 /* silence after the process's end after which the pty counts as drained */
#define EOF_MS 50     /* the first pause between two ends of file */
#define EOF_MAX_MS (1 << 30)

/* Bytes on their way; read only when empty, so that neither side can hold up the other. */
struct channel {
	char buf[4096]; /* PIPE_BUF: a pipe that poll(2) calls writable takes it without blocking */
	size_t at, len;
};

struct relay {
	const struct exec_result *r;
	int sigfd, master; /* master -1: no terminal, or at its end */
	bool stdin_open, is_raw, ended;
	struct termios saved;
	int status, eof_ms; /* until the next end of file is typed; -1: stdin goes on */
	struct channel in, out;
	struct exec_watch watch;
};

static const int never_forwarded[] = { SIGCHLD, SIGURG, SIGPIPE, SIGKILL, SIGSTOP, SIGSEGV,
				       SIGBUS,	SIGILL, SIGFPE,	 SIGABRT, SIGTRAP, SIGSYS };

static int watch_signals(struct relay *rl, sigset_t *ret_old, struct err *e)
{
	sigset_t set;

	sigfillset(&set);
	for (size_t i = 0; i < sizeof(never_forwarded) / sizeof(never_forwarded[0]); i++)
		if (never_forwarded[i] != SIGCHLD)
			sigdelset(&set, never_forwarded[i]);
	if (sigprocmask(SIG_BLOCK, &set, ret_old) < 0)
		return err_sys(e, "block signals");
	rl->sigfd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return rl->sigfd < 0 ? err_sys(e, "watch signals") : 0;
}

static void copy_size(const struct relay *rl)
{
	struct winsize ws;

	if (rl->master >= 0 && ioctl(0, TIOCGWINSZ, &ws) == 0)
		(void)ioctl(rl->master, TIOCSWINSZ, &ws); /* the old size stays */
}

static void make_raw(struct relay *rl)
{
	struct termios raw;

	if (rl->master < 0 || !isatty(0) || tcgetattr(0, &rl->saved) < 0)
		return;
	raw = rl->saved;
	cfmakeraw(&raw);
	rl->is_raw = tcsetattr(0, TCSADRAIN, &raw) == 0;
	copy_size(rl);
}

static void handle_signal(struct relay *rl)
{
	struct signalfd_siginfo si;

	while (read(rl->sigfd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGWINCH)
			copy_size(rl);
		if (si.ssi_signo == SIGCHLD || (si.ssi_signo == SIGWINCH && rl->master >= 0))
			continue;
		(void)sys_pidfd_send_signal(rl->r->pidfd, (int)si.ssi_signo); /* it has ended */
	}
}

/* false: end of file, or an error that will stay (EIO: every holder of the pty's other side went) */
static bool fill(struct channel *ch, int fd)
{
	ssize_t n = read(fd, ch->buf, sizeof(ch->buf));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	ch->at = 0;
	ch->len = n > 0 ? (size_t)n : 0;
	return n > 0;
}

static bool flush(struct channel *ch, int fd)
{
	ssize_t n = write(fd, ch->buf + ch->at, ch->len - ch->at);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n > 0)
		ch->at += (size_t)n;
	if (n < 0 || ch->at == ch->len)
		ch->at = ch->len = 0;
	return n >= 0;
}

static int reap(struct relay *rl, struct err *e)
{
	siginfo_t si = { 0 };

	if (waitid(P_PIDFD, (id_t)rl->r->pidfd, &si, WEXITED) < 0)
		return err_sys(e, "wait for the container's process");
	rl->status = si.si_code == CLD_EXITED ? si.si_status : 128 + si.si_status;
	rl->ended = true;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		; /* orphans that came to the subreaper */
	return 0;
}

enum { P_PROC, P_SIG, P_STDIN, P_STDOUT, P_PTY, P_WATCH, P__COUNT };

static void set_polls(const struct relay *rl, struct pollfd *p)
{
	bool pty = rl->master >= 0;

	p[P_PROC] = (struct pollfd){ .fd = rl->ended ? -1 : rl->r->pidfd, .events = POLLIN };
	p[P_SIG] = (struct pollfd){ .fd = rl->sigfd, .events = POLLIN };
	p[P_STDIN] = (struct pollfd){
		.fd = pty && rl->stdin_open && !rl->ended && !rl->in.len ? 0 : -1, .events = POLLIN
	};
	p[P_STDOUT] = (struct pollfd){ .fd = rl->out.len ? 1 : -1, .events = POLLOUT };
	p[P_PTY] = (struct pollfd){ .fd = rl->master,
				    .events = (short)((rl->out.len ? 0 : POLLIN) |
						      (rl->in.len ? POLLOUT : 0)) };
	p[P_WATCH] = (struct pollfd){ .fd = rl->watch.fd, .events = POLLIN };
	if (!p[P_PTY].events)
		p[P_PTY].fd = -1; /* else its hang-up would be reported again and again */
}

/* Two: the first one ends a line that was begun, where there is one. */
static void type_eof(struct relay *rl)
{
	struct termios t;
	char eof = tcgetattr(rl->master, &t) == 0 ? (char)t.c_cc[VEOF] : 4;

	rl->eof_ms = rl->eof_ms < 0 ? EOF_MS : rl->eof_ms < EOF_MAX_MS ? rl->eof_ms * 2 : EOF_MAX_MS;
	rl->stdin_open = false;
	if (rl->in.len)
		return; /* the last ones have not been taken */
	memset(rl->in.buf, eof, 2);
	rl->in.at = 0;
	rl->in.len = 2;
}

static void move_bytes(struct relay *rl, const struct pollfd *p)
{
	if (p[P_STDIN].revents && !fill(&rl->in, 0))
		type_eof(rl);
	if (p[P_STDOUT].revents && !flush(&rl->out, 1))
		rl->master = -1; /* nobody reads us any more */
	if ((p[P_PTY].revents & POLLOUT) && rl->in.len && !flush(&rl->in, rl->master))
		rl->in.len = 0;
	if ((p[P_PTY].revents & (POLLIN | POLLHUP | POLLERR)) && !rl->out.len && rl->master >= 0 &&
	    !fill(&rl->out, rl->master))
		rl->master = -1;
}

static int timeout(const struct relay *rl)
{
	if (rl->ended)
		return rl->out.len ? -1 : DRAIN_MS;
	return rl->master >= 0 ? rl->eof_ms : -1;
}

static int loop(struct relay *rl, struct err *e)
{
	while (!rl->ended || rl->master >= 0 || rl->out.len) {
		struct pollfd p[P__COUNT];

		set_polls(rl, p);
		int n = poll(p, P__COUNT, timeout(rl));

		if (n < 0 && errno != EINTR)
			return err_sys(e, "wait for the container");
		if (n == 0 && rl->ended)
			break; /* silence after the end */
		if (n == 0)
			type_eof(rl);
		if (n <= 0)
			continue;
		if (p[P_SIG].revents)
			handle_signal(rl);
		move_bytes(rl, p);
		if (p[P_WATCH].revents && !rl->watch.ready(rl->watch.arg))
			rl->watch.fd = -1;
		if (p[P_PROC].revents && reap(rl, e))
			return -1;
	}
	return 0;
}

int exec_relay(const struct exec_result *r, const struct exec_watch *watch, int *ret_status,
	       struct err *e)
{
	struct relay rl = { .r = r,
			    .sigfd = -1,
			    .master = r->console_master,
			    .stdin_open = true,
			    .eof_ms = -1,
			    .watch.fd = -1 };
	sigset_t old;

	if (watch)
		rl.watch = *watch;

	if (watch_signals(&rl, &old, e))
		return -1;
	if (rl.master >= 0 && fcntl(rl.master, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		return err_sys(e, "prepare the container's terminal");
	make_raw(&rl);
	int rc = loop(&rl, e);
	if (rl.is_raw)
		(void)tcsetattr(0, TCSADRAIN, &rl.saved); /* the terminal has gone, then */
	fd_close(&rl.sigfd);
	(void)sigprocmask(SIG_SETMASK, &old, NULL); /* cannot fail with valid arguments */
	if (rc == 0)
		*ret_status = rl.status;
	return rc;
}
