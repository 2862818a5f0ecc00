/* SPDX-License-Identifier: Apache-2.0 */
/*
 * a_socks.c - the proxy's sockets in A, and in P where that is there
 *
 * One port of A is the proxy's, for TCP and UDP and both families, and no other: what the container
 * binds, specific or wildcard, never meets a socket of ours (a wildcard and a specific listener on
 * one port exclude each other in both orders). The port of a steered connection is the client's
 * affair. An answer to a datagram, however, leaves from its socket's port, so answers are written
 * by a raw socket, which has none. In P nobody else is: there every socket is bound to the port it
 * serves, on every address.
 *
 * Phase C_ANET, child; needs CAP_NET_ADMIN, CAP_NET_RAW and CAP_NET_BIND_SERVICE over A and P.
 */
#include "exec/a_socks.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/egress_steer.h"
#include "base/fd.h"
#include "base/table.h"
#include "sys/sniff.h"

#define BACKLOG 512
#ifndef IPV6_HDRINCL
#define IPV6_HDRINCL 36 /* linux/in6.h, 4.5 */
#endif

#define ALWAYS_A  { [PLAN_STEER_NONE] = PLACE_A, [PLAN_STEER_BPF] = PLACE_A, [PLAN_STEER_VETH] = PLACE_A }
#define STEERED_A { [PLAN_STEER_BPF] = PLACE_A, [PLAN_STEER_VETH] = PLACE_A }
#define STEERED	  { [PLAN_STEER_BPF] = PLACE_A, [PLAN_STEER_VETH] = PLACE_P }
#define VETH_P	  { [PLAN_STEER_VETH] = PLACE_P }

static const struct {
	int family, type, protocol;
	int level, option; /* to be switched on, 0 none */
	enum a_place at[PLAN_STEER__COUNT];
} kinds[] = {
	[A_SOCK_TCP4] = { AF_INET, SOCK_STREAM, 0, 0, 0, ALWAYS_A },
	[A_SOCK_TCP6] = { AF_INET6, SOCK_STREAM, 0, IPPROTO_IPV6, IPV6_V6ONLY, STEERED_A },
	[A_SOCK_UDP4] = { AF_INET, SOCK_DGRAM, 0, IPPROTO_IP, IP_RECVORIGDSTADDR, STEERED },
	[A_SOCK_UDP6] = { AF_INET6, SOCK_DGRAM, 0, IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, STEERED },
	[A_SOCK_RAW4] = { AF_INET, SOCK_RAW, IPPROTO_RAW, 0, 0, STEERED },
	[A_SOCK_RAW6] = { AF_INET6, SOCK_RAW, IPPROTO_RAW, IPPROTO_IPV6, IPV6_HDRINCL, STEERED },
	[A_SOCK_SNIFF] = { AF_PACKET, SOCK_DGRAM, 0, 0, 0, VETH_P },
};
TABLE_CHECK(kinds, A_SOCK__COUNT);

/* On loopback, or on every address. */
static int bind_to(int fd, int family, bool lo, uint16_t port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(lo ? INADDR_LOOPBACK : INADDR_ANY) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port),
				   .sin6_addr = lo ? in6addr_loopback : in6addr_any };
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

static int open_one(enum a_sock i, enum a_place place, uint16_t port, int *ret_fd)
{
	int one = 1;
	auto_close int fd = socket(kinds[i].family, kinds[i].type | SOCK_CLOEXEC | SOCK_NONBLOCK,
				   kinds[i].protocol);
	bool is_bound = kinds[i].type != SOCK_RAW && kinds[i].family != AF_PACKET;

	if (fd < 0 || (kinds[i].option && setsockopt(fd, kinds[i].level, kinds[i].option, &one,
						     sizeof(one)) < 0))
		return -1;
	if (is_bound &&
	    bind_to(fd, kinds[i].family, place == PLACE_A, place == PLACE_A ? port : STEER_DNS) < 0)
		return -1;
	if (kinds[i].type == SOCK_STREAM && listen(fd, BACKLOG) < 0)
		return -1;
	*ret_fd = take_fd(fd);
	return 0;
}

/* A kernel without IPv6, or net.ipv6.conf.all.disable_ipv6: then nobody in A has it either. */
static bool is_without_ipv6(int family)
{
	return family == AF_INET6 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL);
}

/* Every IPv6 and IPv4 address, by one socket; where there is no IPv6, every IPv4 address. */
static int listen_on(int family, uint16_t port, int *ret_fd)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int zero = 0;
	auto_close int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (family == AF_INET6 &&
	    (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero)) < 0 ||
	     bind(fd, (struct sockaddr *)&v6, sizeof(v6)) < 0))
		return -1;
	if (family == AF_INET && bind(fd, (struct sockaddr *)&v4, sizeof(v4)) < 0)
		return -1;
	if (listen(fd, BACKLOG) < 0)
		return -1;
	*ret_fd = take_fd(fd);
	return 0;
}

static int listen_all(const struct op_anet *a, struct a_socks *s, struct err *e)
{
	if (a->n_ports > EGRESS_LISTEN_MAX)
		return err_set(e, ERR_UNSUPPORTED, "listen on %zu ports: at most %u are possible",
			       a->n_ports, EGRESS_LISTEN_MAX);
	for (; s->n_listen < a->n_ports; s->n_listen++) {
		int *fd = &s->listen[s->n_listen];
		uint16_t port = a->ports[s->n_listen];

		if (listen_on(AF_INET6, port, fd) < 0 &&
		    (!is_without_ipv6(AF_INET6) || listen_on(AF_INET, port, fd) < 0))
			return err_sys(e, "make the proxy's socket on every address's port %u",
				       port);
	}
	return 0;
}

int a_socks_open(enum a_place place, const struct op_anet *a, struct a_socks *ret, struct err *e)
{
	for (int i = 0; i < A_SOCK__COUNT; i++) {
		if (kinds[i].at[a->steered] != place)
			continue;
		if (open_one((enum a_sock)i, place, a->proxy_port, &ret->v[i]) < 0 &&
		    !is_without_ipv6(kinds[i].family))
			return err_sys(e, "make the proxy's socket (family %d, type %d, port %u)",
				       kinds[i].family, kinds[i].type, a->proxy_port);
	}
	if (place != PLACE_P)
		return 0;
	if (sniff_refused(ret->v[A_SOCK_SNIFF], a->ports, a->n_ports, e))
		return -1;
	return listen_all(a, ret, e);
}

void a_socks_close(struct a_socks *s)
{
	for (int i = 0; i < A_SOCK__COUNT; i++)
		fd_close(&s->v[i]);
	for (size_t i = 0; i < s->n_listen; i++)
		fd_close(&s->listen[i]);
	s->n_listen = 0;
}

size_t a_socks_pack(const struct a_socks *s, int ret[SYNC_MAX_FDS], uint32_t *ret_bits)
{
	size_t n = 0;

	*ret_bits = 0;
	for (unsigned i = 0; i < A_SOCK__COUNT; i++) {
		if (s->v[i] < 0)
			continue;
		ret[n++] = s->v[i];
		*ret_bits |= 1u << i;
	}
	for (size_t i = 0; i < s->n_listen; i++)
		ret[n++] = s->listen[i];
	return n;
}

int a_socks_unpack(const int *fds, size_t n, uint32_t bits, struct a_socks *ret, struct err *e)
{
	size_t named = (size_t)__builtin_popcount(bits);

	if (bits >> A_SOCK__COUNT || named > n || n - named > EGRESS_LISTEN_MAX)
		return err_set(e, ERR_INPUT, "the child's sockets are not those that it names");
	for (unsigned i = 0; i < A_SOCK__COUNT; i++)
		ret->v[i] = bits >> i & 1 ? *fds++ : -1;
	ret->n_listen = n - named;
	memcpy(ret->listen, fds, ret->n_listen * sizeof(*fds));
	return 0;
}
