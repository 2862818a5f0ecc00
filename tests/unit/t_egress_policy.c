/* SPDX-License-Identifier: Apache-2.0 */
/* t_egress_policy.c - the proxy's policy: its text, the decision, the screening of answers */
#include "egress/policy.h"
#include "base/egress_wire.h"
#include "base/str.h"
#include "tests/unit/test.h"

#define HEAD "agentrt-egress-policy 1\ncontainer c1\nprofile agent\nport 3128\n"
#define S(lit) lit, sizeof(lit) - 1

static void texts(void)
{
	static const struct { const char *name, *in; size_t n; bool want; } rows[] = {
		{ "an empty allow list", S(HEAD "end\n"), true },
		{ "a host and a port", S(HEAD "allow example.org 443\nend\n"), true },
		{ "a wildcard, ports and networks",
		  S(HEAD "allow *.example.org 80,443 10.0.0.0/8,fc00::/7\nend\n"), true },
		{ "literals", S(HEAD "allow 192.0.2.1 80\nallow 2001:db8::1 80\nend\n"), true },
		{ "nothing", S(""), false },
		{ "another version", S("agentrt-egress-policy 2\nend\n"), false },
		{ "no end", S(HEAD "allow example.org 443\n"), false },
		{ "an end without a newline", S(HEAD "end"), false },
		{ "text after the end", S(HEAD "end\nallow example.org 443\n"), false },
		{ "two ends", S(HEAD "end\nend\n"), false },
		{ "no container", S("agentrt-egress-policy 1\nprofile a\nport 1\nend\n"), false },
		{ "no profile", S("agentrt-egress-policy 1\ncontainer a\nport 1\nend\n"), false },
		{ "no port", S("agentrt-egress-policy 1\ncontainer a\nprofile a\nend\n"), false },
		{ "two containers", S(HEAD "container c2\nend\n"), false },
		{ "two ports", S(HEAD "port 80\nend\n"), false },
		{ "an unknown directive", S(HEAD "forbid example.org 443\nend\n"), false },
		{ "entries that deny", S(HEAD "deny a.org 443\ndeny *.b.org *\ndeny 10.0.0.0/8 *\nend\n"),
		  true },
		{ "a denial without ports", S(HEAD "deny a.org\nend\n"), false },
		{ "a denial with networks", S(HEAD "deny a.org 443 10.0.0.0/8\nend\n"), false },
		{ "TLS and ECH rules", S(HEAD "allow a.org 443 tls=any ech=deny\nallow b.org 1 tls=none "
					      "10.0.0.0/8\nallow c.org 2 ech=deny\nend\n"), true },
		{ "an unknown TLS rule", S(HEAD "allow a.org 443 tls=maybe\nend\n"), false },
		{ "two TLS rules", S(HEAD "allow a.org 443 tls=require tls=any\nend\n"), false },
		{ "options out of order", S(HEAD "allow a.org 443 ech=deny tls=any\nend\n"), false },
		{ "an option after the networks", S(HEAD "allow a.org 443 10.0.0.0/8 tls=any\nend\n"),
		  false },
		{ "learning", S(HEAD "learn\nend\n"), true },
		{ "help", S(HEAD "help\nend\n"), true },
		{ "help twice", S(HEAD "help\nhelp\nend\n"), false },
		{ "help with something", S(HEAD "help me\nend\n"), false },
		{ "learning twice", S(HEAD "learn\nlearn\nend\n"), false },
		{ "learning something", S(HEAD "learn all\nend\n"), false },
		{ "a comment", S(HEAD "# x\nend\n"), false },
		{ "an empty line", S(HEAD "\nend\n"), false },
		{ "two spaces", S(HEAD "allow  example.org 443\nend\n"), false },
		{ "a space at the end", S(HEAD "allow example.org 443 \nend\n"), false },
		{ "a tab", S(HEAD "allow example.org\t443\nend\n"), false },
		{ "a carriage return", S(HEAD "allow example.org 443\r\nend\n"), false },
		{ "a NUL", S(HEAD "allow example.org\0.evil 443\nend\n"), false },
		{ "no ports", S(HEAD "allow example.org\nend\n"), false },
		{ "an empty port", S(HEAD "allow example.org 80,\nend\n"), false },
		{ "port 0", S(HEAD "allow example.org 0\nend\n"), false },
		{ "port 65536", S(HEAD "allow example.org 65536\nend\n"), false },
		{ "a port with a leading zero", S(HEAD "allow example.org 080\nend\n"), false },
		{ "a range of ports", S(HEAD "allow example.org 80-90\nend\n"), false },
		{ "any port", S(HEAD "allow example.org *\nend\n"), false },
		{ "any host", S(HEAD "allow * 443\nend\n"), false },
		{ "capitals", S(HEAD "allow Example.org 443\nend\n"), false },
		{ "a trailing dot", S(HEAD "allow example.org. 443\nend\n"), false },
		{ "a short address", S(HEAD "allow 127.1 443\nend\n"), false },
		{ "a bracketed address", S(HEAD "allow [::1] 443\nend\n"), false },
		{ "a network as host", S(HEAD "allow 10.0.0.0/8 443\nend\n"), true },
		{ "a network with host bits as host", S(HEAD "allow 10.0.0.1/8 443\nend\n"), false },
		{ "host bits", S(HEAD "allow a.org 443 10.0.0.1/8\nend\n"), false },
		{ "a fifth word", S(HEAD "allow a.org 443 10.0.0.0/8 x\nend\n"), false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = ERR_INIT;
		struct policy p;
		bool ok = policy_read(rows[i].in, rows[i].n, &p, &e) == 0;
		char title[120];

		snprintf(title, sizeof(title), "a policy with %s is %s", rows[i].name,
			 rows[i].want ? "read" : "refused");
		if (!t_ok(ok == rows[i].want, title))
			t_note("%s", e.msg);
		if (ok)
			policy_done(&p);
	}
}

static void text_caps(void)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct policy p;

	strbuf_adds(&b, HEAD);
	for (unsigned i = 0; i < EGRESS_ALLOW_MAX; i++)
		strbuf_addf(&b, "allow h%u.example 443\n", i);
	size_t full = b.len;
	strbuf_adds(&b, "end\n");
	bool ok = policy_read(b.p, b.len, &p, &e) == 0;
	t_ok(ok && p.n_entries == EGRESS_ALLOW_MAX, "a policy may have 1,024 entries");
	if (ok)
		policy_done(&p);
	b.len = full;
	strbuf_adds(&b, "allow more.example 443\nend\n");
	t_ok(policy_read(b.p, b.len, &p, &e) < 0, "and not one more");
}

static const char policy_text[] =
	HEAD "allow example.org 443\n"
	     "allow *.wild.org 80,443\n"
	     "allow db.internal 5432 10.1.0.0/16,fc00::/7\n"
	     "allow db.internal 80\n"
	     "allow 192.0.2.1 80\n"
	     "allow 10.9.9.9 80\n"
	     "allow 2001:db8::1 80\n"
	     "allow localhost 80\n"
	     "allow *.localhost 80\n"
	     "allow metadata.google.internal 80\n"
	     "allow any.org 1 0.0.0.0/0,::/0\n"
	     "allow nat.org 443 64:ff9b::/96,64:ff9b:1::/48,::ffff:0:0:0/96\n"
	     "allow 172.16.0.0/12 22\n"
	     "allow web.org 80,443,22 ech=deny\n"
	     "allow *.web.org 443 tls=none\n"
	     "allow plain.org 443 tls=any\n"
	     "allow mail.org 993,80 tls=require\n"
	     "deny bad.wild.org *\n"
	     "deny *.bad.web.org *\n"
	     "deny web.org 22\n"
	     "deny 172.16.9.0/24 *\n"
	     "deny 203.0.113.64/26 443\n"
	     "end\n";

static void decisions(const struct policy *p)
{
	static const struct { const char *name, *host; uint16_t port; enum rule want; } rows[] = {
		{ "a named host and port", "example.org", 443, RULE_OK },
		{ "another port", "example.org", 80, RULE_PORT },
		{ "a host nobody named", "example.com", 443, RULE_ALLOW },
		{ "a host below an exact entry", "a.example.org", 443, RULE_ALLOW },
		{ "a host that ends like an entry", "badexample.org", 443, RULE_ALLOW },
		{ "a host that begins like an entry", "example.org.evil", 443, RULE_ALLOW },
		{ "a host below a wildcard", "a.wild.org", 80, RULE_OK },
		{ "a host two below a wildcard", "b.a.wild.org", 443, RULE_OK },
		{ "the suffix of a wildcard", "wild.org", 80, RULE_ALLOW },
		{ "a second entry for the host", "db.internal", 80, RULE_OK },
		{ "a named address", "192.0.2.1", 80, RULE_OK },
		{ "another port of it", "192.0.2.1", 81, RULE_PORT },
		{ "an address nobody named", "192.0.2.2", 80, RULE_LITERAL },
		{ "an address of an entry's networks", "10.1.2.3", 5432, RULE_LITERAL },
		{ "an address in a named network", "172.16.1.1", 22, RULE_OK },
		{ "one that is denied in it", "172.16.9.1", 22, RULE_DENY },
		{ "a denied name below a wildcard", "bad.wild.org", 443, RULE_DENY },
		{ "a name below it", "a.bad.wild.org", 443, RULE_OK },
		{ "a name below a denied wildcard", "x.y.bad.web.org", 443, RULE_DENY },
		{ "a denied port", "web.org", 22, RULE_DENY },
		{ "another port of it", "web.org", 443, RULE_OK },
		{ "four labels below a wildcard", "a.b.c.d.wild.org", 443, RULE_WILDCARD },
		{ "a label of 41 below one",
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.wild.org", 443, RULE_WILDCARD },
		{ "localhost", "localhost", 80, RULE_RESERVED },
		{ "below localhost", "x.localhost", 80, RULE_RESERVED },
		{ "a metadata service", "metadata.google.internal", 80, RULE_RESERVED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dest d;
		enum rule r = dest_set(&d, rows[i].host, strlen(rows[i].host), false, rows[i].port);
		char title[120];

		snprintf(title, sizeof(title), "%s: %s", rows[i].name,
			 rows[i].want == RULE_OK ? "allowed" : rule_info(rows[i].want)->name);
		if (!t_ok(r == RULE_OK && policy_decide(p, &d) == rows[i].want, title))
			t_note("%s", rule_info(policy_decide(p, &d))->name);
	}
}

static void checks(const struct policy *p)
{
	static const struct { const char *host; uint16_t port; enum check want; bool ech_denied; } rows[] = {
		{ "web.org", 443, CHECK_TLS_NAME, true }, { "web.org", 80, CHECK_HTTP, true },
		{ "a.web.org", 443, CHECK_NONE, false },  { "plain.org", 443, CHECK_TLS, false },
		{ "mail.org", 993, CHECK_TLS_NAME, false }, { "mail.org", 80, CHECK_TLS_NAME, false },
		{ "db.internal", 5432, CHECK_NONE, false }, { "192.0.2.1", 80, CHECK_HTTP, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dest d;
		char title[120];
		bool ech = !rows[i].ech_denied;

		dest_set(&d, rows[i].host, strlen(rows[i].host), false, rows[i].port);
		snprintf(title, sizeof(title), "what %s:%u must begin with", rows[i].host, rows[i].port);
		t_ok(policy_check(p, &d, &ech) == rows[i].want && ech == rows[i].ech_denied, title);
	}
}

static void names_alone(const struct policy *p)
{
	static const struct { const char *host; enum rule want; } rows[] = {
		{ "web.org", RULE_OK },	     { "bad.wild.org", RULE_DENY },
		{ "nobody.org", RULE_ALLOW }, { "localhost", RULE_RESERVED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dest d;

		dest_set(&d, rows[i].host, strlen(rows[i].host), false, 0);
		t_ok(policy_decide_name(p, &d) == rows[i].want, rows[i].host);
	}
}

static void learning(void)
{
	struct err e = ERR_INIT;
	struct policy p;
	struct dest d;
	bool ok = policy_read(S(HEAD "learn\nallow a.org 443\ndeny b.org *\nend\n"), &p, &e) == 0;

	dest_set(&d, S("a.org"), false, 443);
	t_ok(ok && policy_decide(&p, &d) == RULE_LEARN && policy_decide_name(&p, &d) == RULE_OK,
	     "while learning every name exists and nothing gets out");
	dest_set(&d, S("b.org"), false, 443);
	t_ok(ok && policy_decide_name(&p, &d) == RULE_DENY, "but what is denied");
	policy_done(&p);
}

static void empty_denies(void)
{
	static const char *const hosts[] = { "example.org", "a.b", "192.0.2.1", "localhost" };
	struct err e = ERR_INIT;
	struct policy p;
	bool denied = policy_read(S(HEAD "end\n"), &p, &e) == 0;

	for (size_t i = 0; denied && i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct dest d;

		denied = dest_set(&d, hosts[i], strlen(hosts[i]), false, 443) == RULE_OK &&
			 policy_decide(&p, &d) != RULE_OK;
	}
	t_ok(denied, "an empty policy allows nothing");
	policy_done(&p);
}

static void screening(const struct policy *p)
{
	static const struct { const char *host; uint16_t port; const char *addr; enum rule want; } rows[] = {
		{ "example.org", 443, "203.0.113.5", RULE_OK },
		{ "example.org", 443, "2001:db8::5", RULE_OK },
		{ "example.org", 443, "10.1.2.3", RULE_GLOBAL },
		{ "example.org", 443, "169.254.169.254", RULE_GLOBAL },
		{ "example.org", 443, "fd00:ec2::254", RULE_GLOBAL },
		{ "example.org", 443, "127.0.0.1", RULE_NEVER },
		{ "example.org", 443, "::1", RULE_NEVER },
		{ "example.org", 443, "::ffff:203.0.113.5", RULE_NEVER },
		{ "example.org", 443, "198.51.100.7", RULE_OWN },
		{ "example.org", 443, "198.51.100.65", RULE_OWN },
		{ "example.org", 443, "64:ff9b::808:808", RULE_GLOBAL },
		{ "db.internal", 5432, "10.1.2.3", RULE_OK },
		{ "db.internal", 5432, "fd12::1", RULE_OK },
		{ "db.internal", 5432, "10.2.0.1", RULE_GLOBAL },
		{ "db.internal", 80, "10.1.2.3", RULE_GLOBAL },
		{ "any.org", 1, "10.0.0.1", RULE_OK },
		{ "any.org", 1, "169.254.1.1", RULE_OK },
		{ "any.org", 1, "127.0.0.1", RULE_NEVER },
		{ "any.org", 1, "0.0.0.0", RULE_NEVER },
		{ "any.org", 1, "224.0.0.1", RULE_NEVER },
		{ "any.org", 1, "::ffff:10.0.0.1", RULE_NEVER },
		{ "any.org", 1, "198.51.100.7", RULE_OWN },
		{ "any.org", 1, "64:ff9b::a00:1", RULE_OK },
		{ "any.org", 1, "64:ff9b::7f00:1", RULE_NEVER },
		{ "any.org", 1, "64:ff9b::c633:6407", RULE_OWN },
		{ "nat.org", 443, "64:ff9b::808:808", RULE_OK },
		{ "nat.org", 443, "64:ff9b:1::808:808", RULE_OK },
		{ "nat.org", 443, "64:ff9b::a00:1", RULE_GLOBAL },
		{ "nat.org", 443, "64:ff9b::a9fe:a9fe", RULE_GLOBAL },
		{ "nat.org", 443, "64:ff9b::cb00:7141", RULE_DENY },
		{ "nat.org", 443, "64:ff9b:1::a00:1", RULE_GLOBAL },
		{ "nat.org", 443, "::ffff:0:a00:1", RULE_GLOBAL },
		{ "10.9.9.9", 80, "10.9.9.9", RULE_OK },
		{ "example.org", 443, "203.0.113.65", RULE_DENY },
		{ "wild.org", 80, "203.0.113.65", RULE_OK },
	};
	struct cidr own[2];
	struct own_set set = { own, 2, false }, unknown = { NULL, 0, true };
	struct ipaddr public;
	struct dest d;

	cidr_parse(S("198.51.100.7"), &own[0]);
	cidr_parse(S("198.51.100.64/28"), &own[1]);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ipaddr a;
		char title[160];
		enum rule got = RULE__COUNT;

		if (dest_set(&d, rows[i].host, strlen(rows[i].host), false, rows[i].port) == RULE_OK &&
		    ipaddr_parse(rows[i].addr, strlen(rows[i].addr), &a))
			got = policy_screen(p, &set, &d, &a);
		snprintf(title, sizeof(title), "%s at %s: %s", rows[i].host, rows[i].addr,
			 rows[i].want == RULE_OK ? "dialled" : rule_info(rows[i].want)->name);
		t_ok(got == rows[i].want, title);
	}
	ipaddr_parse(S("203.0.113.5"), &public);
	dest_set(&d, S("example.org"), false, 443);
	t_ok(policy_screen(p, &unknown, &d, &public) == RULE_OWN,
	     "where the own addresses are not known nothing is dialled");
}

static void destinations(void)
{
	struct dest d;

	t_ok(dest_set(&d, S("ExAmple.ORG."), false, 1) == RULE_OK && streq(d.name, "example.org"),
	     "a destination has a canonical name");
	t_ok(dest_set(&d, S("2001:db8::1"), true, 1) == RULE_OK && d.is_addr,
	     "a bracketed IPv6 literal is an address");
	t_ok(dest_set(&d, S("2001:db8::1"), false, 1) == RULE_NAME, "without brackets it is nothing");
	t_ok(dest_set(&d, S("192.0.2.1"), true, 1) == RULE_NAME, "a bracketed IPv4 literal is nothing");
	t_ok(dest_set(&d, S("example.org"), true, 1) == RULE_NAME, "a bracketed name is nothing");
	t_ok(dest_set(&d, S("a\0b"), false, 1) == RULE_NAME, "a NUL makes it nothing");
}

int main(void)
{
	struct err e = ERR_INIT;
	struct policy p;

	texts();
	text_caps();
	if (!t_ok(policy_read(policy_text, sizeof(policy_text) - 1, &p, &e) == 0, "the test's policy"))
		t_note("%s", e.msg);
	else {
		decisions(&p);
		screening(&p);
		checks(&p);
		names_alone(&p);
		policy_done(&p);
	}
	empty_denies();
	learning();
	destinations();
	return t_done();
}
