/* SPDX-License-Identifier: Apache-2.0 */
/* way_dns.c - questions to a name server by TCP: any number of them, one after another (RFC 7766) */
#include "egress/conn.h"
#include "egress/dns_answer.h"

static enum way_step feed(struct conn *c, const char *in, size_t n, enum rule *ret_rule)
{
	const uint8_t *b = (const uint8_t *)in;
	uint8_t out[2 + DNS_ANSWER_MAX];
	struct dns_verdict v;
	size_t len;

	c->via = "dns";
	*ret_rule = RULE_SYNTAX;
	if (n < 2)
		return WAY_MORE;
	len = (size_t)b[0] << 8 | b[1];
	if (len > DNS_QUERY_MAX)
		return WAY_REFUSE;
	if (n < 2 + len)
		return WAY_MORE;

	size_t k = dns_reply(c->table->names, b + 2, len, out + 2, &v);
	if (k == 0 || !side_consume(&c->client, 2 + len))
		return WAY_REFUSE;
	if (v.rule != RULE_OK)
		record_write(c->table->record,
			     &(struct record_line){ .via = "dns", .name = v.name, .rule = v.rule },
			     c->table->loop->now_ms);
	out[0] = (uint8_t)(k >> 8);
	out[1] = (uint8_t)k;
	strbuf_add(&c->client.queued, (const char *)out, 2 + k);
	return WAY_REPLIED;
}

/* Nothing but DNS can be said here. */
static void answer(struct strbuf *b, const struct answer *a)
{
	(void)b;
	(void)a;
}

const struct way way_dns = {
	.feed = feed,
	.answer = answer,
};
