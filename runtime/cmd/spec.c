/* SPDX-License-Identifier: Apache-2.0 */
/* spec.c - `spec`: a config.json to begin with */
#include "spec/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "cmd/cmd.h"
#include "spec/json.h"

struct spec_opts {
	const char *bundle;
	bool rootless;
};

#define X(...) OPT_ROW(struct spec_opts, __VA_ARGS__)
static const struct opt opts[] = {
	X(STRING, bundle, "bundle", 'b', "DIR",
	  "where to write it (default: the current directory)"),
	X(FLAG, rootless, "rootless", 0, NULL, "for a user other than root"),
	{ 0 },
};

static int run_spec(struct cmd_ctx *ctx, const void *opts_, const struct opt_args *args,
		    struct err *e)
{
	const struct spec_opts *o = opts_;
	const char *path;
	auto_strbuf struct strbuf compact = STRBUF_INIT, b = STRBUF_INIT;
	struct oci_spec *s;

	(void)args; /* none are allowed */
	if (cmd_abs(ctx->a, o->bundle ? o->bundle : ".", &path, e))
		return -1;
	path = path_join(ctx->a, path, "config.json");
	spec_default(ctx->a, o->rootless, geteuid(), getegid(), &s);
	spec_write(&compact, s);
	json_indent(&b, compact.p);
	strbuf_adds(&b, "\n");

	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		return err_set(e, ERR_USAGE, "file %s exists: remove it first", path);
	if (fd < 0 || fd_write_all(fd, b.p, b.len) < 0)
		return err_sys(e, "write %s", path);
	return 0;
}

const struct cmd cmd_spec = {
	.name = "spec",
	.args = "[options]",
	.summary = "write a config.json to begin with",
	.opts = opts,
	.opts_size = sizeof(struct spec_opts),
	.max_args = CMD_NO_ARGS,
	.root = ROOT_UNUSED,
	.run = run_spec,
};
