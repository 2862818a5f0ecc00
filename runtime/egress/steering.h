/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steering.h - the proxy's side of base/egress_steer.h: the page it writes, the ring it reads
 *
 * The ring is shared memory and its writer is the kernel; still every length in it is checked.
 */
#ifndef EGRESS_STEERING_H
#define EGRESS_STEERING_H

#include "egress/loop.h"
#include "egress/names.h"
#include "egress/record.h"

struct steering {
	struct loop_source src; /* fd -1: nothing is steered */
	struct loop *loop;
	struct steer_page *page;
	uint64_t *consumer;	  /* positions in the ring, in bytes; ours and the kernel's */
	const uint64_t *producer;
	const uint8_t *data;
	uint64_t mask;
	uint64_t lost; /* as of the last turn */
	struct names *names;
	struct record *record;
};

/* steering_map() - before the jail: map page and ring where they are there; s->page, or NULL */
int steering_map(struct steering *s, struct err *e);
/* steering_start() - record refusals from now on */
int steering_start(struct steering *s, struct loop *l, struct names *names, struct record *record,
		   struct err *e);

#endif
