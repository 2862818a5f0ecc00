/* SPDX-License-Identifier: Apache-2.0 */
/* profile.c - `profile`: list, show and check the profiles of this machine */
#include <dirent.h>
#include <errno.h>

#include "cmd/cmd.h"
#include "cmd/profiles.h"
#include "profiles/builtin.h"

static int profile_list(struct arena *a, const char *dir, struct strbuf *b, const char *name,
			struct err *e)
{
	DIR *d = opendir(dir);

	(void)name; /* takes none */
	if (!d && errno != ENOENT)
		return err_sys(e, "read %s", dir);
	for (const struct builtin_row *r = builtin_rows; r->name; r++)
		strbuf_addf(b, "%-20s built in\n", r->name);
	for (struct dirent *de; d && (de = readdir(d));) {
		const char *base = de->d_name;
		size_t n = strlen(base);

		if (base[0] == '.' || !str_has_suffix(base, ".json"))
			continue;
		name = arena_strndup(a, base, n - strlen(".json"));
		strbuf_addf(b, "%-20s %s/%s%s\n", name, dir, base,
			    profile_builtin(name) ? " (instead of the built-in one)" : "");
	}
	if (d)
		(void)closedir(d);
	return 0;
}

static int profile_show(struct arena *a, const char *dir, struct strbuf *b, const char *name,
			struct err *e)
{
	const char *text;
	size_t len;

	if (profiles_text(a, dir, name, &text, &len, e))
		return -1;
	strbuf_add(b, text, len);
	if (len && text[len - 1] != '\n')
		strbuf_adds(b, "\n");
	return 0;
}

/* A name, or a file that is not installed yet. */
static int profile_check(struct arena *a, const char *dir, struct strbuf *b, const char *name,
			 struct err *e)
{
	const struct profile *p;

	if (strchr(name, '/') ? profiles_load_file(a, dir, name, &p, e)
			      : profiles_load(a, dir, name, &p, e))
		return -1;
	strbuf_addf(b, "%s: ok\n", name);
	return 0;
}

static const struct sub {
	const char *name;
	bool takes_name;
	int (*run)(struct arena *a, const char *dir, struct strbuf *b, const char *name,
		   struct err *e);
} subs[] = {
	{ "list", false, profile_list },
	{ "show", true, profile_show },
	{ "check", true, profile_check },
	{ 0 },
};

static int run_profile(struct cmd_ctx *ctx, const void *opts, const struct opt_args *args,
		       struct err *e)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	const struct sub *s = subs;

	(void)opts; /* the command has none */
	while (s->name && !streq(s->name, args->v[0]))
		s++;
	if (!s->name || args->n != (s->takes_name ? 2u : 1u))
		return err_set(e, ERR_USAGE,
			       "usage: agentrt profile list | show NAME | check NAME|FILE");
	return s->run(ctx->a, ctx->profile_dir ? ctx->profile_dir : PROFILE_DIR, &b, args->v[1], e)
		       ? -1
		       : cmd_out(&b, e);
}

const struct cmd cmd_profile = {
	.name = "profile",
	.args = "list | show NAME | check NAME|./FILE",
	.summary = "the profiles of this machine",
	.min_args = 1,
	.max_args = 2,
	.root = ROOT_UNUSED,
	.run = run_profile,
};
