/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.c - c-ares on the epoll loop */
#include "egress/resolve.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ares_query() and the two parsers are all we need, and they are what Debian 12's 1.18 has. */
#define CARES_NO_DEPRECATED
#include <ares.h>

#include "base/mem.h"
#include "base/str.h"

#define RESOLV_MAX	65536
#define QUERY_TIMEOUT_MS 2000
#define SECOND_FAMILY_MS 100 /* how long an answer waits for the other family (RFC 8305, 3) */

struct lookup {
	struct resolver *r;
	struct lookup_req *q; /* who waits for it */
	bool is_busy;	      /* the slot is taken */
	bool is_closing;      /* no answer counts any more, nobody may join */
	char name[HOSTNAME_MAX + 1];
	ares_channel channel;
	unsigned pending; /* questions not answered */
	int status; /* of the last failure */
	int64_t started_ms, first_ms; /* first: when an address came, 0 none */
	struct ipaddr v6[LOOKUP_ADDRS / 2], v4[LOOKUP_ADDRS / 2];
	size_t n6, n4;
	struct lookup_socket {
		struct loop_source src;
		struct lookup *lk;
	} sock[LOOKUP_SOCKETS];
};

/* "nameserver ADDRESS"; everything else in the file is about searching, which is not done. */
static void read_servers(struct resolver *r, char *text)
{
	char *save_line, *save_word;

	r->n_servers = 0;
	for (char *line = strtok_r(text, "\n", &save_line); line;
	     line = strtok_r(NULL, "\n", &save_line)) {
		char *key = strtok_r(line, " \t\r", &save_word);
		char *value = key ? strtok_r(NULL, " \t\r", &save_word) : NULL;
		struct ipaddr a = { .family = 4 };

		if (!value || !streq(key, "nameserver") || r->n_servers == RESOLV_SERVERS_MAX)
			continue;
		if (strchr(value, ':'))
			a.family = 6;
		if (inet_pton(a.family == 6 ? AF_INET6 : AF_INET, value, a.b) == 1)
			r->server[r->n_servers++] = a;
	}
}

/* #syscalls: fstat newfstatat pread64 */
static void refresh_servers(struct resolver *r)
{
	static char text[RESOLV_MAX + 1];
	struct stat st;

	if (fstat(r->fd, &st) < 0)
		return;
	r->is_replaced = st.st_nlink == 0;
	struct timespec_key key = { st.st_mtim.tv_sec, st.st_mtim.tv_nsec, st.st_size };

	if (r->seen.sec == key.sec && r->seen.nsec == key.nsec && r->seen.size == key.size)
		return;
	ssize_t n = pread(r->fd, text, RESOLV_MAX, 0);
	if (n < 0)
		n = 0; /* /dev/null has no offset everywhere: no server */
	text[n] = '\0';
	read_servers(r, text);
	r->seen = key;
}

static void finish(struct lookup *lk);

static bool is_settled(const struct lookup *lk)
{
	return lk->pending == 0 ||
	       (lk->first_ms && lk->r->loop->now_ms - lk->first_ms >= SECOND_FAMILY_MS);
}

/* #syscalls: recvfrom sendto writev getsockname */
static void on_socket(struct loop_source *src, uint32_t events)
{
	struct lookup_socket *s = container_of(src, struct lookup_socket, src);
	struct lookup *lk = s->lk;
	bool in = events & (EPOLLIN | EPOLLERR | EPOLLHUP), out = events & EPOLLOUT;

	ares_process_fd(lk->channel, in ? src->fd : ARES_SOCKET_BAD,
			out ? src->fd : ARES_SOCKET_BAD);
	if (is_settled(lk))
		finish(lk);
}

static struct lookup_socket *socket_of(struct lookup *lk, int fd)
{
	for (size_t i = 0; i < LOOKUP_SOCKETS; i++)
		if (lk->sock[i].src.fd == fd)
			return &lk->sock[i];
	return NULL;
}

/* c-ares says which of its sockets it waits for; none of both before it closes one. */
static void on_socket_state(void *data, ares_socket_t fd, int readable, int writable)
{
	struct lookup *lk = data;
	struct lookup_socket *s = socket_of(lk, fd);
	uint32_t events = (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u);

	if (!events) {
		if (s)
			loop_forget(lk->r->loop, &s->src);
		return;
	}
	if (s) {
		(void)loop_set(lk->r->loop, &s->src, events); /* the lookup times out otherwise */
		return;
	}
	s = socket_of(lk, -1);
	if (!s)
		return;
	s->src.fd = fd;
	if (loop_add(lk->r->loop, &s->src, events) < 0)
		s->src.fd = -1;
}

static void keep(struct lookup *lk, int family, const void *bytes)
{
	bool v6 = family == 6;
	size_t *n = v6 ? &lk->n6 : &lk->n4;
	struct ipaddr *list = v6 ? lk->v6 : lk->v4, a = { .family = v6 ? 6 : 4 };

	if (*n == LOOKUP_ADDRS / 2)
		return;
	memcpy(a.b, bytes, v6 ? 16 : 4);
	list[(*n)++] = a;
	if (!lk->first_ms)
		lk->first_ms = lk->r->loop->now_ms;
}

static void on_a(void *arg, int status, int timeouts, unsigned char *buf, int len)
{
	struct ares_addrttl got[LOOKUP_ADDRS / 2];
	struct lookup *lk = arg;
	int n = LOOKUP_ADDRS / 2;

	(void)timeouts;
	lk->pending--;
	if (lk->is_closing)
		return;
	if (status == ARES_SUCCESS)
		status = ares_parse_a_reply(buf, len, NULL, got, &n);
	if (status != ARES_SUCCESS) {
		lk->status = status;
		return;
	}
	for (int i = 0; i < n; i++)
		keep(lk, 4, &got[i].ipaddr);
}

static void on_aaaa(void *arg, int status, int timeouts, unsigned char *buf, int len)
{
	struct ares_addr6ttl got[LOOKUP_ADDRS / 2];
	struct lookup *lk = arg;
	int n = LOOKUP_ADDRS / 2;

	(void)timeouts;
	lk->pending--;
	if (lk->is_closing)
		return;
	if (status == ARES_SUCCESS)
		status = ares_parse_aaaa_reply(buf, len, NULL, got, &n);
	if (status != ARES_SUCCESS) {
		if (status != ARES_ENODATA || !lk->status)
			lk->status = status;
		return;
	}
	for (int i = 0; i < n; i++)
		keep(lk, 6, &got[i].ip6addr);
}

/*
 * Every option that c-ares would otherwise look for in a file or in the environment is given.
 *
 * #syscalls: socket connect setsockopt fcntl close clock_gettime getrandom
 */
static bool open_channel(struct lookup *lk)
{
	struct ares_addr_port_node nodes[RESOLV_SERVERS_MAX] = { 0 };
	char lookups[] = "b"; /* DNS only, no files */
	struct ares_options o = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
		.timeout = QUERY_TIMEOUT_MS,
		.tries = 3,
		.ndots = 1,
		.lookups = lookups,
		.sock_state_cb = on_socket_state,
		.sock_state_cb_data = lk,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
		   ARES_OPT_LOOKUPS | ARES_OPT_SERVERS | ARES_OPT_DOMAINS | ARES_OPT_SORTLIST |
		   ARES_OPT_SOCK_STATE_CB;

	for (size_t i = 0; i < lk->r->n_servers; i++) {
		const struct ipaddr *a = &lk->r->server[i];

		nodes[i].family = a->family == 6 ? AF_INET6 : AF_INET;
		memcpy(&nodes[i].addr, a->b, a->family == 6 ? 16 : 4);
		nodes[i].next = i + 1 < lk->r->n_servers ? &nodes[i + 1] : NULL;
	}
	if (ares_init_options(&lk->channel, &o, mask) != ARES_SUCCESS)
		return false;
	if (ares_set_servers_ports(lk->channel, nodes) == ARES_SUCCESS)
		return true;
	ares_destroy(lk->channel);
	return false;
}

static void close_channel(struct lookup *lk)
{
	lk->is_closing = true;
	if (lk->channel)
		ares_destroy(lk->channel);
	for (size_t i = 0; i < LOOKUP_SOCKETS; i++)
		loop_forget(lk->r->loop, &lk->sock[i].src);
	lk->channel = NULL;
}

static void free_slot(struct lookup *lk)
{
	lk->is_busy = false;
	lk->r->n_active--;
}

static void begin(struct lookup *lk, struct lookup_req *q)
{
	struct resolver *r = lk->r;

	*lk = (struct lookup){ .r = r, .q = q, .is_busy = true, .started_ms = r->loop->now_ms };
	for (size_t i = 0; i < LOOKUP_SOCKETS; i++)
		lk->sock[i] = (struct lookup_socket){ .src = { -1, on_socket }, .lk = lk };
	memcpy(lk->name, q->name, strlen(q->name) + 1);
	r->n_active++;
	q->slot = lk;
	q->next = NULL;
	refresh_servers(r);
	if (r->n_servers > 0 && open_channel(lk)) {
		lk->pending = 2;
		ares_query(lk->channel, lk->name, ns_c_in, ns_t_aaaa, on_aaaa, lk);
		ares_query(lk->channel, lk->name, ns_c_in, ns_t_a, on_a, lk);
	}
	if (is_settled(lk))
		finish(lk);
}

/* Somebody asked the same a moment ago. */
static bool join(struct resolver *r, struct lookup_req *q)
{
	for (size_t i = 0; i < LOOKUP_MAX; i++) {
		struct lookup *lk = &r->slots[i];

		if (!lk->is_busy || lk->is_closing || !streq(lk->name, q->name))
			continue;
		q->slot = lk;
		q->next = lk->q;
		lk->q = q;
		return true;
	}
	return false;
}

static struct lookup *free_lookup(struct resolver *r)
{
	for (size_t i = 0; i < LOOKUP_MAX; i++)
		if (!r->slots[i].is_busy)
			return &r->slots[i];
	return NULL;
}

static void serve_line(struct resolver *r)
{
	struct lookup *lk;

	while (r->line && (lk = free_lookup(r))) {
		struct lookup_req *q = r->line;

		r->line = q->next;
		if (!r->line)
			r->line_end = &r->line;
		if (!join(r, q))
			begin(lk, q);
	}
}

static const char *detail_of(const struct lookup *lk, bool late)
{
	/* A new file under the old name is out of reach for a program that opens nothing. */
	if (lk->r->is_replaced)
		return "its resolv.conf was replaced after the container started; a new container "
		       "reads the new one";
	if (late)
		return "the name server does not answer";
	if (lk->r->n_servers == 0)
		return "no name server is configured in the container's network";
	if (lk->status == ARES_ENOTFOUND)
		return "the name server says that it does not exist";
	if (lk->status == ARES_ENODATA)
		return "it has no address";
	return lk->status ? ares_strerror(lk->status) : NULL;
}

static void tell(const struct lookup *lk, struct lookup_req *q)
{
	bool late = lk->pending > 0 || lk->status == ARES_ETIMEOUT;

	q->n = 0;
	for (size_t i = 0; i < LOOKUP_ADDRS / 2; i++) {
		if (i < lk->n6)
			q->addr[q->n++] = lk->v6[i];
		if (i < lk->n4)
			q->addr[q->n++] = lk->v4[i];
	}
	q->rule = q->n > 0 ? RULE_OK : late ? RULE_TIMEOUT : RULE_RESOLVE;
	q->detail = q->n > 0 ? NULL : detail_of(lk, late);
	q->slot = NULL;
	q->done(q);
}

static void finish(struct lookup *lk)
{
	struct resolver *r = lk->r;
	unsigned pending = lk->pending;

	close_channel(lk); /* its callbacks count what is cancelled as answered */
	lk->pending = pending;
	while (lk->q) {
		struct lookup_req *q = lk->q;

		lk->q = q->next;
		tell(lk, q);
	}
	free_slot(lk);
	serve_line(r);
}

void lookup_start(struct resolver *r, struct lookup_req *q)
{
	q->slot = NULL;
	q->next = NULL;
	if (join(r, q))
		return;
	*r->line_end = q;
	r->line_end = &q->next;
	serve_line(r);
}

static void leave_line(struct resolver *r, struct lookup_req *q)
{
	for (struct lookup_req **p = &r->line; *p; p = &(*p)->next) {
		if (*p != q)
			continue;
		*p = q->next;
		if (!*p)
			r->line_end = p;
		return;
	}
}

static void leave_slot(struct lookup *lk, struct lookup_req *q)
{
	for (struct lookup_req **p = &lk->q; *p; p = &(*p)->next) {
		if (*p != q)
			continue;
		*p = q->next;
		break;
	}
	if (lk->q || lk->is_closing)
		return;
	close_channel(lk);
	free_slot(lk);
	serve_line(lk->r);
}

void lookup_cancel(struct resolver *r, struct lookup_req *q)
{
	if (q->slot)
		leave_slot(q->slot, q);
	else
		leave_line(r, q);
}

void resolver_tick(struct resolver *r)
{
	for (size_t i = 0; i < LOOKUP_MAX; i++) {
		struct lookup *lk = &r->slots[i];

		if (!lk->is_busy)
			continue;
		ares_process_fd(lk->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
		if (is_settled(lk) || r->loop->now_ms - lk->started_ms > LOOKUP_TIMEOUT_MS)
			finish(lk);
	}
}

int resolver_init(struct resolver *r, struct loop *l, int fd_resolv, struct err *e)
{
	static struct lookup slots[LOOKUP_MAX];

	*r = (struct resolver){ .loop = l, .fd = fd_resolv, .slots = slots, .seen = { .size = -1 } };
	r->line_end = &r->line;
	for (size_t i = 0; i < LOOKUP_MAX; i++)
		slots[i].r = r;
	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
		return err_set(e, ERR_SYS, "initialise the resolver library");
	refresh_servers(r);
	return 0;
}
