/* SPDX-License-Identifier: Apache-2.0 */
/* outer.c - an ordinary user's ids, for the commands that need what root would have */
#include "cmd/outer.h"

#include <unistd.h>

#include "base/log.h"
#include "exec/exec.h"
#include "state/state.h"

#define NEWUIDMAP "newuidmap"

static struct exec_ids ids_of_caller(struct arena *a)
{
	struct state_user_ids u;

	state_user_ids(a, "/etc", getuid(), getgid(), &u);
	return (struct exec_ids){ u.uid, u.gid, u.n_uid, u.n_gid };
}

/* Without newuidmap(1), and where it refuses, his own id is what is left. */
static void only_own(struct exec_ids *ids, const struct err *why)
{
	log_debug("subordinate ids are not used: %s", why->msg);
	ids->n_uid = ids->n_gid = 1;
}

int cmd_outer_enter(struct cmd_ctx *ctx, struct err *e)
{
	struct exec_ids ids;
	struct err why = ERR_INIT;

	if (geteuid() == 0)
		return 0;
	ids = ids_of_caller(ctx->a);
	if (ids.n_uid > 1 && exec_outer_enter(&ids, &why)) {
		if (geteuid() == 0) { /* entered, and what came after failed */
			*e = why;
			return -1;
		}
		only_own(&ids, &why);
	} else if (ids.n_uid > 1) {
		ctx->own_userns = true;
		return 0;
	}
	if (exec_outer_enter(&ids, e))
		return -1;
	ctx->own_userns = true;
	return 0;
}

int cmd_outer_run(struct arena *a, int (*fn)(void *arg, struct err *e), void *arg, struct err *e)
{
	struct exec_ids ids;
	struct err why = ERR_INIT;

	if (geteuid() == 0)
		return fn(arg, e);
	ids = ids_of_caller(a);
	if (ids.n_uid > 1 && exec_outer_run(&ids, fn, arg, &why) == 0)
		return 0;
	if (ids.n_uid > 1)
		only_own(&ids, &why);
	return exec_outer_run(&ids, fn, arg, e);
}
