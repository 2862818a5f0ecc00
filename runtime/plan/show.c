/* SPDX-License-Identifier: Apache-2.0 */
/* show.c - the rows: what each op's arguments are called */
#include "plan/show.h"

#include <linux/mount.h>
#include <sys/mount.h>

#include "base/landlock.h"
#include "base/table.h"
#include "spec/names.h"

#define ROW(s, m, t)	    { #m, t, offsetof(struct s, m), 0, NULL, SHOW_NONZERO }
#define ROW_Z(s, m, t)	    { #m, t, offsetof(struct s, m), 0, NULL, SHOW_ALWAYS }
#define ROW_A(s, m, t, arg) { #m, t, offsetof(struct s, m), 0, arg, SHOW_NONZERO }
#define ROW_AZ(s, m, t, arg) { #m, t, offsetof(struct s, m), 0, arg, SHOW_ALWAYS }
#define LIST(s, m, t, arg)  { #m, t, offsetof(struct s, m), offsetof(struct s, n_##m), arg, SHOW_NONZERO }
#define END		    { NULL, SHOW__COUNT, 0, 0, NULL, SHOW_NONZERO }

/* MOUNT_ATTR__ATIME is a field of three values, not bits: relatime is 0. */
const struct show_flag show_attr_flags[] = {
	{ MOUNT_ATTR_RDONLY, MOUNT_ATTR_RDONLY, "ro" },
	{ MOUNT_ATTR_NOSUID, MOUNT_ATTR_NOSUID, "nosuid" },
	{ MOUNT_ATTR_NODEV, MOUNT_ATTR_NODEV, "nodev" },
	{ MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOEXEC, "noexec" },
	{ MOUNT_ATTR__ATIME, MOUNT_ATTR_NOATIME, "noatime" },
	{ MOUNT_ATTR__ATIME, MOUNT_ATTR_STRICTATIME, "strictatime" },
	{ MOUNT_ATTR__ATIME, MOUNT_ATTR__ATIME, "atime" },
	{ MOUNT_ATTR_NODIRATIME, MOUNT_ATTR_NODIRATIME, "nodiratime" },
	{ MOUNT_ATTR_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow" },
	{ 0, 0, NULL },
};

const struct show_flag show_propagation_flags[] = {
	{ MS_SHARED | MS_REC, MS_SHARED, "shared" },
	{ MS_SHARED | MS_REC, MS_SHARED | MS_REC, "rshared" },
	{ MS_SLAVE | MS_REC, MS_SLAVE, "slave" },
	{ MS_SLAVE | MS_REC, MS_SLAVE | MS_REC, "rslave" },
	{ MS_PRIVATE | MS_REC, MS_PRIVATE, "private" },
	{ MS_PRIVATE | MS_REC, MS_PRIVATE | MS_REC, "rprivate" },
	{ MS_UNBINDABLE | MS_REC, MS_UNBINDABLE, "unbindable" },
	{ MS_UNBINDABLE | MS_REC, MS_UNBINDABLE | MS_REC, "runbindable" },
	{ 0, 0, NULL },
};

const struct show_flag show_sb_flags[] = {
	{ MS_SYNCHRONOUS, MS_SYNCHRONOUS, "sync" }, { MS_DIRSYNC, MS_DIRSYNC, "dirsync" },
	{ MS_MANDLOCK, MS_MANDLOCK, "mand" },	    { MS_LAZYTIME, MS_LAZYTIME, "lazytime" },
	{ MS_I_VERSION, MS_I_VERSION, "iversion" }, { MS_SILENT, MS_SILENT, "silent" },
	{ 0, 0, NULL },
};

const struct show_flag show_landlock_fs[] = {
	{ LL_FS_EXECUTE, LL_FS_EXECUTE, "execute" },
	{ LL_FS_WRITE_FILE, LL_FS_WRITE_FILE, "write_file" },
	{ LL_FS_READ_FILE, LL_FS_READ_FILE, "read_file" },
	{ LL_FS_READ_DIR, LL_FS_READ_DIR, "read_dir" },
	{ LL_FS_REMOVE_DIR, LL_FS_REMOVE_DIR, "remove_dir" },
	{ LL_FS_REMOVE_FILE, LL_FS_REMOVE_FILE, "remove_file" },
	{ LL_FS_MAKE_CHAR, LL_FS_MAKE_CHAR, "make_char" },
	{ LL_FS_MAKE_DIR, LL_FS_MAKE_DIR, "make_dir" },
	{ LL_FS_MAKE_REG, LL_FS_MAKE_REG, "make_reg" },
	{ LL_FS_MAKE_SOCK, LL_FS_MAKE_SOCK, "make_sock" },
	{ LL_FS_MAKE_FIFO, LL_FS_MAKE_FIFO, "make_fifo" },
	{ LL_FS_MAKE_BLOCK, LL_FS_MAKE_BLOCK, "make_block" },
	{ LL_FS_MAKE_SYM, LL_FS_MAKE_SYM, "make_sym" },
	{ LL_FS_REFER, LL_FS_REFER, "refer" },
	{ LL_FS_TRUNCATE, LL_FS_TRUNCATE, "truncate" },
	{ LL_FS_IOCTL_DEV, LL_FS_IOCTL_DEV, "ioctl_dev" },
	{ 0, 0, NULL },
};

const struct show_flag show_landlock_net[] = {
	{ LL_NET_BIND_TCP, LL_NET_BIND_TCP, "bind_tcp" },
	{ LL_NET_CONNECT_TCP, LL_NET_CONNECT_TCP, "connect_tcp" },
	{ 0, 0, NULL },
};

const struct show_flag show_landlock_scope[] = {
	{ LL_SCOPE_ABSTRACT_UNIX, LL_SCOPE_ABSTRACT_UNIX, "abstract_unix_socket" },
	{ LL_SCOPE_SIGNAL, LL_SCOPE_SIGNAL, "signal" },
	{ 0, 0, NULL },
};

const char *const show_on_fail[] = { [FAIL_STOP] = "stop", [FAIL_IGNORE] = "ignore",
				       [FAIL_NEXT] = "next" };
TABLE_CHECK(show_on_fail, ON_FAIL__COUNT);
const char *const show_ns_action[] = { [NS_NEW] = "new", [NS_JOIN] = "join",
				       [NS_INHERIT] = "inherit" };
const char *const show_e_kind[] = { [E_NEW] = "new", [E_PATH] = "path", [E_HOST] = "host",
				    [E_NONE] = "none" };
static const char *const steer[] = { [PLAN_STEER_NONE] = "none", [PLAN_STEER_BPF] = "bpf",
				     [PLAN_STEER_VETH] = "veth" };
TABLE_CHECK(steer, PLAN_STEER__COUNT);
const char *const show_hook_kind[] = {
	[PLAN_HOOK_PRESTART] = "prestart",
	[PLAN_HOOK_CREATE_RUNTIME] = "createRuntime",
	[PLAN_HOOK_CREATE_CONTAINER] = "createContainer",
	[PLAN_HOOK_START_CONTAINER] = "startContainer",
	[PLAN_HOOK_POSTSTART] = "poststart",
	[PLAN_HOOK_POSTSTOP] = "poststop",
};
const char *const show_mount_kind[] = {
	[MOUNT_FS] = "fs",	   [MOUNT_BIND] = "bind",   [MOUNT_CGROUP] = "cgroup",
	[MOUNT_PROC] = "proc",	   [MOUNT_SYSFS] = "sysfs", [MOUNT_TMPFS_COPYUP] = "tmpfs-copyup",
};
static const char *const mount_idmap[] = { [MOUNT_IDMAP_NONE] = "none",
					   [MOUNT_IDMAP_CONTAINER] = "container",
					   [MOUNT_IDMAP_MAPS] = "maps" };
/* enum oci_ns_type's order */
static const char *const ns_types[] = { "pid", "network", "mount",  "ipc",
					"uts", "user",	  "cgroup", "time" };

static const struct show_table idmap = { sizeof(struct plan_idmap), (const struct show_row[]){
	ROW_Z(plan_idmap, ctr, SHOW_U32), ROW_Z(plan_idmap, host, SHOW_U32),
	ROW_Z(plan_idmap, size, SHOW_U32), END } };

static const struct show_table cg_dir = { sizeof(struct plan_cg_dir), (const struct show_row[]){
	ROW_Z(plan_cg_dir, controllers, SHOW_STR), ROW(plan_cg_dir, mount_host, SHOW_STR),
	ROW(plan_cg_dir, path, SHOW_STR), END } };

static const struct show_table cg_write = { sizeof(struct plan_cg_write), (const struct show_row[]){
	ROW(plan_cg_write, controller, SHOW_STR), ROW(plan_cg_write, file, SHOW_STR),
	ROW_Z(plan_cg_write, value, SHOW_STR), ROW_A(plan_cg_write, on_fail, SHOW_NAME, show_on_fail),
	ROW(plan_cg_write, rule, SHOW_STR), ROW(plan_cg_write, not_below, SHOW_STR), END } };

static const struct show_table dev_rule = { sizeof(struct plan_dev_rule), (const struct show_row[]){
	ROW_Z(plan_dev_rule, allow, SHOW_BOOL), ROW(plan_dev_rule, type, SHOW_CHAR),
	ROW_Z(plan_dev_rule, major, SHOW_I64), ROW_Z(plan_dev_rule, minor, SHOW_I64),
	ROW(plan_dev_rule, read, SHOW_BOOL), ROW(plan_dev_rule, write, SHOW_BOOL),
	ROW(plan_dev_rule, mknod, SHOW_BOOL), END } };

static const struct show_row cgroup[] = {
	ROW(op_cgroup, none, SHOW_BOOL), ROW(op_cgroup, v2, SHOW_BOOL),
	LIST(op_cgroup, dirs, SHOW_ROWS, &cg_dir), LIST(op_cgroup, writes, SHOW_ROWS, &cg_write),
	LIST(op_cgroup, devices, SHOW_ROWS, &dev_rule), ROW(op_cgroup, chown, SHOW_BOOL),
	ROW(op_cgroup, owner_uid, SHOW_U32), ROW(op_cgroup, owner_gid, SHOW_U32), END };

static const struct show_row rdt[] = {
	ROW(op_rdt, group_host, SHOW_STR), ROW(op_rdt, monitor_host, SHOW_STR),
	ROW(op_rdt, schema, SHOW_STR), ROW(op_rdt, is_own, SHOW_BOOL),
	ROW(op_rdt, must_exist, SHOW_BOOL), ROW(op_rdt, join_only, SHOW_BOOL), END };

static const struct show_row root[] = {
	ROW(op_root, root_host, SHOW_STR), ROW(op_root, dev, SHOW_U64), ROW(op_root, ino, SHOW_U64),
	ROW_Z(op_root, overlay, SHOW_BOOL),
	{ "lower_host", SHOW_STRS, offsetof(struct op_root, lower_host),
	  offsetof(struct op_root, n_lower), NULL, SHOW_NONZERO },
	ROW(op_root, idmap, SHOW_BOOL), ROW(op_root, upper_tmpfs, SHOW_BOOL),
	ROW(op_root, tmpfs_size_bytes, SHOW_U64), ROW(op_root, upper_dir_host, SHOW_STR),
	ROW(op_root, metacopy, SHOW_BOOL), ROW(op_root, userxattr, SHOW_BOOL),
	ROW(op_root, redirect_dir, SHOW_STR), ROW(op_root, no_pivot, SHOW_BOOL), END };

static const struct show_row userns[] = {
	ROW_AZ(op_userns, action, SHOW_NAME, show_ns_action), ROW(op_userns, path_host, SHOW_STR),
	ROW(op_userns, ino, SHOW_U64), LIST(op_userns, uid, SHOW_ROWS, &idmap),
	LIST(op_userns, gid, SHOW_ROWS, &idmap), ROW(op_userns, deny_setgroups, SHOW_BOOL),
	ROW(op_userns, newidmap, SHOW_BOOL), ROW(op_userns, mounts_inside, SHOW_BOOL),
	ROW(op_userns, rootless, SHOW_BOOL), ROW(op_userns, nproc, SHOW_U64), END };

static const struct show_table offset = { sizeof(struct plan_time_offset), (const struct show_row[]){
	ROW(plan_time_offset, clock, SHOW_STR), ROW_Z(plan_time_offset, secs, SHOW_I64),
	ROW(plan_time_offset, nanosecs, SHOW_U32), END } };

static const struct show_row ns[] = {
	ROW_AZ(op_ns, type, SHOW_NAME, ns_types), ROW_AZ(op_ns, action, SHOW_NAME, show_ns_action),
	ROW(op_ns, path_host, SHOW_STR), ROW(op_ns, ino, SHOW_U64),
	LIST(op_ns, offsets, SHOW_ROWS, &offset), END };

static const struct show_row anet[] = {
	ROW_AZ(op_anet, e, SHOW_NAME, show_e_kind), ROW(op_anet, e_path_host, SHOW_STR),
	ROW(op_anet, e_ino, SHOW_U64), ROW(op_anet, proxy_port, SHOW_U16),
	ROW_A(op_anet, steered, SHOW_NAME, steer), LIST(op_anet, ports, SHOW_U16S, NULL), END };

static const struct show_table allow = { sizeof(struct plan_egress_entry), (const struct show_row[]){
	ROW(plan_egress_entry, host, SHOW_STR), LIST(plan_egress_entry, ports, SHOW_U16S, NULL),
	LIST(plan_egress_entry, addresses, SHOW_STRS, NULL), ROW(plan_egress_entry, tls, SHOW_STR),
	ROW(plan_egress_entry, ech_denied, SHOW_BOOL), END } };

static const struct show_row egress[] = {
	ROW(op_egress, via_host, SHOW_BOOL), ROW_A(op_egress, steered, SHOW_NAME, steer),
	ROW(op_egress, resolv_conf_host, SHOW_STR),
	ROW(op_egress, port, SHOW_U16), ROW(op_egress, uid, SHOW_U32),
	ROW(op_egress, learn, SHOW_BOOL), LIST(op_egress, allow, SHOW_ROWS, &allow),
	LIST(op_egress, deny, SHOW_ROWS, &allow), ROW(op_egress, profile, SHOW_STR),
	ROW(op_egress, memory_bytes, SHOW_U64), ROW(op_egress, pids, SHOW_U32), END };

static const struct show_row netdev[] = { ROW(op_netdev, host_name, SHOW_STR),
					  ROW(op_netdev, name, SHOW_STR), END };

static const struct show_row hook[] = {
	ROW_AZ(op_hook, kind, SHOW_NAME, show_hook_kind), ROW(op_hook, path, SHOW_STR),
	ROW(op_hook, args, SHOW_STRV), ROW(op_hook, env, SHOW_STRV), ROW(op_hook, timeout_s, SHOW_I64),
	END };

static const struct show_row propagation[] = {
	ROW_A(op_propagation, ms, SHOW_FLAGS, show_propagation_flags), END };

static const struct show_row mount_fs[] = {
	ROW_AZ(op_mount, kind, SHOW_NAME, show_mount_kind), ROW(op_mount, dest_ctr, SHOW_STR),
	ROW(op_mount, type, SHOW_STR), ROW(op_mount, source_host, SHOW_STR),
	ROW(op_mount, recursive, SHOW_BOOL), ROW(op_mount, src_dev, SHOW_U64),
	ROW(op_mount, src_ino, SHOW_U64), ROW(op_mount, src_type, SHOW_CHAR),
	ROW_A(op_mount, attr_set, SHOW_FLAGS, show_attr_flags),
	ROW_A(op_mount, attr_clear, SHOW_FLAGS, show_attr_flags),
	ROW_A(op_mount, rattr_set, SHOW_FLAGS, show_attr_flags),
	ROW_A(op_mount, rattr_clear, SHOW_FLAGS, show_attr_flags),
	ROW_A(op_mount, sb_flags, SHOW_FLAGS, show_sb_flags),
	ROW_A(op_mount, sb_clear, SHOW_FLAGS, show_sb_flags),
	ROW_A(op_mount, propagation, SHOW_FLAGS, show_propagation_flags),
	ROW(op_mount, remount, SHOW_BOOL), ROW(op_mount, keep_mode, SHOW_BOOL),
	ROW(op_mount, data, SHOW_STR), ROW(op_mount, label, SHOW_STR),
	ROW_A(op_mount, idmap, SHOW_NAME, mount_idmap), ROW(op_mount, idmap_recursive, SHOW_BOOL),
	LIST(op_mount, uid, SHOW_ROWS, &idmap), LIST(op_mount, gid, SHOW_ROWS, &idmap),
	LIST(op_mount, hide, SHOW_STRS, NULL), LIST(op_mount, show, SHOW_STRS, NULL),
	ROW(op_mount, cow_dir, SHOW_STR), ROW(op_mount, cow_tmpfs_bytes, SHOW_U64),
	ROW(op_mount, no_symlink, SHOW_BOOL), END };

static const struct show_row file[] = { ROW(op_file, path_ctr, SHOW_STR),
					ROW(op_file, content, SHOW_STR), ROW(op_file, mode, SHOW_OCT),
					END };

static const struct show_row dev[] = {
	ROW(op_dev, path_ctr, SHOW_STR), ROW(op_dev, type, SHOW_CHAR), ROW_Z(op_dev, major, SHOW_U32),
	ROW_Z(op_dev, minor, SHOW_U32), ROW(op_dev, mode, SHOW_OCT), ROW_Z(op_dev, uid, SHOW_U32),
	ROW_Z(op_dev, gid, SHOW_U32), ROW(op_dev, bind, SHOW_BOOL), ROW(op_dev, source_host, SHOW_STR),
	END };

static const struct show_row link_to[] = { ROW(op_link, path_ctr, SHOW_STR),
					   ROW(op_link, target, SHOW_STR), END };
static const struct show_row console[] = { ROW(op_console, height, SHOW_U16),
					   ROW(op_console, width, SHOW_U16), END };
static const struct show_row root_ro[] = {
	ROW(op_root_ro, readonly, SHOW_BOOL),
	ROW_A(op_root_ro, propagation, SHOW_FLAGS, show_propagation_flags), END };
static const struct show_row just_path[] = { ROW(op_path, path_ctr, SHOW_STR), END };
static const struct show_row hostname[] = { ROW(op_hostname, name, SHOW_STR),
					    ROW(op_hostname, domain, SHOW_BOOL), END };
static const struct show_row sysctl[] = { ROW(op_sysctl, key, SHOW_STR),
					  ROW_Z(op_sysctl, value, SHOW_STR), END };
static const struct show_row rlimit[] = { ROW_AZ(op_rlimit, resource, SHOW_TABLE32, &names_rlimit),
					  ROW_Z(op_rlimit, soft, SHOW_U64),
					  ROW_Z(op_rlimit, hard, SHOW_U64), END };
static const struct show_row oom[] = { ROW_Z(op_oom, score_adj, SHOW_INT), END };

static const struct show_row sched[] = {
	ROW(op_sched, has_scheduler, SHOW_BOOL),
	ROW_A(op_sched, policy, SHOW_TABLE32, &names_sched_policy), ROW(op_sched, nice, SHOW_INT),
	ROW(op_sched, priority, SHOW_U32), ROW(op_sched, flags, SHOW_U64),
	ROW(op_sched, runtime_ns, SHOW_U64), ROW(op_sched, deadline_ns, SHOW_U64),
	ROW(op_sched, period_ns, SHOW_U64), ROW_A(op_sched, io_class, SHOW_TABLE32, &names_io_class),
	ROW(op_sched, io_priority, SHOW_INT), ROW(op_sched, has_personality, SHOW_BOOL),
	ROW(op_sched, personality, SHOW_ULONG), ROW_Z(op_sched, mempolicy, SHOW_INT),
	ROW(op_sched, mempolicy_flags, SHOW_U32), ROW(op_sched, mempolicy_nodes, SHOW_STR),
	ROW(op_sched, affinity_initial, SHOW_STR), ROW(op_sched, affinity_final, SHOW_STR), END };

static const struct show_row lsm[] = { ROW(op_lsm, selinux, SHOW_BOOL), ROW(op_lsm, label, SHOW_STR),
				       END };

static const struct show_row creds[] = {
	ROW_Z(op_creds, uid, SHOW_U32), ROW_Z(op_creds, gid, SHOW_U32),
	LIST(op_creds, groups, SHOW_U32S, NULL), ROW(op_creds, set_groups, SHOW_BOOL),
	ROW(op_creds, umask, SHOW_OCT), ROW(op_creds, has_caps, SHOW_BOOL),
	ROW(op_creds, bounding, SHOW_CAPS), ROW(op_creds, effective, SHOW_CAPS),
	ROW(op_creds, inheritable, SHOW_CAPS), ROW(op_creds, permitted, SHOW_CAPS),
	ROW(op_creds, ambient, SHOW_CAPS), ROW_Z(op_creds, no_new_privs, SHOW_BOOL), END };

static const struct show_table ll_path = { sizeof(struct plan_ll_path), (const struct show_row[]){
	ROW(plan_ll_path, path_ctr, SHOW_STR),
	ROW_A(plan_ll_path, access, SHOW_FLAGS, show_landlock_fs), END } };

static const struct show_row landlock[] = {
	ROW_A(op_landlock, fs, SHOW_FLAGS, show_landlock_fs),
	ROW_A(op_landlock, net, SHOW_FLAGS, show_landlock_net),
	ROW_A(op_landlock, scope, SHOW_FLAGS, show_landlock_scope),
	LIST(op_landlock, paths, SHOW_ROWS, &ll_path), LIST(op_landlock, connect, SHOW_U16S, NULL),
	LIST(op_landlock, bind, SHOW_U16S, NULL), END };

static const struct show_table sc_arg = { sizeof(struct plan_sc_arg), (const struct show_row[]){
	ROW_Z(plan_sc_arg, index, SHOW_U32), ROW_AZ(plan_sc_arg, op, SHOW_TABLE32, &names_seccomp_op),
	ROW_Z(plan_sc_arg, value, SHOW_U64), ROW(plan_sc_arg, value_two, SHOW_U64), END } };

static const struct show_table sc_rule = { sizeof(struct plan_sc_rule), (const struct show_row[]){
	ROW_AZ(plan_sc_rule, action, SHOW_ACTION, NULL), LIST(plan_sc_rule, names, SHOW_STRS, NULL),
	LIST(plan_sc_rule, args, SHOW_ROWS, &sc_arg), END } };

static const struct show_row seccomp[] = {
	ROW_Z(op_seccomp, default_action, SHOW_ACTION),
	LIST(op_seccomp, archs, SHOW_TABLE32S, &names_seccomp_arch), ROW(op_seccomp, flags, SHOW_U32),
	LIST(op_seccomp, rules, SHOW_ROWS, &sc_rule), ROW_Z(op_seccomp, bad_arch_action, SHOW_ACTION),
	ROW(op_seccomp, enosys_for_newer, SHOW_BOOL), ROW(op_seccomp, listener_path, SHOW_STR),
	ROW(op_seccomp, listener_metadata, SHOW_STR), ROW(op_seccomp, recorded, SHOW_BOOL),
	ROW(op_seccomp, sent, SHOW_BOOL), ROW(op_seccomp, yields, SHOW_BOOL), END };

static const struct show_row exec[] = {
	ROW(op_exec, args, SHOW_STRV), ROW(op_exec, env, SHOW_STRV), ROW(op_exec, cwd_ctr, SHOW_STR),
	ROW(op_exec, set_home, SHOW_BOOL), ROW(op_exec, screen_fds, SHOW_BOOL), END };

static const struct show_row nothing[] = { END };

static const struct show_row *const rows[] = {
	[OP_RDT] = rdt,
	[OP_CGROUP] = cgroup,	  [OP_ROOT] = root,	   [OP_USERNS] = userns,
	[OP_NS] = ns,		  [OP_ANET] = anet,	   [OP_NETDEV] = netdev,
	[OP_HOOK] = hook,	  [OP_EGRESS] = egress,	   [OP_PROPAGATION] = propagation,
	[OP_MOUNT] = mount_fs,	  [OP_FILE] = file,	   [OP_DEV] = dev,
	[OP_LINK] = link_to,	  [OP_CONSOLE] = console,  [OP_PIVOT] = nothing,
	[OP_ROOT_RO] = root_ro,	  [OP_RDONLY] = just_path, [OP_MASK] = just_path,
	[OP_HOSTNAME] = hostname, [OP_SYSCTL] = sysctl,	   [OP_RLIMIT] = rlimit,
	[OP_OOM] = oom,		  [OP_SCHED] = sched,	   [OP_KEYRING] = nothing,
	[OP_LSM] = lsm,		  [OP_CREDS] = creds,	   [OP_LANDLOCK] = landlock,
	[OP_SECCOMP] = seccomp,	  [OP_EXEC] = exec,
};
TABLE_CHECK(rows, OP__COUNT);

const struct show_row *show_rows(enum op_kind kind)
{
	return rows[kind];
}
