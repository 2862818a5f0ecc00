/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sync.c - the parent/child protocol: table of messages, states, framing
 *
 * Theory of operation: the table below says for each message who may send it, in which states, how
 * many descriptors come with it and what the state is afterwards. Each end keeps its own copy of
 * the state and advances it on sending and on receiving, so both always agree; whatever the table
 * does not allow is refused before anything is done with it. The parent must not trust the child
 * more than that: after the namespaces are made it runs where an image's hooks have run.
 *
 * Frames are of fixed size so that a short or a long one is an error, never a partial read.
 */
#include "exec/sync.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "base/table.h"

#define IN(state) (1u << (state))
#define KEEP      SYNC_STATE__COUNT /* the state does not change */

struct msg_row {
	const char *name;
	enum sync_side from;
	unsigned states;
	enum sync_state then;
	uint32_t fds_min, fds_max;
};

static const struct msg_row msg_table[] = {
	[SYNC_MAPPED] = { "ids mapped", SYNC_PARENT, IN(SYNC_S_BORN), SYNC_S_MAPPED, 0, 0 },
	[SYNC_NS] = { "namespaces made", SYNC_CHILD, IN(SYNC_S_MAPPED), SYNC_S_NS, 0,
		      SYNC_A_SOCKS + SYNC_P_SOCKS },
	[SYNC_TREES] = { "mounts", SYNC_PARENT, IN(SYNC_S_NS), KEEP, 1, SYNC_MAX_FDS },
	[SYNC_GO] = { "go", SYNC_PARENT, IN(SYNC_S_NS), SYNC_S_GO, 0, 0 },
	[SYNC_CONSOLE] = { "console", SYNC_CHILD, IN(SYNC_S_GO), KEEP, 1, 1 },
	[SYNC_LISTENER] = { "seccomp listener", SYNC_CHILD, IN(SYNC_S_GO), KEEP, 0, 1 },
	[SYNC_READY] = { "ready", SYNC_CHILD, IN(SYNC_S_GO), SYNC_S_READY, 0, 0 },
	[SYNC_ACK] = { "acknowledgement", SYNC_PARENT, IN(SYNC_S_READY), SYNC_S_ACK, 0, 0 },
	[SYNC_ERR] = { "error", SYNC_CHILD,
		       IN(SYNC_S_BORN) | IN(SYNC_S_MAPPED) | IN(SYNC_S_NS) | IN(SYNC_S_GO) |
			       IN(SYNC_S_READY) | IN(SYNC_S_ACK),
		       SYNC_S_END, 0, 0 },
	[SYNC_EOF] = { "end of file", SYNC_CHILD, IN(SYNC_S_ACK), SYNC_S_END, 0, 0 },
};
TABLE_CHECK(msg_table, SYNC_MSG__COUNT);

static const char *const state_name[] = {
	[SYNC_S_BORN] = "born", [SYNC_S_MAPPED] = "ids mapped",
	[SYNC_S_NS] = "namespaces made", [SYNC_S_GO] = "go",
	[SYNC_S_READY] = "ready", [SYNC_S_ACK] = "acknowledged", [SYNC_S_END] = "ended",
};
TABLE_CHECK(state_name, SYNC_STATE__COUNT);

static const char *const side_name[] = { [SYNC_PARENT] = "parent", [SYNC_CHILD] = "child" };

int sync_pair(struct sync *ret_parent, struct sync *ret_child, struct err *e)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) < 0)
		return err_sys(e, "make the socket between parent and child");
	*ret_parent = (struct sync){ .fd = fd[0], .side = SYNC_PARENT };
	*ret_child = (struct sync){ .fd = fd[1], .side = SYNC_CHILD };
	return 0;
}

void sync_skip_setup(struct sync *s)
{
	s->state = SYNC_S_GO;
}

void sync_done(struct sync *s)
{
	fd_close(&s->fd);
}

/* The one check, for both directions: @from says it in this state with @n_fds descriptors. */
static int check(const struct sync *s, uint32_t msg, enum sync_side from, size_t n_fds,
		 struct err *e)
{
	if (msg >= SYNC_EOF)
		return err_set(e, ERR_INPUT, "message %u between parent and child is unknown", msg);

	const struct msg_row *row = &msg_table[msg];

	if (row->from != from && !mutant("sync.side"))
		return err_set(e, ERR_INPUT, "message \"%s\" comes from the %s", row->name,
			       side_name[from]);
	if (!(row->states & IN(s->state)) && !mutant("sync.state"))
		return err_set(e, ERR_INPUT, "message \"%s\" between parent and child in state \"%s\"",
			       row->name, state_name[s->state]);
	if ((n_fds < row->fds_min || n_fds > row->fds_max) && !mutant("sync.fds"))
		return err_set(e, ERR_INPUT, "message \"%s\" with %zu descriptors", row->name,
			       n_fds);
	return 0;
}

static void advance(struct sync *s, uint32_t msg)
{
	if (msg_table[msg].then != KEEP)
		s->state = msg_table[msg].then;
}

union fd_control {
	struct cmsghdr hdr;
	char bytes[CMSG_SPACE(sizeof(int) * SYNC_MAX_FDS)];
};

static ssize_t send_frame(const struct sync *s, const struct sync_frame *f, const int *fds)
{
	struct iovec iov = { .iov_base = (void *)f, .iov_len = sizeof(*f) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	union fd_control ctl;
	ssize_t n;

	if (f->n_fds) {
		memset(&ctl, 0, sizeof(ctl));
		mh.msg_control = ctl.bytes;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * f->n_fds);
		struct cmsghdr *c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * f->n_fds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * f->n_fds);
	}
	do {
		if (s->side == SYNC_CHILD && !f->n_fds)
			n = write(s->fd, f, sizeof(*f));
		else
			n = sendmsg(s->fd, &mh, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n;
}

int sync_send(struct sync *s, enum sync_msg msg, struct sync_frame *f, const int *fds, size_t n_fds,
	      struct err *e)
{
	struct sync_frame empty;

	if (check(s, msg, s->side, n_fds, e))
		return -1;
	if (!f) {
		memset(&empty, 0, sizeof(empty));
		f = &empty;
	}
	f->msg = msg;
	f->n_fds = (uint32_t)n_fds;
	if (send_frame(s, f, fds) != (ssize_t)sizeof(*f))
		return err_sys(e, "send \"%s\" to the %s", msg_table[msg].name,
			       side_name[!s->side]);
	advance(s, msg);
	return 0;
}

/* Takes over what came with the message; returns how many descriptors. */
static size_t take_fds(struct msghdr *mh, int *ret_fds)
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(ret_fds, CMSG_DATA(c), n * sizeof(int));
	}
	return n;
}

static int check_frame(struct sync *s, struct sync_frame *f, ssize_t len, size_t n_fds, int flags,
		       struct err *e)
{
	if (len != (ssize_t)sizeof(*f) || (flags & (MSG_TRUNC | MSG_CTRUNC)) || f->n_fds != n_fds)
		return err_set(e, ERR_INPUT, "a message from the %s is cut short",
			       side_name[!s->side]);
	if (check(s, f->msg, !s->side, n_fds, e))
		return -1;
	if (f->msg != SYNC_ERR)
		return 0;

	struct err *pe = &f->u.err;

	pe->msg[ERR_MSG_MAX - 1] = '\0';
	pe->rule[ERR_RULE_MAX - 1] = '\0';
	if ((unsigned)pe->kind >= ERR__COUNT || pe->kind == ERR_NONE)
		pe->kind = ERR_SYS;
	if (e)
		*e = *pe;
	s->state = SYNC_S_END;
	return -1;
}

static int receive(struct sync *s, int flags, struct sync_frame *ret, int *ret_fds, struct err *e)
{
	bool was_reset = false;
	struct iovec iov = { .iov_base = ret, .iov_len = sizeof(*ret) };
	union fd_control ctl;
	struct msghdr mh = { .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = ctl.bytes,
			     .msg_controllen = sizeof(ctl) };
	ssize_t n;

	if (s->side == SYNC_CHILD && s->state == SYNC_S_READY) {
		/* Behind a seccomp filter: read(2) is all that may be relied on. */
		mh.msg_controllen = 0;
		do
			n = read(s->fd, ret, sizeof(*ret));
		while (n < 0 && errno == EINTR);
	} else {
		/* A peer that ends with a message of ours unread resets the connection, which is
		 * reported once, and before what it had said. */
		do
			n = recvmsg(s->fd, &mh, MSG_CMSG_CLOEXEC | flags);
		while (n < 0 && (errno == EINTR ||
				 (errno == ECONNRESET && !was_reset && (was_reset = true))));
	}
	if (n < 0 && errno != ECONNRESET)
		return err_sys(e, "wait for the %s", side_name[!s->side]);
	if (n <= 0) {
		bool is_success = s->side == SYNC_PARENT && s->state == SYNC_S_ACK;

		if (!is_success)
			return err_set(e, ERR_SYS, "the %s ended unexpectedly (state \"%s\")",
				       side_name[!s->side], state_name[s->state]);
		memset(ret, 0, sizeof(*ret));
		ret->msg = SYNC_EOF;
		s->state = SYNC_S_END;
		return 0;
	}

	size_t n_fds = mh.msg_controllen ? take_fds(&mh, ret_fds) : 0;

	if (check_frame(s, ret, n, n_fds, mh.msg_flags, e)) {
		for (size_t i = 0; i < n_fds; i++)
			fd_close(&ret_fds[i]);
		return -1;
	}
	advance(s, ret->msg);
	return 0;
}

int sync_recv(struct sync *s, struct sync_frame *ret, int *ret_fds, struct err *e)
{
	return receive(s, 0, ret, ret_fds, e);
}

void sync_prefer_peer(struct sync *s, struct err *e)
{
	struct sync_frame f;
	int fds[SYNC_MAX_FDS];

	while (s->fd >= 0 && s->state != SYNC_S_END) {
		struct err peer = ERR_INIT;

		f.msg = SYNC_MSG__COUNT;
		if (receive(s, MSG_DONTWAIT, &f, fds, &peer)) {
			if (f.msg == SYNC_ERR)
				*e = peer;
			return;
		}
		for (uint32_t i = 0; i < f.n_fds; i++)
			fd_close(&fds[i]);
	}
}
