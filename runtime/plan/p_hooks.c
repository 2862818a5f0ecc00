/* SPDX-License-Identifier: Apache-2.0 */
/* p_hooks.c - the config's hooks, each kind in the phase and place that the specification gives it */
#include "base/table.h"
#include "plan/p.h"

static const struct {
	const char *name;
	enum phase phase;
	enum plan_hook_kind kind;
} kinds[] = {
	[HOOK_PRESTART] = { "prestart", P_NET, PLAN_HOOK_PRESTART },
	[HOOK_CREATE_RUNTIME] = { "createRuntime", P_NET, PLAN_HOOK_CREATE_RUNTIME },
	[HOOK_CREATE_CONTAINER] = { "createContainer", C_FS, PLAN_HOOK_CREATE_CONTAINER },
	[HOOK_START_CONTAINER] = { "startContainer", C_EXEC, PLAN_HOOK_START_CONTAINER },
	[HOOK_POSTSTART] = { "poststart", P_POST, PLAN_HOOK_POSTSTART },
	[HOOK_POSTSTOP] = { "poststop", P_POST, PLAN_HOOK_POSTSTOP },
};
TABLE_CHECK(kinds, HOOK__COUNT);

/*
 * Without an environment in the config runc gives a startContainer hook the container's, one that
 * runs beside the runtime the runtime's (engines' hooks rely on PATH and HOME), and a createContainer
 * hook none.
 */
static const char **hook_env(struct build *b, const struct oci_hook *h, enum oci_hook_kind kind)
{
	if (h->n_env || kind == HOOK_CREATE_CONTAINER)
		return plan_strv(b->a, h->env, h->n_env);
	if (kind == HOOK_START_CONTAINER)
		return plan_strv(b->a, b->proc->env, b->proc->n_env);
	return NULL;
}

static int add(struct build *b, enum oci_hook_kind kind, struct err *e)
{
	for (size_t i = 0; i < b->s->hooks.kind[kind].n; i++) {
		const struct oci_hook *h = &b->s->hooks.kind[kind].v[i];
		const char *where = arena_printf(b->a, "hooks.%s[%zu]", kinds[kind].name, i);

		if (!h->path || h->path[0] != '/')
			return err_set(e, ERR_SPEC, "%s.path: must be absolute", where);
		struct op *op = plan_add(b->p, OP_HOOK, where, "oci");

		op->phase = kinds[kind].phase;
		op->u.hook = (struct op_hook){
			.kind = kinds[kind].kind,
			.path = h->path,
			.args = h->n_args ? plan_strv(b->a, h->args, h->n_args) :
					    plan_strv(b->a, &h->path, 1),
			.env = hook_env(b, h, kind),
			.timeout_s = h->timeout_s.set ? h->timeout_s.v : 0,
		};
		if (kind == HOOK_POSTSTOP)
			op->on_fail = FAIL_IGNORE; /* the specification: log and go on */
	}
	return 0;
}

int p_hooks_net(struct build *b, struct err *e)
{
	return add(b, HOOK_PRESTART, e) || add(b, HOOK_CREATE_RUNTIME, e) ? -1 : 0;
}

int p_hooks_fs(struct build *b, struct err *e)
{
	return add(b, HOOK_CREATE_CONTAINER, e);
}

int p_hooks_exec(struct build *b, struct err *e)
{
	return add(b, HOOK_START_CONTAINER, e);
}

int p_hooks_post(struct build *b, struct err *e)
{
	return add(b, HOOK_POSTSTART, e) || add(b, HOOK_POSTSTOP, e) ? -1 : 0;
}
