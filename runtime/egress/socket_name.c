/* SPDX-License-Identifier: Apache-2.0 */
/* socket_name.c - tables of families, types and protocols. Numbers, not macros, where a C library or
 * its headers may be older than the kernel (linux/socket.h, linux/in.h, linux/netlink.h). */
#include "egress/socket_name.h"

#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/table.h"

#define TYPE_MASK 0xf /* the rest are SOCK_CLOEXEC and SOCK_NONBLOCK */

struct name {
	uint32_t value;
	const char *text;
};

static const struct name families[] = {
	{ 0, "AF_UNSPEC" },	 { 1, "AF_UNIX" },	{ 2, "AF_INET" },     { 3, "AF_AX25" },
	{ 4, "AF_IPX" },	 { 5, "AF_APPLETALK" }, { 6, "AF_NETROM" },   { 7, "AF_BRIDGE" },
	{ 8, "AF_ATMPVC" },	 { 9, "AF_X25" },	{ 10, "AF_INET6" },   { 11, "AF_ROSE" },
	{ 15, "AF_KEY" },	 { 16, "AF_NETLINK" },	{ 17, "AF_PACKET" },  { 20, "AF_ATMSVC" },
	{ 21, "AF_RDS" },	 { 23, "AF_IRDA" },	{ 24, "AF_PPPOX" },   { 26, "AF_LLC" },
	{ 27, "AF_IB" },	 { 28, "AF_MPLS" },	{ 29, "AF_CAN" },     { 30, "AF_TIPC" },
	{ 31, "AF_BLUETOOTH" },	 { 32, "AF_IUCV" },	{ 33, "AF_RXRPC" },   { 34, "AF_ISDN" },
	{ 35, "AF_PHONET" },	 { 36, "AF_IEEE802154" }, { 37, "AF_CAIF" },  { 38, "AF_ALG" },
	{ 39, "AF_NFC" },	 { 40, "AF_VSOCK" },	{ 41, "AF_KCM" },     { 42, "AF_QIPCRTR" },
	{ 43, "AF_SMC" },	 { 44, "AF_XDP" },	{ 45, "AF_MCTP" },
};

static const struct name types[] = {
	{ SOCK_STREAM, "SOCK_STREAM" }, { SOCK_DGRAM, "SOCK_DGRAM" },	      { SOCK_RAW, "SOCK_RAW" },
	{ SOCK_RDM, "SOCK_RDM" },	{ SOCK_SEQPACKET, "SOCK_SEQPACKET" }, { 6, "SOCK_DCCP" },
	{ 10, "SOCK_PACKET" },
};

static const struct name inet[] = {
	{ 1, "IPPROTO_ICMP" },	 { 2, "IPPROTO_IGMP" },	   { 4, "IPPROTO_IPIP" },  { 6, "IPPROTO_TCP" },
	{ 17, "IPPROTO_UDP" },	 { 33, "IPPROTO_DCCP" },   { 41, "IPPROTO_IPV6" }, { 47, "IPPROTO_GRE" },
	{ 50, "IPPROTO_ESP" },	 { 51, "IPPROTO_AH" },	   { 58, "IPPROTO_ICMPV6" }, { 89, "IPPROTO_OSPF" },
	{ 103, "IPPROTO_PIM" },	 { 115, "IPPROTO_L2TP" },  { 132, "IPPROTO_SCTP" },
	{ 136, "IPPROTO_UDPLITE" }, { 255, "IPPROTO_RAW" }, { 256, "IPPROTO_SMC" }, { 262, "IPPROTO_MPTCP" },
};

static const struct name netlink[] = {
	{ NETLINK_ROUTE, "NETLINK_ROUTE" },	{ NETLINK_SOCK_DIAG, "NETLINK_SOCK_DIAG" },
	{ NETLINK_NFLOG, "NETLINK_NFLOG" },	{ NETLINK_XFRM, "NETLINK_XFRM" },
	{ NETLINK_SELINUX, "NETLINK_SELINUX" }, { NETLINK_AUDIT, "NETLINK_AUDIT" },
	{ NETLINK_CONNECTOR, "NETLINK_CONNECTOR" }, { NETLINK_NETFILTER, "NETLINK_NETFILTER" },
	{ NETLINK_KOBJECT_UEVENT, "NETLINK_KOBJECT_UEVENT" }, { NETLINK_GENERIC, "NETLINK_GENERIC" },
	{ NETLINK_CRYPTO, "NETLINK_CRYPTO" },
};

static const char *find(const struct name *v, size_t n, uint32_t value)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].value == value)
			return v[i].text;
	return NULL;
}

static const char *protocol(uint32_t family, uint32_t value)
{
	if (family == AF_INET || family == AF_INET6)
		return find(inet, ARRAY_SIZE(inet), value);
	return family == AF_NETLINK ? find(netlink, ARRAY_SIZE(netlink), value) : NULL;
}

void socket_name(const uint64_t args[3], char ret[SOCKET_NAME_MAX])
{
	uint32_t v[3] = { (uint32_t)args[0], (uint32_t)args[1] & TYPE_MASK, (uint32_t)args[2] };
	const char *name[3] = { find(families, ARRAY_SIZE(families), v[0]),
				find(types, ARRAY_SIZE(types), v[1]), protocol(v[0], v[2]) };
	static const char *const prefix[3] = { "AF_", "SOCK_", "" };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		const char *space = i ? " " : "";

		n += (size_t)(name[i] ? snprintf(ret + n, SOCKET_NAME_MAX - n, "%s%s", space, name[i]) :
					snprintf(ret + n, SOCKET_NAME_MAX - n, "%s%s%u", space, prefix[i], v[i]));
	}
}
