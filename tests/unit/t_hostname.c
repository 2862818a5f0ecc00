/* SPDX-License-Identifier: Apache-2.0 */
/* t_hostname.c - base/hostname: hostile spellings of names and addresses, and the special ranges */
#include "base/hostname.h"
#include "base/str.h"
#include "tests/unit/test.h"

/* Sized literals, because some of them hold a NUL. */
#define S(lit) lit, sizeof(lit) - 1
#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define N255 L63 "." L63 "." L63 "." L63

static void names(void)
{
	static const struct { const char *name, *in; size_t n; const char *want; } rows[] = {
		{ "a plain name", S("example.org"), "example.org" },
		{ "one label", S("db"), "db" },
		{ "capitals become small", S("GitHub.COM"), "github.com" },
		{ "one trailing dot is stripped", S("example.org."), "example.org" },
		{ "digits and hyphens inside a label", S("a-1--b.x9"), "a-1--b.x9" },
		{ "an underscore label", S("_svc._tcp.example.org"), "_svc._tcp.example.org" },
		{ "a first label of digits", S("1.example.org"), "1.example.org" },
		{ "a label that only begins with digits", S("0x7g"), "0x7g" },
		{ "punycode", S("xn--bcher-kva.example"), "xn--bcher-kva.example" },
		{ "a label of 63", S(L63 ".org"), L63 ".org" },
		{ "nothing", S(""), NULL },
		{ "a single dot", S("."), NULL },
		{ "two trailing dots", S("example.org.."), NULL },
		{ "an empty label", S("a..b"), NULL },
		{ "a leading dot", S(".example.org"), NULL },
		{ "a NUL in the middle", S("attacker\0.example.org"), NULL },
		{ "a NUL at the end", S("example.org\0"), NULL },
		{ "%00 in the middle", S("attacker%00.example.org"), NULL },
		{ "a percent escape", S("example%2eorg"), NULL },
		{ "a label of 64", S(L63 "a.org"), NULL },
		{ "255 bytes in all", S(N255), NULL },
		{ "a leading hyphen", S("-a.org"), NULL },
		{ "a trailing hyphen", S("a-.org"), NULL },
		{ "a star", S("*.example.org"), NULL },
		{ "a space", S("a b"), NULL },
		{ "a leading space", S(" example.org"), NULL },
		{ "a trailing newline", S("example.org\n"), NULL },
		{ "a carriage return", S("example.org\r"), NULL },
		{ "a tab", S("a\tb"), NULL },
		{ "UTF-8 bytes", S("b\xc3\xbc""cher.example"), NULL },
		{ "a Cyrillic look-alike", S("ex\xd0\xb0mple.org"), NULL },
		{ "an ideographic full stop", S("example\xe3\x80\x82org"), NULL },
		{ "a soft hyphen", S("exam\xc2\xadple.org"), NULL },
		{ "user information", S("user@example.org"), NULL },
		{ "a port", S("example.org:80"), NULL },
		{ "a slash", S("example.org/"), NULL },
		{ "a backslash", S("example.org\\x"), NULL },
		{ "a hash", S("example.org#"), NULL },
		{ "an IPv4 literal", S("192.0.2.1"), NULL },
		{ "an IPv4 literal with a trailing dot", S("192.0.2.1."), NULL },
		{ "a short IPv4 address", S("127.1"), NULL },
		{ "a decimal IPv4 address", S("2130706433"), NULL },
		{ "an octal IPv4 address", S("0177.0.0.01"), NULL },
		{ "a hexadecimal IPv4 address", S("0x7f000001"), NULL },
		{ "a hexadecimal first part", S("0x7f.1"), NULL },
		{ "a hexadecimal last part", S("127.0.0.0x1"), NULL },
		{ "a capital hexadecimal number", S("0X7F000001"), NULL },
		{ "an empty hexadecimal number", S("a.0x"), NULL },
		{ "a last label of digits", S("example.123"), NULL },
		{ "an IPv6 literal", S("::1"), NULL },
		{ "a bracketed IPv6 literal", S("[::1]"), NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char got[HOSTNAME_MAX + 1] = "";
		bool ok = hostname_canon(rows[i].in, rows[i].n, got);
		char title[120];

		snprintf(title, sizeof(title), "%s is %s", rows[i].name,
			 rows[i].want ? "a name" : "no name");
		if (!t_ok(ok == !!rows[i].want && streq(got, rows[i].want ? rows[i].want : ""), title))
			t_note("got \"%s\"", got);
	}
}

static void lengths(void)
{
	char s[300], got[HOSTNAME_MAX + 1];

	for (size_t i = 0; i < sizeof(s); i++)
		s[i] = i % 2 ? '.' : 'a';
	t_ok(hostname_canon(s, HOSTNAME_MAX, got), "a name of 253 bytes is a name");
	t_ok(hostname_canon(s, HOSTNAME_MAX + 1, got), "253 bytes and a trailing dot are a name");
	t_ok(!hostname_canon(s, HOSTNAME_MAX + 2, got), "255 bytes are no name");
	s[HOSTNAME_MAX] = 'a';
	t_ok(!hostname_canon(s, HOSTNAME_MAX + 1, got), "254 bytes are no name");
}

static void patterns(void)
{
	static const struct { const char *name, *in, *want; } canon[] = {
		{ "a pattern is canonicalised", "*.Example.ORG.", "*.example.org" },
		{ "a plain name is a pattern", "Example.org", "example.org" },
		{ "a lone star is no pattern", "*", NULL },
		{ "a star and a dot are no pattern", "*.", NULL },
		{ "a star inside a label is no pattern", "a*.example.org", NULL },
		{ "a star in second place is no pattern", "a.*.example.org", NULL },
		{ "two stars are no pattern", "*.*.example.org", NULL },
		{ "a star before a number is no pattern", "*.1", NULL },
	};
	static const struct { const char *name, *pattern, *host; bool want; } match[] = {
		{ "a name matches itself", "example.org", "example.org", true },
		{ "a name does not match below itself", "example.org", "a.example.org", false },
		{ "a wildcard matches one label", "*.example.org", "a.example.org", true },
		{ "a wildcard matches two labels", "*.example.org", "b.a.example.org", true },
		{ "a wildcard does not match the suffix", "*.example.org", "example.org", false },
		{ "a wildcard stops at the dot", "*.example.org", "notexample.org", false },
		{ "a wildcard does not match in front", "*.example.org", "a.example.org.evil", false },
		{ "a wildcard does not match an empty label", "*.example.org", ".example.org", false },
	};

	for (size_t i = 0; i < sizeof(canon) / sizeof(canon[0]); i++) {
		char got[HOSTNAME_MAX + 1] = "";
		bool ok = hostname_canon_pattern(canon[i].in, strlen(canon[i].in), got);

		t_ok(ok == !!canon[i].want && streq(got, ok ? canon[i].want : ""), canon[i].name);
	}
	for (size_t i = 0; i < sizeof(match) / sizeof(match[0]); i++)
		t_ok(hostname_matches(match[i].pattern, match[i].host) == match[i].want,
		     match[i].name);
}

static void literals(void)
{
	static const struct { const char *name, *in; size_t n; bool want; } rows[] = {
		{ "dotted IPv4", S("192.0.2.1"), true },
		{ "IPv6", S("2001:db8::1"), true },
		{ "the unspecified IPv6 address", S("::"), true },
		{ "IPv4-mapped as inet_ntop writes it", S("::ffff:192.0.2.1"), true },
		{ "IPv4-mapped in hexadecimal", S("::ffff:c000:201"), false },
		{ "IPv6 in capitals", S("2001:DB8::1"), false },
		{ "IPv6 in full", S("2001:db8:0:0:0:0:0:1"), false },
		{ "IPv6 with leading zeros", S("2001:0db8::1"), false },
		{ "IPv6 in brackets", S("[2001:db8::1]"), false },
		{ "IPv6 with a zone", S("fe80::1%eth0"), false },
		{ "short IPv4", S("127.1"), false },
		{ "decimal IPv4", S("2130706433"), false },
		{ "octal IPv4", S("0177.0.0.1"), false },
		{ "IPv4 with a leading zero", S("192.0.2.01"), false },
		{ "hexadecimal IPv4", S("0x7f.0.0.1"), false },
		{ "IPv4 with a trailing dot", S("192.0.2.1."), false },
		{ "five parts", S("1.2.3.4.5"), false },
		{ "a part over 255", S("1.2.3.256"), false },
		{ "a NUL after it", S("192.0.2.1\0"), false },
		{ "a space after it", S("192.0.2.1 "), false },
		{ "a port after it", S("192.0.2.1:80"), false },
		{ "nothing", S(""), false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ipaddr a;
		char title[120];

		snprintf(title, sizeof(title), "%s is %s", rows[i].name,
			 rows[i].want ? "a literal" : "no literal");
		t_ok(ipaddr_parse(rows[i].in, rows[i].n, &a) == rows[i].want, title);
	}
}

static void networks(void)
{
	static const struct { const char *name, *in, *inside, *outside; } rows[] = {
		{ "a network of 8 bits", "10.0.0.0/8", "10.255.0.1", "11.0.0.0" },
		{ "a network of 12 bits", "172.16.0.0/12", "172.31.255.255", "172.32.0.0" },
		{ "everything", "0.0.0.0/0", "255.1.2.3", "::1" },
		{ "a bare address", "192.0.2.7", "192.0.2.7", "192.0.2.6" },
		{ "an IPv6 network of 7 bits", "fc00::/7", "fd12::1", "fe00::" },
		{ "an IPv6 network of 128 bits", "2001:db8::1/128", "2001:db8::1", "2001:db8::" },
		{ "host bits", "10.0.0.1/8", NULL, NULL },
		{ "host bits of the last byte", "10.0.0.128/24", NULL, NULL },
		{ "33 bits", "10.0.0.0/33", NULL, NULL },
		{ "129 bits", "::/129", NULL, NULL },
		{ "no bits after the slash", "10.0.0.0/", NULL, NULL },
		{ "leading zeros in the bits", "10.0.0.0/08", NULL, NULL },
		{ "a sign in the bits", "10.0.0.0/+8", NULL, NULL },
		{ "a netmask", "10.0.0.0/255.0.0.0", NULL, NULL },
		{ "a second slash", "10.0.0.0/8/8", NULL, NULL },
		{ "a name", "example.org/8", NULL, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cidr c;
		struct ipaddr in, out;
		bool ok = cidr_parse(rows[i].in, strlen(rows[i].in), &c);
		char title[120];

		if (ok && rows[i].inside)
			ok = ipaddr_parse(rows[i].inside, strlen(rows[i].inside), &in) &&
			     ipaddr_parse(rows[i].outside, strlen(rows[i].outside), &out) &&
			     cidr_contains(&c, &in) && !cidr_contains(&c, &out);
		snprintf(title, sizeof(title), "%s: %s", rows[i].name,
			 rows[i].inside ? "a network with its bounds" : "no network");
		t_ok(ok == !!rows[i].inside, title);
	}
}

/* Both ends of each range, and the neighbours that are global. */
static void ranges(void)
{
	static const char *const denied[] = {
		"0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0",
		"100.100.100.200", "100.127.255.255", "127.0.0.0", "127.0.0.1", "127.255.255.255",
		"168.63.129.16", "169.254.0.0", "169.254.169.254", "169.254.255.255", "172.16.0.0",
		"172.31.255.255", "192.0.0.0", "192.0.0.192", "192.0.0.255", "192.88.99.1",
		"192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255", "224.0.0.0",
		"239.255.255.255", "240.0.0.0", "255.255.255.255", "::", "::1", "::2",
		"::127.0.0.1", "::ffff:0.0.0.0", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
		"64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "1fff::1",
		"2001::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:1ff:ffff::1", "2002:7f00:1::",
		"2002:808:808::1", "4000::1", "5f00::1", "fc00::", "fd00:42::42", "fd00:ec2::254",
		"fd20:ce::254", "fdff:ffff::1", "fe80::", "fe80::1", "febf:ffff::1", "fec0::1",
		"ff00::", "ff02::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	};
	static const char *const global[] = {
		"1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
		"126.255.255.255", "128.0.0.0", "168.63.129.15", "168.63.129.17", "169.253.255.255",
		"169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0",
		"192.0.2.1", "192.88.98.255", "192.167.255.255", "192.169.0.0", "198.17.255.255",
		"198.20.0.0", "198.51.100.1", "203.0.113.1", "223.255.255.255", "2000::",
		"2001:200::1", "2001:db8::1", "2001:4860:4860::8888", "2003::1",
		"2600::1", "3fff::1", "3fff:ffff::1",
	};

	for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++) {
		struct ipaddr a;
		char title[120];

		snprintf(title, sizeof(title), "%s is not global", denied[i]);
		t_ok(ipaddr_parse(denied[i], strlen(denied[i]), &a) && !ipaddr_is_global(&a) &&
			     ipaddr_special(&a), title);
	}
	for (size_t i = 0; i < sizeof(global) / sizeof(global[0]); i++) {
		struct ipaddr a;
		char title[120];

		snprintf(title, sizeof(title), "%s is global", global[i]);
		t_ok(ipaddr_parse(global[i], strlen(global[i]), &a) && ipaddr_is_global(&a), title);
	}
}

static void never(void)
{
	static const struct { const char *in; bool want; } rows[] = {
		{ "127.0.0.1", true }, { "127.255.0.1", true }, { "0.0.0.0", true },
		{ "224.0.0.1", true }, { "255.255.255.255", true }, { "::1", true },
		{ "::", true }, { "::ffff:10.0.0.1", true }, { "::127.0.0.1", true },
		{ "2002:a00:1::1", true }, { "ff02::1", true }, { "10.0.0.1", false },
		{ "169.254.169.254", false }, { "fd00::1", false }, { "64:ff9b::a00:1", false },
		{ "8.8.8.8", false }, { "2001:db8::1", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ipaddr a;
		char title[120];

		snprintf(title, sizeof(title), "%s can %sbe allowed by an entry", rows[i].in,
			 rows[i].want ? "never " : "");
		t_ok(ipaddr_parse(rows[i].in, strlen(rows[i].in), &a) &&
			     ipaddr_is_never(&a) == rows[i].want, title);
	}
}

int main(void)
{
	names();
	lengths();
	patterns();
	literals();
	networks();
	ranges();
	never();
	return t_done();
}
