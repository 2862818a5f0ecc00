/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_check.c - the specification's rules across fields
 *
 * Each row adds members to one object of a small valid config. A row without a message is the
 * neighbour that the rule must let through. To keep a hundred rows readable, the texts are written
 * with ' where JSON has ".
 */
#include "spec/spec.h"
#include "tests/unit/test.h"

#define HEAD "{'ociVersion':'1.0.2','root':{'path':'r'},"
#define NAMESPACES "'namespaces':[{'type':'pid'},{'type':'mount'},{'type':'ipc'}," \
		   "{'type':'uts'},{'type':'network'},{'type':'time'}]"
#define USER "'namespaces':[{'type':'user'},{'type':'mount'}]"
#define MAP(size) "[{'containerID':0,'hostID':1,'size':" size "}]"
#define MOUNT(rest) "'mounts':[{'destination':'/m'," rest "}]"
#define ARGS "'cwd':'/','args':['sh']"
#define ERRNO "'defaultAction':'SCMP_ACT_ERRNO'"
#define ALLOW "'defaultAction':'SCMP_ACT_ALLOW'"
#define SYSCALL(rest) ALLOW ",'syscalls':[{'names':['x']," rest "}]"
#define TEN "0123456789"

enum where { DOC, TOP, PROC, LINUX, LINUX_NS, RES, SECCOMP };

/* What is put around the row's text. */
static const char *const around[][2] = {
	[DOC] = { "{'root':{'path':'r'},", "}" },
	[TOP] = { HEAD "'linux':{" NAMESPACES "},", "}" },
	[PROC] = { HEAD "'process':{", "}}" },
	[LINUX] = { HEAD "'linux':{", "}}" },
	[LINUX_NS] = { HEAD "'linux':{" NAMESPACES ",", "}}" },
	[RES] = { HEAD "'linux':{'resources':{", "}}}" },
	[SECCOMP] = { HEAD "'linux':{'seccomp':{", "}}}" },
};

struct row { const char *name; enum where where; const char *text, *want; };

static const struct row top_rows[] = {
	{ "version 1.0.0", DOC, "'ociVersion':'1.0.0'", NULL },
	{ "a version that is yet to come", DOC, "'ociVersion':'1.99.0-rc.1+x'", NULL },
	{ "version 2", DOC, "'ociVersion':'2.0.0'", "ociVersion '2.0.0' is not a version 1.x" },
	{ "version 10", DOC, "'ociVersion':'10.0'", "ociVersion '10.0' is not" },
	{ "version 1 without a minor", DOC, "'ociVersion':'1'", "ociVersion '1' is not" },
	{ "a hostname in a uts namespace", TOP, "'hostname':'h'", NULL },
	{ "a hostname without one", DOC, "'ociVersion':'1.0.0','hostname':'h'",
	  "hostname needs a uts namespace" },
	{ "a domainname without one", DOC, "'ociVersion':'1.0.0','domainname':'h'",
	  "domainname needs a uts namespace" },
	{ "a hostname of 64 bytes", TOP, "'hostname':'" TEN TEN TEN TEN TEN TEN "0123'", NULL },
	{ "a hostname of 65 bytes", TOP, "'hostname':'" TEN TEN TEN TEN TEN TEN "01234'",
	  "hostname is longer than 64 bytes" },
	{ "an annotation without a key", TOP, "'annotations':{'':'x'}",
	  "annotations must not have an empty key" },
	{ "a hook", TOP, "'hooks':{'poststop':[{'path':'/h','timeout':1}]}", NULL },
	{ "a hook with a relative path", TOP, "'hooks':{'poststart':[{'path':'/h'},{'path':'h'}]}",
	  "hooks.poststart[1]: path 'h' must be absolute" },
	{ "a hook without time", TOP, "'hooks':{'createRuntime':[{'path':'/h','timeout':0}]}",
	  "hooks.createRuntime[0]: timeout must be greater than zero" },

	{ "a bind mount", TOP, MOUNT("'source':'/s','options':['rbind','rro','rprivate']"), NULL },
	{ "a bind mount with data", TOP, MOUNT("'source':'/s','options':['bind','size=1m']"),
	  "mounts[0] (/m): a bind mount takes no file-system option ('size=1m')" },
	{ "a bind mount of nothing", TOP, MOUNT("'options':['bind']"),
	  "mounts[0] (/m): a bind mount needs a source" },
	{ "a file system with data", TOP, MOUNT("'type':'tmpfs','options':['size=1m']"), NULL },
	{ "type bind alone makes no bind mount", TOP, MOUNT("'type':'bind','options':['size=1m']"),
	  NULL },
	{ "uid mappings alone", TOP, MOUNT("'uidMappings':" MAP("1")),
	  "mounts[0] (/m): uidMappings and gidMappings go together" },
	{ "both mappings", TOP, MOUNT("'uidMappings':" MAP("1") ",'gidMappings':" MAP("1")), NULL },
	{ "idmap without mappings", TOP, MOUNT("'source':'/s','options':['bind','ridmap']"),
	  "mounts[0] (/m): option idmap needs" },
};

#define RLIMIT(type, hard, soft) "{'type':'RLIMIT_" type "','hard':" hard ",'soft':" soft "}"
#define SCHED(policy, rest) ARGS ",'scheduler':{'policy':'SCHED_" policy "'," rest "}"
#define CONSOLE(height) "'consoleSize':{'height':" height ",'width':1}"
#define UMASK(umask) ARGS ",'user':{'uid':0,'gid':0,'umask':" umask "}"
#define IOPRIO(prio) ARGS ",'ioPriority':{'class':'IOPRIO_CLASS_RT','priority':" prio "}"

static const struct row process_rows[] = {
	{ "a process", PROC, ARGS, NULL },
	{ "a relative cwd", PROC, "'cwd':'w','args':['sh']", "process.cwd 'w' must be absolute" },
	{ "no args", PROC, "'cwd':'/'", "process.args must not be empty" },
	{ "an empty variable", PROC, ARGS ",'env':['A=']", NULL },
	{ "a variable without a value", PROC, ARGS ",'env':['A=1','SECRET']",
	  "process.env[1] must be NAME=VALUE" },
	{ "a variable without a name", PROC, ARGS ",'env':['=x']",
	  "process.env[0] must be NAME=VALUE" },
	{ "two limits", PROC, ARGS ",'rlimits':[" RLIMIT("CPU", "1", "1") "," RLIMIT("AS", "1", "0") "]",
	  NULL },
	{ "a limit twice", PROC,
	  ARGS ",'rlimits':[" RLIMIT("CPU", "1", "1") "," RLIMIT("CPU", "1", "1") "]",
	  "process.rlimits has RLIMIT_CPU twice" },
	{ "a soft limit above the hard one", PROC, ARGS ",'rlimits':[" RLIMIT("CPU", "1", "2") "]",
	  "process.rlimits: RLIMIT_CPU has a soft limit above" },
	{ "the largest oom score", PROC, ARGS ",'oomScoreAdj':1000", NULL },
	{ "an oom score beyond", PROC, ARGS ",'oomScoreAdj':-1001", "process.oomScoreAdj must be" },
	{ "umask 0777", PROC, UMASK("511"), NULL },
	{ "umask 01000", PROC, UMASK("512"), "process.user.umask must be at most 511" },
	{ "the largest console", PROC, ARGS ",'terminal':true," CONSOLE("65535"), NULL },
	{ "a larger console", PROC, ARGS ",'terminal':true," CONSOLE("65536"),
	  "process.consoleSize must be" },
	{ "a size without a console", PROC, ARGS "," CONSOLE("65536"), NULL },
	{ "a realtime priority", PROC, SCHED("FIFO", "'priority':99"), NULL },
	{ "a priority without realtime", PROC, SCHED("OTHER", "'priority':1"),
	  "process.scheduler.priority needs" },
	{ "a priority of 100", PROC, SCHED("RR", "'priority':100"),
	  "process.scheduler.priority must be" },
	{ "nice 19", PROC, SCHED("BATCH", "'nice':19"), NULL },
	{ "nice 20", PROC, SCHED("OTHER", "'nice':20"), "process.scheduler.nice must be" },
	{ "a deadline", PROC, SCHED("DEADLINE", "'runtime':1,'deadline':2,'period':3"), NULL },
	{ "a deadline for another policy", PROC, SCHED("IDLE", "'period':3"),
	  "process.scheduler: runtime, deadline and period need" },
	{ "I/O priority 7", PROC, IOPRIO("7"), NULL },
	{ "I/O priority 8", PROC, IOPRIO("8"), "process.ioPriority.priority must be" },
	{ "I/O priority -1", PROC, IOPRIO("-1"), "process.ioPriority.priority must be" },
	{ "a list of CPUs", PROC, ARGS ",'execCPUAffinity':{'initial':'0-1, 7'}", NULL },
	{ "a mask of CPUs", PROC, ARGS ",'execCPUAffinity':{'final':'0x1'}",
	  "process.execCPUAffinity: '0x1'" },
};

#define POLICY(mode, rest) "'memoryPolicy':{'mode':'MPOL_" mode "'" rest "}"
#define SYSCTL(key) "'sysctl':{'" key "':'1'}"

static const struct row linux_rows[] = {
	{ "a namespace twice", LINUX, "'namespaces':[{'type':'pid'},{'type':'pid'}]",
	  "linux.namespaces has type pid twice" },
	{ "a relative namespace path", LINUX, "'namespaces':[{'type':'pid','path':'x'}]",
	  "linux.namespaces[0].path 'x' must be absolute" },
	{ "a mapped user namespace", LINUX,
	  USER ",'uidMappings':" MAP("65536") ",'gidMappings':" MAP("4294967294"), NULL },
	{ "a user namespace without mappings", LINUX, USER, "a new user namespace needs" },
	{ "a user namespace with half the mappings", LINUX, USER ",'uidMappings':" MAP("1"),
	  "a new user namespace needs" },
	{ "a joined user namespace", LINUX, "'namespaces':[{'type':'user','path':'/u'}]", NULL },
	{ "mappings without a user namespace", LINUX_NS, "'uidMappings':" MAP("1"),
	  "linux.uidMappings and linux.gidMappings need" },
	{ "an empty mapping", LINUX, USER ",'uidMappings':" MAP("0") ",'gidMappings':" MAP("1"),
	  "linux.uidMappings[0].size must not be 0" },
	{ "a mapping past the end", LINUX,
	  USER ",'uidMappings':" MAP("1") ",'gidMappings':" MAP("4294967295"),
	  "linux.gidMappings[0] reaches past" },

	{ "a clock", LINUX_NS, "'timeOffsets':{'boottime':{'secs':-1,'nanosecs':999999999}}", NULL },
	{ "an unknown clock", LINUX_NS, "'timeOffsets':{'realtime':{'secs':1}}",
	  "linux.timeOffsets: unknown clock 'realtime'" },
	{ "too many nanoseconds", LINUX_NS, "'timeOffsets':{'boottime':{'nanosecs':1000000000}}",
	  "linux.timeOffsets.boottime.nanosecs must be" },
	{ "a clock without a namespace", LINUX, "'timeOffsets':{'boottime':{'secs':1}}",
	  "linux.timeOffsets needs a new time namespace" },
	{ "a clock with another's namespace", LINUX,
	  "'namespaces':[{'type':'time','path':'/t'}],'timeOffsets':{'boottime':{'secs':1}}",
	  "linux.timeOffsets needs a new time namespace" },

	{ "devices", LINUX,
	  "'devices':[{'type':'c','path':'/x','major':1,'minor':0},{'type':'p','path':'/y'}]", NULL },
	{ "a device with a relative path", LINUX, "'devices':[{'type':'p','path':'x'}]",
	  "linux.devices[0].path 'x' must be absolute" },
	{ "a device with a negative number", LINUX,
	  "'devices':[{'type':'c','path':'/x','major':1,'minor':-1}]",
	  "linux.devices[0] (/x): 1:-1 is no" },
	{ "network devices", LINUX_NS, "'netDevices':{'eth0':{'name':'eth%d'},'a23456789012345':{}}",
	  NULL },
	{ "a network device without a namespace", LINUX, "'netDevices':{'eth0':{}}",
	  "linux.netDevices needs a network namespace" },
	{ "a network device with a long name", LINUX_NS, "'netDevices':{'a234567890123456':{}}",
	  "linux.netDevices: 'a234567890123456' is no" },
	{ "a network device with a slash", LINUX_NS, "'netDevices':{'eth0':{'name':'a/b'}}",
	  "linux.netDevices: 'a/b' is no" },
	{ "a group of caches", LINUX, "'intelRdt':{'closID':'a.b','memBwSchema':'MB:0=1','schemata':['L3:0=f']}", NULL },
	{ "a group that is a path", LINUX, "'intelRdt':{'closID':'a/b'}", "linux.intelRdt.closID 'a/b' is not" },
	{ "a group above", LINUX, "'intelRdt':{'closID':'..'}", "linux.intelRdt.closID '..' is not" },
	{ "a group that is the file system's own", LINUX, "'intelRdt':{'closID':'mon_groups'}",
	  "linux.intelRdt.closID 'mon_groups' is not" },
	{ "a bandwidth of something else", LINUX, "'intelRdt':{'memBwSchema':'L3:0=1'}", "linux.intelRdt.memBwSchema must be one" },
	{ "a bandwidth of two lines", LINUX, "'intelRdt':{'memBwSchema':'MB:0=1\\nMB:1=2'}", "linux.intelRdt.memBwSchema must be one" },
	{ "a schema of two lines", LINUX, "'intelRdt':{'schemata':['L3:0=1\\nL3:1=2']}", "linux.intelRdt.schemata[0] must be one" },
	{ "a schema of nothing", LINUX, "'intelRdt':{'schemata':['x']}", "linux.intelRdt.schemata[0] must be one" },
	{ "a network device named ..", LINUX_NS, "'netDevices':{'..':{}}",
	  "linux.netDevices: '..' is no" },

	{ "masks", LINUX_NS, "'maskedPaths':['/a'],'readonlyPaths':['/b']", NULL },
	{ "a mask without a mount namespace", LINUX, "'maskedPaths':['/a']",
	  "linux.maskedPaths needs a mount namespace" },
	{ "a read-only path without one", LINUX, "'readonlyPaths':['/a']",
	  "linux.readonlyPaths needs a mount namespace" },
	{ "a relative mask", LINUX_NS, "'maskedPaths':['/a','b']",
	  "linux.maskedPaths[1] 'b' must be absolute" },
	{ "dots in a cgroup's name", LINUX, "'cgroupsPath':'/a/..b/c..'", NULL },
	{ "a cgroup's parent", LINUX, "'cgroupsPath':'/a/../../b'",
	  "linux.cgroupsPath '/a/../../b' must not" },
	{ "a cgroup's parent at the end", LINUX, "'cgroupsPath':'a/..'",
	  "linux.cgroupsPath 'a/..' must not" },
	{ "propagation", LINUX, "'rootfsPropagation':'runbindable'", NULL },
	{ "propagation that is another option", LINUX, "'rootfsPropagation':'ro'",
	  "linux.rootfsPropagation 'ro' is not" },

	{ "a sysctl of the ipc namespace", LINUX_NS, SYSCTL("kernel.msgmax"), NULL },
	{ "a sysctl with slashes", LINUX_NS, SYSCTL("fs/mqueue/msg_max"), NULL },
	{ "a sysctl with both", LINUX_NS, SYSCTL("net.ipv4.conf.eth0/1.forwarding"), NULL },
	{ "the domain name as a sysctl", LINUX_NS, SYSCTL("kernel.domainname"), NULL },
	{ "a sysctl of the host", LINUX_NS, SYSCTL("kernel.core_pattern"),
	  "linux.sysctl: 'kernel.core_pattern' is not of a namespace" },
	{ "the hostname as a sysctl", LINUX_NS, SYSCTL("kernel.hostname"),
	  "linux.sysctl: 'kernel.hostname' is not of a namespace" },
	{ "a sysctl that begins like another", LINUX_NS, SYSCTL("kernel.semx"),
	  "linux.sysctl: 'kernel.semx' is not of a namespace" },
	{ "a net sysctl without a namespace", LINUX, SYSCTL("net.core.somaxconn"),
	  "linux.sysctl: 'net.core.somaxconn' needs a network namespace" },
	{ "a user sysctl without a namespace", LINUX_NS, SYSCTL("user.max_user_namespaces"),
	  "linux.sysctl: 'user.max_user_namespaces' needs a user" },
	{ "a sysctl that climbs", LINUX_NS, SYSCTL("net/../kernel/core_pattern"),
	  "linux.sysctl: 'net/../kernel/core_pattern' is no sysctl name" },
	{ "a sysctl that climbs in dots", LINUX_NS, SYSCTL("net.//.kernel.core_pattern"),
	  "linux.sysctl: 'net.//.kernel.core_pattern' is no sysctl name" },
	{ "a sysctl that is a directory", LINUX_NS, SYSCTL("net/"),
	  "linux.sysctl: 'net/' is no sysctl name" },
	{ "a sysctl without a name", LINUX_NS, SYSCTL(""), "linux.sysctl: '' is no sysctl name" },

	{ "a memory policy", LINUX, POLICY("BIND", ",'nodes':'0-1,3'"), NULL },
	{ "a memory policy without nodes", LINUX, POLICY("INTERLEAVE", ""),
	  "linux.memoryPolicy: MPOL_INTERLEAVE needs nodes" },
	{ "the default memory policy with nodes", LINUX, POLICY("DEFAULT", ",'nodes':'0'"),
	  "linux.memoryPolicy: MPOL_DEFAULT takes no nodes" },
	{ "preferred memory without nodes", LINUX, POLICY("PREFERRED", ",'nodes':''"), NULL },
	{ "nodes that are no list", LINUX, POLICY("BIND", ",'nodes':'all'"),
	  "linux.memoryPolicy.nodes 'all'" },
	{ "memory policy flags that exclude each other", LINUX,
	  POLICY("BIND", ",'nodes':'0','flags':['MPOL_F_STATIC_NODES','MPOL_F_RELATIVE_NODES']"),
	  "linux.memoryPolicy.flags:" },
};

#define HUGE(size) "'hugepageLimits':[{'pageSize':'" size "','limit':0}]"
#define DEVICE(rest) "'devices':[{'allow':true," rest "}]"
#define WEIGHT_DEVICE(rest) "'blockIO':{'weightDevice':[{'major':1,'minor':1," rest "}]}"

static const struct row resource_rows[] = {
	{ "unlimited memory", RES, "'memory':{'limit':-1,'swap':-1}", NULL },
	{ "memory of -2", RES, "'memory':{'reservation':-2}",
	  "linux.resources: memory.reservation must be -1" },
	{ "swap equal to memory", RES, "'memory':{'limit':100,'swap':100}", NULL },
	{ "swap below memory", RES, "'memory':{'limit':100,'swap':99}",
	  "linux.resources: memory.swap" },
	{ "swappiness 101", RES, "'memory':{'swappiness':101}",
	  "linux.resources: memory.swappiness must be" },
	{ "a quota of -2", RES, "'cpu':{'quota':-2}", "linux.resources: cpu.quota must be" },
	{ "cpu idle 2", RES, "'cpu':{'idle':2}", "linux.resources: cpu.idle must be" },
	{ "no pids", RES, "'pids':{'limit':0}", NULL },
	{ "pids of -2", RES, "'pids':{'limit':-2}", "linux.resources: pids.limit must be" },
	{ "any device", RES, DEVICE("'major':-1,'minor':-1"), NULL },
	{ "a device of -2", RES, DEVICE("'major':1,'minor':-2"),
	  "linux.resources: devices[0]: major and minor" },
	{ "weights", RES, "'blockIO':{'weight':0,'leafWeight':1000}", NULL },
	{ "a device's weight", RES, WEIGHT_DEVICE("'weight':10"), NULL },
	{ "a weight of 9", RES, "'blockIO':{'weight':9}", "linux.resources: blockIO: a weight" },
	{ "a device's weight of 1001", RES, WEIGHT_DEVICE("'leafWeight':1001"),
	  "linux.resources: blockIO: a weight" },
	{ "small huge pages", RES, HUGE("64KB"), NULL },
	{ "large huge pages", RES, HUGE("16GB"), NULL },
	{ "huge pages of a path", RES, HUGE("../2MB"),
	  "linux.resources: hugepageLimits[0].pageSize '../2MB'" },
	{ "huge pages without a unit", RES, HUGE("2"),
	  "linux.resources: hugepageLimits[0].pageSize '2'" },
	{ "huge pages with more than a unit", RES, HUGE("2MB.max"),
	  "linux.resources: hugepageLimits[0].pageSize" },
	{ "an rdma device with a second line", RES, "'rdma':{'a\\nb':{'hcaHandles':1}}",
	  "linux.resources: rdma: 'a?b' is no device name" },
	{ "a priority for two words", RES, "'network':{'priorities':[{'name':'a b','priority':1}]}",
	  "linux.resources: network.priorities[0]" },
	{ "unified keys", RES, "'unified':{'memory.swap.max':'1','cgroup.type':'x'}", NULL },
	{ "a unified key with a slash", RES, "'unified':{'../memory.max':'1'}",
	  "linux.resources: unified: '../memory.max'" },
	{ "a unified key without a controller", RES, "'unified':{'.max':'1'}",
	  "linux.resources: unified: '.max'" },
	{ "a unified key without a dot", RES, "'unified':{'max':'1'}",
	  "linux.resources: unified: 'max'" },
};

static const struct row seccomp_rows[] = {
	{ "an errno", SECCOMP, ERRNO ",'defaultErrnoRet':4095", NULL },
	{ "an errno too large", SECCOMP, ERRNO ",'defaultErrnoRet':4096",
	  "linux.seccomp.defaultErrnoRet: errno 4096 is too large" },
	{ "a default errno without the action", SECCOMP, ALLOW ",'defaultErrnoRet':1",
	  "linux.seccomp.defaultErrnoRet: SCMP_ACT_ALLOW takes no errno" },
	{ "a trace value", SECCOMP, SYSCALL("'action':'SCMP_ACT_TRACE','errnoRet':65535"), NULL },
	{ "an errno for killing", SECCOMP, SYSCALL("'action':'SCMP_ACT_KILL_PROCESS','errnoRet':1"),
	  "linux.seccomp.syscalls[0]: errnoRet: SCMP_ACT_KILL_PROCESS takes no errno" },
	{ "a rule without names", SECCOMP, ALLOW ",'syscalls':[{'names':[],'action':'SCMP_ACT_LOG'}]",
	  "linux.seccomp.syscalls[0]: names must not be empty" },
	{ "the seventh argument", SECCOMP,
	  SYSCALL("'action':'SCMP_ACT_LOG','args':[{'index':6,'value':0,'op':'SCMP_CMP_EQ'}]"),
	  "linux.seccomp.syscalls[0]: args[0].index must be" },
	{ "notify by default", SECCOMP, "'defaultAction':'SCMP_ACT_NOTIFY','listenerPath':'/l'",
	  "linux.seccomp.defaultAction must not be SCMP_ACT_NOTIFY" },
	{ "notify", SECCOMP,
	  SYSCALL("'action':'SCMP_ACT_NOTIFY'") ",'listenerPath':'/l','listenerMetadata':'m'", NULL },
	{ "notify nobody", SECCOMP, SYSCALL("'action':'SCMP_ACT_NOTIFY'"),
	  "linux.seccomp: SCMP_ACT_NOTIFY needs listenerPath" },
	{ "notify of write", SECCOMP,
	  ALLOW ",'listenerPath':'/l','syscalls':[{'names':['read','write'],'action':'SCMP_ACT_NOTIFY'}]",
	  "linux.seccomp.syscalls[0]: SCMP_ACT_NOTIFY is not possible for write" },
	{ "metadata for nobody", SECCOMP, ALLOW ",'listenerMetadata':'m'",
	  "linux.seccomp.listenerMetadata needs listenerPath" },
};

static void add_quoted(struct strbuf *b, const char *s)
{
	for (; *s; s++)
		strbuf_add(b, *s == '\'' ? "\"" : s, 1);
}

static void check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct row *row = &rows[i];
		auto_arena struct arena a = ARENA_INIT;
		auto_strbuf struct strbuf text = STRBUF_INIT, want = STRBUF_INIT;
		struct err e = ERR_INIT;
		struct oci_spec *s;

		add_quoted(&text, around[row->where][0]);
		add_quoted(&text, row->text);
		add_quoted(&text, around[row->where][1]);
		add_quoted(&want, row->want ? row->want : "-");
		bool ok = !spec_parse(&a, text.p, text.len, "c", &s, &e);
		if (ok && spec_check(s, &e))
			ok = row->want && e.kind == ERR_SPEC && str_has_prefix(e.msg, want.p);
		else
			ok = ok && !row->want;
		if (!t_ok(ok, row->name))
			t_note("%s", e.kind ? e.msg : "accepted");
	}
}

static void structs(void)
{
	auto_arena struct arena a = ARENA_INIT;
	struct err e = ERR_INIT;
	struct oci_spec *s;

	spec_default(&a, true, 0, 0, &s);
	s->linux_.uid_mappings = arena_alloc(&a, 341, sizeof(struct oci_idmap));
	for (uint32_t i = 0; i < 341; i++)
		s->linux_.uid_mappings[i] = (struct oci_idmap){ i, i, 1 };
	s->linux_.n_uid_mappings = 340;
	t_ok(!spec_check(s, &e), "as many mappings as the kernel takes");
	s->linux_.n_uid_mappings = 341;
	t_ok(spec_check(s, &e) && str_has_prefix(e.msg, "linux.uidMappings has more than 340"),
	     "one mapping more");
	spec_default(&a, false, 0, 0, &s);
	s->root = NULL;
	t_ok(spec_check(s, &e) && streq(e.msg, "root is required"), "no root");
	s->process->user.n_additional_gids = 65537;
	t_ok(spec_check_process(s->process, &e) &&
	     str_has_prefix(e.msg, "process.user.additionalGids has more"), "too many groups");
}

static void sysctl_paths(void)
{
	static const struct { const char *in, *want; } paths[] = {
		{ "net.ipv4.ip_forward", "net/ipv4/ip_forward" },
		{ "net/ipv4/ip_forward", "net/ipv4/ip_forward" },
		{ "net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding" },
		{ "net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding" },
		{ "one", "one" },     { "", NULL },	 { ".", NULL },	   { "/", NULL },
		{ "/net/x", NULL },   { "net/./x", NULL }, { "net/..", NULL }, { "net.//", NULL },
		{ "net..x", NULL },   { "net.x\n", NULL },
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		char got[OCI_SYSCTL_MAX] = "untouched";
		bool found = oci_sysctl_path(paths[i].in, got);

		if (!t_ok(found == !!paths[i].want &&
			  streq(got, paths[i].want ? paths[i].want : "untouched"), "a sysctl's path"))
			t_note("%s -> %s", paths[i].in, got);
	}
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

int main(void)
{
	CHECK(top_rows);
	CHECK(process_rows);
	CHECK(linux_rows);
	CHECK(resource_rows);
	CHECK(seccomp_rows);
	structs();
	sysctl_paths();
	return t_done();
}
