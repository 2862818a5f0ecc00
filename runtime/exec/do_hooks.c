/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_hooks.c - programs of the engine at fixed points
 *
 *	kind			phase	process, and so namespaces	state's pid
 *	prestart		P_NET	parent				host's
 *	createRuntime		P_NET	parent				host's
 *	createContainer		C_FS	child, before pivot_root	container's
 *	startContainer		C_EXEC	child, after it, confined	container's
 *	poststart, poststop	cmd/	parent (exec_hooks)		as given
 *
 * A createContainer hook's path is one of the runtime's (the root is still the host's) though it
 * runs in the container's namespaces; a startContainer hook's is one of the container's.
 *
 * Should: give the hook the state on stdin and nothing else of ours; end it and all it started when
 * its time is up; say in the error what it printed.
 * Mustn't: take an unread stdin for a failure; run a container's program with the parent's rights.
 */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mutant.h"
#include "base/table.h"
#include "exec/ctx.h"
#include "exec/hook_state.h"
#include "exec/proc.h"

static const struct hook_row { const char *name, *status; } hook_table[] = {
	[PLAN_HOOK_PRESTART] = { "prestart", "creating" },
	[PLAN_HOOK_CREATE_RUNTIME] = { "createRuntime", "creating" },
	[PLAN_HOOK_CREATE_CONTAINER] = { "createContainer", "creating" },
	[PLAN_HOOK_START_CONTAINER] = { "startContainer", "created" },
	[PLAN_HOOK_POSTSTART] = { "poststart", "running" },
	[PLAN_HOOK_POSTSTOP] = { "poststop", "stopped" },
};
TABLE_CHECK(hook_table, PLAN_HOOK__COUNT);

void hook_state(struct strbuf *b, const struct plan *p, const char *status, int pid)
{
	strbuf_adds(b, "{\"ociVersion\":");
	strbuf_add_json(b, p->oci_version);
	strbuf_adds(b, ",\"id\":");
	strbuf_add_json(b, p->id);
	strbuf_adds(b, ",\"status\":");
	strbuf_add_json(b, status);
	strbuf_addf(b, ",\"pid\":%d,\"bundle\":", pid);
	strbuf_add_json(b, p->bundle_host);
	strbuf_adds(b, ",\"annotations\":{");
	for (size_t i = 0; i < p->n_annotations; i++) {
		strbuf_adds(b, i ? "," : "");
		strbuf_add_json(b, p->annotations[i].key);
		strbuf_adds(b, ":");
		strbuf_add_json(b, p->annotations[i].value);
	}
	strbuf_adds(b, "}}");
}

static int run_hook(const struct op_hook *h, const char *cwd, const char *state_json,
		    struct err *e)
{
	struct proc_run r = { .path = h->path,
			      .argv = h->args,
			      .envp = h->env ? h->env : (const char *const *)environ,
			      .input = state_json,
			      .cwd = cwd,
			      .timeout_ms = h->timeout_s * 1000 };
	const char *name = hook_table[h->kind].name;
	struct proc_end end;

	if (mutant("op.hook"))
		return 0;
	if (proc_run(&r, &end, e))
		return err_ctx(e, "%s hook", name);
	if (end.timed_out)
		return err_set(e, ERR_SYS, "%s hook %s: no end within %lld s, killed; it printed: %s",
			       name, h->path, (long long)h->timeout_s, end.output);
	if (WIFSIGNALED(end.status))
		return err_set(e, ERR_SYS, "%s hook %s: killed by signal %d; it printed: %s", name,
			       h->path, WTERMSIG(end.status), end.output);
	if (WEXITSTATUS(end.status))
		return err_set(e, ERR_SYS, "%s hook %s: exit status %d; it printed: %s", name,
			       h->path, WEXITSTATUS(end.status), end.output);
	return 0;
}

/*
 * The bundle on the runtime's side, as with runc; the container's root for a hook in its namespaces.
 * Tools that work on a root by its path (ldconfig for graphics drivers) find it there and, where the
 * child can attach it there, at root.path, with every mount of the container (do_root.c).
 */
static const char *hook_cwd(const struct exec_ctx *c, const struct op_hook *h)
{
	bool in_child = h->kind == PLAN_HOOK_START_CONTAINER ||
			h->kind == PLAN_HOOK_CREATE_CONTAINER;

	return in_child ? NULL : c->plan->bundle_host;
}

int do_hook(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_hook *h = &op->u.hook;
	bool in_child = h->kind == PLAN_HOOK_CREATE_CONTAINER ||
			h->kind == PLAN_HOOK_START_CONTAINER;
	auto_strbuf struct strbuf b = STRBUF_INIT;

	(void)i;
	hook_state(&b, c->plan, hook_table[h->kind].status, in_child ? (int)getpid() : (int)c->pid);
	if (h->kind == PLAN_HOOK_CREATE_CONTAINER && fchdir(c->rootfd) < 0)
		return err_sys(e, "createContainer hook: enter the container's root");
	int rc = run_hook(h, hook_cwd(c, h), b.p, e);

	if (h->kind == PLAN_HOOK_CREATE_CONTAINER && chdir("/") < 0 && rc == 0)
		return err_sys(e, "createContainer hook: leave the container's root");
	return rc;
}

int exec_hooks(const struct plan *p, enum plan_hook_kind kind, const char *state_json,
	       struct err *e)
{
	struct err first = ERR_INIT;
	size_t n = 0;

	for (size_t i = 0; i < p->n_ops; i++) {
		const struct op *op = &p->ops[i];
		struct err why = ERR_INIT;

		if (op->kind != OP_HOOK || op->u.hook.kind != kind)
			continue;
		if (run_hook(&op->u.hook, p->bundle_host, state_json, &why)) {
			err_ctx(&why, "hooks.%s[%zu]", hook_table[kind].name, n);
			why.op = (int)i;
			if (first.kind == ERR_NONE)
				first = why;
			/* runtime.md "Lifecycle": what cleans up is not skipped for another's failure */
			if (kind != PLAN_HOOK_POSTSTOP)
				break;
		}
		n++;
	}
	if (first.kind == ERR_NONE)
		return 0;
	if (e)
		*e = first;
	return -1;
}
