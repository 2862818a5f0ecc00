/* SPDX-License-Identifier: Apache-2.0 */
/*
 * way_direct.c - the way in for programs that know of no proxy: they connect, the kernel steers
 *
 * The address that was dialled is the connection's own, so there is nothing to read before the
 * decision, and a server that speaks first is heard first. A refusal is told in the port's own
 * protocol where that has words for it; elsewhere the connection is reset.
 */
#include <string.h>

#include "egress/conn.h"

#define SSH_DISCONNECT 1u /* RFC 4253, 11.1 */
#define SSH_BLOCK      8u /* and 6: a packet is a multiple of this, with 4 bytes of padding */

static void connected(struct conn *c)
{
	c->up.body = c->down.body = (struct body){ .kind = BODY_RAW };
}

static void put32(struct strbuf *b, size_t v)
{
	const char s[4] = { (char)(v >> 24), (char)(v >> 16), (char)(v >> 8), (char)v };

	strbuf_add(b, s, sizeof(s));
}

/* The version line, and a disconnection before any key exchange: clients print its text. */
static void answer_ssh(struct strbuf *b, const struct answer *a)
{
	static const char zeros[2 * SSH_BLOCK];
	auto_strbuf struct strbuf text = STRBUF_INIT;
	size_t payload, padding;

	answer_text(&text, a);
	payload = 1 + 4 + 4 + text.len + 4;
	padding = SSH_BLOCK - (4 + 1 + payload) % SSH_BLOCK;
	if (padding < 4)
		padding += SSH_BLOCK;
	strbuf_adds(b, "SSH-2.0-agentrt\r\n");
	put32(b, 1 + payload + padding);
	strbuf_add(b, &(char){ (char)padding }, 1);
	strbuf_add(b, &(char){ SSH_DISCONNECT }, 1);
	put32(b, 1); /* HOST_NOT_ALLOWED_TO_CONNECT */
	put32(b, text.len);
	strbuf_add(b, text.p, text.len);
	put32(b, 0); /* language */
	strbuf_add(b, zeros, padding);
}

static void answer(struct strbuf *b, const struct answer *a)
{
	if (a->port == 80)
		answer_http(b, a);
	else if (a->port == 22)
		answer_ssh(b, a);
}

const struct way way_direct = {
	.connected = connected,
	.answer = answer,
};
