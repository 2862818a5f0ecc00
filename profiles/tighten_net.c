/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tighten_net.c - which network the engine means (E), and whether the container has its own (A)
 *
 * With mode egress or none the narrowed config asks for a new network namespace whatever the
 * engine asked for: that one is A, and it is what `exec` joins. Where E is stands in struct tight
 * alone, for the proxy.
 */
#include "base/mutant.h"
#include "base/path.h"
#include "base/str.h"
#include "profiles/tighten_ctx.h"

static int index_of(const struct oci_spec *s, enum oci_ns_type type)
{
	for (size_t i = 0; i < s->linux_.n_namespaces; i++)
		if (s->linux_.namespaces[i].type == (int)type)
			return (int)i;
	return -1;
}

static void find_engine_net(struct tighten_ctx *c)
{
	struct tight *t = c->t;
	int i = index_of(c->in, NS_NETWORK);

	t->engine_net_host = i < 0 || tighten_fact_ns(c, (size_t)i)->is_hosts;
	t->engine_net_ns = t->engine_net_host ? -1 : i;
	if (!t->engine_net_host)
		t->engine_net_path = c->in->linux_.namespaces[i].path;
}

/* The resolver file that the engine made for E. */
static const char *resolv_conf(const struct tighten_ctx *c)
{
	for (size_t i = 0; i < c->in->n_mounts; i++) {
		const struct oci_mount *m = &c->in->mounts[i];
		const char *dest = m->destination ? path_clean(c->a, m->destination) : "";

		if (!streq(dest, "/etc/resolv.conf") || i >= c->f->n_mounts)
			continue;
		if (c->f->mounts[i].realpath)
			return c->f->mounts[i].realpath;
	}
	return NULL;
}

/* Nobody will fill a new E: no engine's hook is there to do it, and the profile says so. */
static bool goes_by_host(const struct tighten_ctx *c)
{
	return c->t->engine_net_ns >= 0 && !c->t->engine_net_host && !c->t->engine_net_path &&
	       streq(c->p->egress.via, "host") && c->in->hooks.kind[HOOK_PRESTART].n == 0 &&
	       c->in->hooks.kind[HOOK_CREATE_RUNTIME].n == 0;
}

static int refuse_host(struct tighten_ctx *c, struct err *e)
{
	bool shared = c->p->ns_shared >> NS_NETWORK & 1;

	if (c->p->egress.mode != NET_ENGINE || !c->t->engine_net_host || shared ||
	    mutant("net.host"))
		return 0;
	return err_deny(e, "net.host", "the host's network namespace",
			"egress.mode \"engine\" gives the container the engine's network as it is, "
			"and that is the host's",
			"add \"network\" to namespaces.shared of the profile");
}

static void explain_own_net(struct tighten_ctx *c)
{
	bool proxy = c->p->egress.mode == NET_EGRESS;
	const char *what = c->t->engine_net_host   ? "linux.namespaces: the host's network"
			   : c->t->engine_net_path ? "linux.namespaces: network by path"
						   : "linux.namespaces: network";
	const char *why = proxy ? arena_printf(c->a,
					       "what runs in the container is in a network "
					       "namespace of its own, and the proxy's %zu entr%s "
					       "the only way out",
					       c->p->egress.n_allow,
					       c->p->egress.n_allow == 1 ? "y is" : "ies are")
				: "what runs in the container is in an empty network namespace";

	tighten_find(c, proxy ? "net.egress" : "net.none", FIND_REPLACED, why, "%s", what);
}

/* The network that the config names is that of the pod. */
static bool shares_pods(const struct tighten_ctx *c)
{
	int i = index_of(c->in, NS_NETWORK);

	return c->is_member && i >= 0 && tighten_fact_ns(c, (size_t)i)->is_pods;
}

static int share_pods(struct tighten_ctx *c, struct err *e)
{
	if (tighten_pod_net(c, e))
		return -1;
	if (c->p->egress.mode == NET_ENGINE)
		return 0;
	c->t->net = TIGHT_NET_POD;
	tighten_find(
		c, c->p->egress.mode == NET_EGRESS ? "net.egress" : "net.none", FIND_REPLACED,
		"the containers of a pod are in one network namespace; what leads out of it is "
		"the sandbox's",
		"linux.namespaces: network, that of sandbox %s", c->f->pod.id);
	return 0;
}

int tighten_net(struct tighten_ctx *c, struct err *e)
{
	struct tight *t = c->t;

	find_engine_net(c);
	t->resolv_conf_host = resolv_conf(c);
	t->net = TIGHT_NET_SPEC;
	if (refuse_host(c, e))
		return -1;
	if (c->p->egress.mode != NET_AS_SPEC && shares_pods(c))
		return share_pods(c, e);
	if (c->p->egress.mode != NET_EGRESS && c->p->egress.mode != NET_NONE)
		return 0;
	if (mutant("net.egress"))
		return 0;
	t->net = c->p->egress.mode == NET_EGRESS ? TIGHT_NET_EGRESS : TIGHT_NET_NONE;
	if (goes_by_host(c))
		t->engine_net_host = true;
	explain_own_net(c);
	return 0;
}
