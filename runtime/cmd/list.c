/* SPDX-License-Identifier: Apache-2.0 */
/* list.c - `list`: the containers of this state root */
#include "base/log.h"
#include "cmd/container.h"

struct list_opts {
	const char *format;
	bool quiet;
};

#define X(...) OPT_ROW(struct list_opts, __VA_ARGS__)
static const struct opt opts[] = {
	X(STRING, format, "format", 'f', "table|json", "how to print"),
	X(FLAG, quiet, "quiet", 'q', NULL, "only the ids"),
	{ 0 },
};

struct listing {
	struct strbuf text;
	size_t n;
	bool json;
};

static void add(struct listing *l, const struct container *c)
{
	long long pid = c->st == STATUS_STOPPED ? 0 : (long long)c->s->pid;
	const char *owner = c->s->owner && c->s->owner[0] ? c->s->owner : "root";

	if (l->json) {
		strbuf_adds(&l->text, l->n++ ? "," : "");
		state_print(&l->text, c->s, c->st, pid);
		return;
	}
	strbuf_addf(&l->text, "%-24s %-10lld %-10s %-32s %-32s %s\n", c->id, pid,
		    status_name[c->st], c->s->bundle, c->s->created, owner);
}

static void add_id(struct cmd_ctx *ctx, struct listing *l, const char *id)
{
	auto_container struct container c = CONTAINER_INIT;
	struct err why = ERR_INIT;

	if (container_open(ctx, id, WITHOUT_LOCK, &c, &why) == 0)
		add(l, &c);
	else if (why.kind != ERR_NOTFOUND) /* deleted while we list */
		log_warn("%s", why.msg);
}

static int run_list(struct cmd_ctx *ctx, const void *opts_, const struct opt_args *args,
		    struct err *e)
{
	const struct list_opts *o = opts_;
	struct listing l = { .json = o->format && streq(o->format, "json") };
	const char **ids;
	size_t n;

	(void)args; /* none are allowed */
	if (o->format && !l.json && !streq(o->format, "table"))
		return err_set(e, ERR_USAGE, "--format %s: must be table or json", o->format);
	if (state_list(ctx->a, ctx->root, &ids, &n, e))
		return -1;
	strbuf_adds(&l.text, l.json && !o->quiet ? "[" : "");
	if (!l.json && !o->quiet)
		strbuf_addf(&l.text, "%-24s %-10s %-10s %-32s %-32s %s\n", "ID", "PID", "STATUS",
			    "BUNDLE", "CREATED", "OWNER");
	for (size_t i = 0; i < n; i++) {
		if (o->quiet)
			strbuf_addf(&l.text, "%s\n", ids[i]);
		else
			add_id(ctx, &l, ids[i]);
	}
	strbuf_adds(&l.text, l.json && !o->quiet ? "]\n" : "");

	int rc = cmd_out(&l.text, e);
	strbuf_done(&l.text);
	return rc;
}

const struct cmd cmd_list = {
	.name = "list",
	.args = "[options]",
	.summary = "list the containers of this state root",
	.opts = opts,
	.opts_size = sizeof(struct list_opts),
	.max_args = CMD_NO_ARGS,
	.run = run_list,
};
