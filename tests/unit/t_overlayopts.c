/* SPDX-License-Identifier: Apache-2.0 */
/* t_overlayopts.c - runtime/probe: an overlay's layers from its mount options */
#include "base/str.h"
#include "base/table.h"
#include "probe/overlayopts.h"
#include "tests/unit/test.h"

/* Layers are printed as "[a][b] upper work". */
static const struct {
	const char *name, *in, *want, *problem;
} rows[] = {
	{ "one lower and an upper", "rw,lowerdir=/a,upperdir=/u,workdir=/w", "[/a] /u /w", NULL },
	{ "three lowers, the first on top", "ro,lowerdir=/a:/b:/c", "[/a][/b][/c] - -", NULL },
	{ "relative lowers stay relative", "rw,lowerdir=l/AB:l/CD,upperdir=x/diff,workdir=x/work",
	  "[l/AB][l/CD] x/diff x/work", NULL },
	{ "an escaped colon, as given to mount(2)", "ro,lowerdir=/a\\134:b:/c", "[/a:b][/c] - -",
	  NULL },
	{ "an escaped colon, as the parsed path", "ro,lowerdir=/a\\072b:/c", "[/a:b][/c] - -",
	  NULL },
	{ "an escaped comma", "ro,lowerdir=/a\\134\\054b:/c", "[/a,b][/c] - -", NULL },
	{ "a comma that the kernel alone escaped", "ro,lowerdir=/a\\054b", "[/a,b] - -", NULL },
	{ "an escaped backslash", "ro,lowerdir=/a\\134\\134b", "[/a\\b] - -", NULL },
	{ "a backslash before another letter stays", "ro,lowerdir=/a\\134b", "[/a\\b] - -", NULL },
	{ "a space", "ro,lowerdir=/a\\040b", "[/a b] - -", NULL },
	{ "an upper with a comma", "rw,lowerdir=/a,upperdir=/u\\134\\054v,workdir=/w",
	  "[/a] /u,v /w", NULL },
	{ "an upper with a colon", "rw,lowerdir=/a,upperdir=/u:v,workdir=/w", "[/a] /u:v /w",
	  NULL },
	{ "layers one by one", "ro,lowerdir+=/a:b,lowerdir+=/c\\134:d", "[/a:b][/c\\:d] - -",
	  NULL },
	{ "data-only layers", "ro,lowerdir=/a::/d", NULL, "it has data-only layers" },
	{ "data-only layers one by one", "ro,lowerdir+=/a,datadir+=/d", NULL,
	  "it has data-only layers" },
	{ "no layers", "rw,size=4k", NULL, "its mount options name no layers" },
	{ "no options", "", NULL, "its mount options name no layers" },
	{ "an option that only begins with lowerdir", "rw,lowerdirx=/a", NULL,
	  "its mount options name no layers" },
};

static void layers(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_arena struct arena a = ARENA_INIT;
		auto_strbuf struct strbuf b = STRBUF_INIT;
		struct overlay_opts o;

		overlay_opts_parse(&a, rows[i].in, &o);
		for (size_t k = 0; k < o.n_lower; k++)
			strbuf_addf(&b, "[%s]", o.lower[k]);
		strbuf_addf(&b, " %s %s", o.upper ? o.upper : "-", o.work ? o.work : "-");
		bool ok = rows[i].problem ? o.problem && streq(o.problem, rows[i].problem)
					  : !o.problem && streq(b.p, rows[i].want);
		if (!t_ok(ok, rows[i].name))
			t_note("got %s, problem %s", b.p, o.problem ? o.problem : "none");
	}
}

static void flags(void)
{
	auto_arena struct arena a = ARENA_INIT;
	struct overlay_opts o;

	overlay_opts_parse(&a, "rw,lowerdir=/a,redirect_dir=on,metacopy=on,userxattr", &o);
	t_ok(o.userxattr && o.metacopy && o.redirect_dir && streq(o.redirect_dir, "on"),
	     "userxattr, metacopy and redirect_dir are seen");
	overlay_opts_parse(&a, "rw,lowerdir=/a,metacopy=off", &o);
	t_ok(!o.userxattr && !o.metacopy && !o.redirect_dir, "and are not seen where they are not");
}

static void many(void)
{
	auto_arena struct arena a = ARENA_INIT;
	auto_strbuf struct strbuf b = STRBUF_INIT;
	struct overlay_opts o;

	strbuf_adds(&b, "ro,lowerdir=/0");
	for (int i = 1; i < 500; i++)
		strbuf_addf(&b, ":/%d", i);
	overlay_opts_parse(&a, b.p, &o);
	t_ok(!o.problem && o.n_lower == 500, "500 layers are taken");
	strbuf_adds(&b, ":/500");
	overlay_opts_parse(&a, b.p, &o);
	t_ok(o.problem && o.n_lower == 500, "the 501st is a problem");
}

int main(void)
{
	layers();
	flags();
	many();
	return t_done();
}
