/* SPDX-License-Identifier: Apache-2.0 */
/* delete.c - `delete`: remove what create made */
#include "cmd/container.h"

struct delete_opts {
	bool force;
};

#define X(...) OPT_ROW(struct delete_opts, __VA_ARGS__)
static const struct opt opts[] = {
	X(FLAG, force, "force", 'f', NULL,
	  "kill it first; a container that does not exist is no error"),
	{ 0 },
};

/* A created container runs nothing yet: both peers delete it, and engines expect it. */
static bool may_delete(enum status st)
{
	return st == STATUS_STOPPED || st == STATUS_CREATED;
}

static int run_delete(struct cmd_ctx *ctx, const void *opts_, const struct opt_args *args,
		      struct err *e)
{
	const struct delete_opts *o = opts_;
	auto_container struct container c = CONTAINER_INIT;
	struct err why = ERR_INIT;

	if (o->force ? container_open_anyhow(ctx, args->v[0], &c, &why)
		     : container_open(ctx, args->v[0], WITH_LOCK, &c, &why)) {
		if (o->force && why.kind == ERR_NOTFOUND)
			return 0;
		*e = why;
		return -1;
	}
	if (!o->force && !may_delete(c.st))
		return err_set(e, ERR_STATE,
			       "cannot delete container %s that is not stopped: it is %s", c.id,
			       status_name[c.st]);
	return container_destroy(&c, e) ? -1 : 0;
}

const struct cmd cmd_delete = {
	.name = "delete",
	.args = "[--force] ID",
	.summary = "delete a container and everything that create made",
	.opts = opts,
	.opts_size = sizeof(struct delete_opts),
	.min_args = 1,
	.max_args = 1,
	.run = run_delete,
};
