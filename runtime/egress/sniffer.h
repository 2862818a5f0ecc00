/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sniffer.h - what P refuses (exec/pnet.c), by its packet socket, into the decision log
 *
 * The socket's filter passes first packets alone that nobody takes. A flood fills its queue and is
 * counted by the kernel; what is read is cut by the record's own budget.
 */
#ifndef EGRESS_SNIFFER_H
#define EGRESS_SNIFFER_H

#include "egress/loop.h"
#include "egress/names.h"
#include "egress/record.h"

struct sniffer {
	struct loop_source src; /* fd -1: there is no P */
	struct loop *loop;
	const struct names *names;
	struct record *record;
};

int sniffer_start(struct sniffer *s, struct loop *l, const struct names *names, struct record *record,
		  struct err *e);

#endif
