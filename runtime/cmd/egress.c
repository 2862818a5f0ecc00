/* SPDX-License-Identifier: Apache-2.0 */
/* egress.c - `egress log`: what a container asked of the network, and the answers */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "cmd/container.h"

static int copy_out(int dirfd, const char *name, struct err *e)
{
	auto_close int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char buf[65536];
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open %s", name);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (fd_write_all(STDOUT_FILENO, buf, (size_t)n) < 0)
			return err_sys(e, "write to standard output");
	return n < 0 ? err_sys(e, "read %s", name) : 0;
}

static int run_egress(struct cmd_ctx *ctx, const void *opts, const struct opt_args *args,
		      struct err *e)
{
	auto_container struct container c = CONTAINER_INIT;

	(void)opts; /* the command has none */
	if (!streq(args->v[0], "log"))
		return err_set(e, ERR_USAGE,
			       "agentrt egress: unknown subcommand %s (there is: log ID)",
			       args->v[0]);
	if (container_open(ctx, args->v[1], WITHOUT_LOCK, &c, e) ||
	    copy_out(c.dirfd, "egress.log.1", e) || copy_out(c.dirfd, "egress.log", e))
		return -1;
	return 0;
}

const struct cmd cmd_egress = {
	.name = "egress",
	.args = "log ID",
	.summary = "print the decisions of a container's egress proxy (JSON lines)",
	.min_args = 2,
	.max_args = 2,
	.run = run_egress,
};
