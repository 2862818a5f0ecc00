/* SPDX-License-Identifier: Apache-2.0 */
/* pnet.h - P, the namespace in which every address is the proxy's, and the way from A to it */
#ifndef EXEC_PNET_H
#define EXEC_PNET_H

#include "exec/a_socks.h"

/* P while it is being made: an rtnetlink socket in it, and itself. */
struct pnet {
	int rtnl, netns;
};
#define PNET_INIT { -1, -1 }

/**
 * pnet_make() - the caller is in P afterwards
 * @procfd:	trusted procfs; "self" is the caller
 * @socks:	the proxy's sockets in P are made in it
 * @ret:	pnet_done() closes it
 */
int pnet_make(int procfd, const struct op_anet *a, struct a_socks *socks, struct pnet *ret,
	      struct err *e);

/* pnet_join() - the pair between P and the caller's namespace, which is A; A's default routes */
int pnet_join(const struct pnet *p, struct a_socks *socks, struct err *e);

/* pnet_done() - from here on P lives by the proxy's sockets alone */
void pnet_done(struct pnet *p);

#endif
