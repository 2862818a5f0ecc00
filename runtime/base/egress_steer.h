/* SPDX-License-Identifier: Apache-2.0 */
/*
 * egress_steer.h - what the kernel's steering program, the runtime and agentrt-egress agree on
 *
 * In A every unicast address is local. An sk_lookup program (sys/steer.c) sees each new TCP
 * connection and each UDP datagram there and gives it to the proxy, leaves it alone (loopback), or
 * refuses it at once. What the policy can never allow is refused without waking anybody: the proxy
 * writes that into a page that it shares with the program, and it learns what was refused from a
 * ring. The page is a sieve, not the decision: what passes it is decided on by policy_decide().
 */
#ifndef BASE_EGRESS_STEER_H
#define BASE_EGRESS_STEER_H

#include <stdint.h>

#define STEER_SLOTS	4096u	    /* names that may have an address at one time: of a power of 2 */
#define STEER_NET4	0xc6120000u /* 198.18.0.0: slot n is 198.18.0.0 + n */
#define STEER_NET6	0xfd616772u /* fd61:6772:7465::n, a unique local /64 */
#define STEER_NET6_2	0x74650000u
#define STEER_OWN	1u /* the slot of A's own address; names follow */
#define STEER_FIRST	2u
#define STEER_GATE	0xff35u /* none, but of the same form: where P is, for A (exec/pnet.c) */
#define STEER_DNS	53u
#define STEER_BITS	64u	    /* ports that a slot tells apart; the last bit is for all others */
#define STEER_RING_PAGES 4u	    /* of the ring of refusals, a power of 2 */

/* Of steer_page.port[]: the bit of slot[] that stands for the port, and who may be reached there. */
#define STEER_BIT_MASK 0x3f
#define STEER_NAMES    0x40 /* some name: look at its slot */
#define STEER_ADDRS    0x80 /* some address outside the slots */

struct steer_page {
	uint64_t lost;		      /* refusals for which the ring had no room */
	uint64_t slot[STEER_SLOTS];   /* a bit for each port that the name may be reached on */
	uint8_t port[65536];	      /* 0: refused, whatever the address */
};

/* One refusal. */
struct steer_event {
	uint32_t addr[4]; /* network order; IPv4 as ::ffff:a.b.c.d */
	uint16_t port;	  /* host order */
	uint8_t proto;	  /* IPPROTO_TCP or IPPROTO_UDP */
	uint8_t pad[5];
};

enum steer_socket { STEER_TCP4, STEER_TCP6, STEER_UDP4, STEER_UDP6, STEER_SOCKET__COUNT };

#endif
