/* SPDX-License-Identifier: Apache-2.0 */
/* routes.c - addresses and routes of A and P, for both families */
#include "exec/routes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/egress_steer.h"
#include "base/mutant.h"
#include "base/table.h"
#include "sys/rtnl.h"

static const uint8_t families[] = { AF_INET, AF_INET6 };

static uint8_t bits_of(uint8_t family)
{
	return family == AF_INET6 ? 128 : 32;
}

static void slot_addr(uint8_t family, uint32_t slot, uint8_t ret[16])
{
	uint32_t v4 = htonl(STEER_NET4 + slot);
	uint32_t v6[] = { htonl(STEER_NET6), htonl(STEER_NET6_2), 0, htonl(slot) };

	if (family == AF_INET6)
		memcpy(ret, v6, sizeof(v6));
	else
		memcpy(ret, &v4, sizeof(v4));
}

/* A failure that means: there is no IPv6 here. EACCES: it is switched off on the interface;
 * EOPNOTSUPP: in the kernel. */
static bool is_without(uint8_t family, const struct err *e)
{
	return family == AF_INET6 &&
	       (e->sys == EACCES || e->sys == EOPNOTSUPP || e->sys == EAFNOSUPPORT);
}

/* For each family that is there. */
static int for_each(int (*add)(int fd, uint8_t family, const void *arg, struct err *e), int fd,
		    const void *arg, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		struct err own = ERR_INIT;

		if (add(fd, families[i], arg, &own) == 0 || is_without(families[i], &own))
			continue;
		*e = own;
		return -1;
	}
	return 0;
}

struct lo {
	int index;
	uint32_t slot;
};

/*
 * An address besides loopback: without one getaddrinfo(3) with AI_ADDRCONFIG finds nothing, and
 * servers that ask for "the address of this machine" have none.
 */
static int add_own(int fd, uint8_t family, const void *arg, struct err *e)
{
	const struct lo *lo = arg;
	struct rtnl_addr a = { .family = family, .prefix = bits_of(family),
			       .scope = RT_SCOPE_UNIVERSE, .flags = IFA_F_NODAD,
			       .n_local = bits_of(family) / 8 };

	slot_addr(family, lo->slot, a.local);
	return rtnl_add_addr(fd, lo->index, &a, e);
}

int routes_add_own(int fd, uint32_t slot, struct err *e)
{
	struct lo lo = { .slot = slot };
	struct rtnl_link l;

	if (rtnl_find(fd, "lo", &l, e))
		return -1;
	lo.index = l.index;
	return for_each(add_own, fd, &lo, e);
}

/* As `ip route add local default dev lo`. */
static int add_local(int fd, uint8_t family, const void *arg, struct err *e)
{
	const struct lo *lo = arg;
	const struct rtnl_route r = { .family = family, .type = RTN_LOCAL, .scope = RT_SCOPE_HOST,
				      .table = RT_TABLE_LOCAL, .index = lo->index };

	return rtnl_add_route(fd, &r, e);
}

int routes_local(int fd, struct err *e)
{
	struct lo lo = { 0 };
	struct rtnl_link l;

	if (rtnl_find(fd, "lo", &l, e))
		return -1;
	lo.index = l.index;
	if (for_each(add_local, fd, &lo, e))
		return err_ctx(e, "make every address local on lo");
	return 0;
}

struct by {
	int index;
	uint32_t gate, own;
};

/* As `ip route add default via GATE dev DEV onlink src OWN`. */
static int add_default(int fd, uint8_t family, const void *arg, struct err *e)
{
	const struct by *by = arg;
	struct rtnl_route r = { .family = family, .type = RTN_UNICAST, .scope = RT_SCOPE_UNIVERSE,
				.table = RT_TABLE_MAIN, .index = by->index };

	if (!mutant("pnet.gate"))
		slot_addr(family, by->gate, r.gateway);
	slot_addr(family, by->own, r.source);
	return rtnl_add_route(fd, &r, e);
}

int routes_default(int fd, int index, uint32_t gate, uint32_t own, struct err *e)
{
	const struct by by = { index, gate, own };

	return for_each(add_default, fd, &by, e);
}

/* In the table that is looked at first, where it is more specific than "everything is local". */
static int add_back(int fd, uint8_t family, const void *arg, struct err *e)
{
	const struct by *by = arg;
	struct rtnl_route r = { .family = family, .type = RTN_UNICAST, .scope = RT_SCOPE_LINK,
				.table = RT_TABLE_LOCAL, .index = by->index,
				.prefix = bits_of(family) };

	slot_addr(family, by->own, r.dst);
	return rtnl_add_route(fd, &r, e);
}

int routes_back(int fd, int index, uint32_t slot, struct err *e)
{
	const struct by by = { .index = index, .own = slot };

	return for_each(add_back, fd, &by, e);
}
