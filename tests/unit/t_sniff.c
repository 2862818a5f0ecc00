/* SPDX-License-Identifier: Apache-2.0 */
/* t_sniff.c - which packets are recorded as refused, by the kernel's own filter, and what they say */
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/table.h"
#include "egress/packet.h"
#include "sys/sniff.h"
#include "tests/unit/test.h"

#define SYN 0x02
#define ACK 0x10

struct packet {
	uint8_t b[200];
	size_t n;
};

static void put_ports(struct packet *p, uint8_t proto, uint16_t port, uint8_t tcp_flags)
{
	uint8_t *at = p->b + p->n;

	at[2] = (uint8_t)(port >> 8);
	at[3] = (uint8_t)port;
	if (proto == IPPROTO_TCP)
		at[13] = tcp_flags;
	p->n += 20;
}

/* To 192.0.2.9, with @options words of options. */
static struct packet v4(uint8_t proto, uint16_t port, uint8_t tcp_flags, unsigned options,
			uint16_t fragment)
{
	struct packet p = { .n = 20 + 4 * options };

	p.b[0] = (uint8_t)(0x45 + options);
	p.b[6] = (uint8_t)(fragment >> 8);
	p.b[7] = (uint8_t)fragment;
	p.b[9] = proto;
	memcpy(p.b + 16, (const uint8_t[]){ 192, 0, 2, 9 }, 4);
	put_ports(&p, proto, port, tcp_flags);
	return p;
}

/* To 2001:db8::9; @fragment -1: no header of one */
static struct packet v6(uint8_t proto, uint16_t port, uint8_t tcp_flags, int fragment)
{
	struct packet p = { .n = 40 };

	p.b[0] = 0x60;
	p.b[6] = fragment < 0 ? proto : IPPROTO_FRAGMENT;
	memcpy(p.b + 24, (const uint8_t[16]){ 0x20, 1, 0x0d, 0xb8, [15] = 9 }, 16);
	if (fragment >= 0) {
		p.b[40] = proto;
		p.b[42] = (uint8_t)(fragment >> 5);
		p.b[43] = (uint8_t)(fragment << 3 | 1);
		p.n += 8;
	}
	put_ports(&p, proto, port, tcp_flags);
	return p;
}

/* A pair of datagram sockets whose second has the filter: what comes through is what is kept. */
static void make_filtered(int fd[2], const uint16_t *ports, size_t n)
{
	struct sock_filter *v = calloc(SNIFF_INSNS_MAX(n), sizeof(*v));
	struct sock_fprog prog = { .filter = v };

	prog.len = (unsigned short)sniff_program(ports, n, v);
	t_ok(prog.len <= SNIFF_INSNS_MAX(n), "the program fits");
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fd) < 0)
		abort();
	t_ok(setsockopt(fd[1], SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) == 0,
	     "and the kernel takes it");
	free(v);
}

/* How much of a packet is kept; 0: nothing */
static size_t kept(const int fd[2], const struct packet *p)
{
	uint8_t buf[256];
	ssize_t n;

	/* A filter that drops makes the sender's datagram vanish, or fail. */
	(void)send(fd[0], p->b, p->n, MSG_DONTWAIT);
	n = recv(fd[1], buf, sizeof(buf), MSG_DONTWAIT);
	return n > 0 ? (size_t)n : 0;
}

static void filter(void)
{
	static const uint16_t ports[] = { 22, 53, 443 };
	const struct {
		const char *name;
		struct packet p;
		bool kept;
	} rows[] = {
		{ "a SYN to a port where nobody listens", v4(IPPROTO_TCP, 25, SYN, 0, 0), true },
		{ "with options", v4(IPPROTO_TCP, 25, SYN, 3, 0), true },
		{ "by IPv6", v6(IPPROTO_TCP, 25, SYN, -1), true },
		{ "a SYN to one that is listened on is not refused", v4(IPPROTO_TCP, 443, SYN, 0, 0), false },
		{ "nor with options", v4(IPPROTO_TCP, 22, SYN, 2, 0), false },
		{ "nor by IPv6", v6(IPPROTO_TCP, 443, SYN, -1), false },
		{ "what follows a SYN is no attempt", v4(IPPROTO_TCP, 25, ACK, 0, 0), false },
		{ "nor is an answer to one", v4(IPPROTO_TCP, 25, SYN | ACK, 0, 0), false },
		{ "nor a reset by IPv6", v6(IPPROTO_TCP, 25, 0x04, -1), false },
		{ "a datagram", v4(IPPROTO_UDP, 443, 0, 0, 0), true },
		{ "its first fragment", v4(IPPROTO_UDP, 443, 0, 0, 0x2000), true },
		{ "not a later one", v4(IPPROTO_UDP, 443, 0, 0, 0x2001), false },
		{ "nor the last one", v4(IPPROTO_UDP, 443, 0, 0, 0x0010), false },
		{ "a datagram by IPv6", v6(IPPROTO_UDP, 443, 0, -1), true },
		{ "its first fragment by IPv6", v6(IPPROTO_UDP, 443, 0, 0), true },
		{ "not a later one by IPv6", v6(IPPROTO_UDP, 443, 0, 185), false },
		{ "a question to a name server is not refused", v4(IPPROTO_UDP, 53, 0, 0, 0), false },
		{ "nor by IPv6", v6(IPPROTO_UDP, 53, 0, -1), false },
		{ "an echo request is no attempt", v4(IPPROTO_ICMP, 25, 0, 0, 0), false },
		{ "nor is neighbour discovery", v6(IPPROTO_ICMPV6, 25, 0, -1), false },
		{ "nor is what is no IP at all", { .b = { 0x10 }, .n = 60 }, false },
	};
	int fd[2];

	make_filtered(fd, ports, ARRAY_SIZE(ports));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct packet_dest d;
		size_t n = kept(fd, &rows[i].p);

		t_ok(rows[i].kept ? n > 0 && n <= SNIFF_BYTES : n == 0, rows[i].name);
		if (rows[i].kept)
			t_ok(packet_read(rows[i].p.b, n, &d) &&
				     d.proto == (d.port == 25 ? IPPROTO_TCP : IPPROTO_UDP) &&
				     (d.addr.family == 4 ? d.addr.b[3] == 9 : d.addr.b[15] == 9),
			     "and what is kept says where it was to go");
	}
	close(fd[0]);
	close(fd[1]);
}

static void many_ports(void)
{
	uint16_t ports[128];
	struct packet last, other = v6(IPPROTO_TCP, 1, SYN, -1);
	int fd[2];

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		ports[i] = (uint16_t)(1000 + i);
	last = v6(IPPROTO_TCP, 1127, SYN, -1);
	make_filtered(fd, ports, ARRAY_SIZE(ports));
	t_ok(kept(fd, &last) == 0 && kept(fd, &other) > 0, "each of as many as there can be counts");
	close(fd[0]);
	close(fd[1]);
}

static void reader(void)
{
	struct packet_dest d, before;
	struct packet p = v4(IPPROTO_TCP, 25, SYN, 0, 0), six = v6(IPPROTO_UDP, 25, 0, 0);
	char text[46];

	memset(&d, 7, sizeof(d));
	before = d;
	for (size_t n = 0; n < 24; n++)
		if (packet_read(p.b, n, &d))
			break;
	for (size_t n = 0; n < 52; n++)
		if (packet_read(six.b, n, &d))
			break;
	t_ok(memcmp(&d, &before, sizeof(d)) == 0, "what is cut short says nothing");
	t_ok(packet_read(p.b, 24, &d) && d.port == 25 && d.proto == IPPROTO_TCP, "the ports are enough");
	ipaddr_print(&d.addr, text);
	t_ok(streq(text, "192.0.2.9"), "the address is read");
	t_ok(packet_read(six.b, 52, &d) && d.proto == IPPROTO_UDP, "behind a fragment's header too");
	ipaddr_print(&d.addr, text);
	t_ok(streq(text, "2001:db8::9"), "of either family");
	p.b[0] = 0x44;
	t_ok(!packet_read(p.b, p.n, &d), "a header shorter than a header is none");
	p.b[0] = 0x4f;
	t_ok(!packet_read(p.b, 60, &d), "one that is longer than the packet ends it");
	p.b[0] = 0x45;
	p.b[9] = IPPROTO_ICMP;
	t_ok(!packet_read(p.b, p.n, &d), "other protocols have no ports");
}

int main(void)
{
	filter();
	many_ports();
	reader();
	return t_done();
}
