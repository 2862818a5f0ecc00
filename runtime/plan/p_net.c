/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p_net.c - the agent's two network namespaces, and the proxy that joins them
 *
 * A is where everything in the container runs; E is what the engine configures (docs/architecture
 * section 4). A plan without OP_ANET has the network that its config asks for.
 */
#include "base/egress_steer.h"
#include "base/egress_wire.h"
#include "base/mutant.h"
#include "base/str.h"
#include "base/table.h"
#include "plan/p.h"

#define HOST_RESOLV_CONF   "/etc/resolv.conf"
#define PROXY_MEMORY_BYTES (UINT64_C(64) << 20)
#define PROXY_PIDS	   8u

static const char *rule(const struct build *b)
{
	return b->t->net == TIGHT_NET_EGRESS ? "net.egress" : "net.none";
}

/* No entry in the config, or one whose path is the host's. */
static bool is_hosts_net(const struct build *b)
{
	int i = b->t->engine_net_ns;

	return i < 0 || ((size_t)i < b->f->n_ns && b->f->ns[i].is_hosts);
}

/* Nothing needs E where nothing gets out, except an engine that looks for the one it asked for. */
static int choose_e(struct build *b, struct op_anet *n, struct err *e)
{
	const struct tight *t = b->t;
	bool needed = t->net == TIGHT_NET_EGRESS;

	if (is_hosts_net(b)) {
		n->e = needed ? E_HOST : E_NONE;
		return 0;
	}
	if (!t->engine_net_path) {
		n->e = E_NEW; /* via: host too: an engine that fills it later must not find A */
		return 0;
	}
	n->e = needed ? E_PATH : E_NONE;
	if (!needed)
		return 0;
	n->e_path_host = t->engine_net_path;
	return p_ns_path(b, NS_NETWORK, t->engine_net_path, &n->e_ino, e);
}

static enum plan_steer steered(const struct build *b)
{
	if (b->f->kernel_steer)
		return PLAN_STEER_BPF;
	return b->f->kernel_veth && !mutant("net.veth") ? PLAN_STEER_VETH : PLAN_STEER_NONE;
}

/* Name servers, and where a refusal can be told in words (egress/names.c). */
static const uint16_t always[] = { 22, 53, 80 };

struct ports {
	uint16_t v[EGRESS_LISTEN_MAX];
	size_t n;
	bool is_full;
};

/* Ascending, each once; the first that are named are those that find room. */
static void add_port(struct ports *p, uint16_t port)
{
	size_t i = 0;

	while (i < p->n && p->v[i] < port)
		i++;
	if (i < p->n && p->v[i] == port)
		return;
	if (p->n == ARRAY_SIZE(p->v)) {
		p->is_full = true;
		return;
	}
	memmove(&p->v[i + 1], &p->v[i], (p->n - i) * sizeof(p->v[0]));
	p->v[i] = port;
	p->n++;
}

/* Each takes a socket of the proxy's. While learning nothing gets out, so nobody listens. */
static void listen_ports(struct build *b, struct op_anet *n)
{
	const struct profile *p = b->t->profile;
	struct ports all = { .n = 0 };

	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		add_port(&all, always[i]);
	for (size_t i = 0; i < p->egress.n_allow && !p->egress.learn; i++)
		for (size_t k = 0; k < p->egress.allow[i].n_ports; k++)
			add_port(&all, p->egress.allow[i].ports[k]);
	n->ports = memcpy(arena_alloc(b->a, all.n, sizeof(all.v[0])), all.v,
			  all.n * sizeof(all.v[0]));
	n->n_ports = all.n;
	if (all.is_full && !mutant("net.ports"))
		build_finding(b, "net.steered", FIND_NOTE, "linux.namespaces: network",
			      arena_printf(b->a, "the allow list has more ports than the %u that are "
					   "reached without a proxy where no steering program may be "
					   "loaded; only programs that honour HTTP_PROXY and its kin reach "
					   "those that come last in it", EGRESS_LISTEN_MAX));
}

static int anet(struct build *b, struct err *e)
{
	struct op_anet n = { 0 };

	if (!build_has_userns(b))
		return err_set(e, ERR_UNSUPPORTED, "profile %s: its network needs a user namespace, and there "
			       "is none: the namespace that the container runs in must not belong to the "
			       "host's root; set \"egress\": {\"mode\": \"engine\"} beside \"userns\": "
			       "\"prefer\"", b->t->profile->name);
	if (choose_e(b, &n, e))
		return -1;
	if (b->t->net == TIGHT_NET_EGRESS) {
		n.proxy_port = b->t->profile->egress.port;
		n.steered = steered(b);
		if (n.steered == PLAN_STEER_VETH)
			listen_ports(b, &n);
	}
	struct op *op = plan_add(b->p, OP_ANET, "linux.namespaces", rule(b));

	op->u.anet = n;
	return 0;
}

static const char *resolv_conf(const struct build *b, bool from_host)
{
	return from_host ? HOST_RESOLV_CONF : b->t->resolv_conf_host;
}

static bool has_network_hook(const struct build *b)
{
	return b->s->hooks.kind[HOOK_PRESTART].n || b->s->hooks.kind[HOOK_CREATE_RUNTIME].n;
}

/* Docker from 28 on fills E after `create`, without a hook: here one cannot tell. */
static void note_unfilled(struct build *b, enum e_kind e_kind, const struct op_egress *g)
{
	if (e_kind != E_NEW || g->via_host || g->n_allow == 0 || has_network_hook(b))
		return;
	build_finding(b, "net.via", FIND_NOTE, "linux.namespaces: network",
		      "the proxy dials from a new network namespace that an engine has to connect; "
		      "where none does, nothing gets out unless the profile says egress.via: host");
}

static void note_unsteered(struct build *b)
{
	if (steered(b) == PLAN_STEER_NONE)
		build_finding(b, "net.steered", FIND_NOTE, "linux.namespaces: network",
			      "only programs that honour HTTP_PROXY and its kin reach what is allowed: "
			      "neither may the program that would bring all others to the proxy be loaded "
			      "here (BPF_PROG_TYPE_SK_LOOKUP takes CAP_BPF and CAP_NET_ADMIN on the host, "
			      "and Linux 5.9), nor has the kernel pairs of virtual interfaces "
			      "(CONFIG_VETH)");
}

static void note_uid(struct build *b, uint32_t uid)
{
	if (!facts_is_rootless(b->f))
		return;
	build_finding(b, "net.uid", FIND_NOTE, "agentrt-egress",
		      uid ? "it runs with a subordinate id of the user's that no container has, the "
			    "same for all his proxies" :
			    "it runs with the user's own id, for no subordinate id is left over: what "
			    "keeps it off his processes is its list of system calls and an empty root");
}

static struct plan_egress_entry to_entry(const struct egress_entry *in)
{
	static const char *const tls[] = {
		[PROFILE_TLS_BY_PORT] = NULL,
		[PROFILE_TLS_REQUIRE] = "require",
		[PROFILE_TLS_ANY] = "any",
		[PROFILE_TLS_NONE] = "none",
	};
	TABLE_CHECK(tls, PROFILE_TLS__COUNT);

	return (struct plan_egress_entry){ .host = in->host, .ports = in->ports,
					   .n_ports = in->n_ports, .addresses = in->addresses,
					   .n_addresses = in->n_addresses, .tls = tls[in->tls],
					   .ech_denied = in->ech_denied };
}

/* After the hooks, which may be what connects E. */
void p_egress(struct build *b)
{
	const struct profile *p = b->t->profile;
	enum e_kind e_kind;
	struct op_egress g = { .port = p->egress.port,
			       .uid = facts_is_rootless(b->f) ? b->t->egress_uid : b->f->egress_uid,
			       .profile = p->name,
			       .memory_bytes = PROXY_MEMORY_BYTES,
			       .pids = PROXY_PIDS };

	if (b->t->net != TIGHT_NET_EGRESS)
		return;
	e_kind = plan_find(b->p, OP_ANET)->u.anet.e;
	g.via_host = e_kind == E_NEW && b->t->engine_net_host;
	g.steered = steered(b);
	g.resolv_conf_host = resolv_conf(b, g.via_host || e_kind == E_HOST);
	g.learn = p->egress.learn;
	for (size_t i = 0; i < p->egress.n_allow; i++)
		*arena_push(b->a, g.allow, g.n_allow) = to_entry(&p->egress.allow[i]);
	for (size_t i = 0; i < p->egress.n_deny; i++)
		*arena_push(b->a, g.deny, g.n_deny) = to_entry(&p->egress.deny[i]);
	note_unfilled(b, e_kind, &g);
	note_unsteered(b);
	note_uid(b, g.uid);
	plan_add(b->p, OP_EGRESS, "profile", rule(b))->u.egress = g;
}

/* Where there is an A, the interfaces go to E: what runs in A reaches them by the proxy alone. */
static bool has_own_net(const struct build *b)
{
	const struct op *anet_op = plan_find(b->p, OP_ANET);

	if (anet_op)
		return anet_op->u.anet.e == E_NEW;
	if (b->t->net == TIGHT_NET_POD)
		return false;
	return oci_ns_find(b->s, NS_NETWORK) && !is_hosts_net(b);
}

static int netdevs(struct build *b, struct err *e)
{
	const struct oci_linux *l = &b->s->linux_;

	if (l->n_net_devices && !has_own_net(b) && !mutant("net.devices"))
		return err_set(e, ERR_SPEC, "linux.netDevices: needs a network namespace of the "
			       "container's own to move %s to", l->net_devices[0].host_name);
	if (l->n_net_devices && b->f->euid != 0)
		return err_set(e, ERR_UNSUPPORTED, "linux.netDevices: a rootless runtime cannot move %s "
			       "out of the host's network", l->net_devices[0].host_name);
	for (size_t i = 0; i < l->n_net_devices; i++) {
		const struct oci_netdev *d = &l->net_devices[i];
		const char *where = arena_printf(b->a, "linux.netDevices.%s", d->host_name);
		struct op *op = plan_add(b->p, OP_NETDEV, where, "oci");

		op->u.netdev = (struct op_netdev){ d->host_name, d->name ? d->name : d->host_name };
	}
	return 0;
}

int p_net(struct build *b, struct err *e)
{
	if (build_has_anet(b) && anet(b, e))
		return -1;
	return netdevs(b, e);
}

/* Anything else could end the line and add another name to the file. */
static bool is_plain_name(const char *s)
{
	if (!s || !*s || strlen(s) > 64)
		return false;
	for (; *s; s++)
		if (!chr_is_alnum(*s) && !strchr("-_.", *s))
			return false;
	return true;
}

static const char *hosts_text(struct build *b)
{
	const char *name = b->s->hostname, *domain = b->s->domainname;
	const char *own = "";

	if (is_plain_name(name) && is_plain_name(domain))
		own = arena_printf(b->a, "127.0.1.1\t%s.%s %s\n", name, domain, name);
	else if (is_plain_name(name))
		own = arena_printf(b->a, "127.0.1.1\t%s\n", name);
	return arena_printf(b->a,
			    "127.0.0.1\tlocalhost\n"
			    "::1\tlocalhost ip6-localhost ip6-loopback\n"
			    "%s", own);
}

/* The proxy answers there, or nothing does: a lookup never waits for servers out of reach. */
static const char *resolv_text(struct build *b)
{
	/* Of a pod's A too, which was made by the same runtime. */
	bool veth = build_is_in_anet(b) && b->t->net != TIGHT_NET_NONE &&
		    steered(b) == PLAN_STEER_VETH;
	uint32_t gate = STEER_NET4 + STEER_GATE;

	/* Loopback is A's own; P answers at any other address, so at the one that stands for it. */
	return arena_printf(b->a,
			    "# agentrt: the proxy resolves names, when it allows a connection\n"
			    "nameserver %u.%u.%u.%u\n"
			    "options timeout:1 attempts:1\n",
			    veth ? gate >> 24 : 127, veth ? gate >> 16 & 255 : 0,
			    veth ? gate >> 8 & 255 : 0, veth ? gate & 255 : 1);
}

static const char *const replaced[] = { "/etc/hosts", "/etc/resolv.conf" };

bool p_net_replaces(const struct build *b, const char *path_ctr)
{
	for (size_t i = 0; i < ARRAY_SIZE(replaced); i++)
		if (build_is_in_anet(b) && streq(path_ctr, replaced[i]))
			return true;
	return false;
}

void p_net_files(struct build *b)
{
	const char *text[] = { hosts_text(b), resolv_text(b) };

	static_assert(ARRAY_SIZE(text) == ARRAY_SIZE(replaced), "a text for each file");
	for (size_t i = 0; build_is_in_anet(b) && i < ARRAY_SIZE(replaced); i++) {
		struct op *op = plan_add(b->p, OP_FILE, "profile", "net.files");

		op->u.file = (struct op_file){ replaced[i], text[i], 0644 };
	}
}
