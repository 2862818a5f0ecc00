/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oci.h - the OCI runtime specification 1.3 (Linux) as data
 *
 * Filled by the tables in oci_*.c through field.h; lives in one arena; strings are borrowed from
 * it and NULL when the property is absent. Lists are {pointer, n_pointer}. Scalars whose absence
 * means something are struct opt_*. Enumerations are int: the low 32 bits of the row's value in
 * the table of names.h (compare as (uint32_t)v == SCMP_ACT_KILL_PROCESS), -1 where absent. Section names in comments are those of config.md and config-linux.md.
 */
#ifndef SPEC_OCI_H
#define SPEC_OCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct opt_bool { bool set, v; };
struct opt_i64 { bool set; int64_t v; };
struct opt_u64 { bool set; uint64_t v; };
struct opt_u32 { bool set; uint32_t v; };

struct oci_kv { const char *key, *value; };	   /* annotations, sysctl, unified: in file order */
struct oci_idmap { uint32_t ctr, host, size; };	   /* containerID, hostID, size */

struct oci_root { const char *path; bool readonly; };

struct oci_mount {
	const char *destination, *type, *source;
	const char **options;
	size_t n_options;
	struct oci_idmap *uid_mappings, *gid_mappings;
	size_t n_uid_mappings, n_gid_mappings;
};

struct oci_user {
	uint32_t uid, gid;
	struct opt_u32 umask;
	uint32_t *additional_gids;
	size_t n_additional_gids;
};

struct oci_rlimit { int type; uint64_t hard, soft; }; /* names_rlimit */

struct oci_caps { uint64_t bounding, effective, inheritable, permitted, ambient; }; /* bit = CAP_* */

struct oci_scheduler {
	int policy; /* names_sched_policy */
	int32_t nice, priority;
	uint64_t flags; /* names_sched_flag, or-ed */
	uint64_t runtime_ns, deadline_ns, period_ns;
};

struct oci_process {
	bool terminal;
	struct opt_u64 console_height, console_width;
	const char *cwd;
	const char **env, **args;
	size_t n_env, n_args;
	struct oci_rlimit *rlimits;
	size_t n_rlimits;
	struct oci_caps *caps; /* NULL: absent */
	const char **unknown_caps; /* warn, never fail */
	size_t n_unknown_caps;
	bool no_new_privileges;
	struct opt_i64 oom_score_adj;
	struct oci_user user;
	struct oci_scheduler *scheduler;
	int io_class; /* names_io_class, -1 absent */
	int32_t io_priority;
	const char *cpu_affinity_initial, *cpu_affinity_final; /* CPU list syntax */
	const char *apparmor_profile, *selinux_label;
};

struct oci_hook {
	const char *path;
	const char **args, **env;
	size_t n_args, n_env;
	struct opt_i64 timeout_s;
};

enum oci_hook_kind {
	HOOK_PRESTART, HOOK_CREATE_RUNTIME, HOOK_CREATE_CONTAINER, HOOK_START_CONTAINER,
	HOOK_POSTSTART, HOOK_POSTSTOP, HOOK__COUNT
};
struct oci_hooks { struct { struct oci_hook *v; size_t n; } kind[HOOK__COUNT]; };

enum oci_ns_type { NS_PID, NS_NETWORK, NS_MOUNT, NS_IPC, NS_UTS, NS_USER, NS_CGROUP, NS_TIME, NS__COUNT };
struct oci_namespace { int type; const char *path; }; /* path NULL: new */

struct oci_device {
	char type; /* c b u p */
	const char *path;
	int64_t major, minor;
	struct opt_u32 file_mode, uid, gid;
};

struct oci_netdev { const char *host_name, *name; };

struct oci_time_offset { const char *clock; int64_t secs; uint32_t nanosecs; };

struct oci_device_rule {
	bool allow;
	char type; /* a c b; 0: absent (a) */
	struct opt_i64 major, minor; /* absent or -1: any */
	bool read, write, mknod; /* access; absent means all three */
};

struct oci_weight_device { int64_t major, minor; struct opt_u64 weight, leaf_weight; };
struct oci_throttle { int64_t major, minor; uint64_t rate; };
struct oci_throttle_list { struct oci_throttle *v; size_t n; };
struct oci_hugepage { const char *page_size; uint64_t limit_bytes; };
struct oci_rdma { const char *device; struct opt_u32 handles, objects; };
struct oci_net_prio { const char *name; uint32_t priority; };

struct oci_resources {
	struct oci_device_rule *devices;
	size_t n_devices;
	/* memory: bytes, -1 = unlimited */
	struct opt_i64 mem_limit, mem_reservation, mem_swap, mem_kernel, mem_kernel_tcp;
	struct opt_u64 mem_swappiness;
	struct opt_bool mem_disable_oom_killer, mem_use_hierarchy, mem_check_before_update;
	/* cpu: period, runtime and burst in microseconds */
	struct opt_u64 cpu_shares, cpu_period, cpu_burst, cpu_rt_period;
	struct opt_i64 cpu_quota, cpu_rt_runtime, cpu_idle;
	const char *cpu_cpus, *cpu_mems;
	struct opt_i64 pids_limit; /* -1 = unlimited, 0 is a limit of 0 (spec 1.3) */
	/* blockIO */
	struct opt_u64 blkio_weight, blkio_leaf_weight;
	struct oci_weight_device *blkio_weight_device;
	size_t n_blkio_weight_device;
	struct oci_throttle_list throttle_read_bps, throttle_write_bps, throttle_read_iops,
		throttle_write_iops;
	struct oci_hugepage *hugepages;
	size_t n_hugepages;
	struct opt_u32 net_class_id;
	struct oci_net_prio *net_priorities;
	size_t n_net_priorities;
	struct oci_rdma *rdma;
	size_t n_rdma;
	struct oci_kv *unified;
	size_t n_unified;
};

struct oci_seccomp_arg { uint32_t index; uint64_t value, value_two; int op; }; /* names_seccomp_op */
struct oci_seccomp_rule {
	const char **names;
	size_t n_names;
	int action; /* names_seccomp_action */
	struct opt_u32 errno_ret;
	struct oci_seccomp_arg *args;
	size_t n_args;
	const char *reason; /* profiles only: why the group is allowed or refused */
};
struct oci_seccomp {
	int default_action;
	struct opt_u32 default_errno_ret;
	int *architectures; /* names_seccomp_arch */
	size_t n_architectures;
	uint32_t flags; /* names_seccomp_flag, or-ed SECCOMP_FILTER_FLAG_* */
	const char *listener_path, *listener_metadata;
	struct oci_seccomp_rule *syscalls;
	size_t n_syscalls;
};

struct oci_intel_rdt {
	const char *clos_id, *l3_cache_schema, *mem_bw_schema;
	const char **schemata;
	size_t n_schemata;
	bool enable_monitoring;
};

struct oci_memory_policy {
	int mode; /* names_mempolicy_mode */
	const char *nodes;
	uint32_t flags; /* names_mempolicy_flag */
};

struct oci_linux {
	struct oci_namespace *namespaces;
	size_t n_namespaces;
	struct oci_idmap *uid_mappings, *gid_mappings;
	size_t n_uid_mappings, n_gid_mappings;
	struct oci_time_offset *time_offsets;
	size_t n_time_offsets;
	struct oci_device *devices;
	size_t n_devices;
	struct oci_netdev *net_devices;
	size_t n_net_devices;
	const char *cgroups_path;
	struct oci_resources *resources; /* NULL: absent */
	struct oci_intel_rdt *intel_rdt;
	struct oci_memory_policy *memory_policy;
	struct oci_kv *sysctl;
	size_t n_sysctl;
	struct oci_seccomp *seccomp;
	const char *rootfs_propagation;
	const char **masked_paths, **readonly_paths;
	size_t n_masked_paths, n_readonly_paths;
	const char *mount_label;
	int personality; /* names_personality, -1 absent */
};

struct oci_spec {
	const char *oci_version;
	struct oci_root *root;
	struct oci_mount *mounts;
	size_t n_mounts;
	struct oci_process *process; /* NULL: absent (start is then an error) */
	const char *hostname, *domainname;
	struct oci_hooks hooks;
	struct oci_kv *annotations;
	size_t n_annotations;
	struct oci_linux linux_; /* "linux" is a macro in gnu11 */
	bool has_linux;
};

/* Lookups that several layers need. */
const struct oci_namespace *oci_ns_find(const struct oci_spec *s, enum oci_ns_type type);
const char *oci_annotation(const struct oci_spec *s, const char *key);
/* Value of NAME in a process's environment, the last where it occurs twice; or NULL. */
const char *oci_env_get(const struct oci_process *p, const char *name);

/**
 * oci_sysctl_path() - a sysctl's name as a path below /proc/sys: "net/ipv4/ip_forward"
 *
 * Both notations are taken; as for sysctl(8) the first separator tells which, and the other one is
 * then part of a name ("net.ipv4.conf.eth0/1.forwarding"). False: too long, or a component that
 * is empty, "." or ".." and could lead elsewhere.
 */
#define OCI_SYSCTL_MAX 256
bool oci_sysctl_path(const char *key, char ret_path[OCI_SYSCTL_MAX]);

#endif
