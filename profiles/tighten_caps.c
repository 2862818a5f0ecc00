/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tighten_caps.c - capabilities cut to the profile's set; no_new_privs
 *
 * Inheritable capabilities are never kept for root: they would come back through file
 * capabilities (CVE-2022-24769). A process that is not root needs ambient ones to hold any at
 * all, and the kernel raises an ambient capability only where it is inheritable too.
 */
#include "base/mutant.h"
#include "base/str.h"
#include "base/table.h"
#include "profiles/tighten_ctx.h"
#include "spec/names.h"

static const char *names_in(struct tighten_ctx *c, uint64_t set)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	for (unsigned i = 0; i < 64; i++) {
		const char *name = set >> i & 1 ? name_of(&names_cap, i) : NULL;

		if (name)
			strbuf_addf(&b, "%s%s", b.len ? " " : "", name);
	}
	return arena_strdup(c->a, b.p ? b.p : "");
}

/* What has gone from a set. */
static uint64_t cut(uint64_t *set, uint64_t keep)
{
	uint64_t off = *set & ~keep;

	if (mutant("caps.bounding"))
		return 0;
	*set &= keep;
	return off;
}

/* Sets that have lost the same are one finding: mostly it is all of them. */
struct lost {
	const char *set;
	uint64_t off;
};

static void find_lost(struct tighten_ctx *c, struct lost *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *sets = v[i].set;
		bool many = false;

		if (!v[i].off)
			continue;
		for (size_t k = i + 1; k < n; k++)
			if (v[k].off == v[i].off) {
				sets = arena_printf(c->a, "%s,%s", sets, v[k].set);
				v[k].off = 0;
				many = true;
			}
		tighten_find(c, "caps.bounding", FIND_REMOVED,
			     "capabilities.keep of the profile leaves them out",
			     many ? "process.capabilities.{%s}: %s" : "process.capabilities.%s: %s",
			     sets, names_in(c, v[i].off));
	}
}

static void cut_inheritable(struct tighten_ctx *c, struct oci_caps *caps)
{
	uint64_t keep = c->proc->user.uid == 0 ? 0 : caps->ambient & caps->inheritable;

	if (!(caps->inheritable & ~keep) || mutant("caps.inheritable"))
		return;
	caps->inheritable = keep;
	tighten_find(c, "caps.inheritable", FIND_REPLACED,
		     "inheritable capabilities would come back through file capabilities",
		     "process.capabilities.inheritable");
}

static void cut_sets(struct tighten_ctx *c, struct oci_caps *caps)
{
	uint64_t keep = c->p->caps.keep;
	struct lost lost[] = { { "bounding", 0 }, { "permitted", 0 }, { "effective", 0 }, { "ambient", 0 } };

	lost[0].off = cut(&caps->bounding, keep);
	lost[1].off = cut(&caps->permitted, keep & caps->bounding);
	lost[2].off = cut(&caps->effective, keep & caps->permitted);
	keep = c->proc->user.uid == 0 ? 0 : keep & caps->permitted & caps->inheritable;
	lost[3].off = cut(&caps->ambient, keep);
	find_lost(c, lost, ARRAY_SIZE(lost));
}

static void note_sudo(struct tighten_ctx *c)
{
	if (!c->p->no_new_privs || !c->f || !c->f->root.has_sudo || c->proc->user.uid == 0)
		return;
	tighten_find(c, "process.sudo", FIND_NOTE,
		     "sudo gives nothing under no_new_privs: start it as user 0, who is root of the "
		     "container alone, or set process.noNewPrivileges to false in the profile",
		     "process.user: uid %u, in an image with sudo", c->proc->user.uid);
}

int tighten_caps(struct tighten_ctx *c, struct err *e)
{
	struct oci_process *proc = c->proc;

	(void)e;
	if (!proc)
		return 0;
	if (c->p->caps.screen) {
		if (!proc->caps)
			proc->caps = arena_alloc(c->a, 1, sizeof(*proc->caps));
		cut_sets(c, proc->caps);
		cut_inheritable(c, proc->caps);
	}
	if (c->p->no_new_privs && !proc->no_new_privileges && !mutant("process.nnp")) {
		proc->no_new_privileges = true;
		tighten_find(c, "process.nnp", FIND_ADDED,
			     "setuid programs and file capabilities "
			     "give nothing inside the container",
			     "process.noNewPrivileges");
	}
	note_sudo(c);
	return 0;
}
