/* SPDX-License-Identifier: Apache-2.0 */
/* rtnl.c - network interfaces by rtnetlink(7); every attribute's length is checked both ways */
#include "sys/rtnl.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

#ifndef IF_OPER_UP
#define IF_OPER_UP 6 /* linux/if.h, which does not go with net/if.h */
#endif
#define BUF_BYTES 32768 /* what the kernel puts into one message of a dump, at most */

/* A request on its way: header, family header, attributes. */
struct request {
	struct nlmsghdr nh;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg addr;
		struct rtmsg route;
	} u;
	char attrs[512];
};

static struct request request(uint16_t type, uint16_t flags, size_t body)
{
	struct request r;

	memset(&r, 0, sizeof(r));
	r.nh = (struct nlmsghdr){ .nlmsg_type = type,
				  .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
				  .nlmsg_len = (uint32_t)NLMSG_LENGTH(body),
				  .nlmsg_seq = 1 };
	return r;
}

static void put(struct request *r, uint16_t type, const void *data, size_t n)
{
	size_t at = NLMSG_ALIGN(r->nh.nlmsg_len);
	struct rtattr *a = (struct rtattr *)(void *)((char *)r + at);

	if (at + RTA_SPACE(n) > sizeof(*r))
		abort(); /* no caller puts more than two names and addresses */
	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(n);
	if (n)
		memcpy(RTA_DATA(a), data, n);
	r->nh.nlmsg_len = (uint32_t)(at + RTA_SPACE(n));
}

static void put32(struct request *r, uint16_t type, uint32_t value)
{
	put(r, type, &value, sizeof(value));
}

/* An attribute of attributes: what is put from here on to nest_end() is in it. */
static size_t nest(struct request *r, uint16_t type)
{
	size_t at = NLMSG_ALIGN(r->nh.nlmsg_len);

	put(r, type, NULL, 0);
	return at;
}

static void nest_end(struct request *r, size_t at)
{
	struct rtattr *a = (struct rtattr *)(void *)((char *)r + at);

	a->rta_len = (unsigned short)(r->nh.nlmsg_len - at);
}

int rtnl_open(int *ret_fd, struct err *e)
{
	auto_close int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK };

	if (fd < 0 || bind(fd, (struct sockaddr *)&nl, sizeof(nl)) < 0)
		return err_sys(e, "open a netlink socket");
	*ret_fd = take_fd(fd);
	return 0;
}

typedef bool take_fn(const struct nlmsghdr *nh, void *arg); /* false: too many */

/* The message at @at of @len bytes, whole; or NULL. */
static const struct nlmsghdr *message(const char *buf, size_t at, size_t len)
{
	const struct nlmsghdr *nh = (const struct nlmsghdr *)(const void *)(buf + at);

	if (at > len || len - at < sizeof(*nh) || nh->nlmsg_len < sizeof(*nh) ||
	    nh->nlmsg_len > len - at)
		return NULL;
	return nh;
}

/* One datagram of an answer: 1 go on, 0 that was all, -errno */
static int take_answer(const char *buf, size_t len, take_fn *take, void *arg)
{
	const struct nlmsghdr *nh;

	for (size_t at = 0; (nh = message(buf, at, len)); at += NLMSG_ALIGN(nh->nlmsg_len)) {
		const struct nlmsgerr *ne = NLMSG_DATA(nh);

		if (nh->nlmsg_type == NLMSG_DONE)
			return 0;
		if (nh->nlmsg_type == NLMSG_ERROR)
			return nh->nlmsg_len < NLMSG_LENGTH(sizeof(*ne)) ? -EBADMSG : ne->error;
		if (take && !take(nh, arg))
			return -E2BIG;
	}
	return 1;
}

/* Sends, and takes the answers up to the acknowledgement (or the end of a dump). errno */
static int talk(int fd, const struct request *r, take_fn *take, void *arg)
{
	auto_free char *buf = xcalloc(1, BUF_BYTES);
	int rc = 1;

	if (send(fd, r, r->nh.nlmsg_len, 0) < 0)
		return -1;
	while (rc == 1) {
		ssize_t n = recv(fd, buf, BUF_BYTES, MSG_TRUNC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		rc = n > BUF_BYTES ? -EMSGSIZE : take_answer(buf, (size_t)n, take, arg);
	}
	errno = -rc;
	return rc ? -1 : 0;
}

static bool take_link(const struct nlmsghdr *nh, void *arg)
{
	const struct ifinfomsg *i = NLMSG_DATA(nh);
	struct rtnl_link *l = arg;

	if (nh->nlmsg_type != RTM_NEWLINK || nh->nlmsg_len < NLMSG_LENGTH(sizeof(*i)))
		return true;
	*l = (struct rtnl_link){ i->ifi_index, (i->ifi_flags & IFF_UP) != 0, false };
	int len = (int)(nh->nlmsg_len - NLMSG_LENGTH(sizeof(*i)));
	for (const struct rtattr *a = IFLA_RTA(i); RTA_OK(a, len); a = RTA_NEXT(a, len))
		if (a->rta_type == IFLA_OPERSTATE && RTA_PAYLOAD(a) == 1)
			l->ready = *(const uint8_t *)RTA_DATA(a) == IF_OPER_UP;
	return true;
}

int rtnl_find(int fd, const char *name, struct rtnl_link *ret, struct err *e)
{
	struct request r = request(RTM_GETLINK, NLM_F_ACK, sizeof(struct ifinfomsg));
	struct rtnl_link l = { 0 };

	put(&r, IFLA_IFNAME, name, strlen(name) + 1);
	if (talk(fd, &r, take_link, &l) < 0 || l.index == 0)
		return err_sys(e, "find network interface %s", name);
	*ret = l;
	return 0;
}

struct addrs {
	int index;
	struct rtnl_addr *v;
	size_t n;
};

static void keep(const struct rtattr *a, uint8_t *to, uint8_t *n)
{
	if (RTA_PAYLOAD(a) == 4 || RTA_PAYLOAD(a) == 16)
		memcpy(to, RTA_DATA(a), *n = (uint8_t)RTA_PAYLOAD(a));
}

static bool take_addr(const struct nlmsghdr *nh, void *arg)
{
	const struct ifaddrmsg *m = NLMSG_DATA(nh);
	struct addrs *out = arg;

	if (nh->nlmsg_type != RTM_NEWADDR || nh->nlmsg_len < NLMSG_LENGTH(sizeof(*m)) ||
	    (int)m->ifa_index != out->index)
		return true;
	if (out->n == RTNL_ADDRS_MAX)
		return false;

	struct rtnl_addr *to = &out->v[out->n++];
	int len = (int)(nh->nlmsg_len - NLMSG_LENGTH(sizeof(*m)));

	*to = (struct rtnl_addr){ .family = m->ifa_family, .prefix = m->ifa_prefixlen,
				  .scope = m->ifa_scope, .flags = m->ifa_flags };
	for (const struct rtattr *a = IFA_RTA(m); RTA_OK(a, len); a = RTA_NEXT(a, len)) {
		if (a->rta_type == IFA_LOCAL)
			keep(a, to->local, &to->n_local);
		else if (a->rta_type == IFA_ADDRESS)
			keep(a, to->address, &to->n_address);
		else if (a->rta_type == IFA_BROADCAST)
			keep(a, to->broadcast, &to->n_broadcast);
		else if (a->rta_type == IFA_FLAGS && RTA_PAYLOAD(a) == sizeof(to->flags))
			memcpy(&to->flags, RTA_DATA(a), sizeof(to->flags));
	}
	return true;
}

int rtnl_addrs(int fd, int index, struct rtnl_addr **ret, size_t *ret_n, struct err *e)
{
	struct request r = request(RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	struct addrs out = { .index = index, .v = xcalloc(RTNL_ADDRS_MAX, sizeof(*out.v)) };

	if (talk(fd, &r, take_addr, &out) < 0) {
		free(out.v);
		return err_sys(e, "read the addresses of network interface %d", index);
	}
	*ret = out.v;
	*ret_n = out.n;
	return 0;
}

static struct request link_request(int index)
{
	struct request r = request(RTM_SETLINK, NLM_F_ACK, sizeof(struct ifinfomsg));

	r.u.link.ifi_index = index;
	return r;
}

int rtnl_move(int fd, int index, int netns, const char *name, struct err *e)
{
	struct request r = link_request(index);

	put(&r, IFLA_NET_NS_FD, &netns, sizeof(netns));
	put(&r, IFLA_IFNAME, name, strlen(name) + 1);
	if (talk(fd, &r, NULL, NULL) < 0)
		return err_sys(e, "move network interface %d to another namespace", index);
	return 0;
}

int rtnl_rename(int fd, int index, const char *name, struct err *e)
{
	struct request r = link_request(index);

	put(&r, IFLA_IFNAME, name, strlen(name) + 1);
	if (talk(fd, &r, NULL, NULL) < 0)
		return err_sys(e, "name network interface %d \"%s\"", index, name);
	return 0;
}

int rtnl_set_up(int fd, int index, unsigned flags, struct err *e)
{
	struct request r = link_request(index);

	r.u.link.ifi_flags = r.u.link.ifi_change = IFF_UP | flags;
	if (talk(fd, &r, NULL, NULL) < 0)
		return err_sys(e, "bring up network interface %d", index);
	return 0;
}

int rtnl_add_addr(int fd, int index, const struct rtnl_addr *a, struct err *e)
{
	struct request r = request(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
				   sizeof(struct ifaddrmsg));
	const struct {
		uint16_t type;
		const uint8_t *data;
		size_t n;
	} attrs[] = {
		{ IFA_LOCAL, a->local, a->n_local },
		{ IFA_ADDRESS, a->address, a->n_address },
		{ IFA_BROADCAST, a->broadcast, a->n_broadcast },
	};

	r.u.addr = (struct ifaddrmsg){ .ifa_family = a->family,
				       .ifa_prefixlen = a->prefix,
				       .ifa_scope = a->scope,
				       .ifa_index = (unsigned)index };
	for (size_t i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++)
		if (attrs[i].n)
			put(&r, attrs[i].type, attrs[i].data, attrs[i].n);
	/* What is about the address and not about how it came: not its life in the old namespace. */
	uint32_t flags = a->flags & (IFA_F_NODAD | IFA_F_NOPREFIXROUTE);

	if (flags)
		put(&r, IFA_FLAGS, &flags, sizeof(flags));
	if (talk(fd, &r, NULL, NULL) < 0)
		return err_sys(e, "add an address to network interface %d", index);
	return 0;
}

static size_t addr_bytes(uint8_t family)
{
	return family == AF_INET6 ? 16 : 4;
}

static bool is_set(const uint8_t a[16])
{
	static const uint8_t none[16];

	return memcmp(a, none, sizeof(none)) != 0;
}

int rtnl_add_route(int fd, const struct rtnl_route *t, struct err *e)
{
	struct request r = request(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
				   sizeof(struct rtmsg));
	size_t n = addr_bytes(t->family);

	r.u.route = (struct rtmsg){ .rtm_family = t->family,
				    .rtm_dst_len = t->prefix,
				    .rtm_table = t->table,
				    .rtm_protocol = RTPROT_BOOT,
				    .rtm_scope = t->scope,
				    .rtm_type = t->type,
				    .rtm_flags = is_set(t->gateway) ? RTNH_F_ONLINK : 0 };
	if (t->prefix)
		put(&r, RTA_DST, t->dst, n);
	if (is_set(t->gateway))
		put(&r, RTA_GATEWAY, t->gateway, n);
	if (is_set(t->source))
		put(&r, RTA_PREFSRC, t->source, n);
	put32(&r, RTA_OIF, (uint32_t)t->index);
	if (talk(fd, &r, NULL, NULL) < 0)
		return err_sys(e, "add a route by network interface %d", t->index);
	return 0;
}

/* What either end of a pair is made with. */
static void put_end(struct request *r, const char *name, const struct rtnl_veth *v)
{
	put(r, IFLA_IFNAME, name, strlen(name) + 1);
	put(r, IFLA_ADDRESS, v->mac, sizeof(v->mac));
	put32(r, IFLA_MTU, v->mtu);
	put32(r, IFLA_NUM_TX_QUEUES, 1);
	put32(r, IFLA_NUM_RX_QUEUES, 1);
}

static int ask_veth(int fd, const struct rtnl_veth *v)
{
	struct request r = request(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
				   sizeof(struct ifinfomsg));
	const struct ifinfomsg peer = { .ifi_family = AF_UNSPEC, .ifi_index = v->peer_index };

	r.u.link.ifi_index = v->index;
	put_end(&r, v->name, v);
	size_t info = nest(&r, IFLA_LINKINFO);
	put(&r, IFLA_INFO_KIND, "veth", 4);
	size_t data = nest(&r, IFLA_INFO_DATA), at = NLMSG_ALIGN(r.nh.nlmsg_len);
	put(&r, VETH_INFO_PEER, &peer, sizeof(peer));
	put_end(&r, v->peer_name, v);
	if (v->peer_netns >= 0)
		put32(&r, IFLA_NET_NS_FD, (uint32_t)v->peer_netns);
	nest_end(&r, at);
	nest_end(&r, data);
	nest_end(&r, info);
	return talk(fd, &r, NULL, NULL);
}

int rtnl_make_veth(int fd, const struct rtnl_veth *v, struct err *e)
{
	if (ask_veth(fd, v) < 0)
		return err_sys(e, "make a pair of network interfaces (kernel option CONFIG_VETH)");
	return 0;
}

/* An address that no interface can have is looked at only by a kernel that knows the kind. */
bool rtnl_has_veth(void)
{
	static const struct rtnl_veth impossible = { .name = "agentrt0", .peer_name = "agentrt1",
						     .peer_netns = -1, .mac = { 1 }, .mtu = 1500 };
	auto_close int fd = -1;
	struct err e = ERR_INIT;

	if (rtnl_open(&fd, &e))
		return false;
	return ask_veth(fd, &impossible) == 0 || errno != EOPNOTSUPP;
}

static int ask_passive(int fd, int index, bool v6)
{
	const uint8_t none = IN6_ADDR_GEN_MODE_NONE;
	struct request r = link_request(index);
	size_t spec = nest(&r, IFLA_AF_SPEC), family = nest(&r, AF_INET);
	size_t conf = nest(&r, IFLA_INET_CONF);

	put32(&r, IPV4_DEVCONF_FORWARDING, 0);
	nest_end(&r, conf);
	nest_end(&r, family);
	if (v6) {
		family = nest(&r, AF_INET6);
		put(&r, IFLA_INET6_ADDR_GEN_MODE, &none, sizeof(none));
		nest_end(&r, family);
	}
	nest_end(&r, spec);
	return talk(fd, &r, NULL, NULL);
}

int rtnl_set_passive(int fd, int index, struct err *e)
{
	int r = ask_passive(fd, index, true);

	if (r < 0 && errno == EAFNOSUPPORT) /* a kernel without IPv6 */
		r = ask_passive(fd, index, false);
	return r < 0 ? err_sys(e, "configure network interface %d", index) : 0;
}
