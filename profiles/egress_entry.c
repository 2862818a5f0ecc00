/* SPDX-License-Identifier: Apache-2.0 */
/*
 * egress_entry.c - entries of egress.allow, by the one grammar for host names
 *
 * Accepted: "host:443", "*.suffix:443", "192.0.2.1:443", "[2001:db8::1]:443", and the same as an
 * object {"host", "ports", "addresses", "tls", "ech", "note"}; a network, "192.0.2.0/24:443". An entry
 * that denies may leave the ports out: then it denies all. A name is stored canonical, so that deciding and
 * dialling use the same bytes. A name alone, a port 0 or a bare "*" is an error and never "all".
 */
#include "profiles/egress_entry.h"

#include "base/egress_wire.h"
#include "base/hostname.h"
#include "base/mutant.h"
#include "spec/names_table.h"
#include "spec/oci_tables.h"

#define PORTS_MAX 64u
#define ADDRESSES_MAX 64u
#define SEC "agentrt-profile(5)"

struct entry_doc {
	const char *host, *note;
	uint32_t *ports;
	size_t n_ports;
	const char **addresses;
	size_t n_addresses;
	int tls, ech;
};

enum { ECH_ALLOW, ECH_DENY };

NAMES(egress_tls_names, "TLS rule", { "require", PROFILE_TLS_REQUIRE }, { "any", PROFILE_TLS_ANY },
      { "none", PROFILE_TLS_NONE });
NAMES(egress_ech_names, "ECH rule", { "allow", ECH_ALLOW }, { "deny", ECH_DENY });

static const struct field_table entry_table = {
	.what = "egress entry",
	.size = sizeof(struct entry_doc),
	.fields =
		(const struct field[]){
			ROW("host", F_STRING, REQ, struct entry_doc, host, NULL, SEC),
			ROW_N("ports", F_U32S, OPT, struct entry_doc, ports, n_ports, NULL, SEC),
			ROW_N("addresses", F_STRINGS, OPT, struct entry_doc, addresses, n_addresses,
			      NULL, SEC),
			ROW("tls", F_ENUM, OPT, struct entry_doc, tls, &egress_tls_names, SEC),
			ROW("ech", F_ENUM, OPT, struct entry_doc, ech, &egress_ech_names, SEC),
			ROW("note", F_STRING, OPT, struct entry_doc, note, NULL, SEC),
			ROW_END,
		},
};

/* A name, "*.suffix", an address or a network; NULL: none of them */
static const char *canonical(struct arena *a, const char *s, size_t n)
{
	char name[HOSTNAME_MAX + 1];
	struct cidr net;

	if (cidr_parse(s, n, &net))
		return arena_strndup(a, s, n);
	return hostname_canon_pattern(s, n, name) ? arena_strdup(a, name) : NULL;
}

static int set_host(struct field_ctx *c, const struct json *v, const char *s, size_t n,
		    struct egress_entry *ret, struct err *e)
{
	ret->host = canonical(c->a, s, n);
	if (ret->host)
		return 0;
	return field_fail(c, v, e, ERR_INPUT,
			  "the host must be a name of letters, digits and "
			  "hyphens, \"*.\" and such a name, an address, or a network "
			  "without host bits");
}

static int set_ports(struct field_ctx *c, const struct json *v, const uint32_t *ports, size_t n,
		     struct egress_entry *ret, struct err *e)
{
	if (n > PORTS_MAX)
		return field_fail(c, v, e, ERR_INPUT, "more than %u ports", PORTS_MAX);
	uint16_t *out = arena_alloc(c->a, n + 1, sizeof(*out));

	for (size_t i = 0; i < n; i++) {
		if (ports[i] == 0 || ports[i] > UINT16_MAX)
			return field_fail(c, v, e, ERR_INPUT, "a port must be from 1 to 65535");
		out[i] = (uint16_t)ports[i];
	}
	ret->ports = out;
	ret->n_ports = n;
	return 0;
}

static int decode_text(struct field_ctx *c, const struct json *v, bool denies,
		       struct egress_entry *ret, struct err *e)
{
	const char *s = v->text, *colon = strrchr(s, ':');
	struct cidr net;
	size_t n = colon ? (size_t)(colon - s) : 0;
	uint32_t port;

	if (denies && (!colon || cidr_parse(s, strlen(s), &net)))
		return set_host(c, v, s, strlen(s), ret, e); /* on every port */
	if (!colon || !str_to_u32(colon + 1, &port))
		return field_fail(c, v, e, ERR_INPUT, "must be \"host:port\"");
	if (n > 2 && s[0] == '[' && s[n - 1] == ']')
		s++, n -= 2;
	else if (memchr(s, ':', n))
		return field_fail(c, v, e, ERR_INPUT,
				  "an IPv6 address is written \"[address]:port\"");
	if (set_host(c, v, s, n, ret, e))
		return -1;
	return set_ports(c, v, &port, 1, ret, e);
}

static int check_addresses(struct field_ctx *c, const struct json *v, const struct entry_doc *d,
			   struct err *e)
{
	struct cidr cidr;

	if (d->n_addresses > ADDRESSES_MAX)
		return field_fail(c, v, e, ERR_INPUT, "more than %u addresses", ADDRESSES_MAX);
	for (size_t i = 0; i < d->n_addresses; i++)
		if (!cidr_parse(d->addresses[i], strlen(d->addresses[i]), &cidr))
			return field_fail(c, v, e, ERR_INPUT,
					  "addresses[%zu] is no network in CIDR "
					  "notation without host bits",
					  i);
	return 0;
}

static int decode_object(struct field_ctx *c, const struct json *v, bool denies,
			 struct egress_entry *ret, struct err *e)
{
	struct entry_doc d = { 0 };

	if (denies && (json_get(v, "addresses") || json_get(v, "tls") || json_get(v, "ech")))
		return field_fail(c, v, e, ERR_INPUT,
				  "an entry that denies has a host, ports and a note only");
	if (field_decode(c, &entry_table, v, &d, e))
		return -1;
	if (!denies && d.n_ports == 0 && !mutant("profile.no_ports"))
		return field_fail(c, v, e, ERR_INPUT, "ports is required: at least one");
	if (check_addresses(c, v, &d, e) || set_host(c, v, d.host, strlen(d.host), ret, e) ||
	    set_ports(c, v, d.ports, d.n_ports, ret, e))
		return -1;
	ret->addresses = d.addresses;
	ret->n_addresses = d.n_addresses;
	ret->note = d.note;
	ret->tls = d.tls;
	ret->ech_denied = d.ech == ECH_DENY;
	return 0;
}

static int decode_list(struct field_ctx *c, const struct json *v, bool denies,
		       struct egress_list *ret, struct err *e)
{
	struct egress_list list = { 0 };

	if (field_type_is(c, v, JSON_ARRAY, e))
		return -1;
	if (v->n > EGRESS_ALLOW_MAX)
		return field_fail(c, v, e, ERR_INPUT, "more than %u entries", EGRESS_ALLOW_MAX);
	for (const struct json *m = v->child; m; m = m->next) {
		size_t mark = field_enter(c, NULL, list.n);
		struct egress_entry *entry = arena_push(c->a, list.v, list.n);

		if (m->type == JSON_STRING ? decode_text(c, m, denies, entry, e)
					   : decode_object(c, m, denies, entry, e))
			return -1;
		field_leave(c, mark);
	}
	*ret = list;
	return 0;
}

int egress_allow_decode(struct field_ctx *c, const struct json *v, void *obj, struct err *e)
{
	return decode_list(c, v, false, obj, e);
}

int egress_deny_decode(struct field_ctx *c, const struct json *v, void *obj, struct err *e)
{
	return decode_list(c, v, true, obj, e);
}
