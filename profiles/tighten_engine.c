/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tighten_engine.c - what engines put into their containers, by exact tables
 *
 * Engines keep these files inside the trees that are refused. A row matches only with *this*
 * container's id (or its pod's sandbox or uid) in the source and the exact destination: the same
 * file of another container is that container's. Which pod it is, annotations alone do not say
 * (tighten_pod.c). Sources are compared resolved.
 *
 * A name proves nothing of the object: a volume may be a bind mount of any directory of the host
 * (docker volume create --opt o=bind --opt device=/root/.ssh). So the object must be the engine's
 * own, by where it lies in its file system, or a file system of its own that holds no guarded
 * place.
 */
#include <string.h>

#include "base/mutant.h"
#include "base/path.h"
#include "base/str.h"
#include "base/table.h"
#include "profiles/pod.h"
#include "profiles/sources.h"
#include "profiles/tighten_ctx.h"

#define OVERFLOW_ID 65534u
#define CONTAINERS "-containers"
#define CRI "io.containerd.grpc.v1.cri/sandboxes/%s"

static const struct injected injected[] = {
	/* dockerd, below its data root */
	{ "containers/%i/resolv.conf", "/etc/resolv.conf", 'f', true, IDMAP_NONE,
	  "Docker's resolv.conf" },
	{ "containers/%i/hostname", "/etc/hostname", 'f', true, IDMAP_NONE, "Docker's hostname" },
	{ "containers/%i/hosts", "/etc/hosts", 'f', true, IDMAP_NONE, "Docker's hosts" },
	{ "containers/%i/mounts/shm", "/dev/shm", 'd', false, IDMAP_NONE,
	  "Docker's shared memory" },
	/* Docker and Podman: a named volume keeps its ids; only root gets to its directory */
	{ "volumes/%n/_data", NULL, 'd', false, IDMAP_CONTAINER, "a named volume" },
	/* Podman, below its graph root and its run root; %c has the storage driver's name in it */
	{ "%c/%i/userdata/resolv.conf", "/etc/resolv.conf", 'f', true, IDMAP_NONE,
	  "Podman's resolv.conf" },
	{ "%c/%i/userdata/hostname", "/etc/hostname", 'f', true, IDMAP_NONE, "Podman's hostname" },
	{ "%c/%i/userdata/hosts", "/etc/hosts", 'f', true, IDMAP_NONE, "Podman's hosts" },
	{ "%c/%i/userdata/.containerenv", "/run/.containerenv", 'f', true, IDMAP_NONE,
	  "Podman's .containerenv" },
	{ "%c/%i/userdata/shm", "/dev/shm", 'd', false, IDMAP_NONE, "Podman's shared memory" },
	/* Podman and CRI-O: a pod's containers get files of its infra container */
	{ "%c/%s/userdata/resolv.conf", "/etc/resolv.conf", 'f', true, IDMAP_NONE,
	  "the pod's resolv.conf" },
	{ "%c/%s/userdata/hostname", "/etc/hostname", 'f', true, IDMAP_NONE, "the pod's hostname" },
	{ "%c/%s/userdata/hosts", "/etc/hosts", 'f', true, IDMAP_NONE, "the pod's hosts" },
	{ "%c/%s/userdata/.containerenv", "/run/.containerenv", 'f', true, IDMAP_NONE,
	  "the pod's .containerenv" },
	{ "%c/%s/userdata/shm", "/dev/shm", 'd', false, IDMAP_NONE, "the pod's shared memory" },
	/* containerd's CRI: the sandbox itself gets them, too */
	{ CRI "/resolv.conf", "/etc/resolv.conf", 'f', true, IDMAP_NONE, "the pod's resolv.conf" },
	{ CRI "/hostname", "/etc/hostname", 'f', true, IDMAP_NONE, "the pod's hostname" },
	{ CRI "/hosts", "/etc/hosts", 'f', true, IDMAP_NONE, "the pod's hosts" },
	{ CRI "/shm", "/dev/shm", 'd', false, IDMAP_NONE, "the pod's shared memory" },
	/* the kubelet, by the pod's uid */
	{ "pods/%u/etc-hosts", "/etc/hosts", 'f', true, IDMAP_NONE, "the pod's hosts" },
	{ "pods/%u/containers/%n/%n", "/dev/termination-log", 'f', false, IDMAP_NONE,
	  "the container's termination log" },
	{ "pods/%u/volumes/kubernetes.io~empty-dir/%n", NULL, 'd', false, IDMAP_CONTAINER,
	  "the pod's emptyDir volume" },
	{ "pods/%u/volumes/kubernetes.io~configmap/%n", NULL, 'd', true, IDMAP_CONTAINER,
	  "the pod's configMap volume" },
	{ "pods/%u/volumes/kubernetes.io~downward-api/%n", NULL, 'd', true, IDMAP_CONTAINER,
	  "the pod's downwardAPI volume" },
	{ "pods/%u/volumes/kubernetes.io~csi/%n/mount", NULL, 'd', false, IDMAP_CONTAINER,
	  "the pod's volume of a CSI driver" },
};

/* Programs that engines put in as the container's init: by destination, read-only. */
static const struct {
	const char *base, *dest_ctr;
} inits[] = {
	{ "docker-init", "/sbin/docker-init" }, { "tini-static", "/sbin/docker-init" },
	{ "tini", "/sbin/docker-init" },	{ "catatonit", "/run/podman-init" },
	{ "catatonit", "/dev/init" },
};

static const struct injected init_row = {
	NULL, NULL, 'f', true, IDMAP_NONE, "the engine's init program",
};

/* Of a pod's sandbox itself: its own id, which the annotations repeat. */
static const char *sandbox(const struct tighten_ctx *c)
{
	const char *id = pod_sandbox_of(c->in);

	if (c->is_member || mutant("pod.files"))
		return mutant("pod.files") ? id : c->f->pod.id;
	return id && c->f->id && streq(id, c->f->id) ? id : NULL;
}

static const char *variable(const struct tighten_ctx *c, char which)
{
	return which == 'i'   ? c->f->id
	       : which == 's' ? sandbox(c)
	       : c->is_member ? c->f->pod.uid
			      : NULL;
}

/* One component of a row's source against one of the path. */
static bool component_matches(const struct tighten_ctx *c, const char *want, size_t n_want,
			      const char *got, size_t n_got)
{
	if (want[0] == '%' && n_want == 2 && want[1] == 'n')
		return n_got > 0;
	if (want[0] == '%' && n_want == 2 && want[1] == 'c')
		return n_got > strlen(CONTAINERS) && memcmp(got + n_got - strlen(CONTAINERS),
							    CONTAINERS, strlen(CONTAINERS)) == 0;
	if (want[0] == '%' && n_want == 2) {
		want = variable(c, want[1]);
		n_want = want ? strlen(want) : 0;
		if (!n_want)
			return false;
	}
	return n_want == n_got && memcmp(want, got, n_got) == 0;
}

static bool source_matches(const struct tighten_ctx *c, const char *want, const char *got)
{
	while (*want && *got) {
		size_t n_want = strcspn(want, "/"), n_got = strcspn(got, "/");

		if (!component_matches(c, want, n_want, got, n_got))
			return false;
		want += n_want;
		got += n_got;
		if (*want != *got)
			return false;
		want += *want == '/';
		got += *got == '/';
	}
	return !*want && !*got;
}

/* @name: "/" and the part of the source's path that a row has matched. */
static bool is_engines_own(const struct tighten_ctx *c, const struct fact_path *at,
			   const char *name)
{
	if (mutant("mount.engine_object"))
		return true;
	if (!at->fs_path)
		return false;
	if (str_has_suffix(at->fs_path, name))
		return true;
	return streq(at->fs_path, "/") && !tighten_object_is_guarded(c, at);
}

static bool row_matches(struct tighten_ctx *c, const struct injected *row,
			const struct mount_try *m, const char *const *roots)
{
	const char *at = m->at->realpath;

	if (m->at->type != row->type || (row->dest_ctr && !streq(row->dest_ctr, m->dest_ctr)))
		return false;
	for (size_t i = 0; roots[i]; i++)
		if (path_is_within(at, roots[i]) && !streq(at, roots[i]) &&
		    source_matches(c, row->source, at + strlen(roots[i]) + 1) &&
		    is_engines_own(c, m->at, at + strlen(roots[i])))
			return true;
	return false;
}

/* In a user namespace the host's root shows as this one. */
static bool is_unmapped(const struct tighten_ctx *c, uint32_t uid)
{
	return uid == OVERFLOW_ID && !c->f->in_initial_userns;
}

static bool is_init(const struct tighten_ctx *c, const struct mount_try *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(inits); i++)
		if (streq(inits[i].dest_ctr, m->dest_ctr) && m->at->type == 'f' &&
		    (m->at->uid == 0 || is_unmapped(c, m->at->uid)) &&
		    streq(inits[i].base, path_base(m->at->realpath)))
			return true;
	return false;
}

const struct injected *tighten_injected(struct tighten_ctx *c, const struct mount_try *m)
{
	const char **roots = tighten_engine_roots(c);

	for (size_t i = 0; i < ARRAY_SIZE(injected); i++)
		if (row_matches(c, &injected[i], m, roots))
			return &injected[i];
	return is_init(c, m) ? &init_row : NULL;
}

/* "<root>/overlay2/<layer>/merged": what is left when the last three components fit. */
static const char *derived_root(struct tighten_ctx *c)
{
	static const struct {
		const char *third, *second, *last; /* from the end; NULL: any */
	} shapes[] = {
		{ "overlay2", NULL, "merged" },	 /* dockerd */
		{ "overlay", NULL, "merged" },	 /* Podman */
		{ "rootfs", "overlayfs", NULL }, /* dockerd with containerd's images */
		{ "vfs", "dir", NULL },		 /* Podman without an overlay */
	};
	/* A user's engine may have no overlay; as root a directory could be anybody's. */
	bool is_engines = c->f->root.is_overlay || !c->f->in_initial_userns;
	const char *at = is_engines ? c->f->root.at.realpath : NULL;
	const char *part[3] = { NULL };
	char *s = arena_strdup(c->a, at ? at : "");

	for (int i = 2; i >= 0; i--) {
		char *slash = strrchr(s, '/');

		if (!slash)
			return NULL;
		part[i] = slash + 1;
		*slash = '\0';
	}
	for (size_t i = 0; i < ARRAY_SIZE(shapes) && *s; i++)
		if (streq(part[0], shapes[i].third) &&
		    (!shapes[i].second || streq(part[1], shapes[i].second)) &&
		    (!shapes[i].last || streq(part[2], shapes[i].last)))
			return s;
	return NULL;
}

/* A root that the host reaches by a symbolic link: what the guards found it to be. */
static const char *resolved(struct tighten_ctx *c, const char *root)
{
	for (size_t i = 0; i < c->f->n_guards; i++) {
		const struct fact_path *g = &c->f->guards[i].at;

		if (g->given && g->realpath && !streq(g->given, "/") &&
		    !streq(g->given, g->realpath) && path_is_within(root, g->given))
			return arena_printf(c->a, "%s%s", g->realpath, root + strlen(g->given));
	}
	return root;
}

const char **tighten_engine_roots(struct tighten_ctx *c)
{
	const char **v = NULL;
	size_t n = 0;
	const char *derived = derived_root(c);

	if (c->engine_roots)
		return c->engine_roots;
	if (derived)
		*arena_push(c->a, v, n) = derived;
	for (size_t i = 0; i < c->p->mounts.n_engine_roots; i++)
		*arena_push(c->a, v, n) = c->p->mounts.engine_roots[i];
	if (c->f->run_dir)
		*arena_push(c->a, v, n) = path_join(c->a, c->f->run_dir, "containers");
	for (size_t i = 0; sources_engine_roots[i]; i++)
		*arena_push(c->a, v, n) = resolved(c, sources_engine_roots[i]);
	*arena_push(c->a, v, n) = NULL;
	c->engine_roots = v;
	return v;
}
