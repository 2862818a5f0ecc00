/* SPDX-License-Identifier: Apache-2.0 */
/* a_socks.h - the proxy's ends in A: sockets that stay in A wherever they go */
#ifndef EXEC_A_SOCKS_H
#define EXEC_A_SOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "exec/sync.h"

/* TCP4 is always there; the others only where connections are steered, and IPv6 where A has it. */
enum a_sock {
	A_SOCK_TCP4, /* listens on 127.0.0.1:port */
	A_SOCK_TCP6, /* on [::1]:port */
	A_SOCK_UDP4, /* bound to the same port: questions to any name server */
	A_SOCK_UDP6,
	A_SOCK_RAW4, /* answers from the address and port that was asked */
	A_SOCK_RAW6,
	A_SOCK__COUNT
};
_Static_assert((int)A_SOCK__COUNT == SYNC_A_SOCKS, "all of them fit a message");

#define A_SOCKS_NONE { -1, -1, -1, -1, -1, -1 }

/**
 * a_socks_open() - make them in the network namespace of the caller, which is A
 * @steered:	all of them; else the first alone
 * @ret:	-1 where there is none; the caller closes them
 */
int a_socks_open(uint16_t port, bool steered, int ret[A_SOCK__COUNT], struct err *e);
void a_socks_close(int socks[A_SOCK__COUNT]);

/* a_socks_pack() - those that are there, in order, as message NS carries them. Return: how many;
 * a_socks_unpack() - the inverse; -1 if number and bits disagree, then nothing is taken over */
size_t a_socks_pack(const int socks[A_SOCK__COUNT], int ret[A_SOCK__COUNT], uint32_t *ret_bits);
int a_socks_unpack(const int *fds, size_t n, uint32_t bits, int ret[A_SOCK__COUNT], struct err *e);

/* a_routes_add() - every unicast address is local in the caller's network namespace: on lo */
int a_routes_add(struct err *e);

#endif
