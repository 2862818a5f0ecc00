/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p.h - what the deciding files of this directory share; internal to plan/
 *
 * Each p_<area>.c reads the narrowed spec, the profile's decisions and the facts, and appends
 * operations. The order of ops inside one phase is the order in which they were added; plan_build()
 * sorts by phase afterwards, so an area may add ops of several phases.
 *
 * plan_add() may move p->ops: fill an op before adding the next.
 */
#ifndef PLAN_P_H
#define PLAN_P_H

#include "plan/build.h"
#include "plan/plan.h"

struct build {
	struct arena *a;
	struct plan *p;
	const struct oci_spec *s;	/* narrowed */
	const struct oci_process *proc; /* narrowed; of `exec` its own */
	const struct facts *f;
	const struct tight *t;		/* NULL for `exec` */
	const struct plan_opts *o;	/* NULL for `exec` */
	const struct profile *profile;	    /* NULL for `exec` without one */
	const struct oci_seccomp *seccomp2; /* the profile's filter, or NULL */
	bool no_new_keyring;
	bool takes_listeners; /* of `exec`: the container's proxy does */
};

typedef int p_fn(struct build *b, struct err *e);
typedef void p_add_fn(struct build *b); /* an area that cannot fail */

p_fn p_cgroup;		/* OP_CGROUP */
p_fn p_rdt;		/* OP_RDT */
p_fn p_root;		/* OP_ROOT */
p_fn p_ns;		/* OP_USERNS, OP_NS */
p_fn p_net;		/* OP_ANET, OP_NETDEV */
p_fn p_hooks_net;	/* OP_HOOK: prestart, createRuntime */
p_add_fn p_egress;	/* OP_EGRESS */
p_fn p_propagation;	/* OP_PROPAGATION */
p_fn p_mounts;		/* OP_MOUNT */
p_add_fn p_net_files;	/* OP_FILE: instead of the engine's hosts and resolv.conf */
p_add_fn p_policy;	/* OP_FILE: what the container may do, for whoever works in it */
p_fn p_dev;		/* OP_DEV, OP_LINK, OP_CONSOLE */
p_fn p_console;		/* OP_CONSOLE alone */
p_fn p_hooks_fs;	/* OP_HOOK: createContainer */
p_fn p_paths;		/* OP_PIVOT, OP_ROOT_RO, OP_RDONLY, OP_MASK */
p_fn p_process;		/* C_DROP: everything, in the order of runc's init */
p_add_fn p_landlock;	/* OP_LANDLOCK */
p_add_fn p_setid;	/* OP_SECCOMP: no set-user-id files */
p_add_fn p_exec;	/* OP_EXEC */
p_fn p_sysctl;		/* OP_SYSCTL: A's in C_ANET, others in C_DROP */
p_fn p_hooks_exec;	/* OP_HOOK: startContainer */
p_fn p_hooks_post;	/* OP_HOOK: poststart, poststop */
p_fn p_rootless;	/* none: what the others made, for a runtime without rights over mounts */

/* p_rootless_maps() - how an ordinary user's maps are written, and what they deny */
void p_rootless_maps(const struct build *b, struct op_userns *u);

/* A file of ours stands there instead of whatever the config mounts. */
bool p_net_replaces(const struct build *b, const char *path_ctr);
/* p_ns_path() - a path of the config that must be a namespace of @type; its inode */
int p_ns_path(const struct build *b, enum oci_ns_type type, const char *path, uint64_t *ret_ino,
	      struct err *e);
/* p_seccomp.c: one filter; @rule says whose */
int p_seccomp(struct build *b, const struct oci_seccomp *f, const char *where, const char *rule,
	      struct err *e);
/* p_seccomp_record() - after the last filter: whether the proxy records what sockets it refuses */
void p_seccomp_record(struct build *b);

/* The container gets a network namespace A, whatever its config says of networks. */
bool build_has_anet(const struct build *b);
/* It is in an A: its own, or that of its pod. */
bool build_is_in_anet(const struct build *b);
/* Its ids are not the runtime's. */
bool build_has_userns(const struct build *b);
/* The namespace is the container's own or joined, not the runtime's (NS_NETWORK: A counts). */
bool build_has_ns(const struct build *b, enum oci_ns_type type);
/* The rule that changed or added what stands at @where (@what: this one of it), or "oci" */
const char *build_rule(const struct build *b, const char *where, const char *what);
void build_finding(struct build *b, const char *rule, enum finding_action action, const char *what,
		   const char *why);

struct plan_idmap *plan_idmaps(struct arena *a, const struct oci_idmap *m, size_t n);
/* plan_map_id() - the host's id for a container's, by maps; false: not mapped */
bool plan_map_id(const struct plan_idmap *m, size_t n, uint32_t ctr, uint32_t *ret_host);
/* plan_strv() - a NULL-terminated copy of a list (strings borrowed) */
const char **plan_strv(struct arena *a, const char *const *v, size_t n);

/* op.c */
struct op_info {
	const char *name;
	unsigned phases;   /* bit = enum phase: where such an op may stand */
	unsigned needs_ns; /* bit = enum oci_ns_type: must not be the runtime's own */
	bool once;	   /* at most one in a plan */
};
const struct op_info *op_info_of(enum op_kind kind);

#endif
