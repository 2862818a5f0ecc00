/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_read.c - the policy's text
 *
 * The runtime wrote it, and still every line is checked and one doubt refuses the whole: half a
 * policy is not a policy.
 */
#include <stdio.h>
#include <string.h>

#include "base/egress_wire.h"
#include "base/str.h"
#include "base/table.h"
#include "egress/policy.h"

#define WORD_MAX  1024 /* a container's id; every other word is shorter */
#define WORDS_MAX 6

struct word {
	const char *s;
	size_t n;
};

struct reader {
	struct policy *p;
	const char *pos, *end;
	unsigned line;
	bool done; /* "end" was read */
};

typedef int line_fn(struct policy *p, const struct word *w, size_t n, struct err *e);

static int bad(struct err *e, const char *what)
{
	return err_set(e, ERR_INPUT, "%s", what);
}

static bool word_is(const struct word *w, const char *s)
{
	return w->n == strlen(s) && memcmp(w->s, s, w->n) == 0;
}

static bool word_to_port(const struct word *w, uint16_t *ret)
{
	char s[6] = "";
	uint32_t v;

	if (w->n < 1 || w->n >= sizeof(s) || w->s[0] == '0')
		return false;
	memcpy(s, w->s, w->n);
	if (!str_to_u32(s, &v) || v > UINT16_MAX)
		return false;
	*ret = (uint16_t)v;
	return true;
}

/* The next piece of a comma-separated list; false at its end. */
static bool list_next(struct word *list, struct word *ret)
{
	if (!list->s)
		return false;

	const char *comma = memchr(list->s, ',', list->n);
	ret->s = list->s;
	ret->n = comma ? (size_t)(comma - list->s) : list->n;
	list->n -= ret->n + (comma ? 1 : 0);
	list->s = comma ? comma + 1 : NULL;
	return true;
}

static bool is_label(const struct word *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (!chr_is_alnum(w->s[i]) && !memchr("_+.-", w->s[i], 4))
			return false;
	return w->n >= 1 && w->n <= WORD_MAX;
}

static int read_container(struct policy *p, const struct word *w, size_t n, struct err *e)
{
	if (n != 2 || p->container || !is_label(&w[1]))
		return bad(e, "container: one identifier is wanted, once");
	p->container = arena_strndup(&p->arena, w[1].s, w[1].n);
	return 0;
}

static int read_profile(struct policy *p, const struct word *w, size_t n, struct err *e)
{
	if (n != 2 || p->profile || !is_label(&w[1]))
		return bad(e, "profile: one name is wanted, once");
	p->profile = arena_strndup(&p->arena, w[1].s, w[1].n);
	return 0;
}

static int read_port(struct policy *p, const struct word *w, size_t n, struct err *e)
{
	if (n != 2 || p->port || !word_to_port(&w[1], &p->port))
		return bad(e, "port: one number is wanted, once");
	return 0;
}

static int read_host(struct policy *p, struct policy_entry *en, const struct word *w, struct err *e)
{
	char canon[HOSTNAME_MAX + 1];

	if (cidr_parse(w->s, w->n, &en->net))
		en->is_addr = true;
	else if (!hostname_canon_pattern(w->s, w->n, canon) || !word_is(w, canon))
		return bad(e, "neither a canonical host, nor *.suffix, nor an address or network");
	en->host = arena_strndup(&p->arena, w->s, w->n);
	return 0;
}

static int read_ports(struct policy *p, struct policy_entry *en, struct word list, struct err *e)
{
	struct word w;

	while (list_next(&list, &w)) {
		if (en->n_ports == EGRESS_PORTS_MAX)
			return bad(e, "too many ports");
		if (!word_to_port(&w, arena_push(&p->arena, en->ports, en->n_ports)))
			return bad(e, "a port is a number from 1 to 65535");
	}
	return 0;
}

static int read_nets(struct policy *p, struct policy_entry *en, struct word list, struct err *e)
{
	struct word w;

	while (list_next(&list, &w)) {
		if (en->n_nets == EGRESS_ADDRS_MAX)
			return bad(e, "too many networks");
		if (!cidr_parse(w.s, w.n, arena_push(&p->arena, en->nets, en->n_nets)))
			return bad(e, "not a network in its canonical spelling");
	}
	return 0;
}

static const struct {
	const char *word;
	enum policy_tls tls; /* TLS_DEFAULT: not about that */
	bool ech_denied;
} options[] = {
	{ "tls=require", TLS_REQUIRE, false },
	{ "tls=any", TLS_ANY, false },
	{ "tls=none", TLS_NONE, false },
	{ "ech=deny", TLS_DEFAULT, true },
};

/* Options, each at most once by their order, then networks. */
static int read_rest(struct policy *p, struct policy_entry *en, const struct word *w, size_t n,
		     struct err *e)
{
	size_t k = 0;

	for (size_t i = 0; i < ARRAY_SIZE(options) && k < n; i++) {
		if (!word_is(&w[k], options[i].word) || (options[i].tls && en->tls))
			continue;
		if (options[i].tls)
			en->tls = options[i].tls;
		en->ech_denied = options[i].ech_denied;
		k++;
	}
	if (k + 1 < n)
		return bad(e, "an unknown option, or options out of order");
	return k < n ? read_nets(p, en, w[k], e) : 0;
}

static int read_allow(struct policy *p, const struct word *w, size_t n, struct err *e)
{
	if (n < 3)
		return bad(e, "host and ports are wanted");
	if (p->n_entries == EGRESS_ALLOW_MAX)
		return bad(e, "too many entries");

	struct policy_entry *en = arena_push(&p->arena, p->entries, p->n_entries);
	if (read_host(p, en, &w[1], e) || read_ports(p, en, w[2], e) ||
	    read_rest(p, en, w + 3, n - 3, e))
		return err_ctx(e, "allow");
	return 0;
}

static int read_deny(struct policy *p, const struct word *w, size_t n, struct err *e)
{
	if (n != 3)
		return bad(e, "deny: host and ports are wanted");
	if (p->n_denied == EGRESS_ALLOW_MAX)
		return bad(e, "deny: too many entries");

	struct policy_entry *en = arena_push(&p->arena, p->denied, p->n_denied);
	if (read_host(p, en, &w[1], e) || (!word_is(&w[2], "*") && read_ports(p, en, w[2], e)))
		return err_ctx(e, "deny");
	return 0;
}

static int read_help(struct policy *p, const struct word *w, size_t n, struct err *e)
{
	(void)w;
	if (n != 1 || p->help)
		return bad(e, "help: alone, and once");
	p->help = true;
	return 0;
}

static int read_learn(struct policy *p, const struct word *w, size_t n, struct err *e)
{
	(void)w;
	if (n != 1 || p->learn)
		return bad(e, "learn: alone, and once");
	p->learn = true;
	return 0;
}

static const struct {
	const char *word;
	line_fn *read;
} lines[] = {
	{ "container", read_container },
	{ "profile", read_profile },
	{ "port", read_port },
	{ "learn", read_learn },
	{ "help", read_help },
	{ "allow", read_allow },
	{ "deny", read_deny },
};

/* Single spaces, no empty word, no control byte. Return: number of words, 0 if malformed. */
static size_t split(const char *s, size_t n, struct word w[WORDS_MAX])
{
	size_t k = 0, start = 0;

	for (size_t i = 0; i <= n; i++) {
		if (i < n && (s[i] < 0x20 || s[i] > 0x7e))
			return 0;
		if (i < n && s[i] != ' ')
			continue;
		if (i == start || k == WORDS_MAX)
			return 0;
		w[k++] = (struct word){ s + start, i - start };
		start = i + 1;
	}
	return k;
}

static int read_line(struct reader *r, const char *s, size_t n, struct err *e)
{
	struct word w[WORDS_MAX];

	if (r->line == 1)
		return word_is(&(struct word){ s, n }, EGRESS_POLICY_MAGIC) ?
			       0 :
			       bad(e, "not \"" EGRESS_POLICY_MAGIC "\"");
	if (r->done)
		return bad(e, "text after the end");

	size_t k = split(s, n, w);
	if (k == 0)
		return bad(e, "not words between single spaces");
	if (k == 1 && word_is(&w[0], "end")) {
		r->done = true;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (word_is(&w[0], lines[i].word))
			return lines[i].read(r->p, w, k, e);
	return bad(e, "unknown directive");
}

static int read_lines(struct reader *r, struct err *e)
{
	while (r->pos < r->end) {
		const char *nl = memchr(r->pos, '\n', (size_t)(r->end - r->pos));

		r->line++;
		if (!nl)
			return bad(e, "the last line has no newline");
		if (read_line(r, r->pos, (size_t)(nl - r->pos), e))
			return -1;
		r->pos = nl + 1;
	}
	if (!r->done)
		return bad(e, "no \"end\": cut short");
	if (!r->p->container || !r->p->profile || !r->p->port)
		return bad(e, "container, profile and port are wanted");
	return 0;
}

int policy_read(const char *text, size_t n, struct policy *ret, struct err *e)
{
	struct policy p = { 0 };
	struct reader r = { .p = &p, .pos = text, .end = text + n };

	if (n > EGRESS_POLICY_MAX)
		return bad(e, "policy: too large");
	if (read_lines(&r, e)) {
		policy_done(&p);
		return err_ctx(e, "policy: line %u", r.line);
	}
	*ret = p;
	return 0;
}

void policy_done(struct policy *p)
{
	arena_done(&p->arena);
	*p = (struct policy){ 0 };
}
