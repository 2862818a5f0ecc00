/* SPDX-License-Identifier: Apache-2.0 */
/* dns_server.c - questions by UDP, answers from where they were asked */
#include "egress/dns_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/egress_wire.h"
#include "egress/dns_answer.h"
#include "egress/start.h"

#ifndef IPV6_ORIGDSTADDR
#define IPV6_ORIGDSTADDR 74 /* linux/in6.h */
#endif
#define HOPS 64

/* Both ends of one datagram, as sockaddr of one family. */
struct ends {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} from, to;
};

struct packet {
	union {
		struct ip v4;
		struct ip6_hdr v6;
	} ip;
	struct udphdr udp;
	uint8_t data[DNS_ANSWER_MAX];
};

static uint32_t sum(uint32_t s, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		s += i % 2 ? b[i] : (uint32_t)b[i] << 8;
	return s;
}

/* RFC 768 over a pseudo header; addresses follow each other in both kinds of header. */
static uint16_t checksum(const void *addrs, size_t addr_bytes, const struct udphdr *udp,
			 const uint8_t *data, size_t n)
{
	uint32_t s = IPPROTO_UDP + (uint32_t)(sizeof(*udp) + n);

	s = sum(s, addrs, addr_bytes);
	s = sum(s, udp, sizeof(*udp));
	s = sum(s, data, n);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	s = ~s & 0xffff;
	return htons((uint16_t)(s ? s : 0xffff));
}

static size_t write_header(struct packet *p, const struct ends *e, size_t n)
{
	uint16_t bytes = (uint16_t)(sizeof(p->udp) + n);

	p->udp = (struct udphdr){ .uh_ulen = htons(bytes) };
	if (e->from.any.sa_family == AF_INET6) {
		p->udp.uh_sport = e->to.v6.sin6_port;
		p->udp.uh_dport = e->from.v6.sin6_port;
		p->ip.v6 = (struct ip6_hdr){ .ip6_src = e->to.v6.sin6_addr,
					     .ip6_dst = e->from.v6.sin6_addr };
		p->ip.v6.ip6_flow = htonl(6u << 28);
		p->ip.v6.ip6_plen = htons(bytes);
		p->ip.v6.ip6_nxt = IPPROTO_UDP;
		p->ip.v6.ip6_hlim = HOPS;
		p->udp.uh_sum = checksum(&p->ip.v6.ip6_src, 32, &p->udp, p->data, n);
		return sizeof(p->ip.v6);
	}
	p->udp.uh_sport = e->to.v4.sin_port;
	p->udp.uh_dport = e->from.v4.sin_port;
	/* The kernel fills in the rest: length, identification, checksum. */
	p->ip.v4 = (struct ip){ .ip_v = 4, .ip_hl = 5, .ip_ttl = HOPS, .ip_p = IPPROTO_UDP,
				.ip_len = htons((uint16_t)(sizeof(p->ip.v4) + bytes)),
				.ip_src = e->to.v4.sin_addr, .ip_dst = e->from.v4.sin_addr };
	p->udp.uh_sum = checksum(&p->ip.v4.ip_src, 8, &p->udp, p->data, n);
	return sizeof(p->ip.v4);
}

/* #syscalls: sendmsg */
static void send_answer(struct packet *p, const struct ends *e, size_t n)
{
	bool v6 = e->from.any.sa_family == AF_INET6;
	size_t header = write_header(p, e, n);
	struct ends to = *e;
	struct iovec iov[] = { { &p->ip, header }, { &p->udp, sizeof(p->udp) }, { p->data, n } };
	struct msghdr mh = { .msg_name = &to.from, .msg_iov = iov, .msg_iovlen = 3,
			     .msg_namelen = v6 ? sizeof(to.from.v6) : sizeof(to.from.v4) };

	/* To a raw socket a port is a protocol. An answer that is lost is asked for again. */
	if (v6)
		to.from.v6.sin6_port = 0;
	else
		to.from.v4.sin_port = 0;
	(void)sendmsg(v6 ? EGRESS_FD_RAW6 : EGRESS_FD_RAW4, &mh, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Where it was sent to; a datagram that does not say so cannot be answered. */
static bool find_destination(struct msghdr *mh, struct ends *e)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		bool v4 = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_ORIGDSTADDR;
		bool v6 = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_ORIGDSTADDR;
		size_t want = v4 ? sizeof(e->to.v4) : sizeof(e->to.v6);

		if ((v4 || v6) && c->cmsg_len >= CMSG_LEN(want)) {
			memcpy(&e->to, CMSG_DATA(c), want);
			return e->to.any.sa_family == e->from.any.sa_family;
		}
	}
	return false;
}

/* #syscalls: recvmsg */
static ssize_t receive(int fd, uint8_t *buf, size_t size, struct ends *e)
{
	union {
		struct cmsghdr align;
		uint8_t bytes[256];
	} control;
	struct iovec iov = { buf, size };
	struct msghdr mh = { .msg_name = &e->from, .msg_namelen = sizeof(e->from),
			     .msg_iov = &iov, .msg_iovlen = 1,
			     .msg_control = &control, .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &mh, MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0)
		return -1;
	return (size_t)n <= size && find_destination(&mh, e) ? n : 0;
}

/* Whatever it was meant to be, it went no further. */
static void record_no_question(struct dns_server *s, const struct ends *e)
{
	struct ipaddr to = { .family = e->to.any.sa_family == AF_INET6 ? 6 : 4 };
	char text[46];

	if (to.family == 6)
		memcpy(to.b, &e->to.v6.sin6_addr, 16);
	else
		memcpy(to.b, &e->to.v4.sin_addr, 4);
	ipaddr_print(&to, text);
	record_write(s->record, &(struct record_line){ .via = "udp", .name = text, .port = STEER_DNS,
						       .rule = RULE_UDP },
		     s->loop->now_ms);
}

static void answer(struct dns_server *s, const uint8_t *msg, size_t n, const struct ends *e)
{
	struct packet p;
	struct dns_verdict v;
	size_t len;

	if (!budget_take(&s->budget, DNS_PER_SECOND, DNS_BURST, s->loop->now_ms))
		return;
	len = dns_reply(s->names, msg, n, p.data, &v);
	if (len == 0) {
		record_no_question(s, e);
		return;
	}
	send_answer(&p, e, len);
	if (v.rule != RULE_OK)
		record_write(s->record, &(struct record_line){ .via = "dns", .name = v.name,
							       .rule = v.rule },
			     s->loop->now_ms);
}

static void serve(struct dns_server *s, int fd)
{
	uint8_t buf[DNS_QUERY_MAX + 1];
	struct ends e;

	for (int i = 0; i < DNS_TURN; i++) {
		ssize_t n = receive(fd, buf, sizeof(buf), &e);

		if (n < 0)
			return;
		if (n > 0)
			answer(s, buf, (size_t)n, &e);
	}
}

static void on_v4(struct loop_source *src, uint32_t events)
{
	(void)events;
	serve(container_of(src, struct dns_server, v4), src->fd);
}

static void on_v6(struct loop_source *src, uint32_t events)
{
	(void)events;
	serve(container_of(src, struct dns_server, v6), src->fd);
}

static int watch(struct loop *l, struct loop_source *src, struct err *e)
{
	if (start_is_absent(src->fd)) {
		src->fd = -1;
		return 0;
	}
	return loop_add(l, src, EPOLLIN) < 0 ? err_sys(e, "watch the DNS socket") : 0;
}

int dns_server_init(struct dns_server *s, struct loop *l, struct names *names,
		    struct record *record, struct err *e)
{
	*s = (struct dns_server){ .v4 = { EGRESS_FD_DNS4, on_v4 }, .v6 = { EGRESS_FD_DNS6, on_v6 },
				  .loop = l, .names = names, .record = record,
				  .budget = { .tokens = DNS_BURST, .filled_ms = l->now_ms } };
	return watch(l, &s->v4, e) || watch(l, &s->v6, e) ? -1 : 0;
}
