/* SPDX-License-Identifier: Apache-2.0 */
/* way_explicit.c - the proxy's own address: the first byte says which protocol it is */
#include "egress/conn.h"
#include "egress/socks.h"

static enum way_step feed(struct conn *c, const char *in, size_t n, enum rule *ret_rule)
{
	c->way = in[0] == SOCKS_VERSION ? &way_socks : &way_http;
	return c->way->feed(c, in, n, ret_rule);
}

const struct way way_explicit = {
	.feed = feed,
	.answer = answer_http,
};
