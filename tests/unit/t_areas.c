/* SPDX-License-Identifier: Apache-2.0 */
/* t_areas.c - a plan by subject: what is open is called open */
#include "base/table.h"
#include "plan/areas.h"
#include "tests/unit/test.h"

struct want {
	enum area area;
	const char *state, *what;
};

static struct plan *empty(struct arena *a)
{
	struct plan *p = arena_alloc(a, 1, sizeof(*p));

	*p = (struct plan){ .a = a, .id = "c", .profile = "agent", .bundle_host = "/b" };
	return p;
}

static void expect(struct arena *a, const struct plan *p, const struct want *w, const char *name)
{
	struct area_line *v;
	size_t n;
	bool found = false;

	areas_list(a, p, &v, &n);
	for (size_t i = 0; i < n; i++)
		found = found || (v[i].area == w->area && streq(v[i].state, w->state) &&
				  strstr(v[i].what, w->what) && v[i].rule);
	if (!t_ok(found, name))
		for (size_t i = 0; i < n; i++)
			t_note("%d %s %s [%s]", v[i].area, v[i].state, v[i].what, v[i].rule);
}

static void nothing(void)
{
	static const struct want rows[] = {
		{ AREA_IDS, "open", "no user namespace" },
		{ AREA_KERNEL, "open", "every system call" },
		{ AREA_NETWORK, "open", "without a proxy" },
		{ AREA_LIMITS, "open", "no cgroup" },
		{ AREA_DEVICES, "open", "no cgroup refuses" },
		{ AREA_KERNEL, "open", "no second fence" },
	};
	auto_arena struct arena a = ARENA_INIT;
	const struct plan *p = empty(&a);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect(&a, p, &rows[i], arena_printf(&a, "without operations: %s", rows[i].what));
}

static void some(void)
{
	static struct plan_idmap maps[] = { { 0, 0, 1000 }, { 1000, 70000, 10 } };
	auto_arena struct arena a = ARENA_INIT;
	struct plan *p = empty(&a);
	struct plan_finding f[] = { { "env.name", "removed", "process.env: X", "a secret" },
				    { "nothing.known", "note", "y", "z" } };
	struct op *op;

	op = plan_add(p, OP_USERNS, "linux", "userns.private");
	op->u.userns = (struct op_userns){ .action = NS_NEW, .uid = maps, .n_uid = 2 };
	op = plan_add(p, OP_NS, "linux", "oci");
	op->u.ns = (struct op_ns){ .action = NS_INHERIT };
	op = plan_add(p, OP_MOUNT, "mounts[0]", "mount.owner");
	op->u.mount = (struct op_mount){ .kind = MOUNT_BIND, .dest_ctr = "/w", .source_host = "/s" };
	op = plan_add(p, OP_CREDS, "process", "oci");
	op = plan_add(p, OP_HOOK, "hooks", "oci");
	op->u.hook = (struct op_hook){ .kind = PLAN_HOOK_POSTSTART, .path = "/hook" };
	p->findings = f;
	p->n_findings = 2;

	expect(&a, p, &(struct want){ AREA_IDS, "open", "root is root" }, "a map to the host's root");
	expect(&a, p, &(struct want){ AREA_IDS, "safe", "70000 to 70009" }, "another map");
	expect(&a, p, &(struct want){ AREA_NAMESPACES, "open", "is the host's" }, "a shared namespace");
	expect(&a, p, &(struct want){ AREA_FILES, "open", "what is written there stays" },
	       "a writable bind mount");
	expect(&a, p, &(struct want){ AREA_PRIVILEGES, "open", "the runtime's own" },
	       "capabilities that nothing limits");
	expect(&a, p, &(struct want){ AREA_PRIVILEGES, "open", "setuid programs" }, "no no_new_privs");
	expect(&a, p, &(struct want){ AREA_HOOKS, "open", "runtime's privileges" }, "a hook");
	expect(&a, p, &(struct want){ AREA_ENVIRONMENT, "removed", "X" },
	       "a finding is shown with its area");
	expect(&a, p, &(struct want){ AREA_PROFILE, "note", "y" },
	       "one of a rule that no area has is not lost");
}

int main(void)
{
	nothing();
	some();
	return t_done();
}
