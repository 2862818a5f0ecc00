/* SPDX-License-Identifier: Apache-2.0 */
/* drop.c - detached mounts that are done with: closed together, when nobody waits */
#include "base/fd.h"
#include "exec/ctx.h"
#include "sys/mnt.h"

void ctx_drop(struct exec_ctx *c, int *mnt)
{
	if (c->dropped < 0)
		c->dropped = take_fd(*mnt);
	else if (*mnt >= 0)
		(void)mnt_attach(*mnt, c->dropped); /* not possible: closing waits */
	fd_close(mnt);
}

void ctx_drop_all(struct exec_ctx *c)
{
	fd_close(&c->dropped);
}
