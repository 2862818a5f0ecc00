/* SPDX-License-Identifier: Apache-2.0 */
/* a_socks.h - the proxy's ends in A and P: sockets that stay there wherever they go */
#ifndef EXEC_A_SOCKS_H
#define EXEC_A_SOCKS_H

#include <stdint.h>

#include "base/egress_wire.h"
#include "base/err.h"
#include "exec/sync.h"
#include "plan/plan.h"

/* TCP4 is always there; which of the others is the table's in a_socks.c, IPv6 where A has it. */
enum a_sock {
	A_SOCK_TCP4, /* listens on 127.0.0.1:port */
	A_SOCK_TCP6, /* on [::1]:port */
	A_SOCK_UDP4, /* questions to any name server */
	A_SOCK_UDP6,
	A_SOCK_RAW4, /* answers from the address and port that was asked */
	A_SOCK_RAW6,
	A_SOCK_SNIFF, /* sees what P refuses */
	A_SOCK__COUNT
};
_Static_assert((int)A_SOCK__COUNT == SYNC_A_SOCKS, "all of them fit a message");
_Static_assert(EGRESS_LISTEN_MAX == SYNC_P_SOCKS, "and P's");

struct a_socks {
	int v[A_SOCK__COUNT];		 /* -1 where there is none */
	int listen[EGRESS_LISTEN_MAX]; /* P's, a port each */
	size_t n_listen;
};
#define A_SOCKS_INIT { .v = { -1, -1, -1, -1, -1, -1, -1 } }

enum a_place { PLACE_NONE, PLACE_A, PLACE_P };

/**
 * a_socks_open() - make those that belong into the network namespace of the caller
 * @place:	which one that is
 * @ret:	filled further; the caller closes all, on failure too
 */
int a_socks_open(enum a_place place, const struct op_anet *a, struct a_socks *ret, struct err *e);
void a_socks_close(struct a_socks *s);

/* a_socks_pack() - those that are there, in order, as message NS carries them. Return: how many;
 * a_socks_unpack() - the inverse; -1 if number and bits disagree, then nothing is taken over */
size_t a_socks_pack(const struct a_socks *s, int ret[SYNC_MAX_FDS], uint32_t *ret_bits);
int a_socks_unpack(const int *fds, size_t n, uint32_t bits, struct a_socks *ret, struct err *e);

#endif
