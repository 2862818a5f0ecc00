/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text_ops.c - the arguments of each kind of op in words, one function a kind
 *
 * One line; longer lists in lines below it. Values of the environment are not shown: their names
 * tell enough on a screen.
 */
#include <inttypes.h>
#include <linux/mount.h>

#include "base/table.h"
#include "plan/show.h"
#include "plan/text.h"
#include "spec/names.h"

#define INDENT TEXT_INDENT
#define ATIME  ((uint64_t)MOUNT_ATTR__ATIME) /* always cleared before one of its values is set */

typedef void line_fn(struct strbuf *b, const struct op *op);

static void put_list(struct strbuf *b, const char *before, const char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		strbuf_adds(b, i ? ", " : before);
		text_put(b, v[i]);
	}
}

static void put_maps(struct strbuf *b, const char *name, const struct plan_idmap *m, size_t n)
{
	for (size_t i = 0; i < n; i++)
		strbuf_addf(b, "\n" INDENT "%s %" PRIu32 " is %" PRIu32 " outside, %" PRIu32 " ids", name,
			    m[i].ctr, m[i].host, m[i].size);
}

static void write_line(struct strbuf *b, const struct plan_cg_write *w)
{
	strbuf_adds(b, "\n" INDENT);
	text_put(b, w->file);
	strbuf_adds(b, " = ");
	text_put(b, w->value);
	strbuf_addf(b, "   (%s)%s%s", w->rule, w->on_fail == FAIL_NEXT ? ", or if there is no such file:" : "",
		    w->on_fail == FAIL_IGNORE ? ", if possible" : "");
}

static void device_number(struct strbuf *b, int64_t n)
{
	if (n < 0)
		strbuf_adds(b, "*");
	else
		strbuf_addf(b, "%" PRId64, n);
}

static void device_line(struct strbuf *b, const struct plan_dev_rule *r)
{
	strbuf_addf(b, "\n" INDENT "device: %s %c ", r->allow ? "allow" : "deny", r->type);
	device_number(b, r->major);
	strbuf_adds(b, ":");
	device_number(b, r->minor);
	strbuf_addf(b, " %s%s%s", r->read ? "r" : "", r->write ? "w" : "", r->mknod ? "m" : "");
}

static void cgroup(struct strbuf *b, const struct op *op)
{
	const struct op_cgroup *c = &op->u.cgroup;

	if (c->none)
		strbuf_adds(b, "none");
	for (size_t i = 0; i < c->n_dirs; i++) {
		bool again = i > 0 && streq(c->dirs[i].path, c->dirs[i - 1].path);

		strbuf_adds(b, i == 0 || again ? "" : "\n" INDENT);
		text_put(b, again ? "" : c->dirs[i].path);
		strbuf_addf(b, "%s %s", again ? "," : " in",
			    c->dirs[i].controllers[0] ? c->dirs[i].controllers : "v2");
	}
	if (c->chown)
		strbuf_addf(b, "\n" INDENT "owned by %" PRIu32 ":%" PRIu32, c->owner_uid, c->owner_gid);
	for (size_t i = 0; i < c->n_writes; i++)
		write_line(b, &c->writes[i]);
	for (size_t i = 0; i < c->n_devices; i++)
		device_line(b, &c->devices[i]);
}

static void root(struct strbuf *b, const struct op *op)
{
	const struct op_root *r = &op->u.root;

	text_put(b, r->root_host);
	if (!r->overlay)
		strbuf_adds(b, ": the directory itself");
	else if (r->upper_tmpfs)
		strbuf_addf(b, ": disposable, changes in memory (at most %" PRIu64 " bytes)",
			    r->tmpfs_size_bytes);
	else
		strbuf_adds(b, ": disposable, changes in ");
	if (r->overlay && !r->upper_tmpfs)
		text_put(b, r->upper_dir_host);
	strbuf_adds(b, r->idmap ? ", ids mapped" : "");
	for (size_t i = 0; r->overlay && i < r->n_lower; i++) {
		strbuf_adds(b, "\n" INDENT "layer ");
		text_put(b, r->lower_host[i]);
	}
}

static void put_ns(struct strbuf *b, enum ns_action action, const char *path_host)
{
	static const char *const text[] = { [NS_NEW] = "new", [NS_JOIN] = "join ",
					    [NS_INHERIT] = "the runtime's own" };

	strbuf_adds(b, text[action]);
	if (action == NS_JOIN)
		text_put(b, path_host);
}

static void userns(struct strbuf *b, const struct op *op)
{
	const struct op_userns *u = &op->u.userns;

	strbuf_adds(b, "user: ");
	put_ns(b, u->action, u->path_host);
	put_maps(b, "uid", u->uid, u->n_uid);
	put_maps(b, "gid", u->gid, u->n_gid);
	if (u->newidmap)
		strbuf_adds(b, "\n" INDENT "by newuidmap and newgidmap");
	if (u->deny_setgroups)
		strbuf_adds(b, "\n" INDENT "no supplementary groups");
	if (u->nproc)
		strbuf_addf(b, "\n" INDENT "at most %" PRIu64 " processes in it", u->nproc);
}

static void ns(struct strbuf *b, const struct op *op)
{
	const struct op_ns *n = &op->u.ns;

	strbuf_addf(b, "%s: ", plan_ns_name(n->type));
	put_ns(b, n->action, n->path_host);
	for (size_t i = 0; i < n->n_offsets; i++)
		strbuf_addf(b, ", %s %+" PRId64 " s", n->offsets[i].clock, n->offsets[i].secs);
}

static void anet(struct strbuf *b, const struct op *op)
{
	static const char *const text[] = {
		[E_NEW] = "a new one for the engine to connect",
		[E_PATH] = "the engine's, ",
		[E_HOST] = "the host's",
		[E_NONE] = "none",
	};

	strbuf_addf(b, "a network of its own with a loopback interface %s; outside: %s",
		    op->u.anet.steered == PLAN_STEER_VETH ? "and one that leads to the proxy" : "only",
		    text[op->u.anet.e]);
	if (op->u.anet.e == E_PATH)
		text_put(b, op->u.anet.e_path_host);
	for (size_t i = 0; i < op->u.anet.n_ports; i++)
		strbuf_addf(b, "%s%u", i ? "," : "\n" INDENT "to the proxy by a pair of interfaces: port ",
			    op->u.anet.ports[i]);
}

static void rdt(struct strbuf *b, const struct op *op)
{
	const struct op_rdt *r = &op->u.rdt;

	text_put(b, r->group_host);
	strbuf_adds(b, r->is_own ? ", the container's own" : "");
	if (r->monitor_host) {
		strbuf_adds(b, ", monitored in ");
		text_put(b, r->monitor_host);
	}
	if (r->schema) {
		strbuf_adds(b, "\n" INDENT "schema ");
		text_put(b, r->schema);
	}
}

static void netdev(struct strbuf *b, const struct op *op)
{
	text_put(b, op->u.netdev.host_name);
	strbuf_adds(b, " becomes ");
	text_put(b, op->u.netdev.name);
}

static void hook(struct strbuf *b, const struct op *op)
{
	strbuf_addf(b, "%s ", show_hook_kind[op->u.hook.kind]);
	text_put(b, op->u.hook.path);
	for (size_t i = 0; op->u.hook.args[i]; i++) {
		strbuf_adds(b, i ? " " : ": ");
		text_put(b, op->u.hook.args[i]);
	}
	strbuf_adds(b, op->u.hook.env ? "" : ", with the runtime's environment");
}

static void put_egress_entry(struct strbuf *b, const char *verb, const struct plan_egress_entry *en)
{
	strbuf_addf(b, "\n" INDENT "%s ", verb);
	text_put(b, en->host);
	for (size_t k = 0; k < en->n_ports; k++)
		strbuf_addf(b, "%s%u", k ? "," : " ", en->ports[k]);
	put_list(b, " also at ", en->addresses, en->n_addresses);
	if (en->tls)
		strbuf_addf(b, ", TLS: %s", en->tls);
	if (en->ech_denied)
		strbuf_adds(b, ", no encrypted ClientHello");
}

static void egress(struct strbuf *b, const struct op *op)
{
	static const char *const steer[] = {
		[PLAN_STEER_NONE] = "",
		[PLAN_STEER_BPF] = " and behind every other address",
		[PLAN_STEER_VETH] = " and, by a namespace of its own, behind every other address",
	};
	const struct op_egress *g = &op->u.egress;

	strbuf_addf(b, "proxy on 127.0.0.1:%u%s as user %" PRIu32 "%s%s", g->port,
		    steer[g->steered], g->uid,
		    g->via_host ? ", dials from the host" : "",
		    g->learn ? ", lets nothing out and records what is asked for" :
		    g->n_allow ? "" : ", allows nothing");
	for (size_t i = 0; i < g->n_allow; i++)
		put_egress_entry(b, "allow", &g->allow[i]);
	for (size_t i = 0; i < g->n_deny; i++)
		put_egress_entry(b, "deny", &g->deny[i]);
}

static void propagation(struct strbuf *b, const struct op *op)
{
	show_flags(b, show_propagation_flags, op->u.propagation.ms, ", ", "");
}

static void mount_flags(struct strbuf *b, const struct op_mount *m)
{
	const struct { const char *before; const struct show_flag *table; uint64_t flags; } parts[] = {
		{ " ", show_attr_flags, m->attr_set },
		{ " recursively ", show_attr_flags, m->rattr_set },
		{ " not ", show_attr_flags, m->attr_clear & ~m->attr_set & ~ATIME },
		{ " recursively not ", show_attr_flags, m->rattr_clear & ~m->rattr_set & ~ATIME },
		{ " ", show_sb_flags, m->sb_flags },
		{ " ", show_propagation_flags, m->propagation },
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t before = b->len;

		strbuf_adds(b, parts[i].before);
		size_t start = b->len;
		show_flags(b, parts[i].table, parts[i].flags, ",", "");
		if (b->len == start)
			b->len = before; /* no flag of that kind */
		b->p[b->len] = '\0';
	}
}

static void mount_one(struct strbuf *b, const struct op *op)
{
	const struct op_mount *m = &op->u.mount;

	text_put(b, m->dest_ctr);
	if (m->remount) {
		strbuf_adds(b, ": change to");
	} else if (m->kind == MOUNT_BIND) {
		strbuf_addf(b, ": %s ", m->recursive ? "rbind" : "bind");
		text_put(b, m->source_host);
	} else {
		strbuf_adds(b, ": ");
		text_put(b, m->type);
	}
	mount_flags(b, m);
	if (m->data) {
		strbuf_adds(b, " ");
		text_put(b, m->data);
	}
	strbuf_adds(b, m->kind == MOUNT_TMPFS_COPYUP ? " copied up" : "");
	strbuf_adds(b, m->idmap == MOUNT_IDMAP_CONTAINER ? ", ids mapped as the container's" : "");
	put_maps(b, "owner", m->uid, m->n_uid);
	put_maps(b, "group", m->gid, m->n_gid);
	if (m->cow_dir || m->cow_tmpfs_bytes)
		strbuf_adds(b, m->cow_dir ? ", copy-on-write on disk" : ", copy-on-write in memory");
	put_list(b, "\n" INDENT "not seen: ", m->hide, m->n_hide);
	put_list(b, "\n" INDENT "but: ", m->show, m->n_show);
}

static void file(struct strbuf *b, const struct op *op)
{
	text_put(b, op->u.file.path_ctr);
	strbuf_addf(b, ": a file of ours, %zu bytes, read-only", strlen(op->u.file.content));
}

static void dev(struct strbuf *b, const struct op *op)
{
	const struct op_dev *d = &op->u.dev;

	text_put(b, d->path_ctr);
	strbuf_addf(b, ": %c %" PRIu32 ":%" PRIu32 " %04" PRIo32, d->type, d->major, d->minor, d->mode);
	if (d->uid || d->gid)
		strbuf_addf(b, " owned by %" PRIu32 ":%" PRIu32, d->uid, d->gid);
	strbuf_adds(b, d->bind ? ", the host's" : "");
}

static void link_to(struct strbuf *b, const struct op *op)
{
	text_put(b, op->u.link.path_ctr);
	strbuf_adds(b, " -> ");
	text_put(b, op->u.link.target);
}

static void console(struct strbuf *b, const struct op *op)
{
	strbuf_adds(b, "/dev/console, a new pty");
	if (op->u.console.height || op->u.console.width)
		strbuf_addf(b, ", %ux%u", op->u.console.width, op->u.console.height);
}

static void root_ro(struct strbuf *b, const struct op *op)
{
	strbuf_adds(b, op->u.root_ro.readonly ? "read-only " : "");
	show_flags(b, show_propagation_flags, op->u.root_ro.propagation, ", ", "");
}

static void just_path(struct strbuf *b, const struct op *op)
{
	text_put(b, op->u.path.path_ctr);
}

static void hostname(struct strbuf *b, const struct op *op)
{
	strbuf_adds(b, op->u.hostname.domain ? "domain " : "");
	text_put(b, op->u.hostname.name);
}

static void sysctl(struct strbuf *b, const struct op *op)
{
	text_put(b, op->u.sysctl.key);
	strbuf_adds(b, " = ");
	text_put(b, op->u.sysctl.value);
}

static void rlimit(struct strbuf *b, const struct op *op)
{
	const struct op_rlimit *r = &op->u.rlimit;
	const char *name = name_of(&names_rlimit, (uint64_t)r->resource);

	strbuf_addf(b, "%s %" PRIu64 ", at most %" PRIu64, name ? name : "?", r->soft, r->hard);
}

static void oom(struct strbuf *b, const struct op *op)
{
	strbuf_addf(b, "score %d", op->u.oom.score_adj);
}

static void sched(struct strbuf *b, const struct op *op)
{
	const struct op_sched *s = &op->u.sched;
	const char *policy = name_of(&names_sched_policy, s->policy);
	const char *io = name_of(&names_io_class, (uint64_t)s->io_class);

	if (s->affinity_final) {
		strbuf_adds(b, "processors ");
		text_put(b, s->affinity_final);
	} else {
		strbuf_adds(b, "all processors that its cgroup allows");
	}
	if (s->has_scheduler)
		strbuf_addf(b, ", %s nice %" PRId32 " priority %" PRIu32, policy ? policy : "?", s->nice,
			    s->priority);
	if (s->io_class)
		strbuf_addf(b, ", %s %d", io ? io : "?", s->io_priority);
	if (s->has_personality)
		strbuf_addf(b, ", personality %lu", s->personality);
	if (s->mempolicy >= 0)
		strbuf_addf(b, ", memory policy %d", s->mempolicy);
}

static void lsm(struct strbuf *b, const struct op *op)
{
	strbuf_adds(b, op->u.lsm.selinux ? "SELinux " : "AppArmor ");
	text_put(b, op->u.lsm.label);
}

static void put_caps(struct strbuf *b, const char *set, uint64_t bits)
{
	strbuf_addf(b, "\n" INDENT "%s:%s", set, bits ? "" : " none");
	for (unsigned i = 0; i < 64; i++) {
		const char *name = name_of(&names_cap, i);

		if (bits >> i & 1)
			strbuf_addf(b, " %s", name ? name : "?");
	}
}

static void creds(struct strbuf *b, const struct op *op)
{
	const struct op_creds *c = &op->u.creds;

	strbuf_addf(b, "%" PRIu32 ":%" PRIu32, c->uid, c->gid);
	for (size_t i = 0; i < c->n_groups; i++)
		strbuf_addf(b, "%s%" PRIu32, i ? "," : " groups ", c->groups[i]);
	strbuf_addf(b, ", umask %04" PRIo32 "%s", c->umask, c->no_new_privs ? ", no_new_privs" : "");
	put_caps(b, "bounding", c->bounding);
	put_caps(b, "permitted", c->permitted);
	put_caps(b, "effective", c->effective);
	if (c->inheritable)
		put_caps(b, "inheritable", c->inheritable);
	if (c->ambient)
		put_caps(b, "ambient", c->ambient);
}

static void seccomp(struct strbuf *b, const struct op *op)
{
	const struct op_seccomp *s = &op->u.seccomp;
	size_t n_names = 0, n_args = 0;

	for (size_t i = 0; i < s->n_rules; i++) {
		n_names += s->rules[i].n_names;
		n_args += s->rules[i].n_args ? s->rules[i].n_names : 0;
	}
	strbuf_addf(b, "%zu rules for %zu system calls, %zu of them by argument; else ", s->n_rules,
		    n_names, n_args);
	show_action(b, s->default_action);
	for (size_t i = 0; i < s->n_archs; i++) {
		const char *name = name_of(&names_seccomp_arch, s->archs[i]);

		strbuf_addf(b, "%s%s", i ? ", " : "\n" INDENT, name ? name : "?");
	}
	if (s->listener_path) {
		strbuf_adds(b, "\n" INDENT "listener ");
		text_put(b, s->listener_path);
	}
	if (s->yields)
		strbuf_adds(b, "\n" INDENT "sockets that the profile's filter refuses, too, are left to that one");
	if (s->recorded)
		strbuf_adds(b, "\n" INDENT "refused sockets are recorded by agentrt-egress; where the kernel "
			       "gives the filter no listener, they are only refused");
}

static void put_rights(struct strbuf *b, const char *what, const struct show_flag *names, uint64_t v)
{
	if (!v)
		return;
	strbuf_addf(b, "\n" INDENT "%s: ", what);
	show_flags(b, names, v, " ", "");
}

static void put_ports(struct strbuf *b, const char *what, const uint16_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		strbuf_addf(b, "%s%u", i ? " " : what, v[i]);
}

static void landlock(struct strbuf *b, const struct op *op)
{
	const struct op_landlock *l = &op->u.landlock;

	strbuf_adds(b, "a domain of its own");
	put_rights(b, "files", show_landlock_fs, l->fs);
	for (size_t i = 0; i < l->n_paths; i++) {
		strbuf_adds(b, "\n" INDENT "beneath ");
		text_put(b, l->paths[i].path_ctr);
		strbuf_adds(b, l->paths[i].access == l->fs ? ": allowed" : ": ");
		if (l->paths[i].access != l->fs)
			show_flags(b, show_landlock_fs, l->paths[i].access, " ", "");
	}
	put_rights(b, "not to the outside", show_landlock_scope, l->scope);
	put_rights(b, "TCP", show_landlock_net, l->net);
	put_ports(b, "\n" INDENT "connect to port ", l->connect, l->n_connect);
	put_ports(b, "\n" INDENT "bind to port ", l->bind, l->n_bind);
}

static void env_names(struct strbuf *b, const char *const *env)
{
	strbuf_adds(b, "\n" INDENT "environment:");
	for (size_t i = 0; env[i]; i++) {
		char name[64];
		size_t n = strcspn(env[i], "=");

		n = n < sizeof(name) ? n : sizeof(name) - 1;
		memcpy(name, env[i], n);
		name[n] = '\0';
		strbuf_adds(b, " ");
		text_put(b, name);
	}
}

static void exec(struct strbuf *b, const struct op *op)
{
	const struct op_exec *x = &op->u.exec;

	for (size_t i = 0; x->args[i]; i++) {
		strbuf_adds(b, i ? " " : "");
		text_put(b, x->args[i]);
	}
	strbuf_adds(b, " in ");
	text_put(b, x->cwd_ctr);
	env_names(b, x->env);
}

static const struct line {
	line_fn *args;
	const char *text; /* where there are no arguments */
} lines[] = {
	[OP_CGROUP] = { .args = cgroup },
	[OP_ROOT] = { .args = root },
	[OP_USERNS] = { .args = userns },
	[OP_NS] = { .args = ns },
	[OP_ANET] = { .args = anet },
	[OP_RDT] = { .args = rdt },
	[OP_NETDEV] = { .args = netdev },
	[OP_HOOK] = { .args = hook },
	[OP_EGRESS] = { .args = egress },
	[OP_PROPAGATION] = { .args = propagation },
	[OP_MOUNT] = { .args = mount_one },
	[OP_FILE] = { .args = file },
	[OP_DEV] = { .args = dev },
	[OP_LINK] = { .args = link_to },
	[OP_CONSOLE] = { .args = console },
	[OP_PIVOT] = { .text = "the root becomes /, the host's is left behind" },
	[OP_ROOT_RO] = { .args = root_ro },
	[OP_RDONLY] = { .args = just_path },
	[OP_MASK] = { .args = just_path },
	[OP_HOSTNAME] = { .args = hostname },
	[OP_SYSCTL] = { .args = sysctl },
	[OP_RLIMIT] = { .args = rlimit },
	[OP_OOM] = { .args = oom },
	[OP_SCHED] = { .args = sched },
	[OP_KEYRING] = { .text = "a session keyring of its own" },
	[OP_LSM] = { .args = lsm },
	[OP_CREDS] = { .args = creds },
	[OP_LANDLOCK] = { .args = landlock },
	[OP_SECCOMP] = { .args = seccomp },
	[OP_EXEC] = { .args = exec },
};
TABLE_CHECK(lines, OP__COUNT);

void text_op(struct strbuf *b, const struct op *op)
{
	if (lines[op->kind].args)
		lines[op->kind].args(b, op);
	else
		strbuf_adds(b, lines[op->kind].text);
}
