/* SPDX-License-Identifier: Apache-2.0 */
/* t_options.c - runtime/cmd/options: the spellings that engines use, and what is refused */
#include "base/table.h"
#include "cmd/options.h"
#include "tests/unit/test.h"

struct dest {
	bool detach, tty, no_subreaper;
	const char *bundle, *log;
	struct opt_list env;
	struct opt_num fds, mem, memory;
};

#define D(type_, member) .type = OPT_##type_, .offset = offsetof(struct dest, member)
static const struct opt opts[] = {
	{ .name = "detach", .short_name = 'd', D(FLAG, detach), .help = "leave it alone" },
	{ .name = "tty", .short_name = 't', D(FLAG, tty), .help = "a terminal" },
	{ .name = "no-subreaper", D(FLAG, no_subreaper) },
	{ .name = "bundle", .short_name = 'b', D(STRING, bundle), .arg = "DIR", .help = "bundle" },
	{ .name = "log", D(STRING, log), .arg = "FILE", .help = "log" },
	{ .name = "env", .short_name = 'e', D(LIST, env), .arg = "NAME=VALUE", .help = "environment" },
	{ .name = "preserve-fds", D(U32, fds), .arg = "N", .help = "descriptors" },
	{ .name = "pids-limit", D(I64, mem), .arg = "N", .help = "limit" },
	{ .name = "memory", D(U64, memory), .arg = "N", .help = "limit" },
	{ 0 },
};

/* What came out, as one line: "d t b=... e=..,.. | arguments". */
static void show(struct strbuf *b, const struct dest *d, const struct opt_args *args)
{
	strbuf_adds(b, "");
	strbuf_adds(b, d->detach ? "d " : "");
	strbuf_adds(b, d->tty ? "t " : "");
	strbuf_adds(b, d->no_subreaper ? "nosub " : "");
	if (d->bundle)
		strbuf_addf(b, "b=%s ", d->bundle);
	if (d->log)
		strbuf_addf(b, "log=%s ", d->log);
	for (size_t i = 0; i < d->env.n; i++)
		strbuf_addf(b, "e=%s ", d->env.v[i]);
	if (d->fds.set)
		strbuf_addf(b, "fds=%u ", (unsigned)d->fds.u);
	if (d->mem.set)
		strbuf_addf(b, "pids=%lld ", (long long)d->mem.i);
	if (d->memory.set)
		strbuf_addf(b, "mem=%llu ", (unsigned long long)d->memory.u);
	strbuf_adds(b, args->help ? "help |" : "|");
	for (size_t i = 0; i < args->n; i++)
		strbuf_addf(b, " %s", args->v[i]);
}

static const struct {
	const char *name;
	enum opt_order order;
	const char *argv[10];
	const char *want; /* what came out, or the error */
} rows[] = {
	{ "two dashes and a separate value", OPT_ANYWHERE, { "--bundle", "/b", "id" }, "b=/b | id" },
	{ "two dashes and a joined value", OPT_ANYWHERE, { "--bundle=/b", "id" }, "b=/b | id" },
	{ "one dash and a long name, as Go has it", OPT_ANYWHERE, { "-no-subreaper", "-bundle", "/b" },
	  "nosub b=/b |" },
	{ "a short option and its value", OPT_ANYWHERE, { "-b", "/b" }, "b=/b |" },
	{ "a short option with the value joined", OPT_ANYWHERE, { "-b/b", "-e=A=1" }, "b=/b e=A=1 |" },
	{ "short flags in one word", OPT_ANYWHERE, { "-dt", "id" }, "d t | id" },
	{ "short flags, the last takes a value", OPT_ANYWHERE, { "-dtb", "/b" }, "d t b=/b |" },
	{ "flags take true and false", OPT_ANYWHERE, { "--detach=true", "--tty=false" }, "d |" },
	{ "a later false takes an earlier flag back", OPT_ANYWHERE, { "-d", "--detach=false" }, "|" },
	{ "a flag takes no other word", OPT_ANYWHERE, { "--detach=yes" },
	  "agentrt x: option --detach: \"yes\" is not true or false" },
	{ "the last string wins", OPT_ANYWHERE, { "--log=a", "--log", "b" }, "log=b |" },
	{ "lists keep every value in order", OPT_ANYWHERE, { "-e", "A=1", "--env=B=", "-e", "A=2" },
	  "e=A=1 e=B= e=A=2 |" },
	{ "an empty joined value is a value", OPT_ANYWHERE, { "--log=", "id" }, "log= | id" },
	{ "a value may look like an option", OPT_ANYWHERE, { "--log", "--bundle" }, "log=--bundle |" },
	{ "a negative number is a value", OPT_ANYWHERE, { "--pids-limit", "-1" }, "pids=-1 |" },
	{ "a negative number where none may be", OPT_ANYWHERE, { "--preserve-fds=-1" },
	  "agentrt x: option --preserve-fds: \"-1\" is not a number in range" },
	{ "a number with a tail", OPT_ANYWHERE, { "--memory", "64m" },
	  "agentrt x: option --memory: \"64m\" is not a number in range" },
	{ "a number out of range", OPT_ANYWHERE, { "--preserve-fds", "4294967296" },
	  "agentrt x: option --preserve-fds: \"4294967296\" is not a number in range" },
	{ "the largest number", OPT_ANYWHERE, { "--memory", "18446744073709551615" },
	  "mem=18446744073709551615 |" },
	{ "options may follow arguments", OPT_ANYWHERE, { "id", "--log=a", "KILL" }, "log=a | id KILL" },
	{ "unless the rest belongs to somebody else", OPT_FIRST, { "-t", "id", "ls", "-d", "--", "-h" },
	  "t | id ls -d -- -h" },
	{ "two dashes alone end the options", OPT_ANYWHERE, { "-d", "--", "-t" }, "d | -t" },
	{ "one dash alone is an argument", OPT_ANYWHERE, { "-", "-d" }, "d | -" },
	{ "a missing value", OPT_ANYWHERE, { "id", "--bundle" },
	  "agentrt x: option --bundle requires an argument" },
	{ "an unknown long option", OPT_ANYWHERE, { "--bundel=/b" },
	  "agentrt x: unknown option --bundel=/b (agentrt x --help lists them)" },
	{ "a prefix of a long option is unknown", OPT_ANYWHERE, { "--bund", "/b" },
	  "agentrt x: unknown option --bund (agentrt x --help lists them)" },
	{ "an unknown short option", OPT_ANYWHERE, { "-dz" },
	  "agentrt x: unknown option -dz (agentrt x --help lists them)" },
	{ "help is always there", OPT_ANYWHERE, { "--help" }, "help |" },
	{ "help in one letter", OPT_FIRST, { "-h", "-d" }, "d help |" },
	{ "nothing at all", OPT_ANYWHERE, { NULL }, "|" },
};

static void spellings(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_arena struct arena a = ARENA_INIT;
		auto_strbuf struct strbuf b = STRBUF_INIT;
		struct dest d = { 0 };
		struct opt_args args = { 0 };
		struct err e = ERR_INIT;

		if (opt_parse(&a, opts, rows[i].order, rows[i].argv, "agentrt x", &d, &args, &e))
			strbuf_adds(&b, e.msg);
		else
			show(&b, &d, &args);
		if (!t_ok(streq(b.p, rows[i].want), rows[i].name))
			t_note("got  %s\n#   want %s", b.p, rows[i].want);
	}
}

static void help(void)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	opt_help(&b, opts);
	t_ok(strstr(b.p, "-b, --bundle DIR") != NULL, "help shows short name, long name and value");
	t_ok(strstr(b.p, "-h, --help") != NULL, "help shows itself");
	t_ok(strstr(b.p, "no-subreaper") == NULL, "an option without a text is not shown");
}

int main(void)
{
	spellings();
	help();
	return t_done();
}
