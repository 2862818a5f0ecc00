/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c - refusals that say which rule, why, and who can change it */
#include "egress/answer.h"

#include "base/egress_wire.h"
#include "base/table.h"

#define SSH_DISCONNECT 1u /* RFC 4253, 11.1 */
#define SSH_BLOCK      8u /* and 6: a packet is a multiple of this, with 4 bytes of padding */
#define TLS_ALERT      21
#define TLS_FATAL      2
#define TLS_DENIED     49 /* access_denied; RFC 8446, 6.2 */
#define TLS_INTERNAL   80 /* internal_error */

static const char *const error_word[] = {
	[RULE_ALLOWS] = "",
	[RULE_DENIES] = "denied",
	[RULE_FAILS] = "unreachable",
};
TABLE_CHECK(error_word, RULE_CLASS__COUNT);

static const struct {
	int status;
	const char *phrase;
} phrases[] = {
	{ 400, "Bad Request" },	   { 403, "Forbidden" },
	{ 408, "Request Timeout" },
	{ 431, "Request Header Fields Too Large" },
	{ 502, "Bad Gateway" },	   { 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
};

static const char *phrase_of(int status)
{
	for (size_t i = 0; i < ARRAY_SIZE(phrases); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "";
}

static void expand(struct strbuf *b, const char *s, const struct answer *a)
{
	for (; *s; s++) {
		if (*s != '%') {
			strbuf_add(b, s, 1);
			continue;
		}
		s++;
		if (*s == 'H')
			strbuf_adds(b, a->host ? a->host : "?");
		else if (*s == 'P')
			strbuf_addf(b, "%u", a->port);
		else if (*s == 'F')
			strbuf_adds(b, a->profile);
	}
}

static void add_help(struct strbuf *b, const struct answer *a)
{
	if (a->has_help && rule_info(a->rule)->class == RULE_DENIES)
		strbuf_adds(b, "; what is allowed: " EGRESS_HELP);
}

void answer_dns(struct strbuf *b, const struct answer *a)
{
	const struct rule_info *info = rule_info(a->rule);

	strbuf_addf(b, "%s: %s", info->name, info->why);
	if (a->rule == RULE_ALLOW)
		strbuf_adds(b, "; an administrator can add it to the allow list of");
	else
		strbuf_adds(b, ";");
	strbuf_addf(b, " profile %s", a->profile);
	add_help(b, a);
}

void answer_text(struct strbuf *b, const struct answer *a)
{
	const struct rule_info *info = rule_info(a->rule);

	strbuf_addf(b, "agentrt: %s: %s:%u: %s", info->name, a->host ? a->host : "?", a->port,
		    info->why);
	if (a->detail)
		strbuf_addf(b, " (%s)", a->detail);
	strbuf_adds(b, "; ");
	expand(b, info->next, a);
	add_help(b, a);
}

void answer_json(struct strbuf *b, const struct answer *a)
{
	const struct rule_info *info = rule_info(a->rule);
	auto_strbuf struct strbuf why = STRBUF_INIT, next = STRBUF_INIT;

	strbuf_adds(&why, info->why);
	if (a->detail)
		strbuf_addf(&why, " (%s)", a->detail);
	expand(&next, info->next, a);
	add_help(&next, a);
	strbuf_adds(b, "{\"error\":");
	strbuf_add_json(b, error_word[info->class]);
	strbuf_adds(b, ",\"rule\":");
	strbuf_add_json(b, info->name);
	strbuf_adds(b, ",\"host\":");
	strbuf_add_json(b, a->host);
	strbuf_addf(b, a->port ? ",\"port\":%u" : ",\"port\":null", a->port);
	strbuf_adds(b, ",\"why\":");
	strbuf_add_json(b, why.p);
	strbuf_adds(b, ",\"next_steps\":");
	strbuf_add_json(b, next.p);
	strbuf_adds(b, "}\n");
}

/* Tools that show only the status line of a failed CONNECT show the rule with it. */
void answer_http(struct strbuf *b, const struct answer *a)
{
	const struct rule_info *info = rule_info(a->rule);
	auto_strbuf struct strbuf body = STRBUF_INIT;

	answer_json(&body, a);
	strbuf_addf(b,
		    "HTTP/1.1 %d %s (agentrt: %s)\r\n"
		    "Content-Type: application/json\r\n"
		    "Content-Length: %zu\r\n"
		    "Cache-Control: no-store\r\n"
		    "X-Agentrt-Rule: %s\r\n"
		    "Connection: close\r\n\r\n",
		    info->http, phrase_of(info->http), info->name, body.len, info->name);
	strbuf_add(b, body.p, body.len);
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

static void answer_tls(struct strbuf *b, const struct answer *a)
{
	bool denied = rule_info(a->rule)->class == RULE_DENIES;
	const char alert[] = { TLS_ALERT, 3, 3, 0, 2, TLS_FATAL, denied ? TLS_DENIED : TLS_INTERNAL };

	strbuf_add(b, alert, sizeof(alert));
}

void answer_inside(struct strbuf *b, const struct answer *a)
{
	if (a->check == CHECK_TLS || a->check == CHECK_TLS_NAME)
		answer_tls(b, a);
	else if (a->check == CHECK_HTTP || a->port == 80)
		answer_http(b, a);
	else if (a->port == 22)
		answer_ssh(b, a);
}
