/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules.h - everything that can happen to a request, as one table
 *
 * Each way in answers in its own protocol, but all from these rows, and the decision log names
 * them. To add a rule: a value here, a row in rules.c, a test that owns its mutant.
 */
#ifndef EGRESS_RULES_H
#define EGRESS_RULES_H

enum rule {
	RULE_OK, /* an entry of the policy allows it */
	/* decisions */
	RULE_ALLOW,    /* no entry for the host */
	RULE_PORT,     /* an entry for the host, but not for the port */
	RULE_LITERAL,  /* an address that no entry names */
	RULE_NAME,     /* not a host name */
	RULE_DENY,     /* an entry that denies */
	RULE_LEARN,    /* nothing gets out while asking is recorded */
	RULE_WILDCARD, /* below a wildcard, but too long, too deep, or one name too many */
	RULE_UDP,      /* a datagram that is no question to a name server */
	RULE_STEERED,  /* allowed, on a port that is reached by the explicit proxy only */
	RULE_SOCKET,   /* a kind of socket that the container's filter refuses */
	RULE_RESERVED, /* localhost, names of metadata services */
	RULE_GLOBAL,   /* the answer is not global unicast, and not in the entry's addresses */
	RULE_NEVER,    /* the answer is loopback, multicast ...: no entry can allow it */
	RULE_OWN,      /* the answer is an address of this host, or of E, or E's gateway */
	/* the request itself */
	RULE_SYNTAX,
	RULE_FRAMING, /* where the request ends could be read in two ways */
	RULE_HOST,    /* Host is missing, twice, or another than the URL's */
	RULE_SIZE,
	RULE_SLOW,
	RULE_SCHEME,
	RULE_SOCKS,
	RULE_TLS,     /* not TLS where the entry wants it, or malformed */
	RULE_TLS_SNI, /* TLS without the entry's name */
	RULE_TLS_ECH,
	/* allowed, but did not work */
	RULE_RESOLVE,
	RULE_CONNECT,
	RULE_TIMEOUT,
	RULE_UPSTREAM, /* the answer is missing or not HTTP */
	RULE_BUSY,
	RULE__COUNT
};

enum rule_class { RULE_ALLOWS, RULE_DENIES, RULE_FAILS, RULE_CLASS__COUNT };

struct rule_info {
	const char *name; /* as in agentrt-profile(5), the log and the answer */
	enum rule_class class;
	int http; /* status */
	const char *why;
	const char *next; /* %H host, %P port, %F profile */
};

const struct rule_info *rule_info(enum rule r);
const char *rule_verdict(enum rule r); /* "allow", "deny", "fail" */

#endif
