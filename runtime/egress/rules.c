/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c - the table of verdicts: name, status, reason, way out */
#include "egress/rules.h"

#include "base/table.h"

#define ASK "an administrator can add \"%H:%P\" to the allow list of profile %F; retrying does not help"
#define FIX "fix the client; retrying does not help"

static const struct rule_info rows[] = {
	[RULE_OK] = { "egress.allow", RULE_ALLOWS, 200, "the policy allows it", "" },
	[RULE_ALLOW] = { "egress.allow", RULE_DENIES, 403, "no entry of the policy names this host",
			 ASK },
	[RULE_PORT] = { "egress.port", RULE_DENIES, 403,
			"the policy allows this host on other ports only", ASK },
	[RULE_LITERAL] = { "egress.literal", RULE_DENIES, 403,
			   "an address is allowed only where an entry of the policy names it",
			   "use the host's name, or: " ASK },
	[RULE_NAME] = { "egress.name", RULE_DENIES, 403,
			"not a host name (letters, digits, hyphens and dots; IDN as punycode) and not "
			"an address in its usual spelling",
			"use the plain host name; retrying does not help" },
	[RULE_DENY] = { "egress.deny", RULE_DENIES, 403, "the policy denies it by an entry of its own",
			"only an administrator can change the deny list of profile %F; retrying does "
			"not help" },
	[RULE_LEARN] = { "egress.learn", RULE_DENIES, 403,
			 "the policy only records what is asked for; nothing gets out",
			 "an administrator sees it with: agentrt egress learned" },
	[RULE_WILDCARD] = { "egress.wildcard", RULE_DENIES, 403,
			    "a wildcard allows names of at most 3 more labels of 40 characters, and 256 "
			    "of them for a container: names can carry data out",
			    "an administrator can name the host itself; retrying does not help" },
	[RULE_UDP] = { "egress.udp", RULE_DENIES, 403, "only TCP connections leave the container",
		       "use TCP; retrying does not help" },
	[RULE_STEERED] = { "net.steered", RULE_DENIES, 403,
			   "the policy allows it, but not all its ports can be listened on here",
			   "use the proxy that HTTP_PROXY names" },
	[RULE_SOCKET] = { "seccomp.socket", RULE_DENIES, 403,
			  "the profile's list of system calls refuses sockets of this kind",
			  "an administrator can allow it in \"seccomp\" of profile %F; retrying does not help" },
	[RULE_RESERVED] = { "egress.reserved", RULE_DENIES, 403,
			    "localhost and the names of cloud metadata services are never resolved",
			    "nothing allows this; what runs in the container itself is reached "
			    "without the proxy" },
	[RULE_GLOBAL] = { "egress.global", RULE_DENIES, 403,
			  "the name resolves to an address that is not global unicast",
			  "an administrator can list the network in \"addresses\" of the entry for "
			  "%H:%P in profile %F; retrying does not help" },
	[RULE_NEVER] = { "egress.never", RULE_DENIES, 403,
			 "the name resolves to an address that is never dialled",
			 "nothing allows this" },
	[RULE_OWN] = { "egress.own", RULE_DENIES, 403,
		       "the name resolves to an address of the host itself or to its gateway",
		       "nothing allows this; run the service on another machine or in a container" },
	[RULE_SYNTAX] = { "http.syntax", RULE_DENIES, 400, "the request is malformed", FIX },
	[RULE_FRAMING] = { "http.framing", RULE_DENIES, 400,
			   "where the request ends is ambiguous", FIX },
	[RULE_HOST] = { "http.host", RULE_DENIES, 400,
			"the Host header must be there once and equal the host of the URL", FIX },
	[RULE_SIZE] = { "http.size", RULE_DENIES, 431, "the request head is too large", FIX },
	[RULE_SLOW] = { "http.timeout", RULE_DENIES, 408, "the request did not arrive in time", FIX },
	[RULE_SCHEME] = { "http.scheme", RULE_DENIES, 400,
			  "this is a proxy: CONNECT host:port, or an absolute http:// URL", FIX },
	[RULE_SOCKS] = { "socks.syntax", RULE_DENIES, 400,
			 "only SOCKS 5 CONNECT without authentication is possible", FIX },
	[RULE_TLS] = { "tls.required", RULE_DENIES, 403, "the policy wants TLS on this port",
		       "speak TLS, or an administrator can say \"tls\": \"none\" in the entry for %H:%P of "
		       "profile %F" },
	[RULE_TLS_SNI] = { "tls.sni", RULE_DENIES, 403,
			   "the name in the TLS ClientHello is missing or another than the one that was "
			   "connected to", "use one name for both; retrying does not help" },
	[RULE_TLS_ECH] = { "tls.ech", RULE_DENIES, 403,
			   "the entry denies an encrypted ClientHello",
			   "switch encrypted ClientHello off in the client" },
	[RULE_RESOLVE] = { "upstream.resolve", RULE_FAILS, 502, "the name does not resolve",
			   "the policy allows %H:%P; check the name" },
	[RULE_CONNECT] = { "upstream.connect", RULE_FAILS, 502, "no address accepts the connection",
			   "the policy allows %H:%P; try again later" },
	[RULE_TIMEOUT] = { "upstream.timeout", RULE_FAILS, 504, "no answer in time",
			   "the policy allows %H:%P; try again later" },
	[RULE_UPSTREAM] = { "upstream.http", RULE_FAILS, 502, "the server's answer is missing or not HTTP/1",
			    "the policy allows %H:%P; use CONNECT for other protocols" },
	[RULE_BUSY] = { "proxy.busy", RULE_FAILS, 503, "too many connections at once",
			"close some connections and try again" },
};
TABLE_CHECK(rows, RULE__COUNT);

static const char *const verdict[] = {
	[RULE_ALLOWS] = "allow",
	[RULE_DENIES] = "deny",
	[RULE_FAILS] = "fail",
};
TABLE_CHECK(verdict, RULE_CLASS__COUNT);

const struct rule_info *rule_info(enum rule r)
{
	return &rows[r];
}

const char *rule_verdict(enum rule r)
{
	return verdict[rows[r].class];
}
