/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns_server.h - the name server of A: whatever address and port 53 a datagram went to
 *
 * DNS_TURN datagrams a turn and DNS_PER_SECOND a second (DNS_BURST at once) are answered; beyond
 * that they are dropped, as a busy name server does, so that a flood of questions holds up nobody's
 * bytes. TCP comes in as a connection (way_dns.c).
 */
#ifndef EGRESS_DNS_SERVER_H
#define EGRESS_DNS_SERVER_H

#include "egress/loop.h"
#include "egress/names.h"
#include "egress/record.h"

#define DNS_TURN       32
#define DNS_PER_SECOND 2000u
#define DNS_BURST      4000u

struct dns_server {
	struct loop_source v4, v6; /* fd -1: none */
	struct loop *loop;
	struct names *names;
	struct record *record;
	struct record_budget budget;
};

int dns_server_init(struct dns_server *s, struct loop *l, struct names *names,
		    struct record *record, struct err *e);

#endif
