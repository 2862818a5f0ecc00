/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - what may be reached: the one decision, taken for every way in
 *
 * policy_decide() comes before any resolution and depends on the destination alone: never on the
 * way in, the caller or an earlier answer. policy_screen() comes after it, for each address.
 * Nothing here opens, reads or asks anything.
 */
#ifndef EGRESS_POLICY_H
#define EGRESS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/hostname.h"
#include "egress/rules.h"

/* In front of a wildcard's suffix. */
#define POLICY_WILD_LABELS 3u
#define POLICY_WILD_LABEL  40u /* characters of each */

/* Where somebody wants to go, on canonical bytes. */
struct dest {
	char name[HOSTNAME_MAX + 1]; /* canonical name, or the literal's text */
	bool is_addr;
	struct ipaddr addr;
	uint16_t port;
};

/* What the bytes of a connection must be, once it is made. */
enum policy_tls {
	TLS_DEFAULT, /* by port: TLS_REQUIRE on 443, 8443 and 853, else TLS_NONE */
	TLS_REQUIRE, /* a ClientHello with the entry's name; any name where the entry is an address */
	TLS_ANY,     /* a ClientHello with any name, or none */
	TLS_NONE,    /* not looked at; on port 80 HTTP whose Host is the entry's */
	POLICY_TLS__COUNT
};

enum check { CHECK_NONE, CHECK_TLS_NAME, CHECK_TLS, CHECK_HTTP, CHECK__COUNT };

struct policy_entry {
	const char *host; /* "example.org", "*.example.org", or the text of an address or network */
	bool is_addr;
	struct cidr net; /* if is_addr */
	uint16_t *ports;
	size_t n_ports;	 /* 0: all, of an entry that denies */
	enum policy_tls tls;
	bool ech_denied;
	struct cidr *nets; /* where its names may resolve to besides global unicast */
	size_t n_nets;
};

struct policy {
	struct arena arena;
	const char *container, *profile;
	uint16_t port;
	bool learn; /* nothing gets out, but every name exists */
	bool help;  /* the container has EGRESS_HELP */
	struct policy_entry *entries; /* none: nothing gets out */
	size_t n_entries;
	struct policy_entry *denied; /* these win */
	size_t n_denied;
};

/* Addresses that nobody may dial: filled by own.c. */
struct own_set {
	struct cidr *v;
	size_t n;
	bool unknown; /* could not be read: every address counts as own */
};

/**
 * policy_read() - the text of egress_wire.h; refuses the whole on any doubt
 * @text:	may hold anything, NUL included
 * @ret:	policy_done() frees it; untouched on failure
 */
int policy_read(const char *text, size_t n, struct policy *ret, struct err *e);
void policy_done(struct policy *p);

/**
 * dest_set() - the only way to fill a struct dest
 * @host:	as received: a name, an IPv4 literal, or (where @bracketed) an IPv6 literal
 * Return: RULE_OK, or RULE_NAME (ret untouched)
 */
enum rule dest_set(struct dest *ret, const char *host, size_t n, bool bracketed, uint16_t port);

/* policy_decide() - RULE_OK, or why not */
enum rule policy_decide(const struct policy *p, const struct dest *d);

/* policy_decide_name() - the same for a name alone: whether it may be reached on any port */
enum rule policy_decide_name(const struct policy *p, const struct dest *d);

/* policy_check() - what the connection to an allowed @d must begin with */
enum check policy_check(const struct policy *p, const struct dest *d, bool *ret_ech_denied);

/* policy_entry_of() - the entry that a name counts against: its own before a wildcard's; or NULL */
const struct policy_entry *policy_entry_of(const struct policy *p, const char *name);

/* policy_screen() - whether @a, an address of the allowed destination @d, may be dialled */
enum rule policy_screen(const struct policy *p, const struct own_set *own, const struct dest *d,
			const struct ipaddr *a);

#endif
