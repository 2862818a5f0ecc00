/* SPDX-License-Identifier: Apache-2.0 */
/* t_egress_sockets.c - what the decision log calls a socket that was asked for */
#include <string.h>
#include <sys/socket.h>

#include "base/str.h"
#include "base/table.h"
#include "egress/socket_name.h"
#include "tests/unit/test.h"

#define HIGH (UINT64_C(1) << 32)

static const struct {
	uint64_t args[3];
	const char *want;
} rows[] = {
	{ { 2, 3, 1 }, "AF_INET SOCK_RAW IPPROTO_ICMP" },
	{ { 10, 3 | SOCK_CLOEXEC | SOCK_NONBLOCK, 58 }, "AF_INET6 SOCK_RAW IPPROTO_ICMPV6" },
	{ { 2, 1, 262 }, "AF_INET SOCK_STREAM IPPROTO_MPTCP" },
	{ { 17, 3, 768 }, "AF_PACKET SOCK_RAW 768" },
	{ { 2, 10, 768 }, "AF_INET SOCK_PACKET 768" },
	{ { 40, 1, 0 }, "AF_VSOCK SOCK_STREAM 0" },
	{ { 40 | HIGH, 1 | HIGH, HIGH }, "AF_VSOCK SOCK_STREAM 0" },
	{ { 16, 3, 9 }, "AF_NETLINK SOCK_RAW NETLINK_AUDIT" },
	{ { 16, 2, 77 }, "AF_NETLINK SOCK_DGRAM 77" },
	{ { 38, 5, 0 }, "AF_ALG SOCK_SEQPACKET 0" },
	{ { 99, 9, 255 }, "AF_99 SOCK_9 255" },
	{ { UINT64_MAX, UINT64_MAX, UINT64_MAX }, "AF_4294967295 SOCK_15 4294967295" },
};

int main(void)
{
	char name[SOCKET_NAME_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		socket_name(rows[i].args, name);
		if (!t_ok(streq(name, rows[i].want), rows[i].want))
			t_note("%s", name);
	}
	return t_done();
}
