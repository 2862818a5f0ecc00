/* SPDX-License-Identifier: Apache-2.0 */
/*
 * way_http.c - the way in for programs that honour HTTP_PROXY
 *
 * CONNECT opens a tunnel. A request with an absolute URL is written anew in origin form, its body
 * is passed on as far as it goes and not a byte further, and the answer is told to close: one
 * request a connection, so there is no second one to smuggle.
 */
#include <string.h>

#include "base/mem.h"
#include "base/mutant.h"
#include "egress/conn_table.h"

/* The second word of the first line, for the log and the answer; it may be anything. */
static void note_asked(struct conn *c, const char *in, size_t n)
{
	const char *end = in + n, *p = memchr(in, ' ', n);
	size_t k = 0;

	for (p = p ? p + 1 : end; p < end && k < sizeof(c->asked) - 1; p++) {
		if (*p == ' ' || *p == '\r' || *p == '\n')
			break;
		c->asked[k++] = *p > 0x20 && *p < 0x7f ? *p : '?';
	}
	c->asked[k] = '\0';
}

static enum way_step feed(struct conn *c, const char *in, size_t n, enum rule *ret_rule)
{
	struct http_request r;

	c->via = n > 8 && memcmp(in, "CONNECT ", 8) == 0 ? "connect" : "http";
	switch (http_request(in, n, &r, ret_rule)) {
	case HTTP_MORE:
		return WAY_MORE;
	case HTTP_BAD:
		note_asked(c, in, n);
		return WAY_REFUSE;
	case HTTP_DONE:
		break;
	}
	c->dest = r.dest;
	c->ends_with_reply = c->wants_reply = !r.is_connect;
	c->request_body = r.body;
	c->request = r.out;
	c->wish = r.asked;
	*ret_rule = RULE_SYNTAX;
	return side_consume(&c->client, r.head_bytes) ? WAY_GO : WAY_REFUSE;
}

static void connected(struct conn *c)
{
	c->up.body = mutant("http.one_request") ? (struct body){ .kind = BODY_RAW } : c->request_body;
	c->down.body = (struct body){ .kind = BODY_RAW };
	c->server.queued = c->request;
	c->request = (struct strbuf)STRBUF_INIT;
	if (!c->wants_reply)
		strbuf_adds(&c->client.queued, "HTTP/1.1 200 Connection established\r\n\r\n");
}

const struct way way_http = {
	.feed = feed,
	.connected = connected,
	.answer = answer_http,
};
