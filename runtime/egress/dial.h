/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dial.h - from an allowed destination to a connected socket
 *
 * Resolve, screen every address, then connect to those that passed, in turn, the next one after
 * DIAL_STAGGER_MS or as soon as one fails (RFC 8305 in small). The addresses are those of this
 * one lookup: what the name resolves to a moment later does not matter.
 */
#ifndef EGRESS_DIAL_H
#define EGRESS_DIAL_H

#include "egress/own.h"
#include "egress/resolve.h"

#define DIAL_ATTEMPTS	3u /* at the same time */
#define DIAL_STAGGER_MS 250
#define DIAL_TIMEOUT_MS 20000
#define DIAL_EVENTS	(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET) /* for a connection's life */

struct dialler {
	struct loop *loop;
	const struct policy *policy;
	struct own *own;
	struct resolver *resolver;
	size_t n_active;
};

struct dial {
	struct dialler *d;
	const struct dest *dest;
	/*
	 * RULE_OK: @to is connected, non-blocking and in the loop, edge-triggered, and @events have
	 * happened to it. Else @rule and @detail (valid during the call) say why not. @addr: where
	 * to, or the address that decided, or NULL. May be called from dial_start() already; the
	 * dial is over when it is called.
	 */
	void (*done)(struct dial *dl, uint32_t events, const struct ipaddr *addr, enum rule rule,
		     const char *detail);
	struct loop_source *to;
	struct lookup_req req;
	bool is_active, is_looking_up;
	struct ipaddr addr[LOOKUP_ADDRS];
	size_t n, next;
	struct dial_attempt {
		struct loop_source src;
		struct ipaddr addr;
		struct dial *dl;
	} attempt[DIAL_ATTEMPTS];
	int64_t started_ms, next_ms;
	int error; /* errno of the last attempt */
};

/* dial_start() - @dl has dest (allowed; it outlives the dial), done and to, and is else all zero */
void dial_start(struct dialler *d, struct dial *dl);
void dial_cancel(struct dial *dl);
void dial_tick(struct dial *dl); /* every 50 ms while it is active */

#endif
