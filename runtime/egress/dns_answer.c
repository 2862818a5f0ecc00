/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns_answer.c - one decision for each name, whatever the record type
 *
 * A name that the policy has an entry for exists: it has one address of each family, and no other
 * record. Any other name does not exist, and who asks with EDNS is told which rule says so. Names
 * of this machine and addresses that stand for names are answered as a resolver would.
 */
#include "egress/dns_answer.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "egress/answer.h"

static bool wants(const struct dns_query *q, enum dns_type type)
{
	return q->type == type || q->type == DNS_ANY;
}

static void give_addresses(const struct dns_query *q, const struct ipaddr *v4,
			   const struct ipaddr *v6, struct dns_answer *a)
{
	a->has_v4 = wants(q, DNS_A);
	a->has_v6 = wants(q, DNS_AAAA);
	a->v4 = *v4;
	a->v6 = *v6;
}

static bool answer_localhost(const struct dns_query *q, struct dns_answer *a)
{
	static const struct ipaddr v4 = { 4, { 127, 0, 0, 1 } }, v6 = { 6, { [15] = 1 } };

	if (!hostname_matches("localhost", q->name) && !hostname_matches("*.localhost", q->name))
		return false;
	give_addresses(q, &v4, &v6, a);
	return true;
}

static bool cut_suffix(char *s, const char *suffix)
{
	if (!str_has_suffix(s, suffix))
		return false;
	s[strlen(s) - strlen(suffix)] = '\0';
	return true;
}

/* "4.3.2.1" to 1.2.3.4 */
static bool reversed4(const char *s, struct ipaddr *ret)
{
	unsigned b[4];
	char back[16];

	*ret = (struct ipaddr){ .family = 4 };
	if (sscanf(s, "%3u.%3u.%3u.%3u", &b[3], &b[2], &b[1], &b[0]) != 4)
		return false;
	snprintf(back, sizeof(back), "%u.%u.%u.%u", b[3] & 0xff, b[2] & 0xff, b[1] & 0xff,
		 b[0] & 0xff);
	for (int i = 0; i < 4; i++)
		ret->b[i] = (uint8_t)b[i];
	return streq(s, back);
}

/* 32 hexadecimal digits with dots between, the last one first */
static bool reversed6(const char *s, struct ipaddr *ret)
{
	static const char digits[] = "0123456789abcdef";

	*ret = (struct ipaddr){ .family = 6 };
	if (strlen(s) != 63)
		return false;
	for (unsigned i = 0; i < 32; i++) {
		const char *d = strchr(digits, s[2 * i]);

		if (!d || (i < 31 && s[2 * i + 1] != '.'))
			return false;
		ret->b[15 - i / 2] |= (uint8_t)((d - digits) << (i % 2 ? 4 : 0));
	}
	return true;
}

static bool answer_reverse(const struct names *names, const struct dns_query *q,
			   struct dns_answer *a)
{
	static const struct cidr loopback = { { 4, { 127 } }, 8 };
	char text[HOSTNAME_MAX + 1];
	struct ipaddr addr;
	bool parsed;

	memcpy(text, q->name, sizeof(text));
	if (cut_suffix(text, ".in-addr.arpa"))
		parsed = reversed4(text, &addr);
	else if (cut_suffix(text, ".ip6.arpa"))
		parsed = reversed6(text, &addr);
	else
		return false;
	a->rcode = DNS_NXDOMAIN;
	if (!parsed)
		return true;
	a->ptr = cidr_contains(&loopback, &addr) ? "localhost" :
						   names_at(names, names_of_addr(&addr));
	if (a->ptr)
		a->rcode = DNS_NOERROR;
	if (!wants(q, DNS_PTR))
		a->ptr = NULL;
	return true;
}

static enum rule decide(struct names *names, const struct dns_query *q, struct dns_answer *a)
{
	struct ipaddr v4, v6;
	struct dest d = { 0 };
	uint32_t slot;
	enum rule r;

	if (!q->is_name)
		return RULE_NAME;
	memcpy(d.name, q->name, sizeof(d.name));
	r = policy_decide_name(names->policy, &d);
	if (r != RULE_OK)
		return r;
	slot = names_slot(names, q->name);
	if (slot == NAMES_NONE)
		return RULE_WILDCARD;
	names_addr(slot, 4, &v4);
	names_addr(slot, 6, &v6);
	give_addresses(q, &v4, &v6, a);
	return RULE_OK;
}

static void set_denial(struct dns_answer *a, enum rule r, const struct names *names,
		       struct strbuf *text)
{
	answer_dns(text, &(struct answer){ .rule = r, .profile = names->policy->profile,
					   .has_help = names->policy->help });
	a->rcode = DNS_NXDOMAIN;
	a->ede = DNS_EDE_BLOCKED;
	a->ede_text = text->p;
}

size_t dns_reply(struct names *names, const uint8_t *msg, size_t n, uint8_t *out,
		 struct dns_verdict *ret)
{
	struct dns_answer a = { .rcode = DNS_NOERROR };
	auto_strbuf struct strbuf text = STRBUF_INIT;
	struct dns_query q;

	*ret = (struct dns_verdict){ .rule = RULE_OK };
	if (!dns_read(msg, n, &q))
		return 0;
	a.rcode = q.rcode;
	if (q.rcode == DNS_FORMERR)
		ret->rule = RULE_NAME; /* whatever was to be said with it: it is recorded */
	if (q.rcode == DNS_NOERROR &&
	    !(q.is_name && (answer_localhost(&q, &a) || answer_reverse(names, &q, &a)))) {
		ret->rule = decide(names, &q, &a);
		memcpy(ret->name, q.is_name ? q.name : q.shown, sizeof(ret->name));
		if (ret->rule != RULE_OK)
			set_denial(&a, ret->rule, names, &text);
	}
	return dns_write(&q, &a, out);
}
