/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts.h - what was found on the host, as data
 *
 * tighten() and plan_build() look at nothing but their arguments: everything they need to know of
 * the machine is here. Filled by probe/ on a host, or read from a JSON file by tests
 * (facts_parse). Arena-borrowed strings.
 */
#ifndef PROFILES_FACTS_H
#define PROFILES_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "spec/oci.h"

enum fact_cgroup { CGROUP_NONE, CGROUP_V1, CGROUP_HYBRID, CGROUP_V2, FACT_CGROUP__COUNT };

struct fact_hierarchy {
	const char *controllers; /* "memory", "cpu,cpuacct", "name=systemd" */
	const char *mount_host;	 /* "/sys/fs/cgroup/memory" */
	const char *own_path;	 /* the runtime's own cgroup in it, "/" at the root */
	const char *delegated;	 /* below it this user may make cgroups; NULL: nowhere, or root */
};

/*
 * Where a path lies, so that symlinks, bind mounts and renamed parents cannot disguise it:
 * two paths are the same object iff fs_dev and fs_path agree, and one contains the other iff
 * path_is_within(fs_path, ...) on one fs_dev.
 */
struct fact_path {
	const char *given;    /* as the config says, absolute (relative bind sources: to the bundle) */
	const char *realpath; /* NULL: does not exist */
	char type;	      /* d f l s b c p; 0: does not exist */
	uint32_t uid, gid, mode;
	uint64_t dev, ino;   /* of the object, for the executor to compare before it mounts */
	uint64_t fs_dev;     /* device of the mount's superblock */
	const char *fs_path; /* root of the mount within the superblock + the rest of the path */
	const char *fstype;
	bool can_idmap; /* the file system takes MOUNT_ATTR_IDMAP (probed) */
};

/* A place that rules guard (credential paths, engine state ...) and that exists on this host. */
struct fact_guard {
	const char *rule; /* "mount.credentials", see profiles/sources */
	struct fact_path at;
};

struct fact_root {
	struct fact_path at; /* the rootfs directory */
	bool is_overlay;     /* root of an overlay mount: the rest describes that mount */
	const char **lower;  /* topmost first, absolute, unescaped, verified by device and inode */
	size_t n_lower;
	const char *upper, *work;
	bool userxattr, metacopy;
	const char *redirect_dir; /* as in the mount's options, or NULL */
	const char *problem;	  /* why the layers cannot be used, or NULL */
	const char *no_idmap;	  /* why at or the layers cannot be idmapped, or NULL */
	bool has_sudo;		  /* for a note to people */
};

struct fact_ns {
	const char *path;
	int type;     /* enum oci_ns_type by NS_GET_NSTYPE, -1: not a namespace */
	uint64_t ino; /* 0: does not exist */
	bool is_hosts; /* the runtime's own */
	/* of the containers that this runtime knows, and by inode */
	bool is_pods;	/* a living one's of the same pod, or what that pod's sandbox asked for too */
	bool is_others; /* one's that is not of the pod */
	const char *pod_path; /* is_pods: the namespace to join, by its container's process */
	uint64_t pod_ino;
};

/* The pod of which the container says that it is a member: see profiles/pod.h. */
struct fact_pod {
	const char *named;   /* the sandbox in the annotations, another container; NULL: none */
	const char *problem; /* why nobody can join that, or NULL */
	/* Only where a namespace that the config names is one of the pod's: */
	const char *id;	 /* the sandbox */
	const char *uid; /* the pod's, as the engine gave it to the sandbox; NULL: not known */
	const char *userns_path; /* of the sandbox; NULL: the runtime's own */
	uint64_t userns_ino;
	struct oci_idmap *uid_mappings, *gid_mappings; /* of that */
	size_t n_uid_mappings, n_gid_mappings;
	const char *net; /* pod_net_policy() of the sandbox, NULL: it has the engine's network */
	bool takes_listeners; /* its proxy does */
};

struct facts {
	const char *id;	    /* the container's: what an engine injects is recognised by it */
	const char *kernel; /* uname release, for messages only: features are probed */
	uint32_t euid;
	bool in_initial_userns;
	bool own_userns; /* not the engine's: made for this command by an ordinary user's runtime */
	/* The user namespace's maps (ctr: in it, host: outside); empty in the initial one. */
	struct oci_idmap *own_uids, *own_gids;
	size_t n_own_uids, n_own_gids;
	bool has_host_root;  /* the host's root is mapped into the user namespace */
	bool deny_setgroups; /* by a map of a single id that no privileged program wrote */
	bool no_mount_rights; /* not even a clone of a mount may be made out here */
	uint64_t cap_bounding; /* the runtime's */
	uint32_t cap_last;
	uint64_t memory_bytes; /* of the machine; 0: not known */
	uint64_t open_files;   /* the runtime's own hard limit; 0: none */
	uint64_t rt_priority, nice_limit; /* its own RLIMIT_RTPRIO, RLIMIT_NICE */
	uint64_t processes;    /* the same: RLIMIT_NPROC */
	int64_t oom_score_adj; /* its own, which children inherit */
	uint64_t personality;  /* the same: personality(2) */
	bool kernel_idmap, kernel_overlay, kernel_cgroup_kill;
	uint32_t landlock_abi; /* 0: there is no Landlock */
	bool kernel_steer; /* may load an sk_lookup program */
	bool kernel_notify; /* a seccomp filter may have a listener */
	bool kernel_veth;  /* has pairs of virtual interfaces; asked where there is no kernel_steer */
	bool apparmor, selinux;

	enum fact_cgroup cgroup;
	struct fact_hierarchy *hierarchies; /* v1, and the v2 one last with controllers "" */
	size_t n_hierarchies;
	const char *resctrl_host; /* where the resctrl file system is mounted, NULL: nowhere */
	const char *v2_controllers; /* cgroup.controllers at the v2 mount, "" if none */

	struct fact_root root;
	struct fact_path *mounts; /* index = spec mounts[]; zeroed for what is not a bind */
	size_t n_mounts;
	struct fact_guard *guards;
	size_t n_guards;
	const char *data_dir; /* a user's own: uppers are kept in it; NULL: the machine's */
	const char *run_dir;  /* a user's own: engines keep files in it; NULL: none */
	const char **homes; /* home directories, realpaths */
	size_t n_homes;
	struct fact_ns *ns; /* index = spec linux.namespaces[]; zeroed where no path */
	size_t n_ns;

	/* What state/ reserved for this container under its lock. */
	uint32_t id_base, id_size; /* private id range; size 0: none could be had */
	uint32_t id_space_first, id_space_last; /* where such ranges lie; both 0: not known */
	uint32_t egress_uid;	   /* for agentrt-egress: from a range mapped into no container */
	struct fact_pod pod;
};

/* facts_is_rootless() - the runtime is not the machine's root: whatever it has, a user has */
bool facts_is_rootless(const struct facts *f);

/* facts_parse()/facts_write() - the JSON form, for tests and `explain --facts` */
int facts_parse(struct arena *a, const char *text, size_t len, const char *name,
		struct facts **ret_facts, struct err *e);
struct strbuf;
void facts_write(struct strbuf *b, const struct facts *f);

#endif
