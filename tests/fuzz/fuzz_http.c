/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_http.c - libFuzzer target: any bytes as request, response and chunked body
 *
 * A request that is accepted must be accepted again in the form in which it is sent on (with the
 * authority put back), to the same destination and with the same framing: no second reading. And
 * what comes in pieces must be judged as what comes at once.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "egress/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* "GET /x HTTP/1.1" to "GET http://host:port/x HTTP/1.1" */
static void make_absolute(struct strbuf *b, const struct http_request *r)
{
	const char *space = strchr(r->out.p, ' ');
	bool v6 = r->dest.is_addr && r->dest.addr.family == 6;

	strbuf_add(b, r->out.p, (size_t)(space - r->out.p) + 1);
	strbuf_addf(b, v6 ? "http://[%s]:%u" : "http://%s:%u", r->dest.name, r->dest.port);
	strbuf_adds(b, space[1] == '*' ? space + 2 : space + 1);
}

static void check_again(const struct http_request *r)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	struct http_request again = { 0 };
	enum rule rule;

	make_absolute(&b, r);
	if (b.len >= HTTP_REQUEST_MAX)
		return;
	must(http_request(b.p, b.len, &again, &rule) == HTTP_DONE);
	must(streq(again.dest.name, r->dest.name) && again.dest.port == r->dest.port);
	must(again.body.kind == r->body.kind && again.body.left == r->body.left);
	must(again.head_bytes == b.len);
	strbuf_done(&again.out);
}

static void fuzz_request(const char *s, size_t n)
{
	struct http_request r = { 0 };
	enum rule rule;
	enum http_status st = http_request(s, n, &r, &rule);

	if (st == HTTP_BAD)
		must(rule != RULE_OK && rule < RULE__COUNT);
	if (st != HTTP_DONE)
		return;
	must(r.head_bytes <= n && r.dest.port != 0 && r.dest.name[0]);
	if (!r.is_connect)
		check_again(&r);
	strbuf_done(&r.out);
	/* One byte less is not a request yet. */
	must(http_request(s, r.head_bytes - 1, &r, &rule) == HTTP_MORE);
}

/* Inside a connection: what goes on says that name, and reads the same again. */
static void fuzz_inside(const char *s, size_t n)
{
	static const char host[] = "\r\nHost: a.org\r\n";
	struct http_request r, again;
	enum rule rule = RULE_OK;
	struct dest to;

	must(dest_set(&to, "a.org", 5, false, 80) == RULE_OK);
	if (http_request_to(&to, s, n, &r, &rule) != HTTP_DONE)
		return;
	must(r.head_bytes <= n && memmem(r.out.p, r.out.len, host, strlen(host)));
	must(!r.asked.is_head || r.asked.after != HTTP_UPGRADE);
	if (r.out.len <= HTTP_REQUEST_MAX) {
		must(http_request_to(&to, r.out.p, r.out.len, &again, &rule) == HTTP_DONE);
		must(again.asked.after == r.asked.after && again.asked.is_head == r.asked.is_head);
		strbuf_done(&again.out);
	}
	strbuf_done(&r.out);
}

static void fuzz_response(const char *s, size_t n)
{
	for (int after = 0; after < HTTP_AFTER__COUNT; after++) {
		const struct http_asked asked = { .after = (enum http_after)after };
		auto_strbuf struct strbuf b = STRBUF_INIT, again = STRBUF_INIT;
		struct http_response r, r2;

		if (http_response(&asked, s, n, &b, &r) != HTTP_DONE)
			continue;
		must(r.head_bytes <= n && b.len > 0);
		must(r.after != HTTP_UPGRADE || asked.after == HTTP_UPGRADE);
		must(r.after != HTTP_KEEP || !r.is_final ||
		     (asked.after != HTTP_CLOSE && r.body.kind != BODY_RAW));
		if (b.len < HTTP_RESPONSE_MAX)
			must(http_response(&asked, b.p, b.len, &again, &r2) == HTTP_DONE &&
			     streq(again.p, b.p) && r2.after == r.after);
	}
}

static void fuzz_body(const char *s, size_t n, bool is_lenient)
{
	struct body whole = { .kind = BODY_CHUNKED, .is_lenient = is_lenient }, bytes = whole;
	ssize_t got = body_take(&whole, s, n), sum = 0;

	must(got <= (ssize_t)n);
	for (size_t i = 0; i < n && sum >= 0; i++) {
		ssize_t k = body_take(&bytes, s + i, 1);

		sum = k < 0 ? -1 : sum + k;
	}
	must(sum == got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data;

	fuzz_request(s, size);
	fuzz_inside(s, size);
	fuzz_response(s, size);
	fuzz_body(s, size, false);
	fuzz_body(s, size, true);
	return 0;
}
