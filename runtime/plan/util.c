/* SPDX-License-Identifier: Apache-2.0 */
/* util.c - small questions that several areas ask of the build */
#include "base/str.h"
#include "plan/p.h"

bool build_has_anet(const struct build *b)
{
	return b->t && (b->t->net == TIGHT_NET_EGRESS || b->t->net == TIGHT_NET_NONE);
}

bool build_is_in_anet(const struct build *b)
{
	return build_has_anet(b) || (b->t && b->t->net == TIGHT_NET_POD);
}

bool build_has_userns(const struct build *b)
{
	return oci_ns_find(b->s, NS_USER) != NULL;
}

bool build_has_ns(const struct build *b, enum oci_ns_type type)
{
	if (type == NS_NETWORK && build_has_anet(b))
		return true;
	return oci_ns_find(b->s, type) != NULL;
}

static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	while (*text) {
		size_t len = strcspn(text, " ,");

		if (len == n && memcmp(text, word, n) == 0)
			return true;
		text += len + (text[len] != '\0');
	}
	return false;
}

/* Findings say "linux.namespaces: ipc by path", "linux.maskedPaths: /a /b". */
const char *build_rule(const struct build *b, const char *where, const char *what)
{
	size_t n = strlen(where);

	for (size_t i = 0; b->t && i < b->t->n_findings; i++) {
		const struct finding *f = &b->t->findings[i];

		if (strncmp(f->what, where, n) != 0 || f->what[n] != ':')
			continue;
		if (f->action == FIND_REMOVED || (what && !has_word(f->what + n + 1, what)))
			continue;
		return f->rule;
	}
	return "oci";
}

void build_finding(struct build *b, const char *rule, enum finding_action action, const char *what,
		   const char *why)
{
	*arena_push(b->a, b->p->findings, b->p->n_findings) =
		(struct plan_finding){ rule, finding_action_name[action], what, why };
}

struct plan_idmap *plan_idmaps(struct arena *a, const struct oci_idmap *m, size_t n)
{
	struct plan_idmap *out = NULL;
	size_t n_out = 0;

	for (size_t i = 0; i < n; i++)
		*arena_push(a, out, n_out) = (struct plan_idmap){ m[i].ctr, m[i].host, m[i].size };
	return out;
}

bool plan_map_id(const struct plan_idmap *m, size_t n, uint32_t ctr, uint32_t *ret_host)
{
	for (size_t i = 0; i < n; i++) {
		if (ctr < m[i].ctr || ctr - m[i].ctr >= m[i].size)
			continue;
		*ret_host = m[i].host + (ctr - m[i].ctr);
		return true;
	}
	return false;
}

const char **plan_strv(struct arena *a, const char *const *v, size_t n)
{
	const char **out = arena_alloc(a, n + 1, sizeof(*out));

	for (size_t i = 0; i < n; i++)
		out[i] = v[i];
	return out;
}
