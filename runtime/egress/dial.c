/* SPDX-License-Identifier: Apache-2.0 */
/* dial.c - resolve, screen, connect */
#include "egress/dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"

static void end(struct dial *dl)
{
	if (!dl->is_active)
		return;
	dl->is_active = false;
	dl->d->n_active--;
	if (dl->is_looking_up)
		lookup_cancel(dl->d->resolver, &dl->req);
	dl->is_looking_up = false;
	for (size_t i = 0; i < DIAL_ATTEMPTS; i++)
		loop_close(dl->d->loop, &dl->attempt[i].src);
}

static void fail(struct dial *dl, const struct ipaddr *addr, enum rule rule, const char *detail)
{
	end(dl);
	dl->done(dl, 0, addr, rule, detail);
}

static void succeed(struct dial *dl, struct dial_attempt *at, uint32_t events)
{
	struct ipaddr addr = at->addr;

	loop_move(dl->d->loop, &at->src, dl->to);
	end(dl);
	dl->done(dl, events, &addr, RULE_OK, NULL);
}

static socklen_t to_sockaddr(const struct ipaddr *a, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;

	memset(ret, 0, sizeof(*ret));
	if (a->family == 6) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		memcpy(&v6->sin6_addr, a->b, 16);
		return sizeof(*v6);
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons(port);
	memcpy(&v4->sin_addr, a->b, 4);
	return sizeof(*v4);
}

/* #syscalls: getsockopt */
static int error_of(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? errno : error;
}

static void on_attempt(struct loop_source *src, uint32_t events)
{
	struct dial_attempt *at = container_of(src, struct dial_attempt, src);
	struct dial *dl = at->dl;
	int error = events & (EPOLLERR | EPOLLHUP) ? error_of(src->fd) : 0;

	if (error == 0) {
		succeed(dl, at, events);
		return;
	}
	dl->error = error;
	loop_close(dl->d->loop, src);
	dl->next_ms = dl->d->loop->now_ms;
	dial_tick(dl);
}

/* #syscalls: socket connect setsockopt */
static bool connect_one(struct dial *dl, struct dial_attempt *at, const struct ipaddr *a)
{
	struct sockaddr_storage sa;
	socklen_t len = to_sockaddr(a, dl->dest->port, &sa);
	auto_close int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1;

	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 ||
	    (connect(fd, (struct sockaddr *)&sa, len) < 0 && errno != EINPROGRESS)) {
		dl->error = errno;
		return false;
	}
	at->src.fd = fd;
	at->addr = *a;
	if (loop_add(dl->d->loop, &at->src, DIAL_EVENTS) < 0) {
		dl->error = errno;
		at->src.fd = -1;
		return false;
	}
	(void)take_fd(fd);
	return true;
}

static bool has_attempts(const struct dial *dl)
{
	for (size_t i = 0; i < DIAL_ATTEMPTS; i++)
		if (dl->attempt[i].src.fd >= 0)
			return true;
	return false;
}

static struct dial_attempt *free_attempt(struct dial *dl)
{
	for (size_t i = 0; i < DIAL_ATTEMPTS; i++)
		if (dl->attempt[i].src.fd < 0)
			return &dl->attempt[i];
	return NULL;
}

void dial_tick(struct dial *dl)
{
	int64_t now = dl->d->loop->now_ms;
	struct dial_attempt *at;

	if (!dl->is_active)
		return;
	if (now - dl->started_ms > DIAL_TIMEOUT_MS) {
		fail(dl, NULL, RULE_TIMEOUT, dl->is_looking_up ? "looking up its name" : "connecting");
		return;
	}
	if (dl->is_looking_up)
		return;
	while (dl->next < dl->n && now >= dl->next_ms && (at = free_attempt(dl))) {
		if (connect_one(dl, at, &dl->addr[dl->next++]))
			dl->next_ms = now + DIAL_STAGGER_MS;
	}
	if (dl->next == dl->n && !has_attempts(dl))
		fail(dl, &dl->addr[dl->n - 1], dl->error == ETIMEDOUT ? RULE_TIMEOUT : RULE_CONNECT,
		     strerror(dl->error));
}

/* Keeps what may be dialled; if nothing may, the first refusal is the answer. */
static void screen(struct dial *dl, const struct ipaddr *addr, size_t n)
{
	const struct own_set *own = own_get(dl->d->own);
	enum rule first = RULE_OK;
	struct ipaddr refused;
	char text[46], detail[100];
	const char *what;

	for (size_t i = 0; i < n; i++) {
		enum rule r = policy_screen(dl->d->policy, own, dl->dest, &addr[i]);

		if (r == RULE_OK) {
			dl->addr[dl->n++] = addr[i];
		} else if (first == RULE_OK) {
			first = r;
			refused = addr[i];
		}
	}
	if (dl->n > 0) {
		dial_tick(dl);
		return;
	}
	ipaddr_print(&refused, text);
	what = first == RULE_OWN ? "one of the host's own or its gateway" : ipaddr_special(&refused);
	snprintf(detail, sizeof(detail), "%s is %s", text, what ? what : "not allowed");
	fail(dl, &refused, first, detail);
}

static void on_lookup(struct lookup_req *q)
{
	struct dial *dl = container_of(q, struct dial, req);

	dl->is_looking_up = false;
	if (q->rule != RULE_OK)
		fail(dl, NULL, q->rule, q->detail);
	else
		screen(dl, q->addr, q->n);
}

void dial_start(struct dialler *d, struct dial *dl)
{
	const struct dest *dest = dl->dest;

	dl->d = d;
	dl->is_active = true;
	dl->started_ms = dl->next_ms = d->loop->now_ms;
	for (size_t i = 0; i < DIAL_ATTEMPTS; i++)
		dl->attempt[i] = (struct dial_attempt){ .src = { -1, on_attempt }, .dl = dl };
	d->n_active++;
	if (dest->is_addr) {
		screen(dl, &dest->addr, 1);
		return;
	}
	dl->is_looking_up = true;
	dl->req = (struct lookup_req){ .name = dest->name, .done = on_lookup };
	lookup_start(d->resolver, &dl->req);
}

void dial_cancel(struct dial *dl)
{
	end(dl);
}
