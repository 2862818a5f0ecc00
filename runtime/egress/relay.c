/* SPDX-License-Identifier: Apache-2.0 */
/* relay.c - peek, send, consume; or splice */
#include "egress/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "base/table.h"

#define SCRATCH (64u << 10)

static char scratch[SCRATCH]; /* one for all: nothing stays in it */

void side_init(struct side *s, int fd, void (*fn)(struct loop_source *, uint32_t))
{
	*s = (struct side){ .src = { fd, fn }, .queued = STRBUF_INIT };
}

void side_close(struct side *s, struct loop *l)
{
	loop_close(l, &s->src);
	strbuf_done(&s->queued);
	s->sent = 0;
}

void side_note_events(struct side *s, uint32_t events)
{
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		s->can_read = true;
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		s->can_write = true;
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		s->hung_up = true;
}

static bool is_retry(void)
{
	return errno == EAGAIN || errno == EINTR;
}

/* #syscalls: recvfrom */
ssize_t side_peek(struct side *s, size_t max, const char **ret_bytes)
{
	size_t want = max < SCRATCH ? max : SCRATCH;
	ssize_t n = recv(s->src.fd, scratch, want, MSG_PEEK | MSG_DONTWAIT);

	if (n < 0 && is_retry())
		s->can_read = false;
	/* A short read saw all there is: the next bytes are a new edge, an end already seen is not. */
	s->shown = n > 0 && (size_t)n < want && !s->hung_up ? (size_t)n : 0;
	*ret_bytes = scratch;
	return n;
}

/* A TCP socket throws bytes away without copying them where MSG_TRUNC is given. */
bool side_consume(struct side *s, size_t n)
{
	if (s->shown > 0 && n == s->shown)
		s->can_read = false;
	s->shown -= n < s->shown ? n : s->shown;
	while (n > 0) {
		ssize_t k = recv(s->src.fd, NULL, n, MSG_TRUNC | MSG_DONTWAIT);

		if (k <= 0)
			return false;
		n -= (size_t)k;
	}
	return true;
}

/* #syscalls: setsockopt
 * The kernel counts what packets take in memory, which may be ten times what is in them, and makes
 * no more room for who consumes nothing: the window can close before the whole is there, for good.
 * SO_RCVLOWAT makes room, and setting it back tells of what has come meanwhile.
 */
void side_wants_more(struct side *s)
{
	static const int marks[] = { RELAY_ROOM_BYTES, 1 };

	s->can_read = false; /* until the next edge */
	for (size_t i = 0; i < ARRAY_SIZE(marks) && !s->is_roomy; i++)
		(void)setsockopt(s->src.fd, SOL_SOCKET, SO_RCVLOWAT, &marks[i], sizeof(marks[i]));
	s->is_roomy = true;
}

/* #syscalls: sendto */
static ssize_t send_some(struct side *s, const char *p, size_t n, int flags)
{
	ssize_t k = send(s->src.fd, p, n, flags | MSG_NOSIGNAL | MSG_DONTWAIT);

	if (k < 0 && is_retry()) {
		s->can_write = false;
		return 0;
	}
	return k;
}

enum relay_status side_flush(struct side *s)
{
	while (s->sent < s->queued.len) {
		if (!s->can_write)
			return RELAY_IDLE;
		ssize_t k = send_some(s, s->queued.p + s->sent, s->queued.len - s->sent, 0);
		if (k < 0)
			return RELAY_GONE;
		s->sent += (size_t)k;
	}
	strbuf_done(&s->queued);
	s->sent = 0;
	return RELAY_END;
}

/* #syscalls: pipe2 fcntl */
static bool pool_open_one(struct pipe_pool *p)
{
	if (p->n_open == RELAY_PIPES || pipe2(p->fd[p->n_open], O_CLOEXEC | O_NONBLOCK) < 0)
		return false;
	/* EPERM above the user's soft limit: the default size is slower, not wrong. */
	(void)fcntl(p->fd[p->n_open][0], F_SETPIPE_SZ, RELAY_PIPE_BYTES);
	p->free[p->n_free++] = (uint8_t)p->n_open++;
	return true;
}

static bool take_pipe(struct flow *f, struct pipe_pool *p)
{
	if (f->pipe >= 0)
		return true;
	if (p->n_free == 0 && !pool_open_one(p))
		return false;
	f->pipe = p->free[--p->n_free];
	return true;
}

/* A pipe that still holds bytes of a broken flow cannot be used again. */
static void return_pipe(struct flow *f, struct pipe_pool *p)
{
	if (f->pipe < 0)
		return;
	if (f->in_pipe > 0) {
		fd_close(&p->fd[f->pipe][0]);
		fd_close(&p->fd[f->pipe][1]);
		if (pipe2(p->fd[f->pipe], O_CLOEXEC | O_NONBLOCK) == 0)
			p->free[p->n_free++] = (uint8_t)f->pipe;
	} else {
		p->free[p->n_free++] = (uint8_t)f->pipe;
	}
	f->pipe = -1;
	f->in_pipe = 0;
}

void flow_done(struct flow *f, struct pipe_pool *pipes)
{
	return_pipe(f, pipes);
	f->is_over = true;
}

/* The end of input is passed on as what it is: the other half stays open. Where that has ended
 * before, closing the socket says the same. */
static enum relay_status pass_end(struct flow *f, struct side *to)
{
	f->is_over = true;
	to->is_shut = true;
	if (to->has_ended)
		return RELAY_END;
	return shutdown(to->src.fd, SHUT_WR) < 0 ? RELAY_GONE : RELAY_END;
}

/* #syscalls: shutdown */
static enum relay_status on_input_end(struct flow *f, struct side *from, struct side *to)
{
	from->has_ended = true;
	if (f->body.kind != BODY_RAW && !body_is_done(&f->body))
		return RELAY_BROKEN; /* cut short: the receiver must not take it for the whole */
	return pass_end(f, to);
}

/* The end is next, and can leave in the same packet. */
static bool is_last(const struct flow *f, const struct side *from, ssize_t n)
{
	return f->body.kind == BODY_RAW && from->hung_up && (size_t)n < SCRATCH;
}

static enum relay_status copy_some(struct flow *f, struct side *from, struct side *to)
{
	struct body ahead = f->body;
	const char *bytes;
	ssize_t n = side_peek(from, SCRATCH, &bytes);

	if (n == 0)
		return on_input_end(f, from, to);
	if (n < 0)
		return from->can_read ? RELAY_BROKEN : RELAY_IDLE;

	ssize_t may = body_take(&ahead, bytes, (size_t)n);
	if (may < 0)
		return RELAY_BROKEN;
	ssize_t k = may ? send_some(to, bytes, (size_t)may, is_last(f, from, n) ? MSG_MORE : 0) : 0;
	if (k < 0)
		return RELAY_GONE;
	if (k > 0 && (body_take(&f->body, bytes, (size_t)k) != k || !side_consume(from, (size_t)k)))
		return RELAY_BROKEN;
	f->moved += (uint64_t)k;
	return RELAY_AGAIN;
}

static bool may_splice(const struct flow *f)
{
	return f->moved > RELAY_SPLICE_AFTER &&
	       (f->body.kind == BODY_RAW ||
		(f->body.kind == BODY_LENGTH && f->body.left > SCRATCH));
}

/* #syscalls: splice */
static ssize_t fill_pipe(struct flow *f, struct side *from, int fd)
{
	size_t want = RELAY_SPLICE_BYTES;

	if (f->body.kind == BODY_LENGTH && f->body.left < want)
		want = (size_t)f->body.left;
	ssize_t n = splice(from->src.fd, NULL, fd, NULL, want, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
	if (n < 0 && is_retry())
		from->can_read = false;
	if (n > 0)
		f->in_pipe = (size_t)n;
	return n;
}

static enum relay_status splice_some(struct flow *f, struct side *from, struct side *to,
				     struct pipe_pool *pipes)
{
	int *fd = pipes->fd[f->pipe];

	if (f->in_pipe == 0) {
		ssize_t n = fill_pipe(f, from, fd[1]);

		if (n <= 0) {
			return_pipe(f, pipes);
			if (n == 0)
				return on_input_end(f, from, to);
			return from->can_read ? RELAY_BROKEN : RELAY_IDLE;
		}
	}
	ssize_t k = splice(fd[0], NULL, to->src.fd, NULL, f->in_pipe,
			   SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
	if (k < 0 && is_retry()) {
		to->can_write = false;
		return RELAY_IDLE;
	}
	if (k <= 0)
		return RELAY_GONE;
	(void)body_take(&f->body, NULL, (size_t)k); /* a length or raw: it does not look */
	f->in_pipe -= (size_t)k;
	f->moved += (uint64_t)k;
	return RELAY_AGAIN;
}

/* #syscalls: setsockopt
 * Once a flow is more than small: what its receiver does not take is left where it came from. */
static void bound_unsent(struct flow *f, const struct side *to)
{
	const int bytes = RELAY_UNSENT_BYTES;

	if (f->is_bounded || f->moved <= RELAY_SPLICE_AFTER || mutant("relay.unsent"))
		return;
	f->is_bounded = true;
	/* A socket without it works. */
	(void)setsockopt(to->src.fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof(bytes));
}

enum relay_status flow_run(struct flow *f, struct side *from, struct side *to,
			   struct pipe_pool *pipes)
{
	uint64_t limit = f->moved + RELAY_TURN;

	if (f->is_over)
		return RELAY_END;
	while (f->moved < limit) {
		enum relay_status st = side_flush(to);

		if (st != RELAY_END)
			return st;
		if (body_is_done(&f->body) && f->in_pipe == 0) {
			flow_done(f, pipes);
			return RELAY_END;
		}
		if (!to->can_write || (!from->can_read && f->in_pipe == 0))
			return RELAY_IDLE;
		if (f->in_pipe > 0 || (may_splice(f) && take_pipe(f, pipes)))
			st = splice_some(f, from, to, pipes);
		else
			st = copy_some(f, from, to);
		bound_unsent(f, to);
		if (st != RELAY_AGAIN)
			return st;
	}
	return RELAY_AGAIN;
}
