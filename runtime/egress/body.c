/* SPDX-License-Identifier: Apache-2.0 */
/* body.c - where a forwarded body ends: by length, by chunks (strict), or with the stream */
#include "egress/http.h"

#include "base/mutant.h"

enum chunk_state {
	CHUNK_SIZE_FIRST, /* a digit must come */
	CHUNK_SIZE,	  /* a digit or CR */
	CHUNK_EXTENSION,  /* to the end of the line */
	CHUNK_SIZE_LF,
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	CHUNK_LAST_LF, /* LF of the line "0" */
	CHUNK_END_CR,  /* the empty line */
	CHUNK_END_LF,
	CHUNK_TRAILER, /* to the end of the line */
	CHUNK_TRAILER_LF,
	CHUNK_DONE
};

#define CHUNK_MAX (1ull << 40) /* bytes; no honest client comes near, and nothing overflows */

static int hex_value(char c)
{
	if (chr_is_digit(c))
		return c - '0';
	c = chr_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool expect(struct body *b, char got, char want, enum chunk_state next)
{
	if (got != want)
		return false;
	b->state = (uint8_t)next;
	return true;
}

static bool chunk_size(struct body *b, char c)
{
	int v = hex_value(c);

	if (v >= 0) {
		if (b->state == CHUNK_SIZE_FIRST)
			b->left = 0;
		b->left = b->left * 16 + (unsigned)v;
		b->state = CHUNK_SIZE;
		return b->left <= CHUNK_MAX;
	}
	if (b->state == CHUNK_SIZE && c != '\r' && (b->is_lenient || mutant("http.chunk_extension"))) {
		b->state = CHUNK_EXTENSION;
		return c == ';' || c == ' ' || c == '\t';
	}
	if (b->state == CHUNK_SIZE_FIRST)
		return false;
	return expect(b, c, '\r', b->left ? CHUNK_SIZE_LF : CHUNK_LAST_LF);
}

/* The rest of a line whose content is the client's affair. */
static bool skip_line(struct body *b, char c, enum chunk_state next)
{
	if (c == '\r')
		b->state = (uint8_t)next;
	return c != '\n';
}

static bool chunk_end(struct body *b, char c)
{
	if (c == '\r' || c == '\n' || !b->is_lenient)
		return expect(b, c, '\r', CHUNK_END_LF);
	b->state = CHUNK_TRAILER;
	return true;
}

/* One byte of framing. */
static bool chunk_byte(struct body *b, char c)
{
	switch ((enum chunk_state)b->state) {
	case CHUNK_SIZE_FIRST:
	case CHUNK_SIZE:
		return chunk_size(b, c);
	case CHUNK_EXTENSION:
		return skip_line(b, c, b->left ? CHUNK_SIZE_LF : CHUNK_LAST_LF);
	case CHUNK_SIZE_LF:
		return expect(b, c, '\n', CHUNK_DATA);
	case CHUNK_DATA_CR:
		return expect(b, c, '\r', CHUNK_DATA_LF);
	case CHUNK_DATA_LF:
		return expect(b, c, '\n', CHUNK_SIZE_FIRST);
	case CHUNK_LAST_LF:
		return expect(b, c, '\n', CHUNK_END_CR);
	case CHUNK_END_CR:
		return chunk_end(b, c);
	case CHUNK_TRAILER:
		return skip_line(b, c, CHUNK_TRAILER_LF);
	case CHUNK_TRAILER_LF:
		return expect(b, c, '\n', CHUNK_END_CR);
	case CHUNK_END_LF:
		return expect(b, c, '\n', CHUNK_DONE);
	case CHUNK_DATA:
	case CHUNK_DONE:
		break;
	}
	return false;
}

static size_t take_left(struct body *b, size_t n)
{
	size_t k = b->left < n ? (size_t)b->left : n;

	b->left -= k;
	return k;
}

static ssize_t chunked_take(struct body *b, const char *in, size_t n)
{
	size_t i = 0;

	while (i < n && b->state != CHUNK_DONE) {
		if (b->state == CHUNK_DATA) {
			i += take_left(b, n - i);
			if (b->left == 0)
				b->state = CHUNK_DATA_CR;
		} else if (!chunk_byte(b, in[i++])) {
			return -1;
		}
	}
	return (ssize_t)i;
}

ssize_t body_take(struct body *b, const char *in, size_t n)
{
	switch (b->kind) {
	case BODY_EMPTY:
		return 0;
	case BODY_LENGTH:
		return (ssize_t)take_left(b, n);
	case BODY_CHUNKED:
		return chunked_take(b, in, n);
	case BODY_RAW:
		break;
	}
	return (ssize_t)n;
}

bool body_is_done(const struct body *b)
{
	return b->kind == BODY_EMPTY || (b->kind == BODY_LENGTH && b->left == 0) ||
	       (b->kind == BODY_CHUNKED && b->state == CHUNK_DONE);
}
