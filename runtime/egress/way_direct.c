/* SPDX-License-Identifier: Apache-2.0 */
/*
 * way_direct.c - the way in for programs that know of no proxy: they connect, the kernel steers
 *
 * The address that was dialled is the connection's own, so there is nothing to read before the
 * decision, and a server that speaks first is heard first. A refusal is told in the port's own
 * protocol where that has words for it; elsewhere the connection is reset.
 */
#include "egress/conn.h"

static void connected(struct conn *c)
{
	c->up.body = c->down.body = (struct body){ .kind = BODY_RAW };
}

const struct way way_direct = {
	.connected = connected,
	.answer = answer_inside,
};
