/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - `run`: create, start, stay until it ends, delete */
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/create.h"
#include "cmd/lifetime.h"
#include "cmd/notify.h"

/* Somebody who types `run` should see what the profile took away; engines never come here without
 * a log file. */
static void show_findings(const struct cmd_ctx *ctx, const struct plan *p)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	if (ctx->log || ctx->debug)
		return;
	for (size_t i = 0; i < p->n_findings; i++) {
		const struct plan_finding *f = &p->findings[i];

		if (streq(f->action, "removed"))
			strbuf_addf(&b, "%s%s", b.len ? ", " : "", f->what);
	}
	if (b.len)
		dprintf(STDERR_FILENO,
			"agentrt: profile %s removed: %s (agentrt explain says why)\n", p->profile,
			b.p);
}

/* Somebody else may have deleted it by now: then there is nothing to do. */
static int clean_up(struct container *c, const struct create_opts *o, struct err *e)
{
	struct err why = ERR_INIT;

	if (o->keep)
		return 0;
	if (container_relock(c, &why) == 0)
		return container_destroy(c, e);
	if (why.kind == ERR_NOTFOUND)
		return 0;
	*e = why;
	return -1;
}

static bool take(void *arg)
{
	return notify_take(arg);
}

static int foreground(struct container *c, const struct create_opts *o, const struct exec_result *r,
		      struct notify *n, struct err *e)
{
	const struct exec_watch watch = { .fd = n->fd, .ready = take, .arg = n };
	struct err late = ERR_INIT;
	const char *why;
	int status;

	container_unlock(c); /* pause, update and delete are for others to call meanwhile */
	if (exec_relay(r, &watch, &status, e)) {
		if (clean_up(c, o, &late))
			log_warn("%s", late.msg);
		return -1;
	}
	c->st = STATUS_STOPPED;
	why = lifetime_ended(c);
	if (why)
		log_error("container %s was killed: %s", c->id, why);
	return clean_up(c, o, e) ? -1 : status;
}

/* A failed start leaves nothing behind, as a failed create does. */
static int start(struct container *c, struct notify *n, struct err *e)
{
	struct err late = ERR_INIT;

	if (notify_open(c, n, e) == 0 && container_start(c, e) == 0)
		return 0;
	if (container_destroy(c, &late) && late.kind != ERR_NOTFOUND)
		log_warn("%s", late.msg);
	return -1;
}

static int run_run(struct cmd_ctx *ctx, const void *opts, const struct opt_args *args,
		   struct err *e)
{
	auto_container struct container c = CONTAINER_INIT;
	const struct create_opts *o = opts;
	struct exec_result r = { .pidfd = -1, .late = -1, .console_master = -1 };
	struct notify n = { .fd = -1 };
	const struct plan *plan;
	int status = 0;

	if (create_container(ctx, args->v[0], o, &c, &plan, &r, e))
		return -1;
	if (!o->detach)
		show_findings(ctx, plan);
	int rc = start(&c, &n, e);
	fd_close(&r.late);
	if (rc)
		status = -1;
	else if (!o->detach)
		status = foreground(&c, o, &r, &n, e);
	else
		status = notify_wait(&c, &n, e);
	notify_done(&n);
	fd_close(&r.pidfd);
	fd_close(&r.console_master);
	return status;
}

static const struct opt opts[] = {
	CREATE_OPTS,
	CREATE_OPT(FLAG, detach, "detach", 'd', NULL, "do not wait for the container's end"),
	CREATE_OPT(FLAG, keep, "keep", 0, NULL, "do not delete the container at its end"),
	CREATE_OPT(FLAG, no_subreaper, "no-subreaper", 0, NULL,
		   "do not adopt the container's orphans"),
	{ 0 },
};

const struct cmd cmd_run = {
	.name = "run",
	.args = "[options] ID",
	.summary = "create and start a container, wait for its end and delete it",
	.more = "The exit status is that of the container's process (128 + signal).\n",
	.opts = opts,
	.opts_size = sizeof(struct create_opts),
	.min_args = 1,
	.max_args = 1,
	.run = run_run,
};
