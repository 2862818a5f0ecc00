/* SPDX-License-Identifier: Apache-2.0 */
/* socks.c - greeting, request and reply of SOCKS 5 */
#include "egress/socks.h"

#include <string.h>

enum { CMD_CONNECT = 1 };
enum { TYPE_V4 = 1, TYPE_NAME = 3, TYPE_V6 = 4 };
enum reply {
	REPLY_OK,
	REPLY_FAILURE,
	REPLY_NOT_ALLOWED,
	REPLY_NETWORK,
	REPLY_HOST,
	REPLY_REFUSED,
	REPLY_TTL,
	REPLY_COMMAND,
};

enum http_status socks_greeting(const uint8_t *in, size_t n, size_t *ret_bytes)
{
	if (n < 2 || n < 2u + in[1])
		return HTTP_MORE;
	*ret_bytes = 2u + in[1];
	return memchr(in + 2, 0, in[1]) ? HTTP_DONE : HTTP_BAD;
}

static enum rule read_dest(const uint8_t *p, size_t n, uint8_t type, struct dest *ret)
{
	uint16_t port = (uint16_t)(p[n] << 8 | p[n + 1]);
	struct ipaddr a = { .family = type == TYPE_V6 ? 6 : 4 };
	char text[46];

	if (port == 0)
		return RULE_SOCKS;
	if (type == TYPE_NAME)
		return dest_set(ret, (const char *)p, n, false, port);
	memcpy(a.b, p, n);
	ipaddr_print(&a, text);
	return dest_set(ret, text, strlen(text), type == TYPE_V6, port);
}

enum http_status socks_request(const uint8_t *in, size_t n, struct dest *ret, size_t *ret_bytes,
			       enum rule *ret_rule)
{
	size_t at = 4, len;

	*ret_rule = RULE_SOCKS;
	if ((n > 0 && in[0] != SOCKS_VERSION) || (n > 2 && in[2] != 0))
		return HTTP_BAD;
	if (n > 1 && in[1] != CMD_CONNECT)
		return HTTP_BAD;
	if (n < 5)
		return HTTP_MORE;
	switch (in[3]) {
	case TYPE_V4:
		len = 4;
		break;
	case TYPE_V6:
		len = 16;
		break;
	case TYPE_NAME:
		len = in[at++];
		break;
	default:
		return HTTP_BAD;
	}
	if (n < at + len + 2)
		return HTTP_MORE;
	*ret_rule = read_dest(in + at, len, in[3], ret);
	*ret_bytes = at + len + 2;
	return *ret_rule == RULE_OK ? HTTP_DONE : HTTP_BAD;
}

static enum reply reply_of(enum rule rule)
{
	switch (rule_info(rule)->class) {
	case RULE_ALLOWS:
		return REPLY_OK;
	case RULE_DENIES:
		return rule == RULE_SOCKS ? REPLY_COMMAND : REPLY_NOT_ALLOWED;
	case RULE_FAILS:
	case RULE_CLASS__COUNT:
		break;
	}
	if (rule == RULE_BUSY)
		return REPLY_FAILURE;
	return rule == RULE_CONNECT ? REPLY_REFUSED : REPLY_HOST;
}

void socks_reply(enum rule rule, uint8_t out[SOCKS_REPLY_BYTES])
{
	/* The address that we connect from is nobody's business: 0.0.0.0:0. */
	memset(out, 0, SOCKS_REPLY_BYTES);
	out[0] = SOCKS_VERSION;
	out[1] = (uint8_t)reply_of(rule);
	out[3] = TYPE_V4;
}
