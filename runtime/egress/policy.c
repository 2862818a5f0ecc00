/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c - the decision on (name or address, port), and the screening of what a name resolves to */
#include "egress/policy.h"

#include <string.h>

#include "base/mutant.h"
#include "base/str.h"
#include "base/table.h"

/* Never resolved, whatever the policy says: they mean "this machine" or "my credentials". */
static const char *const reserved[] = {
	"localhost",
	"*.localhost",
	"metadata.google.internal",
	"metadata.azure.internal",
};

enum rule dest_set(struct dest *ret, const char *host, size_t n, bool bracketed, uint16_t port)
{
	struct dest d = { .port = port };

	if (ipaddr_parse(host, n, &d.addr)) {
		if ((d.addr.family == 6) != bracketed && !mutant("egress.brackets"))
			return RULE_NAME;
		d.is_addr = true;
		ipaddr_print(&d.addr, d.name);
	} else if (bracketed || !hostname_canon(host, n, d.name)) {
		return RULE_NAME;
	}
	*ret = d;
	return RULE_OK;
}

static bool names_host(const struct policy_entry *en, const struct dest *d)
{
	if (en->is_addr != d->is_addr)
		return false;
	return d->is_addr ? cidr_contains(&en->net, &d->addr) : hostname_matches(en->host, d->name);
}

/* What stands in front of a wildcard's suffix is whatever the container says, and reaches the name
 * server of that suffix: it must not have room for much. */
static bool fits_wildcard(const struct policy_entry *en, const struct dest *d)
{
	size_t labels = 0, n;

	if (en->is_addr || en->host[0] != '*' || mutant("egress.wildcard"))
		return true;

	const char *suffix = d->name + strlen(d->name) - strlen(en->host + 1); /* with its dot */
	for (const char *s = d->name; s < suffix; s += n + 1) {
		n = strcspn(s, ".");
		if (n > POLICY_WILD_LABEL || ++labels > POLICY_WILD_LABELS)
			return false;
	}
	return true;
}

static bool names_port(const struct policy_entry *en, uint16_t port)
{
	for (size_t i = 0; i < en->n_ports; i++)
		if (en->ports[i] == port)
			return true;
	return en->n_ports == 0 || mutant("egress.port");
}

static bool is_reserved(const struct dest *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (!d->is_addr && hostname_matches(reserved[i], d->name))
			return !mutant("egress.reserved");
	return false;
}

static bool is_denied(const struct policy *p, const struct dest *d)
{
	for (size_t i = 0; i < p->n_denied; i++)
		if (names_host(&p->denied[i], d) && names_port(&p->denied[i], d->port))
			return !mutant("egress.deny");
	return false;
}

enum rule policy_decide(const struct policy *p, const struct dest *d)
{
	enum rule r = d->is_addr ? RULE_LITERAL : RULE_ALLOW;

	if (is_reserved(d))
		return RULE_RESERVED;
	if (is_denied(p, d))
		return RULE_DENY;
	if (p->learn && !mutant("egress.learn"))
		return RULE_LEARN;
	for (size_t i = 0; i < p->n_entries; i++) {
		if (!names_host(&p->entries[i], d))
			continue;
		if (!fits_wildcard(&p->entries[i], d))
			r = RULE_WILDCARD;
		else if (names_port(&p->entries[i], d->port))
			return RULE_OK;
		else
			r = RULE_PORT;
	}
	if ((r == RULE_ALLOW && mutant("egress.allow")) ||
	    (r == RULE_LITERAL && mutant("egress.literal")))
		return RULE_OK;
	return r;
}

enum rule policy_decide_name(const struct policy *p, const struct dest *d)
{
	struct dest at = *d;
	enum rule r;

	at.port = 0; /* no entry's */
	r = policy_decide(p, &at);
	if (r == RULE_LEARN)
		return RULE_OK;
	for (size_t i = 0; i < p->n_entries && r != RULE_DENY; i++) {
		const struct policy_entry *en = &p->entries[i];

		for (size_t k = 0; names_host(en, d) && k < en->n_ports; k++) {
			at.port = en->ports[k];
			if (policy_decide(p, &at) == RULE_OK)
				return RULE_OK;
		}
	}
	return r;
}

static enum check check_of(const struct policy_entry *en, uint16_t port)
{
	bool tls_port = port == 443 || port == 8443 || port == 853;
	enum policy_tls tls = en->tls != TLS_DEFAULT ? en->tls : tls_port ? TLS_REQUIRE : TLS_NONE;

	if (tls == TLS_REQUIRE)
		return en->is_addr ? CHECK_TLS : CHECK_TLS_NAME;
	if (tls == TLS_ANY)
		return CHECK_TLS;
	return port == 80 ? CHECK_HTTP : CHECK_NONE;
}

/* An entry of the name itself goes before a wildcard's, an earlier one before a later. */
enum check policy_check(const struct policy *p, const struct dest *d, bool *ret_ech_denied)
{
	const struct policy_entry *best = NULL;

	for (size_t i = 0; i < p->n_entries; i++) {
		const struct policy_entry *en = &p->entries[i];

		if (!names_host(en, d) || !names_port(en, d->port))
			continue;
		if (!best || (best->host[0] == '*' && en->host[0] != '*'))
			best = en;
	}
	*ret_ech_denied = best && best->ech_denied;
	return best ? check_of(best, d->port) : CHECK_NONE;
}

const struct policy_entry *policy_entry_of(const struct policy *p, const char *name)
{
	const struct policy_entry *wild = NULL;

	for (size_t i = 0; i < p->n_entries; i++) {
		const struct policy_entry *en = &p->entries[i];

		if (en->is_addr || !hostname_matches(en->host, name))
			continue;
		if (en->host[0] != '*')
			return en;
		if (!wild)
			wild = en;
	}
	return wild;
}

static bool is_own(const struct own_set *own, const struct ipaddr *a)
{
	for (size_t i = 0; i < own->n; i++)
		if (cidr_contains(&own->v[i], a))
			return true;
	return own->unknown;
}

/* Where a gateway dials an IPv4 address for us, the last four bytes: RFC 6052, 8215 and 7915. */
static const struct cidr translated[] = {
	{ { 6, { 0x00, 0x64, 0xff, 0x9b } }, 96 },
	{ { 6, { 0x00, 0x64, 0xff, 0x9b, 0, 1 } }, 48 },
	{ { 6, { [8] = 0xff, [9] = 0xff } }, 96 },
};

static bool inner_address(const struct ipaddr *a, struct ipaddr *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(translated) && !mutant("egress.translated"); i++) {
		if (!cidr_contains(&translated[i], a))
			continue;
		*ret = (struct ipaddr){ .family = 4 };
		memcpy(ret->b, a->b + 12, 4);
		return true;
	}
	return false;
}

static bool is_listed(const struct policy *p, const struct dest *d, const struct ipaddr *a)
{
	for (size_t i = 0; i < p->n_entries; i++) {
		const struct policy_entry *en = &p->entries[i];

		if (!names_host(en, d) || !names_port(en, d->port))
			continue;
		if (en->is_addr)
			return true; /* named outright */
		for (size_t k = 0; k < en->n_nets; k++)
			if (cidr_contains(&en->nets[k], a))
				return true;
	}
	return false;
}

static enum rule screen(const struct policy *p, const struct own_set *own, const struct dest *d,
			const struct ipaddr *a)
{
	struct dest there = { .is_addr = true, .addr = *a, .port = d->port };

	if (ipaddr_is_never(a) && !mutant("egress.never"))
		return RULE_NEVER;
	if (is_own(own, a) && !mutant("egress.own"))
		return RULE_OWN;
	if (is_denied(p, &there))
		return RULE_DENY;
	if (ipaddr_is_global(a) || is_listed(p, d, a) || mutant("egress.global"))
		return RULE_OK;
	return RULE_GLOBAL;
}

/* What a gateway would dial for us must be as good as what we dial. */
enum rule policy_screen(const struct policy *p, const struct own_set *own, const struct dest *d,
			const struct ipaddr *a)
{
	enum rule r = screen(p, own, d, a);
	struct ipaddr inner;

	return r == RULE_OK && inner_address(a, &inner) ? screen(p, own, d, &inner) : r;
}
