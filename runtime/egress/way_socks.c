/* SPDX-License-Identifier: Apache-2.0 */
/* way_socks.c - the way in for programs that speak SOCKS 5 */
#include "egress/conn.h"
#include "egress/socks.h"

static enum way_step feed_greeting(struct conn *c, const uint8_t *in, size_t n)
{
	static const char accepted[] = { SOCKS_VERSION, 0 };
	size_t used;

	switch (socks_greeting(in, n, &used)) {
	case HTTP_MORE:
		return WAY_MORE;
	case HTTP_BAD:
		return WAY_REFUSE;
	case HTTP_DONE:
		break;
	}
	if (!side_consume(&c->client, used))
		return WAY_REFUSE;
	c->is_greeted = true;
	strbuf_add(&c->client.queued, accepted, sizeof(accepted));
	return WAY_REPLIED;
}

static enum way_step feed(struct conn *c, const char *in, size_t n, enum rule *ret_rule)
{
	const uint8_t *b = (const uint8_t *)in;
	size_t used;

	c->via = "socks";
	*ret_rule = RULE_SOCKS;
	if (!c->is_greeted)
		return feed_greeting(c, b, n);
	switch (socks_request(b, n, &c->dest, &used, ret_rule)) {
	case HTTP_MORE:
		return WAY_MORE;
	case HTTP_BAD:
		return WAY_REFUSE;
	case HTTP_DONE:
		break;
	}
	*ret_rule = RULE_SOCKS;
	return side_consume(&c->client, used) ? WAY_GO : WAY_REFUSE;
}

static void answer(struct strbuf *b, const struct answer *a)
{
	static const char no_method[] = { SOCKS_VERSION, (char)0xff };
	uint8_t reply[SOCKS_REPLY_BYTES];

	if (!a->is_greeted) {
		strbuf_add(b, no_method, sizeof(no_method));
		return;
	}
	socks_reply(a->rule, reply);
	strbuf_add(b, (const char *)reply, sizeof(reply));
}

static void connected(struct conn *c)
{
	answer(&c->client.queued, &(struct answer){ .rule = RULE_OK, .is_greeted = true });
	c->up.body = c->down.body = (struct body){ .kind = BODY_RAW };
}

const struct way way_socks = {
	.feed = feed,
	.connected = connected,
	.answer = answer,
};
