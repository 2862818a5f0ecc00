/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostname.h - the one grammar for host names, used by profiles and by every entry of the proxy
 *
 * RFC 1123 letters, digits and hyphens (and '_' inside a label, seen in the wild for services),
 * labels of 1..63, 253 in all, no trailing dot after canonicalisation (one is stripped), last
 * label not a number in any base (so "1.2.3.4", "0x7f.1", "2130706433" and "0x7f000001" are never
 * names). Decide and dial on the same canonical bytes.
 */
#ifndef BASE_HOSTNAME_H
#define BASE_HOSTNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOSTNAME_MAX 253

/**
 * hostname_canon() - check and canonicalise
 * @s, @n:	bytes as received; may hold NUL and anything else
 * @ret:	lower case, NUL-terminated
 * Return: false if it is not a host name (nothing written).
 */
bool hostname_canon(const char *s, size_t n, char ret[HOSTNAME_MAX + 1]);

/* hostname_canon_pattern() - the same for what a policy may say: a name, or "*." and a name */
bool hostname_canon_pattern(const char *s, size_t n, char ret[HOSTNAME_MAX + 1]);

/* hostname_matches() - canonical name against a canonical pattern: equal, or "*.suffix" with at
 * least one label in front of suffix */
bool hostname_matches(const char *pattern, const char *name);

/* An IP literal in its canonical spelling only (inet_ntop's; IPv6 without brackets or zone). */
struct ipaddr {
	uint8_t family; /* 4 or 6 */
	uint8_t b[16];	/* network order; IPv4 in b[0..3] */
};
bool ipaddr_parse(const char *s, size_t n, struct ipaddr *ret);
void ipaddr_print(const struct ipaddr *a, char ret[46]);

/* A network in its canonical spelling: no host bits, no leading zeros; a bare address is a network
 * of one. */
struct cidr { struct ipaddr net; uint8_t bits; };
bool cidr_parse(const char *s, size_t n, struct cidr *ret);
bool cidr_contains(const struct cidr *c, const struct ipaddr *a);

/**
 * ipaddr_is_global() - global unicast that may be dialled without an `addresses` entry
 * Everything that agent-threats lists as "always deny after resolution" is not: loopback, link
 * local, private, shared, multicast, reserved, benchmark, IPv4 inside IPv6 (mapped, compatible,
 * NAT64, 6to4), cloud metadata. Documentation ranges are global here: test networks use them.
 */
bool ipaddr_is_global(const struct ipaddr *a);

/* ipaddr_is_never() - no entry can allow it: loopback, unspecified, multicast, reserved, and the
 * forms of IPv6 that are an IPv4 address to connect(2) */
bool ipaddr_is_never(const struct ipaddr *a);

/* cidr_special() - what of a network is not global, a part of it or all; NULL: nothing */
const char *cidr_special(const struct cidr *c);

/* ipaddr_special() - what an address that is not global is ("a private address"), else NULL */
const char *ipaddr_special(const struct ipaddr *a);

#endif
