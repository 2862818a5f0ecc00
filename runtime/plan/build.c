/* SPDX-License-Identifier: Apache-2.0 */
/*
 * build.c - making plans: which areas decide, in which order, for create and for exec
 *
 * The order of the tables is the order of operations inside a phase. It follows runc's init, which
 * engines and images have come to rely on.
 */
#include "plan/build.h"

#include "base/str.h"
#include "base/table.h"
#include "plan/p.h"

static const struct area {
	p_fn *decide;
	p_add_fn *add;
} create_areas[] = {
	{ .decide = p_cgroup },	    { .decide = p_rdt },
	{ .decide = p_root },    { .decide = p_ns },
	{ .decide = p_net },	    { .decide = p_hooks_net }, { .add = p_egress },
	/* C_FS */
	{ .decide = p_propagation }, { .decide = p_mounts },  { .add = p_net_files },
	{ .add = p_policy },
	{ .decide = p_dev },	    { .decide = p_hooks_fs }, { .decide = p_paths },
	/* C_DROP and later */
	{ .decide = p_process },    { .decide = p_hooks_exec }, { .add = p_exec },
	{ .decide = p_hooks_post },  { .decide = p_rootless },
};

static int run_areas(struct build *b, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(create_areas); i++) {
		const struct area *area = &create_areas[i];

		if (area->add)
			area->add(b);
		else if (area->decide(b, e))
			return -1;
	}
	return 0;
}

/* Stable: what an area added first stays first. */
static void sort_by_phase(struct plan *p)
{
	struct op *sorted = arena_alloc(p->a, p->n_ops + 1, sizeof(*sorted));
	size_t n = 0;

	for (int ph = 0; ph < PHASE__COUNT; ph++)
		for (size_t i = 0; i < p->n_ops; i++)
			if ((int)p->ops[i].phase == ph)
				sorted[n++] = p->ops[i];
	p->ops = sorted;
}

static struct plan *new_plan(struct build *b, const char *id, const char *bundle_host,
			     const char *profile)
{
	struct plan *p = arena_alloc(b->a, 1, sizeof(*p));

	p->a = b->a;
	p->id = id;
	p->bundle_host = bundle_host;
	p->profile = profile;
	p->oci_version = b->s->oci_version;
	p->terminal = b->proc->terminal;
	for (size_t i = 0; i < b->s->n_annotations; i++) {
		const struct oci_kv *kv = &b->s->annotations[i];

		*arena_push(b->a, p->annotations, p->n_annotations) =
			(struct plan_kv){ kv->key, kv->value };
	}
	return p;
}

static void copy_findings(struct build *b)
{
	for (size_t i = 0; i < b->t->n_findings; i++) {
		const struct finding *f = &b->t->findings[i];

		build_finding(b, f->rule, f->action, f->what, f->why);
	}
}

int plan_build(struct arena *a, const struct tight *t, const struct facts *f,
	       const struct plan_opts *o, struct plan **ret_plan, struct err *e)
{
	struct build b = { .a = a, .s = t->spec, .proc = t->spec->process, .f = f, .t = t, .o = o,
			   .profile = t->profile, .seccomp2 = t->seccomp2, .no_new_keyring = o->no_new_keyring };

	if (!b.proc)
		return err_set(e, ERR_SPEC, "process: absent; a container without a process cannot "
			       "be created");
	b.p = new_plan(&b, o->id, o->bundle_host, t->profile->name);
	copy_findings(&b);
	if (run_areas(&b, e))
		return -1;
	sort_by_phase(b.p);
	if (plan_check(b.p, e))
		return -1;
	*ret_plan = b.p;
	return 0;
}

/* exec: the namespaces of the container's first process. */
static void join_ns(struct build *b, const struct exec_target *t)
{
	static const struct { enum oci_ns_type type; const char *file; } order[] = {
		{ NS_NETWORK, "net" }, { NS_IPC, "ipc" },   { NS_UTS, "uts" }, { NS_PID, "pid" },
		{ NS_TIME, "time" },   { NS_CGROUP, "cgroup" }, { NS_MOUNT, "mnt" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		if (!oci_ns_find(b->s, order[i].type))
			continue;
		struct op *op = plan_add(b->p, OP_NS, "exec", "oci");

		op->u.ns = (struct op_ns){
			.type = order[i].type,
			.action = NS_JOIN,
			.path_host = arena_printf(b->a, "/proc/%d/ns/%s", t->init_pid, order[i].file),
			.ino = t->ns_ino[order[i].type],
		};
	}
}

static void join_userns(struct build *b, const struct exec_target *t)
{
	const struct oci_linux *l = &b->s->linux_;

	if (!build_has_userns(b))
		return;
	struct op *op = plan_add(b->p, OP_USERNS, "exec", "oci");

	op->u.userns = (struct op_userns){
		.action = NS_JOIN,
		.path_host = arena_printf(b->a, "/proc/%d/ns/user", t->init_pid),
		.ino = t->ns_ino[NS_USER],
		.uid = plan_idmaps(b->a, l->uid_mappings, l->n_uid_mappings),
		.gid = plan_idmaps(b->a, l->gid_mappings, l->n_gid_mappings),
		.n_uid = l->n_uid_mappings,
		.n_gid = l->n_gid_mappings,
	};
	p_rootless_maps(b, &op->u.userns);
}

static void join_cgroup(struct build *b, const struct exec_target *t)
{
	struct op *op = plan_add(b->p, OP_CGROUP, "exec", "oci");

	op->u.cgroup = (struct op_cgroup){
		.none = t->n_dirs == 0,
		.v2 = t->n_dirs > 0 && b->f->cgroup == CGROUP_V2,
		.dirs = t->dirs,
		.n_dirs = t->n_dirs,
	};
}

int plan_build_exec(struct arena *a, const struct oci_spec *s, const struct oci_process *proc,
		    const struct oci_seccomp *seccomp2, const struct facts *f,
		    const struct exec_target *t, struct plan **ret_plan, struct err *e)
{
	struct build b = { .a = a, .s = s, .proc = proc, .f = f, .profile = t->rules,
			   .seccomp2 = seccomp2,
			   .no_new_keyring = t->no_new_keyring,
			   .takes_listeners = t->takes_listeners };

	b.p = new_plan(&b, t->id, t->bundle_host, t->profile);
	b.p->is_exec = true;
	join_cgroup(&b, t);
	join_userns(&b, t);
	join_ns(&b, t);
	if (p_rdt(&b, e) || p_console(&b, e) || p_process(&b, e))
		return -1;
	p_exec(&b);
	sort_by_phase(b.p);
	if (plan_check(b.p, e))
		return -1;
	*ret_plan = b.p;
	return 0;
}
