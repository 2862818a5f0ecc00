/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_hello.h - the name in a ClientHello (RFC 8446, 4.1.2; RFC 6066, 3); pure, no descriptors
 *
 * The first message of the connection must be a whole ClientHello, however it is cut into records
 * and segments, and nothing else may share its last record. What two parsers could read differently
 * (two names, trailing bytes, lengths that disagree) is refused.
 */
#ifndef EGRESS_TLS_HELLO_H
#define EGRESS_TLS_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hostname.h"

#define HELLO_MAX	16384u /* bytes of the message */
#define HELLO_INPUT_MAX 32768u /* with the headers of its records */

enum hello_status { HELLO_MORE, HELLO_DONE, HELLO_BAD };

struct hello {
	char sni[HOSTNAME_MAX + 1]; /* canonical; "" where there is none */
	size_t bytes;		    /* of the input, with the headers of its records */
	bool has_ech;		    /* encrypted_client_hello, a decoy or not, or its predecessor */
};

/* tls_hello() - @ret is filled on HELLO_DONE; HELLO_BAD as early as the input shows it */
enum hello_status tls_hello(const uint8_t *in, size_t n, struct hello *ret);

#endif
