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
	 * @fd: connected, non-blocking, in the loop (loop_release()), owned by the callee from now on;
	 * or -1 with @rule and
	 * @detail (valid during the call). @addr: where to, or the address that decided, or NULL.
	 * May be called from dial_start() already; the dial is over when it is called.
	 */
	void (*done)(struct dial *dl, int fd, const struct ipaddr *addr, enum rule rule,
		     const char *detail);
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

/* dial_start() - @dest is allowed and outlives the dial; @dl need not be initialised */
void dial_start(struct dialler *d, struct dial *dl, const struct dest *dest,
		void (*done)(struct dial *, int, const struct ipaddr *, enum rule, const char *));
void dial_cancel(struct dial *dl);
void dial_tick(struct dial *dl); /* every 50 ms while it is active */

#endif
