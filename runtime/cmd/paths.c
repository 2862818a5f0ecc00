/* SPDX-License-Identifier: Apache-2.0 */
/* paths.c - where the program's own pieces are */
#include "cmd/paths.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"

#define EGRESS_NAME "agentrt-egress"

static const char *beside(struct arena *a, const char *program)
{
	const char *dir = arena_strndup(a, program, (size_t)(path_base(program) - program));
	const char *path = path_join(a, dir, EGRESS_NAME);

	return access(path, X_OK) == 0 ? path : NULL;
}

/* A program that runs from a sealed copy of itself is nowhere: then what its caller says counts. */
const char *paths_egress(const struct cmd_ctx *ctx)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	const char *path = NULL;

	if (n > 0) {
		exe[n] = '\0';
		path = beside(ctx->a, exe);
	}
	if (!path && ctx->called)
		path = beside(ctx->a, ctx->called);
	return path ? path : LIBEXECDIR "/" EGRESS_NAME;
}

const char *paths_cache(struct arena *a)
{
	const char *xdg = getenv("XDG_CACHE_HOME");

	if (cmd_is_machine_root())
		return "/var/cache/agentrt";
	return xdg && xdg[0] == '/' ? path_join(a, xdg, "agentrt") : NULL;
}
