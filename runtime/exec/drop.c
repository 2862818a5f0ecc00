/* SPDX-License-Identifier: Apache-2.0 */
/* drop.c - detached mounts that are done with: closed together, when nobody waits */
#include <sys/mount.h>

#include "base/fd.h"
#include "base/mutant.h"
#include "exec/ctx.h"
#include "sys/mnt.h"

/* A clone of a shared mount is its peer, attached or not: what were put on it would lie on the host's, too. */
static bool has_no_peers(int mnt)
{
	const struct mnt_change alone = { .propagation = MS_PRIVATE };

	return mutant("drop.private") || mnt_set(mnt, &alone) == 0;
}

void ctx_drop(struct exec_ctx *c, int *mnt)
{
	if (*mnt >= 0 && has_no_peers(*mnt)) {
		if (c->dropped < 0)
			c->dropped = take_fd(*mnt);
		else
			(void)mnt_attach(*mnt, c->dropped); /* not possible: closing waits */
	}
	fd_close(mnt);
}

void ctx_drop_all(struct exec_ctx *c)
{
	fd_close(&c->dropped);
}
