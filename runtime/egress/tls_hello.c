/* SPDX-License-Identifier: Apache-2.0 */
/* tls_hello.c - records joined, one ClientHello read */
#include "egress/tls_hello.h"

#include <string.h>


#define RECORD_HEADER	 5u
#define RECORD_MAX	 16384u
#define TYPE_HANDSHAKE	 22
#define MSG_CLIENT_HELLO 1
#define EXT_SERVER_NAME	 0
#define EXT_ECH		 0xfe0d /* RFC 9849 */
#define EXT_ESNI	 0xffce /* its predecessor */
#define EXTENSIONS_MAX	 128u

/* A part of the message; reading beyond its end gives zero and is remembered. */
struct part {
	const uint8_t *p;
	size_t n;
	bool is_short;
};

static struct part take(struct part *from, size_t n)
{
	struct part out = { from->p, n, false };

	if (n > from->n) {
		from->is_short = true;
		return (struct part){ from->p, 0, true };
	}
	from->p += n;
	from->n -= n;
	return out;
}

static size_t number(struct part *from, size_t bytes)
{
	struct part b = take(from, bytes);
	size_t v = 0;

	for (size_t i = 0; i < b.n; i++)
		v = v << 8 | b.p[i];
	return v;
}

/* What a length of @bytes bytes announces. */
static struct part vector(struct part *from, size_t bytes)
{
	return take(from, number(from, bytes));
}

/* Exactly one name, a host's; anything else is somebody's trick. */
static bool read_server_name(struct part ext, struct hello *ret)
{
	struct part list = vector(&ext, 2);
	size_t type = number(&list, 1);
	struct part name = vector(&list, 2);

	if (ext.is_short || ext.n > 0 || list.is_short || list.n > 0 || type != 0)
		return false;
	return hostname_canon((const char *)name.p, name.n, ret->sni);
}

static bool read_extensions(struct part list, struct hello *ret)
{
	bool seen_name = false, seen_ech = false;
	unsigned count = 0;

	while (list.n > 0) {
		size_t type = number(&list, 2);
		struct part ext = vector(&list, 2);

		if (list.is_short || ++count > EXTENSIONS_MAX)
			return false;
		if (type == EXT_SERVER_NAME && (seen_name || !read_server_name(ext, ret)))
			return false;
		if (type == EXT_ECH && seen_ech)
			return false;
		seen_name = seen_name || type == EXT_SERVER_NAME;
		seen_ech = seen_ech || type == EXT_ECH;
		ret->has_ech = ret->has_ech || type == EXT_ECH || type == EXT_ESNI;
	}
	return true;
}

static bool read_hello(struct part m, struct hello *ret)
{
	size_t version = number(&m, 2);
	struct part random = take(&m, 32), session = vector(&m, 1), suites = vector(&m, 2);
	struct part compression = vector(&m, 1);

	*ret = (struct hello){ 0 };
	if (m.is_short || version >> 8 != 3 || random.n != 32 || session.n > 32 || suites.n < 2 ||
	    suites.n % 2 != 0 || compression.n < 1)
		return false;
	if (m.n == 0)
		return true; /* no extensions at all: no name */

	struct part list = vector(&m, 2);
	return !m.is_short && m.n == 0 && read_extensions(list, ret);
}

/* What is there of the message in @msg; *ret_n: how much, *ret_used: of how much input. A record with
 * the end holds no more. */
static enum hello_status join_records(const uint8_t *in, size_t n, uint8_t msg[HELLO_MAX],
				      size_t *ret_n, size_t *ret_used)
{
	const uint8_t *begin = in;
	size_t have = 0;

	for (;;) {
		size_t len, there, want, before = have;

		/* Type and version as far as they have come: what is not TLS is known at once. */
		if ((n > 0 && in[0] != TYPE_HANDSHAKE) || (n > 1 && in[1] != 3))
			return HELLO_BAD;
		if (n < RECORD_HEADER)
			return HELLO_MORE;
		len = (size_t)in[3] << 8 | in[4];
		if (len == 0 || len > RECORD_MAX || have + len > HELLO_MAX)
			return HELLO_BAD;
		there = len < n - RECORD_HEADER ? len : n - RECORD_HEADER;
		memcpy(msg + have, in + RECORD_HEADER, there);
		have += there;
		if (have > 0 && msg[0] != MSG_CLIENT_HELLO)
			return HELLO_BAD;
		if (have >= 4) {
			want = 4 + ((size_t)msg[1] << 16 | (size_t)msg[2] << 8 | msg[3]);
			if (want > HELLO_MAX || before + len > want)
				return HELLO_BAD;
			if (have == want) {
				*ret_n = have;
				*ret_used = (size_t)(in - begin) + RECORD_HEADER + len;
				return HELLO_DONE;
			}
		}
		if (there < len)
			return HELLO_MORE;
		in += RECORD_HEADER + len;
		n -= RECORD_HEADER + len;
	}
}

enum hello_status tls_hello(const uint8_t *in, size_t n, struct hello *ret)
{
	static uint8_t msg[HELLO_MAX]; /* nothing stays in it from one call to the next */
	size_t len = 0, used = 0;
	enum hello_status st = join_records(in, n, msg, &len, &used);

	if (st == HELLO_MORE && n >= HELLO_INPUT_MAX)
		return HELLO_BAD;
	if (st != HELLO_DONE)
		return st;
	if (!read_hello((struct part){ msg + 4, len - 4, false }, ret))
		return HELLO_BAD;
	ret->bytes = used;
	return HELLO_DONE;
}
