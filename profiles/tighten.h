/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tighten.h - spec x profile x facts -> a narrowed spec, what OCI cannot say, and findings
 *
 * Pure. May only narrow: tighten never adds a capability, a mount source, an environment variable
 * of the host or a namespace of the host. What a rule cannot narrow safely it refuses (ERR_DENIED
 * with the rule's name, and how an administrator allows it).
 */
#ifndef PROFILES_TIGHTEN_H
#define PROFILES_TIGHTEN_H

#include "profiles/facts.h"
#include "profiles/profile.h"

enum finding_action {
	FIND_REMOVED,	/* taken out of the config */
	FIND_REPLACED,	/* changed to something narrower */
	FIND_ADDED,	/* a protection added */
	FIND_PASSED,	/* a guarded thing let through, by which table row or setting */
	FIND_NOTE,	/* nothing changed; the user should know */
	FIND__COUNT
};

struct finding {
	const char *rule; /* "env.secret", "mount.engine" ...: names of agentrt-profile(5) */
	enum finding_action action;
	const char *what; /* "process.env: GITHUB_TOKEN"; never a secret's value */
	const char *why;
};

enum tight_idmap {
	IDMAP_NONE,	 /* as it is: on-disk ids appear as they are on the host */
	IDMAP_CONTAINER, /* the container's user-namespace map: on-disk 0 is the container's 0 */
	IDMAP_OWNER,	 /* owner's id <-> the container process's id, nothing else is mapped */
	IDMAP_SPEC,	 /* the mount's own uidMappings/gidMappings or idmap option */
	TIGHT_IDMAP__COUNT
};

struct tight_mount {
	int idmap; /* enum tight_idmap */
	uint32_t owner_uid, owner_gid, ctr_uid, ctr_gid; /* IDMAP_OWNER */
	bool force_readonly;
	bool cow;  /* an overlay over the source; its owner may be the host's root */
	bool hide; /* the profile's names in it are not seen */
	const char *rule; /* what decided: shown by explain */
};

enum tight_net {
	TIGHT_NET_SPEC,	  /* as the config says (oci, or mode engine) */
	TIGHT_NET_EGRESS, /* A with the proxy */
	TIGHT_NET_NONE,	  /* A with nothing */
	TIGHT_NET_POD,	  /* A of the pod, with the proxy that its sandbox has, or without one */
	TIGHT_NET__COUNT
};

struct tight {
	struct oci_spec *spec;	      /* narrowed copy; what state keeps. No removed value in it */
	const struct profile *profile;
	struct finding *findings;
	size_t n_findings;
	struct tight_mount *mounts;   /* index = spec->mounts[] after narrowing */
	struct fact_path *mount_facts; /* the same index */
	bool userns_private;	      /* with facts' id range (already in spec mappings): a new one, or
					 that of the pod */
	bool userns_made;	      /* private, or nested with a user's ids: not the config's */
	uint32_t egress_uid;	      /* without root: an id that is mapped into no container; 0 none */
	uint64_t nproc;		      /* RLIMIT_NPROC in place of a cgroup's limit; 0: not so */
	bool root_overlay;
	bool root_idmap;	      /* layers idmapped by the container's map */
	struct oci_seccomp *seccomp2; /* second filter, or NULL */
	int net;		      /* enum tight_net */
	int engine_net_ns;	      /* index of the network namespace entry before narrowing, -1 host */
	const char *engine_net_path;  /* its path; NULL: new one (E made by the runtime), or host */
	bool engine_net_host;
	const char *resolv_conf_host; /* source of the config's /etc/resolv.conf bind, or NULL */
};

int tighten(struct arena *a, const struct oci_spec *s, const struct profile *p,
	    const struct facts *f, struct tight **ret_tight, struct err *e);

/* tighten_process() - the same for `exec`: environment, capabilities, no_new_privs, limits */
int tighten_process(struct arena *a, const struct oci_process *proc, const struct profile *p,
		    const struct facts *f,
		    struct oci_process **ret_process, struct finding **ret_findings,
		    size_t *ret_n_findings, struct err *e);

/* tighten_personality() - for `exec`, whose spec is the container's: a domain in place of the runtime's
 * own where that makes memory easier to attack and @l names none; whether it did */
bool tighten_personality(const struct profile *p, const struct facts *f, struct oci_linux *l);

/* tighten_resources() - the same for `update`: what it does not name stays as it is */
int tighten_resources(struct arena *a, const struct oci_resources *r, const struct profile *p,
		      struct oci_resources **ret_resources, struct finding **ret_findings,
		      size_t *ret_n_findings, struct err *e);

/* sources_guards() - the paths that probe/ must look for, given the home directories; in the order
 * in which they are tried: the first that matches names the rule */
struct source_guard { const char *rule, *path; };
void sources_guards(struct arena *a, const char *const *homes, size_t n_homes,
		    struct source_guard **ret_guards, size_t *ret_n);

extern const char *const finding_action_name[];

#endif
