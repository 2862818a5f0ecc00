/* SPDX-License-Identifier: Apache-2.0 */
/* create.c - `create`: the plan is performed up to the gate, and what was done is written down */
#include "cmd/create.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "base/path.h"
#include "base/utc.h"
#include "cgroup/cgroup.h"
#include "cmd/notify.h"
#include "cmd/paths.h"
#include "cmd/pipeline.h"
#include "profiles/pod.h"
#include "spec/spec.h"

/* Everything that is made absolute before it is used: hooks and helpers may change directories. */
static int resolve_opts(struct cmd_ctx *ctx, const struct create_opts *o, struct create_opts *ret,
			struct err *e)
{
	*ret = *o;
	if (cmd_abs(ctx->a, o->bundle ? o->bundle : ".", &ret->bundle, e) ||
	    (o->pid_file && cmd_abs(ctx->a, o->pid_file, &ret->pid_file, e)) ||
	    (o->console_socket && cmd_abs(ctx->a, o->console_socket, &ret->console_socket, e)) ||
	    (o->pidfd_socket && cmd_abs(ctx->a, o->pidfd_socket, &ret->pidfd_socket, e)))
		return -1;

	auto_free char *real = realpath(ret->bundle, NULL);
	if (!real)
		return err_sys(e, "open bundle %s", ret->bundle);
	ret->bundle = arena_strdup(ctx->a, real);
	return 0;
}

int create_check_terminal(bool terminal, bool detach, const char *console_socket, struct err *e)
{
	if (terminal && detach && !console_socket)
		return err_set(e, ERR_USAGE,
			       "process.terminal is true and nobody stays to hold the "
			       "terminal: --console-socket is needed");
	if (console_socket && !terminal)
		return err_set(e, ERR_USAGE, "--console-socket %s: process.terminal is false",
			       console_socket);
	if (console_socket && !detach)
		return err_set(e, ERR_USAGE, "--console-socket %s: only for what is detached",
			       console_socket);
	return 0;
}

static const char *now_rfc3339(struct arena *a)
{
	struct timespec ts;
	char day[UTC_SIZE];

	clock_gettime(CLOCK_REALTIME, &ts);
	utc_text(day, ts.tv_sec);
	return arena_printf(a, "%s.%09ldZ", day, ts.tv_nsec);
}

static struct state_dir_cg *keep_dirs(struct arena *a, const struct plan_cg_dir *dirs, size_t n)
{
	struct state_dir_cg *out = arena_alloc(a, n + 1, sizeof(*out));

	for (size_t i = 0; i < n; i++)
		out[i] = (struct state_dir_cg){ dirs[i].controllers, dirs[i].mount_host,
						dirs[i].path };
	return out;
}

/* What the containers that join this one's pod are compared with. */
static void add_pod(struct arena *a, const char *id, const struct pipeline *p, struct state *s)
{
	const struct facts *f = p->facts;
	const char *named = pod_sandbox_of(p->spec);

	s->pod = f->pod.id ? f->pod.id : named && streq(named, id) ? id : NULL;
	if (p->profile->egress.mode != NET_AS_SPEC)
		s->net_policy = pod_net_policy(a, p->profile);
	for (size_t i = 0; i < f->n_ns; i++)
		if (f->ns[i].path && f->ns[i].type >= 0 && !f->ns[i].is_hosts)
			s->ns_asked[f->ns[i].type] = f->ns[i].ino;
}

/* What a delete must know, even if this process is killed before the container exists. */
static struct state *first_state(struct cmd_ctx *ctx, const char *id, const struct create_opts *o,
				 const struct pipeline *p)
{
	const struct op *cg = plan_find(p->plan, OP_CGROUP), *root = plan_find(p->plan, OP_ROOT);
	const struct op *rdt = plan_find(p->plan, OP_RDT);
	struct state *s = arena_alloc(ctx->a, 1, sizeof(*s));
	const struct oci_hooks *hooks = &p->tight->spec->hooks;
	struct plan_cg_dir *egress_dirs;
	char boot[37];

	state_boot_id(boot);
	*s = (struct state){
		.version = STATE_VERSION,
		.id = id,
		.oci_version = p->tight->spec->oci_version,
		.bundle = o->bundle,
		.rootfs = root ? root->u.root.root_host : NULL,
		.created = now_rfc3339(ctx->a),
		.owner = ctx->uid ? state_user_name(ctx->a, ctx->uid) : "", /* as runc has it */
		.owner_uid = ctx->uid,
		.profile = p->profile->name,
		.profile_dir = ctx->profile_dir,
		.boot_id = arena_strdup(ctx->a, boot),
		.id_base = p->grant.base,
		.id_size = p->grant.size,
		.egress_uid = p->grant.egress_uid,
		.cg_none = !cg || cg->u.cgroup.none,
		.cg_v2 = cg && cg->u.cgroup.v2,
		.is_rootless = geteuid() != 0 || !p->facts->in_initial_userns,
		.no_new_keyring = o->no_new_keyring,
		.no_late_hooks = hooks->kind[HOOK_POSTSTART].n == 0 &&
				 hooks->kind[HOOK_POSTSTOP].n == 0,
		.max_lifetime_s = p->profile->limits.max_lifetime_s,
		.annotations = p->plan->annotations,
		.n_annotations = p->plan->n_annotations,
	};
	if (cg && !s->cg_none) {
		s->cg_dirs = keep_dirs(ctx->a, cg->u.cgroup.dirs, cg->u.cgroup.n_dirs);
		s->n_cg_dirs = cg->u.cgroup.n_dirs;
	}
	if (rdt) {
		s->rdt_group = rdt->u.rdt.is_own ? rdt->u.rdt.group_host : NULL;
		s->rdt_monitor = rdt->u.rdt.monitor_host;
	}
	add_pod(ctx->a, id, p, s);
	exec_egress_dirs(p->plan, &egress_dirs, &s->n_egress_cg_dirs);
	s->egress_cg_dirs = keep_dirs(ctx->a, egress_dirs, s->n_egress_cg_dirs);
	if (root)
		s->upper_host = root->u.root.upper_dir_host;
	return s;
}

static void complete_state(struct cmd_ctx *ctx, struct state *s, const struct exec_result *r)
{
	s->pid = r->pid;
	s->pid_start = r->pid_start;
	s->egress_pid = r->egress_pid;
	s->egress_start = r->egress_start;
	s->ns_e_ino = r->ns_e_ino;
	memcpy(s->ns_ino, r->ns_ino, sizeof(s->ns_ino));
	s->egress_cg_dirs = keep_dirs(ctx->a, r->egress_cg_dirs, r->n_egress_cg_dirs);
	s->n_egress_cg_dirs = r->n_egress_cg_dirs;
	if (r->upper_host)
		s->upper_host = r->upper_host;
}

/* config.json is the narrowed config: what was removed from it is nowhere. */
static int save_documents(const struct pipeline *p, int dirfd, struct err *e)
{
	auto_strbuf struct strbuf config = STRBUF_INIT, plan = STRBUF_INIT;

	spec_write(&config, p->tight->spec);
	plan_print_json(&plan, p->plan);
	if (fd_write_file_at(dirfd, "config.json", config.p, config.len, 0600, e))
		return -1;
	return fd_write_file_at(dirfd, "plan.json", plan.p, plan.len, 0600, e);
}

/* exec_create() has removed what it made; what is there now was there before. */
static void forget_cgroups(struct container *c)
{
	c->cg = (struct op_cgroup){ .none = true };
	c->s->n_egress_cg_dirs = 0;
}

struct making {
	struct cmd_ctx *ctx;
	struct container *c;
};

/* From here on a delete finds the process by its pid, whether it has a cgroup or not. */
static int save_made(void *arg, const struct exec_result *r, struct err *e)
{
	struct making *m = arg;

	complete_state(m->ctx, m->c->s, r);
	if (state_save(m->c->dirfd, m->c->s, e))
		return -1;
	return fault("create.state") ? err_set(e, ERR_SYS, "injected failure at create.state") : 0;
}

/* A member of a pod has its sandbox's proxy. */
static int open_pods_proxy(const struct cmd_ctx *ctx, const struct pipeline *p)
{
	const struct fact_pod *pod = &p->facts->pod;
	int dirfd = -1, lock = -1;

	if (pod->takes_listeners)
		(void)state_open(ctx->root, pod->id, false, &dirfd, &lock, NULL); /* gone: not recorded */
	return dirfd;
}

static int perform(struct cmd_ctx *ctx, struct container *c, const struct create_opts *o,
		   const struct pipeline *p, struct exec_result *ret, struct err *e)
{
	auto_close int pod_dirfd = open_pods_proxy(ctx, p);
	struct making m = { ctx, c };
	struct exec_opts eo = {
		.console_socket = o->console_socket,
		.pidfd_socket = o->pidfd_socket,
		.pid_file = o->pid_file,
		.preserve_fds = (unsigned)o->preserve_fds.u,
		.detach = o->detach,
		.state_dirfd = c->dirfd,
		.proxy_dirfd = plan_find(p->plan, OP_EGRESS) ? c->dirfd : pod_dirfd,
		.state_root = c->root,
		.egress_path = paths_egress(ctx),
		.cache_dir = paths_cache(ctx->a),
		.no_subreaper = o->no_subreaper,
		.made = save_made,
		.made_arg = &m,
	};
	const struct op *cg = plan_find(p->plan, OP_CGROUP);

	/* Before the state names it: what undoes a create would end others' processes. */
	if (cg && cgroup_check_unused(&cg->u.cgroup, e))
		return err_ctx(e, "%s", cg->where);
	c->s = first_state(ctx, c->id, o, p);
	if (save_documents(p, c->dirfd, e) || state_save(c->dirfd, c->s, e))
		return -1;
	if (fault("create.first_state"))
		return err_set(e, ERR_SYS, "injected failure at create.first_state");
	state_cgroup(c->a, c->s, &c->cg);
	if (exec_create(p->plan, &eo, ret, e)) {
		forget_cgroups(c);
		return -1;
	}
	c->st = STATUS_CREATED;
	return 0;
}

/* What containers that nobody deleted have left: after a crash, or when the machine was restarted.
 */
static void sweep(struct arena *a, const struct plan *p)
{
	const struct op *root = plan_find(p, OP_ROOT);
	const char *dir = root && root->u.root.overlay ? root->u.root.upper_dir_host : NULL;

	if (!dir || root->u.root.upper_tmpfs)
		return;
	dir = path_join(a, dir, "..");
	log_debug("%u upper directories of dead containers removed from %s", exec_sweep_uppers(dir),
		  dir);
}

/* Everything that has a side effect; the container's directory is there and locked. */
static int make(struct cmd_ctx *ctx, struct container *c, const struct create_opts *o,
		const struct pipeline_opts *po, struct pipeline *p, struct exec_result *ret,
		struct err *e)
{
	if (fault("create.dir"))
		return err_set(e, ERR_SYS, "injected failure at create.dir");
	if (notify_prepare(ctx, c->id, c->dirfd, p, e) || pipeline_enter(ctx, p, e) ||
	    pipeline_plan(ctx, po, p, e))
		return -1;
	if (fault("create.plan"))
		return err_set(e, ERR_SYS, "injected failure at create.plan");
	if (p->grant.others_died || facts_is_rootless(p->facts))
		sweep(ctx->a, p->plan);
	return perform(ctx, c, o, p, ret, e);
}

/* The error that made create fail is the one to report. */
static void undo(struct container *c)
{
	struct err why = ERR_INIT;

	c->st = STATUS_STOPPED;
	if (c->s && container_destroy(c, &why))
		log_warn("clean up container %s: %s", c->id, why.msg);
	else if (!c->s && state_remove_dir(c->root, c->id, c->dirfd, &why))
		log_warn("clean up container %s: %s", c->id, why.msg);
}

/*
 * Where the container could write to this program's file, the program starts again from a copy,
 * before anything has a side effect. The plan will say for sure (exec_create() refuses what was
 * missed here); what is known now is whether the user namespace will be one that we choose.
 */
static int protect_self(const struct pipeline *p, struct err *e)
{
	const struct oci_namespace *user = oci_ns_find(p->spec, NS_USER);

	if (p->profile->userns == USERNS_REQUIRE && !(user && user->path) &&
	    p->spec->linux_.n_uid_mappings == 0 && cmd_is_machine_root())
		return 0;
	return exec_protect_self(e);
}

int create_container(struct cmd_ctx *ctx, const char *id, const struct create_opts *o,
		     struct container *ret, const struct plan **ret_plan,
		     struct exec_result *ret_result, struct err *e)
{
	struct container c = { .a = ctx->a, .root = ctx->root, .id = id, .dirfd = -1, .lock = -1 };
	struct exec_result r = { .pidfd = -1, .late = -1, .console_master = -1 };
	struct pipeline_opts po = { .id = id,
				    .no_pivot = o->no_pivot,
				    .no_new_keyring = o->no_new_keyring };
	struct create_opts abs;
	struct pipeline p;

	if (resolve_opts(ctx, o, &abs, e))
		return -1;
	po.bundle_host = abs.bundle;
	if (pipeline_read(ctx, &po, &p, e) ||
	    create_check_terminal(p.spec->process && p.spec->process->terminal, abs.detach,
				  abs.console_socket, e) ||
	    protect_self(&p, e) || state_create_dir(ctx->root, id, &c.dirfd, &c.lock, e))
		return -1;
	if (make(ctx, &c, &abs, &po, &p, &r, e)) {
		undo(&c);
		container_done(&c);
		fd_close(&r.pidfd);
		fd_close(&r.late);
		fd_close(&r.console_master);
		return -1;
	}
	*ret = c;
	*ret_plan = p.plan;
	*ret_result = r;
	return 0;
}

static int run_create(struct cmd_ctx *ctx, const void *opts, const struct opt_args *args,
		      struct err *e)
{
	auto_container struct container c = CONTAINER_INIT;
	struct create_opts o = *(const struct create_opts *)opts;
	const struct plan *plan;
	struct exec_result r;

	o.detach = true;
	if (create_container(ctx, args->v[0], &o, &c, &plan, &r, e))
		return -1;
	fd_close(&r.pidfd);
	fd_close(&r.late);
	return 0;
}

static const struct opt opts[] = { CREATE_OPTS, { 0 } };

const struct cmd cmd_create = {
	.name = "create",
	.args = "[options] ID",
	.summary = "make a container from a bundle; its process waits for start",
	.opts = opts,
	.opts_size = sizeof(struct create_opts),
	.min_args = 1,
	.max_args = 1,
	.run = run_create,
};
