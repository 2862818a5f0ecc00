/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn_check.c - what a connection must begin with: TLS with the right name, or HTTP for it
 *
 * The connection to the server is made already, and nothing of the client's has gone into it. What
 * was looked at is what leaves: a ClientHello is queued as it was read, a request is written anew. To
 * read the client's socket a second time would be a mistake: what came into it by sendfile(2) or
 * splice(2) are the client's own pages, and a program that writes into them changes bytes that were
 * looked at already. The next request is not looked at before the response is over, so there is never
 * a doubt which request a response belongs to.
 */
#include <string.h>

#include "base/mutant.h"
#include "egress/conn_table.h"
#include "egress/tls_hello.h"

/* What was checked, and no other reading of it, is the first that the server hears. */
static enum rule pass_hello(struct conn *c, const char *in, size_t n)
{
	if (mutant("tls.once"))
		return RULE_OK;
	strbuf_add(&c->server.queued, in, n);
	c->up.moved += n;
	return side_consume(&c->client, n) ? RULE_OK : RULE_TLS;
}

static enum rule check_tls(struct conn *c, const char *in, size_t n, bool *ret_more)
{
	struct hello h;

	switch (tls_hello((const uint8_t *)in, n, &h)) {
	case HELLO_MORE:
		*ret_more = true;
		return RULE_OK;
	case HELLO_BAD:
		return mutant("tls.required") ? RULE_OK : RULE_TLS;
	case HELLO_DONE:
		break;
	}
	if (c->check == CHECK_TLS_NAME && strcmp(h.sni, c->dest.name) != 0 && !mutant("tls.sni"))
		return RULE_TLS_SNI;
	if (h.has_ech && c->ech_denied && !mutant("tls.ech"))
		return RULE_TLS_ECH;
	return pass_hello(c, in, h.bytes);
}

static enum rule check_http(struct conn *c, const char *in, size_t n, bool *ret_more)
{
	struct http_request r;
	enum rule rule = RULE_SYNTAX;

	switch (http_request_to(&c->dest, in, n, &r, &rule)) {
	case HTTP_MORE:
		*ret_more = true;
		return RULE_OK;
	case HTTP_BAD:
		return rule;
	case HTTP_DONE:
		break;
	}
	c->server.queued = r.out;
	c->up.body = r.body;
	c->wish = r.asked;
	c->ends_with_reply = c->wants_reply = true;
	c->n_requests++;
	return side_consume(&c->client, r.head_bytes) ? RULE_OK : RULE_SYNTAX;
}

static enum rule (*const checks[])(struct conn *, const char *, size_t, bool *) = {
	[CHECK_NONE] = NULL,
	[CHECK_TLS_NAME] = check_tls,
	[CHECK_TLS] = check_tls,
	[CHECK_HTTP] = check_http,
};
TABLE_CHECK(checks, CHECK__COUNT);

enum rule conn_check(struct conn *c, bool *ret_more)
{
	const char *in;
	enum rule rule;
	ssize_t n;

	*ret_more = true;
	if (!c->client.can_read)
		return RULE_OK;
	n = side_peek(&c->client, HELLO_INPUT_MAX, &in);
	if (n < 0)
		return c->client.can_read ? RULE_SYNTAX : RULE_OK;
	*ret_more = false;
	if (n == 0) /* it has nothing to say; the flow sees the end */
		return RULE_OK;
	rule = checks[c->check](c, in, (size_t)n, ret_more);
	if (*ret_more && c->client.hung_up)
		return c->check == CHECK_HTTP ? RULE_SYNTAX : RULE_TLS; /* cut short */
	if (*ret_more)
		side_wants_more(&c->client);
	return rule;
}
