/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tighten_ctx.h - what the areas of tighten() share; nothing outside tighten*.c includes it
 *
 * One function an area, called in the order of the table in tighten.c. Each reads the config as
 * it came (in), changes only the copy (s, proc) and leaves a finding for each change. The copy's
 * structs may be written; its arrays and strings are the input's: an array that changes is made
 * anew.
 */
#ifndef PROFILES_TIGHTEN_CTX_H
#define PROFILES_TIGHTEN_CTX_H

#include "profiles/tighten.h"

struct tighten_ctx {
	struct arena *a;
	const struct profile *p;
	const struct facts *f;	   /* for exec: of the machine alone; NULL for update */
	const struct oci_spec *in; /* NULL for exec */
	struct oci_spec *s;	   /* t->spec; NULL for exec */
	struct oci_process *proc;  /* NULL where the config has no process */
	struct tight *t;	   /* NULL for exec */
	bool is_update;	  /* s holds nothing but new resources for a container that exists */
	bool is_member;	  /* of the pod of f->pod: by tighten_pod() */
	bool drop_userns; /* the config's is another container's, and none can be made */
	const char **engine_roots; /* made once by tighten_engine_roots() */
	struct finding *findings;
	size_t n_findings;
};

typedef int tighten_area(struct tighten_ctx *c, struct err *e);

tighten_area tighten_root_source; /* the root, or a layer of it, is no place of the host's */
tighten_area tighten_pod;    /* whether the container is one of a pod. First */
tighten_area tighten_net;    /* which E; whether there is an A. Before tighten_ns */
tighten_area tighten_ns;     /* namespaces, user namespace and its maps, hostname */
tighten_area tighten_root;   /* disposable, idmapped */
tighten_area tighten_mounts; /* needs the maps */
tighten_area tighten_env;
tighten_area tighten_caps;    /* capabilities, no_new_privs */
tighten_area tighten_proc;    /* ids, OOM score, scheduler, I/O class, limits */
tighten_area tighten_devices; /* nodes, device cgroup, net devices */
tighten_area tighten_sysctl;  /* needs the maps */
tighten_area tighten_paths;   /* masked and read-only paths, propagation of the root */
tighten_area tighten_seccomp;

/* tighten_find() - one finding; @fmt makes "what": place and object, never a secret's value */
void tighten_find(struct tighten_ctx *c, const char *rule, enum finding_action action,
		  const char *why, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* tighten_print() - arena text with control characters shown as '?' */
char *tighten_print(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* tighten_delegate_hint - how a user gets a cgroup of his own */
extern const char tighten_delegate_hint[];

/* tighten_fact_ns() - what is known of the i-th namespace entry; never NULL */
const struct fact_ns *tighten_fact_ns(const struct tighten_ctx *c, size_t i);

/* tighten_host_id() - the host's id of a container id by @maps; false: not mapped */
bool tighten_host_id(const struct oci_idmap *maps, size_t n, uint32_t ctr, uint32_t *ret_host);

/* tighten_has_userns() - whether the narrowed config has a user namespace */
bool tighten_has_userns(const struct tighten_ctx *c);

/* tighten_rootless.c: the ids that a user has; @kept: the config brings maps that may stay */
int tighten_rootless_userns(struct tighten_ctx *c, bool kept, struct err *e);
/* The same for a member of a pod, which has its sandbox's. */
void tighten_rootless_join(struct tighten_ctx *c);

/* tighten_pod_net() - for a member that shares the pod's network: its policy must be the same */
int tighten_pod_net(struct tighten_ctx *c, struct err *e);

/* tighten_is_pods() - whether an entry of the narrowed config joins a namespace of the pod */
bool tighten_is_pods(const struct tighten_ctx *c, const struct oci_namespace *ns);

/* ---- parts of tighten_mounts, a file each ---- */

struct mount_try {
	const struct oci_mount *m;
	const struct fact_path *at; /* of the source */
	const char *dest_ctr;	    /* clean */
	const char *what;	    /* "mounts[3]: bind /a on /b", for messages */
};

/* tighten_source.c: -1 with a denial where a rule refuses the source; @lifted: an administrator's
 * entry above it lifts the rules about trees */
int tighten_source(struct tighten_ctx *c, const struct mount_try *m, bool lifted, struct err *e);

/* tighten_source.c: what mounts.allow of the profile says of a place */
enum allowance { ALLOW_NOTHING, ALLOW_BELOW, ALLOW_EXACT };
enum allowance tighten_allowance(const struct tighten_ctx *c, const struct fact_path *at);

/* tighten_source.c: whether the object, whatever its name, lies in a guarded place or holds one */
bool tighten_object_is_guarded(const struct tighten_ctx *c, const struct fact_path *at);

/* tighten_engine.c: what engines inject, keyed by this container's id */
struct injected {
	const char *source;   /* below an engine's root; %i this id, %s the pod's sandbox, %u the
				 pod's uid, %c DRIVER-containers, %n any name */
	const char *dest_ctr; /* exact; NULL: anywhere */
	char type;
	bool readonly;
	enum tight_idmap idmap;
	const char *what;
};
/* The row that the mount matches on both ends, or NULL. */
const struct injected *tighten_injected(struct tighten_ctx *c, const struct mount_try *m);
/* Engine roots of this container, the derived one first; NULL-terminated, arena. */
const char **tighten_engine_roots(struct tighten_ctx *c);

/* tighten_owner.c: whose ids a bind mount's files have */
int tighten_owner(struct tighten_ctx *c, const struct mount_try *m, struct tight_mount *ret,
		  struct err *e);

#endif
