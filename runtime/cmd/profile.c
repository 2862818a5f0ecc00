/* SPDX-License-Identifier: Apache-2.0 */
/* profile.c - `profile`: list, show, check and lint the profiles of this machine */
#include <errno.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/profiles.h"
#include "profiles/lint.h"

#define HOLES_FOUND 3

struct profile_opts {
	bool raw;
};

#define X(...) OPT_ROW(struct profile_opts, __VA_ARGS__)
static const struct opt opts[] = {
	X(FLAG, raw, "raw", 0, NULL, "show: the document as it stands, not what it extends"),
	{ 0 },
};

struct job {
	struct arena *a;
	const char *dir, *name; /* name: NULL where none was given */
	bool raw;
	struct strbuf *b;
};

static const char *path_of(const struct job *j, const char *name)
{
	return arena_printf(j->a, "%s/%s.json", j->dir, name);
}

static int profile_list(struct job *j, struct err *e)
{
	const char **names;
	size_t n;

	if (profiles_names(j->a, j->dir, true, &names, &n, e))
		return -1;
	for (size_t i = 0; i < n; i++) {
		bool own = access(path_of(j, names[i]), F_OK) == 0;
		bool builtin = profile_builtin(names[i]);

		strbuf_addf(j->b, "%-20s %s%s\n", names[i],
			    own ? path_of(j, names[i]) : "built in",
			    own && builtin ? " (instead of the built-in one)" : "");
	}
	return 0;
}

static int profile_show(struct job *j, struct err *e)
{
	auto_strbuf struct strbuf compact = STRBUF_INIT;
	struct json *doc;
	const char *text;
	size_t len;

	if (!j->raw) {
		if (profiles_effective(j->a, j->dir, j->name, &doc, e))
			return -1;
		json_write(&compact, doc);
		json_indent(j->b, compact.p);
		strbuf_adds(j->b, "\n");
		return 0;
	}
	if (profiles_text(j->a, j->dir, j->name, &text, &len, e))
		return -1;
	strbuf_add(j->b, text, len);
	if (len && text[len - 1] != '\n')
		strbuf_adds(j->b, "\n");
	return 0;
}

/* A name, or a file that is not installed yet. */
static int load(const struct job *j, const char *name, const struct profile **ret, struct err *e)
{
	return strchr(name, '/') ? profiles_load_file(j->a, j->dir, name, ret, e)
				 : profiles_load(j->a, j->dir, name, ret, e);
}

static int check_one(struct job *j, const char *name, struct err *e)
{
	const struct profile *p;

	if (load(j, name, &p, e))
		return -1;
	strbuf_addf(j->b, "%s: ok\n", name);
	return 0;
}

static int check_settings(struct job *j, struct err *e)
{
	const char *path = profiles_settings_path(j->a, j->dir);
	const struct profile *p;
	struct settings s;

	if (profiles_settings(j->a, j->dir, &s, e))
		return -1;
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	if (s.default_profile && profiles_load(j->a, j->dir, s.default_profile, &p, e))
		return err_ctx(e, "%s: defaultProfile", path);
	for (size_t i = 0; i < s.annotations.n_profiles; i++)
		if (profiles_load(j->a, j->dir, s.annotations.profiles[i], &p, e))
			return err_ctx(e, "%s: annotations.profiles[%zu]", path, i);
	strbuf_addf(j->b, "%s: ok\n", path);
	return 0;
}

/* Without a name: the settings and all profiles; every mistake is printed. */
static int profile_check(struct job *j, struct err *e)
{
	const char **names;
	int status = 0;
	size_t n;

	if (j->name)
		return check_one(j, j->name, e);
	if (profiles_names(j->a, j->dir, true, &names, &n, e))
		return -1;
	for (size_t i = 0; i <= n; i++) {
		struct err why = ERR_INIT;

		if (!(i < n ? check_one(j, names[i], &why) : check_settings(j, &why)))
			continue;
		strbuf_addf(j->b, "%s\n", why.msg);
		status = err_exit_status(why.kind);
	}
	return status;
}

static int lint_one(struct job *j, const char *name, struct err *e)
{
	const struct profile *p;
	struct lint_hole *holes;
	size_t n;

	if (load(j, name, &p, e))
		return -1;
	lint_profile(j->a, p, &holes, &n);
	for (size_t i = 0; i < n; i++)
		strbuf_addf(j->b, "%s: %s: %s [%s]\n", name, holes[i].member, holes[i].what,
			    holes[i].rule);
	if (n == 0)
		strbuf_addf(j->b, "%s: no hole found\n", name);
	return n ? HOLES_FOUND : 0;
}

/* Without a name: what the administrator wrote. A mistake is no reason to leave out the others, and
 * outweighs what they have. */
static int profile_lint(struct job *j, struct err *e)
{
	const char **names;
	int status = 0, mistake = 0;
	size_t n;

	if (j->name)
		return lint_one(j, j->name, e);
	if (profiles_names(j->a, j->dir, false, &names, &n, e))
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct err why = ERR_INIT;
		int r = lint_one(j, names[i], &why);

		if (r < 0) {
			strbuf_addf(j->b, "%s\n", why.msg);
			mistake = err_exit_status(why.kind);
		} else if (r) {
			status = r;
		}
	}
	if (n == 0)
		strbuf_addf(j->b, "there is no profile in %s\n", j->dir);
	return mistake ? mistake : status;
}

enum sub_name { NO_NAME, MAY_NAME, MUST_NAME };

/* Each returns the exit status, or -1 with e filled. */
static const struct sub {
	const char *name;
	enum sub_name takes;
	int (*run)(struct job *j, struct err *e);
} subs[] = {
	{ "list", NO_NAME, profile_list },   { "show", MUST_NAME, profile_show },
	{ "check", MAY_NAME, profile_check }, { "lint", MAY_NAME, profile_lint },
	{ 0 },
};

static int run_profile(struct cmd_ctx *ctx, const void *opts_, const struct opt_args *args,
		       struct err *e)
{
	const struct profile_opts *o = opts_;
	auto_strbuf struct strbuf b = STRBUF_INIT;
	struct job j = { .a = ctx->a,
			 .dir = ctx->profile_dir ? ctx->profile_dir : PROFILE_DIR,
			 .name = args->n > 1 ? args->v[1] : NULL,
			 .raw = o->raw,
			 .b = &b };
	const struct sub *s = subs;
	int status;

	while (s->name && !streq(s->name, args->v[0]))
		s++;
	if (!s->name || (j.name ? s->takes == NO_NAME : s->takes == MUST_NAME))
		return err_set(e, ERR_USAGE,
			       "usage: agentrt profile list | show [--raw] NAME | check [NAME|FILE] "
			       "| lint [NAME|FILE]");
	status = s->run(&j, e);
	if (status >= 0 && cmd_out(&b, e))
		return -1;
	return status;
}

const struct cmd cmd_profile = {
	.name = "profile",
	.args = "list | show [--raw] NAME | check [NAME|./FILE] | lint [NAME|./FILE]",
	.summary = "the profiles of this machine",
	.more = "show prints a profile with all that it extends. check finds mistakes, in all\n"
		"files without a name. lint finds holes, and ends with status 3 where there is one.\n",
	.opts = opts,
	.opts_size = sizeof(struct profile_opts),
	.min_args = 1,
	.max_args = 2,
	.root = ROOT_UNUSED,
	.run = run_profile,
};
