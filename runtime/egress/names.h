/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names.h - names that were asked for and may be reached, and the addresses that stand for them
 *
 * A name gets a slot once, and the same two synthetic addresses as long as the container lives: a
 * client may keep what it was told. Slots are never taken back, so what wildcards can fill is
 * capped: NAMES_WILDCARD each, and never a slot that an exact entry of the policy needs. A name
 * without a slot is not reached by any way in: its labels would leave in a query to a name server,
 * and that is a way to carry bytes out.
 */
#ifndef EGRESS_NAMES_H
#define EGRESS_NAMES_H

#include "base/egress_steer.h"
#include "egress/policy.h"

#define NAMES_WILDCARD 256u /* names below one wildcard */
#define NAMES_NONE     UINT32_MAX

struct names {
	const struct policy *policy;
	struct steer_page *page; /* NULL: nothing is steered */
	struct arena arena;
	const char **name; /* STEER_SLOTS, by slot */
	uint16_t *bucket;  /* 2 * STEER_SLOTS: slot + 1, open addressing */
	uint16_t *used;	   /* by entry: names that a wildcard has taken */
	uint32_t n, n_exact_left; /* slots in use; to be kept for exact entries */
	uint16_t ports[STEER_BITS]; /* by bit of a slot; the last bit has none */
	unsigned n_ports;
};

/* names_init() - also writes the ports of the policy into @page */
void names_init(struct names *n, const struct policy *p, struct steer_page *page);
void names_done(struct names *n);

/* names_slot() - of a name that the policy has an entry for; NAMES_NONE: its wildcard is full */
uint32_t names_slot(struct names *n, const char *name);

/* names_at() - NULL where the slot is nobody's; the address of a slot, and back (NAMES_NONE) */
const char *names_at(const struct names *n, uint32_t slot);
void names_addr(uint32_t slot, unsigned family, struct ipaddr *ret);
uint32_t names_of_addr(const struct ipaddr *a);

#endif
