/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec.c - `exec`: another process in a running container
 *
 * The new process is narrowed by the profile that the container was created with, whatever
 * --profile says now: nothing given to exec may widen what create decided.
 */
#include "exec/exec.h"

#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "base/path.h"
#include "cmd/create.h"
#include "cmd/paths.h"
#include "cmd/pipeline.h"
#include "cmd/profiles.h"
#include "plan/build.h"
#include "probe/probe.h"
#include "spec/names.h"
#include "spec/spec.h"

#define EXEC_FAILED 255

struct exec_cmd_opts {
	const char *process, *cwd, *user, *console_socket, *pidfd_socket, *pid_file, *apparmor,
		*process_label, *cgroup;
	struct opt_list env, caps, gids;
	bool tty, detach, no_new_privs, ignore_paused;
	struct opt_num preserve_fds;
};

#define X(...) OPT_ROW(struct exec_cmd_opts, __VA_ARGS__)
static const struct opt opts[] = {
	X(STRING, process, "process", 'p', "FILE", "the process as JSON"),
	X(STRING, cwd, "cwd", 0, "DIR", "working directory in the container"),
	X(LIST, env, "env", 'e', "NAME=VALUE", "set an environment variable"),
	X(FLAG, tty, "tty", 't', NULL, "give it a terminal"),
	X(STRING, user, "user", 'u', "UID[:GID]", "numeric ids of the container"),
	X(LIST, gids, "additional-gids", 'g', "GID", "a further group"),
	X(FLAG, detach, "detach", 'd', NULL, "do not wait for its end"),
	X(STRING, pid_file, "pid-file", 0, "FILE", "write its pid there"),
	X(STRING, console_socket, "console-socket", 0, "SOCKET",
	  "unix socket that receives the terminal's descriptor"),
	X(STRING, pidfd_socket, "pidfd-socket", 0, "SOCKET",
	  "unix socket that receives a pidfd of the process"),
	X(LIST, caps, "cap", 'c', "CAP_NAME", "add a capability (the profile may take it away)"),
	X(FLAG, no_new_privs, "no-new-privs", 0, NULL, "set no_new_privs"),
	X(U32, preserve_fds, "preserve-fds", 0, "N",
	  "pass N descriptors after the first three (and LISTEN_FDS)"),
	X(FLAG, ignore_paused, "ignore-paused", 0, NULL, "also in a paused container"),
	X(STRING, apparmor, "apparmor", 0, "PROFILE", "AppArmor profile"),
	X(STRING, process_label, "process-label", 0, "LABEL", "SELinux label"),
	X(STRING, cgroup, "cgroup", 0, "[CONTROLLER:]PATH", "a cgroup below the container's"),
	{ 0 },
};

/* Digits only: peers took "1" for uid 0 after a failed parse (CVE-2026-30892). */
static int parse_user(const char *text, struct oci_user *ret, struct err *e)
{
	const char *colon = strchr(text, ':');
	auto_free char *uid = xstrdup(text);

	if (colon)
		uid[colon - text] = '\0';
	if (!str_to_u32(uid, &ret->uid) || (colon && !str_to_u32(colon + 1, &ret->gid)) ||
	    ret->uid == UINT32_MAX || (colon && ret->gid == UINT32_MAX))
		return err_set(e, ERR_USAGE,
			       "--user \"%s\": must be UID or UID:GID, decimal numbers", text);
	return 0;
}

static int add_gids(struct arena *a, const struct opt_list *gids, struct oci_user *u, struct err *e)
{
	uint32_t gid, *all = NULL;
	size_t n = 0;

	for (size_t i = 0; i < u->n_additional_gids; i++)
		*arena_push(a, all, n) = u->additional_gids[i];
	for (size_t i = 0; i < gids->n; i++) {
		if (!str_to_u32(gids->v[i], &gid) || gid == UINT32_MAX)
			return err_set(e, ERR_USAGE,
				       "--additional-gids \"%s\": must be a decimal number",
				       gids->v[i]);
		*arena_push(a, all, n) = gid;
	}
	u->additional_gids = all;
	u->n_additional_gids = n;
	return 0;
}

/* Never inheritable, and so never ambient: CVE-2022-29162 and its like. */
static int add_caps(struct arena *a, const struct opt_list *caps, struct oci_process *p,
		    struct err *e)
{
	struct oci_caps *c = arena_alloc(a, 1, sizeof(*c));
	uint64_t number;

	if (caps->n == 0)
		return 0;
	if (p->caps)
		*c = *p->caps;
	for (size_t i = 0; i < caps->n; i++) {
		if (!name_find(&names_cap, caps->v[i], &number))
			return err_set(e, ERR_USAGE, "--cap \"%s\": unknown capability",
				       caps->v[i]);
		c->bounding |= UINT64_C(1) << number;
		c->permitted |= UINT64_C(1) << number;
		c->effective |= UINT64_C(1) << number;
	}
	p->caps = c;
	return 0;
}

/* Later values of one name win: earlier ones are dropped, so that nobody sees two. */
static void set_env(struct arena *a, struct oci_process *p, const char *pair)
{
	size_t len = strcspn(pair, "=");
	const char **env = arena_alloc(a, p->n_env + 1, sizeof(*env));
	size_t n = 0;

	for (size_t i = 0; i < p->n_env; i++)
		if (strncmp(p->env[i], pair, len) != 0 || p->env[i][len] != '=')
			env[n++] = p->env[i];
	env[n++] = pair;
	p->env = env;
	p->n_env = n;
}

static int apply_options(struct arena *a, const struct exec_cmd_opts *o, struct oci_process *p,
			 struct err *e)
{
	if ((o->user && parse_user(o->user, &p->user, e)) || add_gids(a, &o->gids, &p->user, e) ||
	    add_caps(a, &o->caps, p, e))
		return -1;
	for (size_t i = 0; i < o->env.n; i++) {
		if (!strchr(o->env.v[i], '=') || o->env.v[i][0] == '=')
			return err_set(e, ERR_USAGE, "--env: entry %zu is not NAME=VALUE", i + 1);
		set_env(a, p, arena_strdup(a, o->env.v[i]));
	}
	if (o->cwd)
		p->cwd = o->cwd;
	if (o->apparmor)
		p->apparmor_profile = o->apparmor;
	if (o->process_label)
		p->selinux_label = o->process_label;
	p->no_new_privileges = p->no_new_privileges || o->no_new_privs;
	return 0;
}

static int process_from_file(struct arena *a, const char *path, struct oci_process **ret,
			     struct err *e)
{
	auto_free char *text = NULL;
	size_t len;

	if (fd_read_file(path, SPEC_MAX_BYTES, &text, &len, e))
		return -1;
	return spec_parse_process(a, text, len, path, ret, e);
}

/* With --process that document is the process; else it is the container's with overrides. */
static int make_process(struct arena *a, const struct exec_cmd_opts *o, const struct oci_spec *s,
			const struct opt_args *args, struct oci_process **ret, struct err *e)
{
	struct oci_process *p;

	if (o->process) {
		if (process_from_file(a, o->process, &p, e))
			return -1;
	} else {
		if (!s->process)
			return err_set(e, ERR_STATE,
				       "the container has no process to take defaults from");
		p = arena_alloc(a, 1, sizeof(*p));
		*p = *s->process;
		p->terminal = o->tty;
	}
	if (args->n > 1) {
		p->args = args->v + 1;
		p->n_args = args->n - 1;
	} else if (!o->process) {
		return err_set(e, ERR_USAGE,
			       "agentrt exec: no program given (usage: agentrt exec [options] "
			       "ID PROGRAM [arguments])");
	}
	if (apply_options(a, o, p, e) || spec_check_process(p, e) ||
	    create_check_terminal(p->terminal, o->detach, o->console_socket, e))
		return -1;
	*ret = p;
	return 0;
}

/* "memory:sub/dir" or "sub/dir"; cleaned, so that it stays below the container's cgroup. */
static int sub_cgroup(struct arena *a, const char *text, struct op_cgroup *cg, struct err *e)
{
	const char *colon = strchr(text, ':');
	size_t hits = 0;

	for (size_t i = 0; i < cg->n_dirs; i++) {
		const char *ctl = colon ? arena_strndup(a, text, (size_t)(colon - text)) : "";

		if (colon && !streq(ctl, cg->dirs[i].controllers))
			continue;
		const char *sub = path_clean(a, colon ? colon + 1 : text);
		if (sub[1])
			cg->dirs[i].path = arena_printf(a, "%s%s", cg->dirs[i].path, sub);
		hits++;
	}
	return hits ? 0
		    : err_set(e, ERR_USAGE, "--cgroup %s: the container has no such controller",
			      text);
}

/* What the saved numbers say init lives in is what exec joins: a recycled pid, or an init whose
 * waiting thread still shows the engine's network namespace, is refused by the executor. */
static void pin_namespaces(const struct container *c, struct plan *p)
{
	for (size_t i = 0; i < p->n_ops; i++) {
		struct op *op = &p->ops[i];

		if (op->kind == OP_NS && op->u.ns.action == NS_JOIN)
			op->u.ns.ino = c->s->ns_ino[op->u.ns.type];
		else if (op->kind == OP_USERNS && op->u.userns.action == NS_JOIN)
			op->u.userns.ino = c->s->ns_ino[NS_USER];
	}
}

static int make_plan(struct container *c, const struct exec_cmd_opts *o,
		     const struct opt_args *args, int proxy_dirfd, struct plan **ret_plan, struct err *e)
{
	struct exec_target t = { .id = c->id,
				 .bundle_host = c->s->bundle,
				 .init_pid = (int)c->s->pid,
				 .profile = c->s->profile,
				 .no_new_keyring = c->s->no_new_keyring,
				 .takes_listeners = proxy_dirfd >= 0 };
	const struct profile *profile;
	struct oci_process *proc = NULL, *narrow;
	struct finding *findings;
	struct oci_spec *s;
	struct facts *f;
	size_t n;

	if (container_spec(c, &s, e) ||
	    profiles_for(c->a, c->s->profile_dir, c->s->profile, s->annotations,
			 s->n_annotations, &profile, e) ||
	    make_process(c->a, o, s, args, &proc, e))
		return -1;
	if (probe_host(c->a, &f, e) ||
	    tighten_process(c->a, proc, profile, f, &narrow, &findings, &n, e) ||
	    (o->cgroup && sub_cgroup(c->a, o->cgroup, &c->cg, e)))
		return -1;
	pipeline_report(findings, n);
	(void)tighten_personality(profile, f, &s->linux_); /* nothing to tell: the container is told of */
	t.rules = profile;
	if (!c->cg.none) {
		t.dirs = c->cg.dirs;
		t.n_dirs = c->cg.n_dirs;
	}
	if (plan_build_exec(c->a, s, narrow, profile->seccomp, f, &t, ret_plan, e) ||
	    plan_check(*ret_plan, e))
		return -1;
	pin_namespaces(c, *ret_plan);
	return 0;
}

static int check_status(const struct container *c, const struct exec_cmd_opts *o, struct err *e)
{
	switch (c->st) {
	case STATUS_RUNNING:
		return 0;
	case STATUS_PAUSED:
		return o->ignore_paused ? 0
					: err_set(e, ERR_STATE,
						  "cannot exec in a paused container (use "
						  "--ignore-paused to "
						  "override)");
	case STATUS_STOPPED:
		return err_set(e, ERR_STATE, "cannot exec in a stopped container");
	case STATUS_CREATED:
		/* An agent's first process still shows the engine's network namespace; an ordinary
		 * user may not even look at one that is not dumpable. */
		if (!c->s->ns_e_ino && geteuid() == 0)
			return 0;
		break;
	case STATUS_CREATING:
	case STATUS__COUNT:
		break;
	}
	return err_set(e, ERR_STATE, "cannot exec in a container that was not started");
}

/* What the container's user namespace is nested in has the right to join it, and its id maps. */
static int enter_outer(const struct container *c, struct err *e)
{
	return c->s->is_rootless && geteuid() != 0 ? exec_outer_enter_of((pid_t)c->s->pid, e) : 0;
}

static int absolute(struct cmd_ctx *ctx, const char **path, struct err *e)
{
	return *path ? cmd_abs(ctx->a, *path, path, e) : 0;
}

/* The joining process shows our command line to the container before it executes the program. */
static void forget_values(const struct opt_list *env)
{
	for (size_t i = 0; i < env->n && !mutant("exec.cmdline"); i++) {
		char *value = strchr((char *)(uintptr_t)env->v[i], '='); /* a word of argv */

		memset(value + 1, 'x', strlen(value + 1));
	}
}

static int run_exec(struct cmd_ctx *ctx, const void *opts_, const struct opt_args *args,
		    struct err *e)
{
	struct exec_cmd_opts o = *(const struct exec_cmd_opts *)opts_;
	auto_container struct container c = CONTAINER_INIT;
	struct exec_result r = { .pidfd = -1, .late = -1, .console_master = -1 };
	auto_close int proxy_dirfd = -1;
	struct plan *plan;
	int status = 0;

	if (absolute(ctx, &o.pid_file, e) || absolute(ctx, &o.console_socket, e) ||
	    absolute(ctx, &o.pidfd_socket, e) ||
	    container_open(ctx, args->v[0], WITHOUT_LOCK, &c, e) || check_status(&c, &o, e))
		return -1;
	proxy_dirfd = container_proxy_dir(&c);
	if (enter_outer(&c, e) || make_plan(&c, &o, args, proxy_dirfd, &plan, e))
		return -1;

	struct exec_opts eo = {
		.console_socket = o.console_socket,
		.pidfd_socket = o.pidfd_socket,
		.pid_file = o.pid_file,
		.preserve_fds = (unsigned)o.preserve_fds.u,
		.detach = o.detach,
		.state_dirfd = c.dirfd,
		.proxy_dirfd = proxy_dirfd,
		.state_root = ctx->root,
		.egress_path = paths_egress(ctx),
		.cache_dir = paths_cache(ctx->a),
	};
	if (exec_self_is_at_risk(plan) && exec_protect_self(e))
		return -1;
	forget_values(&o.env);
	if (exec_join(plan, &eo, &r, e))
		return -1;
	if (!o.detach)
		status = exec_relay(&r, NULL, &status, e) ? -1 : status;
	fd_close(&r.pidfd);
	fd_close(&r.console_master);
	return status;
}

const struct cmd cmd_exec = {
	.name = "exec",
	.args = "[options] ID PROGRAM [arguments]",
	.summary = "run another process in a running container",
	.more = "The exit status is the program's (128 + signal), or 255 when it could not be "
		"run.\n",
	.opts = opts,
	.opts_size = sizeof(struct exec_cmd_opts),
	.order = OPT_FIRST,
	.min_args = 1,
	.fail_status = EXEC_FAILED,
	.run = run_exec,
};
