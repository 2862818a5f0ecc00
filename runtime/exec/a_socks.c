/* SPDX-License-Identifier: Apache-2.0 */
/*
 * a_socks.c - the proxy's sockets in A, and the routes that bring everything to them
 *
 * One port of A is the proxy's, for TCP and UDP and both families, and no other: what the container
 * binds, specific or wildcard, never meets a socket of ours (a wildcard and a specific listener on
 * one port exclude each other in both orders). The port of a steered connection is the client's
 * affair. An answer to a datagram, however, leaves from its socket's port, so answers are written
 * by a raw socket, which has none.
 *
 * Phase C_ANET, child; needs CAP_NET_ADMIN and CAP_NET_RAW over A.
 */
#include "exec/a_socks.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/egress_steer.h"
#include "base/fd.h"

#define BACKLOG 512
#ifndef IPV6_HDRINCL
#define IPV6_HDRINCL 36 /* linux/in6.h, 4.5 */
#endif

static const struct {
	int family, type, protocol;
	int level, option; /* to be switched on, 0 none */
} kinds[A_SOCK__COUNT] = {
	[A_SOCK_TCP4] = { AF_INET, SOCK_STREAM, 0, 0, 0 },
	[A_SOCK_TCP6] = { AF_INET6, SOCK_STREAM, 0, IPPROTO_IPV6, IPV6_V6ONLY },
	[A_SOCK_UDP4] = { AF_INET, SOCK_DGRAM, 0, IPPROTO_IP, IP_RECVORIGDSTADDR },
	[A_SOCK_UDP6] = { AF_INET6, SOCK_DGRAM, 0, IPPROTO_IPV6, IPV6_RECVORIGDSTADDR },
	[A_SOCK_RAW4] = { AF_INET, SOCK_RAW, IPPROTO_RAW, 0, 0 },
	[A_SOCK_RAW6] = { AF_INET6, SOCK_RAW, IPPROTO_RAW, IPPROTO_IPV6, IPV6_HDRINCL },
};

static int bind_to_lo(int fd, int family, uint16_t port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port),
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int one = 1;

	/* Connections inherit it: one to a port does not keep that port from the container. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
		return -1;
	/* Before bind: a UDP socket on ::1 that is not IPv6 only would be in the way of IPv4. */
	if (family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) < 0)
		return -1;
	return family == AF_INET6 ? bind(fd, (struct sockaddr *)&v6, sizeof(v6)) :
				    bind(fd, (struct sockaddr *)&v4, sizeof(v4));
}

static int open_one(enum a_sock i, uint16_t port, int *ret_fd)
{
	int one = 1;
	auto_close int fd = socket(kinds[i].family, kinds[i].type | SOCK_CLOEXEC | SOCK_NONBLOCK,
				   kinds[i].protocol);

	if (fd < 0 || (kinds[i].option && setsockopt(fd, kinds[i].level, kinds[i].option, &one,
						     sizeof(one)) < 0))
		return -1;
	if (kinds[i].type != SOCK_RAW && bind_to_lo(fd, kinds[i].family, port) < 0)
		return -1;
	if (kinds[i].type == SOCK_STREAM && listen(fd, BACKLOG) < 0)
		return -1;
	*ret_fd = take_fd(fd);
	return 0;
}

/* A kernel without IPv6, or net.ipv6.conf.all.disable_ipv6: then nobody in A has it either. */
static bool is_without_ipv6(enum a_sock i)
{
	return kinds[i].family == AF_INET6 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL);
}

int a_socks_open(uint16_t port, bool steered, int ret[A_SOCK__COUNT], struct err *e)
{
	int fd[A_SOCK__COUNT] = A_SOCKS_NONE;

	for (int i = 0; i < (steered ? A_SOCK__COUNT : 1); i++) {
		if (open_one((enum a_sock)i, port, &fd[i]) == 0 || is_without_ipv6((enum a_sock)i))
			continue;
		err_sys(e, "make the proxy's socket on %s:%u",
			kinds[i].family == AF_INET6 ? "[::1]" : "127.0.0.1", port);
		a_socks_close(fd);
		return -1;
	}
	memcpy(ret, fd, sizeof(fd));
	return 0;
}

void a_socks_close(int socks[A_SOCK__COUNT])
{
	for (int i = 0; i < A_SOCK__COUNT; i++)
		fd_close(&socks[i]);
}

size_t a_socks_pack(const int socks[A_SOCK__COUNT], int ret[A_SOCK__COUNT], uint32_t *ret_bits)
{
	size_t n = 0;

	*ret_bits = 0;
	for (unsigned i = 0; i < A_SOCK__COUNT; i++) {
		if (socks[i] < 0)
			continue;
		ret[n++] = socks[i];
		*ret_bits |= 1u << i;
	}
	return n;
}

int a_socks_unpack(const int *fds, size_t n, uint32_t bits, int ret[A_SOCK__COUNT], struct err *e)
{
	if (bits >> A_SOCK__COUNT || (size_t)__builtin_popcount(bits) != n)
		return err_set(e, ERR_INPUT, "the child's sockets are not those that it names");
	for (unsigned i = 0; i < A_SOCK__COUNT; i++)
		ret[i] = bits >> i & 1 ? *fds++ : -1;
	return 0;
}

/* ---- addresses and routes ---- */

struct request {
	struct nlmsghdr nl;
	union {
		struct rtmsg route;
		struct ifaddrmsg addr;
	} u;
	char attrs[64];
};

static void add_attr(struct request *q, unsigned short type, const void *data, size_t n)
{
	struct rtattr a = { .rta_len = (unsigned short)RTA_LENGTH(n), .rta_type = type };
	char *at = (char *)q + q->nl.nlmsg_len;

	memcpy(at, &a, sizeof(a));
	memcpy(at + RTA_LENGTH(0), data, n);
	q->nl.nlmsg_len += (uint32_t)RTA_SPACE(n);
}

static int ask(int fd, const struct request *q)
{
	struct {
		struct nlmsghdr nl;
		struct nlmsgerr err;
		char rest[256];
	} a;

	if (send(fd, q, q->nl.nlmsg_len, 0) < 0 || recv(fd, &a, sizeof(a), 0) < 0)
		return -1;
	if (a.nl.nlmsg_type == NLMSG_ERROR && a.err.error == 0)
		return 0;
	errno = a.nl.nlmsg_type == NLMSG_ERROR ? -a.err.error : EPROTO;
	return -1;
}

/*
 * An address besides loopback: without one getaddrinfo(3) with AI_ADDRCONFIG finds nothing, and
 * servers that ask for "the address of this machine" have none.
 */
static int add_own_address(int fd, uint32_t lo, int family)
{
	uint32_t v4 = htonl(STEER_NET4 + STEER_OWN);
	uint32_t v6[4] = { htonl(STEER_NET6), htonl(STEER_NET6_2), 0, htonl(STEER_OWN) };
	struct request q = {
		.nl = { .nlmsg_len = NLMSG_LENGTH(sizeof(q.u.addr)), .nlmsg_type = RTM_NEWADDR,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL },
		.u.addr = { .ifa_family = (unsigned char)family,
			    .ifa_prefixlen = family == AF_INET6 ? 128 : 32,
			    .ifa_flags = IFA_F_PERMANENT | IFA_F_NODAD,
			    .ifa_scope = RT_SCOPE_UNIVERSE, .ifa_index = lo },
	};

	if (family == AF_INET6)
		add_attr(&q, IFA_LOCAL, v6, sizeof(v6));
	else
		add_attr(&q, IFA_LOCAL, &v4, sizeof(v4));
	return ask(fd, &q);
}

/* As `ip route add local default dev lo`. */
static int add_local_default(int fd, uint32_t lo, int family)
{
	struct request q = {
		.nl = { .nlmsg_len = NLMSG_LENGTH(sizeof(q.u.route)), .nlmsg_type = RTM_NEWROUTE,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL },
		.u.route = { .rtm_family = (unsigned char)family, .rtm_table = RT_TABLE_LOCAL,
			     .rtm_protocol = RTPROT_BOOT, .rtm_scope = RT_SCOPE_HOST,
			     .rtm_type = RTN_LOCAL },
	};

	add_attr(&q, RTA_OIF, &lo, sizeof(lo));
	return ask(fd, &q);
}

int a_routes_add(struct err *e)
{
	auto_close int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	uint32_t lo = if_nametoindex("lo");

	if (fd < 0 || add_own_address(fd, lo, AF_INET) < 0 ||
	    add_local_default(fd, lo, AF_INET) < 0)
		return err_sys(e, "make every address local on lo");
	/* EACCES: IPv6 is switched off on lo; EOPNOTSUPP: in the kernel. */
	if ((add_own_address(fd, lo, AF_INET6) < 0 || add_local_default(fd, lo, AF_INET6) < 0) &&
	    errno != EACCES && errno != EOPNOTSUPP && errno != EAFNOSUPPORT)
		return err_sys(e, "make every IPv6 address local on lo");
	return 0;
}
