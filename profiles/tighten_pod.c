/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tighten_pod.c - whether the container is one of a pod, and what it shares with the others
 *
 * Theory of operation. The containers of a pod share a user namespace, and with it what the pod's
 * sandbox has and a member's config names by path: the network (A, and so the sandbox's proxy),
 * ipc, uts, pid. Annotations only say which sandbox is meant. Who belongs to it is decided by
 * inode: at least one namespace that the config names must be one of a living container of that pod
 * (facts.pod, fact_ns.is_pods). Annotations alone get nothing: not the namespaces, not the files.
 *
 *   annotations name        namespaces by path         the container
 *   ----------------        ------------------         -------------
 *   no sandbox, or itself   any                        on its own
 *   one that is not alive   any                        refused
 *   a living one            none of that pod's         on its own
 *   a living one            at least one of the pod's  a member; others it names stay private
 *   a living one            another's network          refused
 */
#include "base/mutant.h"
#include "base/str.h"
#include "profiles/pod.h"
#include "profiles/tighten_ctx.h"

static const char *what(struct tighten_ctx *c)
{
	return tighten_print(c->a, "the pod of sandbox %s", c->f->pod.named);
}

/* The engine's own words name one sandbox and one network: one of them is not the engine's. */
static int check_network(struct tighten_ctx *c, struct err *e)
{
	for (size_t i = 0; i < c->in->linux_.n_namespaces; i++)
		if (c->in->linux_.namespaces[i].type == NS_NETWORK &&
		    tighten_fact_ns(c, i)->is_others && !mutant("pod.network"))
			return err_deny(e, "pod.network", what(c),
					"the network namespace that the config names belongs to a "
					"container of another pod",
					NULL);
	return 0;
}

int tighten_pod(struct tighten_ctx *c, struct err *e)
{
	const struct fact_pod *pod = &c->f->pod;

	if (!pod->named)
		return 0;
	if (pod->problem && !mutant("pod.sandbox"))
		return err_deny(e, "pod.sandbox", what(c), pod->problem,
				"run the pod's sandbox with this runtime, and start it first");
	if (check_network(c, e))
		return -1;
	c->is_member = pod->id != NULL;
	if (c->is_member)
		tighten_find(c, "pod.sandbox", FIND_PASSED,
			     "a namespace that the config names is one of its living containers'",
			     "%s", what(c));
	else
		tighten_find(c, "pod.sandbox", FIND_NOTE,
			     "the config names no namespace of it by path, so the container gets "
			     "nothing of it",
			     "%s", what(c));
	return 0;
}

int tighten_pod_net(struct tighten_ctx *c, struct err *e)
{
	const char *pods = c->f->pod.net ? c->f->pod.net : "";
	int whose;
	const char *line = pod_net_differs(c->a, pods, pod_net_policy(c->a, c->p), &whose);

	if (!line || mutant("pod.policy"))
		return 0;
	return err_deny(e, "pod.policy", what(c),
			tighten_print(c->a,
				      "the containers of a pod have one network, and \"%s\" is in "
				      "the policy of %s",
				      line,
				      whose ? "this container and not of the sandbox"
					    : "the sandbox and not of this container"),
			"give all of them the same profile, and the pod the annotations");
}

bool tighten_is_pods(const struct tighten_ctx *c, const struct oci_namespace *ns)
{
	for (size_t i = 0; c->is_member && ns->path && i < c->f->n_ns; i++) {
		const struct fact_ns *at = &c->f->ns[i];

		if (at->is_pods && at->type == ns->type && at->pod_path &&
		    streq(at->pod_path, ns->path))
			return true;
	}
	return false;
}
