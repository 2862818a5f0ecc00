/* SPDX-License-Identifier: Apache-2.0 */
/* t_plan_net.c - namespaces, the agent's network, sysctls */
#include "base/egress_wire.h"
#include "base/table.h"
#include "tests/unit/plan_fix.h"

#define NS(list) "{" FIX_HEAD "," FIX_PROC ",\"linux\":{\"namespaces\":[" list "]}}"
#define PATH_NS "{\"type\":\"mount\"},{\"type\":\"network\",\"path\":\"/run/netns/x\"}"

static const struct op *ns_op(const struct fix *x, enum oci_ns_type type)
{
	for (size_t i = 0; fix_op(x, OP_NS, i); i++)
		if (fix_op(x, OP_NS, i)->u.ns.type == (int)type)
			return fix_op(x, OP_NS, i);
	return NULL;
}

static void namespaces(void)
{
	struct fact_ns at[] = { { 0 }, { .path = "/run/netns/x", .type = NS_NETWORK, .ino = 77 } };
	struct fix x;

	fix_init(&x, NS(PATH_NS));
	x.f.ns = at;
	x.f.n_ns = 2;
	if (fix_ok(&x, "a namespace is joined by path")) {
		const struct op *net = ns_op(&x, NS_NETWORK), *mnt = ns_op(&x, NS_MOUNT);

		t_ok(net->u.ns.action == NS_JOIN && net->u.ns.ino == 77, "and its inode is remembered");
		t_ok(net < mnt, "joins come before new ones");
		t_ok(ns_op(&x, NS_PID)->u.ns.action == NS_INHERIT, "what is absent is shown as shared");
		t_ok(!fix_op(&x, OP_USERNS, 0), "no user namespace is no op");
	}
	at[1].type = NS_IPC;
	fix_refused(&x, "is not a network namespace", "a path of another type is refused");

	fix_init(&x, NS(PATH_NS));
	fix_refused(&x, "does not exist", "a path that is not there is refused");
	fix_init(&x, NS("{\"type\":\"pid\"}"));
	fix_refused(&x, "without a mount namespace", "without a mount namespace nothing starts");
	fix_init(&x, NS("{\"type\":\"mount\",\"path\":\"/proc/1/ns/mnt\"}"));
	fix_refused(&x, "joining a mount namespace", "another's mount namespace is not mounted into");

	fix_init(&x, FIX_PLAIN);
	fix_build(&x);
	const struct op *last = ns_op(&x, NS_CGROUP);
	t_ok(last > ns_op(&x, NS_PID) && last > ns_op(&x, NS_MOUNT) && last > ns_op(&x, NS_UTS),
	     "the cgroup namespace is the last new one");
	arena_done(&x.a);
}

static void userns(void)
{
	struct fix x;

	fix_init(&x, FIX_PLAIN);
	fix_userns(&x);
	x.s->linux_.n_gid_mappings = 0;
	fix_refused(&x, "needs both", "a user namespace needs maps of users and of groups");

	fix_init(&x, FIX_PLAIN);
	fix_userns(&x);
	x.f.euid = 1000;
	if (fix_ok(&x, "a rootless runtime maps through the setuid helpers"))
		t_ok(fix_op(&x, OP_USERNS, 0)->u.userns.newidmap, "and the plan says so");
	arena_done(&x.a);
}

/* What E is, for each way that a config can ask for a network. */
static void which_e(void)
{
	static const struct {
		const char *name;
		enum tight_net net;
		int engine_ns;
		const char *path;
		bool hosts, via_host;
		enum e_kind want;
	} rows[] = {
		{ "a new one is made for the engine to fill", TIGHT_NET_EGRESS, 4, NULL, false, false, E_NEW },
		{ "one by path is opened", TIGHT_NET_EGRESS, 4, "/run/netns/x", false, false, E_PATH },
		{ "the host's is not entered, only dialled from", TIGHT_NET_EGRESS, -1, NULL, false, false,
		  E_HOST },
		{ "the host's by path too", TIGHT_NET_EGRESS, 4, NULL, true, false, E_HOST },
		{ "dialling from the host leaves a new one for the engine", TIGHT_NET_EGRESS, 4, NULL, false,
		  true, E_NEW },
		{ "without a proxy an engine still finds the one it asked for", TIGHT_NET_NONE, 4, NULL, false,
		  false, E_NEW },
		{ "without a proxy nobody needs one by path", TIGHT_NET_NONE, 4, "/run/netns/x", false, false,
		  E_NONE },
		{ "nor the host's", TIGHT_NET_NONE, -1, NULL, false, false, E_NONE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fact_ns at[5] = { [4] = { .path = "/run/netns/x", .type = NS_NETWORK, .ino = 9,
						 .is_hosts = rows[i].hosts } };
		struct fix x;

		fix_init(&x, FIX_PLAIN);
		fix_anet(&x, rows[i].net);
		x.f.ns = at;
		x.f.n_ns = 5;
		x.t.engine_net_ns = rows[i].engine_ns;
		x.t.engine_net_path = rows[i].path;
		x.t.engine_net_host = rows[i].engine_ns < 0 || rows[i].hosts || rows[i].via_host;
		bool built = fix_build(&x);
		const struct op *a = fix_op(&x, OP_ANET, 0), *g = fix_op(&x, OP_EGRESS, 0);
		bool good = built && a->u.anet.e == rows[i].want && !ns_op(&x, NS_NETWORK) &&
			    !g == (rows[i].net == TIGHT_NET_NONE) &&
			    (!g || g->u.egress.via_host == rows[i].via_host);

		if (!t_ok(good, rows[i].name))
			t_note("%s", built ? "another E, or a network namespace beside it" : x.e.msg);
		arena_done(&x.a);
	}
}

#define HOSTS "{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"r\"},\"hostname\":\"%s\"," FIX_PROC \
	      ",\"mounts\":[{\"destination\":\"/etc//hosts\",\"source\":\"/src\",\"options\":[\"bind\"]}]," \
	      "\"linux\":{\"namespaces\":[" FIX_NS "]}}"

static void files(void)
{
	static const struct { const char *name, *hostname; bool known; } rows[] = {
		{ "the host name is the container's own address", "box", true },
		{ "a host name cannot add a line", "box\\n10.0.0.1\\tother", false },
		{ "nor another name", "box other", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char config[1024];
		struct fix x;

		snprintf(config, sizeof(config), HOSTS, rows[i].hostname);
		fix_init(&x, config);
		fix_anet(&x, TIGHT_NET_EGRESS);
		fix_build(&x);
		const struct op *f = fix_op(&x, OP_FILE, 0);
		bool known = f && strstr(f->u.file.content, "127.0.1.1\tbox\n");

		t_ok(f && streq(f->u.file.path_ctr, "/etc/hosts") && known == rows[i].known &&
			     !strstr(f->u.file.content, "other"), rows[i].name);
		t_ok(!fix_op(&x, OP_MOUNT, 0), "the engine's file is not mounted");
		arena_done(&x.a);
	}
}

static void egress(void)
{
	static uint16_t ports[] = { 443 };
	struct egress_entry entry = { .host = "*.example.org", .ports = ports, .n_ports = 1 };
	struct fix x;

	fix_init(&x, FIX_PLAIN);
	fix_anet(&x, TIGHT_NET_EGRESS);
	x.prof.egress.allow = &entry;
	x.prof.egress.n_allow = 1;
	x.t.resolv_conf_host = "/var/lib/engine/resolv.conf";
	if (fix_ok(&x, "the proxy gets the profile's list")) {
		const struct op_egress *g = &fix_op(&x, OP_EGRESS, 0)->u.egress;

		t_ok(g->n_allow == 1 && streq(g->allow[0].host, "*.example.org") &&
			     g->allow[0].ports[0] == 443, "entry by entry");
		t_ok(streq(g->resolv_conf_host, "/var/lib/engine/resolv.conf"), "the engine's resolver");
		t_ok(g->uid == 2000000000 && g->port == 3128, "and its reserved user");
		t_ok(x.p->n_findings == 1, "that nobody may connect it is said");
		t_ok(g->steered == PLAN_STEER_BPF && fix_op(&x, OP_ANET, 0)->u.anet.steered == g->steered,
		     "every address leads to it");
	}
	x.f.kernel_steer = false;
	if (fix_ok(&x, "where the kernel's help is not to be had the proxy alone is left"))
		t_ok(!fix_op(&x, OP_EGRESS, 0)->u.egress.steered && x.p->n_findings == 2,
		     "and that is said");
	arena_done(&x.a);

	fix_init(&x, FIX_PLAIN);
	fix_anet(&x, TIGHT_NET_EGRESS);
	x.f.egress_uid = 0;
	fix_refused(&x, "no user id is reserved", "the proxy never runs as root");
	fix_init(&x, FIX_PLAIN);
	fix_anet(&x, TIGHT_NET_EGRESS);
	x.f.egress_uid = 100005;
	fix_refused(&x, "one of the container's", "nor as anybody in the container");
	fix_init(&x, FIX_PLAIN);
	x.t.net = TIGHT_NET_EGRESS;
	fix_refused(&x, "needs a user namespace", "A belongs to a user namespace of the container's");
}

static bool are_ports(const struct op_anet *a, size_t n, const uint16_t *want)
{
	return a->n_ports == n && memcmp(a->ports, want, n * sizeof(*want)) == 0;
}

static const char *resolver(const struct fix *x)
{
	for (size_t i = 0; fix_op(x, OP_FILE, i); i++)
		if (streq(fix_op(x, OP_FILE, i)->u.file.path_ctr, "/etc/resolv.conf"))
			return fix_op(x, OP_FILE, i)->u.file.content;
	return "";
}

/* Where no steering program may be loaded, but the kernel has pairs of interfaces. */
static void by_veth(void)
{
	static uint16_t ports[] = { 443, 8080, 22 }, many[EGRESS_LISTEN_MAX];
	static const uint16_t want[] = { 22, 53, 80, 443, 8080 }, none[] = { 22, 53, 80 };
	struct egress_entry entry[] = { { .host = "a.example", .ports = ports, .n_ports = 3 },
					{ .host = "b.example", .ports = ports, .n_ports = 1 } };
	struct fix x;

	fix_init(&x, FIX_PLAIN);
	fix_anet(&x, TIGHT_NET_EGRESS);
	x.f.kernel_steer = false;
	x.f.kernel_veth = true;
	x.prof.egress.allow = entry;
	x.prof.egress.n_allow = 2;
	if (fix_ok(&x, "where no program may be loaded a namespace behind A takes its place")) {
		const struct op_anet *a = &fix_op(&x, OP_ANET, 0)->u.anet;

		t_ok(a->steered == PLAN_STEER_VETH &&
			     fix_op(&x, OP_EGRESS, 0)->u.egress.steered == PLAN_STEER_VETH,
		     "for the network and the proxy");
		t_ok(are_ports(a, ARRAY_SIZE(want), want),
		     "which listens on the policy's ports, on that of DNS, and where refusals have words");
		t_ok(strstr(resolver(&x), "nameserver 198.18.255.53\n"), "the name server is there");
		t_ok(x.p->n_findings == 1, "nothing is missing");
	}
	x.prof.egress.learn = true;
	if (fix_ok(&x, "while learning"))
		t_ok(are_ports(&fix_op(&x, OP_ANET, 0)->u.anet, ARRAY_SIZE(none), none),
		     "nobody listens where nothing is let out");
	x.prof.egress.learn = false;
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (uint16_t)(60000 - i);
	entry[1] = (struct egress_entry){ .host = "b.example", .ports = many,
					  .n_ports = ARRAY_SIZE(many) };
	if (fix_ok(&x, "a list of more ports than can be listened on")) {
		const struct op_anet *a = &fix_op(&x, OP_ANET, 0)->u.anet;

		t_ok(a->n_ports == EGRESS_LISTEN_MAX && a->ports[4] == 8080 && x.p->n_findings == 2,
		     "is cut behind those that come first, and that is said");
	}
	x.t.net = TIGHT_NET_POD;
	fix_build(&x);
	t_ok(strstr(resolver(&x), "nameserver 198.18.255.53\n"), "a pod's other containers ask there too");
	x.t.net = TIGHT_NET_EGRESS;
	x.f.kernel_steer = true;
	if (fix_ok(&x, "where a program may be loaded"))
		t_ok(fix_op(&x, OP_ANET, 0)->u.anet.steered == PLAN_STEER_BPF &&
			     fix_op(&x, OP_ANET, 0)->u.anet.n_ports == 0 &&
			     strstr(resolver(&x), "nameserver 127.0.0.1\n"),
		     "it does all that, and there is no second namespace");
	arena_done(&x.a);
}

#define SYSCTL(kv) FIX_LINUX(",\"sysctl\":{" kv "}")

static void sysctls(void)
{
	static const struct { const char *name, *config, *want; bool anet; enum phase phase; } rows[] = {
		{ "dots become slashes", SYSCTL("\"kernel.shm_rmid_forced\":\"1\""), "kernel/shm_rmid_forced",
		  false, C_DROP },
		{ "a slash inside a dotted name is a dot", SYSCTL("\"net.ipv4.conf.eth0/1.forwarding\":\"1\""),
		  "net/ipv4/conf/eth0.1/forwarding", false, C_DROP },
		{ "slashes are taken as they are", SYSCTL("\"net/ipv4/conf/eth0.1/forwarding\":\"1\""),
		  "net/ipv4/conf/eth0.1/forwarding", false, C_DROP },
		{ "those of the network go to A", SYSCTL("\"net.core.somaxconn\":\"1\""), "net/core/somaxconn",
		  true, C_ANET },
	};
	static const struct { const char *name, *config, *want; } refused[] = {
		{ "a parameter of the host is refused", SYSCTL("\"kernel.core_pattern\":\"x\""),
		  "would change the host" },
		{ "so is one that hides behind a prefix", SYSCTL("\"kernel.sem_more\":\"x\""),
		  "would change the host" },
		{ "dot-dot is not a name", SYSCTL("\"net/../kernel/core_pattern\":\"x\""),
		  "not the name of a kernel parameter" },
		{ "the host name is set by hostname", SYSCTL("\"kernel.hostname\":\"x\""), "hostname" },
		{ "users need a user namespace", SYSCTL("\"user.max_user_namespaces\":\"0\""),
		  "user namespace of the container's own" },
	};
	struct fact_ns hosts[] = { { .path = "/proc/1/ns/net", .type = NS_NETWORK, .ino = 3,
				     .is_hosts = true } };
	struct fix x;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		fix_init(&x, rows[i].config);
		if (rows[i].anet)
			fix_anet(&x, TIGHT_NET_EGRESS);
		bool built = fix_build(&x);
		const struct op *op = fix_op(&x, OP_SYSCTL, 0);

		if (!t_ok(built && op && streq(op->u.sysctl.key, rows[i].want) &&
			  op->phase == rows[i].phase, rows[i].name))
			t_note("%s", built ? op->u.sysctl.key : x.e.msg);
		arena_done(&x.a);
	}
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		fix_init(&x, refused[i].config);
		fix_refused(&x, refused[i].want, refused[i].name);
	}
	fix_init(&x, "{" FIX_HEAD "," FIX_PROC ",\"linux\":{\"namespaces\":[{\"type\":\"mount\"},"
		     "{\"type\":\"network\",\"path\":\"/proc/1/ns/net\"}],"
		     "\"sysctl\":{\"net.core.somaxconn\":\"1\"}}}");
	x.f.ns = hosts;
	x.f.n_ns = 1;
	fix_refused(&x, "network namespace of the container's own", "the host's network by path is the host's");
}

#define DEVICES ",\"netDevices\":{\"eth5\":{\"name\":\"eth0\"},\"eth6\":{}}"

static void devices(void)
{
	struct fix x;

	fix_init(&x, FIX_LINUX(DEVICES));
	if (fix_ok(&x, "interfaces of the host move into the container")) {
		const struct op *first = fix_op(&x, OP_NETDEV, 0), *second = fix_op(&x, OP_NETDEV, 1);

		t_ok(streq(first->u.netdev.host_name, "eth5") && streq(first->u.netdev.name, "eth0"),
		     "under the name that the config gives them");
		t_ok(streq(second->u.netdev.name, "eth6"), "or under their own");
	}
	x.t.engine_net_ns = -1;
	fix_refused(&x, "of the container's own", "not into the host's own namespace");
	fix_init(&x, FIX_LINUX(DEVICES));
	x.f.euid = 1000;
	fix_refused(&x, "rootless", "a rootless runtime cannot move them");
	fix_init(&x, FIX_LINUX(DEVICES));
	fix_anet(&x, TIGHT_NET_EGRESS);
	fix_ok(&x, "with an A of its own the container's are E's");
	arena_done(&x.a);
	fix_init(&x, FIX_LINUX(DEVICES));
	fix_anet(&x, TIGHT_NET_EGRESS);
	x.t.engine_net_ns = -1;
	fix_refused(&x, "of the container's own", "never where E is the host's");
}

int main(void)
{
	namespaces();
	userns();
	which_e();
	files();
	egress();
	by_veth();
	sysctls();
	devices();
	return t_done();
}
