/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_fix.h - a plan from a config text, with facts and a profile's decisions that a test changes
 *
 * The facts are those of a v2 host where everything asked for exists; the decisions are the oci
 * profile's: nothing. Usage: fix_init(&x, "config"); change x.f, x.t, x.prof; fix_build(&x).
 */
#ifndef TESTS_UNIT_PLAN_FIX_H
#define TESTS_UNIT_PLAN_FIX_H

#include <stdlib.h>

#include "plan/build.h"
#include "spec/spec.h"
#include "tests/unit/test.h"

#define FIX_NS "{\"type\":\"pid\"},{\"type\":\"mount\"},{\"type\":\"uts\"},{\"type\":\"ipc\"}," \
	       "{\"type\":\"network\"},{\"type\":\"cgroup\"}"
#define FIX_PROC "\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"true\"],\"cwd\":\"/\"}"
#define FIX_HEAD "\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"rootfs\"}"
/* A config with these mounts and these other members of `linux`. */
#define FIX_LINUX(more) \
	"{" FIX_HEAD "," FIX_PROC ",\"linux\":{\"namespaces\":[" FIX_NS "]" more "}}"
#define FIX_MOUNTS(mounts) \
	"{" FIX_HEAD "," FIX_PROC ",\"mounts\":[" mounts "],\"linux\":{\"namespaces\":[" FIX_NS "]}}"
#define FIX_PLAIN FIX_LINUX("")

struct fix {
	struct arena a;
	struct oci_spec *s;
	struct facts f;
	struct profile prof;
	struct tight t;
	struct plan_opts o;
	struct plan *p;
	struct err e;
	struct fact_hierarchy h[4];
};

static inline void fix_mounts(struct fix *x)
{
	size_t n = x->s->n_mounts;

	x->t.mounts = arena_alloc(&x->a, n + 1, sizeof(*x->t.mounts));
	x->t.mount_facts = arena_alloc(&x->a, n + 1, sizeof(*x->t.mount_facts));
	for (size_t i = 0; i < n; i++) {
		const char *src = x->s->mounts[i].source;

		x->t.mount_facts[i] = (struct fact_path){ .given = src, .realpath = src, .type = 'd',
							  .dev = 5, .ino = 100 + i,
							  .fstype = "ext4", .can_idmap = true };
	}
}

static inline void fix_init(struct fix *x, const char *config)
{
	*x = (struct fix){ .e = ERR_INIT };
	if (spec_parse(&x->a, config, strlen(config), "config.json", &x->s, &x->e)) {
		printf("Bail out! %s\n", x->e.msg);
		exit(1);
	}
	x->h[0] = (struct fact_hierarchy){ .controllers = "", .mount_host = "/sys/fs/cgroup",
					   .own_path = "/a/b" };
	x->f = (struct facts){
		.id = "box", .kernel = "6.1", .in_initial_userns = true,
		.cap_bounding = (UINT64_C(1) << 41) - 1, .cap_last = 40,
		.kernel_idmap = true, .kernel_overlay = true, .kernel_steer = true,
		.cgroup = CGROUP_V2, .hierarchies = x->h, .n_hierarchies = 1,
		.v2_controllers = "cpuset cpu io memory hugetlb pids rdma",
		.root = { .at = { .given = "/b/rootfs", .realpath = "/b/rootfs", .type = 'd', .dev = 5,
				  .ino = 2, .fstype = "ext4", .can_idmap = true } },
		.egress_uid = 2000000000,
	};
	x->prof = (struct profile){ .name = "test", .egress = { .via = "engine", .port = 3128 },
				    .root = { .dir = "/var/lib/agentrt" } };
	x->t = (struct tight){ .spec = x->s, .profile = &x->prof, .engine_net_ns = 4 };
	x->o = (struct plan_opts){ .id = "box", .bundle_host = "/b", .state_root = "/run/agentrt" };
	fix_mounts(x);
}

/* v1 hierarchies, and v2 with hugetlb alone beside them. */
static inline void fix_hybrid(struct fix *x)
{
	x->h[0] = (struct fact_hierarchy){ .controllers = "memory", .mount_host = "/sys/fs/cgroup/memory",
					   .own_path = "/own" };
	x->h[1] = (struct fact_hierarchy){ .controllers = "cpu,cpuacct", .mount_host = "/sys/fs/cgroup/cpu,cpuacct",
					   .own_path = "/" };
	x->h[2] = (struct fact_hierarchy){ .controllers = "blkio", .mount_host = "/sys/fs/cgroup/blkio",
					   .own_path = "/" };
	x->h[3] = (struct fact_hierarchy){ .controllers = "", .mount_host = "/sys/fs/cgroup/unified",
					   .own_path = "/" };
	x->f.cgroup = CGROUP_HYBRID;
	x->f.n_hierarchies = 4;
	x->f.v2_controllers = "hugetlb";
}

/* A user namespace with 65536 ids from 100000 on. */
static inline void fix_userns(struct fix *x)
{
	static struct oci_idmap map = { 0, 100000, 65536 };
	struct oci_linux *l = &x->s->linux_;

	struct oci_namespace *v = NULL; /* the parser's array has no room for one more */
	size_t n = 0;

	for (size_t i = 0; i < l->n_namespaces; i++)
		*arena_push(&x->a, v, n) = l->namespaces[i];
	*arena_push(&x->a, v, n) = (struct oci_namespace){ NS_USER, NULL };
	l->namespaces = v;
	l->n_namespaces = n;
	l->uid_mappings = l->gid_mappings = &map;
	l->n_uid_mappings = l->n_gid_mappings = 1;
}

/* The agent's network. */
static inline void fix_anet(struct fix *x, enum tight_net net)
{
	fix_userns(x);
	x->t.net = (int)net;
}

static inline bool fix_build(struct fix *x)
{
	return plan_build(&x->a, &x->t, &x->f, &x->o, &x->p, &x->e) == 0;
}

/* The build fails, and the message says @want. */
static inline void fix_refused(struct fix *x, const char *want, const char *name)
{
	bool built = fix_build(x);

	if (!t_ok(!built && strstr(x->e.msg, want), name))
		t_note("%s", built ? "it was built" : x->e.msg);
	arena_done(&x->a);
}

static inline bool fix_ok(struct fix *x, const char *name)
{
	bool ok = t_ok(fix_build(x), name);

	if (!ok)
		t_note("%s", x->e.msg);
	return ok;
}

/* The n-th op of a kind, or NULL. */
static inline const struct op *fix_op(const struct fix *x, enum op_kind kind, size_t nth)
{
	for (size_t i = 0; x->p && i < x->p->n_ops; i++)
		if (x->p->ops[i].kind == kind && nth-- == 0)
			return &x->p->ops[i];
	return NULL;
}

#endif
