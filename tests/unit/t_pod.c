/* SPDX-License-Identifier: Apache-2.0 */
/* t_pod.c - who is taken for a member of a pod, what it shares, and what it does not get */
#include "plan/build.h"
#include "profiles/pod.h"
#include "tests/unit/tight_help.h"

#define SANDBOX "5a4db0c5000000000000000000000000000000000000000000000000000000ff"
#define CONTAINERD "\"io.kubernetes.cri.sandbox-id\":\"" SANDBOX "\""
#define CRIO "\"io.kubernetes.cri-o.SandboxID\":\"" SANDBOX "\""
#define NET "{\"type\":\"network\",\"path\":\"/proc/7/ns/net\"}"
#define IPC "{\"type\":\"ipc\",\"path\":\"/proc/7/ns/ipc\"}"
#define UTS "{\"type\":\"uts\",\"path\":\"/run/utsns/pinned\"}"
#define PID "{\"type\":\"pid\",\"path\":\"/proc/7/ns/pid\"}"
#define OTHERS "{\"type\":\"ipc\",\"path\":\"/proc/8/ns/ipc\"}"
#define OTHERS_NET "{\"type\":\"network\",\"path\":\"/proc/8/ns/net\"}"
#define USERNS "{\"type\":\"user\",\"path\":\"/proc/7/ns/user\"}"

/* What state/ says: 7 is the sandbox's process, 8 another pod's. */
static void know(struct arena *a, struct facts *f, const struct oci_spec *s)
{
	const struct oci_linux *l = &s->linux_;

	f->ns = arena_alloc(a, l->n_namespaces + 1, sizeof(*f->ns));
	f->n_ns = l->n_namespaces;
	for (size_t i = 0; i < l->n_namespaces; i++) {
		const char *path = l->namespaces[i].path;
		struct fact_ns *ns = &f->ns[i];

		*ns = (struct fact_ns){ .path = path, .type = l->namespaces[i].type };
		if (!path)
			continue;
		ns->ino = 100 + i;
		ns->is_others = strstr(path, "/proc/8/") != NULL;
		ns->is_pods = f->pod.id && !ns->is_others;
		ns->pod_ino = 900 + (uint64_t)ns->type;
		if (ns->is_pods)
			ns->pod_path = streq(path, "/run/utsns/pinned") ? "/proc/7/ns/uts" : path;
	}
}

enum claim { NOTHING, GONE, ALONE, MEMBER };

static void claim(struct arena *a, struct facts *f, enum claim what, const char *net)
{
	struct oci_idmap *map = arena_alloc(a, 1, sizeof(*map));

	if (what == NOTHING)
		return;
	f->pod.named = SANDBOX;
	f->pod.problem = what == GONE ? "no such container is known here" : NULL;
	if (what != MEMBER)
		return;
	*map = (struct oci_idmap){ 0, ID_BASE, 65536 };
	f->pod.id = SANDBOX;
	f->pod.userns_path = "/proc/7/ns/user";
	f->pod.userns_ino = 77;
	f->pod.uid_mappings = f->pod.gid_mappings = map;
	f->pod.n_uid_mappings = f->pod.n_gid_mappings = 1;
	f->pod.net = net;
}

struct row {
	const char *name, *annotations, *ns;
	enum claim claim;
	const char *profile;  /* of the container: members added to agent */
	const char *sandboxs; /* of the sandbox, where it is another */
	const char *deny, *says;
	const char *has, *lacks; /* in the JSON of the narrowed config */
	int net;		 /* enum tight_net */
};

#define OTHER_POLICY "\"egress\":{\"allow\":[\"other.example:443\"]}"

static const struct row rows[] = {
	{ "a member joins the user namespace of its sandbox", CONTAINERD, NET "," IPC, MEMBER,
	  .has = "{\"type\":\"user\",\"path\":\"/proc/7/ns/user\"}", .net = TIGHT_NET_POD },
	{ "and has its range of ids", CONTAINERD, NET, MEMBER,
	  .has = "\"uidMappings\":[{\"containerID\":0,\"hostID\":1000000,\"size\":65536}]",
	  .net = TIGHT_NET_POD },
	{ "and its network", CONTAINERD, NET, MEMBER,
	  .has = "{\"type\":\"network\",\"path\":\"/proc/7/ns/net\"}", .net = TIGHT_NET_POD },
	{ "and ipc", CONTAINERD, NET "," IPC, MEMBER,
	  .has = "{\"type\":\"ipc\",\"path\":\"/proc/7/ns/ipc\"}", .net = TIGHT_NET_POD },
	{ "and pid, where the pod shares it", CONTAINERD, NET "," PID, MEMBER,
	  .has = "{\"type\":\"pid\",\"path\":\"/proc/7/ns/pid\"}", .net = TIGHT_NET_POD },
	{ "and no pid, where it does not", CONTAINERD, NET ",{\"type\":\"pid\"}", MEMBER,
	  .has = "{\"type\":\"pid\"}", .net = TIGHT_NET_POD },
	{ "what the sandbox has stands for what both asked for", CRIO, NET "," UTS, MEMBER,
	  .has = "{\"type\":\"uts\",\"path\":\"/proc/7/ns/uts\"}", .lacks = "pinned",
	  .net = TIGHT_NET_POD },
	{ "a user namespace that the config names is the pod's", CONTAINERD, NET "," USERNS, MEMBER,
	  .has = "{\"type\":\"user\",\"path\":\"/proc/7/ns/user\"}", .net = TIGHT_NET_POD },
	{ "Podman and CRI-O say it by another annotation", CRIO, NET, MEMBER,
	  .has = "/proc/7/ns/net", .net = TIGHT_NET_POD },
	{ "a member with mode none shares the empty network", CONTAINERD, NET, MEMBER,
	  .profile = "\"egress\":{\"mode\":\"none\"}", .has = "/proc/7/ns/net",
	  .net = TIGHT_NET_POD },
	{ "a member with mode engine shares the engine's network", CONTAINERD, NET, MEMBER,
	  .profile = "\"egress\":{\"mode\":\"engine\"}", .has = "/proc/7/ns/net",
	  .net = TIGHT_NET_SPEC },
	{ "a member that shares no network has its own", CONTAINERD, IPC ",{\"type\":\"network\"}",
	  MEMBER, .profile = OTHER_POLICY, .sandboxs = "\"egress\":{\"mode\":\"none\"}",
	  .has = "{\"type\":\"network\"}", .net = TIGHT_NET_EGRESS },
	{ "another pod's ipc namespace stays private for a member", CONTAINERD, NET "," OTHERS,
	  MEMBER, .has = "{\"type\":\"ipc\"}", .lacks = "/proc/8", .net = TIGHT_NET_POD },

	{ "a sandbox that is gone is refused", CONTAINERD, NET, GONE, .deny = "pod.sandbox",
	  .says = "no such container" },
	{ "annotations without a namespace give nothing", CONTAINERD, "{\"type\":\"network\"}",
	  ALONE, .lacks = "/proc/7", .net = TIGHT_NET_EGRESS },
	{ "nor the user namespace", CONTAINERD, USERNS, ALONE, .lacks = "/proc/7",
	  .net = TIGHT_NET_EGRESS },
	{ "nor with namespaces of somebody else", CONTAINERD, OTHERS, ALONE, .lacks = "/proc/8",
	  .net = TIGHT_NET_EGRESS },
	{ "namespaces without annotations are another container's", "\"a\":\"b\"", IPC, NOTHING,
	  .lacks = "/proc/7", .net = TIGHT_NET_EGRESS },
	{ "another pod's network is refused to a member", CONTAINERD, IPC "," OTHERS_NET, MEMBER,
	  .deny = "pod.network", .says = "another pod" },
	{ "and to whoever claims to be one", CONTAINERD, OTHERS_NET, ALONE, .deny = "pod.network" },
	{ "a policy that allows more is refused", CONTAINERD, NET, MEMBER, .profile = OTHER_POLICY,
	  .sandboxs = "\"egress\":{\"allow\":[]}", .deny = "pod.policy",
	  .says = "allow other.example 443\" is in the policy of this container" },
	{ "a policy that allows less is refused", CONTAINERD, NET, MEMBER,
	  .profile = "\"egress\":{\"allow\":[]}", .sandboxs = OTHER_POLICY, .deny = "pod.policy",
	  .says = "allow other.example 443\" is in the policy of the sandbox" },
	{ "another port is another policy", CONTAINERD, NET, MEMBER, .profile = OTHER_POLICY,
	  .sandboxs = "\"egress\":{\"allow\":[\"other.example:8443\"]}", .deny = "pod.policy" },
	{ "another mode is another policy", CONTAINERD, NET, MEMBER,
	  .profile = "\"egress\":{\"mode\":\"none\"}",
	  .sandboxs = "\"egress\":{\"mode\":\"egress\"}", .deny = "pod.policy" },
	{ "mode engine in a pod with a proxy is refused", CONTAINERD, NET, MEMBER,
	  .profile = "\"egress\":{\"mode\":\"engine\"}",
	  .sandboxs = "\"egress\":{\"mode\":\"egress\"}", .deny = "pod.policy" },
	{ "the same entries in another order are the same policy", CONTAINERD, NET, MEMBER,
	  .profile = "\"egress\":{\"allow\":[\"a.example:443\",\"b.example:443\"]}",
	  .sandboxs = "\"egress\":{\"allow\":[\"b.example:443\",\"a.example:443\"]}",
	  .has = "/proc/7/ns/net", .net = TIGHT_NET_POD },
};

static int narrow(struct arena *a, const struct row *r, struct facts **ret_facts,
		  struct tight **ret, struct err *e)
{
	struct facts *f = h_facts(a);
	const char *theirs = r->sandboxs ? r->sandboxs : r->profile;
	struct oci_spec *s = h_spec(
		a, arena_printf(a,
				"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},"
				"\"process\":{\"cwd\":\"/\",\"args\":[\"x\"],"
				"\"user\":{\"uid\":0,\"gid\":0}},"
				"\"annotations\":{%s},\"linux\":{\"namespaces\":[%s],"
				"\"sysctl\":{\"net.ipv4.ip_forward\":\"1\",\"kernel.msgmax\":\"9\","
				"\"user.max_user_namespaces\":\"9\"}}}",
				r->annotations, r->ns));

	f->euid = 0;
	claim(a, f, r->claim, pod_net_policy(a, h_profile(a, "agent", theirs)));
	know(a, f, s);
	*ret_facts = f;
	return tighten(a, s, h_profile(a, "agent", r->profile), f, ret, e);
}

static const char *complaint(struct arena *a, const struct row *r, const struct tight *t)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	spec_write(&b, t->spec);
	if (r->deny)
		return "it passed";
	if (t->net != r->net)
		return arena_printf(a, "the network is of kind %d", t->net);
	if (r->has && !strstr(b.p, r->has))
		return arena_printf(a, "%s is missing in %s", r->has, b.p);
	if (r->lacks && strstr(b.p, r->lacks))
		return arena_printf(a, "%s is in %s", r->lacks, b.p);
	return NULL;
}

static void members(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_arena struct arena a = ARENA_INIT;
		const struct row *r = &rows[i];
		struct err e = ERR_INIT;
		struct tight *t = NULL;
		struct facts *f;
		int rc = narrow(&a, r, &f, &t, &e);
		bool denied = rc && r->deny && streq(r->deny, e.rule) &&
			      (!r->says || strstr(e.msg, r->says));
		const char *bad = rc == 0 ? complaint(&a, r, t) : denied ? NULL : e.msg;

		if (!t_ok(!bad, r->name))
			t_note("%s", bad);
	}
}

/* What the pod shares may be set by its members; the limits that hold for all of them may not. */
static void sysctls(void)
{
	static const struct row with = { "", CONTAINERD, NET "," IPC "," USERNS, MEMBER,
					 .profile = NULL };
	static const struct row without = { "", CONTAINERD, OTHERS "," USERNS, ALONE,
					    .profile = NULL };
	auto_arena struct arena a = ARENA_INIT;
	auto_strbuf struct strbuf b = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct tight *t = NULL;
	struct facts *f;

	narrow(&a, &with, &f, &t, &e);
	spec_write(&b, t->spec);
	t_ok(strstr(b.p, "net.ipv4.ip_forward") && strstr(b.p, "kernel.msgmax"),
	     "a member sets parameters of the network and the ipc namespace of its pod");
	t_ok(!strstr(b.p, "max_user_namespaces"), "but none of the pod's user namespace");
	narrow(&a, &without, &f, &t, &e);
	t_ok(t->spec->linux_.n_sysctl == 3,
	     "a container on its own sets those of its own namespaces");
}

static const struct op *find_ns(const struct plan *p, int type)
{
	for (size_t i = 0; i < p->n_ops; i++)
		if (p->ops[i].kind == OP_NS && p->ops[i].u.ns.type == type)
			return &p->ops[i];
	return NULL;
}

/* The plan pins what is joined by inode, makes no second A, and starts no second proxy. */
static void plans(void)
{
	static const struct row r = { "", CRIO, NET "," UTS ",{\"type\":\"mount\"}", MEMBER,
				      .profile = NULL };
	static const struct plan_opts o = { .id = TEST_ID,
					    .bundle_host = "/b",
					    .state_root = "/run/agentrt" };
	static const char *lower[] = { "/var/lib/docker/overlay2/l1/diff" };
	static struct fact_hierarchy v2 = { "", "/sys/fs/cgroup", "/", NULL };
	auto_arena struct arena a = ARENA_INIT;
	struct err e = ERR_INIT;
	struct tight *t = NULL;
	struct plan *p = NULL;
	struct facts *f;
	bool hosts = false;

	narrow(&a, &r, &f, &t, &e);
	f->cgroup = CGROUP_V2;
	f->hierarchies = &v2;
	f->n_hierarchies = 1;
	f->root.lower = lower;
	f->root.n_lower = 1;
	f->v2_controllers = "cpu memory pids";
	t->spec->linux_.n_sysctl = 0;
	if (!t_ok(plan_build(&a, t, f, &o, &p, &e) == 0, "a member has a plan"))
		t_note("%s", e.msg);
	if (!p)
		return;
	const struct op *u = plan_find(p, OP_USERNS), *net = find_ns(p, NS_NETWORK),
			*uts = find_ns(p, NS_UTS);

	t_ok(u && u->u.userns.action == NS_JOIN && u->u.userns.ino == 77 && u->u.userns.n_uid == 1,
	     "it joins the pod's user namespace, by inode");
	t_ok(net && net->u.ns.action == NS_JOIN && net->u.ns.ino == 900 + NS_NETWORK,
	     "and the pod's network, by inode");
	t_ok(uts && uts->u.ns.action == NS_JOIN && uts->u.ns.ino == 900 + NS_UTS,
	     "and the sandbox's uts, by inode");
	t_ok(!plan_find(p, OP_ANET) && !plan_find(p, OP_EGRESS),
	     "it makes no network namespace and starts no proxy");
	t_ok(t->root_idmap, "its root shows the pod's ids");
	for (size_t i = 0; i < p->n_ops; i++)
		hosts |=
			p->ops[i].kind == OP_FILE && streq(p->ops[i].u.file.path_ctr, "/etc/hosts");
	t_ok(hosts, "its hosts file is ours");
}

int main(void)
{
	members();
	sysctls();
	plans();
	return t_done();
}
