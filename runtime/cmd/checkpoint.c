/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkpoint.c - `checkpoint` and `restore` do not exist here
 *
 * They are commands all the same, because engines probe for them: `checkpoint --help` that fails
 * is how Podman learns it. A restored image is hostile input that overrides the config.
 */
#include "cmd/cmd.h"

static int run_unsupported(struct cmd_ctx *ctx, const void *opts, const struct opt_args *args,
			   struct err *e)
{
	(void)ctx, (void)opts, (void)args; /* whatever they are */
	return err_set(e, ERR_UNSUPPORTED, "checkpoint and restore are not supported");
}

const struct cmd cmd_checkpoint = {
	.name = "checkpoint",
	.args = "ID",
	.summary = "not supported",
	.takes_anything = true,
	.root = ROOT_UNUSED,
	.run = run_unsupported,
};

const struct cmd cmd_restore = {
	.name = "restore",
	.args = "ID",
	.summary = "not supported",
	.takes_anything = true,
	.root = ROOT_UNUSED,
	.run = run_unsupported,
};
