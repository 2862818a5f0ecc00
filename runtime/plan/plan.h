/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - what will be done, as data
 *
 * A plan is an ordered list of operations. plan_build() decides (the p_*.c files), plan_check()
 * verifies what the executor relies on, plan_print() shows, exec/ performs (the do_*.c files).
 * The executor has no other input: it sees no spec and no profile.
 *
 * A plan holds no file descriptor, no pid, no resolved container path and nothing read from
 * inside the rootfs. Container paths (suffix _ctr) are absolute and lexically clean, and only the
 * executor resolves them, under the root's descriptor. Host paths (suffix _host) are absolute.
 * Everything lives in one arena.
 *
 * To add an operation: a kind here, a row in op_info[] (op.c) with its phase and printer, a p_
 * that makes it, a do_ in exec/run.c's table, a golden, a live test, a row in tests/mutants.
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum phase {
	P_PRE,	/* parent: cgroups, sources and layers opened, root prepared, E made */
	P_MAP,	/* parent: clone3, id maps */
	C_NS,	/* child: joins and unshares */
	C_ANET, /* child: A, its loopback, net sysctls, sockets for the proxy */
	P_NET,	/* parent: netdevs, prestart and createRuntime hooks, agentrt-egress */
	C_FS,	/* child: root, mounts, /dev, masks, createContainer hooks, pivot */
	C_DROP, /* child: sysctls, limits, ids, capabilities, seccomp */
	C_GATE, /* child: waits for start */
	C_EXEC, /* child: startContainer hooks, execve */
	P_POST, /* parent: pid file, state; poststart hooks at start; poststop at delete */
	PHASE__COUNT
};

enum on_fail {
	FAIL_STOP,   /* the operation fails, everything is rolled back */
	FAIL_IGNORE, /* go on: the reason stands in the op (rootless, kernel without the feature) */
	FAIL_NEXT,   /* cgroup writes: the next row instead, if there is no such file; else not it */
	ON_FAIL__COUNT
};

enum op_kind {
	OP_CGROUP,	/* P_PRE */
	OP_RDT,		/* P_PRE */
	OP_ROOT,	/* P_PRE */
	OP_USERNS,	/* P_MAP */
	OP_NS,		/* C_NS, one per namespace other than user */
	OP_ANET,	/* C_ANET */
	OP_NETDEV,	/* P_NET */
	OP_HOOK,	/* phase by hook kind */
	OP_EGRESS,	/* P_NET */
	OP_PROPAGATION, /* C_FS: first */
	OP_MOUNT,	/* C_FS */
	OP_FILE,	/* C_FS: a small file of ours, read-only (hosts, resolv.conf) */
	OP_DEV,		/* C_FS: device node, or bind of the host's in a user namespace */
	OP_LINK,	/* C_FS: symbolic link in /dev */
	OP_CONSOLE,	/* C_FS: pty, /dev/console */
	OP_PIVOT,	/* C_FS */
	OP_ROOT_RO,	/* C_FS: root read-only, propagation of the root */
	OP_RDONLY,	/* C_FS: one read-only path */
	OP_MASK,	/* C_FS: one masked path */
	OP_HOSTNAME,	/* C_DROP: hostname or domainname */
	OP_SYSCTL,	/* C_DROP; net.* in A: C_ANET */
	OP_RLIMIT,	/* C_DROP */
	OP_OOM,		/* C_DROP */
	OP_SCHED,	/* C_DROP: scheduler, ioPriority, personality, memory policy, affinity */
	OP_KEYRING,	/* C_DROP: a session keyring of its own */
	OP_LSM,		/* C_DROP: AppArmor or SELinux exec label */
	OP_CREDS,	/* C_DROP: ids, groups, umask, capabilities, no_new_privs */
	OP_LANDLOCK,	/* C_DROP: last but the filters */
	OP_SECCOMP,	/* C_DROP: one filter; two ops stack */
	OP_EXEC,	/* C_EXEC: argv, environment, cwd */
	OP__COUNT
};

struct plan_idmap { uint32_t ctr, host, size; };
struct plan_kv { const char *key, *value; };

/* One write into a cgroup directory; values are final text (conversions are decided in p_cgroup). */
struct plan_cg_write {
	const char *controller; /* "memory": which v1 hierarchy; v2: must be enabled; "" none */
	const char *file, *value;
	enum on_fail on_fail;
	const char *rule; /* config property: "linux.resources.memory.limit" */
	const char *not_below; /* file with what is in use: a lesser value is refused; NULL: not asked */
};
struct plan_dev_rule {
	bool allow;
	char type;	      /* a c b */
	int64_t major, minor; /* -1 any */
	bool read, write, mknod;
};
struct plan_cg_dir {
	const char *controllers; /* as in facts; "" for v2 */
	const char *mount_host;
	const char *path; /* below the mount: "/docker/<id>" */
};
/* Needs: which cgroup, what goes into it. Also what `update` applies (dirs from the state). */
struct op_cgroup {
	bool none; /* no cgroups: rootless without delegation */
	bool v2;   /* the container's processes are managed by the last dir, a v2 one */
	struct plan_cg_dir *dirs;
	size_t n_dirs;
	struct plan_cg_write *writes;
	size_t n_writes;
	struct plan_dev_rule *devices; /* in order, the first denies all; n_devices 0: no rules */
	size_t n_devices;
	bool chown; /* v2, own cgroup namespace, writable mount: delegate to the mapped root */
	uint32_t owner_uid, owner_gid; /* chown: the container's root, as host ids */
};

/* A group of the resctrl file system; paths are below its mount. */
struct op_rdt {
	const char *group_host;
	const char *monitor_host; /* NULL: no monitoring group */
	const char *schema;	  /* lines for `schemata`, NULL: none */
	bool is_own;		  /* named after the container, and removed with it */
	bool must_exist;
	bool join_only; /* exec */
};

struct op_root {
	const char *root_host;
	uint64_t dev, ino; /* what facts saw; compared before use, 0: not compared */
	bool overlay;	   /* a disposable overlay; else the directory itself */
	const char **lower_host; /* topmost first; one entry = root_host for a plain directory */
	size_t n_lower;
	bool idmap; /* layers through idmapped clones with the container's maps */
	bool upper_tmpfs;
	uint64_t tmpfs_size_bytes;
	/* this container's alone, made 0700: upper and work are in it, and those of projects */
	const char *upper_dir_host;
	bool metacopy, userxattr;
	const char *redirect_dir;  /* mount option's value, final */
	bool no_pivot;
};

struct plan_time_offset { const char *clock; int64_t secs; uint32_t nanosecs; };
enum ns_action { NS_NEW, NS_JOIN, NS_INHERIT };
struct op_userns { /* no such op: the runtime's own user namespace */
	enum ns_action action;
	const char *path_host;
	uint64_t ino; /* NS_JOIN: verified after opening; 0: not compared */
	struct plan_idmap *uid, *gid;
	size_t n_uid, n_gid;
	bool deny_setgroups; /* rootless single map */
	bool newidmap;	     /* through newuidmap(1)/newgidmap(1) */
	bool mounts_inside;  /* the runtime may clone no mount but as root of this namespace */
	bool rootless;	     /* nested in a user's own: its host ids are that one's */
	uint64_t nproc;	     /* RLIMIT_NPROC at its making: what all processes in it count against; 0 */
};
struct op_ns { /* every type but user has one; network has none where there is an A */
	int type; /* enum oci_ns_type's numbers, named by plan_ns_name() */
	enum ns_action action;
	const char *path_host;
	uint64_t ino;
	struct plan_time_offset *offsets; /* time */
	size_t n_offsets;
};

enum e_kind { E_NEW, E_PATH, E_HOST, E_NONE };
/* How connections to any address come to the proxy. */
enum plan_steer {
	PLAN_STEER_NONE,
	PLAN_STEER_BPF,	 /* every address is local in A, a program steers */
	PLAN_STEER_VETH, /* every address is local in a namespace behind A */
	PLAN_STEER__COUNT
};
/* The agent's namespace. Its presence means: what runs is in A, whatever E is. */
struct op_anet {
	enum e_kind e;
	const char *e_path_host;
	uint64_t e_ino;
	uint16_t proxy_port; /* 0: no proxy, nothing listens */
	enum plan_steer steered;
	const uint16_t *ports; /* by veth: those that somebody listens on, ascending */
	size_t n_ports;
};
struct plan_egress_entry {
	const char *host;
	const uint16_t *ports;
	size_t n_ports; /* 0: of an entry that denies all */
	const char **addresses;
	size_t n_addresses;
	const char *tls; /* "require", "any", "none"; NULL: by port */
	bool ech_denied;
};
struct op_egress {
	bool via_host;		      /* dials from the host's namespace although E is another */
	enum plan_steer steered;      /* as op_anet */
	const char *resolv_conf_host; /* opened by the runtime, read by the proxy; NULL: none */
	uint16_t port;
	uint32_t uid; /* and gid: mapped into no container, distinct for each A */
	bool learn; /* nothing gets out, what is asked for is recorded */
	struct plan_egress_entry *allow, *deny;
	size_t n_allow, n_deny;
	const char *profile;	/* for the text of a denial */
	uint64_t memory_bytes;	/* limit of its own cgroup */
	uint32_t pids;
};
struct op_netdev { const char *host_name, *name; };

enum plan_hook_kind {
	PLAN_HOOK_PRESTART, PLAN_HOOK_CREATE_RUNTIME, PLAN_HOOK_CREATE_CONTAINER,
	PLAN_HOOK_START_CONTAINER, PLAN_HOOK_POSTSTART, PLAN_HOOK_POSTSTOP, PLAN_HOOK__COUNT
};
struct op_hook {
	enum plan_hook_kind kind;
	const char *path;
	const char **args, **env; /* NULL-terminated; args[0] present; env NULL: the runtime's */
	int64_t timeout_s;	  /* 0: none */
};

struct op_propagation { uint64_t ms; }; /* MS_* for "/" before anything is mounted */

enum mount_idmap { MOUNT_IDMAP_NONE, MOUNT_IDMAP_CONTAINER, MOUNT_IDMAP_MAPS };
enum mount_kind { MOUNT_FS, MOUNT_BIND, MOUNT_CGROUP, MOUNT_PROC, MOUNT_SYSFS, MOUNT_TMPFS_COPYUP };
struct op_mount {
	enum mount_kind kind;
	const char *dest_ctr, *type;
	const char *source_host; /* bind: absolute host path; else the source string */
	bool recursive;		 /* rbind */
	uint64_t src_dev, src_ino; /* bind: what facts saw; compared by fd, 0: not compared */
	char src_type;		   /* d or other: which kind of mount point to make; 0 unknown */
	uint64_t attr_set, attr_clear;	   /* MOUNT_ATTR_*, of this mount */
	uint64_t rattr_set, rattr_clear;   /* MOUNT_ATTR_*, AT_RECURSIVE */
	uint64_t sb_flags, sb_clear;	   /* MS_* of the superblock (MS_SYNCHRONOUS ...); clear: remount */
	uint64_t propagation;		   /* MS_SHARED ... | MS_REC; 0 none */
	bool remount;
	bool keep_mode; /* tmpfs without mode=: that of the directory it covers, if there is one */
	const char *data;		   /* comma-separated file-system options, NULL none */
	const char *label;		   /* SELinux context=, NULL none */
	enum mount_idmap idmap;
	bool idmap_recursive;
	struct plan_idmap *uid, *gid; /* MAPS: ctr = id on disk, host = id it appears as */
	size_t n_uid, n_gid;
	/* bind: names that are not seen, and what is excepted and not searched; fnmatch(3) */
	const char **hide, **show;
	size_t n_hide, n_show;
	/* bind: an overlay over the source, its upper in this directory of op_root.upper_dir_host,
	 * or in a tmpfs of this size; hidden names are whiteouts in it. NULL and 0: none */
	const char *cow_dir;
	uint64_t cow_tmpfs_bytes;
	bool no_symlink; /* proc, sysfs: a destination that is not a real directory is refused */
};
struct op_file { const char *path_ctr, *content; uint32_t mode; };
struct op_dev {
	const char *path_ctr;
	char type;
	uint32_t major, minor, mode, uid, gid;
	bool bind; /* from the host's node of the same number (user namespace) */
	const char *source_host; /* bind: "/dev/null"; verified by type and number through the fd */
};
struct op_link { const char *path_ctr, *target; };
struct op_console { uint16_t height, width; }; /* 0: leave */
struct op_root_ro { bool readonly; uint64_t propagation; };
struct op_path { const char *path_ctr; };
struct op_hostname { const char *name; bool domain; };
struct op_sysctl { const char *key, *value; }; /* key with '/' : "net/ipv4/ip_forward" */
struct op_rlimit { int resource; uint64_t soft, hard; };
struct op_oom { int score_adj; };
struct op_sched {
	bool has_scheduler; uint32_t policy; int32_t nice; uint32_t priority;
	uint64_t flags, runtime_ns, deadline_ns, period_ns;
	int io_class, io_priority; /* io_class 0: leave */
	bool has_personality; unsigned long personality;
	int mempolicy; uint32_t mempolicy_flags; const char *mempolicy_nodes; /* -1: leave */
	const char *affinity_initial, *affinity_final; /* NULL: leave; for create: reset */
};
struct op_lsm { bool selinux; const char *label; };
struct op_creds {
	uint32_t uid, gid;
	uint32_t *groups;
	size_t n_groups;
	bool set_groups;
	uint32_t umask;
	bool has_caps;
	uint64_t bounding, effective, inheritable, permitted, ambient;
	bool no_new_privs;
};
struct plan_ll_path { const char *path_ctr; uint64_t access; };
/* A Landlock domain: bits of base/landlock.h that are taken away, and what rules give back. Whatever
 * the program is handed as an open file may be opened again. */
struct op_landlock {
	uint64_t fs, net, scope;
	struct plan_ll_path *paths;
	size_t n_paths;
	uint16_t *connect, *bind; /* TCP ports; bind 0: one that the kernel picks */
	size_t n_connect, n_bind;
};
struct plan_sc_arg { uint32_t index, op; uint64_t value, value_two; };
struct plan_sc_rule { const char **names; size_t n_names; uint32_t action; struct plan_sc_arg *args; size_t n_args; };
struct op_seccomp {
	uint32_t default_action; /* SCMP_ACT_* with data */
	uint32_t *archs;	 /* SCMP_ARCH_* */
	size_t n_archs;
	uint32_t flags; /* SECCOMP_FILTER_FLAG_* */
	struct plan_sc_rule *rules;
	size_t n_rules;
	uint32_t bad_arch_action;
	bool enosys_for_newer; /* unknown newer syscalls get ENOSYS where the default is an errno */
	const char *listener_path, *listener_metadata;
	bool recorded; /* sockets that it refuses: the proxy gives the errno, and records them */
	bool sent;     /* its listener is: the runtime may not take it from its child */
	bool yields;   /* sockets that the recorded one refuses, and this one, are left to that */
};
struct op_exec {
	const char **args, **env; /* NULL-terminated */
	const char *cwd_ctr;
	bool set_home; /* HOME is not in env: take it from the container's passwd */
	/* descriptors that are passed on lead to streams and files only: no directory, no disk */
	bool screen_fds;
};

struct op {
	enum op_kind kind;
	enum phase phase;
	enum on_fail on_fail;
	const char *where; /* config property it comes from: "mounts[3]", or "profile" */
	const char *rule;  /* profile rule behind it, or "oci" */
	const char *note;  /* one clause for explain, or NULL */
	union {
		struct op_cgroup cgroup;
		struct op_rdt rdt;
		struct op_root root;
		struct op_userns userns;
		struct op_ns ns;
		struct op_anet anet;
		struct op_egress egress;
		struct op_netdev netdev;
		struct op_hook hook;
		struct op_propagation propagation;
		struct op_mount mount;
		struct op_file file;
		struct op_dev dev;
		struct op_link link;
		struct op_console console;
		struct op_root_ro root_ro;
		struct op_path path; /* RDONLY, MASK */
		struct op_hostname hostname;
		struct op_sysctl sysctl;
		struct op_rlimit rlimit;
		struct op_oom oom;
		struct op_sched sched;
		struct op_lsm lsm;
		struct op_creds creds;
		struct op_landlock landlock;
		struct op_seccomp seccomp;
		struct op_exec exec;
	} u; /* OP_PIVOT and OP_KEYRING have no arguments */
};

struct plan_finding { const char *rule, *action, *what, *why; };

struct plan {
	struct arena *a;
	bool is_exec; /* joins a running container instead of making one */
	const char *id, *bundle_host, *oci_version, *profile;
	bool terminal;
	struct plan_kv *annotations; /* for the state that hooks receive */
	size_t n_annotations;
	struct op *ops;
	size_t n_ops;
	struct plan_finding *findings;
	size_t n_findings;
};

int plan_check(const struct plan *p, struct err *e);
/* plan_print_text() - head, findings, operations */
void plan_print_text(struct strbuf *b, const struct plan *p);
void plan_print_head(struct strbuf *b, const struct plan *p);
void plan_print_ops(struct strbuf *b, const struct plan *p);
void plan_print_json(struct strbuf *b, const struct plan *p);

struct op *plan_add(struct plan *p, enum op_kind kind, const char *where, const char *rule);
const struct op *plan_find(const struct plan *p, enum op_kind kind); /* first, or NULL */
const char *plan_ns_name(int type);
const char *op_name(enum op_kind kind);
const char *phase_name(enum phase ph);

#endif
