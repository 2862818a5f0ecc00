/* SPDX-License-Identifier: Apache-2.0 */
/* tighten_seccomp.c - the profile's own filter, loaded beside the config's: the stricter one wins
 */
#include "base/mutant.h"
#include "profiles/tighten_ctx.h"

int tighten_seccomp(struct tighten_ctx *c, struct err *e)
{
	(void)e;
	if (!c->p->seccomp || mutant("seccomp.agent"))
		return 0;
	c->t->seccomp2 = c->p->seccomp;
	tighten_find(c, "seccomp.agent", FIND_ADDED,
		     c->in->linux_.seccomp ? "the config's filter stays, this one stands beside it"
					   : "the config brings no filter",
		     "linux.seccomp: the profile's filter");
	return 0;
}
