/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sniff.c - the filter of a socket that sees what is refused
 *
 * A classic BPF program, which takes no privilege to load. It is given an IP packet and says how
 * much of it is kept:
 *
 *	TCP, SYN without ACK, a port that nobody listens on	its head
 *	UDP, any port but that of DNS				its head
 *	all else						nothing
 *
 * Of a packet in fragments the first one counts. IPv6 extension headers other than the fragment's
 * hide what follows: such packets are refused like others, without a record.
 */
#include "sys/sniff.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/egress_steer.h"
#include "base/mem.h"
#include "base/mutant.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23 /* linux/if_packet.h, 4.20 */
#endif
#define QUEUE_BYTES (64 << 10) /* what is more is counted, and lost */
#define SYN	    0x02
#define SYN_ACK	    0x12
#define IP6_BYTES   40

struct prog {
	struct sock_filter *v;
	size_t n;
};

static void emit(struct prog *p, int code, uint32_t k, uint8_t jt, uint8_t jf)
{
	p->v[p->n++] = (struct sock_filter){ (uint16_t)code, jt, jf, k };
}

static void load(struct prog *p, int size, uint32_t at)
{
	emit(p, BPF_LD | size | BPF_ABS, at, 0, 0);
}

/* X = where the packet's own header ends. */
static void load_at_x(struct prog *p, int size, uint32_t at)
{
	emit(p, BPF_LD | size | BPF_IND, at, 0, 0);
}

static void give(struct prog *p, uint32_t bytes)
{
	emit(p, BPF_RET | BPF_K, bytes, 0, 0);
}

/* Goes on where A is @k, else gives nothing. */
static void want(struct prog *p, uint32_t k)
{
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, k, 1, 0);
	give(p, 0);
}

/* Gives nothing where A is @k. */
static void refuse(struct prog *p, uint32_t k)
{
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, k, 0, 1);
	give(p, 0);
}

/* Goes on where A is @k, else where land() says. */
static size_t branch(struct prog *p, uint32_t k)
{
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, k, 1, 0);
	emit(p, BPF_JMP | BPF_JA, 0, 0, 0);
	return p->n - 1;
}

static void land(struct prog *p, size_t jump)
{
	p->v[jump].k = (uint32_t)(p->n - jump - 1);
}

/* A = the protocol, X as above. */
static void by_protocol(struct prog *p, const uint16_t *ports, size_t n)
{
	size_t not_udp = branch(p, IPPROTO_UDP);

	load_at_x(p, BPF_H, 2);
	refuse(p, STEER_DNS);
	give(p, SNIFF_BYTES);
	land(p, not_udp);
	want(p, IPPROTO_TCP);
	load_at_x(p, BPF_B, 13);
	emit(p, BPF_ALU | BPF_AND | BPF_K, SYN_ACK, 0, 0);
	want(p, SYN);
	load_at_x(p, BPF_H, 2);
	for (size_t i = 0; i < n; i++)
		refuse(p, ports[i]);
	give(p, SNIFF_BYTES);
}

size_t sniff_program(const uint16_t *ports, size_t n_ports, struct sock_filter *out)
{
	struct prog p = { .v = out };
	size_t not_v4, no_fragment;

	load(&p, BPF_B, 0);
	emit(&p, BPF_ALU | BPF_RSH | BPF_K, 4, 0, 0);
	not_v4 = branch(&p, 4);
	load(&p, BPF_H, 6);
	emit(&p, BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 0, 1); /* a later fragment */
	give(&p, 0);
	emit(&p, BPF_LDX | BPF_B | BPF_MSH, 0, 0, 0);
	load(&p, BPF_B, 9);
	by_protocol(&p, ports, n_ports);
	land(&p, not_v4);
	want(&p, 6);
	emit(&p, BPF_LDX | BPF_W | BPF_IMM, IP6_BYTES, 0, 0);
	load(&p, BPF_B, 6);
	no_fragment = branch(&p, IPPROTO_FRAGMENT);
	load(&p, BPF_H, IP6_BYTES + 2);
	emit(&p, BPF_ALU | BPF_AND | BPF_K, 0xfff8, 0, 0);
	want(&p, 0);
	emit(&p, BPF_LDX | BPF_W | BPF_IMM, IP6_BYTES + 8, 0, 0);
	load(&p, BPF_B, IP6_BYTES);
	land(&p, no_fragment);
	by_protocol(&p, ports, n_ports);
	return p.n;
}

int sniff_refused(int fd, const uint16_t *ports, size_t n_ports, struct err *e)
{
	auto_free struct sock_filter *v = xcalloc(SNIFF_INSNS_MAX(n_ports), sizeof(*v));
	struct sock_fprog prog = { .filter = v };
	int one = 1, bytes = QUEUE_BYTES;

	prog.len = (unsigned short)sniff_program(mutant("sniff.ports") ? NULL : ports,
						 mutant("sniff.ports") ? 0 : n_ports, v);
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &one, sizeof(one)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) < 0)
		return err_sys(e, "filter the packets that are recorded");
	return 0;
}

int sniff_start(int fd, int index, struct err *e)
{
	const struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = index,
					.sll_protocol = htons(ETH_P_ALL) };

	if (!mutant("sniff.start") && bind(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return err_sys(e, "watch the packets that are refused");
	return 0;
}
