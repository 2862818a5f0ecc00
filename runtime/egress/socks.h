/* SPDX-License-Identifier: Apache-2.0 */
/* socks.h - SOCKS 5 (RFC 1928) as far as CONNECT goes; pure, no descriptors */
#ifndef EGRESS_SOCKS_H
#define EGRESS_SOCKS_H

#include "egress/http.h"

#define SOCKS_VERSION 5

/* socks_greeting() - the client's list of methods. HTTP_DONE: "no authentication" is among them;
 * there is no password, for the socket itself is the capability. */
enum http_status socks_greeting(const uint8_t *in, size_t n, size_t *ret_bytes);

/**
 * socks_request() - what to connect to
 * @ret_rule:	on HTTP_BAD
 */
enum http_status socks_request(const uint8_t *in, size_t n, struct dest *ret, size_t *ret_bytes,
			       enum rule *ret_rule);

#define SOCKS_REPLY_BYTES 10
/* socks_reply() - the server's answer to a request; RULE_OK: connected */
void socks_reply(enum rule rule, uint8_t out[SOCKS_REPLY_BYTES]);

#endif
