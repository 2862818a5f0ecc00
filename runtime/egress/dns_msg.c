/* SPDX-License-Identifier: Apache-2.0 */
/* dns_msg.c - DNS questions read, answers written */
#include "egress/dns_msg.h"

#include <string.h>

#include "base/mutant.h"
#include "base/str.h"

#define HEADER	   12u
#define NAME_MAX_  255u /* of a name in wire form, RFC 1035 2.3.4 */
#define FLAG_QR	   0x8000u
#define FLAG_AA	   0x0400u
#define FLAG_RD	   0x0100u
#define FLAG_RA	   0x0080u
#define FLAG_CD	   0x0010u
#define OPCODE	   0x7800u
#define CLASS_IN   1u
#define CLASS_ANY  255u
#define EDNS_BYTES 1232u /* what we would take over UDP */
#define OPT_EDE	   15u	 /* RFC 8914 */

/* A cursor that never passes the end: a read beyond it gives zero and is remembered. */
struct in {
	const uint8_t *p;
	size_t n, at;
	bool is_short;
};

static uint8_t get8(struct in *in)
{
	if (in->at >= in->n) {
		in->is_short = true;
		return 0;
	}
	return in->p[in->at++];
}

static uint16_t get16(struct in *in)
{
	uint16_t hi = get8(in);

	return (uint16_t)(hi << 8 | get8(in));
}

static void skip(struct in *in, size_t n)
{
	if (n > in->n - in->at) {
		in->is_short = true;
		n = in->n - in->at;
	}
	in->at += n;
}

/* The question's name; a compression pointer has nothing to point to there. */
static bool read_name(struct in *in, struct dns_query *q)
{
	char text[NAME_MAX_ + 1];
	size_t n = 0, start = in->at;
	bool is_text = true;

	for (;;) {
		uint8_t len = get8(in);

		if (len >= 0xc0 && mutant("dns.pointer")) {
			skip(in, 1);
			break;
		}
		if (in->is_short || len > 63 || in->at - start + len > NAME_MAX_)
			return false;
		if (len == 0)
			break;
		if (n > 0)
			text[n++] = '.';
		for (uint8_t i = 0; i < len; i++) {
			text[n] = (char)get8(in);
			/* or it would be two labels */
			is_text = is_text && (text[n] != '.' || mutant("dns.dot"));
			n++;
		}
	}
	for (size_t i = 0; i < n && i < HOSTNAME_MAX; i++)
		q->shown[i] = text[i] > 0x20 && text[i] < 0x7f ? text[i] : '?';
	q->is_name = !in->is_short && is_text && n > 0 && text[n - 1] != '.' &&
		     hostname_canon(text, n, q->name);
	return !in->is_short;
}

/* Over a name in a record: labels, or a pointer that ends it and is not followed. */
static bool skip_name(struct in *in)
{
	for (;;) {
		uint8_t len = get8(in);

		if (in->is_short || (len & 0xc0) == 0x40 || (len & 0xc0) == 0x80)
			return false;
		if (len == 0)
			return true;
		if (len >= 0xc0) {
			skip(in, 1);
			return !in->is_short;
		}
		skip(in, len);
	}
}

/* Return: whether the record is well-formed. */
static bool read_record(struct in *in, struct dns_query *q, bool *seen_opt)
{
	size_t start = in->at;
	uint16_t type, ttl_hi;

	if (!skip_name(in))
		return false;
	bool is_root = in->at == start + 1;
	type = get16(in);
	skip(in, 2);
	ttl_hi = get16(in);
	skip(in, 2);
	skip(in, get16(in));
	if (in->is_short)
		return false;
	if (type != DNS_OPT)
		return true;
	if (*seen_opt || !is_root)
		return false;
	*seen_opt = true;
	q->has_edns = true;
	if ((ttl_hi & 0xff) != 0) /* a version that nobody has defined */
		q->rcode = DNS_BADVERS;
	return true;
}

static enum dns_rcode read_body(struct in *in, struct dns_query *q, const uint16_t count[4])
{
	bool seen_opt = false;
	size_t start = in->at;

	if ((q->flags & OPCODE) != 0)
		return DNS_NOTIMP;
	if ((count[0] != 1 && !mutant("dns.questions")) || !read_name(in, q))
		return DNS_FORMERR;
	q->type = get16(in);
	q->class = get16(in);
	if (in->is_short)
		return DNS_FORMERR;
	q->question = in->p + start;
	q->question_bytes = in->at - start;
	/* Answers and authorities have no place in a question, so each count is small in truth. */
	for (unsigned i = 0; i < (unsigned)count[1] + count[2]; i++)
		if (!read_record(in, q, &(bool){ true }))
			return DNS_FORMERR;
	for (unsigned i = 0; i < count[3]; i++)
		if (!read_record(in, q, &seen_opt))
			return DNS_FORMERR;
	if (q->rcode != DNS_NOERROR)
		return q->rcode;
	return q->class == CLASS_IN || q->class == CLASS_ANY ? DNS_NOERROR : DNS_REFUSED;
}

bool dns_read(const uint8_t *msg, size_t n, struct dns_query *ret)
{
	struct in in = { .p = msg, .n = n };
	uint16_t count[4];

	*ret = (struct dns_query){ .id = get16(&in) };
	ret->flags = get16(&in);
	for (int i = 0; i < 4; i++)
		count[i] = get16(&in);
	if (in.is_short || (ret->flags & FLAG_QR))
		return false;
	ret->rcode = n > DNS_QUERY_MAX ? DNS_FORMERR : read_body(&in, ret, count);
	return true;
}

/* ---- answers ---- */

struct out {
	uint8_t *p;
	size_t n;
};

static void put8(struct out *o, unsigned v)
{
	if (o->n < DNS_ANSWER_MAX)
		o->p[o->n++] = (uint8_t)v;
}

static void put16(struct out *o, unsigned v)
{
	put8(o, v >> 8);
	put8(o, v & 0xff);
}

static void put32(struct out *o, uint32_t v)
{
	put16(o, v >> 16);
	put16(o, v & 0xffff);
}

static void put_bytes(struct out *o, const void *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put8(o, ((const uint8_t *)p)[i]);
}

static void put_name(struct out *o, const char *name)
{
	while (*name) {
		size_t n = strcspn(name, ".");

		put8(o, (unsigned)n);
		put_bytes(o, name, n);
		name += n + (name[n] == '.');
	}
	put8(o, 0);
}

/* The question's own name: it stands behind the header. */
static void put_record(struct out *o, enum dns_type type, unsigned bytes)
{
	put16(o, 0xc000 | HEADER);
	put16(o, type);
	put16(o, CLASS_IN);
	put32(o, DNS_TTL);
	put16(o, bytes);
}

static unsigned put_addresses(struct out *o, const struct dns_answer *a)
{
	if (a->has_v4) {
		put_record(o, DNS_A, 4);
		put_bytes(o, a->v4.b, 4);
	}
	if (a->has_v6) {
		put_record(o, DNS_AAAA, 16);
		put_bytes(o, a->v6.b, 16);
	}
	return (unsigned)a->has_v4 + a->has_v6;
}

static unsigned put_ptr(struct out *o, const char *name)
{
	if (!name)
		return 0;
	put_record(o, DNS_PTR, (unsigned)strlen(name) + 2);
	put_name(o, name);
	return 1;
}

/* How long "no" holds (RFC 2308): as long as any answer. */
static unsigned put_soa(struct out *o)
{
	static const char server[] = "agentrt.invalid";
	size_t at;

	put8(o, 0);
	put16(o, DNS_SOA);
	put16(o, CLASS_IN);
	put32(o, DNS_TTL);
	at = o->n;
	put16(o, 0);
	put_name(o, server);
	put_name(o, server);
	put32(o, 1); /* serial */
	for (int i = 0; i < 4; i++) /* refresh, retry, expire, minimum */
		put32(o, DNS_TTL);
	o->p[at + 1] = (uint8_t)(o->n - at - 2);
	return 1;
}

static unsigned put_opt(struct out *o, const struct dns_query *q, const struct dns_answer *a)
{
	size_t text = a->ede_text ? strlen(a->ede_text) : 0, room;

	if (!q->has_edns)
		return 0;
	put8(o, 0);
	put16(o, DNS_OPT);
	put16(o, EDNS_BYTES);
	put32(o, (uint32_t)(a->rcode >> 4) << 24);
	room = DNS_ANSWER_MAX - o->n - 2;
	if (a->ede == DNS_EDE_NONE || room < 6) {
		put16(o, 0);
		return 1;
	}
	if (text > room - 6)
		text = room - 6;
	put16(o, (unsigned)text + 6);
	put16(o, OPT_EDE);
	put16(o, (unsigned)text + 2);
	put16(o, a->ede);
	put_bytes(o, a->ede_text, text);
	return 1;
}

size_t dns_write(const struct dns_query *q, const struct dns_answer *a,
		 uint8_t out[DNS_ANSWER_MAX])
{
	struct out o = { .p = out };
	unsigned answers = 0, authority = 0, additional;

	put16(&o, q->id);
	put16(&o, FLAG_QR | FLAG_RA | FLAG_AA | (q->flags & (OPCODE | FLAG_RD | FLAG_CD)) |
			  (a->rcode & 0xfu));
	put16(&o, q->question ? 1 : 0);
	for (int i = 0; i < 3; i++)
		put16(&o, 0);
	if (q->question) {
		put_bytes(&o, q->question, q->question_bytes);
		answers = put_addresses(&o, a) + put_ptr(&o, a->ptr);
		if (answers == 0 && (a->rcode == DNS_NOERROR || a->rcode == DNS_NXDOMAIN))
			authority = put_soa(&o);
	}
	additional = put_opt(&o, q, a);
	out[7] = (uint8_t)answers;
	out[9] = (uint8_t)authority;
	out[11] = (uint8_t)additional;
	return o.n;
}
