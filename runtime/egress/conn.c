/* SPDX-License-Identifier: Apache-2.0 */
/* conn.c - the state machine of a connection */
#include "egress/conn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mutant.h"
#include "egress/conn_table.h"

static void run(struct conn *c);

void conn_set_deadline(struct conn *c, int64_t in_ms)
{
	c->active_ms = c->table->loop->now_ms;
	c->deadline_ms = c->active_ms + in_ms;
}

static void set_state(struct conn *c, enum conn_state state)
{
	if (c->state == CONN_HEAD && state != CONN_HEAD)
		c->table->n_half_open--;
	c->state = state;
}

static void log_it(struct conn *c, enum rule rule)
{
	struct record_line line = {
		.via = c->via,
		.name = c->dest.port ? c->dest.name : c->asked,
		.port = c->dest.port,
		.addr = c->addr.family ? &c->addr : NULL,
		.rule = rule,
		.bytes_up = c->up.moved,
		.bytes_down = c->down.moved,
		.duration_ms = c->table->loop->now_ms - c->started_ms,
	};

	record_write(c->table->record, &line, c->table->loop->now_ms);
}

/* Everything but the client's socket. */
static void drop_server(struct conn *c)
{
	dial_cancel(&c->dial);
	flow_done(&c->up, &c->table->pipes);
	flow_done(&c->down, &c->table->pipes);
	side_close(&c->server, c->table->loop);
	strbuf_done(&c->request);
}

void conn_close(struct conn *c)
{
	if (c->state == CONN_RELAY)
		log_it(c, RULE_OK);
	drop_server(c);
	side_close(&c->client, c->table->loop);
	conn_table_put(c);
}

static void reset_on_close(const struct side *s)
{
	struct linger l = { .l_onoff = 1, .l_linger = 0 };

	if (s->src.fd >= 0)
		(void)setsockopt(s->src.fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)); /* or a FIN */
}

/* One end broke: the other must not take what it has for the whole. */
static void break_off(struct conn *c)
{
	reset_on_close(&c->client);
	reset_on_close(&c->server);
	conn_close(c);
}

static void linger(struct conn *c)
{
	drop_server(c);
	set_state(c, CONN_LINGER);
	if (c->client.has_ended) { /* it has nothing more to say */
		conn_close(c);
		return;
	}
	if (!c->client.is_shut)
		(void)shutdown(c->client.src.fd, SHUT_WR); /* a client that is gone shows when read */
	c->client.is_shut = true;
	conn_set_deadline(c, CONN_ANSWER_MS);
	run(c);
}

static void refuse(struct conn *c, enum rule rule, const char *detail)
{
	struct answer a = {
		.rule = rule,
		.host = c->dest.port ? c->dest.name : c->asked[0] ? c->asked : NULL,
		.port = c->dest.port,
		.detail = detail,
		.profile = c->table->policy->profile,
		.has_help = c->table->policy->help,
		.is_greeted = c->is_greeted,
		.check = c->check,
	};

	if (c->state == CONN_RELAY && c->check != CHECK_NONE && c->n_requests > 0) {
		log_it(c, RULE_OK); /* what the connection carried before is a line of its own */
		c->up.moved = c->down.moved = 0;
	}
	log_it(c, rule);
	drop_server(c);
	strbuf_done(&c->client.queued);
	c->client.sent = 0;
	(c->is_open ? answer_inside : c->way->answer)(&c->client.queued, &a);
	if (c->client.queued.len == 0) {
		break_off(c);
		return;
	}
	set_state(c, CONN_ANSWER);
	conn_set_deadline(c, CONN_ANSWER_MS);
	run(c);
}

/* Whether nothing reads from the client now: that it has gone shows nowhere else. */
static bool is_unread(const struct conn *c)
{
	return c->state == CONN_DIAL || (c->state == CONN_RELAY && c->check == CHECK_NONE &&
					 c->up.is_over && !c->client.is_shut &&
					 !mutant("conn.unread"));
}

static void on_client(struct loop_source *src, uint32_t events)
{
	struct conn *c = container_of(src, struct conn, client.src);

	side_note_events(&c->client, events);
	if ((events & (EPOLLHUP | EPOLLERR)) && is_unread(c))
		break_off(c);
	else
		run(c);
}

static void on_server(struct loop_source *src, uint32_t events)
{
	struct conn *c = container_of(src, struct conn, server.src);

	side_note_events(&c->server, events);
	run(c);
}

static void on_dialled(struct dial *dl, uint32_t events, const struct ipaddr *addr, enum rule rule,
		       const char *detail)
{
	struct conn *c = container_of(dl, struct conn, dial);

	if (addr)
		c->addr = *addr;
	if (rule != RULE_OK) {
		refuse(c, rule, detail);
		return;
	}
	side_note_events(&c->server, events);
	c->way->connected(c);
	c->is_open = !c->wants_reply;
	set_state(c, CONN_RELAY);
	conn_set_deadline(c, c->check == CHECK_NONE ? CONN_RELAY_MS : CONN_HEAD_MS);
	run(c);
}

/* An address that we gave out for a name means that name, whoever says it. */
static void name_address(struct conn *c)
{
	const char *name = c->dest.is_addr ?
				   names_at(c->table->names, names_of_addr(&c->dest.addr)) :
				   NULL;

	if (!name)
		return;
	c->dest.is_addr = false;
	memcpy(c->dest.name, name, strlen(name) + 1);
}

/* The one place where a destination is decided on, for every way in. */
static void decide(struct conn *c)
{
	enum rule rule;

	name_address(c);
	rule = policy_decide(c->table->policy, &c->dest);
	if (rule == RULE_OK && !c->dest.is_addr &&
	    names_slot(c->table->names, c->dest.name) == NAMES_NONE)
		rule = RULE_WILDCARD;
	c->check = policy_check(c->table->policy, &c->dest, &c->ech_denied);
	if (c->wants_reply) { /* a request that is read already, and plain HTTP */
		if (rule == RULE_OK && c->check != CHECK_HTTP && c->check != CHECK_NONE)
			rule = RULE_TLS;
		c->check = CHECK_NONE;
	}
	if (rule != RULE_OK) {
		refuse(c, rule, NULL);
		return;
	}
	set_state(c, CONN_DIAL);
	conn_set_deadline(c, DIAL_TIMEOUT_MS + 1000); /* the dial gives up first */
	c->dial = (struct dial){ .dest = &c->dest, .done = on_dialled, .to = &c->server.src };
	dial_start(c->table->dialler, &c->dial);
}

void conn_enqueue(struct conn *c)
{
	struct conn_table *t = c->table;

	if (c->is_queued)
		return;
	c->is_queued = true;
	c->next = NULL;
	*t->run_end = c;
	t->run_end = &c->next;
}

/* One turn of reading. Return: whether there may be another at once. */
static bool read_head(struct conn *c)
{
	enum relay_status st = side_flush(&c->client);
	enum rule rule = RULE_SYNTAX;
	const char *in;

	if (st == RELAY_GONE)
		conn_close(c);
	if (st != RELAY_END || !c->client.can_read)
		return false;
	ssize_t n = side_peek(&c->client, HTTP_REQUEST_MAX, &in);
	if (n <= 0) {
		if (n == 0 || c->client.can_read)
			conn_close(c);
		return false;
	}
	switch (c->way->feed(c, in, (size_t)n, &rule)) {
	case WAY_MORE:
		if (c->client.hung_up)
			conn_close(c); /* no more will come */
		side_wants_more(&c->client);
		break;
	case WAY_REPLIED:
		conn_set_deadline(c, CONN_HEAD_MS);
		return true;
	case WAY_GO:
		decide(c);
		break;
	case WAY_REFUSE:
		refuse(c, rule, NULL);
		break;
	}
	return false;
}

static void run_head(struct conn *c)
{
	for (int i = 0; i < CONN_HEAD_TURN; i++)
		if (!read_head(c))
			return;
	conn_enqueue(c);
}

static void finish_relay(struct conn *c)
{
	log_it(c, RULE_OK);
	linger(c);
}

/* Return: whether the flows may run. */
static bool run_check(struct conn *c)
{
	unsigned before = c->n_requests;
	bool more;
	enum rule rule;

	if (side_flush(&c->client) == RELAY_GONE) {
		break_off(c);
		return false;
	}
	if (conn_http_is_spent(c)) {
		finish_relay(c);
		return false;
	}
	rule = conn_check(c, &more);
	if (rule != RULE_OK) {
		refuse(c, rule, NULL);
		return false;
	}
	if (more) {
		conn_http_note_begun(c);
		return false;
	}
	if (before > 0 && c->n_requests == before) { /* the client has no more */
		finish_relay(c);
		return false;
	}
	c->check = CHECK_NONE;
	conn_set_deadline(c, CONN_RELAY_MS);
	return true;
}

static void run_relay(struct conn *c)
{
	if (c->check != CHECK_NONE && !run_check(c))
		return;

	uint64_t before = c->up.moved + c->down.moved;
	enum relay_status down = RELAY_IDLE;
	enum rule rule;
	enum relay_status up = flow_run(&c->up, &c->client, &c->server, &c->table->pipes);

	if (up == RELAY_GONE) { /* it may have answered already, and that is worth hearing */
		flow_done(&c->up, &c->table->pipes);
		c->server.can_write = false;
		up = RELAY_END;
	}
	enum relay_status reply = up != RELAY_BROKEN && c->wants_reply ? conn_http_reply(c, &rule) : RELAY_END;

	if (reply == RELAY_GONE && c->n_requests > 1) {
		finish_relay(c); /* it hung up as we asked: the client may ask again */
		return;
	}
	if (reply == RELAY_GONE || reply == RELAY_BROKEN) {
		refuse(c, rule, NULL);
		return;
	}
	if (up != RELAY_BROKEN)
		down = c->wants_reply ? side_flush(&c->client) :
					flow_run(&c->down, &c->server, &c->client, &c->table->pipes);
	if (c->wants_reply && down == RELAY_END)
		down = RELAY_IDLE; /* a 1xx was passed on */
	if (up == RELAY_BROKEN || down == RELAY_BROKEN || down == RELAY_GONE) {
		break_off(c);
		return;
	}
	if (down == RELAY_END && up == RELAY_END && c->keeps) {
		conn_http_next(c);
		return;
	}
	if (down == RELAY_END && (c->ends_with_reply || up == RELAY_END)) {
		finish_relay(c);
		return;
	}
	if (c->up.moved + c->down.moved != before)
		conn_set_deadline(c, up == RELAY_END || down == RELAY_END ? CONN_HALF_CLOSED_MS :
								       CONN_RELAY_MS);
	if (up == RELAY_AGAIN || down == RELAY_AGAIN)
		conn_enqueue(c);
}

static void run_answer(struct conn *c)
{
	enum relay_status st = side_flush(&c->client);

	if (st == RELAY_END)
		linger(c);
	else if (st == RELAY_GONE)
		conn_close(c);
}

static void run_linger(struct conn *c)
{
	while (c->client.can_read) {
		const char *in;
		ssize_t n = side_peek(&c->client, CONN_LINGER_BYTES, &in);

		if (n < 0 && !c->client.can_read)
			return;
		if (n <= 0 || !side_consume(&c->client, (size_t)n)) {
			conn_close(c);
			return;
		}
		c->lingered += (size_t)n;
		if (c->lingered > CONN_LINGER_BYTES) {
			conn_close(c);
			return;
		}
	}
}

static void (*const runners[])(struct conn *) = {
	[CONN_FREE] = NULL,
	[CONN_HEAD] = run_head,
	[CONN_DIAL] = NULL, /* the dial calls back */
	[CONN_RELAY] = run_relay,
	[CONN_ANSWER] = run_answer,
	[CONN_LINGER] = run_linger,
};
TABLE_CHECK(runners, CONN_STATE__COUNT);

static void run(struct conn *c)
{
	if (runners[c->state])
		runners[c->state](c);
}

bool conn_run_queue(struct conn_table *t)
{
	struct conn *c = t->run;

	t->run = NULL;
	t->run_end = &t->run;
	while (c) {
		struct conn *next = c->next;

		c->is_queued = false;
		run(c);
		c = next;
	}
	return t->run != NULL;
}

/* The deadline of a state: what it means that it passed. */
static void on_deadline(struct conn *c)
{
	if (c->state == CONN_RELAY && c->wants_reply && c->client.queued.len == 0)
		refuse(c, RULE_TIMEOUT, NULL);
	else if (c->state == CONN_RELAY && c->n_requests > 0 && c->check != CHECK_NONE && !c->has_begun)
		finish_relay(c);
	else if (c->state == CONN_RELAY && c->check != CHECK_NONE)
		refuse(c, RULE_SLOW, NULL);
	else if (c->state == CONN_RELAY)
		break_off(c);
	else if (c->state == CONN_HEAD && c->via[0]) /* it has begun to say something */
		refuse(c, RULE_SLOW, NULL);
	else
		conn_close(c);
}

/* Most connections are over before anybody could ask whether their server is still there. */
static void probe(struct conn *c)
{
	if (c->is_probed || c->table->loop->now_ms - c->started_ms < CONN_PROBE_MS)
		return;
	c->is_probed = true;
	conn_probe(c->server.src.fd);
}

void conn_tick(struct conn_table *t)
{
	for (size_t i = 0; i < t->high; i++) {
		struct conn *c = &t->conn[i];

		if (c->state == CONN_FREE)
			continue;
		if (c->state == CONN_DIAL)
			dial_tick(&c->dial);
		if (c->state == CONN_RELAY)
			probe(c);
		if (c->state != CONN_FREE && t->loop->now_ms >= c->deadline_ms)
			on_deadline(c);
	}
}

void conn_close_all(struct conn_table *t)
{
	for (size_t i = 0; i < t->high; i++)
		if (t->conn[i].state != CONN_FREE)
			conn_close(&t->conn[i]);
}

void conn_start(struct conn *c, const struct way *way, int fd, const struct dest *d)
{
	c->way = way;
	c->via = d->port ? "transparent" : "";
	c->dest = *d;
	c->started_ms = c->table->loop->now_ms;
	c->up.pipe = c->down.pipe = -1;
	side_init(&c->client, fd, on_client);
	side_init(&c->server, -1, on_server);
	c->state = CONN_HEAD;
	c->table->n_half_open++;
	conn_set_deadline(c, CONN_HEAD_MS);
	if (loop_add(c->table->loop, &c->client.src, DIAL_EVENTS) < 0)
		conn_close(c);
	else if (d->port)
		decide(c);
}
