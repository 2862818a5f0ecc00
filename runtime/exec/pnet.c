/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pnet.c - every connection to the proxy where no program may be loaded that steers it
 *
 * Theory of operation: a listener on every address would take its port from the container, if it
 * were in A. So it is in a namespace of its own, P, where nothing else is: every unicast address is
 * local there, the proxy listens on the ports that the policy names and on that of DNS, and whatever
 * else comes is refused by the kernel as by any machine where nobody listens. A and P are joined by a
 * pair of virtual interfaces, over which A sends all that is not its own:
 *
 *	A  lo 127/8, ::1, own addresses          P  lo  everything
 *	   eth0  default via the gate  <------->    eth0  A's own addresses
 *
 * The container sees an interface that leads nowhere but to the proxy, and has no right to change
 * it. Nobody resolves addresses on the link: neither end does ARP or neighbour discovery
 * (IFF_NOARP), which makes the kernel send to the interface's own hardware address, so both ends
 * have the same. There is one next hop each way, and so one neighbour: the table of those is the
 * whole machine's, and a scan by the container must not fill it.
 *
 * P has no name and no process. It lives by the proxy's sockets: when the proxy ends, P is gone, with
 * it its end of the pair, and with that the other one.
 *
 * Phase C_ANET, child (or its helper); needs CAP_NET_ADMIN and CAP_SYS_ADMIN in the user namespace
 * that it runs in, which then owns P as it owns A.
 * Should: give A a way to P, ready for the first packet. Mustn't: let anything refer to P but the
 * sockets in @socks, once pnet_done() was called.
 */
#include "exec/pnet.h"

#include <net/if.h>
#include <sched.h>
#include <time.h>

#include "base/egress_steer.h"
#include "base/fd.h"
#include "base/mutant.h"
#include "base/table.h"
#include "exec/lo.h"
#include "exec/ns.h"
#include "exec/routes.h"
#include "sys/procfs.h"
#include "sys/rtnl.h"
#include "sys/sniff.h"

#define NAME	     "eth0"
/* Beyond what the kernel may have put there. Different ones: for a pair with one number it may take
 * a second until it says that the other end is there. */
#define INDEX	     16
#define PEER_INDEX   17
#define MTU	     65535u /* as good as lo's: nothing is cut that P would only put together */
#define READY_TRIES  100
#define READY_NAP_NS 200000

/*
 * A refusal is not held back: by default a machine sends so few that the seventh datagram in a
 * second would wait for its answer in vain. Where /proc/sys cannot be written, that is how it stays.
 */
static void refuse_at_once(int procfd)
{
	static const char *const files[] = { "sys/net/ipv4/icmp_ratelimit",
					     "sys/net/ipv6/icmp/ratelimit" };
	struct err e = ERR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(files) && !mutant("pnet.at_once"); i++)
		(void)procfs_write(procfd, files[i], "0", &e);
}

int pnet_make(int procfd, const struct op_anet *a, struct a_socks *socks, struct pnet *ret,
	      struct err *e)
{
	if (unshare(CLONE_NEWNET) < 0)
		return err_sys(e, "make the proxy's network namespace");
	refuse_at_once(procfd);
	if (lo_up(e) || rtnl_open(&ret->rtnl, e) || routes_local(ret->rtnl, e) ||
	    routes_add_own(ret->rtnl, STEER_GATE, e) || a_socks_open(PLACE_P, a, socks, e) ||
	    ns_of(procfd, "self", NS_T_NETWORK, &ret->netns, e))
		return err_ctx(e, "the proxy's network namespace");
	return 0;
}

/* Before its end is up, for the kernel would give it an address of its own. */
static int bring_up(int fd, int index, struct err *e)
{
	if (!mutant("pnet.passive") && rtnl_set_passive(fd, index, e))
		return -1;
	return rtnl_set_up(fd, index, mutant("pnet.noarp") ? 0 : IFF_NOARP, e);
}

/* The end that came up first learns of the other one from a work queue, and drops packets till
 * then. Where that takes too long the first connection takes a second. */
static void wait_ready(int fd)
{
	const struct timespec nap = { .tv_nsec = READY_NAP_NS };
	struct err e = ERR_INIT;

	for (int i = 0; i < READY_TRIES; i++) {
		struct rtnl_link l;

		if (rtnl_find(fd, NAME, &l, &e) || l.ready)
			return;
		nanosleep(&nap, NULL);
	}
}

int pnet_join(const struct pnet *p, struct a_socks *socks, struct err *e)
{
	const struct rtnl_veth pair = { .name = NAME, .peer_name = NAME, .index = INDEX,
					.peer_index = PEER_INDEX, .peer_netns = p->netns,
					.mac = { 0x02, 0, 0, 0, 0, 1 }, .mtu = MTU };
	auto_close int a = -1;

	if (rtnl_open(&a, e) || rtnl_make_veth(a, &pair, e) || bring_up(p->rtnl, PEER_INDEX, e) ||
	    bring_up(a, INDEX, e) || routes_default(a, INDEX, STEER_GATE, STEER_OWN, e) ||
	    routes_back(p->rtnl, PEER_INDEX, STEER_OWN, e) ||
	    sniff_start(socks->v[A_SOCK_SNIFF], PEER_INDEX, e))
		return err_ctx(e, "the way to the proxy's network namespace");
	wait_ready(p->rtnl);
	wait_ready(a);
	return 0;
}

void pnet_done(struct pnet *p)
{
	fd_close(&p->rtnl);
	fd_close(&p->netns);
}
