/* SPDX-License-Identifier: Apache-2.0 */
/* t_egress_hello.c - the name in a ClientHello, however it is cut, and what is none */
#include <string.h>

#include "base/str.h"
#include "base/table.h"
#include "egress/tls_hello.h"
#include "tests/unit/test.h"

/* A message that is built piece by piece; lengths are filled in by the callers. */
struct out {
	uint8_t b[32768];
	size_t n;
};

static void put(struct out *o, const void *p, size_t n)
{
	memcpy(o->b + o->n, p, n);
	o->n += n;
}

static void put16(struct out *o, size_t v)
{
	put(o, (const uint8_t[]){ (uint8_t)(v >> 8), (uint8_t)v }, 2);
}

static void put_ext(struct out *o, unsigned type, const void *p, size_t n)
{
	put16(o, type);
	put16(o, n);
	put(o, p, n);
}

static void put_sni(struct out *o, const char *name, size_t n, uint8_t type)
{
	struct out e = { .n = 0 };

	put16(&e, n + 3);
	put(&e, &type, 1);
	put16(&e, n);
	put(&e, name, n);
	put_ext(o, 0, e.b, e.n);
}

/* The handshake message around @ext. */
static void make_hello(struct out *o, const struct out *ext)
{
	static const uint8_t fixed[2 + 32 + 1] = { 3, 3 };
	struct out body = { .n = 0 };

	put(&body, fixed, sizeof(fixed));
	put(&body, "\0\4\x13\1\x13\2\1\0", 8); /* two suites, one compression */
	if (ext) {
		put16(&body, ext->n);
		put(&body, ext->b, ext->n);
	}
	put(o, (const uint8_t[]){ 1, 0, (uint8_t)(body.n >> 8), (uint8_t)body.n }, 4);
	put(o, body.b, body.n);
}

/* Records of @each bytes. */
static void make_records(struct out *o, const struct out *msg, size_t each)
{
	for (size_t at = 0; at < msg->n; at += each) {
		size_t n = msg->n - at < each ? msg->n - at : each;

		put(o, "\x16\3\1", 3);
		put16(o, n);
		put(o, msg->b + at, n);
	}
}

static void named(struct out *o, const char *name, size_t n, size_t each)
{
	struct out ext = { .n = 0 }, msg = { .n = 0 };

	put_sni(&ext, name, n, 0);
	put_ext(&ext, 43, "\2\3\4", 3);
	make_hello(&msg, &ext);
	make_records(o, &msg, each);
}

static void cuts(void)
{
	static const size_t each[] = { 16384, 100, 7, 4, 3, 1 };
	struct hello h;

	for (size_t i = 0; i < ARRAY_SIZE(each); i++) {
		struct out o = { .n = 0 };
		bool more = true;

		named(&o, "Ok.Test", 7, each[i]);
		for (size_t n = 0; n < o.n; n++)
			more = more && tls_hello(o.b, n, &h) == HELLO_MORE;
		t_ok(more && tls_hello(o.b, o.n, &h) == HELLO_DONE && streq(h.sni, "ok.test") && !h.has_ech,
		     "in records of every size, in segments of every size");
		put(&o, "\x14\3\3\0\1\1", 6);
		t_ok(tls_hello(o.b, o.n, &h) == HELLO_DONE, "whatever record follows");
	}
}

static void names(void)
{
	static const struct { const char *name, *sni; size_t n; const char *want; } rows[] = {
		{ "a plain name", "a.example.org", 13, "a.example.org" },
		{ "a dot at the end", "a.org.", 6, "a.org" },
		{ "a NUL", "ok.test\0.evil", 13, NULL },
		{ "nothing", "", 0, NULL },
		{ "an address", "192.0.2.1", 9, NULL },
		{ "UTF-8", "\xc3\xb6k.test", 8, NULL },
		{ "a space", "ok.test ", 8, NULL },
		{ "a wildcard", "*.test", 6, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct out o = { .n = 0 };
		struct hello h;

		named(&o, rows[i].sni, rows[i].n, 16384);
		enum hello_status st = tls_hello(o.b, o.n, &h);
		t_ok(rows[i].want ? st == HELLO_DONE && streq(h.sni, rows[i].want) : st == HELLO_BAD,
		     rows[i].name);
	}
}

static enum hello_status with(const struct out *ext, struct hello *h)
{
	struct out o = { .n = 0 }, msg = { .n = 0 };

	make_hello(&msg, ext);
	make_records(&o, &msg, 16384);
	return tls_hello(o.b, o.n, h);
}

static void extensions(void)
{
	struct out e = { .n = 0 };
	struct hello h;

	t_ok(with(NULL, &h) == HELLO_DONE && !h.sni[0], "without extensions there is no name");
	t_ok(with(&e, &h) == HELLO_DONE && !h.sni[0], "nor in an empty list");
	put_sni(&e, "ok.test", 7, 0);
	put_ext(&e, 0xfe0d, "\0\0\1", 3);
	t_ok(with(&e, &h) == HELLO_DONE && h.has_ech && streq(h.sni, "ok.test"),
	     "an encrypted one beside the name is seen");
	put_ext(&e, 0xfe0d, "\0\0\1", 3);
	t_ok(with(&e, &h) == HELLO_BAD, "twice it is refused");
	e.n = 0;
	put_ext(&e, 0xffce, "", 0);
	t_ok(with(&e, &h) == HELLO_DONE && h.has_ech, "so is its predecessor");
	e.n = 0;
	put_sni(&e, "ok.test", 7, 0);
	put_sni(&e, "evil.test", 9, 0);
	t_ok(with(&e, &h) == HELLO_BAD, "two extensions with names are refused");
	e.n = 0;
	put_ext(&e, 0, "\0\24\0\0\7ok.test\0\0\7ok.tesu", 22);
	t_ok(with(&e, &h) == HELLO_BAD, "so are two names in one");
	e.n = 0;
	put_sni(&e, "ok.test", 7, 1);
	t_ok(with(&e, &h) == HELLO_BAD, "and a name of another kind");
	e.n = 0;
	put_ext(&e, 0, "\0\12\0\0\6ok.tes", 11);
	t_ok(with(&e, &h) == HELLO_BAD, "and lengths that disagree");
	e.n = 0;
	put16(&e, 43);
	put16(&e, 9);
	put(&e, "\0", 1);
	t_ok(with(&e, &h) == HELLO_BAD, "and an extension that is longer than the list");
}

static void strangers(void)
{
	static const struct { const char *name, *in; size_t n; enum hello_status want; } rows[] = {
		{ "nothing yet", "", 0, HELLO_MORE },
		{ "HTTP", "GET / HTTP/1.1\r\n", 16, HELLO_BAD },
		{ "SSH", "SSH-2.0-x\r\n", 11, HELLO_BAD },
		{ "an alert", "\x15\3\1\0\2\2\x28", 7, HELLO_BAD },
		{ "SSL 2", "\x80\x2e\1\3\1", 5, HELLO_BAD },
		{ "another major version", "\x16\4\1", 3, HELLO_BAD },
		{ "an empty record", "\x16\3\1\0\0", 5, HELLO_BAD },
		{ "a record too long", "\x16\3\1\x40\1", 5, HELLO_BAD },
		{ "a ServerHello", "\x16\3\1\0\5\2\0\0\1\0", 10, HELLO_BAD },
		{ "a message too long", "\x16\3\1\0\5\1\1\0\0\0", 10, HELLO_BAD },
		{ "bytes behind the message in its record", "\x16\3\1\0\6\1\0\0\1\0\0", 11, HELLO_BAD },
		{ "an empty message", "\x16\3\1\0\4\1\0\0\0", 9, HELLO_BAD },
		{ "half a header", "\x16\3", 2, HELLO_MORE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct hello h;

		t_ok(tls_hello((const uint8_t *)rows[i].in, rows[i].n, &h) == rows[i].want, rows[i].name);
	}
}

int main(void)
{
	cuts();
	names();
	extensions();
	strangers();
	return t_done();
}
