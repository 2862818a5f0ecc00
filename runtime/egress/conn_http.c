/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn_http.c - one request after another on a connection: the responses, and what is between them
 *
 * A request leaves when the response to the one before has ended, so a response always belongs to
 * the last request that was checked, and nothing the client sends can be taken for part of another.
 * What a server could do wrong is to send more than its response: those bytes answer nothing, and
 * the connection ends. conn_check.c looks at each request.
 */
#include "base/mutant.h"
#include "egress/conn_table.h"

/* One head. */
static enum way_step read_head(struct conn *c, const char *in, size_t n)
{
	struct http_response r;

	switch (http_response(&c->wish, in, n, &c->client.queued, &r)) {
	case HTTP_MORE:
		return WAY_MORE;
	case HTTP_BAD:
		return WAY_REFUSE;
	case HTTP_DONE:
		break;
	}
	c->wants_reply = !r.is_final;
	if (r.is_final) {
		c->down.body = r.body;
		c->keeps = r.after == HTTP_KEEP;
		c->ends_with_reply = r.after == HTTP_CLOSE;
	}
	if (r.is_final && r.after == HTTP_UPGRADE) { /* what the client has sent since is its first message */
		c->up = (struct flow){ .body = r.body, .moved = c->up.moved, .pipe = -1 };
		conn_enqueue(c); /* it may be here already, and no event would tell */
	}
	return side_consume(&c->server, r.head_bytes) ? WAY_GO : WAY_REFUSE;
}

/* Whether the heads that clients do not take leave no room for a large one. */
static bool is_crowded(const struct conn_table *t)
{
	size_t bytes = 0;

	for (size_t i = 0; i < t->high && !mutant("conn.queued"); i++)
		bytes += t->conn[i].client.queued.len;
	return bytes > CONN_QUEUED_MAX;
}

enum relay_status conn_http_reply(struct conn *c, enum rule *ret_rule)
{
	unsigned heads = 0;
	const char *in;

	*ret_rule = RULE_UPSTREAM;

	while (c->wants_reply) {
		/* The next one only where the client has taken the last, and others their turn. */
		if (side_flush(&c->client) != RELAY_END && !mutant("http.interim"))
			return RELAY_IDLE;
		if (heads++ == CONN_HEAD_TURN) {
			conn_enqueue(c);
			return RELAY_IDLE;
		}
		if (!c->server.can_read)
			return RELAY_IDLE;
		ssize_t n = side_peek(&c->server, HTTP_RESPONSE_MAX, &in);
		if (n < 0 && !c->server.can_read)
			return RELAY_IDLE;
		if (n <= 0)
			return RELAY_GONE;
		enum way_step step = read_head(c, in, (size_t)n);
		if (step == WAY_MORE && !c->server.hung_up) {
			side_wants_more(&c->server);
			return RELAY_IDLE;
		}
		if (step != WAY_GO)
			return RELAY_BROKEN;
		if (c->client.queued.len > CONN_HEAD_FREE && is_crowded(c->table)) {
			*ret_rule = RULE_BUSY;
			return RELAY_BROKEN;
		}
	}
	return RELAY_END;
}

/*
 * Between a response and the next request a server says nothing. One that has hung up gets no more
 * requests: the client sees the end, and asks again on a new connection, as with any server. Bytes
 * behind the response are not the answer to anything.
 */
bool conn_http_is_spent(struct conn *c)
{
	const char *in;

	if (c->n_requests == 0 || !c->server.can_read || mutant("http.between"))
		return false;
	return side_peek(&c->server, 1, &in) >= 0 || c->server.can_read;
}

void conn_http_next(struct conn *c)
{
	flow_done(&c->up, &c->table->pipes);
	flow_done(&c->down, &c->table->pipes);
	c->up = (struct flow){ .moved = c->up.moved, .pipe = -1 };
	c->down = (struct flow){ .moved = c->down.moved, .pipe = -1 };
	c->check = CHECK_HTTP;
	c->keeps = c->has_begun = false;
	conn_set_deadline(c, CONN_KEEP_MS);
	conn_enqueue(c);
}

/* Part of a request is there: the rest must follow soon. */
void conn_http_note_begun(struct conn *c)
{
	const char *in;

	if (c->has_begun || c->n_requests == 0 || side_peek(&c->client, 1, &in) <= 0)
		return;
	c->has_begun = true;
	conn_set_deadline(c, CONN_HEAD_MS);
}
