/* SPDX-License-Identifier: Apache-2.0 */
/* t_plan_process.c - what becomes of the process: ids, capabilities, filters, hooks, exec */
#include <linux/capability.h>
#include <seccomp.h>

#include "base/table.h"
#include "tests/unit/plan_fix.h"

#define PROC(more) "{" FIX_HEAD ",\"process\":{\"user\":{\"uid\":5,\"gid\":6},\"args\":[\"true\"]," \
	"\"cwd\":\"/a/../b\"" more "},\"linux\":{\"namespaces\":[" FIX_NS "]}}"
#define CAP(c) (UINT64_C(1) << (c))

static void creds(void)
{
	const struct op_creds *c;
	struct fix x;

	fix_init(&x, PROC(""));
	if (fix_ok(&x, "a process without capabilities has none")) {
		c = &fix_op(&x, OP_CREDS, 0)->u.creds;
		t_ok(c->has_caps && !(c->bounding | c->permitted | c->effective), "not even in its bounding set");
		t_ok(c->uid == 5 && c->gid == 6 && c->set_groups && c->n_groups == 0, "no group is inherited");
		t_ok(c->umask == 0022, "the umask is the usual one");
		t_ok(streq(fix_op(&x, OP_EXEC, 0)->u.exec.cwd_ctr, "/b"), "the directory is clean");
		t_ok(fix_op(&x, OP_EXEC, 0)->u.exec.set_home, "HOME is looked up where it is not given");
	}
	arena_done(&x.a);

	fix_init(&x, PROC(",\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_SYS_ADMIN\"],\"permitted\":"
			  "[\"CAP_KILL\"],\"effective\":[\"CAP_KILL\",\"CAP_CHOWN\"],\"ambient\":[\"CAP_KILL\"]}"));
	x.f.cap_bounding = ~CAP(CAP_SYS_ADMIN);
	if (fix_ok(&x, "capabilities out of reach are left out")) {
		c = &fix_op(&x, OP_CREDS, 0)->u.creds;
		t_ok(c->bounding == CAP(CAP_KILL), "of the bounding set");
		t_ok(x.p->n_findings == 1, "and that is said");
		t_ok(c->effective == CAP(CAP_KILL), "effective ones are permitted");
		t_ok(c->ambient == 0, "ambient ones are inheritable");
	}
	fix_userns(&x);
	fix_build(&x);
	t_ok(fix_op(&x, OP_CREDS, 0)->u.creds.bounding == (CAP(CAP_KILL) | CAP(CAP_SYS_ADMIN)),
	     "a new user namespace starts with all of them");
	arena_done(&x.a);

	fix_init(&x, PROC(""));
	fix_userns(&x);
	x.s->process->user.uid = 65536;
	fix_refused(&x, "65536:6 is not mapped", "an id outside the map is refused");
	uint32_t gids[] = { 4, 70000 };
	fix_init(&x, PROC(""));
	fix_userns(&x);
	x.s->process->user.additional_gids = gids;
	x.s->process->user.n_additional_gids = 2;
	fix_refused(&x, "70000 is not mapped", "so is a group");
	fix_init(&x, PROC(""));
	x.f.euid = 1000;
	x.s->process->user.additional_gids = gids;
	x.s->process->user.n_additional_gids = 1;
	fix_refused(&x, "additionalGids", "a rootless runtime cannot set groups");
}

#define FILTER(action, more) ",\"seccomp\":{\"defaultAction\":\"" action "\"" more "}"

static void seccomp(void)
{
	struct oci_seccomp ours = { .default_action = (int)SCMP_ACT_ERRNO(0), .default_errno_ret = { true, 38 } };
	const struct op *creds_op, *first, *second;
	struct fix x;

	fix_init(&x, FIX_LINUX(FILTER("SCMP_ACT_ERRNO", ",\"syscalls\":[{\"names\":[\"read\"],\"action\":"
				      "\"SCMP_ACT_ALLOW\"},{\"names\":[\"clone3\"],\"action\":\"SCMP_ACT_ERRNO\","
				      "\"errnoRet\":38}]")));
	x.t.seccomp2 = &ours;
	if (fix_ok(&x, "two filters stack")) {
		first = fix_op(&x, OP_SECCOMP, 0), second = fix_op(&x, OP_SECCOMP, 1);
		creds_op = fix_op(&x, OP_CREDS, 0);
		t_ok(first->u.seccomp.n_rules == 2 && second->u.seccomp.n_rules == 0,
		     "the config's first, the profile's on top");
		t_ok(first->u.seccomp.default_action == SCMP_ACT_ERRNO(1), "the default errno is EPERM");
		t_ok(first->u.seccomp.rules[1].action == SCMP_ACT_ERRNO(38), "a rule may say another");
		t_ok(second->u.seccomp.default_action == SCMP_ACT_ERRNO(38), "so may the filter");
		t_ok(first->u.seccomp.enosys_for_newer, "newer system calls are unknown, not forbidden");
		t_ok(second < creds_op, "with capabilities the filters load before those go");
	}
	x.s->process->no_new_privileges = true;
	fix_build(&x);
	t_ok(fix_op(&x, OP_SECCOMP, 0) > fix_op(&x, OP_CREDS, 0), "with no_new_privs after");
	arena_done(&x.a);

	fix_init(&x, FIX_LINUX(FILTER("SCMP_ACT_ALLOW", "")));
	fix_build(&x);
	t_ok(!fix_op(&x, OP_SECCOMP, 0)->u.seccomp.enosys_for_newer,
	     "a filter that allows by default needs no such rule");
	arena_done(&x.a);
	fix_init(&x, FIX_LINUX(FILTER("SCMP_ACT_KILL_PROCESS", "")));
	fix_build(&x);
	t_ok(fix_op(&x, OP_SECCOMP, 0)->u.seccomp.default_action == SCMP_ACT_KILL_PROCESS,
	     "an action without data is itself");
	arena_done(&x.a);
}

#define NOTIFY(names) ",\"listenerPath\":\"/run/agent\",\"listenerMetadata\":\"m\",\"flags\":[" \
	"\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"],\"syscalls\":[{\"names\":[" names \
	"],\"action\":\"SCMP_ACT_NOTIFY\"}]"

static void listener(void)
{
	const struct op_seccomp *s;
	struct fix x;

	fix_init(&x, FIX_LINUX(FILTER("SCMP_ACT_ALLOW", NOTIFY("\"mkdir\""))));
	if (fix_ok(&x, "a filter may notify an agent")) {
		s = &fix_op(&x, OP_SECCOMP, 0)->u.seccomp;
		t_ok(s->listener_path && streq(s->listener_metadata, "m") && s->flags == 1u << 5,
		     "which is named with its metadata and flags");
		x.s->linux_.seccomp->syscalls[0].action = (int)SCMP_ACT_LOG;
		fix_build(&x);
		s = &fix_op(&x, OP_SECCOMP, 0)->u.seccomp;
		t_ok(!s->listener_path && !s->listener_metadata && s->flags == 0,
		     "a listener that no rule notifies is left out, with the flag that is about it");
	}
	arena_done(&x.a);
	fix_init(&x, FIX_LINUX(FILTER("SCMP_ACT_ALLOW", NOTIFY("\"mkdir\",\"sendmsg\""))));
	fix_ok(&x, "root takes the listener out of the process: any call may be notified");
	x.f.euid = 1000;
	fix_refused(&x, "SCMP_ACT_NOTIFY for sendmsg", "a rootless runtime needs sendmsg for it");
}

static void record(void)
{
	struct oci_seccomp ours = { .default_action = (int)SCMP_ACT_ERRNO(0) };
	const struct op_seccomp *first, *second;
	struct fix x;

	fix_init(&x, FIX_LINUX(FILTER("SCMP_ACT_ALLOW", "")));
	fix_anet(&x, TIGHT_NET_EGRESS);
	x.t.seccomp2 = &ours;
	x.f.kernel_notify = true;
	if (fix_ok(&x, "sockets that the profile's filter refuses are recorded where there is a proxy")) {
		first = &fix_op(&x, OP_SECCOMP, 0)->u.seccomp, second = &fix_op(&x, OP_SECCOMP, 1)->u.seccomp;
		t_ok(second->recorded && !second->yields, "by that filter");
		t_ok(first->yields && !first->recorded, "to which the config's leaves them");
	}
	x.f.kernel_notify = false;
	fix_build(&x);
	t_ok(!fix_op(&x, OP_SECCOMP, 1)->u.seccomp.recorded && !fix_op(&x, OP_SECCOMP, 0)->u.seccomp.yields,
	     "where the kernel cannot tell, both are as they are");
	t_ok(x.p->n_findings > 0 && streq(x.p->findings[x.p->n_findings - 1].rule, "seccomp.socket"),
	     "and a note says so");
	x.f.kernel_notify = true;
	x.t.net = TIGHT_NET_POD;
	fix_build(&x);
	t_ok(!fix_op(&x, OP_SECCOMP, 1)->u.seccomp.recorded, "in a pod without a proxy they are not");
	x.f.pod.takes_listeners = true;
	fix_build(&x);
	t_ok(fix_op(&x, OP_SECCOMP, 1)->u.seccomp.recorded, "in one with a proxy they are");
	x.t.net = TIGHT_NET_NONE;
	fix_build(&x);
	t_ok(!fix_op(&x, OP_SECCOMP, 1)->u.seccomp.recorded, "nor without any network");
	arena_done(&x.a);

	fix_init(&x, FIX_LINUX(FILTER("SCMP_ACT_ALLOW", NOTIFY("\"mkdir\""))));
	fix_anet(&x, TIGHT_NET_EGRESS);
	x.t.seccomp2 = &ours;
	x.f.kernel_notify = true;
	fix_build(&x);
	t_ok(!fix_op(&x, OP_SECCOMP, 1)->u.seccomp.recorded, "beside a listener of the config's there is no other");
	arena_done(&x.a);
}

static void lsm(void)
{
	struct fix x;

	fix_init(&x, PROC(",\"apparmorProfile\":\"docker-default\""));
	fix_refused(&x, "AppArmor is not enabled", "a profile that cannot be applied is an error");
	fix_init(&x, PROC(",\"apparmorProfile\":\"unconfined\""));
	fix_ok(&x, "unconfined needs nothing");
	arena_done(&x.a);
	fix_init(&x, PROC(",\"selinuxLabel\":\"a:b:c\""));
	fix_refused(&x, "SELinux is not enabled", "a label that cannot be applied is an error");
	fix_init(&x, PROC(",\"apparmorProfile\":\"p\",\"selinuxLabel\":\"a:b:c\""));
	x.f.apparmor = x.f.selinux = true;
	if (fix_ok(&x, "both are applied where they are enabled"))
		t_ok(fix_op(&x, OP_LSM, 0) < fix_op(&x, OP_SCHED, 0) &&
			     fix_op(&x, OP_LSM, 1) > fix_op(&x, OP_SCHED, 0), "in runc's order");
	arena_done(&x.a);
}

static void names(void)
{
	struct fix x;

	fix_init(&x, "{" FIX_HEAD ",\"hostname\":\"box\"," FIX_PROC
		     ",\"linux\":{\"namespaces\":[{\"type\":\"mount\"}]}}");
	fix_refused(&x, "hostname: needs a uts namespace", "the host is not renamed");
}

#define HOOK(kind, more) "\"" kind "\":[{\"path\":\"/bin/" kind "\"" more "}]"

static void hooks(void)
{
	static const enum phase want[] = { P_NET, P_NET, C_FS, C_EXEC, P_POST, P_POST };
	bool right = true;
	struct fix x;

	fix_init(&x, "{" FIX_HEAD ",\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"true\"],\"cwd\":\"/\","
		     "\"env\":[\"A=1\"]},\"hooks\":{" HOOK("prestart", "") "," HOOK("createRuntime", "") ","
		     HOOK("createContainer", ",\"args\":[\"x\",\"y\"],\"env\":[\"B=2\"],\"timeout\":3") ","
		     HOOK("startContainer", "") "," HOOK("poststart", "") "," HOOK("poststop", "")
		     "},\"linux\":{\"namespaces\":[" FIX_NS "]}}");
	if (!fix_ok(&x, "hooks of every kind"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		const struct op *h = fix_op(&x, OP_HOOK, i);

		right = right && h && h->phase == want[i] && h->u.hook.kind == (enum plan_hook_kind)i;
	}
	t_ok(right, "each in its phase");
	t_ok(streq(fix_op(&x, OP_HOOK, 0)->u.hook.args[0], "/bin/prestart"), "no arguments: the path");
	t_ok(!fix_op(&x, OP_HOOK, 0)->u.hook.env && !fix_op(&x, OP_HOOK, 5)->u.hook.env,
	     "no environment: that of the runtime");
	t_ok(streq(fix_op(&x, OP_HOOK, 2)->u.hook.args[1], "y") && fix_op(&x, OP_HOOK, 2)->u.hook.timeout_s == 3,
	     "arguments as given");
	t_ok(streq(fix_op(&x, OP_HOOK, 3)->u.hook.env[0], "A=1"),
	     "startContainer gets the container's environment");
	t_ok(fix_op(&x, OP_HOOK, 5)->on_fail == FAIL_IGNORE && fix_op(&x, OP_HOOK, 4)->on_fail == FAIL_STOP,
	     "only poststop may fail");
	t_ok(fix_op(&x, OP_HOOK, 2) < fix_op(&x, OP_PIVOT, 0), "createContainer runs before the root changes");
	arena_done(&x.a);
}

/* Of `exec`, with the saved config of a container in a user namespace. */
static void joining(void)
{
	struct plan_cg_dir dir = { "", "/sys/fs/cgroup", "/x" };
	struct exec_target t = { .id = "box", .bundle_host = "/b", .init_pid = 42, .dirs = &dir,
				 .n_dirs = 1, .profile = "test", .ns_ino = { [NS_NETWORK] = 99 } };
	struct fix x;

	fix_init(&x, "{" FIX_HEAD ",\"hostname\":\"box\"," FIX_PROC ",\"linux\":{\"namespaces\":[" FIX_NS "],"
		     "\"sysctl\":{\"net.core.somaxconn\":\"1\"},\"maskedPaths\":[\"/x\"]}}");
	fix_userns(&x);
	struct oci_process *p = x.s->process;
	p->cpu_affinity_initial = "0-1";
	bool ok = plan_build_exec(&x.a, x.s, p, NULL, &x.f, &t, &x.p, &x.e) == 0;
	if (!t_ok(ok, "exec joins a container"))
		t_note("%s", x.e.msg);
	if (ok) {
		bool joins = true;

		for (size_t i = 0; fix_op(&x, OP_NS, i); i++)
			joins = joins && fix_op(&x, OP_NS, i)->u.ns.action == NS_JOIN;
		t_ok(joins && fix_op(&x, OP_NS, 5) && !fix_op(&x, OP_NS, 6), "every namespace it has");
		t_ok(fix_op(&x, OP_NS, 0)->u.ns.ino == 99 &&
			     streq(fix_op(&x, OP_NS, 0)->u.ns.path_host, "/proc/42/ns/net"),
		     "the network that was recorded");
		t_ok(fix_op(&x, OP_USERNS, 0)->u.userns.action == NS_JOIN, "and its user namespace");
		t_ok(!fix_op(&x, OP_MOUNT, 0) && !fix_op(&x, OP_SYSCTL, 0) && !fix_op(&x, OP_HOSTNAME, 0) &&
			     !fix_op(&x, OP_MASK, 0), "but changes nothing of it");
		t_ok(streq(fix_op(&x, OP_SCHED, 0)->u.sched.affinity_initial, "0-1"),
		     "processors are chosen for exec only");
	}
	p->user.uid = 70000;
	t_ok(plan_build_exec(&x.a, x.s, p, NULL, &x.f, &t, &x.p, &x.e) < 0, "as nobody outside its map");
	arena_done(&x.a);
}

static void without_process(void)
{
	struct fix x;

	fix_init(&x, "{" FIX_HEAD ",\"linux\":{\"namespaces\":[" FIX_NS "]}}");
	fix_refused(&x, "process: absent", "a container without a process is refused");
}

int main(void)
{
	creds();
	seccomp();
	record();
	listener();
	lsm();
	names();
	hooks();
	joining();
	without_process();
	return t_done();
}
