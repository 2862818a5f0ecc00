/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p_process.c - what becomes of the process before it executes
 *
 * The order is runc's init's, which others have come to rely on: keyring, host name, AppArmor,
 * sysctls, scheduling, SELinux; then seccomp before the ids and capabilities go - unless
 * no_new_privs is set, for then a filter needs no capability and comes last, where it sees less. A
 * Landlock domain needs the same, and comes just before.
 */
#include "base/path.h"
#include "base/str.h"
#include "base/table.h"
#include "plan/p.h"

#define DEFAULT_UMASK 0022u

static void keyring(struct build *b)
{
	if (!b->no_new_keyring)
		plan_add(b->p, OP_KEYRING, "runtime", "oci");
}

static void oom(struct build *b)
{
	const struct opt_i64 *adj = &b->proc->oom_score_adj;
	struct op *op;

	if (!adj->set)
		return;
	op = plan_add(b->p, OP_OOM, "process.oomScoreAdj", build_rule(b, "process.oomScoreAdj", NULL));
	op->u.oom.score_adj = (int)adj->v;
	if (facts_is_rootless(b->f)) {
		op->on_fail = FAIL_IGNORE;
		op->note = "rootless: the score cannot be lowered";
	}
}

static void rlimits(struct build *b)
{
	for (size_t i = 0; i < b->proc->n_rlimits; i++) {
		const struct oci_rlimit *r = &b->proc->rlimits[i];
		const char *where = arena_printf(b->a, "process.rlimits[%zu]", i);
		struct op *op = plan_add(b->p, OP_RLIMIT, where, build_rule(b, where, NULL));

		op->u.rlimit = (struct op_rlimit){ r->type, r->soft, r->hard };
	}
}

static int one_name(struct build *b, const char *where, const char *name, bool domain, struct err *e)
{
	if (!name || !*name)
		return 0;
	if (!build_has_ns(b, NS_UTS))
		return err_set(e, ERR_SPEC, "%s: needs a uts namespace of the container's own", where);
	plan_add(b->p, OP_HOSTNAME, where, "oci")->u.hostname = (struct op_hostname){ name, domain };
	return 0;
}

static int names(struct build *b, struct err *e)
{
	return one_name(b, "hostname", b->s->hostname, false, e) ||
			       one_name(b, "domainname", b->s->domainname, true, e) ?
		       -1 :
		       0;
}

static void lsm(struct build *b, const char *where, bool selinux, const char *label)
{
	plan_add(b->p, OP_LSM, where, "oci")->u.lsm = (struct op_lsm){ selinux, label };
}

static int apparmor(struct build *b, struct err *e)
{
	const char *profile = b->proc->apparmor_profile;

	if (!profile || !*profile || (!b->f->apparmor && streq(profile, "unconfined")))
		return 0;
	if (!b->f->apparmor)
		return err_set(e, ERR_UNSUPPORTED, "process.apparmorProfile: AppArmor is not enabled on this "
			       "host, so \"%s\" cannot be applied", profile);
	lsm(b, "process.apparmorProfile", false, profile);
	return 0;
}

static int selinux(struct build *b, struct err *e)
{
	const char *label = b->proc->selinux_label;

	if (!label || !*label)
		return 0;
	if (!b->f->selinux)
		return err_set(e, ERR_UNSUPPORTED, "process.selinuxLabel: SELinux is not enabled on this "
			       "host, so \"%s\" cannot be applied", label);
	lsm(b, "process.selinuxLabel", true, label);
	return 0;
}

static void scheduler(const struct oci_process *p, struct op_sched *s)
{
	if (p->scheduler) {
		s->has_scheduler = true;
		s->policy = (uint32_t)p->scheduler->policy;
		s->nice = p->scheduler->nice;
		s->priority = (uint32_t)p->scheduler->priority;
		s->flags = p->scheduler->flags;
		s->runtime_ns = p->scheduler->runtime_ns;
		s->deadline_ns = p->scheduler->deadline_ns;
		s->period_ns = p->scheduler->period_ns;
	}
	if (p->io_class > 0) {
		s->io_class = p->io_class;
		s->io_priority = p->io_priority;
	}
}

/* Always there: the affinity that the runtime was started with is not the container's. */
static void sched(struct build *b)
{
	const struct oci_linux *l = &b->s->linux_;
	struct op_sched s = { .mempolicy = -1 };

	scheduler(b->proc, &s);
	if (l->personality >= 0) {
		s.has_personality = true;
		s.personality = (unsigned long)l->personality;
	}
	if (l->memory_policy) {
		s.mempolicy = l->memory_policy->mode;
		s.mempolicy_flags = l->memory_policy->flags;
		s.mempolicy_nodes = l->memory_policy->nodes;
	}
	if (b->p->is_exec) {
		s.affinity_initial = b->proc->cpu_affinity_initial;
		s.affinity_final = b->proc->cpu_affinity_final;
	}
	plan_add(b->p, OP_SCHED, "process", "oci")->u.sched = s;
}

static int fences(struct build *b, struct err *e)
{
	const struct oci_seccomp *own = b->s->linux_.seccomp;

	p_landlock(b);
	p_setid(b); /* first: it lets the others load */
	if (own && p_seccomp(b, own, "linux.seccomp", "oci", e))
		return -1;
	if (b->seccomp2 && p_seccomp(b, b->seccomp2, "profile", "seccomp.agent", e))
		return -1;
	p_seccomp_record(b);
	return 0;
}

/*
 * Capabilities: a set cannot be had where the runtime's bounding set or the kernel lacks it; the
 * specification wants a warning for that, not a failure. A new user namespace starts with all.
 */
static void capabilities(struct build *b, struct op_creds *c)
{
	static const struct oci_caps none;
	const struct oci_caps *caps = b->proc->caps ? b->proc->caps : &none;
	uint64_t can = b->f->cap_last < 63 ? (UINT64_C(2) << b->f->cap_last) - 1 : UINT64_MAX;

	if (!build_has_userns(b))
		can &= b->f->cap_bounding;
	c->has_caps = true; /* absent means none */
	c->bounding = caps->bounding & can;
	c->permitted = caps->permitted & can;
	c->effective = caps->effective & c->permitted;
	c->inheritable = caps->inheritable & can;
	c->ambient = caps->ambient & c->permitted & c->inheritable;
	if ((caps->bounding | caps->permitted | caps->inheritable) & ~can)
		build_finding(b, "oci", FIND_NOTE, "process.capabilities",
			      "some are out of the runtime's own reach and are left out");
	for (size_t i = 0; i < b->proc->n_unknown_caps; i++)
		build_finding(b, "oci", FIND_NOTE,
			      arena_printf(b->a, "process.capabilities: %s",
					   b->proc->unknown_caps[i]),
			      "not a capability that agentrt knows; left out");
}

/* Groups cannot be set where the kernel had to be promised that they never will be. */
static int groups(struct build *b, struct op_creds *c, struct err *e)
{
	const struct oci_user *u = &b->proc->user;
	const struct op *ns = plan_find(b->p, OP_USERNS);
	bool denied = b->f->deny_setgroups ||
		      (b->f->euid != 0 && (!ns || ns->u.userns.deny_setgroups));

	if (denied && u->n_additional_gids)
		return err_set(e, ERR_SPEC, "process.user.additionalGids: cannot be set by a rootless "
			       "runtime with a single group");
	c->set_groups = !denied;
	c->groups = u->additional_gids;
	c->n_groups = u->n_additional_gids;
	return 0;
}

static int creds(struct build *b, struct err *e)
{
	const struct oci_process *p = b->proc;
	struct op_creds c = { .uid = p->user.uid,
			      .gid = p->user.gid,
			      .umask = p->user.umask.set ? p->user.umask.v : DEFAULT_UMASK,
			      .no_new_privs = p->no_new_privileges };

	capabilities(b, &c);
	if (groups(b, &c, e))
		return -1;
	plan_add(b->p, OP_CREDS, "process.user", "oci")->u.creds = c;
	return 0;
}

int p_process(struct build *b, struct err *e)
{
	keyring(b);
	oom(b);
	rlimits(b);
	if (!b->p->is_exec && names(b, e))
		return -1;
	if (apparmor(b, e) || (!b->p->is_exec && p_sysctl(b, e)))
		return -1;
	sched(b);
	if (selinux(b, e))
		return -1;
	if (!b->proc->no_new_privileges && fences(b, e))
		return -1;
	if (creds(b, e))
		return -1;
	return b->proc->no_new_privileges ? fences(b, e) : 0;
}

void p_exec(struct build *b)
{
	const struct oci_process *p = b->proc;
	const char *home = oci_env_get(p, "HOME");
	struct op_exec x = { .args = plan_strv(b->a, p->args, p->n_args),
			     .env = plan_strv(b->a, p->env, p->n_env),
			     .cwd_ctr = p->cwd ? path_clean(b->a, p->cwd) : "/",
			     .set_home = !home || !*home,
			     .screen_fds = b->profile && b->profile->process_screen };

	plan_add(b->p, OP_EXEC, "process", "oci")->u.exec = x;
}
