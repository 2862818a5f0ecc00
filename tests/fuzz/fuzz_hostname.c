/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_hostname.c - libFuzzer target: any bytes as host name, pattern, address and network
 *
 * What is accepted must be accepted again, unchanged, and nothing may be both name and address.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/hostname.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void fuzz_name(const char *s, size_t n)
{
	char name[HOSTNAME_MAX + 1], again[HOSTNAME_MAX + 1];
	struct ipaddr a;

	if (!hostname_canon(s, n, name))
		return;
	must(strlen(name) <= n && hostname_canon(name, strlen(name), again) && streq(name, again));
	must(hostname_matches(name, name) && !ipaddr_parse(name, strlen(name), &a));
	for (const char *p = name; *p; p++)
		must(chr_is_alnum(*p) || strchr("-_.", *p));
}

static void fuzz_pattern(const char *s, size_t n)
{
	char pattern[HOSTNAME_MAX + 1], again[HOSTNAME_MAX + 1];

	if (!hostname_canon_pattern(s, n, pattern))
		return;
	must(hostname_canon_pattern(pattern, strlen(pattern), again) && streq(pattern, again));
}

static void fuzz_address(const char *s, size_t n)
{
	char text[46];
	struct ipaddr a, b;
	struct cidr c;

	if (ipaddr_parse(s, n, &a)) {
		ipaddr_print(&a, text);
		must(strlen(text) == n && ipaddr_parse(text, n, &b));
		must(ipaddr_is_global(&a) == !ipaddr_special(&a));
		must(!ipaddr_is_never(&a) || !ipaddr_is_global(&a));
	}
	if (cidr_parse(s, n, &c))
		must(cidr_contains(&c, &c.net));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data;

	fuzz_name(s, size);
	fuzz_pattern(s, size);
	fuzz_address(s, size);
	return 0;
}
