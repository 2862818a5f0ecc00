/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tighten_env.c - no secret in an environment; the proxy's address in it
 *
 * What is removed is reported by name. A value never leaves this file: not into a finding, not
 * into an error, not into the narrowed config that the state keeps.
 */
#include "base/mutant.h"
#include "base/str.h"
#include "base/table.h"
#include "profiles/secrets.h"
#include "profiles/tighten_ctx.h"

#define SHOWN_NAME_MAX 64u

/* "GITHUB_TOKEN", or "entry 3" where the name itself is odd or could be a secret. */
static const char *shown_name(struct tighten_ctx *c, const char *entry, size_t n, size_t i)
{
	const char *name = arena_strndup(c->a, entry, n);
	bool plain = n > 0 && n <= SHOWN_NAME_MAX && !secrets_value(name);

	for (size_t k = 0; plain && k < n; k++)
		plain = chr_is_alnum(name[k]) || name[k] == '_' || name[k] == '.' || name[k] == '-';
	return plain ? name : arena_printf(c->a, "entry %zu", i);
}

static bool is_allowed(const struct profile *p, const char *entry, size_t n)
{
	for (size_t i = 0; i < p->env.n_allow; i++)
		if (strlen(p->env.allow[i]) == n && memcmp(p->env.allow[i], entry, n) == 0)
			return true;
	return false;
}

static bool is_kept(const struct profile *p, const char *entry, size_t n)
{
	for (size_t i = 0; i < p->env.n_keep; i++) {
		size_t len = strcspn(p->env.keep[i], "*");

		if (memcmp(p->env.keep[i], entry, len < n ? len : n) == 0 &&
		    (p->env.keep[i][len] ? len <= n : len == n))
			return true;
	}
	return false;
}

/* Why a variable goes; an image that will not start without it is named. */
static const char *why_removed(struct tighten_ctx *c, const char *entry, size_t n,
			       const char *pattern, const char *looks)
{
	const char *image = secrets_wanted(entry, n);

	return arena_printf(c->a, "%s %s%s%s%s",
			    pattern ? "the name matches" : "the value looks like",
			    pattern ? pattern : looks, image ? "; images of " : "",
			    image ? image : "",
			    image ? " want it at their first start: list it in env.allow of the profile" : "");
}

/* Whether the variable stays; a finding if there is anything to say of it. */
static bool keep(struct tighten_ctx *c, const char *entry, size_t i)
{
	size_t n = strcspn(entry, "=");
	const char *pattern = mutant("env.name") ? NULL : secrets_name(entry, n);
	const char *looks =
		mutant("env.value") ? NULL : secrets_value(entry[n] ? entry + n + 1 : entry);

	const char *rule = pattern ? "env.name" : "env.value";
	const char *name = shown_name(c, entry, n, i);

	if (c->p->env.strict && !is_kept(c->p, entry, n) && !is_allowed(c->p, entry, n) &&
	    !mutant("env.strict")) {
		tighten_find(c, "env.strict", FIND_REMOVED, "env.keep of the profile does not name it",
			     "process.env: %s", name);
		return false;
	}
	if (secrets_injects(entry, n))
		tighten_find(c, "env.inject", FIND_NOTE,
			     "programs in the container load code or options from it",
			     "process.env: %s", name);
	if (!pattern && !looks)
		return true;
	if (is_allowed(c->p, entry, n)) {
		tighten_find(c, rule, FIND_PASSED, "env.allow of the profile names it",
			     "process.env: %s", name);
		return true;
	}
	tighten_find(c, rule, FIND_REMOVED, why_removed(c, entry, n, pattern, looks),
		     "process.env: %s", name);
	return false;
}

static void screen(struct tighten_ctx *c)
{
	struct oci_process *proc = c->proc;
	const char **kept = NULL;
	size_t n = 0;

	for (size_t i = 0; i < proc->n_env; i++)
		if (keep(c, proc->env[i], i))
			*arena_push(c->a, kept, n) = proc->env[i];
	proc->env = kept;
	proc->n_env = n;
}

/* Arguments cannot be taken away; they are also in the state, which only root reads. */
static void warn_of_arguments(struct tighten_ctx *c)
{
	for (size_t i = 0; i < c->proc->n_args; i++) {
		const char *looks = secrets_value(c->proc->args[i]);

		if (looks)
			tighten_find(c, "args.value", FIND_NOTE,
				     arena_printf(c->a,
						  "it looks like %s and every process in "
						  "the container can read it",
						  looks),
				     "process.args[%zu]", i);
	}
}

static void add(struct tighten_ctx *c, const char *name, const char *value)
{
	struct oci_process *proc = c->proc;
	const char **env = arena_alloc(c->a, proc->n_env + 1, sizeof(*env));

	if (proc->n_env)
		memcpy(env, proc->env, proc->n_env * sizeof(*env));
	env[proc->n_env++] = arena_printf(c->a, "%s=%s", name, value);
	proc->env = env;
}

/*
 * Programs read one of two spellings, so a pair counts as set when either is. NODE_USE_ENV_PROXY
 * makes node's own fetch look at them at all.
 */
static void add_proxy(struct tighten_ctx *c)
{
	static const struct {
		const char *upper, *lower, *value; /* value NULL: the proxy */
	} rows[] = {
		{ "HTTP_PROXY", "http_proxy", NULL },
		{ "HTTPS_PROXY", "https_proxy", NULL },
		{ "ALL_PROXY", "all_proxy", NULL },
		{ "NO_PROXY", "no_proxy", "localhost,127.0.0.1,::1" },
		{ "NODE_USE_ENV_PROXY", NULL, "1" },
	};
	const char *proxy = arena_printf(c->a, "http://127.0.0.1:%u", c->p->egress.port);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *value = rows[i].value ? rows[i].value : proxy;

		if (oci_env_get(c->proc, rows[i].upper) ||
		    (rows[i].lower && oci_env_get(c->proc, rows[i].lower))) {
			tighten_find(c, "net.proxy", FIND_NOTE,
				     "the config sets it, so it is not pointed at the proxy",
				     "process.env: %s", rows[i].upper);
			continue;
		}
		add(c, rows[i].upper, value);
		if (rows[i].lower)
			add(c, rows[i].lower, value);
		tighten_find(c, "net.proxy", FIND_ADDED,
			     "the proxy is the only way out of the container", "process.env: %s=%s",
			     rows[i].upper, value);
	}
}

int tighten_env(struct tighten_ctx *c, struct err *e)
{
	(void)e;
	if (!c->proc)
		return 0;
	if (c->p->env.screen) {
		screen(c);
		warn_of_arguments(c);
	}
	if (c->p->egress.mode == NET_EGRESS && !mutant("net.proxy"))
		add_proxy(c);
	return 0;
}
