/* SPDX-License-Identifier: Apache-2.0 */
/* features.c - `features`: what this runtime implements, as JSON and nothing else */
#include "cmd/cmd.h"
#include "profiles/narrow.h"
#include "spec/json.h"
#include "spec/spec.h"

static int run_features(struct cmd_ctx *ctx, const void *opts, const struct opt_args *args,
			struct err *e)
{
	auto_strbuf struct strbuf compact = STRBUF_INIT, b = STRBUF_INIT;

	(void)opts, (void)args; /* the answer depends on nothing */
	spec_features(&compact, narrow_keys(ctx->a));
	json_indent(&b, compact.p);
	strbuf_adds(&b, "\n");
	return cmd_out(&b, e);
}

const struct cmd cmd_features = {
	.name = "features",
	.args = "",
	.summary = "print what this runtime implements",
	.max_args = CMD_NO_ARGS,
	.root = ROOT_UNUSED,
	.run = run_features,
};
