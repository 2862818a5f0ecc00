/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolve.h - names to addresses, asynchronously, with the servers of resolv.conf and nothing else
 *
 * Only the dialler calls this, and only after the policy allowed the name. The exact name is
 * asked: no search list, no hosts file, no cache. Each lookup has a c-ares channel of its own,
 * hence a source port and query ids of its own. LOOKUP_MAX run at once; who asks for a name that
 * is being looked up shares the answer, so a name server that is silent for one name takes one
 * place; others wait in line.
 */
#ifndef EGRESS_RESOLVE_H
#define EGRESS_RESOLVE_H

#include "egress/loop.h"
#include "egress/policy.h"

#define LOOKUP_MAX	   64u
#define LOOKUP_ADDRS	   16u /* kept of an answer */
#define LOOKUP_SOCKETS	   8u
#define RESOLV_SERVERS_MAX 3u
#define LOOKUP_TIMEOUT_MS  8000

/* One question; embedded in its owner, which outlives it or cancels it. */
struct lookup_req {
	const char *name;			  /* canonical */
	void (*done)(struct lookup_req *q);	  /* may be called from lookup_start() already */
	enum rule rule;				  /* RULE_OK, RULE_RESOLVE or RULE_TIMEOUT */
	const char *detail;			  /* on failure, or NULL; static */
	struct ipaddr addr[LOOKUP_ADDRS];	  /* IPv6 and IPv4 in turn, as the server ordered */
	size_t n;
	struct lookup *slot;			  /* NULL: waiting in line, or not started */
	struct lookup_req *next;		  /* in line, or of those that share the lookup */
};

struct resolver {
	struct loop *loop;
	int fd; /* resolv.conf */
	bool is_replaced; /* that file has no name any more */
	struct timespec_key { int64_t sec, nsec, size; } seen;
	struct ipaddr server[RESOLV_SERVERS_MAX];
	size_t n_servers;
	struct lookup *slots;
	struct lookup_req *line, **line_end;
	size_t n_active;
};

int resolver_init(struct resolver *r, struct loop *l, int fd_resolv, struct err *e);
void lookup_start(struct resolver *r, struct lookup_req *q);
void lookup_cancel(struct resolver *r, struct lookup_req *q);
void resolver_tick(struct resolver *r); /* timeouts; at least every 50 ms while n_active > 0 */

#endif
