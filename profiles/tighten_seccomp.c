/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tighten_seccomp.c - the profile's own filter, loaded beside the config's: the stricter one wins
 *
 * A listener of the config's filter is a process outside that answers system calls for the
 * container: it may put descriptors of the host into it (SECCOMP_IOCTL_NOTIF_ADDFD). Without one
 * the kernel answers what the filter leaves to it with ENOSYS.
 */
#include "base/mutant.h"
#include "profiles/tighten_ctx.h"

static void cut_listener(struct tighten_ctx *c)
{
	struct oci_seccomp *f;

	if (!c->s->linux_.seccomp || !c->s->linux_.seccomp->listener_path ||
	    mutant("seccomp.listener"))
		return;
	f = arena_alloc(c->a, 1, sizeof(*f));
	*f = *c->s->linux_.seccomp;
	f->listener_path = f->listener_metadata = NULL;
	c->s->linux_.seccomp = f;
	tighten_find(c, "seccomp.listener", FIND_REMOVED,
		     "a process outside would answer system calls for the container",
		     "linux.seccomp.listenerPath");
}

int tighten_seccomp(struct tighten_ctx *c, struct err *e)
{
	(void)e;
	if (!c->p->seccomp)
		return 0;
	cut_listener(c);
	if (mutant("seccomp.agent"))
		return 0;
	c->t->seccomp2 = c->p->seccomp;
	tighten_find(c, "seccomp.agent", FIND_ADDED,
		     c->in->linux_.seccomp ? "the config's filter stays, this one stands beside it"
					   : "the config brings no filter",
		     "linux.seccomp: the profile's filter");
	return 0;
}
