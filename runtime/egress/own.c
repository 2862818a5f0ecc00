/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own.c - netlink dumps of addresses and routes
 *
 * Routes of type local cover more than addresses do: "ip route add local 10.0.0.0/8 dev lo" makes
 * a whole network the host's own.
 */
#include "egress/own.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/table.h"

#define DUMP_BUF     32768
#define DUMP_WAIT_MS 1000 /* the kernel answers at once; a socket that does not is broken */

static bool add(struct own *o, const struct cidr *c)
{
	if (o->set.n == OWN_MAX)
		return false;
	if (o->set.n == o->cap) {
		o->cap = o->cap ? o->cap * 2 : 64;
		o->set.v = xrealloc(o->set.v, o->cap, sizeof(*o->set.v));
	}
	o->set.v[o->set.n++] = *c;
	return true;
}

static bool attr_addr(int family, const void *data, size_t n, struct ipaddr *ret)
{
	struct ipaddr a = { .family = family == AF_INET6 ? 6 : 4 };

	if ((family != AF_INET && family != AF_INET6) || n != (a.family == 6 ? 16 : 4))
		return false;
	memcpy(a.b, data, n);
	*ret = a;
	return true;
}

static bool add_addr(struct own *o, int family, const void *data, size_t n)
{
	struct cidr c = { .bits = family == AF_INET6 ? 128 : 32 };

	return !attr_addr(family, data, n, &c.net) || add(o, &c);
}

/* A gateway stands in many routes; keep it once. */
static bool add_gateway(struct own *o, int family, const void *data, size_t n)
{
	struct ipaddr a;

	if (!attr_addr(family, data, n, &a))
		return true;
	for (size_t i = 0; i < o->set.n; i++)
		if (o->set.v[i].bits == (a.family == 6 ? 128 : 32) &&
		    cidr_contains(&o->set.v[i], &a))
			return true;
	return add_addr(o, family, data, n);
}

static bool on_address(struct own_source *s, const struct nlmsghdr *h)
{
	const struct ifaddrmsg *m = NLMSG_DATA(h);
	int n = (int)IFA_PAYLOAD(h);

	for (const struct rtattr *a = IFA_RTA(m); RTA_OK(a, n); a = RTA_NEXT(a, n)) {
		/* IFA_ADDRESS of a point-to-point link is the peer's. */
		if (a->rta_type != IFA_LOCAL && (a->rta_type != IFA_ADDRESS || m->ifa_family != AF_INET6))
			continue;
		if (!add_addr(s->own, m->ifa_family, RTA_DATA(a), RTA_PAYLOAD(a)))
			return false;
	}
	return true;
}

/* RTA_GATEWAY is of the route's family, RTA_VIA names its own. */
static bool gateway_attr(struct own *o, int family, const struct rtattr *a)
{
	if (a->rta_type == RTA_GATEWAY)
		return add_gateway(o, family, RTA_DATA(a), RTA_PAYLOAD(a));
	if (a->rta_type == RTA_VIA && RTA_PAYLOAD(a) > sizeof(struct rtvia)) {
		const struct rtvia *via = RTA_DATA(a);

		return add_gateway(o, via->rtvia_family, via->rtvia_addr,
				   RTA_PAYLOAD(a) - sizeof(*via));
	}
	return true;
}

static bool multipath_attr(struct own *o, int family, const struct rtattr *a)
{
	const struct rtnexthop *nh = RTA_DATA(a);
	int left = (int)RTA_PAYLOAD(a);

	for (; RTNH_OK(nh, left); left -= RTNH_ALIGN(nh->rtnh_len), nh = RTNH_NEXT(nh)) {
		int n = nh->rtnh_len - (int)sizeof(*nh);

		for (const struct rtattr *b = RTNH_DATA(nh); RTA_OK(b, n); b = RTA_NEXT(b, n))
			if (!gateway_attr(o, family, b))
				return false;
	}
	return true;
}

static bool on_route(struct own_source *s, const struct nlmsghdr *h)
{
	const struct rtmsg *m = NLMSG_DATA(h);
	int n = (int)RTM_PAYLOAD(h);
	bool is_local = m->rtm_type == RTN_LOCAL || m->rtm_type == RTN_BROADCAST ||
			m->rtm_type == RTN_ANYCAST;

	for (const struct rtattr *a = RTM_RTA(m); RTA_OK(a, n); a = RTA_NEXT(a, n)) {
		struct cidr c = { .bits = m->rtm_dst_len };
		bool ok = true;

		if (is_local && a->rta_type == RTA_DST &&
		    attr_addr(m->rtm_family, RTA_DATA(a), RTA_PAYLOAD(a), &c.net))
			ok = add(s->own, &c);
		else if (s->with_gateways && a->rta_type == RTA_MULTIPATH)
			ok = multipath_attr(s->own, m->rtm_family, a);
		else if (s->with_gateways)
			ok = gateway_attr(s->own, m->rtm_family, a);
		if (!ok)
			return false;
	}
	return true;
}

static const struct dump {
	uint16_t request, answer;
	size_t header;
	bool (*on)(struct own_source *s, const struct nlmsghdr *h);
} dumps[] = {
	{ RTM_GETADDR, RTM_NEWADDR, sizeof(struct ifaddrmsg), on_address },
	{ RTM_GETROUTE, RTM_NEWROUTE, sizeof(struct rtmsg), on_route },
};

/* #syscalls: sendto */
static bool send_request(int fd, const struct dump *d, uint32_t seq)
{
	struct {
		struct nlmsghdr h;
		struct rtmsg m; /* all zero: any family; as long as struct ifaddrmsg needs, too */
	} req = {
		.h = { .nlmsg_len = NLMSG_LENGTH((unsigned)d->header), .nlmsg_type = d->request,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP, .nlmsg_seq = seq },
	};
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	return sendto(fd, &req, req.h.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) ==
	       (ssize_t)req.h.nlmsg_len;
}

enum dump_status { DUMP_MORE, DUMP_DONE, DUMP_AGAIN, DUMP_BAD };

static enum dump_status read_messages(struct own_source *s, const struct dump *d, uint32_t seq,
				      const void *buf, size_t len)
{
	for (const struct nlmsghdr *h = buf; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
		if (h->nlmsg_seq != seq)
			continue; /* a notification; the set is being read anyway */
		if (h->nlmsg_flags & NLM_F_DUMP_INTR)
			return DUMP_AGAIN;
		if (h->nlmsg_type == NLMSG_DONE)
			return DUMP_DONE;
		if (h->nlmsg_type == NLMSG_ERROR)
			return DUMP_BAD;
		if (h->nlmsg_type == d->answer && h->nlmsg_len >= NLMSG_LENGTH((unsigned)d->header) &&
		    !d->on(s, h))
			return DUMP_BAD;
	}
	return DUMP_MORE;
}

/* #syscalls: poll ppoll recvfrom */
static enum dump_status dump_once(struct own_source *s, const struct dump *d)
{
	static char buf[DUMP_BUF] __attribute__((aligned(NLMSG_ALIGNTO)));
	uint32_t seq = ++s->own->seq;
	enum dump_status st = DUMP_MORE;

	if (!send_request(s->src.fd, d, seq))
		return DUMP_BAD;
	while (st == DUMP_MORE) {
		struct pollfd p = { .fd = s->src.fd, .events = POLLIN };
		struct sockaddr_nl from = { 0 };
		socklen_t len = sizeof(from);

		if (poll(&p, 1, DUMP_WAIT_MS) != 1)
			return DUMP_BAD;
		ssize_t n = recvfrom(s->src.fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC,
				     (struct sockaddr *)&from, &len);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return errno == ENOBUFS ? DUMP_AGAIN : DUMP_BAD;
		if ((size_t)n > sizeof(buf))
			return DUMP_BAD;
		if (from.nl_pid == 0) /* from the kernel, not from another process */
			st = read_messages(s, d, seq, buf, (size_t)n);
	}
	return st;
}

static bool dump(struct own_source *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(dumps); i++) {
		enum dump_status st = DUMP_AGAIN;

		for (int tries = 0; tries < 5 && st == DUMP_AGAIN; tries++)
			st = dump_once(s, &dumps[i]);
		if (st != DUMP_DONE)
			return false;
	}
	return true;
}

const struct own_set *own_get(struct own *o)
{
	if (!o->stale)
		return &o->set;
	o->stale = false;
	o->set.n = 0;
	o->set.unknown = !dump(&o->e) || !dump(&o->host);
	if (o->set.unknown)
		o->stale = true; /* try again next time */
	return &o->set;
}

/* Level-triggered: read what there is, keep nothing. ENOBUFS is news, too. */
static void on_news(struct loop_source *src, uint32_t events)
{
	struct own_source *s = container_of(src, struct own_source, src);
	char buf[4096];

	(void)events;
	s->own->stale = true;
	for (int i = 0; i < 64; i++)
		if (recv(src->fd, buf, sizeof(buf), MSG_DONTWAIT) < 0 && errno != ENOBUFS)
			return;
}

static int subscribe(struct own_source *s, struct loop *l, struct err *e)
{
	struct sockaddr_nl a = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
			     RTMGRP_IPV6_ROUTE,
	};

	if (bind(s->src.fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return err_sys(e, "subscribe to address changes");
	if (loop_add(l, &s->src, EPOLLIN) < 0)
		return err_sys(e, "watch a netlink socket");
	return 0;
}

int own_init(struct own *o, struct loop *l, int fd_e, int fd_host, struct err *e)
{
	*o = (struct own){
		.e = { .src = { fd_e, on_news }, .with_gateways = true, .own = o },
		.host = { .src = { fd_host, on_news }, .own = o },
		.stale = true,
	};
	if (subscribe(&o->e, l, e) || subscribe(&o->host, l, e))
		return -1;
	if (own_get(o)->unknown)
		return err_set(e, ERR_SYS, "read the host's addresses: the netlink sockets do not answer");
	return 0;
}
