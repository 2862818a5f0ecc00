/* SPDX-License-Identifier: Apache-2.0 */
/* hostname.c - host names, address literals and the ranges that are never dialled by default */
#include "base/hostname.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/mutant.h"
#include "base/str.h"
#include "base/table.h"

#define LABEL_MAX 63

/* One label; '_' counts as a letter, a hyphen stands between two of the others. */
static bool label_is_valid(const char *s, size_t n)
{
	if ((n < 1 || n > LABEL_MAX || s[0] == '-' || s[n - 1] == '-') && !mutant("hostname.label"))
		return false;
	for (size_t i = 0; i < n && !mutant("hostname.chars"); i++)
		if (!chr_is_alnum(s[i]) && s[i] != '-' && s[i] != '_')
			return false;
	return true;
}

static bool chr_is_hex(char c)
{
	return chr_is_digit(c) || (chr_lower(c) >= 'a' && chr_lower(c) <= 'f');
}

/* What inet_aton(3) and URL parsers take for the last part of an IPv4 address. */
static bool label_is_number(const char *s, size_t n)
{
	bool hex = n >= 2 && s[0] == '0' && chr_lower(s[1]) == 'x';

	for (size_t i = hex ? 2 : 0; i < n; i++)
		if (hex ? !chr_is_hex(s[i]) : !chr_is_digit(s[i]))
			return false;
	return true;
}

bool hostname_canon(const char *s, size_t n, char ret[HOSTNAME_MAX + 1])
{
	size_t start = 0;

	if (n > 0 && s[n - 1] == '.')
		n--;
	while (mutant("hostname.dots") && n > 0 && s[n - 1] == '.')
		n--;
	if (n < 1 || n > HOSTNAME_MAX)
		return false;
	for (size_t i = 0; i <= n; i++) {
		if (i < n && s[i] != '.')
			continue;
		if (!label_is_valid(s + start, i - start))
			return false;
		if (i == n && label_is_number(s + start, i - start) && !mutant("hostname.number"))
			return false;
		start = i + 1;
	}
	for (size_t i = 0; i < n; i++)
		ret[i] = mutant("hostname.case") ? s[i] : chr_lower(s[i]);
	ret[n] = '\0';
	return true;
}

bool hostname_canon_pattern(const char *s, size_t n, char ret[HOSTNAME_MAX + 1])
{
	char name[HOSTNAME_MAX + 1];

	if (n < 2 || s[0] != '*' || s[1] != '.')
		return hostname_canon(s, n, ret);
	/* A name that matches has one more label, of at least one byte. */
	if (!hostname_canon(s + 2, n - 2, name) || strlen(name) > HOSTNAME_MAX - 2)
		return false;
	memcpy(ret, "*.", 2);
	memcpy(ret + 2, name, strlen(name) + 1);
	return true;
}

bool hostname_matches(const char *pattern, const char *name)
{
	if (!str_has_prefix(pattern, "*."))
		return streq(pattern, name);

	const char *suffix = pattern + 1; /* with its dot */
	return strlen(name) > strlen(suffix) && str_has_suffix(name, suffix);
}

bool ipaddr_parse(const char *s, size_t n, struct ipaddr *ret)
{
	char text[46], back[46];
	struct ipaddr a = { 0 };

	if (n < 2 || n >= sizeof(text) || memchr(s, '\0', n))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	a.family = memchr(text, ':', n) ? 6 : 4;
	if (inet_pton(a.family == 6 ? AF_INET6 : AF_INET, text, a.b) != 1)
		return false;
	ipaddr_print(&a, back);
	if (!streq(text, back) && !mutant("ipaddr.spelling"))
		return false;
	*ret = a;
	return true;
}

void ipaddr_print(const struct ipaddr *a, char ret[46])
{
	/* Cannot fail: both families are known and 46 bytes hold the longest text. */
	(void)inet_ntop(a->family == 6 ? AF_INET6 : AF_INET, a->b, ret, 46);
}

static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned bytes = bits / 8, rest = bits % 8;

	if (memcmp(a, b, bytes) != 0)
		return false;
	return rest == 0 || ((a[bytes] ^ b[bytes]) & (0xff << (8 - rest)) & 0xff) == 0;
}

static bool has_host_bits(const struct cidr *c)
{
	for (unsigned bit = c->bits; bit < (c->net.family == 6 ? 128u : 32u); bit++)
		if (c->net.b[bit / 8] & (0x80 >> bit % 8))
			return true;
	return false;
}

bool cidr_parse(const char *s, size_t n, struct cidr *ret)
{
	const char *slash = memchr(s, '/', n);
	size_t n_addr = slash ? (size_t)(slash - s) : n;
	struct cidr c = { 0 };
	char digits[4] = "";
	uint32_t bits;

	if (!ipaddr_parse(s, n_addr, &c.net))
		return false;
	bits = c.net.family == 6 ? 128 : 32;
	if (slash) {
		size_t n_bits = n - n_addr - 1;
		uint32_t max = bits;

		if (n_bits < 1 || n_bits >= sizeof(digits) || (slash[1] == '0' && n_bits > 1))
			return false;
		memcpy(digits, slash + 1, n_bits);
		if (!str_to_u32(digits, &bits) || bits > max)
			return false;
	}
	c.bits = (uint8_t)bits;
	if (has_host_bits(&c))
		return false;
	*ret = c;
	return true;
}

bool cidr_contains(const struct cidr *c, const struct ipaddr *a)
{
	return c->net.family == a->family && bits_equal(c->net.b, a->b, c->bits);
}

/*
 * Ranges that are not global unicast: the IANA special-purpose registries, and the addresses where
 * clouds answer with credentials. Of IPv6 only 2000::/3 is global unicast at all; its rows here
 * are the exceptions, the rows outside it only carry a better name. The three IPv4 documentation
 * ranges and 2001:db8::/32 are left out on purpose: test networks use them.
 */
#define V4(a, b, c, d, n) { { 4, { a, b, c, d } }, n }
#define V6(n, ...) { { 6, { __VA_ARGS__ } }, n }
enum special_rule { BY_ENTRY, NEVER }; /* whether an entry's `addresses` may allow it */
static const struct special_row {
	struct cidr range;
	enum special_rule rule;
	const char *what;
} special[] = {
	{ V4(0, 0, 0, 0, 8), NEVER, "an unspecified address" },
	{ V4(127, 0, 0, 0, 8), NEVER, "a loopback address" },
	{ V4(169, 254, 0, 0, 16), BY_ENTRY, "a link-local or metadata address" },
	{ V4(10, 0, 0, 0, 8), BY_ENTRY, "a private address" },
	{ V4(172, 16, 0, 0, 12), BY_ENTRY, "a private address" },
	{ V4(192, 168, 0, 0, 16), BY_ENTRY, "a private address" },
	{ V4(100, 64, 0, 0, 10), BY_ENTRY, "a shared address" }, /* with 100.100.100.200 */
	{ V4(168, 63, 129, 16, 32), BY_ENTRY, "a metadata address" },
	{ V4(192, 0, 0, 0, 24), BY_ENTRY, "a reserved address" }, /* with 192.0.0.192 */
	{ V4(192, 88, 99, 0, 24), BY_ENTRY, "a 6to4 relay address" },
	{ V4(198, 18, 0, 0, 15), BY_ENTRY, "a benchmark address" },
	{ V4(224, 0, 0, 0, 4), NEVER, "a multicast address" },
	{ V4(240, 0, 0, 0, 4), NEVER, "a reserved address" }, /* with 255.255.255.255 */
	{ V6(128, 0), NEVER, "an unspecified address" },
	{ V6(128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), NEVER, "a loopback address" },
	{ V6(96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff), NEVER, "an IPv4 address inside IPv6" },
	{ V6(96, 0), NEVER, "an IPv4 address inside IPv6" }, /* compatible, after :: and ::1 */
	{ V6(96, 0x00, 0x64, 0xff, 0x9b), BY_ENTRY, "an IPv4 address inside IPv6" }, /* NAT64 */
	{ V6(48, 0x00, 0x64, 0xff, 0x9b, 0, 1), BY_ENTRY, "an IPv4 address inside IPv6" },
	{ V6(16, 0x20, 0x02), NEVER, "an IPv4 address inside IPv6" },	      /* 6to4 */
	{ V6(32, 0x20, 0x01, 0, 0), NEVER, "an IPv4 address inside IPv6" }, /* Teredo */
	{ V6(23, 0x20, 0x01, 0), BY_ENTRY, "a reserved address" }, /* benchmark, ORCHID ... */
	{ V6(10, 0xfe, 0x80), BY_ENTRY, "a link-local address" },
	{ V6(7, 0xfc), BY_ENTRY, "a private or metadata address" }, /* with fd00:ec2::/32 ... */
	{ V6(8, 0xff), NEVER, "a multicast address" },
};

static const struct special_row *special_find(const struct ipaddr *a)
{
	for (size_t i = 0; i < ARRAY_SIZE(special); i++)
		if (cidr_contains(&special[i].range, a))
			return &special[i];
	return NULL;
}

bool ipaddr_is_never(const struct ipaddr *a)
{
	const struct special_row *row = special_find(a);

	return row && row->rule == NEVER;
}

const char *ipaddr_special(const struct ipaddr *a)
{
	const struct special_row *row = special_find(a);

	if (row)
		return row->what;
	if (a->family == 6 && (a->b[0] & 0xe0) != 0x20)
		return "a reserved address";
	return NULL;
}

bool ipaddr_is_global(const struct ipaddr *a)
{
	return !ipaddr_special(a);
}

/* What an entry would open is said before what none can. */
const char *cidr_special(const struct cidr *c)
{
	const char *what =
		c->net.family == 6 && c->bits < 3 ? "a reserved address" : ipaddr_special(&c->net);

	for (size_t i = 0; i < ARRAY_SIZE(special); i++)
		if (special[i].rule == BY_ENTRY && cidr_contains(c, &special[i].range.net) &&
		    c->bits <= special[i].range.bits && !mutant("cidr.overlap"))
			return special[i].what;
	return what;
}
