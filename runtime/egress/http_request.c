/* SPDX-License-Identifier: Apache-2.0 */
/* http_request.c - CONNECT and absolute-form requests: where to, and what is sent on */
#include <string.h>

#include "base/mutant.h"
#include "egress/http_head.h"

struct start {
	struct text method, target;
	bool is_10;
};

static bool text_has_prefix(struct text t, const char *prefix)
{
	size_t n = strlen(prefix);

	return t.n >= n && text_is((struct text){ t.s, n }, prefix);
}

/* METHOD SP TARGET SP HTTP/1.x, printable ASCII without spaces in each part */
static bool split_start(struct text line, struct start *ret)
{
	struct text version, rest = line;

	if (!text_cut(&rest, ' ', &ret->method) || !text_cut(&rest, ' ', &ret->target) ||
	    !text_cut(&rest, ' ', &version) || rest.s || !text_is_token(ret->method) ||
	    ret->target.n == 0)
		return false;
	for (size_t i = 0; i < ret->target.n; i++)
		if (ret->target.s[i] < 0x21 || ret->target.s[i] > 0x7e)
			return false;
	if (version.n != 8 || memcmp(version.s, "HTTP/1.", 7) != 0)
		return false;
	ret->is_10 = version.s[7] == '0';
	return ret->is_10 || version.s[7] == '1';
}

static bool parse_port(struct text t, uint16_t *ret)
{
	char s[6] = "";
	uint32_t v;

	if (t.n < 1 || t.n >= sizeof(s) || t.s[0] == '0')
		return false;
	memcpy(s, t.s, t.n);
	if (!str_to_u32(s, &v) || v > UINT16_MAX)
		return false;
	*ret = (uint16_t)v;
	return true;
}

/* host, host:port, [v6], [v6]:port. @port: the default, 0: a port is required. */
static enum rule parse_authority(struct text t, uint16_t port, struct dest *ret)
{
	bool bracketed = t.n > 0 && t.s[0] == '[';
	struct text host = t, rest = { NULL, 0 };

	if (bracketed) {
		const char *close = memchr(t.s, ']', t.n);

		if (!close)
			return RULE_NAME;
		host = (struct text){ t.s + 1, (size_t)(close - t.s) - 1 };
		if (close + 1 < t.s + t.n)
			rest = (struct text){ close + 1, (size_t)(t.s + t.n - close) - 1 };
	} else {
		const char *colon = memchr(t.s, ':', t.n);

		if (colon) {
			host.n = (size_t)(colon - t.s);
			rest = (struct text){ colon, t.n - host.n };
		}
	}
	if (rest.n > 0 &&
	    (rest.s[0] != ':' || !parse_port((struct text){ rest.s + 1, rest.n - 1 }, &port)))
		return RULE_SYNTAX;
	if (port == 0)
		return RULE_SYNTAX;
	return dest_set(ret, host.s, host.n, bracketed, port);
}

/* RFC 9112, 3.2: Host exactly once (HTTP/1.0 may leave it out), and here equal to the target. */
static enum rule check_host(const struct head *h, const struct start *s, const struct dest *d)
{
	bool is_connect = text_is(s->method, "CONNECT");
	const struct field *host = NULL;
	struct dest other;

	for (size_t i = 0; i < h->n; i++) {
		if (h->field[i].kind != FIELD_HOST)
			continue;
		if (host && !mutant("http.two_hosts"))
			return RULE_HOST;
		host = &h->field[i];
	}
	if (!host)
		return s->is_10 || is_connect ? RULE_OK : RULE_HOST;
	if (parse_authority(host->value, is_connect ? d->port : 80, &other) != RULE_OK ||
	    !streq(other.name, d->name) || other.port != d->port)
		return mutant("egress.host_header") ? RULE_OK : RULE_HOST;
	return RULE_OK;
}

/* RFC 9112, 6.3, without its leniencies. */
static enum rule check_framing(const struct head *h, const struct start *s, struct body *ret)
{
	const struct field *length = NULL, *coding = NULL;
	struct body b = { .kind = BODY_EMPTY };

	for (size_t i = 0; i < h->n; i++) {
		const struct field *f = &h->field[i];

		if ((f->kind == FIELD_LENGTH && length && !mutant("http.two_lengths")) ||
		    (f->kind == FIELD_CODING && coding))
			return RULE_FRAMING;
		if (f->kind == FIELD_LENGTH)
			length = f;
		if (f->kind == FIELD_CODING)
			coding = f;
	}
	if (coding && ((length && !mutant("http.length_and_coding")) || s->is_10 ||
		       !text_is(coding->value, "chunked")))
		return RULE_FRAMING;
	if (length && !text_to_length(length->value, &b.left))
		return RULE_FRAMING;
	if (length)
		b.kind = BODY_LENGTH;
	if (coding)
		b = (struct body){ .kind = BODY_CHUNKED };
	if (!head_connection_is_safe(h))
		return RULE_FRAMING;
	*ret = b;
	return RULE_OK;
}

/* "http://" authority [ path ] [ "?" query ]; userinfo and fragment have no place in it. */
static enum rule split_url(struct text url, struct text *ret_authority, struct text *ret_path)
{
	size_t n = strlen("http://"), i = n;

	if (!text_has_prefix(url, "http://"))
		return RULE_SCHEME;
	while (i < url.n && url.s[i] != '/' && url.s[i] != '?')
		i++;
	*ret_authority = (struct text){ url.s + n, i - n };
	*ret_path = (struct text){ url.s + i, url.n - i };
	return memchr(url.s, '#', url.n) ? RULE_SYNTAX : RULE_OK;
}

static void print_host(struct strbuf *b, const struct dest *d)
{
	bool v6 = d->is_addr && d->addr.family == 6;

	strbuf_addf(b, v6 ? "Host: [%s]" : "Host: %s", d->name);
	if (d->port != 80)
		strbuf_addf(b, ":%u", d->port);
	strbuf_adds(b, "\r\n");
}

static void print_framing(struct strbuf *b, const struct body *body)
{
	if (body->kind == BODY_LENGTH)
		strbuf_addf(b, "Content-Length: %llu\r\n", (unsigned long long)body->left);
	if (body->kind == BODY_CHUNKED)
		strbuf_adds(b, "Transfer-Encoding: chunked\r\n");
}

/*
 * Another request may follow where the end of the response is beyond doubt, and WebSocket where it
 * is asked for in so many words. To a server whose methods are not ours, HEAD in other letters may
 * be one with a body.
 */
static struct http_asked read_asked(const struct head *h, const struct start *s,
				    const struct body *body)
{
	struct http_asked a = { .after = HTTP_KEEP, .is_head = text_is_exactly(s->method, "HEAD") };

	if (s->is_10 || head_connection_names(h, "close") ||
	    (!a.is_head && text_is(s->method, "HEAD")))
		a.after = HTTP_CLOSE;
	else if (head_wants_websocket(h) && text_is_exactly(s->method, "GET") &&
		 body->kind == BODY_EMPTY)
		a.after = HTTP_UPGRADE;
	return a;
}

static void print_request(struct strbuf *b, const struct head *h, const struct start *s,
			  struct text path, const struct http_request *r)
{
	strbuf_add(b, s->method.s, s->method.n);
	strbuf_adds(b, " ");
	if (path.n == 0 && text_is(s->method, "OPTIONS"))
		strbuf_adds(b, "*");
	else if (path.n == 0 || path.s[0] == '?')
		strbuf_adds(b, "/");
	strbuf_add(b, path.s, path.n);
	strbuf_adds(b, s->is_10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
	print_host(b, &r->dest);
	head_print_fields(b, h, false);
	print_framing(b, &r->body);
	head_print_end(b, r->asked.after);
}

static enum rule check_connect(const struct head *h, const struct start *s,
			       struct http_request *r)
{
	enum rule rule = parse_authority(s->target, 0, &r->dest);

	if (rule == RULE_OK)
		rule = check_host(h, s, &r->dest);
	if (rule == RULE_OK)
		rule = check_framing(h, s, &r->body);
	if (rule == RULE_OK && !body_is_done(&r->body))
		rule = RULE_FRAMING; /* what follows is the tunnel, never a body */
	r->body = (struct body){ .kind = BODY_RAW };
	return rule;
}

/* The rest of a request that is passed on: nothing of its head goes on as it came. @inside: of a
 * connection to the server, which it may keep. */
static enum rule check_and_print(const struct head *h, const struct start *s, struct text path,
				 bool inside, struct http_request *r)
{
	enum rule rule = check_host(h, s, &r->dest);

	if (rule == RULE_OK)
		rule = check_framing(h, s, &r->body);
	if (rule != RULE_OK)
		return rule;
	if (inside)
		r->asked = read_asked(h, s, &r->body);
	print_request(&r->out, h, s, path, r);
	return RULE_OK;
}

static enum rule check_absolute(const struct head *h, const struct start *s,
				struct http_request *r)
{
	struct text authority, path;
	enum rule rule = split_url(s->target, &authority, &path);

	if (rule == RULE_OK)
		rule = parse_authority(authority, 80, &r->dest);
	return rule == RULE_OK ? check_and_print(h, s, path, false, r) : rule;
}

/* A path, "*", or an absolute URL that says the same as the connection. */
static enum rule check_origin(const struct head *h, const struct start *s, struct http_request *r)
{
	struct dest to = r->dest;
	struct text authority, path = s->target;
	enum rule rule = RULE_OK;

	if (r->is_connect) /* a tunnel through the server is none of its pages */
		return RULE_SCHEME;
	if (text_is(path, "*") && text_is(s->method, "OPTIONS"))
		path.n = 0;
	else if (path.s[0] != '/') {
		rule = split_url(s->target, &authority, &path);
		if (rule == RULE_OK)
			rule = parse_authority(authority, 80, &to);
		if (rule == RULE_OK && (!streq(to.name, r->dest.name) || to.port != r->dest.port) &&
		    !mutant("http.absolute"))
			rule = RULE_HOST;
	}
	return rule == RULE_OK ? check_and_print(h, s, path, true, r) : rule;
}

/* @to: NULL, or where the connection goes that the request comes on. */
static enum http_status read_request(const struct dest *to, const char *in, size_t n,
				     struct http_request *ret, enum rule *ret_rule)
{
	struct http_request r = { .out = STRBUF_INIT };
	struct start s;
	struct head h;

	*ret_rule = RULE_SYNTAX;
	if (n > 0 && !chr_is_token(in[0])) /* TLS, SOCKS: no need to wait for a line */
		return HTTP_BAD;

	enum http_status st = head_split(in, n, HTTP_REQUEST_MAX, &h, ret_rule);
	if (st != HTTP_DONE)
		return st;
	*ret_rule = RULE_SYNTAX;
	if (!split_start(h.start, &s))
		return HTTP_BAD;
	r.is_connect = text_is(s.method, "CONNECT");
	r.head_bytes = h.bytes;
	if (to)
		r.dest = *to;
	*ret_rule = to		   ? check_origin(&h, &s, &r) :
		    r.is_connect ? check_connect(&h, &s, &r) :
				     check_absolute(&h, &s, &r);
	if (*ret_rule != RULE_OK)
		return HTTP_BAD;
	*ret = r;
	return HTTP_DONE;
}

enum http_status http_request(const char *in, size_t n, struct http_request *ret,
			      enum rule *ret_rule)
{
	return read_request(NULL, in, n, ret, ret_rule);
}

enum http_status http_request_to(const struct dest *to, const char *in, size_t n,
				 struct http_request *ret, enum rule *ret_rule)
{
	return read_request(to, in, n, ret, ret_rule);
}
