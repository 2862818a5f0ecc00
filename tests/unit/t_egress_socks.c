/* SPDX-License-Identifier: Apache-2.0 */
/* t_egress_socks.c - SOCKS 5: greetings, requests, replies */
#include <string.h>

#include "base/str.h"
#include "base/table.h"
#include "egress/socks.h"
#include "tests/unit/test.h"

#define S(lit) (const uint8_t *)(lit), sizeof(lit) - 1

static void greetings(void)
{
	static const struct { const char *name; const uint8_t *in; size_t n; enum http_status want; } rows[] = {
		{ "no authentication", S("\5\1\0"), HTTP_DONE },
		{ "among others", S("\5\3\2\0\1"), HTTP_DONE },
		{ "bytes that follow", S("\5\1\0\5\1\0"), HTTP_DONE },
		{ "a password only", S("\5\1\2"), HTTP_BAD },
		{ "no method", S("\5\0"), HTTP_BAD },
		{ "one byte", S("\5"), HTTP_MORE },
		{ "methods to come", S("\5\2\2"), HTTP_MORE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t used = 0;

		t_ok(socks_greeting(rows[i].in, rows[i].n, &used) == rows[i].want &&
			     (rows[i].want != HTTP_DONE || used == 2u + rows[i].in[1]), rows[i].name);
	}
}

static void requests(void)
{
	static const struct {
		const char *name;
		const uint8_t *in;
		size_t n;
		enum http_status want;
		const char *dest; /* or the rule */
	} rows[] = {
		{ "a name", S("\5\1\0\3\7ok.test\1\273"), HTTP_DONE, "ok.test" },
		{ "a name in capitals with a dot", S("\5\1\0\3\10OK.Test.\1\273"), HTTP_DONE, "ok.test" },
		{ "IPv4", S("\5\1\0\1\300\0\2\1\0\120"), HTTP_DONE, "192.0.2.1" },
		{ "IPv6", S("\5\1\0\4\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1\0\120"), HTTP_DONE,
		  "2001:db8::1" },
		{ "IPv4 inside IPv6", S("\5\1\0\4\0\0\0\0\0\0\0\0\0\0\377\377\300\0\2\1\0\120"), HTTP_DONE,
		  "::ffff:192.0.2.1" },
		{ "an address as a name", S("\5\1\0\3\11" "192.0.2.1\0\120"), HTTP_DONE, "192.0.2.1" },
		{ "an octal address", S("\5\1\0\3\13" "0300.0.0.01\0\120"), HTTP_BAD, "egress.name" },
		{ "a NUL in a name", S("\5\1\0\3\14" "evil\0ok.test\0\120"), HTTP_BAD, "egress.name" },
		{ "address bytes in a name", S("\5\1\0\3\4\177\0\0\1\0\120"), HTTP_BAD, "egress.name" },
		{ "IPv6 as a name", S("\5\1\0\3\13" "2001:db8::1\0\120"), HTTP_BAD, "egress.name" },
		{ "an empty name", S("\5\1\0\3\0\0\120"), HTTP_BAD, "egress.name" },
		{ "port 0", S("\5\1\0\3\7ok.test\0\0"), HTTP_BAD, "socks.syntax" },
		{ "BIND", S("\5\2\0\1\300\0\2\1\0\120"), HTTP_BAD, "socks.syntax" },
		{ "UDP", S("\5\3\0\1\300\0\2\1\0\120"), HTTP_BAD, "socks.syntax" },
		{ "SOCKS 4", S("\4\1\0\120\300\0\2\1\0"), HTTP_BAD, "socks.syntax" },
		{ "an unknown type of address", S("\5\1\0\2\300\0\2\1\0\120"), HTTP_BAD, "socks.syntax" },
		{ "a reserved byte that is set", S("\5\1\1\1\300\0\2\1\0\120"), HTTP_BAD, "socks.syntax" },
		{ "half a name", S("\5\1\0\3\7ok.te"), HTTP_MORE, "" },
		{ "no port yet", S("\5\1\0\3\7ok.test\1"), HTTP_MORE, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct dest d = { 0 };
		size_t used = 0;
		enum rule r = RULE_OK;
		enum http_status st = socks_request(rows[i].in, rows[i].n, &d, &used, &r);
		bool good = st == rows[i].want &&
			    (st != HTTP_DONE || (streq(d.name, rows[i].dest) && used == rows[i].n)) &&
			    (st != HTTP_BAD || streq(rule_info(r)->name, rows[i].dest));

		if (!t_ok(good, rows[i].name))
			t_note("status %d, %s, %s", st, d.name, rule_info(r)->name);
	}
}

static void replies(void)
{
	static const struct { enum rule rule; int want; } rows[] = {
		{ RULE_OK, 0 }, { RULE_ALLOW, 2 }, { RULE_OWN, 2 }, { RULE_SOCKS, 7 },
		{ RULE_RESOLVE, 4 }, { RULE_CONNECT, 5 }, { RULE_BUSY, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t out[SOCKS_REPLY_BYTES];

		socks_reply(rows[i].rule, out);
		t_ok(out[0] == 5 && out[1] == rows[i].want && out[3] == 1, rule_info(rows[i].rule)->why);
	}
}

int main(void)
{
	greetings();
	requests();
	replies();
	return t_done();
}
