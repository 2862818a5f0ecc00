/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_plan_check.c - plan_check() refuses what the executor must never see, and the text of a plan
 * cannot be forged by a config
 *
 * Each row takes a plan that is right and breaks one thing of it.
 */
#include <sys/mount.h>

#include "base/table.h"
#include "tests/unit/plan_fix.h"

static struct op *op(struct fix *x, enum op_kind kind)
{
	for (size_t i = 0; i < x->p->n_ops; i++)
		if (x->p->ops[i].kind == kind)
			return &x->p->ops[i];
	return NULL;
}

static void drop(struct fix *x, enum op_kind kind)
{
	struct op *o = op(x, kind), *end = x->p->ops + x->p->n_ops;

	memmove(o, o + 1, (size_t)((char *)end - (char *)(o + 1)));
	x->p->n_ops--;
}

/* A copy of the op, right behind it. */
static struct op *twice(struct fix *x, enum op_kind kind)
{
	struct op *v = arena_alloc(&x->a, x->p->n_ops + 1, sizeof(*v));
	size_t n = 0;
	struct op *copy = NULL;

	for (size_t i = 0; i < x->p->n_ops; i++) {
		v[n++] = x->p->ops[i];
		if (x->p->ops[i].kind == kind && !copy) {
			v[n] = x->p->ops[i];
			copy = &v[n++];
		}
	}
	x->p->ops = v;
	x->p->n_ops = n;
	return copy;
}

static void swap(struct fix *x, enum op_kind a, enum op_kind b)
{
	struct op *one = op(x, a), *other = op(x, b), tmp = *one;

	*one = *other;
	*other = tmp;
}

/* ---- what each row breaks ---- */

static void phase_of_another(struct fix *x) { op(x, OP_CREDS)->phase = C_EXEC; }
static void phase_order(struct fix *x) { swap(x, OP_PIVOT, OP_CREDS); }
static void two_roots(struct fix *x) { twice(x, OP_ROOT); }
static void no_creds(struct fix *x) { drop(x, OP_CREDS); }
static void no_pivot(struct fix *x) { drop(x, OP_PIVOT); }
static void ns_twice(struct fix *x) { twice(x, OP_NS); }
static void net_beside_anet(struct fix *x) { op(x, OP_NS)->u.ns.type = NS_NETWORK; }
static void user_as_ns(struct fix *x) { op(x, OP_NS)->u.ns.type = NS_USER; }
static void no_map(struct fix *x) { op(x, OP_USERNS)->u.userns.n_uid = 0; }
static void empty_map(struct fix *x) { op(x, OP_USERNS)->u.userns.uid[0].size = 0; }
static void long_map(struct fix *x) { op(x, OP_USERNS)->u.userns.uid[0].host = UINT32_MAX - 5; }
static void unmapped(struct fix *x) { op(x, OP_CREDS)->u.creds.uid = 65536; }
static void root_proxy(struct fix *x) { op(x, OP_EGRESS)->u.egress.uid = 0; }
static void shared_proxy(struct fix *x) { op(x, OP_EGRESS)->u.egress.uid = 100001; }
static void other_port(struct fix *x) { op(x, OP_EGRESS)->u.egress.port = 1; }
static void deaf(struct fix *x) { drop(x, OP_EGRESS); }
static void rlimits(struct fix *x) { twice(x, OP_RLIMIT); }
static void unclean(struct fix *x) { op(x, OP_MASK)->u.path.path_ctr = "/a/../b"; }
static void relative(struct fix *x) { op(x, OP_RDONLY)->u.path.path_ctr = "a"; }
static void slash(struct fix *x) { op(x, OP_FILE)->u.file.path_ctr = "/etc/hosts/"; }
static void nothing(struct fix *x) { op(x, OP_LINK)->u.link.path_ctr = NULL; }
static void covers_root(struct fix *x) { op(x, OP_MOUNT)->u.mount.dest_ctr = "/"; }
static void proc_link(struct fix *x) { op(x, OP_MOUNT)->u.mount.no_symlink = false; }
static void cg_root(struct fix *x) { op(x, OP_CGROUP)->u.cgroup.dirs[0].path = "/"; }
static void cg_file(struct fix *x) { op(x, OP_CGROUP)->u.cgroup.writes[0].file = "../x"; }
static void cg_next(struct fix *x) { op(x, OP_CGROUP)->u.cgroup.writes[0].on_fail = FAIL_NEXT; }
static void cg_first(struct fix *x) { op(x, OP_CGROUP)->u.cgroup.devices[0].type = 'c'; }
static void sysctl_out(struct fix *x) { op(x, OP_SYSCTL)->u.sysctl.key = "net/../kernel/x"; }
static void sysctl_host(struct fix *x) { op(x, OP_SYSCTL)->u.sysctl.key = "kernel/core_pattern"; }
static void rlimit_soft(struct fix *x) { op(x, OP_RLIMIT)->u.rlimit.soft = 99; }
static void caps(struct fix *x) { op(x, OP_CREDS)->u.creds.effective = 1; }
static void ambient(struct fix *x) { op(x, OP_CREDS)->u.creds.ambient = 1; }
static void no_id(struct fix *x)
{
	drop(x, OP_USERNS);
	drop(x, OP_ANET);
	drop(x, OP_EGRESS);
	drop(x, OP_SYSCTL);
	op(x, OP_CREDS)->u.creds.uid = UINT32_MAX;
}
static void no_args(struct fix *x) { op(x, OP_EXEC)->u.exec.args[0] = NULL; }
static void cwd(struct fix *x) { op(x, OP_EXEC)->u.exec.cwd_ctr = "."; }
static void host_mounts(struct fix *x)
{
	for (size_t i = 0; i < x->p->n_ops; i++)
		if (x->p->ops[i].kind == OP_NS && x->p->ops[i].u.ns.type == NS_MOUNT)
			x->p->ops[i].u.ns.action = NS_INHERIT;
}
static void nnp_order(struct fix *x) { op(x, OP_CREDS)->u.creds.no_new_privs = true; }
static void bind_data(struct fix *x)
{
	op(x, OP_MOUNT)->u.mount = (struct op_mount){ .kind = MOUNT_BIND, .dest_ctr = "/x",
						      .source_host = "/y", .data = "size=1" };
}
static void over_files(struct fix *x)
{
	struct op *copy = twice(x, OP_FILE);

	copy->kind = OP_MOUNT;
	copy->u.mount = (struct op_mount){ .kind = MOUNT_FS, .type = "tmpfs", .dest_ctr = "/etc" };
}
static struct op_landlock *domain(struct fix *x) { return &op(x, OP_LANDLOCK)->u.landlock; }
static void domain_of_nothing(struct fix *x) { *domain(x) = (struct op_landlock){ 0 }; }
static void domain_without_files(struct fix *x) { domain(x)->n_paths = 0; }
static void domain_elsewhere(struct fix *x) { domain(x)->paths[0].path_ctr = "/../x"; }
static void domain_rule_for_more(struct fix *x) { domain(x)->fs = 1; }
static void domain_without_tcp(struct fix *x) { domain(x)->net = 0; }
static void domain_late(struct fix *x)
{
	drop(x, OP_SECCOMP);
	op(x, OP_CREDS)->u.creds.no_new_privs = true;
}
static void exec_limits(struct fix *x) { x->p->is_exec = true; }

static const struct {
	const char *name;
	void (*break_it)(struct fix *x);
	const char *want;
} rows[] = {
	{ "an op in a phase that is not its own", phase_of_another, "phase that is not its own" },
	{ "an op behind one of a later phase", phase_order, "later phase" },
	{ "two roots", two_roots, "twice" },
	{ "no ids to change to", no_creds, "has no op \"creds\"" },
	{ "no change of root", no_pivot, "has no op \"pivot\"" },
	{ "two ops for one namespace", ns_twice, "second to decide" },
	{ "a network namespace beside A", net_beside_anet, "second to decide" },
	{ "a user namespace that is not its own op", user_as_ns, "type that it cannot have" },
	{ "the host's mount namespace", host_mounts, "namespace of the host" },
	{ "a user namespace without maps", no_map, "maps no ids" },
	{ "an empty range of ids", empty_map, "empty or too long" },
	{ "a range past the last id", long_map, "empty or too long" },
	{ "a process that is nobody", unmapped, "not mapped" },
	{ "a proxy that is root", root_proxy, "no user id is reserved" },
	{ "a proxy that is somebody in the container", shared_proxy, "one of the container's" },
	{ "a proxy that serves another port", other_port, "another port" },
	{ "a port that nobody serves", deaf, "proxy that is not there" },
	{ "a filter on the wrong side of no_new_privs", nnp_order, "no_new_privs" },
	{ "a limit set twice", rlimits, "second to set that limit" },
	{ "a mount over a file of ours", over_files, "could cover a file of ours" },
	{ "exec with limits", exec_limits, "limits of a running container" },
	{ "a domain that holds nothing", domain_of_nothing, "holds nothing" },
	{ "a domain in which no file can be opened", domain_without_files, "no file could be opened" },
	{ "a domain around a path that is not clean", domain_elsewhere, "not an absolute, clean path" },
	{ "a rule for rights that are not held", domain_rule_for_more, "does not hold" },
	{ "ports of a domain that does not hold them", domain_without_tcp, "does not hold them" },
	{ "a domain on the wrong side of no_new_privs", domain_late, "no_new_privs" },
	{ "dot-dot in a container path", unclean, "not an absolute, clean path" },
	{ "a relative container path", relative, "not an absolute, clean path" },
	{ "a path that ends in a slash", slash, "not an absolute, clean path" },
	{ "no path", nothing, "not an absolute, clean path" },
	{ "a mount over the root", covers_root, "cover the whole root" },
	{ "a bind with file-system options", bind_data, "takes no file-system options" },
	{ "procfs through a link", proc_link, "through a link" },
	{ "the root of a cgroup hierarchy", cg_root, "holds the whole host" },
	{ "a cgroup file elsewhere", cg_file, "does not name a cgroup file" },
	{ "an alternative that is not there", cg_next, "no alternative" },
	{ "device rules that do not begin with all", cg_first, "decide for all devices" },
	{ "a sysctl that leads elsewhere", sysctl_out, "not the name of a kernel parameter" },
	{ "a sysctl of the host in A", sysctl_host, "not a parameter of the network" },
	{ "a soft limit above the hard one", rlimit_soft, "above the hard one" },
	{ "effective without permitted", caps, "is not permitted" },
	{ "ambient without inheritable", ambient, "permitted and inheritable" },
	{ "the id that is no id", no_id, "is not an id" },
	{ "nothing to execute", no_args, "nothing to execute" },
	{ "a relative working directory", cwd, "not an absolute, clean path" },
};

static void good(struct fix *x)
{
	fix_init(x, "{" FIX_HEAD ",\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"true\"],\"cwd\":\"/\","
		    "\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":1,\"hard\":2}]},"
		    "\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"}],"
		    "\"linux\":{\"namespaces\":[" FIX_NS "],\"maskedPaths\":[\"/m\"],\"readonlyPaths\":[\"/r\"],"
		    "\"resources\":{\"pids\":{\"limit\":5}},"
		    "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"}}}");
	fix_anet(x, TIGHT_NET_EGRESS);
	x->prof.landlock.files = x->prof.landlock.tcp = true;
	x->f.landlock_abi = 7;
	/* maps that a row may change */
	struct oci_idmap *m = arena_alloc(&x->a, 1, sizeof(*m));

	*m = x->s->linux_.uid_mappings[0];
	x->s->linux_.uid_mappings = x->s->linux_.gid_mappings = m;
}

static void checks(void)
{
	struct fix x;

	good(&x);
	fix_ok(&x, "a plan that is right passes");
	arena_done(&x.a);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		good(&x);
		if (!fix_build(&x)) {
			t_ok(false, rows[i].name);
			t_note("%s", x.e.msg);
			continue;
		}
		rows[i].break_it(&x);
		x.e = (struct err)ERR_INIT;
		bool passed = plan_check(x.p, &x.e) == 0;
		if (!t_ok(!passed && strstr(x.e.msg, rows[i].want), rows[i].name))
			t_note("%s", passed ? "it passed" : x.e.msg);
		arena_done(&x.a);
	}
}

static void texts(void)
{
	auto_strbuf struct strbuf text = STRBUF_INIT, json = STRBUF_INIT;
	struct fix x;

	fix_init(&x, "{" FIX_HEAD ",\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"cwd\":\"/\",\"args\":[\"a\\n  999  "
		     "creds\"],\"env\":[\"TOKEN=value-of-a-secret\"]},\"linux\":{\"namespaces\":[" FIX_NS "]}}");
	fix_build(&x);
	plan_print_text(&text, x.p);
	plan_print_json(&json, x.p);
	t_ok(!strstr(text.p, "\n  999"), "an argument cannot forge a line of the text");
	t_ok(strstr(text.p, "TOKEN") && !strstr(text.p, "value-of-a-secret"),
	     "the text names variables and not their values");
	t_ok(strstr(json.p, "a\\n  999"), "the JSON holds the argument as it is");
	arena_done(&x.a);
}

int main(void)
{
	checks();
	texts();
	return t_done();
}
