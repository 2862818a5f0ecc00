/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pod.c - the pod of a container that is about to be made
 *
 * Theory of operation. A namespace keeps its inode as long as it lives, and those of a container
 * that is alive do; so an inode that a config names by path and that stands in the state of a
 * living container is that container's, whatever the path is called. Compared are the namespaces
 * that its containers run in, and of the sandbox also those that its own config named: an engine
 * that makes them beforehand (a pod's network; CRI-O's ipc and uts) names the same ones for every
 * member, and what the sandbox got instead stands for them.
 *
 * What is joined is named by the process of the container whose it is, and pinned by inode: the
 * executor refuses another one, should the process end and its number be given away meanwhile.
 */
#include "cmd/pod.h"

#include <sys/stat.h>

#include "base/mutant.h"
#include "base/str.h"
#include "base/table.h"
#include "cmd/container.h"
#include "exec/exec.h"
#include "profiles/pod.h"

static const char *const proc_ns[] = {
	[NS_PID] = "pid", [NS_NETWORK] = "net", [NS_MOUNT] = "mnt",	[NS_IPC] = "ipc",
	[NS_UTS] = "uts", [NS_USER] = "user",	[NS_CGROUP] = "cgroup", [NS_TIME] = "time",
};
TABLE_CHECK(proc_ns, NS__COUNT);

static bool is_alive(enum status st)
{
	return st == STATUS_RUNNING || st == STATUS_PAUSED || st == STATUS_CREATED;
}

static bool is_libpods(const struct state *s)
{
	for (size_t i = 0; i < s->n_annotations; i++)
		if (streq(s->annotations[i].key, "io.container.manager"))
			return streq(s->annotations[i].value, "libpod");
	return false;
}

/*
 * Whether its engine made it one: then its own annotations name it. An id is known before the
 * container only to the engine, so a flag of an engine that knows no pods cannot say that. Podman's
 * infra containers have no such annotation.
 */
static bool is_sandbox(const struct container *c)
{
	return c->s->pod ? streq(c->s->pod, c->id) : is_libpods(c->s) || mutant("pod.is_sandbox");
}

/* Why the sandbox cannot be joined, or NULL. Before `start`, a process with an A still shows E. */
static const char *why_not(const struct container *c)
{
	if (!is_alive(c->st))
		return "that container does not run any more";
	if (!is_sandbox(c))
		return "that container is not a pod's sandbox";
	if (c->st == STATUS_CREATED && c->s->ns_e_ino)
		return "that container has not been started";
	return NULL;
}

/* ---- whose a namespace is ---- */

static bool has_ino(const struct state *s, int type, uint64_t ino)
{
	return s->ns_ino[type] == ino || s->ns_asked[type] == ino ||
	       (type == NS_NETWORK && s->ns_e_ino == ino);
}

static void take(struct arena *a, const struct state *s, struct fact_ns *ns)
{
	ns->is_pods = true;
	ns->pod_path = arena_printf(a, "/proc/%lld/ns/%s", (long long)s->pid, proc_ns[ns->type]);
	ns->pod_ino = s->ns_ino[ns->type];
}

/* What the host has too is nobody's; what nobody recorded stands for nothing. */
static bool can_compare(const struct fact_ns *ns)
{
	return ns->path && ns->ino && ns->type >= 0 && !ns->is_hosts;
}

static void match_sandbox(struct arena *a, const struct state *s, struct facts *f)
{
	for (size_t i = 0; i < f->n_ns; i++) {
		struct fact_ns *ns = &f->ns[i];

		if (can_compare(ns) && s->ns_ino[ns->type] &&
		    (has_ino(s, ns->type, ns->ino) || mutant("pod.inode")))
			take(a, s, ns);
	}
}

static void match_other(struct arena *a, const struct state *s, const char *pod, struct facts *f)
{
	bool is_member = s->pod && streq(s->pod, pod);

	for (size_t i = 0; i < f->n_ns; i++) {
		struct fact_ns *ns = &f->ns[i];

		if (!can_compare(ns) || ns->is_pods)
			continue;
		if (is_member && ns->ino == s->ns_ino[ns->type])
			take(a, s, ns);
		else if (!is_member && has_ino(s, ns->type, ns->ino))
			ns->is_others = true;
	}
}

/* Containers come and go meanwhile: one that cannot be opened is gone. */
static int match_others(struct cmd_ctx *ctx, const char *id, struct facts *f, struct err *e)
{
	const char **ids;
	size_t n;

	if (state_list(ctx->a, ctx->root, &ids, &n, e))
		return -1;
	for (size_t i = 0; i < n; i++) {
		auto_container struct container c = CONTAINER_INIT;

		if (streq(ids[i], id) || streq(ids[i], f->pod.named) ||
		    container_open(ctx, ids[i], WITHOUT_LOCK, &c, NULL) || !is_alive(c.st))
			continue;
		match_other(ctx->a, c.s, f->pod.named, f);
	}
	return 0;
}

/* ---- what the sandbox has ---- */

static const char *uid_of(struct arena *a, const struct state *s)
{
	for (size_t k = 0; pod_uid_key(k); k++)
		for (size_t i = 0; i < s->n_annotations; i++)
			if (streq(s->annotations[i].key, pod_uid_key(k)) &&
			    *s->annotations[i].value)
				return arena_strdup(a, s->annotations[i].value);
	return NULL;
}

static int take_userns(struct container *c, struct fact_pod *pod, struct err *e)
{
	struct stat own;
	struct oci_spec *s;

	if (stat("/proc/self/ns/user", &own) < 0)
		return err_sys(e, "look at the runtime's own user namespace");
	if (c->s->ns_ino[NS_USER] == 0 || c->s->ns_ino[NS_USER] == own.st_ino)
		return 0;
	if (container_spec(c, &s, e))
		return -1;
	pod->userns_path = arena_printf(c->a, "/proc/%lld/ns/user", (long long)c->s->pid);
	pod->userns_ino = c->s->ns_ino[NS_USER];
	pod->uid_mappings = s->linux_.uid_mappings;
	pod->gid_mappings = s->linux_.gid_mappings;
	pod->n_uid_mappings = s->linux_.n_uid_mappings;
	pod->n_gid_mappings = s->linux_.n_gid_mappings;
	return 0;
}

static bool shares_any(const struct facts *f)
{
	for (size_t i = 0; i < f->n_ns; i++)
		if (f->ns[i].is_pods)
			return true;
	return false;
}

static int join_pod(struct cmd_ctx *ctx, const char *id, struct container *sandbox, struct facts *f,
		    struct err *e)
{
	match_sandbox(ctx->a, sandbox->s, f);
	if (match_others(ctx, id, f, e))
		return -1;
	if (!shares_any(f))
		return 0;
	f->pod.id = f->pod.named;
	f->pod.uid = uid_of(ctx->a, sandbox->s);
	f->pod.net = sandbox->s->net_policy;
	f->pod.takes_listeners = exec_proxy_listens(sandbox->dirfd);
	return take_userns(sandbox, &f->pod, e);
}

int pod_facts(struct cmd_ctx *ctx, const char *id, const struct oci_spec *s, struct facts *f,
	      struct err *e)
{
	auto_container struct container sandbox = CONTAINER_INIT;
	const char *named = pod_sandbox_of(s);
	struct err why = ERR_INIT;

	if (!named || streq(named, id))
		return 0;
	f->pod.named = named;
	if (ctx->own_userns)
		f->pod.problem =
			"an ordinary user's containers are each in a user namespace of its own";
	else if (!state_id_is_valid(named))
		f->pod.problem = "that is no container's id";
	else if (container_open(ctx, named, WITHOUT_LOCK, &sandbox, &why))
		f->pod.problem = why.kind == ERR_NOTFOUND ? "no such container is known here"
							  : arena_strdup(ctx->a, why.msg);
	else
		f->pod.problem = why_not(&sandbox);
	return f->pod.problem ? 0 : join_pod(ctx, id, &sandbox, f, e);
}
