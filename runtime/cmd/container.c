/* SPDX-License-Identifier: Apache-2.0 */
/* container.c - a container that exists: opened by id, started, signalled, destroyed */
#include "cmd/container.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "base/table.h"
#include "cgroup/cgroup.h"
#include "cmd/lifetime.h"
#include "cmd/outer.h"
#include "exec/exec.h"
#include "spec/spec.h"
#include "sys/syscalls.h"

#define CONFIG_NAME  "config.json"
#define KILL_WAIT_MS 10000

void container_unlock(struct container *c)
{
	fd_close(&c->lock);
}

int container_relock(struct container *c, struct err *e)
{
	return state_lock(c->id, c->dirfd, &c->lock, e);
}

void container_done(struct container *c)
{
	fd_close(&c->lock);
	fd_close(&c->dirfd);
}

/* A create that was killed before it saved anything. */
static struct state *unknown_state(struct arena *a, const char *id)
{
	struct state *s = arena_alloc(a, 1, sizeof(*s));
	char boot[37];

	state_boot_id(boot);
	*s = (struct state){ .version = STATE_VERSION,
			     .id = id,
			     .oci_version = "1.3.0",
			     .bundle = "",
			     .created = "",
			     .profile = "",
			     .boot_id = arena_strdup(a, boot),
			     .cg_none = true };
	return s;
}

static void find_status(struct container *c)
{
	bool frozen = false;
	char boot[37];

	state_boot_id(boot);
	if (!streq(boot, c->s->boot_id))
		c->s->pid = c->s->egress_pid = 0; /* numbers of another boot mean nothing */
	c->st = state_status(c->dirfd, c->s);
	if (c->st == STATUS_CREATING && c->lock >= 0)
		c->st = STATUS_STOPPED; /* the lock is ours, so its maker is dead */
	if ((c->st == STATUS_RUNNING || c->st == STATUS_CREATED) && !c->cg.none &&
	    cgroup_is_frozen(&c->cg, &frozen, NULL) == 0 && frozen)
		c->st = STATUS_PAUSED;
}

int container_open(struct cmd_ctx *ctx, const char *id, enum container_lock lock,
		   struct container *ret, struct err *e)
{
	struct container c = { .a = ctx->a, .root = ctx->root, .id = id, .dirfd = -1, .lock = -1 };
	struct err why = ERR_INIT;

	if (state_open(ctx->root, id, lock == WITH_LOCK, &c.dirfd, &c.lock, e))
		return -1;
	if (state_load(c.a, c.dirfd, &c.s, &why)) {
		if (why.kind != ERR_STATE) {
			*e = why;
			container_done(&c);
			return err_ctx(e, "container %s", id);
		}
		c.s = unknown_state(c.a, id);
	}
	state_cgroup(c.a, c.s, &c.cg);
	find_status(&c);
	*ret = c;
	return 0;
}

int container_open_named(struct cmd_ctx *ctx, const char *id, struct container *ret, struct err *e)
{
	struct cmd_ctx named = *ctx;
	struct err why = ERR_INIT;
	const char *full;

	if (container_open(ctx, id, WITHOUT_LOCK, ret, &why) == 0)
		return 0;
	if (ctx->root_option || !cmd_is_machine_root() || !state_id_is_valid(id)) {
		*e = why;
		return -1;
	}
	return state_find(ctx->a, id, &named.root, &full, e)
		       ? -1
		       : container_open(&named, full, WITHOUT_LOCK, ret, e);
}

/* The proxy ends by itself when init does; its cgroup has a name that follows from the container's. */
static void add_egress_dirs(struct arena *a, struct state *s)
{
	struct plan p = { .a = a };
	struct plan_cg_dir *dirs;

	state_cgroup(a, s, &plan_add(&p, OP_CGROUP, "state", "oci")->u.cgroup);
	(void)plan_add(&p, OP_EGRESS, "state", "oci");
	exec_egress_dirs(&p, &dirs, &s->n_egress_cg_dirs);
	s->egress_cg_dirs = arena_alloc(a, s->n_egress_cg_dirs + 1, sizeof(*s->egress_cg_dirs));
	for (size_t i = 0; i < s->n_egress_cg_dirs; i++)
		s->egress_cg_dirs[i] = (struct state_dir_cg){ dirs[i].controllers,
							      dirs[i].mount_host, dirs[i].path };
}

int container_open_anyhow(struct cmd_ctx *ctx, const char *id, struct container *ret, struct err *e)
{
	struct container c = { .a = ctx->a, .root = ctx->root, .id = id, .dirfd = -1, .lock = -1 };
	struct err why = ERR_INIT, late = ERR_INIT;

	if (state_open(ctx->root, id, true, &c.dirfd, &c.lock, e))
		return -1;
	if (state_load(c.a, c.dirfd, &c.s, &why) == 0 || why.kind != ERR_INPUT) {
		container_done(&c);
		return container_open(ctx, id, WITH_LOCK, ret, e);
	}
	if (state_salvage(c.a, c.dirfd, id, &c.s, &late)) {
		container_done(&c);
		return err_set(e, ERR_INPUT,
			       "container %s: %s, and %s: end its processes and remove %s/%s", id,
			       why.msg, late.msg, ctx->root, id);
	}
	log_warn("container %s: %s; deleted by its plan", id, why.msg);
	add_egress_dirs(c.a, c.s);
	state_cgroup(c.a, c.s, &c.cg);
	c.st = STATUS_STOPPED;
	*ret = c;
	return 0;
}

int container_proxy_dir(const struct container *c)
{
	bool is_member = !c->s->egress_pid && c->s->net_policy && c->s->pod && !streq(c->s->pod, c->id);
	auto_close int dirfd = -1;
	int lock = -1;

	if (is_member)
		(void)state_open(c->root, c->s->pod, false, &dirfd, &lock, NULL); /* its sandbox may be gone */
	else if (c->s->egress_pid)
		dirfd = fcntl(c->dirfd, F_DUPFD_CLOEXEC, 3);
	if (dirfd < 0 || !exec_proxy_listens(dirfd))
		return -1;
	return take_fd(dirfd);
}

int container_spec(const struct container *c, struct oci_spec **ret_spec, struct err *e)
{
	auto_close int fd = openat(c->dirfd, CONFIG_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	auto_free char *text = NULL;
	size_t len;

	if (fd < 0)
		return err_sys(e, "open the saved config of container %s", c->id);
	if (fd_read_all(fd, SPEC_MAX_BYTES, "saved config.json", &text, &len, e))
		return -1;
	return spec_parse(c->a, text, len, "saved config.json", ret_spec, e);
}

static const enum oci_hook_kind hook_kind[] = {
	[PLAN_HOOK_PRESTART] = HOOK_PRESTART,
	[PLAN_HOOK_CREATE_RUNTIME] = HOOK_CREATE_RUNTIME,
	[PLAN_HOOK_CREATE_CONTAINER] = HOOK_CREATE_CONTAINER,
	[PLAN_HOOK_START_CONTAINER] = HOOK_START_CONTAINER,
	[PLAN_HOOK_POSTSTART] = HOOK_POSTSTART,
	[PLAN_HOOK_POSTSTOP] = HOOK_POSTSTOP,
};
TABLE_CHECK(hook_kind, PLAN_HOOK__COUNT);

static const char **with_null(struct arena *a, const char *const *v, size_t n)
{
	const char **out = arena_alloc(a, n + 1, sizeof(*out));

	for (size_t i = 0; i < n; i++)
		out[i] = v[i];
	return out;
}

/* The executor performs plans; this one holds nothing but hooks. */
static void add_hook(struct plan *p, enum plan_hook_kind kind, const struct oci_hook *h)
{
	struct op *op = plan_add(p, OP_HOOK, "hooks", "oci");
	const char *self[] = { h->path };

	op->u.hook = (struct op_hook){
		.kind = kind,
		.path = h->path,
		.args = with_null(p->a, h->n_args ? h->args : self, h->n_args ? h->n_args : 1),
		.env = h->n_env ? with_null(p->a, h->env, h->n_env) : NULL,
		.timeout_s = h->timeout_s.set ? h->timeout_s.v : 0,
	};
}

int container_hooks(const struct container *c, enum plan_hook_kind kind, enum status st,
		    struct err *e)
{
	struct plan p = { .a = c->a,
			  .id = c->id,
			  .bundle_host = c->s->bundle,
			  .oci_version = c->s->oci_version,
			  .profile = c->s->profile };
	auto_strbuf struct strbuf doc = STRBUF_INIT;
	struct oci_spec *s;

	if (c->s->no_late_hooks)
		return 0; /* the saved config need not be read for that */
	if (container_spec(c, &s, e))
		return -1;
	for (size_t i = 0; i < s->hooks.kind[hook_kind[kind]].n; i++)
		add_hook(&p, kind, &s->hooks.kind[hook_kind[kind]].v[i]);
	if (p.n_ops == 0)
		return 0;
	state_print(&doc, c->s, st, st == STATUS_STOPPED ? 0 : c->s->pid);
	return exec_hooks(&p, kind, doc.p, e);
}

int container_start(struct container *c, struct err *e)
{
	switch (c->st) {
	case STATUS_CREATED:
		break;
	case STATUS_RUNNING:
		return err_set(e, ERR_STATE, "cannot start an already running container");
	case STATUS_STOPPED:
		return err_set(e, ERR_STATE, "cannot start a container that has stopped");
	case STATUS_CREATING:
	case STATUS_PAUSED:
	case STATUS__COUNT:
		return err_set(e, ERR_STATE, "cannot start a container in the %s state",
			       status_name[c->st]);
	}
	if (lifetime_watch(c, e) || exec_start(c->dirfd, e))
		return -1;
	if (container_hooks(c, PLAN_HOOK_POSTSTART, STATUS_RUNNING, e) == 0)
		return 0;

	struct err late = ERR_INIT;
	if (container_destroy(c, &late))
		log_warn("destroy container %s after its poststart hook failed: %s", c->id,
			 late.msg);
	return -1;
}

/* A pidfd of init, or -1 with errno; what it stands for is checked after it was opened. */
static int init_pidfd(const struct state *s)
{
	auto_close int fd = s->pid > 0 ? sys_pidfd_open((pid_t)s->pid, 0) : -1;

	if (s->pid <= 0 || (fd >= 0 && !proc_is_same(s->pid, s->pid_start))) {
		errno = ESRCH;
		return -1;
	}
	return take_fd(fd);
}

int container_kill(const struct container *c, int sig, struct err *e)
{
	if (c->st == STATUS_STOPPED || c->st == STATUS_CREATING)
		return err_set(e, ERR_STATE, "container not running");

	auto_close int fd = init_pidfd(c->s);
	if (fd < 0 && errno == ESRCH)
		return err_set(e, ERR_STATE, "container not running");
	if (fd < 0 || sys_pidfd_send_signal(fd, sig) < 0)
		return err_sys(e, "send signal %d to container %s", sig, c->id);
	if (c->st == STATUS_PAUSED && sig == SIGKILL)
		return cgroup_freeze(&c->cg, false, e); /* v1: a frozen process does not even die */
	return 0;
}

/* Nobody waits for init but its parent; that it is a zombie or gone is enough for us. */
static int stop_init(const struct container *c, struct err *e)
{
	struct err ignored = ERR_INIT;
	auto_close int fd = init_pidfd(c->s);
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	if (fd < 0)
		return 0;
	if (c->st == STATUS_PAUSED)
		(void)cgroup_freeze(&c->cg, false, &ignored); /* cgroup_remove() tries again */
	if (sys_pidfd_send_signal(fd, SIGKILL) < 0 && errno != ESRCH)
		return err_sys(e, "kill container %s", c->id);
	if (poll(&pfd, 1, KILL_WAIT_MS) == 0)
		return err_set(e, ERR_SYS, "kill container %s: process %lld did not end in %d s",
			       c->id, (long long)c->s->pid, KILL_WAIT_MS / 1000);
	return 0;
}

static int stop_egress(const struct container *c, struct err *e)
{
	const struct state *s = c->s;
	struct plan_cg_dir *dirs = arena_alloc(c->a, s->n_egress_cg_dirs + 1, sizeof(*dirs));

	for (size_t i = 0; i < s->n_egress_cg_dirs; i++)
		dirs[i] = (struct plan_cg_dir){ s->egress_cg_dirs[i].controllers,
						s->egress_cg_dirs[i].mount_host,
						s->egress_cg_dirs[i].path };
	if (s->egress_pid == 0 && s->n_egress_cg_dirs == 0)
		return 0;
	exec_stop_egress((pid_t)s->egress_pid, s->egress_start, dirs, s->n_egress_cg_dirs);
	if (s->egress_pid > 0 && proc_is_same(s->egress_pid, s->egress_start))
		return err_set(e, ERR_SYS,
			       "stop the egress proxy of container %s: process %lld is alive",
			       c->id, (long long)s->egress_pid);
	return 0;
}

static int remove_cgroup(const struct container *c, struct err *e)
{
	return c->cg.none || c->cg.n_dirs == 0 ? 0 : cgroup_remove(&c->cg, e);
}

/* A create that failed early has not saved the config yet, and has run no hook. */
static int poststop(const struct container *c, struct err *e)
{
	if (faccessat(c->dirfd, CONFIG_NAME, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return 0;
	return c->s->bundle[0] ? container_hooks(c, PLAN_HOOK_POSTSTOP, STATUS_STOPPED, e) : 0;
}

/* The monitoring group lies in the other one. Processes that are left go back to the parent group. */
static int remove_rdt(const struct container *c, struct err *e)
{
	const char *const dirs[] = { c->s->rdt_monitor, c->s->rdt_group };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (dirs[i] && rmdir(dirs[i]) < 0 && errno != ENOENT)
			return err_sys(e, "remove %s", dirs[i]);
	return 0;
}

static int remove_upper_inside(void *arg, struct err *e)
{
	const struct container *c = arg;

	return exec_remove_upper(c->s->upper_host, e);
}

/* Without root, what is in it belongs to ids that only a user namespace has a right to. */
static int remove_upper(const struct container *c, struct err *e)
{
	if (!c->s->upper_host)
		return 0;
	return cmd_outer_run(c->a, remove_upper_inside, (void *)(uintptr_t)c, e);
}

/* In this order: what runs first, what it ran on last. But the proxy ends by itself when init has, and
 * the rest is done meanwhile. */
static const struct destroy_step {
	const char *name;
	int (*step)(const struct container *c, struct err *e);
	bool warn_only; /* runtime.md "Lifecycle": failing poststop hooks are warnings */
} destroy_steps[] = {
	{ "init", stop_init, false },	{ "cgroup", remove_cgroup, false },
	{ "poststop", poststop, true }, { "upper", remove_upper, false },
	{ "rdt", remove_rdt, false },	{ "egress", stop_egress, false },
};

static int destroy_one(const struct container *c, const struct destroy_step *step, struct err *e)
{
	if (mutant_of("delete", step->name))
		return 0;
	if (step->step(c, e))
		return -1;
	return fault_of("delete", step->name)
		       ? err_set(e, ERR_SYS, "injected failure after delete.%s", step->name)
		       : 0;
}

int container_destroy(struct container *c, struct err *e)
{
	struct err first = ERR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(destroy_steps); i++) {
		const struct destroy_step *step = &destroy_steps[i];
		struct err why = ERR_INIT;

		if (destroy_one(c, step, &why) == 0)
			continue;
		if (step->warn_only)
			log_warn("delete container %s: %s", c->id, why.msg);
		else if (first.kind == ERR_NONE)
			first = why;
	}
	if (first.kind != ERR_NONE) {
		*e = first;
		return err_ctx(e, "delete container %s", c->id);
	}
	return state_remove_dir(c->root, c->id, c->dirfd, e);
}
