/* SPDX-License-Identifier: Apache-2.0 */
/* areas.c - one function an area reads the plan's operations; findings join by the rule's name */
#include "plan/areas.h"

#include <linux/mount.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/table.h"
#include "plan/show.h"
#include "plan/text.h"
#include "spec/names.h"

struct areas {
	struct arena *a;
	const struct plan *p;
	enum area area; /* that lines go to now */
	struct area_line *lines;
	size_t n;
};

static void line(struct areas *s, const char *state, const char *rule, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static void line(struct areas *s, const char *state, const char *rule, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	*arena_push(s->a, s->lines, s->n) = (struct area_line){
		.area = s->area, .state = state, .what = arena_strdup(s->a, text), .rule = rule
	};
}

/* The i-th operation of a kind, or NULL. */
static const struct op *nth(const struct plan *p, enum op_kind kind, size_t i)
{
	for (size_t k = 0; k < p->n_ops; k++)
		if (p->ops[k].kind == kind && i-- == 0)
			return &p->ops[k];
	return NULL;
}

static size_t count(const struct plan *p, enum op_kind kind)
{
	size_t n = 0;

	for (size_t k = 0; k < p->n_ops; k++)
		n += p->ops[k].kind == kind;
	return n;
}

/* ---- areas ---- */

static void profile(struct areas *s)
{
	bool plain = streq(s->p->profile, "oci");

	line(s, plain ? "open" : "safe", "oci", plain ? "profile oci: no policy" : "profile %s",
	     s->p->profile);
}

static void ids(struct areas *s)
{
	const struct op *op = plan_find(s->p, OP_USERNS);

	if (!op) {
		line(s, "open", "oci", "no user namespace: root in the container is root outside");
		return;
	}
	if (op->u.userns.action != NS_NEW) {
		line(s, "open", op->rule, "the user namespace is another container's");
		return;
	}
	for (size_t i = 0; i < op->u.userns.n_uid; i++) {
		const struct plan_idmap *m = &op->u.userns.uid[i];

		if (op->u.userns.rootless) {
			line(s, "open", op->rule,
			     "ids %u to %u in the container are the user's who runs it, %u to %u of his: "
			     "all his containers may have them",
			     m->ctr, m->ctr + m->size - 1, m->host, m->host + m->size - 1);
			continue;
		}

		line(s, m->host == 0 ? "open" : "safe", op->rule,
		     "ids %u to %u in the container are %u to %u outside%s", m->ctr,
		     m->ctr + m->size - 1, m->host, m->host + m->size - 1,
		     m->host == 0 ? ": root is root" : "");
	}
}

static void namespaces(struct areas *s)
{
	auto_strbuf struct strbuf own = STRBUF_INIT;
	const struct op *op;
	const char *rule = "oci";

	for (size_t i = 0; (op = nth(s->p, OP_NS, i)); i++) {
		const struct op_ns *ns = &op->u.ns;

		if (ns->action == NS_NEW) {
			strbuf_addf(&own, "%s%s", own.len ? ", " : "", plan_ns_name(ns->type));
			rule = streq(op->rule, "oci") ? rule : op->rule;
			continue;
		}
		line(s, "open", op->rule, "%s is %s", plan_ns_name(ns->type),
		     ns->action == NS_JOIN ? "another's, joined by path" : "the host's");
	}
	if (own.len)
		line(s, "safe", rule, "of its own: %s", own.p);
}

/* A project's files are somebody's on the host, where the mount's nosuid does not hold. */
static bool can_plant_setid(const struct areas *s, const struct op *op)
{
	const struct op *filter;

	for (size_t i = 0; (filter = nth(s->p, OP_SECCOMP, i)); i++)
		if (streq(filter->rule, "process.setid"))
			return false;
	return streq(op->rule, "mount.owner");
}

static void one_mount(struct areas *s, const struct op *op)
{
	const struct op_mount *m = &op->u.mount;
	bool ro = (m->attr_set | m->rattr_set) & MOUNT_ATTR_RDONLY;
	bool cow = m->cow_dir || m->cow_tmpfs_bytes;

	if (m->kind != MOUNT_BIND || m->remount)
		return;
	line(s, cow ? "safe" : ro ? "seen" : "open", op->rule, "%s is %s of the host: %s",
	     m->dest_ctr, m->source_host,
	     cow			? "a copy, thrown away"
	     : ro			? "read-only"
	     : can_plant_setid(s, op) ? "what is written there stays, a set-user-id file of the owner's "
					"too (process.noSetIdFiles refuses those)"
				      : "what is written there stays");
}

static void files(struct areas *s)
{
	const struct op *root = plan_find(s->p, OP_ROOT), *ro = plan_find(s->p, OP_ROOT_RO), *op;

	if (root)
		line(s, root->u.root.overlay ? "safe" : "open", root->rule,
		     root->u.root.overlay
			     ? "what is written to the root is thrown away with the container"
			     : "what is written to the root stays in the image's directory");
	if (ro && ro->u.root_ro.readonly)
		line(s, "safe", ro->rule, "the root is read-only");
	for (size_t i = 0; (op = nth(s->p, OP_MOUNT, i)); i++)
		one_mount(s, op);
	if (count(s->p, OP_MASK))
		line(s, "safe", nth(s->p, OP_MASK, 0)->rule, "%zu paths are unreadable",
		     count(s->p, OP_MASK));
	if (count(s->p, OP_RDONLY))
		line(s, "safe", nth(s->p, OP_RDONLY, 0)->rule, "%zu paths are read-only",
		     count(s->p, OP_RDONLY));
}

static void put_caps(struct strbuf *b, uint64_t bits)
{
	for (size_t i = 0; i < names_cap.n; i++)
		if (bits >> names_cap.rows[i].value & 1)
			strbuf_addf(b, "%s%s", b->len ? ", " : "", names_cap.rows[i].name);
}

static void privileges(struct areas *s)
{
	const struct op *op = plan_find(s->p, OP_CREDS), *lsm;
	auto_strbuf struct strbuf caps = STRBUF_INIT;

	if (op && op->u.creds.has_caps) {
		put_caps(&caps, op->u.creds.bounding);
		line(s, "safe", op->rule, "user %u; capabilities at most: %s", op->u.creds.uid,
		     caps.len ? caps.p : "none");
	} else if (op) {
		line(s, "open", op->rule, "user %u; capabilities are the runtime's own",
		     op->u.creds.uid);
	}
	if (op)
		line(s, op->u.creds.no_new_privs ? "safe" : "open", op->rule,
		     op->u.creds.no_new_privs ? "setuid programs give nothing (no_new_privs)"
					      : "setuid programs give what they say");
	for (size_t i = 0; (lsm = nth(s->p, OP_LSM, i)); i++)
		line(s, "safe", lsm->rule, "%s label %s", lsm->u.lsm.selinux ? "SELinux" : "AppArmor",
		     lsm->u.lsm.label);
}

static void second_fence(struct areas *s)
{
	const struct op *op = plan_find(s->p, OP_LANDLOCK);

	if (!op) {
		line(s, "open", "oci", "no second fence (Landlock) behind the first one");
		return;
	}
	if (op->u.landlock.fs)
		line(s, "safe", "landlock.files",
		     "Landlock: no file outside the root, by a descriptor that leaked in either");
	if (op->u.landlock.scope)
		line(s, "safe", "landlock.scope",
		     "Landlock: no signal and no abstract socket past what one start made");
	if (op->u.landlock.net)
		line(s, "safe", "landlock.tcp", "Landlock: TCP to %zu ports at most",
		     op->u.landlock.n_connect);
}

static void kernel(struct areas *s)
{
	const struct op *op;

	if (!plan_find(s->p, OP_SECCOMP))
		line(s, "open", "oci", "every system call reaches the kernel");
	for (size_t i = 0; (op = nth(s->p, OP_SECCOMP, i)); i++)
		if (streq(op->rule, "process.setid"))
			line(s, "safe", op->rule, "no file can be made set-user-id or set-group-id");
		else
			line(s, "safe", op->rule, "system calls pass a filter of %zu rules",
			     op->u.seccomp.n_rules);
	for (size_t i = 0; (op = nth(s->p, OP_SYSCTL, i)); i++)
		line(s, "seen", op->rule, "setting %s = %s", op->u.sysctl.key, op->u.sysctl.value);
	second_fence(s);
}

static void devices(struct areas *s)
{
	const struct op *cg = plan_find(s->p, OP_CGROUP);

	if (count(s->p, OP_DEV))
		line(s, "safe", nth(s->p, OP_DEV, 0)->rule, "%zu device nodes in /dev",
		     count(s->p, OP_DEV));
	if (cg && cg->u.cgroup.n_devices)
		line(s, "safe", cg->rule, "others are refused by the cgroup (%zu rules)",
		     cg->u.cgroup.n_devices);
	else
		line(s, plan_find(s->p, OP_USERNS) ? "safe" : "open", "oci",
		     plan_find(s->p, OP_USERNS) ? "no others can be made in a user namespace"
						: "no cgroup refuses others");
}

static void allowed(struct areas *s, const struct op *op)
{
	const struct op_egress *g = &op->u.egress;

	if (g->n_allow == 0)
		line(s, "safe", op->rule, "the proxy lets nothing out: the allow list is empty");
	for (size_t i = 0; i < g->n_allow; i++) {
		auto_strbuf struct strbuf ports = STRBUF_INIT;

		for (size_t k = 0; k < g->allow[i].n_ports; k++)
			strbuf_addf(&ports, "%s%u", k ? "," : "", g->allow[i].ports[k]);
		line(s, "open", op->rule, "the proxy lets out: %s port %s%s", g->allow[i].host,
		     ports.len ? ports.p : "none",
		     g->allow[i].n_addresses ? ", at private addresses too" : "");
	}
}

static void network(struct areas *s)
{
	const struct op *anet = plan_find(s->p, OP_ANET), *egress = plan_find(s->p, OP_EGRESS);

	if (!anet)
		line(s, "open", "oci", "the engine's network, without a proxy");
	else
		line(s, "safe", anet->rule,
		     egress ? "a network of its own: the proxy is the only way out"
			    : "a network of its own without a way out");
	if (egress)
		allowed(s, egress);
}

static void environment(struct areas *s)
{
	const struct op *op = plan_find(s->p, OP_EXEC);
	size_t n = 0;

	while (op && op->u.exec.env && op->u.exec.env[n])
		n++;
	if (op)
		line(s, "seen", op->rule, "%zu variables", n);
}

static void limits(struct areas *s)
{
	static const char *const files[] = { "pids.max", "memory.max", "memory.limit_in_bytes",
					     "cpu.max", "cpu.cfs_quota_us", "memory.oom.group" };
	const struct op *cg = plan_find(s->p, OP_CGROUP), *op;

	if (!cg || cg->u.cgroup.none) {
		line(s, "open", "oci", "no cgroup: memory and processes are not limited");
		return;
	}
	for (size_t i = 0; i < cg->u.cgroup.n_writes; i++)
		for (size_t k = 0; k < ARRAY_SIZE(files); k++)
			if (streq(cg->u.cgroup.writes[i].file, files[k]))
				line(s, "safe", cg->u.cgroup.writes[i].rule, "%s = %s", files[k],
				     cg->u.cgroup.writes[i].value);
	for (size_t i = 0; (op = nth(s->p, OP_RLIMIT, i)); i++)
		if (op->u.rlimit.hard != UINT64_MAX)
			line(s, "safe", op->rule, "%s at most %llu",
			     name_of(&names_rlimit, (uint64_t)op->u.rlimit.resource),
			     (unsigned long long)op->u.rlimit.hard);
}

static void hooks(struct areas *s)
{
	const struct op *op;

	for (size_t i = 0; (op = nth(s->p, OP_HOOK, i)); i++)
		line(s, "open", op->rule, "%s runs with the %s privileges (%s)", op->u.hook.path,
		     op->u.hook.kind == PLAN_HOOK_START_CONTAINER ? "container's" : "runtime's",
		     show_hook_kind[op->u.hook.kind]);
}

static const struct {
	const char *name, *title;
	void (*derive)(struct areas *s);
} table[] = {
	[AREA_PROFILE] = { "profile", "Profile", profile },
	[AREA_IDS] = { "ids", "Users and groups", ids },
	[AREA_NAMESPACES] = { "namespaces", "Namespaces", namespaces },
	[AREA_FILES] = { "files", "Files", files },
	[AREA_PRIVILEGES] = { "privileges", "Privileges", privileges },
	[AREA_KERNEL] = { "kernel", "The kernel's interfaces", kernel },
	[AREA_DEVICES] = { "devices", "Devices", devices },
	[AREA_NETWORK] = { "network", "Network", network },
	[AREA_ENVIRONMENT] = { "environment", "Environment and arguments", environment },
	[AREA_LIMITS] = { "limits", "Limits", limits },
	[AREA_HOOKS] = { "hooks", "Hooks", hooks },
};
TABLE_CHECK(table, AREA__COUNT);

/* The first part of a rule's name says where its findings belong. */
static const struct {
	const char *prefix;
	enum area area;
} prefixes[] = {
	{ "userns.", AREA_IDS },	{ "ns.", AREA_NAMESPACES },  { "root.", AREA_FILES },
	{ "mount.", AREA_FILES },	{ "path.", AREA_FILES },     { "caps.", AREA_PRIVILEGES },
	{ "process.", AREA_PRIVILEGES }, { "seccomp.", AREA_KERNEL }, { "sysctl.", AREA_KERNEL },
	{ "landlock.", AREA_KERNEL },
	{ "device.", AREA_DEVICES },	{ "net.", AREA_NETWORK },    { "env.", AREA_ENVIRONMENT },
	{ "args.", AREA_ENVIRONMENT },	{ "limits.", AREA_LIMITS },  { "resources.", AREA_LIMITS },
	{ "hook.", AREA_HOOKS },
};

static enum area area_of(const char *rule)
{
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (str_has_prefix(rule, prefixes[i].prefix))
			return prefixes[i].area;
	return AREA_PROFILE;
}

void areas_list(struct arena *a, const struct plan *p, struct area_line **ret_lines, size_t *ret_n)
{
	struct areas s = { .a = a, .p = p };

	for (s.area = 0; s.area < AREA__COUNT; s.area++) {
		table[s.area].derive(&s);
		for (size_t i = 0; i < p->n_findings; i++) {
			const struct plan_finding *f = &p->findings[i];

			if (area_of(f->rule) == s.area)
				*arena_push(a, s.lines, s.n) = (struct area_line){
					s.area, f->action, f->what, f->why, f->rule
				};
		}
	}
	*ret_lines = s.lines;
	*ret_n = s.n;
}

void areas_text(struct strbuf *b, const struct plan *p)
{
	auto_arena struct arena a = ARENA_INIT;
	struct area_line *v;
	size_t n;

	areas_list(&a, p, &v, &n);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || v[i].area != v[i - 1].area)
			strbuf_addf(b, "\n%s\n", table[v[i].area].title);
		strbuf_addf(b, "  %-9s ", v[i].state);
		text_put(b, v[i].what);
		if (v[i].why) {
			strbuf_adds(b, "\n            ");
			text_put(b, v[i].why);
		}
		strbuf_addf(b, " [%s]\n", v[i].rule);
	}
}

static void put(struct strbuf *b, const char *before, const char *key, const char *value)
{
	strbuf_addf(b, "%s\"%s\":", before, key);
	strbuf_add_json(b, value);
}

void areas_json(struct strbuf *b, const struct plan *p)
{
	auto_arena struct arena a = ARENA_INIT;
	struct area_line *v;
	size_t n, i = 0;

	areas_list(&a, p, &v, &n);
	strbuf_adds(b, "\"areas\":[");
	for (int area = 0; area < AREA__COUNT; area++) {
		const char *comma = "";

		strbuf_addf(b, "%s\n{\"area\":\"%s\",\"lines\":[", area ? "," : "",
			    table[area].name);
		for (; i < n && v[i].area == (unsigned)area; i++, comma = ",") {
			strbuf_addf(b, "%s\n", comma);
			put(b, "{", "state", v[i].state);
			put(b, ",", "what", v[i].what);
			put(b, ",", "why", v[i].why);
			put(b, ",", "rule", v[i].rule);
			strbuf_adds(b, "}");
		}
		strbuf_adds(b, "]}");
	}
	strbuf_adds(b, "]");
}
