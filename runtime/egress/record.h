/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - the decision log: one JSON object a line, never a payload
 *
 * {"time","container","via","name","port","address","verdict","rule","bytes_up","bytes_down",
 * "duration_ms"}; "name" is what was asked for and so the container's word. A refusal is written
 * at once, a connection when it ends. A flood is cut: {"time","container","suppressed":N,"bytes_up",
 * "bytes_down"} says how many lines are missing and what they would have said was carried. Allowed
 * connections have a budget of their own, so that a flood of refusals does not hide them. Two halves
 * of EGRESS_LOG_MAX bytes are used as a ring; each begins with the same sums of all lines that the
 * ring has overwritten since the container started ("overwritten"). So who floods the log on purpose
 * can hide which connection it was, but not that there was one, nor how much it carried.
 */
#ifndef EGRESS_RECORD_H
#define EGRESS_RECORD_H

#include <stdint.h>

#include "egress/policy.h"

#define RECORD_BURST	  512u /* lines at once, of each kind */
#define RECORD_PER_SECOND 64u

struct record_budget {
	int64_t filled_ms;
	uint32_t tokens;
};

/* budget_take() - one of at most @burst at once and @per_second in the long run; false: none left */
bool budget_take(struct record_budget *b, uint32_t per_second, uint32_t burst, int64_t now_ms);

/* What lines say together. */
struct record_sum {
	uint64_t lines, bytes_up, bytes_down;
};

struct record {
	int fd, fd_old;
	uint64_t size; /* of the newer half */
	const char *container;
	struct record_budget budget[RULE_CLASS__COUNT];
	struct record_sum missing;	/* suppressed, or refused by the file system */
	struct record_sum newer, older; /* in each half */
	struct record_sum overwritten;	/* in no half any more */
};

struct record_line {
	const char *container; /* NULL: the proxy's */
	const char *via; /* "connect", "http" ... */
	const char *name;
	uint16_t port;
	const struct ipaddr *addr; /* NULL none */
	enum rule rule;
	uint64_t bytes_up, bytes_down;
	int64_t duration_ms;
};

int record_init(struct record *r, int fd, int fd_old, const char *container, struct err *e);
void record_write(struct record *r, const struct record_line *line, int64_t now_ms);
/* record_flush() - say what was suppressed, if anything was; when nothing else happens */
void record_flush(struct record *r);

#endif
