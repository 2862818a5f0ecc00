/* SPDX-License-Identifier: Apache-2.0 */
/* t_egress_http.c - requests, responses and bodies as the proxy reads them */
#include "base/str.h"
#include "egress/answer.h"
#include "egress/http.h"
#include "tests/unit/test.h"

#define S(lit) lit, sizeof(lit) - 1
#define GET "GET http://a.org/ HTTP/1.1\r\nHost: a.org\r\n"
#define POST "POST http://a.org/ HTTP/1.1\r\nHost: a.org\r\n"

static void good(void)
{
	static const struct { const char *name, *in, *out; } rows[] = {
		{ "an absolute URL becomes origin form", GET "\r\n",
		  "GET / HTTP/1.1\r\nHost: a.org\r\nConnection: close\r\n\r\n" },
		{ "path and query are kept",
		  "GET http://a.org/x/../y?z=%2f HTTP/1.1\r\nHost: a.org\r\n\r\n",
		  "GET /x/../y?z=%2f HTTP/1.1\r\nHost: a.org\r\nConnection: close\r\n\r\n" },
		{ "a query without a path gets one",
		  "GET http://a.org?q HTTP/1.1\r\nHost: a.org\r\n\r\n",
		  "GET /?q HTTP/1.1\r\nHost: a.org\r\nConnection: close\r\n\r\n" },
		{ "OPTIONS without a path is for the server",
		  "OPTIONS http://a.org HTTP/1.1\r\nHost: a.org\r\n\r\n",
		  "OPTIONS * HTTP/1.1\r\nHost: a.org\r\nConnection: close\r\n\r\n" },
		{ "the port is kept in Host",
		  "GET http://A.org:8080/ HTTP/1.1\r\nhOST:a.ORG:8080\r\n\r\n",
		  "GET / HTTP/1.1\r\nHost: a.org:8080\r\nConnection: close\r\n\r\n" },
		{ "an IPv6 literal keeps its brackets",
		  "GET http://[2001:db8::1]/ HTTP/1.1\r\nHost: [2001:db8::1]\r\n\r\n",
		  "GET / HTTP/1.1\r\nHost: [2001:db8::1]\r\nConnection: close\r\n\r\n" },
		{ "HTTP/1.0 may come without Host", "GET http://a.org/ HTTP/1.0\r\n\r\n",
		  "GET / HTTP/1.0\r\nHost: a.org\r\nConnection: close\r\n\r\n" },
		{ "hop-by-hop headers stay behind",
		  GET "Proxy-Authorization: x\r\nConnection: keep-alive, X-a\r\nx-A: 1\r\n"
		      "Keep-Alive: 5\r\nUpgrade: h2c\r\nTE: trailers\r\nX-B: 2 \r\n\r\n",
		  "GET / HTTP/1.1\r\nHost: a.org\r\nX-B: 2\r\nConnection: close\r\n\r\n" },
		{ "a length is written anew", POST "content-length: 007\r\n\r\n",
		  "POST / HTTP/1.1\r\nHost: a.org\r\nContent-Length: 7\r\nConnection: close\r\n\r\n" },
		{ "chunks are announced anew", POST "TRANSFER-encoding: Chunked\r\n\r\n",
		  "POST / HTTP/1.1\r\nHost: a.org\r\nTransfer-Encoding: chunked\r\n"
		  "Connection: close\r\n\r\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_request r = { 0 };
		enum rule rule;
		enum http_status st = http_request(rows[i].in, strlen(rows[i].in), &r, &rule);

		if (!t_ok(st == HTTP_DONE && r.head_bytes == strlen(rows[i].in) &&
				  streq(r.out.p, rows[i].out), rows[i].name))
			t_note("%s: %s", rule_info(rule)->name, r.out.p ? r.out.p : "");
		strbuf_done(&r.out);
	}
}

static void bad(void)
{
	static const struct { const char *name, *in; size_t n; enum rule want; } rows[] = {
		{ "origin form", S("GET / HTTP/1.1\r\nHost: a.org\r\n\r\n"), RULE_SCHEME },
		{ "an https URL", S("GET https://a.org/ HTTP/1.1\r\nHost: a.org\r\n\r\n"), RULE_SCHEME },
		{ "a fragment", S("GET http://a.org/#x HTTP/1.1\r\nHost: a.org\r\n\r\n"), RULE_SYNTAX },
		{ "no Host", S("GET http://a.org/ HTTP/1.1\r\n\r\n"), RULE_HOST },
		{ "two equal Hosts", S(GET "Host: a.org\r\n\r\n"), RULE_HOST },
		{ "another Host", S("GET http://a.org/ HTTP/1.1\r\nHost: b.org\r\n\r\n"), RULE_HOST },
		{ "an empty Host", S("GET http://a.org/ HTTP/1.1\r\nHost:\r\n\r\n"), RULE_HOST },
		{ "a Host below", S("GET http://a.org/ HTTP/1.1\r\nHost: x.a.org\r\n\r\n"), RULE_HOST },
		{ "another port in Host",
		  S("GET http://a.org/ HTTP/1.1\r\nHost: a.org:81\r\n\r\n"), RULE_HOST },
		{ "CONNECT and another Host",
		  S("CONNECT a.org:443 HTTP/1.1\r\nHost: b.org:443\r\n\r\n"), RULE_HOST },
		{ "two lengths", S(POST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"), RULE_FRAMING },
		{ "a negative length", S(POST "Content-Length: -1\r\n\r\n"), RULE_FRAMING },
		{ "a hexadecimal length", S(POST "Content-Length: 0x1\r\n\r\n"), RULE_FRAMING },
		{ "an empty length", S(POST "Content-Length:\r\n\r\n"), RULE_FRAMING },
		{ "a length that overflows",
		  S(POST "Content-Length: 99999999999999999999\r\n\r\n"), RULE_FRAMING },
		{ "a length and a coding",
		  S(POST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), RULE_FRAMING },
		{ "two codings",
		  S(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
		  RULE_FRAMING },
		{ "a coding with a tab in it", S(POST "Transfer-Encoding: \tx\tchunked\r\n\r\n"),
		  RULE_FRAMING },
		{ "identity", S(POST "Transfer-Encoding: identity\r\n\r\n"), RULE_FRAMING },
		{ "Connection naming Host", S(GET "Connection: close, host\r\n\r\n"), RULE_FRAMING },
		{ "Connection naming Content-Length",
		  S(POST "Connection: Content-Length\r\nContent-Length: 1\r\n\r\n"), RULE_FRAMING },
		{ "CONNECT with a length",
		  S("CONNECT a.org:443 HTTP/1.1\r\nContent-Length: 1\r\n\r\n"), RULE_FRAMING },
		{ "CONNECT without a port", S("CONNECT a.org HTTP/1.1\r\n\r\n"), RULE_SYNTAX },
		{ "CONNECT with a path", S("CONNECT a.org:443/ HTTP/1.1\r\n\r\n"), RULE_SYNTAX },
		{ "an empty port", S("CONNECT a.org: HTTP/1.1\r\n\r\n"), RULE_SYNTAX },
		{ "a port with a leading zero", S("CONNECT a.org:0443 HTTP/1.1\r\n\r\n"), RULE_SYNTAX },
		{ "an open bracket", S("CONNECT [::1 HTTP/1.1\r\n\r\n"), RULE_NAME },
		{ "user information", S("GET http://u@a.org/ HTTP/1.1\r\nHost: a.org\r\n\r\n"), RULE_NAME },
		{ "a folded line", S(GET "X: a\r\n b\r\n\r\n"), RULE_SYNTAX },
		{ "a first line that is folded",
		  S("GET http://a.org/ HTTP/1.1\r\n Host: a.org\r\n\r\n"), RULE_SYNTAX },
		{ "a space before the colon", S(GET "X : a\r\n\r\n"), RULE_SYNTAX },
		{ "a field without a colon", S(GET "X\r\n\r\n"), RULE_SYNTAX },
		{ "a field without a name", S(GET ": a\r\n\r\n"), RULE_SYNTAX },
		{ "a bare LF", S("GET http://a.org/ HTTP/1.1\nHost: a.org\n\n"), RULE_SYNTAX },
		{ "a bare CR", S(GET "X: a\rY: b\r\n\r\n"), RULE_SYNTAX },
		{ "a NUL in a value", S(GET "X: a\0b\r\n\r\n"), RULE_SYNTAX },
		{ "a NUL in the target", S("GET http://a.org/\0 HTTP/1.1\r\n"), RULE_SYNTAX },
		{ "an escape in a value", S(GET "X: \x1b[0m\r\n\r\n"), RULE_SYNTAX },
		{ "two spaces", S("GET  http://a.org/ HTTP/1.1\r\nHost: a.org\r\n\r\n"), RULE_SYNTAX },
		{ "a tab for a space", S("GET\thttp://a.org/ HTTP/1.1\r\nHost: a.org\r\n\r\n"),
		  RULE_SYNTAX },
		{ "HTTP/2.0", S("GET http://a.org/ HTTP/2.0\r\nHost: a.org\r\n\r\n"), RULE_SYNTAX },
		{ "HTTP/1.2", S("GET http://a.org/ HTTP/1.2\r\nHost: a.org\r\n\r\n"), RULE_SYNTAX },
		{ "no version", S("GET http://a.org/\r\nHost: a.org\r\n\r\n"), RULE_SYNTAX },
		{ "an empty head", S("\r\n\r\n"), RULE_SYNTAX },
		{ "UTF-8 in the target", S("GET http://a.org/\xc3\xb6 HTTP/1.1\r\nHost: a.org\r\n\r\n"),
		  RULE_SYNTAX },
		{ "a ClientHello, at its first byte", S("\x16"), RULE_SYNTAX },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_request r = { 0 };
		enum rule rule = RULE_OK;
		enum http_status st = http_request(rows[i].in, rows[i].n, &r, &rule);
		char title[120];

		snprintf(title, sizeof(title), "%s: %s", rows[i].name, rule_info(rows[i].want)->name);
		if (!t_ok(st == HTTP_BAD && rule == rows[i].want, title))
			t_note("%d %s", (int)st, rule_info(rule)->name);
		if (st == HTTP_DONE)
			strbuf_done(&r.out);
	}
}

/* Every prefix of a good request needs more, and says so without reading further. */
static void prefixes(void)
{
	static const char in[] = POST "Content-Length: 3\r\nX: y\r\n\r\n";
	struct http_request r;
	enum rule rule;
	bool more = true;

	for (size_t n = 0; n < sizeof(in) - 1; n++)
		more = more && http_request(in, n, &r, &rule) == HTTP_MORE;
	t_ok(more, "every prefix of a request needs more");

	char big[HTTP_REQUEST_MAX + 10];
	memset(big, 'a', sizeof(big));
	memcpy(big, GET "X: ", sizeof(GET "X: ") - 1);
	t_ok(http_request(big, HTTP_REQUEST_MAX - 1, &r, &rule) == HTTP_MORE,
	     "a head below the cap needs more");
	t_ok(http_request(big, HTTP_REQUEST_MAX, &r, &rule) == HTTP_BAD && rule == RULE_SIZE,
	     "a head at the cap is refused");
}

/* What is asked of a connection, and what is sent on about it. */
static void asked(void)
{
	static const struct { const char *name, *in, *end; enum http_after after; bool is_head; } rows[] = {
		{ "another request may follow", "GET / HTTP/1.1\r\nHost: a.org\r\n\r\n",
		  "Host: a.org\r\n\r\n", HTTP_KEEP, false },
		{ "HEAD is known", "HEAD / HTTP/1.1\r\nHost: a.org\r\n\r\n", "Host: a.org\r\n\r\n",
		  HTTP_KEEP, true },
		{ "HEAD in other letters is the last request", "head / HTTP/1.1\r\nHost: a.org\r\n\r\n",
		  "Connection: close\r\n\r\n", HTTP_CLOSE, false },
		{ "close is the last request",
		  "GET / HTTP/1.1\r\nHost: a.org\r\nConnection: x, Close\r\n\r\n",
		  "Connection: close\r\n\r\n", HTTP_CLOSE, false },
		{ "HTTP/1.0 is the last request",
		  "GET / HTTP/1.0\r\nHost: a.org\r\nConnection: keep-alive\r\n\r\n",
		  "Connection: close\r\n\r\n", HTTP_CLOSE, false },
		{ "WebSocket is asked for",
		  "GET / HTTP/1.1\r\nHost: a.org\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\r\n",
		  "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", HTTP_UPGRADE, false },
		{ "another protocol is not",
		  "GET / HTTP/1.1\r\nHost: a.org\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
		  "Host: a.org\r\n\r\n", HTTP_KEEP, false },
		{ "nor two", "GET / HTTP/1.1\r\nHost: a.org\r\nUpgrade: websocket, h2c\r\nConnection: Upgrade\r\n\r\n",
		  "Host: a.org\r\n\r\n", HTTP_KEEP, false },
		{ "nor twice", "GET / HTTP/1.1\r\nHost: a.org\r\nUpgrade: websocket\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
		  "Host: a.org\r\n\r\n", HTTP_KEEP, false },
		{ "nor without Connection", "GET / HTTP/1.1\r\nHost: a.org\r\nUpgrade: websocket\r\n\r\n",
		  "Host: a.org\r\n\r\n", HTTP_KEEP, false },
		{ "nor by POST, nor with a body",
		  "POST / HTTP/1.1\r\nHost: a.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 1\r\n\r\n",
		  "Content-Length: 1\r\n\r\n", HTTP_KEEP, false },
	};
	struct dest to;

	t_ok(dest_set(&to, "a.org", 5, false, 80) == RULE_OK, "the host is a host");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_request r = { .out = STRBUF_INIT };
		enum rule rule;
		enum http_status st = http_request_to(&to, rows[i].in, strlen(rows[i].in), &r, &rule);

		t_ok(st == HTTP_DONE && r.asked.after == rows[i].after &&
			     r.asked.is_head == rows[i].is_head && str_has_suffix(r.out.p, rows[i].end),
		     rows[i].name);
		strbuf_done(&r.out);
	}
}

#define WS_HEAD "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"

static void responses(void)
{
	static const struct {
		const char *name;
		struct http_asked asked;
		const char *in, *out; /* out: of one that closes; NULL refused; "" as it came */
		enum http_after after;
		enum body_kind body;
		bool is_not_final;
	} rows[] = {
		{ "a response to the last request is told to close", { HTTP_CLOSE, false },
		  "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: 5\r\nContent-Length: 3\r\n\r\n",
		  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n", HTTP_CLOSE, BODY_RAW, false },
		{ "chunks stay announced", { HTTP_CLOSE, false },
		  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n", HTTP_CLOSE, BODY_RAW, false },
		{ "a 1xx is passed on and is not the end", { HTTP_CLOSE, false },
		  "HTTP/1.1 100 Continue\r\n\r\n", "", HTTP_KEEP, BODY_RAW, true },
		{ "no reason is a reason", { HTTP_CLOSE, false }, "HTTP/1.0 204\r\n\r\n",
		  "HTTP/1.0 204\r\nConnection: close\r\n\r\n", HTTP_CLOSE, BODY_RAW, false },
		{ "with a length the connection stays", { HTTP_KEEP, false },
		  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "", HTTP_KEEP, BODY_LENGTH, false },
		{ "so it does with chunks", { HTTP_KEEP, false },
		  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "", HTTP_KEEP, BODY_CHUNKED, false },
		{ "HEAD has no body", { HTTP_KEEP, true }, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
		  "", HTTP_KEEP, BODY_EMPTY, false },
		{ "304 has none", { HTTP_KEEP, false }, "HTTP/1.1 304 No\r\nContent-Length: 3\r\n\r\n",
		  "", HTTP_KEEP, BODY_EMPTY, false },
		{ "a length and chunks end with the stream", { HTTP_KEEP, false },
		  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
		  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
		  HTTP_CLOSE, BODY_RAW, false },
		{ "so do two lengths", { HTTP_KEEP, false },
		  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
		  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\nConnection: close\r\n\r\n",
		  HTTP_CLOSE, BODY_RAW, false },
		{ "and a length that is none", { HTTP_KEEP, false },
		  "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\n",
		  "HTTP/1.1 200 OK\r\nContent-Length: +3\r\nConnection: close\r\n\r\n", HTTP_CLOSE, BODY_RAW, false },
		{ "and another coding", { HTTP_KEEP, false },
		  "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
		  "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n",
		  HTTP_CLOSE, BODY_RAW, false },
		{ "and nothing of all that", { HTTP_KEEP, false }, "HTTP/1.1 200 OK\r\n\r\n",
		  "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", HTTP_CLOSE, BODY_RAW, false },
		{ "a server that closes is believed", { HTTP_KEEP, false },
		  "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\n",
		  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n", HTTP_CLOSE, BODY_RAW, false },
		{ "HTTP/1.0 closes", { HTTP_KEEP, false }, "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n",
		  "HTTP/1.0 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n", HTTP_CLOSE, BODY_RAW, false },
		{ "WebSocket, where it was asked for", { HTTP_UPGRADE, false }, WS_HEAD,
		  "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
		  HTTP_UPGRADE, BODY_RAW, false },
		{ "or another answer to that", { HTTP_UPGRADE, false },
		  "HTTP/1.1 400 No\r\nContent-Length: 3\r\n\r\n", "", HTTP_KEEP, BODY_LENGTH, false },
		{ "a change of protocol that was not asked for is refused", { HTTP_KEEP, false }, WS_HEAD, NULL, HTTP_KEEP, BODY_RAW, false },
		{ "so is one to another protocol", { HTTP_UPGRADE, false },
		  "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n", NULL, HTTP_KEEP, BODY_RAW, false },
		{ "and one that does not say to which", { HTTP_UPGRADE, false },
		  "HTTP/1.1 101 Switching\r\n\r\n", NULL, HTTP_KEEP, BODY_RAW, false },
		{ "another protocol is refused", { HTTP_CLOSE, false }, "SSH-2.0-x\r\n\r\n", NULL, HTTP_KEEP, BODY_RAW, false },
		{ "two digits are refused", { HTTP_CLOSE, false }, "HTTP/1.1 20 OK\r\n\r\n", NULL, HTTP_KEEP, BODY_RAW, false },
		{ "a status below 100 is refused", { HTTP_CLOSE, false }, "HTTP/1.1 099 OK\r\n\r\n", NULL, HTTP_KEEP, BODY_RAW, false },
		{ "a bare LF is refused", { HTTP_CLOSE, false }, "HTTP/1.1 200 OK\n\n", NULL, HTTP_KEEP, BODY_RAW, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_strbuf struct strbuf b = STRBUF_INIT;
		const char *out = rows[i].out && !*rows[i].out ? rows[i].in : rows[i].out;
		struct http_response r = { 0 };
		enum http_status st = http_response(&rows[i].asked, rows[i].in, strlen(rows[i].in), &b, &r);
		bool same = out && st == HTTP_DONE && streq(b.p, out) && r.head_bytes == strlen(rows[i].in) &&
			    r.is_final == !rows[i].is_not_final &&
			    (!r.is_final || (r.after == rows[i].after && r.body.kind == rows[i].body));

		t_ok(out ? same : st == HTTP_BAD, rows[i].name);
	}
}

/* The body is taken whole, and byte by byte: the same must come out. */
static void bodies(void)
{
	static const struct { const char *name, *in; ssize_t want; } rows[] = {
		{ "one chunk", "3\r\nabc\r\n0\r\n\r\n", 13 },
		{ "what follows the last chunk is not taken", "1\r\na\r\n0\r\n\r\nGET /", 11 },
		{ "capital and small digits", "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", 35 },
		{ "leading zeros", "003\r\nabc\r\n000\r\n\r\n", 17 },
		{ "an extension", "3;x=y\r\nabc\r\n0\r\n\r\n", -1 },
		{ "a trailer", "0\r\nX: y\r\n\r\n", -1 },
		{ "a space after the size", "3 \r\nabc\r\n0\r\n\r\n", -1 },
		{ "a sign", "+3\r\nabc\r\n0\r\n\r\n", -1 },
		{ "0x", "0x3\r\nabc\r\n0\r\n\r\n", -1 },
		{ "an empty size", "\r\nabc\r\n0\r\n\r\n", -1 },
		{ "a bare LF after the size", "3\nabc\r\n0\r\n\r\n", -1 },
		{ "a chunk longer than announced", "3\r\nabcd\r\n0\r\n\r\n", -1 },
		{ "a size that overflows", "ffffffffffffffff1\r\n", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct body whole = { .kind = BODY_CHUNKED }, bytes = whole;
		size_t n = strlen(rows[i].in);
		ssize_t got = body_take(&whole, rows[i].in, n), sum = 0, k = 1;

		for (size_t at = 0; at < n && k > 0; at++) {
			k = body_take(&bytes, rows[i].in + at, 1);
			sum = k < 0 ? -1 : sum + k;
		}
		t_ok(got == rows[i].want && sum == got && (got < 0 || body_is_done(&whole)),
		     rows[i].name);
	}
	static const char odd[] = "3;x=y\r\nabc\r\n1 \r\nd\r\n0;z\r\nX: y\r\n\r\nHTTP";
	struct body lenient = { .kind = BODY_CHUNKED, .is_lenient = true };
	t_ok(body_take(&lenient, odd, strlen(odd)) == (ssize_t)strlen(odd) - 4 && body_is_done(&lenient),
	     "a response may have extensions and trailers");
	lenient = (struct body){ .kind = BODY_CHUNKED, .is_lenient = true };
	t_ok(body_take(&lenient, "3x\r\n", 4) < 0, "but a size is a number");
	struct body len = { .kind = BODY_LENGTH, .left = 5 };
	t_ok(body_take(&len, "abc", 3) == 3 && !body_is_done(&len) &&
		     body_take(&len, "defg", 4) == 2 && body_is_done(&len) &&
		     body_take(&len, "x", 1) == 0, "a length ends where it says");
}

static void answers(void)
{
	struct answer a = { .rule = RULE_ALLOW, .host = "a\"b.org", .port = 443,
			    .profile = "agent" };
	auto_strbuf struct strbuf b = STRBUF_INIT;

	answer_json(&b, &a);
	if (!t_ok(streq(b.p, "{\"error\":\"denied\",\"rule\":\"egress.allow\",\"host\":\"a\\\"b.org\","
			     "\"port\":443,\"why\":\"no entry of the policy names this host\","
			     "\"next_steps\":\"an administrator can add \\\"a\\\"b.org:443\\\" to the "
			     "allow list of profile agent; retrying does not help\"}\n"),
		  "a refusal is one JSON object"))
		t_note("%s", b.p);
	a.has_help = true;
	strbuf_done(&b);
	answer_json(&b, &a);
	t_ok(strstr(b.p, "retrying does not help; what is allowed: /run/agentrt/policy.md\"}"),
	     "where the container has the file a denial says so");
	a.rule = RULE_CONNECT;
	strbuf_done(&b);
	answer_json(&b, &a);
	t_ok(!strstr(b.p, "policy.md"), "a failure does not");
	bool complete = true;
	for (int r = RULE_ALLOW; r < RULE__COUNT; r++) {
		const struct rule_info *info = rule_info((enum rule)r);

		complete = complete && info->name && info->why && info->next && info->http >= 400;
	}
	t_ok(complete, "every rule has a name, a reason, a way out and a status");
}

int main(void)
{
	good();
	bad();
	prefixes();
	asked();
	responses();
	bodies();
	answers();
	return t_done();
}
