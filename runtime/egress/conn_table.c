/* SPDX-License-Identifier: Apache-2.0 */
/* conn_table.c - slots, and what happens when they run out */
#include "egress/conn_table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "egress/start.h"

#define ACCEPT_TURN 64

void conn_table_init(struct conn_table *t, size_t max)
{
	static struct conn slots[CONN_MAX]; /* touched only as far as they are used */

	t->conn = slots;
	t->max = max < CONN_MAX ? max : CONN_MAX;
	t->run_end = &t->run;
}

static struct conn *get(struct conn_table *t)
{
	for (size_t i = 0; i < t->high; i++)
		if (t->conn[i].state == CONN_FREE && !t->conn[i].is_queued)
			return &t->conn[i];
	return t->high < t->max ? &t->conn[t->high++] : NULL;
}

void conn_table_put(struct conn *c)
{
	if (c->state == CONN_HEAD)
		c->table->n_half_open--;
	c->table->n--;
	c->state = CONN_FREE;
}

static bool is_head(const struct conn *c)
{
	return c->state == CONN_HEAD;
}

static bool is_unsaid(const struct conn *c)
{
	return c->state == CONN_HEAD || (c->state == CONN_RELAY && c->check != CHECK_NONE);
}

static bool is_dialling(const struct conn *c)
{
	return c->state == CONN_DIAL;
}

/* Nothing has been carried for it yet. */
static bool is_begun(const struct conn *c)
{
	return is_unsaid(c) || is_dialling(c);
}

static bool is_taken(const struct conn *c)
{
	return c->state != CONN_FREE;
}

/* The oldest of a kind, if it has been idle for that long. */
static struct conn *victim(struct conn_table *t, bool (*is)(const struct conn *), int64_t idle_ms)
{
	struct conn *best = NULL;

	for (size_t i = 0; i < t->high; i++) {
		struct conn *c = &t->conn[i];

		if (is(c) && t->loop->now_ms - c->active_ms >= idle_ms &&
		    (!best || c->active_ms < best->active_ms))
			best = c;
	}
	return best;
}

/* As much of it as the socket takes, and no word to who has asked for nothing. */
static void say_busy(struct conn_table *t, void (*say)(struct strbuf *, const struct answer *), int fd,
		     enum check check)
{
	struct answer a = { .rule = RULE_BUSY, .profile = t->policy->profile, .check = check };
	auto_strbuf struct strbuf b = STRBUF_INIT;

	say(&b, &a);
	(void)send(fd, b.p, b.len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Nothing is read and nothing waited for: there is no slot to do it in. */
static void turn_away(struct conn_table *t, const struct way *way, int fd)
{
	struct record_line line = { .via = "", .name = "", .rule = RULE_BUSY };

	say_busy(t, way->answer, fd, CHECK_NONE);
	record_write(t->record, &line, t->loop->now_ms);
}

static void evict(struct conn *c)
{
	if (c->state == CONN_HEAD || c->state == CONN_DIAL)
		say_busy(c->table, c->way->answer, c->client.src.fd, c->check);
	else if (is_unsaid(c) && c->n_requests == 0)
		say_busy(c->table, answer_inside, c->client.src.fd, c->check);
	conn_close(c);
}

/*
 * Who goes first where all slots are taken. Who has just come is given the time to speak: where a flood
 * waits for a slow server, he would be the only one that has not, and the next of the flood would have
 * his slot.
 */
static const struct {
	bool (*is)(const struct conn *c);
	int64_t idle_ms;
} victims[] = {
	{ is_unsaid, CONN_UNSAID_VICTIM_MS },
	{ is_dialling, CONN_DIAL_VICTIM_MS },
	{ is_begun, 0 },
	{ is_taken, CONN_IDLE_VICTIM_MS },
};

static void make_room(struct conn_table *t)
{
	struct conn *c = NULL;

	if (t->n_half_open >= CONN_HALF_OPEN && !mutant("conn.half_open"))
		c = victim(t, is_head, 0);
	if (mutant("conn.victims"))
		return;
	for (size_t i = 0; !c && t->n >= t->max && i < ARRAY_SIZE(victims); i++)
		c = victim(t, victims[i].is, victims[i].idle_ms);
	if (c)
		evict(c);
}

/* Where the client connected to; false if that cannot be told. */
static bool own_end(int fd, struct dest *ret)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} sa = { .v6 = { 0 } };
	socklen_t len = sizeof(sa);
	bool v6, mapped;

	if (getsockname(fd, &sa.any, &len) < 0)
		return false;
	v6 = sa.any.sa_family == AF_INET6;
	mapped = v6 && IN6_IS_ADDR_V4MAPPED(&sa.v6.sin6_addr); /* P's sockets take both families */
	*ret = (struct dest){ .is_addr = true, .addr.family = v6 && !mapped ? 6 : 4,
			      .port = ntohs(v6 ? sa.v6.sin6_port : sa.v4.sin_port) };
	if (mapped)
		memcpy(ret->addr.b, sa.v6.sin6_addr.s6_addr + 12, 4);
	else if (v6)
		memcpy(ret->addr.b, &sa.v6.sin6_addr, 16);
	else
		memcpy(ret->addr.b, &sa.v4.sin_addr, 4);
	ipaddr_print(&ret->addr, ret->name);
	return true;
}

static bool is_loopback(const struct ipaddr *a)
{
	static const struct cidr v4 = { { 4, { 127 } }, 8 }, v6 = { { 6, { [15] = 1 } }, 128 };

	return cidr_contains(&v4, a) || cidr_contains(&v6, a);
}

/* #syscalls: getsockname
 * The way in, by where the client thinks it is. @ret: set where that is also where it wants to go. */
static const struct way *find_way(const struct conn_table *t, int fd, struct dest *ret)
{
	struct dest d;

	*ret = (struct dest){ 0 };
	if (!own_end(fd, &d))
		return NULL;
	if (is_loopback(&d.addr) && d.port == t->policy->port)
		return &way_explicit;
	if (d.port == STEER_DNS)
		return &way_dns;
	*ret = d;
	return &way_direct;
}

static void admit(struct listener *l, int fd)
{
	struct conn_table *t = l->table;
	struct dest d;
	const struct way *way = find_way(t, fd, &d);

	if (!way) {
		fd_close(&fd);
		return;
	}
	make_room(t);

	struct conn *c = get(t);
	if (!c) {
		turn_away(t, way, fd);
		fd_close(&fd);
		return;
	}
	memset(c, 0, sizeof(*c));
	c->table = t;
	t->n++;
	conn_start(c, way, fd, &d);
}

/* #syscalls: accept4 */
static void on_accept(struct loop_source *src, uint32_t events)
{
	struct listener *l = container_of(src, struct listener, src);

	int turn = l->turn + 1 == l->table->loop->turn ? ACCEPT_TURN : 1; /* it is rarely two */

	(void)events;
	l->turn = l->table->loop->turn;
	for (int i = 0; i < turn; i++) {
		int fd = accept4(src->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			admit(l, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			l->is_paused = loop_set(l->table->loop, src, 0) == 0;
		if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

void listener_tick(struct listener *l)
{
	if (l->is_paused && loop_set(l->table->loop, &l->src, EPOLLIN) == 0)
		l->is_paused = false;
}

/* #syscalls: setsockopt
 * A socket without one works. */
static void set_option(int fd, int level, int option, int value)
{
	(void)setsockopt(fd, level, option, &value, sizeof(value));
}

/*
 * Peers that have gone: a client that closed its socket altogether looks half-closed until its
 * kernel has forgotten it and answers a probe with a reset. What is accepted from a listening
 * socket has its options.
 */
void conn_probe(int fd)
{
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 20);
	set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 4);
}

int listener_init(struct listener *l, int fd, bool is_in_a, struct conn_table *t, struct err *e)
{
	*l = (struct listener){ .src = { fd, on_accept }, .table = t };
	if (start_is_absent(fd)) {
		l->src.fd = -1;
		return 0;
	}
	conn_probe(fd);
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(fd, SOL_SOCKET, SO_SNDBUF, RELAY_TO_CLIENT);
	if (is_in_a) /* from P packets take more memory, and heads must fit */
		set_option(fd, SOL_SOCKET, SO_RCVBUF, RELAY_FROM_CLIENT);
	if (loop_add(t->loop, &l->src, EPOLLIN) < 0)
		return err_sys(e, "watch the listening socket");
	return 0;
}
