/* SPDX-License-Identifier: Apache-2.0 */
/* t_plan_rootless.c - plans for a runtime in the hands of an ordinary user */
#include "tests/unit/plan_fix.h"

static void user(struct fix *x, const char *config)
{
	fix_init(x, config);
	fix_userns(x);
	x->f.euid = 1000;
	x->f.no_mount_rights = true;
}

static void maps(void)
{
	struct fix x;

	user(&x, FIX_PLAIN);
	if (fix_ok(&x, "several ids are mapped")) {
		t_ok(fix_op(&x, OP_USERNS, 0)->u.userns.newidmap, "by the setuid helpers");
		t_ok(fix_op(&x, OP_USERNS, 0)->u.userns.mounts_inside, "and mounts are made inside");
	}
	arena_done(&x.a);
	user(&x, FIX_PLAIN);
	x.s->linux_.uid_mappings->size = 1;
	if (fix_ok(&x, "one id is mapped"))
		t_ok(fix_op(&x, OP_USERNS, 0)->u.userns.deny_setgroups, "with groups denied");
	x.s->linux_.uid_mappings->size = 65536; /* the fixture's own, for all */
	arena_done(&x.a);
	fix_init(&x, FIX_PLAIN);
	fix_userns(&x);
	if (fix_ok(&x, "root's runtime"))
		t_ok(!fix_op(&x, OP_USERNS, 0)->u.userns.mounts_inside, "makes mounts outside");
	arena_done(&x.a);
}

static void refusals(void)
{
	struct fix x;

	user(&x, FIX_PLAIN);
	x.s->linux_.n_namespaces--;
	x.s->linux_.n_uid_mappings = x.s->linux_.n_gid_mappings = 0;
	fix_refused(&x, "a user namespace is needed", "without a user namespace nothing can be mounted");
	user(&x, FIX_PLAIN);
	x.t.root_idmap = true;
	fix_refused(&x, "an id-mapped root is not possible without root", "no root with mapped ids");
	user(&x, FIX_PLAIN);
	x.s->linux_.namespaces[0].type = NS_TIME;
	fix_refused(&x, "a new time namespace is not possible", "no time namespace");
	arena_done(&x.a);
}

static void cgroups(void)
{
	struct fix x;

	user(&x, FIX_PLAIN);
	if (fix_ok(&x, "nothing delegated"))
		t_ok(fix_op(&x, OP_CGROUP, 0)->u.cgroup.none, "is no cgroup");
	arena_done(&x.a);
	user(&x, FIX_LINUX(",\"resources\":{\"pids\":{\"limit\":5}}"));
	fix_refused(&x, "linux.resources.pids.limit: it cannot be held without a cgroup",
		    "a limit that nothing would hold is refused");
	user(&x, FIX_LINUX(",\"resources\":{\"pids\":{\"limit\":5}}"));
	x.h[0].delegated = "/u/app";
	if (fix_ok(&x, "delegated, with the controller")) {
		const struct op_cgroup *cg = &fix_op(&x, OP_CGROUP, 0)->u.cgroup;

		t_ok(streq(cg->dirs[0].path, "/u/app/agentrt-box"), "it lies below the place");
		t_ok(cg->n_devices == 0, "device rules are not an ordinary user's to set");
	}
	arena_done(&x.a);
	user(&x, FIX_LINUX(",\"cgroupsPath\":\"/u/application\""));
	x.h[0].delegated = "/u/app";
	fix_refused(&x, "is not below /u/app", "a cgroup elsewhere is refused");
	arena_done(&x.a);
}

static void scores(void)
{
	struct fix x;

	user(&x, "{" FIX_HEAD ",\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"true\"],\"cwd\":\"/\","
		 "\"oomScoreAdj\":-5},\"linux\":{\"namespaces\":[" FIX_NS "]}}");
	if (fix_ok(&x, "a lower score"))
		t_ok(fix_op(&x, OP_OOM, 0)->on_fail == FAIL_IGNORE && fix_op(&x, OP_OOM, 0)->note,
		     "may fail, and the plan says why");
	arena_done(&x.a);
}

int main(void)
{
	maps();
	refusals();
	cgroups();
	scores();
	return t_done();
}
