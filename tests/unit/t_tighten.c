/* SPDX-License-Identifier: Apache-2.0 */
/* t_tighten.c - each rule of the agent profile: what it changes or refuses, and what it lets pass
 */
#include "tests/unit/tight_help.h"

/*
 * A row is one config: a process, mounts and linux sections put into an otherwise empty one. What
 * is expected: a refusal by a rule, a finding, text in the narrowed config or its absence.
 */
struct row {
	const char *name;
	const char *process, *mounts, *linux_; /* JSON members and elements, NULL: none */
	uint32_t uid;
	const char *profile;	 /* members added to agent */
	const char *deny;	 /* refused by this rule */
	const char *rule;	 /* a finding with this rule ... */
	int action;		 /* ... and action */
	const char *what;	 /* ... that speaks of this */
	const char *no_rule;	 /* no finding with this rule */
	const char *has, *lacks; /* in the JSON of the narrowed config */
	void (*facts)(struct facts *f);
};

static const char *config(struct arena *a, const struct row *r)
{
	return arena_printf(
		a,
		"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},"
		"\"process\":{\"cwd\":\"/\",\"args\":[\"x\"],\"user\":{\"uid\":%u,\"gid\":0}%s%s},"
		"\"mounts\":[%s],\"linux\":{%s}}",
		r->uid, r->process ? "," : "", r->process ? r->process : "",
		r->mounts ? r->mounts : "", r->linux_ ? r->linux_ : "");
}

/* Binds of the config get the facts of their source. */
static void add_mount_facts(struct arena *a, struct facts *f, const struct oci_spec *s)
{
	f->mounts = arena_alloc(a, s->n_mounts + 1, sizeof(*f->mounts));
	f->n_mounts = s->n_mounts;
	for (size_t i = 0; i < s->n_mounts; i++)
		if (s->mounts[i].source && s->mounts[i].source[0] == '/')
			f->mounts[i] = h_path(a, s->mounts[i].source);
}

static void add_ns_facts(struct arena *a, struct facts *f, const struct oci_spec *s)
{
	const struct oci_linux *l = &s->linux_;

	f->ns = arena_alloc(a, l->n_namespaces + 1, sizeof(*f->ns));
	f->n_ns = l->n_namespaces;
	for (size_t i = 0; i < l->n_namespaces; i++) {
		const char *path = l->namespaces[i].path;

		f->ns[i].type = l->namespaces[i].type;
		f->ns[i].path = path;
		if (!path)
			continue;
		f->ns[i].ino = 100 + i;
		f->ns[i].is_hosts = strstr(path, "host") != NULL;
	}
}

static int run(struct arena *a, const char *text, const char *base, const struct row *r,
	       struct tight **ret_t, struct err *e)
{
	struct facts *f = h_facts(a);
	struct oci_spec *s = h_spec(a, text);

	add_mount_facts(a, f, s);
	add_ns_facts(a, f, s);
	if (r && r->facts)
		r->facts(f);
	return tighten(a, s, h_profile(a, base, r ? r->profile : NULL), f, ret_t, e);
}

static const char *complaint(struct arena *a, const struct row *r, const struct tight *t)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	spec_write(&b, t->spec);
	if (r->deny)
		return "it passed";
	if (r->rule && !h_find(t->findings, t->n_findings, r->rule, r->action, r->what))
		return "the finding is missing";
	if (r->no_rule && h_find(t->findings, t->n_findings, r->no_rule, -1, NULL))
		return "there is a finding too many";
	if (r->has && !strstr(b.p, r->has))
		return arena_printf(a, "%s is missing in %s", r->has, b.p);
	if (r->lacks && strstr(b.p, r->lacks))
		return arena_printf(a, "%s is in %s", r->lacks, b.p);
	return NULL;
}

static void check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i];
		auto_arena struct arena a = ARENA_INIT;
		struct err e = ERR_INIT;
		struct tight *t = NULL;
		int rc = run(&a, config(&a, r), "agent", r, &t, &e);
		const char *bad = rc == 0			      ? complaint(&a, r, t)
				  : r->deny && streq(r->deny, e.rule) ? NULL
								      : e.msg;

		if (t_ok(!bad, r->name))
			continue;
		t_note("%s", bad);
		if (t)
			h_show(t->findings, t->n_findings);
	}
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof(rows[0]))
#define NS(x) "\"namespaces\":[" x "]"
#define MAPS(host)                                                                                 \
	"\"uidMappings\":[{\"containerID\":0,\"hostID\":" host ",\"size\":65536}],"                \
	"\"gidMappings\":[{\"containerID\":0,\"hostID\":" host ",\"size\":65536}]"
#define FILTER(more)                                                                               \
	"\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"" more                                 \
	",\"syscalls\":[{\"names\":[\"getcwd\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}"
#define OUR_MAP "\"uidMappings\":[{\"containerID\":0,\"hostID\":1000000,\"size\":65536}]"

static void no_idmap(struct facts *f)
{
	f->kernel_idmap = false;
}
static void no_range(struct facts *f)
{
	f->id_size = 0;
}
static void rootless(struct facts *f)
{
	f->in_initial_userns = false;
	f->root.userxattr = true;
	f->data_dir = "/home/u/.local/share/agentrt";
}
static void no_overlay(struct facts *f)
{
	f->kernel_overlay = false;
}
static void bad_layers(struct facts *f)
{
	f->root.problem = "layer 2 is not where it was";
}
static void on_nfs(struct facts *f)
{
	f->root.is_overlay = false;
	f->root.at.fstype = "nfs";
	f->root.at.can_idmap = false;
	f->root.no_idmap = "its file system (nfs) cannot be idmapped by this kernel";
}
static void layer_on_nfs(struct facts *f)
{
	f->root.at.can_idmap = false;
	f->root.no_idmap = "its layer /l is on nfs, which this kernel cannot idmap";
}
static void root_is(struct facts *f, const char *path)
{
	f->root.is_overlay = false;
	f->root.at.given = f->root.at.realpath = f->root.at.fs_path = path;
	f->root.at.fs_dev = 1;
}
static void root_hosts(struct facts *f)
{
	root_is(f, "/");
}
static void root_home(struct facts *f)
{
	root_is(f, "/root");
}
static void root_etc(struct facts *f)
{
	root_is(f, "/etc/x");
}
static void root_var(struct facts *f)
{
	root_is(f, "/var");
}
static void root_kubelet(struct facts *f)
{
	root_is(f, "/var/lib/kubelet/pods/u/volumes/kubernetes.io~secret/s");
}
static void root_elsewhere(struct facts *f)
{
	root_is(f, "/mnt/x");
	f->root.at.fs_path = "/"; /* a bind mount of the host's root */
}
static void root_over_hosts(struct facts *f)
{
	static const char *lower[] = { "/" };

	root_is(f, "/mnt/x");
	f->root.is_overlay = true;
	f->root.lower = lower;
	f->root.n_lower = 1;
}
static void root_bundle(struct facts *f)
{
	root_is(f, "/srv/bundle/rootfs");
}
static void root_vfs(struct facts *f)
{
	root_is(f, "/var/lib/docker/vfs/dir/x");
}
static void with_sudo(struct facts *f)
{
	f->root.has_sudo = true;
}
static void realtime_runtime(struct facts *f)
{
	f->rt_priority = 99;
}

static void protected_caller(struct facts *f)
{
	f->oom_score_adj = -998;
}
static void under_setarch(struct facts *f)
{
	f->personality = 0x0040008; /* ADDR_NO_RANDOMIZE, PER_LINUX32 */
}

static const struct row namespaces[] = {
	{ "a config without a user namespace gets one", .rule = "userns.private",
	  .action = FIND_ADDED, .has = OUR_MAP },
	{ "an empty user namespace gets the private range", .linux_ = NS("{\"type\":\"user\"}"),
	  .rule = "userns.private", .action = FIND_REPLACED, .has = OUR_MAP },
	{ "the engine's own maps are kept", .linux_ = NS("{\"type\":\"user\"}") "," MAPS("200000"),
	  .rule = "userns.private", .action = FIND_PASSED, .has = "\"hostID\":200000" },
	{ "maps that reach the host's root are replaced",
	  .linux_ = NS("{\"type\":\"user\"}") "," MAPS("0"), .rule = "userns.private",
	  .action = FIND_REPLACED, .has = OUR_MAP, .lacks = "\"hostID\":0" },
	{ "maps that reach an account of the host are replaced",
	  .linux_ = NS("{\"type\":\"user\"}") "," MAPS("1000"), .rule = "userns.private",
	  .action = FIND_REPLACED, .has = OUR_MAP, .lacks = "\"hostID\":1000," },
	{ "maps that reach another container's range are replaced",
	  .linux_ = NS("{\"type\":\"user\"}") "," MAPS("1065536"), .rule = "userns.private",
	  .action = FIND_REPLACED, .has = OUR_MAP },
	{ "and so are those that begin before it",
	  .linux_ = NS("{\"type\":\"user\"}") "," MAPS("999999"), .rule = "userns.private",
	  .action = FIND_REPLACED, .has = OUR_MAP },
	{ "inside an engine's user namespace its 0 is kept",
	  .linux_ = NS("{\"type\":\"user\"}") "," MAPS("0"), .facts = rootless,
	  .rule = "userns.private", .action = FIND_PASSED, .has = "\"hostID\":0" },
	{ "another container's user namespace is not joined",
	  .linux_ = NS("{\"type\":\"user\",\"path\":\"/proc/7/ns/user\"}"),
	  .rule = "userns.private", .action = FIND_REPLACED, .has = OUR_MAP, .lacks = "/proc/7" },
	{ "a kernel that cannot idmap is refused", .facts = no_idmap, .deny = "userns.private" },
	{ "no free range of ids is refused", .facts = no_range, .deny = "userns.private" },
	{ "a kernel that cannot idmap passes where the profile prefers", .facts = no_idmap,
	  .profile = "\"userns\":\"prefer\"", .rule = "userns.private", .action = FIND_NOTE,
	  .lacks = "hostID" },
	{ "another container's user namespace is not joined where none can be made",
	  .linux_ = NS("{\"type\":\"user\",\"path\":\"/proc/7/ns/user\"}"), .facts = no_idmap,
	  .profile = "\"userns\":\"prefer\"", .rule = "userns.private", .action = FIND_NOTE,
	  .lacks = "\"user\"}" },
	{ "a user id outside the range is refused", .uid = 70000, .deny = "userns.ids" },
	{ "the host's pid namespace is not used", .rule = "ns.private", .action = FIND_ADDED,
	  .what = "pid", .has = "{\"type\":\"pid\"}" },
	{ "the host's ipc namespace is not used", .rule = "ns.private", .action = FIND_ADDED,
	  .what = "ipc", .has = "{\"type\":\"ipc\"}" },
	{ "the host's name is not shown", .rule = "ns.private", .action = FIND_ADDED,
	  .what = "hostname", .has = "\"hostname\":\"c0ffee000000\"" },
	{ "the host's cgroup and mount namespaces are not used", .rule = "ns.private",
	  .action = FIND_ADDED, .what = "cgroup", .has = "{\"type\":\"mount\"}" },
	{ "another container's pid namespace is not joined",
	  .linux_ = NS("{\"type\":\"pid\",\"path\":\"/proc/7/ns/pid\"}"), .rule = "ns.private",
	  .action = FIND_REPLACED, .what = "pid", .lacks = "/proc/7" },
	{ "a shared namespace may be the host's",
	  .profile = "\"namespaces\":{\"shared\":[\"pid\"]}", .lacks = "{\"type\":\"pid\"}" },
	{ "namespaces that the config makes pass",
	  .linux_ = NS(
		  "{\"type\":\"pid\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"mount\"},"
		  "{\"type\":\"cgroup\"},{\"type\":\"network\"}"),
	  .no_rule = "ns.private" },
};

static const struct row roots[] = {
	{ "the root is thrown away", .rule = "root.overlay", .action = FIND_REPLACED },
	{ "the config's root stays where the profile says so",
	  .profile = "\"root\":{\"mode\":\"spec\"}", .no_rule = "root.overlay" },
	{ "a kernel without overlays is refused", .facts = no_overlay, .deny = "root.overlay" },
	{ "layers that cannot be used are refused", .facts = bad_layers, .deny = "root.overlay" },
	{ "a root whose file system cannot be idmapped is refused", .facts = on_nfs,
	  .deny = "userns.private" },
	{ "a root whose layer cannot be idmapped is refused", .facts = layer_on_nfs,
	  .deny = "userns.private" },
	{ "a root that cannot be idmapped passes where the profile prefers", .facts = on_nfs,
	  .profile = "\"userns\":\"prefer\"", .rule = "userns.private", .action = FIND_NOTE,
	  .lacks = "hostID" },
	{ "a root whose layer cannot be, likewise", .facts = layer_on_nfs,
	  .profile = "\"userns\":\"prefer\"", .rule = "userns.private", .action = FIND_NOTE,
	  .lacks = "hostID" },
	{ "the host's root as the root is refused", .facts = root_hosts, .deny = "root.source" },
	{ "a bind mount of it is refused", .facts = root_elsewhere, .deny = "root.source" },
	{ "an overlay over it is refused", .facts = root_over_hosts, .deny = "root.source" },
	{ "a home as the root is refused", .facts = root_home, .deny = "root.source" },
	{ "a directory of the system as the root is refused", .facts = root_etc,
	  .deny = "root.source" },
	{ "what contains guarded places is refused", .facts = root_var, .deny = "root.source" },
	{ "another pod's secret as the root is refused", .facts = root_kubelet,
	  .deny = "root.source" },
	{ "a bundle's root passes", .facts = root_bundle, .no_rule = "root.source" },
	{ "an engine's store of roots passes", .facts = root_vfs, .no_rule = "root.source" },
	{ "what an administrator allows passes", .facts = root_home,
	  .profile = "\"mounts\":{\"allow\":[\"/root\"]}", .no_rule = "root.source" },
};

#define MOUNT(type, dest, opts)                                                                    \
	"{\"type\":\"" type "\",\"destination\":\"" dest "\",\"source\":\"x\",\"options\":[" opts  \
	"]}"
#define BIND(src, dest)                                                                            \
	"{\"destination\":\"" dest "\",\"source\":\"" src "\",\"options\":[\"rbind\"]}"

static const struct row mounts[] = {
	{ "proc passes", .mounts = MOUNT("proc", "/proc", "\"nosuid\""),
	  .has = "\"type\":\"proc\"" },
	{ "tmpfs keeps its options",
	  .mounts = MOUNT("tmpfs", "/dev", "\"mode=755\",\"size=65536k\",\"dev\""),
	  .has = "[\"mode=755\",\"size=65536k\",\"dev\"]" },
	{ "sysfs is read-only", .mounts = MOUNT("sysfs", "/sys", "\"rw\",\"nosuid\""),
	  .rule = "mount.kernel", .action = FIND_REPLACED, .has = "[\"nosuid\",\"ro\"]" },
	{ "sysfs that is read-only passes", .mounts = MOUNT("sysfs", "/sys", "\"ro\""),
	  .no_rule = "mount.kernel" },
	{ "a cgroup mount is read-only", .mounts = MOUNT("cgroup", "/sys/fs/cgroup", "\"rw\""),
	  .rule = "mount.kernel", .action = FIND_REPLACED, .has = "[\"ro\"]" },
	{ "options of a cgroup mount are taken away",
	  .mounts = MOUNT("cgroup", "/sys/fs/cgroup", "\"ro\",\"release_agent=/x\""),
	  .rule = "mount.options", .action = FIND_REMOVED, .what = "release_agent",
	  .lacks = "release_agent" },
	{ "another type is refused", .mounts = MOUNT("ext4", "/x", ""), .deny = "mount.type" },
	{ "an overlay is refused", .mounts = MOUNT("overlay", "/x", "\"lowerdir=/\""),
	  .deny = "mount.type" },
	{ "a type of bind without the option is no bind", .mounts = MOUNT("bind", "/x", ""),
	  .deny = "mount.type" },
	{ "a second proc elsewhere, without the masks, is refused",
	  .mounts = MOUNT("proc", "/mnt/p", ""), .deny = "mount.target" },
	{ "a second sysfs elsewhere is refused", .mounts = MOUNT("sysfs", "/mnt/s", "\"ro\""),
	  .deny = "mount.target" },
	{ "a second sysfs on the same place is refused",
	  .mounts = MOUNT("sysfs", "/sys", "\"ro\"") "," MOUNT("sysfs", "/sys", "\"ro\""),
	  .deny = "mount.target" },
	{ "a remount is refused", .mounts = MOUNT("proc", "/proc", "\"remount\",\"rw\""),
	  .deny = "mount.options" },
	{ "the host's shared memory is replaced", .mounts = BIND("/dev/shm", "/dev/shm"),
	  .rule = "mount.private", .action = FIND_REPLACED, .has = "\"type\":\"tmpfs\"",
	  .lacks = "rbind" },
	{ "the host's message queues are replaced", .mounts = BIND("/dev/mqueue", "/dev/mqueue"),
	  .rule = "mount.private", .action = FIND_REPLACED, .has = "\"type\":\"mqueue\"" },
	{ "the host's sysfs is replaced", .mounts = BIND("/sys", "/sys"), .rule = "mount.private",
	  .action = FIND_REPLACED, .has = "\"type\":\"sysfs\"" },
	{ "the host's proc is replaced", .mounts = BIND("/proc", "/proc"), .rule = "mount.private",
	  .action = FIND_REPLACED, .has = "\"type\":\"proc\"" },
	{ "the host's shared memory elsewhere is refused", .mounts = BIND("/dev/shm", "/shm"),
	  .deny = "mount.kernel" },
	{ "a service account is dropped by destination",
	  .mounts = BIND("/srv/t", "/var/run/secrets/kubernetes.io/serviceaccount"),
	  .rule = "mount.serviceaccount", .action = FIND_REMOVED, .lacks = "serviceaccount" },
	{ "a projected volume is dropped by source",
	  .mounts = BIND("/var/lib/kubelet/pods/u/volumes/kubernetes.io~projected/t", "/t"),
	  .rule = "mount.serviceaccount", .action = FIND_REMOVED, .lacks = "projected" },
	{ "a shared root is private", .linux_ = "\"rootfsPropagation\":\"rshared\"",
	  .rule = "mount.propagation", .action = FIND_REPLACED,
	  .has = "\"rootfsPropagation\":\"rprivate\"" },
	{ "a private root stays", .linux_ = "\"rootfsPropagation\":\"private\"",
	  .no_rule = "mount.propagation", .has = "\"rootfsPropagation\":\"private\"" },
};

#define PROJECTS(way) "\"mounts\":{\"projects\":\"" way "\"}"

static void files_only(struct facts *f)
{
	f->mounts[0].type = 'f';
}
static void of_host_root(struct facts *f)
{
	f->mounts[0].uid = f->mounts[0].gid = 0;
}
static void no_map_of_mounts(struct facts *f)
{
	f->mounts[0].can_idmap = false;
}

static const struct row projects[] = {
	{ "names are hidden in a project", .mounts = BIND("/srv/p", "/w"), .rule = "mount.hide",
	  .action = FIND_ADDED, .what = "/srv/p" },
	{ "no names, nothing hidden", .mounts = BIND("/srv/p", "/w"),
	  .profile = "\"mounts\":{\"hide\":[]}", .no_rule = "mount.hide" },
	{ "nothing is hidden in what the administrator allows", .mounts = BIND("/srv/p", "/w"),
	  .profile = "\"mounts\":{\"allow\":[\"/srv/p\"]}", .no_rule = "mount.hide" },
	{ "nothing is hidden in a single file", .mounts = BIND("/srv/p", "/w"), .facts = files_only,
	  .no_rule = "mount.hide" },
	{ "by default a project is written", .mounts = BIND("/srv/p", "/w"),
	  .no_rule = "mount.projects" },
	{ "projects may be read-only", .mounts = BIND("/srv/p", "/w"), .profile = PROJECTS("ro"),
	  .rule = "mount.projects", .action = FIND_REPLACED, .has = "\"ro\"" },
	{ "projects may be copy-on-write", .mounts = BIND("/srv/p", "/w"),
	  .profile = PROJECTS("cow"), .rule = "mount.cow", .action = FIND_REPLACED },
	{ "a single file cannot: it is read-only", .mounts = BIND("/srv/p", "/w"),
	  .profile = PROJECTS("cow"), .facts = files_only, .rule = "mount.projects",
	  .action = FIND_REPLACED, .has = "\"ro\"", .no_rule = "mount.cow" },
	{ "copy-on-write, a project of the host's root is written", .mounts = BIND("/srv/p", "/w"),
	  .profile = PROJECTS("cow"), .facts = of_host_root, .rule = "mount.cow",
	  .action = FIND_REPLACED, .lacks = "\"ro\"" },
	{ "directly, it is read-only", .mounts = BIND("/srv/p", "/w"), .facts = of_host_root,
	  .rule = "mount.owner", .action = FIND_REPLACED, .has = "\"ro\"" },
	{ "copy-on-write needs a map of ids", .mounts = BIND("/srv/p", "/w"),
	  .profile = PROJECTS("cow"), .facts = no_map_of_mounts, .deny = "mount.cow" },
	{ "what is refused directly is refused copy-on-write", .mounts = BIND("/etc", "/w"),
	  .profile = PROJECTS("cow"), .deny = "mount.system" },
};

#define CAPS(set, x) "\"capabilities\":{\"" set "\":[" x "]}"

static const struct row processes[] = {
	{ "a capability that is not kept is cut",
	  .process = CAPS("bounding", "\"CAP_SYS_ADMIN\",\"CAP_CHOWN\""), .rule = "caps.bounding",
	  .action = FIND_REMOVED, .what = "CAP_SYS_ADMIN", .has = "\"bounding\":[\"CAP_CHOWN\"]" },
	{ "capabilities that are kept pass",
	  .process = CAPS("bounding", "\"CAP_CHOWN\",\"CAP_SETUID\""), .no_rule = "caps.bounding" },
	{ "raw packets are cut", .process = CAPS("effective", "\"CAP_NET_RAW\""),
	  .lacks = "CAP_NET_RAW" },
	{ "root inherits nothing", .process = CAPS("inheritable", "\"CAP_CHOWN\""),
	  .rule = "caps.inheritable", .action = FIND_REPLACED, .lacks = "CAP_CHOWN" },
	{ "a config without capabilities gets none", .has = "\"capabilities\":{\"bounding\":[]" },
	{ "no_new_privs is set", .process = "\"noNewPrivileges\":false", .rule = "process.nnp",
	  .action = FIND_ADDED, .has = "\"noNewPrivileges\":true" },
	{ "a user that is not root is told what sudo gives", .uid = 1000, .facts = with_sudo,
	  .rule = "process.sudo", .action = FIND_NOTE, .what = "uid 1000" },
	{ "nothing to say without sudo", .uid = 1000, .no_rule = "process.sudo" },
	{ "nor of root", .facts = with_sudo, .no_rule = "process.sudo" },
	{ "nor where privileges may rise", .uid = 1000, .facts = with_sudo,
	  .profile = "\"process\":{\"noNewPrivileges\":false}", .no_rule = "process.sudo" },
	{ "no_new_privs that is set passes", .process = "\"noNewPrivileges\":true",
	  .no_rule = "process.nnp" },
	{ "a negative OOM score becomes 0", .process = "\"oomScoreAdj\":-500",
	  .rule = "process.oom", .action = FIND_REPLACED, .has = "\"oomScoreAdj\":0" },
	{ "a daemon's own OOM score is not inherited", .facts = protected_caller,
	  .rule = "process.oom", .action = FIND_REPLACED, .has = "\"oomScoreAdj\":0" },
	{ "nor is an execution domain without chance in addresses", .facts = under_setarch,
	  .rule = "process.personality", .action = FIND_REPLACED, .has = "\"domain\":\"LINUX32\"" },
	{ "the config's own execution domain stays", .facts = under_setarch,
	  .linux_ = "\"personality\":{\"domain\":\"LINUX\"}", .no_rule = "process.personality",
	  .has = "\"domain\":\"LINUX\"" },
	{ "a positive OOM score stays", .process = "\"oomScoreAdj\":500", .no_rule = "process.oom",
	  .has = "\"oomScoreAdj\":500" },
	{ "a real-time policy is removed",
	  .process = "\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"priority\":1}",
	  .rule = "process.scheduler", .action = FIND_REMOVED, .lacks = "SCHED_FIFO" },
	{ "a negative nice value is removed",
	  .process = "\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":-5}",
	  .rule = "process.scheduler", .action = FIND_REMOVED, .lacks = "nice" },
	{ "a limit of real-time priority is cut to 0",
	  .process = "\"rlimits\":[{\"type\":\"RLIMIT_RTPRIO\",\"hard\":99,\"soft\":9}]",
	  .rule = "process.rlimit", .action = FIND_REPLACED,
	  .has = "{\"type\":\"RLIMIT_RTPRIO\",\"hard\":0,\"soft\":0}" },
	{ "a limit of nice values is, too",
	  .process = "\"rlimits\":[{\"type\":\"RLIMIT_NICE\",\"hard\":40,\"soft\":40}]",
	  .rule = "process.rlimit", .action = FIND_REPLACED,
	  .has = "{\"type\":\"RLIMIT_NICE\",\"hard\":0,\"soft\":0}" },
	{ "the runtime's own real-time limit is not inherited", .facts = realtime_runtime,
	  .rule = "process.rlimit", .action = FIND_REPLACED, .has = "RLIMIT_RTPRIO" },
	{ "other limits stay",
	  .process = "\"rlimits\":[{\"type\":\"RLIMIT_NPROC\",\"hard\":9,\"soft\":9}]",
	  .no_rule = "process.rlimit", .has = "{\"type\":\"RLIMIT_NPROC\",\"hard\":9,\"soft\":9}" },
	{ "a batch policy stays", .process = "\"scheduler\":{\"policy\":\"SCHED_BATCH\"}",
	  .no_rule = "process.scheduler", .has = "SCHED_BATCH" },
	{ "the real-time I/O class is removed",
	  .process = "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_RT\",\"priority\":0}",
	  .rule = "process.io", .action = FIND_REMOVED, .lacks = "IOPRIO" },
	{ "the idle I/O class stays",
	  .process = "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_IDLE\",\"priority\":0}",
	  .no_rule = "process.io", .has = "IOPRIO_CLASS_IDLE" },
	{ "processes are limited", .rule = "limits.pids", .action = FIND_ADDED,
	  .has = "\"limit\":4096" },
	{ "an unlimited number of processes is limited",
	  .linux_ = "\"resources\":{\"pids\":{\"limit\":-1}}", .rule = "limits.pids",
	  .action = FIND_ADDED, .has = "\"limit\":4096" },
	{ "the config's limit stays", .linux_ = "\"resources\":{\"pids\":{\"limit\":10}}",
	  .no_rule = "limits.pids", .has = "\"limit\":10" },
	{ "files of the cgroup itself are not written",
	  .linux_ = "\"resources\":{\"unified\":{\"cgroup.procs\":\"1\",\"memory.high\":\"1\"}}",
	  .rule = "resources.unified", .action = FIND_REMOVED, .what = "cgroup.procs",
	  .has = "\"unified\":{\"memory.high\":\"1\"}" },
	{ "files of another cgroup are not written",
	  .linux_ = "\"resources\":{\"unified\":{\"../x/memory.max\":\"1\"}}",
	  .rule = "resources.unified", .action = FIND_REMOVED, .lacks = "unified" },
	{ "real-time scheduling of the cgroup is removed",
	  .linux_ = "\"resources\":{\"cpu\":{\"realtimeRuntime\":950000}}",
	  .rule = "resources.realtime", .action = FIND_REMOVED, .lacks = "realtimeRuntime" },
};

static const struct row others[] = {
	{ "a device more is removed",
	  .linux_ =
		  "\"devices\":[{\"type\":\"c\",\"path\":\"/dev/kvm\",\"major\":10,\"minor\":232}]",
	  .rule = "device.default", .action = FIND_REMOVED, .what = "/dev/kvm", .lacks = "kvm" },
	{ "a default device passes without a word",
	  .linux_ = "\"devices\":[{\"type\":\"c\",\"path\":\"/dev/null\",\"major\":1,\"minor\":3}]",
	  .no_rule = "device.default" },
	{ "a default device's name for another device is removed",
	  .linux_ = "\"devices\":[{\"type\":\"b\",\"path\":\"/dev/null\",\"major\":8,\"minor\":0}]",
	  .rule = "device.default", .action = FIND_REMOVED, .what = "/dev/null" },
	{ "access to all devices is removed",
	  .linux_ = "\"resources\":{\"devices\":[{\"allow\":true,\"access\":\"rwm\"}]}",
	  .rule = "device.cgroup", .action = FIND_REMOVED, .what = "allow a *:*" },
	{ "access to tun is removed",
	  .linux_ = "\"resources\":{\"devices\":[{\"allow\":true,\"type\":\"c\",\"major\":10,"
		    "\"minor\":200,"
		    "\"access\":\"rwm\"}]}",
	  .rule = "device.cgroup", .action = FIND_REMOVED, .what = "10:200", .lacks = "200" },
	{ "the default rules pass without a word",
	  .linux_ = "\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":"
		    "true,"
		    "\"type\":\"c\",\"major\":1,\"minor\":3,\"access\":\"rwm\"}]}",
	  .no_rule = "device.cgroup" },
	{ "an interface of the host is removed", .linux_ = "\"netDevices\":{\"eth0\":{}}",
	  .rule = "device.net", .action = FIND_REMOVED, .what = "eth0", .lacks = "eth0" },
	{ "a sysctl of the host is removed", .linux_ = "\"sysctl\":{\"vm.swappiness\":\"1\"}",
	  .rule = "sysctl.namespaced", .action = FIND_REMOVED, .lacks = "swappiness" },
	{ "a sysctl of the host with slashes is removed",
	  .linux_ = "\"sysctl\":{\"kernel/core_pattern\":\"x\"}", .rule = "sysctl.namespaced",
	  .action = FIND_REMOVED, .lacks = "core_pattern" },
	{ "a sysctl that climbs is removed",
	  .linux_ = "\"sysctl\":{\"net/../kernel/core_pattern\":\"x\"}",
	  .rule = "sysctl.namespaced", .action = FIND_REMOVED, .lacks = "core_pattern" },
	{ "sysctls of the own namespaces stay",
	  .linux_ = "\"sysctl\":{\"net.ipv4.ip_forward\":\"1\",\"kernel.msgmax\":\"1\",\"fs.mqueue."
		    "msg_max\":\"9\"}",
	  .no_rule = "sysctl.namespaced", .has = "net.ipv4.ip_forward" },
	{ "the group range of ping is clamped",
	  .linux_ = "\"sysctl\":{\"net.ipv4.ping_group_range\":\"0 2147483647\"}",
	  .rule = "sysctl.clamp", .action = FIND_REPLACED, .has = "\"0 65535\"" },
	{ "a group range within the map stays",
	  .linux_ = "\"sysctl\":{\"net.ipv4.ping_group_range\":\"0\\t100\"}",
	  .no_rule = "sysctl.clamp", .has = "ping_group_range" },
	{ "a group range outside the map is removed",
	  .linux_ = "\"sysctl\":{\"net.ipv4.ping_group_range\":\"100000 200000\"}",
	  .rule = "sysctl.clamp", .action = FIND_REMOVED, .lacks = "ping_group_range" },
	{ "a group range that is none is removed",
	  .linux_ = "\"sysctl\":{\"net.ipv4.ping_group_range\":\"5 1\"}", .rule = "sysctl.clamp",
	  .action = FIND_REMOVED, .lacks = "ping_group_range" },
	{ "masked paths are added", .linux_ = "\"maskedPaths\":[\"/proc/kcore\",\"/own\"]",
	  .rule = "path.masked", .action = FIND_ADDED, .what = "/proc/keys",
	  .has = "\"maskedPaths\":[\"/proc/kcore\",\"/own\",\"/proc/acpi\"" },
	{ "masked paths are added where --privileged left none", .rule = "path.masked",
	  .action = FIND_ADDED, .what = "/proc/kcore", .has = "/sys/firmware" },
	{ "read-only paths are added", .rule = "path.readonly", .action = FIND_ADDED,
	  .what = "/proc/sys", .has = "\"readonlyPaths\":[\"/proc/bus\"" },
	{ "the profile's filter is added", .rule = "seccomp.agent", .action = FIND_ADDED },
	{ "a listener outside is taken away from the config's filter",
	  .linux_ = FILTER(",\"listenerPath\":\"/run/l.sock\""), .rule = "seccomp.listener",
	  .action = FIND_REMOVED, .has = "SCMP_ACT_NOTIFY", .lacks = "l.sock" },
	{ "a filter without one stays", .linux_ = FILTER(""), .no_rule = "seccomp.listener",
	  .has = "SCMP_ACT_NOTIFY" },
};

/* ---- the network ---- */

static void network(void)
{
	static const struct {
		const char *name, *ns, *profile;
		int net;
		bool host;
		const char *path;
		const char *deny;
	} rows[] = {
		{ "a new network is the engine's, and the container has its own",
		  "{\"type\":\"network\"}", NULL, TIGHT_NET_EGRESS, false, NULL, NULL },
		{ "a network by path is the engine's",
		  "{\"type\":\"network\",\"path\":\"/run/netns/x\"}", NULL, TIGHT_NET_EGRESS, false,
		  "/run/netns/x", NULL },
		{ "no network entry means the host's, for the proxy alone", "", NULL,
		  TIGHT_NET_EGRESS, true, NULL, NULL },
		{ "the host's network by path means the same",
		  "{\"type\":\"network\",\"path\":\"/host\"}", NULL, TIGHT_NET_EGRESS, true, NULL,
		  NULL },
		{ "mode none has no proxy", "{\"type\":\"network\"}",
		  "\"egress\":{\"mode\":\"none\"}", TIGHT_NET_NONE, false, NULL, NULL },
		{ "mode engine gives the engine's network",
		  "{\"type\":\"network\",\"path\":\"/x\"}", "\"egress\":{\"mode\":\"engine\"}",
		  TIGHT_NET_SPEC, false, "/x", NULL },
		{ "mode engine refuses the host's network", "", "\"egress\":{\"mode\":\"engine\"}",
		  0, false, NULL, "net.host" },
		{ "mode engine with a shared network may be the host's", "",
		  "\"egress\":{\"mode\":\"engine\"},\"namespaces\":{\"shared\":[\"network\"]}",
		  TIGHT_NET_SPEC, true, NULL, NULL },
		{ "via host goes out by the host where nobody fills the new network",
		  "{\"type\":\"network\"}", "\"egress\":{\"via\":\"host\"}", TIGHT_NET_EGRESS, true,
		  NULL, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_arena struct arena a = ARENA_INIT;
		struct row r = { .linux_ = arena_printf(&a, NS("%s"), rows[i].ns),
				 .profile = rows[i].profile };
		struct err e = ERR_INIT;
		struct tight *t = NULL;
		int rc = run(&a, config(&a, &r), "agent", &r, &t, &e);
		const struct oci_namespace *own = t ? oci_ns_find(t->spec, NS_NETWORK) : NULL;

		if (rows[i].deny) {
			t_ok(rc == -1 && streq(e.rule, rows[i].deny), rows[i].name);
			continue;
		}
		bool path = t && (rows[i].path ? t->engine_net_path &&
							 streq(t->engine_net_path, rows[i].path)
					       : !t->engine_net_path || t->engine_net_host);
		bool entry = t && (t->net == TIGHT_NET_SPEC || (own && !own->path));

		if (!t_ok(rc == 0 && t->net == rows[i].net && t->engine_net_host == rows[i].host &&
				  path && entry,
			  rows[i].name))
			t_note("%s", e.msg);
	}
}

/* ---- ids of a process that is not root ---- */

static void ambient(void)
{
	auto_arena struct arena a = ARENA_INIT;
	struct err e = ERR_INIT;
	struct tight *t = NULL;
	static const char text[] = "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"},"
				   "\"process\":{\"cwd\":\"/\",\"args\":[\"x\"],"
				   "\"user\":{\"uid\":1000,\"gid\":1000},\"capabilities\":{"
				   "\"bounding\":[\"CAP_CHOWN\",\"CAP_SYS_ADMIN\"],\"permitted\":["
				   "\"CAP_CHOWN\",\"CAP_SYS_ADMIN\"],"
				   "\"inheritable\":[\"CAP_CHOWN\",\"CAP_SYS_ADMIN\",\"CAP_KILL\"],"
				   "\"ambient\":[\"CAP_CHOWN\",\"CAP_SYS_ADMIN\"]}}}";

	t_ok(run(&a, text, "agent", NULL, &t, &e) == 0 && t->spec->process->caps->ambient == 1 &&
		     t->spec->process->caps->inheritable == 1 &&
		     t->spec->process->caps->permitted == 1,
	     "a process that is not root keeps ambient capabilities within the set, and no more");
}

/* ---- oci: no policy ---- */

static void oci_changes_nothing(void)
{
	static const char *const texts[] = {
		"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"}}",
		"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},\"hostname\":\"h\","
		"\"process\":{\"cwd\":\"/\",\"args\":[\"x\"],\"user\":{\"uid\":70000,\"gid\":0},"
		"\"env\":[\"GITHUB_TOKEN=x\"],\"oomScoreAdj\":-1000,"
		"\"capabilities\":{\"bounding\":[\"CAP_SYS_ADMIN\"],\"inheritable\":[\"CAP_SYS_"
		"ADMIN\"]}},"
		"\"mounts\":[" MOUNT("ext4", "/x", "\"a=b\"") "," BIND(
			"/root/.ssh", "/proc") "],"
					       "\"linux\":{" NS("{\"type\":\"network\",\"path\":\"/"
								"host\"},{\"type\":\"ipc\"},{"
								"\"type\":\"user\"}") "," MAPS(
						       "0") ",\"sysctl\":{\"vm.swappiness\":\"1\"},"
							    "\"rootfsPropagation\":\"shared\","
							    "\"devices\":[{\"type\":\"c\",\"path\":"
							    "\"/dev/"
							    "kvm\",\"major\":10,\"minor\":232}],"
							    "\"netDevices\":{\"eth0\":{}},"
							    "\"resources\":{\"unified\":{\"cgroup."
							    "procs\":\"1\"},"
							    "\"devices\":[{\"allow\":true,"
							    "\"access\":\"rwm\"}]}}}",
	};

	for (size_t i = 0; i < 2; i++) {
		auto_arena struct arena a = ARENA_INIT;
		auto_strbuf struct strbuf before = STRBUF_INIT, after = STRBUF_INIT;
		struct err e = ERR_INIT;
		struct tight *t = NULL;

		spec_write(&before, h_spec(&a, texts[i]));
		if (!t_ok(run(&a, texts[i], "oci", NULL, &t, &e) == 0,
			  "the oci profile refuses nothing")) {
			t_note("%s", e.msg);
			continue;
		}
		spec_write(&after, t->spec);
		if (!t_ok(streq(before.p, after.p), "the oci profile leaves the config as it is"))
			t_note("%s", after.p);
		t_ok(t->n_findings == 0 && !t->seccomp2 && t->net == TIGHT_NET_SPEC &&
			     !t->userns_private && !t->root_overlay && !t->root_idmap,
		     "the oci profile decides nothing");
	}
}

static void input_stays(void)
{
	auto_arena struct arena a = ARENA_INIT;
	auto_strbuf struct strbuf before = STRBUF_INIT, after = STRBUF_INIT;
	struct row r = {
		.process = CAPS("bounding", "\"CAP_SYS_ADMIN\""),
		.mounts = MOUNT("sysfs", "/sys", "\"rw\""),
		.linux_ = "\"sysctl\":{\"vm.x\":\"1\"},\"resources\":{\"pids\":{\"limit\":-1}},"
			  "\"maskedPaths\":[\"/x\"]"
	};
	struct oci_spec *s = h_spec(&a, config(&a, &r));
	struct facts *f = h_facts(&a);
	struct err e = ERR_INIT;
	struct tight *t;

	spec_write(&before, s);
	tighten(&a, s, h_profile(&a, "agent", NULL), f, &t, &e);
	spec_write(&after, s);
	t_ok(streq(before.p, after.p), "the config as it came is not changed");
}

static void facts_roundtrip(void)
{
	auto_arena struct arena a = ARENA_INIT;
	auto_strbuf struct strbuf one = STRBUF_INIT, two = STRBUF_INIT;
	struct facts *f = h_facts(&a), *g = NULL;
	struct err e = ERR_INIT;

	facts_write(&one, f);
	if (!t_ok(facts_parse(&a, one.p, one.len, "facts", &g, &e) == 0, "facts are read back")) {
		t_note("%s", e.msg);
		return;
	}
	facts_write(&two, g);
	t_ok(streq(one.p, two.p), "facts read back are the facts written");
	t_ok(facts_parse(&a, "{\"cgroup\":\"v2\",\"x\":1}", 22, "facts", &g, &e) == -1,
	     "an unknown fact is refused");
}

static bool updated(struct arena *a, const char *profile, const char *text,
		    struct oci_resources **ret)
{
	struct oci_resources *in = NULL;
	struct finding *f;
	struct err e = ERR_INIT;
	size_t n;

	return !spec_parse_resources(a, text, strlen(text), "r.json", &in, &e) &&
	       !tighten_resources(a, in, h_profile(a, profile, NULL), ret, &f, &n, &e);
}

static void updates(void)
{
	auto_arena struct arena a = ARENA_INIT;
	struct oci_resources *r = NULL;

	t_ok(updated(&a, "agent", "{\"pids\":{\"limit\":-1}}", &r) && r->pids_limit.v > 0,
	     "update cannot lift the limit of processes");
	t_ok(updated(&a, "agent", "{\"pids\":{\"limit\":77}}", &r) && r->pids_limit.v == 77,
	     "update sets another");
	t_ok(updated(&a, "agent", "{\"memory\":{\"limit\":4096000}}", &r) && !r->pids_limit.set &&
		     r->mem_limit.v == 4096000,
	     "what update does not name stays as it is");
	t_ok(updated(&a, "agent",
		     "{\"unified\":{\"cgroup.procs\":\"1\",\"../memory.max\":\"max\",\"memory.high\":\"1\"}}",
		     &r) && r->n_unified == 1 && streq(r->unified[0].key, "memory.high"),
	     "update writes no file of the cgroup itself and none outside");
	t_ok(updated(&a, "oci", "{\"pids\":{\"limit\":-1}}", &r) && r->pids_limit.v == -1,
	     "under the oci profile update does as it is told");
}

int main(void)
{
	CHECK(namespaces);
	CHECK(roots);
	CHECK(mounts);
	CHECK(projects);
	CHECK(processes);
	CHECK(others);
	network();
	ambient();
	oci_changes_nothing();
	updates();
	input_stays();
	facts_roundtrip();
	return t_done();
}
