/* SPDX-License-Identifier: Apache-2.0 */
/* t_egress_dns.c - the proxy's name server: questions, answers, names and their slots */
#include <string.h>

#include "base/egress_wire.h"
#include "base/str.h"
#include "base/table.h"
#include "egress/dns_answer.h"
#include "tests/unit/test.h"

#define HEAD "agentrt-egress-policy 1\ncontainer c1\nprofile agent\nport 3128\n"
#define POLICY HEAD "allow ok.test 443,80\nallow *.wild.test 443\nallow 192.0.2.1 80\nend\n"
#define S(lit) lit, sizeof(lit) - 1
#define QUERY "\x12\x34\x01\x00\0\1\0\0\0\0\0\0" /* one question, recursion desired */
#define IN_A "\0\1\0\1"
#define OPT "\0\0\x29\x10\0\0\0\0\0\0\0"

static struct names names;
static struct policy policy;
static struct steer_page page;

static void begin(void)
{
	struct err e = ERR_INIT;

	memset(&page, 0, sizeof(page));
	if (policy_read(S(POLICY), &policy, &e)) {
		printf("Bail out! %s\n", e.msg);
		return;
	}
	names_init(&names, &policy, &page);
}

static void end(void)
{
	names_done(&names);
	policy_done(&policy);
}

static void questions(void)
{
	static const struct {
		const char *name, *in;
		size_t n;
		int rcode; /* -1: no answer at all */
		int answers;
		enum rule rule;
	} rows[] = {
		{ "an allowed name", S(QUERY "\2ok\4test\0" IN_A), 0, 1, RULE_OK },
		{ "in capitals", S(QUERY "\2OK\4TeSt\0" IN_A), 0, 1, RULE_OK },
		{ "below a wildcard", S(QUERY "\1a\4wild\4test\0" IN_A), 0, 1, RULE_OK },
		{ "the wildcard's suffix", S(QUERY "\4wild\4test\0" IN_A), 3, 0, RULE_ALLOW },
		{ "another name", S(QUERY "\4evil\4test\0" IN_A), 3, 0, RULE_ALLOW },
		{ "a metadata name", S(QUERY "\10metadata\6google\10internal\0" IN_A), 3, 0,
		  RULE_RESERVED },
		{ "an address as a name", S(QUERY "\3" "192\1" "0\1" "2\1" "1\0" IN_A), 3, 0, RULE_NAME },
		{ "any type", S(QUERY "\2ok\4test\0\0\377\0\1"), 0, 2, RULE_OK },
		{ "IPv6", S(QUERY "\2ok\4test\0\0\34\0\1"), 0, 1, RULE_OK },
		{ "mail", S(QUERY "\2ok\4test\0\0\17\0\1"), 0, 0, RULE_OK },
		{ "class ANY", S(QUERY "\2ok\4test\0\0\1\0\377"), 0, 1, RULE_OK },
		{ "class CHAOS", S(QUERY "\2ok\4test\0\0\1\0\3"), 5, 0, RULE_OK },
		{ "nothing", S(""), -1, 0, RULE_OK },
		{ "half a header", S("\x12\x34\x01\x00\0\1"), -1, 0, RULE_OK },
		{ "an answer", S("\x12\x34\x81\x00\0\1\0\0\0\0\0\0\2ok\4test\0" IN_A), -1, 0, RULE_OK },
		{ "a header alone", S(QUERY), 1, 0, RULE_NAME },
		{ "a name without an end", S(QUERY "\2ok\4test"), 1, 0, RULE_NAME },
		{ "a label longer than the message", S(QUERY "\77ok\0" IN_A), 1, 0, RULE_NAME },
		{ "a compressed name", S(QUERY "\300\14" IN_A), 1, 0, RULE_NAME },
		{ "a label type that nobody uses", S(QUERY "\100ok\0" IN_A), 1, 0, RULE_NAME },
		{ "no class", S(QUERY "\2ok\4test\0\0\1"), 1, 0, RULE_NAME },
		{ "a dot in a label", S(QUERY "\7ok.test\0" IN_A), 3, 0, RULE_NAME },
		{ "a dot at the end of a label", S(QUERY "\2ok\5test.\0" IN_A), 3, 0, RULE_NAME },
		{ "a NUL in a label", S(QUERY "\2ok\5test\0\0" IN_A), 3, 0, RULE_NAME },
		{ "a space", S(QUERY "\2ok\5test \0" IN_A), 3, 0, RULE_NAME },
		{ "the root", S(QUERY "\0" IN_A), 3, 0, RULE_NAME },
		{ "localhost", S(QUERY "\11localhost\0" IN_A), 0, 1, RULE_OK },
		{ "a status request", S("\x12\x34\x11\x00\0\1\0\0\0\0\0\0\2ok\4test\0" IN_A), 4, 0,
		  RULE_OK },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t out[DNS_ANSWER_MAX];
		struct dns_verdict v;
		size_t n = dns_reply(&names, (const uint8_t *)rows[i].in, rows[i].n, out, &v);
		bool good = rows[i].rcode < 0 ? n == 0 :
						n >= 12 && out[0] == 0x12 && out[1] == 0x34 &&
							(out[2] & 0x80) && (out[3] & 15) == rows[i].rcode &&
							out[7] == rows[i].answers && v.rule == rows[i].rule;

		if (!t_ok(good, rows[i].name))
			t_note("rcode %d, %d answers, rule %s", n ? out[3] & 15 : -1, n ? out[7] : 0,
			       rule_info(v.rule)->name);
	}
}

static bool contains(const uint8_t *p, size_t n, const char *s)
{
	return memmem(p, n, s, strlen(s)) != NULL;
}

static void extended(void)
{
	static const char denied[] = "\x12\x34\x01\x00\0\1\0\0\0\0\0\1\4evil\4test\0" IN_A OPT;
	static const char long_name[] =
		"\x12\x34\x01\x00\0\1\0\0\0\0\0\1"
		"\76aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"\76aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"\76aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"\76aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\0" IN_A OPT;
	static const char version[] = "\x12\x34\x01\x00\0\1\0\0\0\0\0\1\2ok\4test\0" IN_A
				      "\0\0\x29\x10\0\0\1\0\0\0\0";
	uint8_t out[DNS_ANSWER_MAX];
	struct dns_verdict v;
	size_t n = dns_reply(&names, (const uint8_t *)denied, sizeof(denied) - 1, out, &v);

	t_ok(out[11] == 1 && contains(out, n, "egress.allow: no entry") &&
		     contains(out, n, "profile agent"),
	     "who speaks EDNS is told the rule");
	n = dns_reply(&names, (const uint8_t *)long_name, sizeof(long_name) - 1, out, &v);
	t_ok(n <= DNS_ANSWER_MAX && (out[3] & 15) == 3 && (out[2] & 2) == 0,
	     "the longest question is answered within 512 bytes, and not cut");
	n = dns_reply(&names, (const uint8_t *)version, sizeof(version) - 1, out, &v);
	t_ok(n > 0 && (out[3] & 15) == 0 && out[7] == 0 && out[n - 6] == 1,
	     "an unknown version of EDNS is BADVERS");
}

static void slots(void)
{
	uint32_t ok, port;
	struct ipaddr a, b;
	char name[64];
	size_t given = 0;

	ok = names_slot(&names, "ok.test");
	t_ok(ok != NAMES_NONE && ok == names_slot(&names, "ok.test"), "a name keeps its slot");
	names_addr(ok, 4, &a);
	names_addr(ok, 6, &b);
	t_ok(names_of_addr(&a) == ok && names_of_addr(&b) == ok &&
		     streq(names_at(&names, ok), "ok.test"), "both addresses lead back to it");
	t_ok(names_at(&names, STEER_OWN) == NULL && names_at(&names, names.n) == NULL,
	     "nobody else's slot has a name");
	a.b[0] ^= 1;
	b.b[11] = 1;
	t_ok(names_of_addr(&a) == NAMES_NONE && names_of_addr(&b) == NAMES_NONE,
	     "another address is no slot");
	for (int i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "n%d.wild.test", i);
		given += names_slot(&names, name) != NAMES_NONE;
	}
	t_ok(given == NAMES_WILDCARD - 1, "a wildcard fills so many slots and no more");
	t_ok(names_slot(&names, "nobody.test") == NAMES_NONE, "a name without an entry has none");
	port = page.port[443] & STEER_BIT_MASK;
	t_ok((page.port[443] & STEER_NAMES) && (page.slot[ok] >> port & 1) &&
		     !(page.port[443] & STEER_ADDRS), "the page has the name's ports");
	t_ok((page.port[80] & STEER_ADDRS) && page.port[8080] == 0 && page.port[53] == 0,
	     "and no others");
	port = page.port[22] & STEER_BIT_MASK;
	t_ok(page.slot[ok] >> port & 1, "ssh is let in to be told why not");
}

int main(void)
{
	begin();
	questions();
	extended();
	slots();
	end();
	return t_done();
}
