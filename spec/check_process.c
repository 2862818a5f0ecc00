/* SPDX-License-Identifier: Apache-2.0 */
/* check_process.c - config.md "Process", for create and for exec */
#include <linux/sched.h>

#include "base/mutant.h"
#include "spec/check.h"
#include "spec/names.h"

#define MAX_GROUPS 65536u /* NGROUPS_MAX */

static int cwd(const struct oci_process *p, struct err *e)
{
	if (p->cwd[0] == '/')
		return 0;
	return err_set(e, ERR_SPEC, "process.cwd \"%s\" must be absolute", check_show(p->cwd));
}

static int args(const struct oci_process *p, struct err *e)
{
	return p->n_args ? 0 : err_set(e, ERR_SPEC, "process.args must not be empty");
}

/* The entry is not shown: it may hold a secret. */
static int env(const struct oci_process *p, struct err *e)
{
	for (size_t i = 0; i < p->n_env; i++)
		if (p->env[i][0] == '=' || !strchr(p->env[i], '='))
			return err_set(e, ERR_SPEC, "process.env[%zu] must be NAME=VALUE", i);
	return 0;
}

static int rlimits(const struct oci_process *p, struct err *e)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < p->n_rlimits; i++) {
		const struct oci_rlimit *r = &p->rlimits[i];
		const char *name = name_of(&names_rlimit, (uint32_t)r->type);

		if (seen >> r->type & 1)
			return err_set(e, ERR_SPEC, "process.rlimits has %s twice", name);
		if (r->soft > r->hard)
			return err_set(e, ERR_SPEC,
				       "process.rlimits: %s has a soft limit above its hard limit",
				       name);
		seen |= UINT64_C(1) << r->type;
	}
	return 0;
}

static int oom(const struct oci_process *p, struct err *e)
{
	if (!p->oom_score_adj.set ||
	    (p->oom_score_adj.v >= -1000 && p->oom_score_adj.v <= 1000))
		return 0;
	return err_set(e, ERR_SPEC, "process.oomScoreAdj must be from -1000 to 1000");
}

static int umask(const struct oci_process *p, struct err *e)
{
	if (!p->user.umask.set || p->user.umask.v <= 0777)
		return 0;
	return err_set(e, ERR_SPEC, "process.user.umask must be at most 511 (octal 0777)");
}

static int groups(const struct oci_process *p, struct err *e)
{
	if (p->user.n_additional_gids <= MAX_GROUPS)
		return 0;
	return err_set(e, ERR_SPEC, "process.user.additionalGids has more than %u entries",
		       MAX_GROUPS);
}

static int console(const struct oci_process *p, struct err *e)
{
	if (!p->terminal || (p->console_height.v <= UINT16_MAX && p->console_width.v <= UINT16_MAX))
		return 0;
	return err_set(e, ERR_SPEC, "process.consoleSize must be at most %u", UINT16_MAX);
}

/* The kernel gives nice a meaning for these, and priority for the two realtime policies only. */
static bool has_nice(int policy)
{
	return policy == SCHED_NORMAL || policy == SCHED_BATCH;
}

static int scheduler(const struct oci_process *p, struct err *e)
{
	const struct oci_scheduler *s = p->scheduler;

	if (!s)
		return 0;
	if (has_nice(s->policy) && (s->nice < -20 || s->nice > 19))
		return err_set(e, ERR_SPEC, "process.scheduler.nice must be from -20 to 19");
	if (s->priority && s->policy != SCHED_FIFO && s->policy != SCHED_RR)
		return err_set(e, ERR_SPEC,
			       "process.scheduler.priority needs policy SCHED_FIFO or SCHED_RR");
	if (s->priority < 0 || s->priority > 99)
		return err_set(e, ERR_SPEC, "process.scheduler.priority must be from 0 to 99");
	if ((s->runtime_ns || s->deadline_ns || s->period_ns) && s->policy != SCHED_DEADLINE)
		return err_set(e, ERR_SPEC,
			       "process.scheduler: runtime, deadline and period need policy "
			       "SCHED_DEADLINE");
	return 0;
}

static int io_priority(const struct oci_process *p, struct err *e)
{
	if (p->io_priority >= 0 && p->io_priority <= 7)
		return 0;
	return err_set(e, ERR_SPEC, "process.ioPriority.priority must be from 0 to 7");
}

static int cpu_affinity(const struct oci_process *p, struct err *e)
{
	const char *const lists[] = { p->cpu_affinity_initial, p->cpu_affinity_final };

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (lists[i] && lists[i][strspn(lists[i], "0123456789,- ")])
			return err_set(e, ERR_SPEC,
				       "process.execCPUAffinity: \"%s\" is not a list of CPUs",
				       check_show(lists[i]));
	return 0;
}

static const struct {
	const char *name;
	int (*check)(const struct oci_process *p, struct err *e);
} rules[] = {
	{ "spec.process.cwd", cwd },
	{ "spec.process.args", args },
	{ "spec.process.env", env },
	{ "spec.process.rlimits", rlimits },
	{ "spec.process.oom", oom },
	{ "spec.process.umask", umask },
	{ "spec.process.groups", groups },
	{ "spec.process.console", console },
	{ "spec.process.scheduler", scheduler },
	{ "spec.process.ioprio", io_priority },
	{ "spec.process.affinity", cpu_affinity },
};

int check_process(const struct oci_process *p, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (!mutant(rules[i].name) && rules[i].check(p, e))
			return -1;
	return 0;
}
