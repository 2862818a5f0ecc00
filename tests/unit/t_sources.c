/* SPDX-License-Identifier: Apache-2.0 */
/* t_sources.c - which host paths may be bind-mounted, and whose their files are */
#include "tests/unit/tight_help.h"

#define DOCKER "/var/lib/docker"
#define OWN DOCKER "/containers/" TEST_ID
#define THEIRS DOCKER "/containers/" TEST_OTHER
#define PODMAN "/var/lib/containers/storage/overlay-containers/" TEST_ID "/userdata"
#define PODMANS "/var/lib/containers/storage/overlay-containers/"
#define CRIO "/run/containers/storage/overlay-containers/"
#define SANDBOX "/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/"
#define SANDBOX_SHM "/run/containerd/io.containerd.grpc.v1.cri/sandboxes/"
#define PODS "/var/lib/kubelet/pods/"
#define PROFILE(x) "\"mounts\":{" x "}"

struct row {
	const char *name, *source;
	const char *rule;    /* refused by it; NULL: passes */
	const char *dest;    /* NULL: /x */
	char type;	     /* 0: d */
	uint32_t uid;	     /* 0 is the host's root */
	const char *real;    /* what the source resolves to, where it differs */
	const char *fs_path; /* where it lies on the root's file system, where it differs */
	uint64_t fs_dev;     /* of fs_path; 0: the root's */
	const char *profile; /* members added to agent */
	bool claims;	     /* the annotations name the pod, and no namespace is one of it */
	bool is_sandbox;     /* the container is the sandbox that the annotations name */
	const char *says;    /* a part of the message */
};

/* Each place of the tables once, by the way that the row's name says. */
static const struct row refused[] = {
	{ "a home's .ssh", "/home/u/.ssh", "mount.credentials", .uid = 1000 },
	{ "root's .ssh", "/root/.ssh", "mount.credentials", .type = 'd' },
	{ "a file below .ssh", "/home/u/.ssh/config", "mount.credentials", .type = 'f',
	  .uid = 1000 },
	{ "cloud credentials", "/home/u/.aws", "mount.credentials", .uid = 1000 },
	{ "what contains a credential path", "/home/u/.gem", "mount.credentials", .uid = 1000 },
	{ "a home's settings", "/home/u/.config", "mount.tree", .uid = 1000 },
	{ "an agent's transcripts", "/home/u/.claude", "mount.credentials", .uid = 1000 },
	{ "a shell's history", "/home/u/.bash_history", "mount.credentials", .type = 'f',
	  .uid = 1000 },
	{ "a key by its name, in a home that nobody listed", "/mnt/old/v/.ssh/id_rsa",
	  "mount.credentials", .type = 'f', .uid = 1001 },
	{ "a credential file in a project", "/srv/p/.netrc", "mount.credentials", .type = 'f',
	  .uid = 1000 },
	{ "a credential path by a symbolic link", "/srv/p/link", "mount.credentials", .uid = 1000,
	  .real = "/home/u/.aws" },
	{ "a credential path by a bind mount elsewhere", "/mnt/a", "mount.credentials",
	  .fs_path = "/root/.gnupg" },
	{ "a file below a guarded path, by a bind mount elsewhere", "/mnt/a", "mount.credentials",
	  .type = 'f', .fs_path = "/root/.config/gh/hosts.yml" },
	{ "the parent of a guarded path, by a bind mount elsewhere", "/mnt/a", "mount.system",
	  .fs_path = "/var/lib" },
	{ "/etc/shadow", "/etc/shadow", "mount.credentials", .type = 'f' },
	{ "the root", "/", "mount.tree", .type = 'd' },
	{ "/home", "/home", "mount.tree", .type = 'd' },
	{ "a home directory", "/home/u", "mount.tree", .uid = 1000 },
	{ "/root", "/root", "mount.tree", .type = 'd' },
	{ "/etc", "/etc", "mount.system", .type = 'd' },
	{ "a file below /etc", "/etc/passwd", "mount.system", .type = 'f' },
	{ "/var/log", "/var/log", "mount.system", .type = 'd' },
	{ "a file below /var/log", "/var/log/auth.log", "mount.system", .type = 'f' },
	{ "/boot", "/boot", "mount.system", .type = 'd' },
	{ "/proc", "/proc", "mount.kernel", .type = 'd' },
	{ "a file of /proc by a link", "/srv/l", "mount.kernel", .real = "/proc/1/environ",
	  .type = 'f' },
	{ "/sys", "/sys", "mount.kernel", .type = 'd' },
	{ "/dev", "/dev", "mount.kernel", .type = 'd' },
	{ "a block device", "/dev/sda", "mount.device", .type = 'b' },
	{ "a block device elsewhere", "/srv/disk", "mount.device", .type = 'b' },
	{ "a character device elsewhere", "/srv/tty", "mount.device", .type = 'c' },
	{ "/run", "/run", "mount.system", .type = 'd' },
	{ "a directory below /run", "/run/lock", "mount.system", .type = 'd' },
	{ "/tmp", "/tmp", "mount.tree", .type = 'd' },
	{ "X11's sockets", "/tmp/.X11-unix", "mount.socket", .type = 'd' },
	{ "/var", "/var", "mount.tree", .type = 'd' },
	{ "/var/lib", "/var/lib", "mount.system", .type = 'd' },
	{ "a service's data", "/var/lib/postgresql", "mount.system", .uid = 110 },
	{ "the programs of the host", "/usr", "mount.tree", .type = 'd' },
	{ "where software is installed", "/opt", "mount.tree", .type = 'd' },
	{ "where disks are mounted", "/mnt", "mount.tree", .type = 'd' },
	{ "/var/tmp", "/var/tmp", "mount.tree", .type = 'd' },
	{ "the engine's socket", "/run/docker.sock", "mount.socket", .type = 's' },
	{ "the engine's socket by a symbolic link", "/srv/d.sock", "mount.socket", .type = 's',
	  .real = "/run/docker.sock" },
	{ "any socket anywhere", "/srv/p/app.sock", "mount.socket", .type = 's', .uid = 1000 },
	{ "a named pipe", "/srv/p/fifo", "mount.socket", .type = 'p', .uid = 1000 },
	{ "the directory of the engine's sockets", "/run/containerd", "mount.engine", .type = 'd' },
	{ "agentrt's configuration", "/etc/agentrt", "mount.agentrt", .type = 'd' },
	{ "agentrt's uppers", "/var/lib/agentrt", "mount.agentrt", .type = 'd' },
	{ "the profile's own directory for uppers", "/srv/up/x", "mount.agentrt",
	  .profile = "\"root\":{\"dir\":\"/srv/up\"}" },
	{ "the engine's data root", DOCKER, "mount.engine", .type = 'd' },
	{ "a layer of an image", DOCKER "/overlay2/l2/diff", "mount.engine", .type = 'd' },
	{ "another container's root", DOCKER "/overlay2/l9/merged", "mount.engine", .type = 'd' },
	{ "the kubelet's state", "/var/lib/kubelet", "mount.engine", .type = 'd' },
	{ "an engine root of the profile", "/data/engine/x", "mount.engine",
	  .profile = PROFILE("\"engineRoots\":[\"/data/engine\"]") },
	/* what engines inject, but not to this container or not there */
	{ "another container's hosts file", THEIRS "/hosts", "mount.engine", .dest = "/etc/hosts",
	  .type = 'f' },
	{ "another container's shared memory", THEIRS "/mounts/shm", "mount.engine",
	  .dest = "/dev/shm" },
	{ "the own hosts file in another place", OWN "/hosts", "mount.engine",
	  .dest = "/etc/hosts2", .type = 'f' },
	{ "the own resolv.conf as the hosts file", OWN "/resolv.conf", "mount.engine",
	  .dest = "/etc/hosts", .type = 'f' },
	{ "the own directory instead of the file", OWN "/hosts", "mount.engine",
	  .dest = "/etc/hosts", .type = 'd' },
	{ "the own container's configuration", OWN "/config.v2.json", "mount.engine", .type = 'f' },
	{ "a volume's parent", DOCKER "/volumes/v1", "mount.engine", .type = 'd' },
	{ "a path below a volume", DOCKER "/volumes/v1/_data/sub", "mount.engine", .type = 'd' },
	{ "the volumes' directory", DOCKER "/volumes", "mount.engine", .type = 'd' },
	{ "a volume that is a bind mount of ~/.ssh", DOCKER "/volumes/v1/_data",
	  "mount.credentials", .fs_path = "/root/.ssh" },
	{ "a volume that is a bind mount of the host's root", DOCKER "/volumes/v1/_data",
	  "mount.engine", .fs_path = "/" },
	{ "a volume that is a bind mount of any other directory", DOCKER "/volumes/v1/_data",
	  "mount.engine", .fs_path = "/srv/p" },
	{ "a volume that is a bind mount of another volume", DOCKER "/volumes/v1/_data",
	  "mount.engine", .fs_path = DOCKER "/volumes/v2/_data" },
	{ "the own hosts that are a bind mount of another file", OWN "/hosts", "mount.engine",
	  .dest = "/etc/hosts", .type = 'f', .fs_path = "/etc/hosts" },
	{ "another sandbox's hosts file", SANDBOX "other/hosts", "mount.engine",
	  .dest = "/etc/hosts", .type = 'f' },
	{ "another sandbox's shared memory", SANDBOX_SHM "other/shm", "mount.engine",
	  .dest = "/dev/shm", .fs_path = "/", .fs_dev = 78 },
	{ "a sandbox's hosts file by the annotations alone", SANDBOX "sand-1/hosts", "mount.engine",
	  .dest = "/etc/hosts", .type = 'f', .claims = true },
	{ "a sandbox's shared memory by the annotations alone", SANDBOX_SHM "sand-1/shm",
	  "mount.engine", .dest = "/dev/shm", .fs_path = "/", .fs_dev = 78, .claims = true },
	{ "an infra container's hosts file by the annotations alone",
	  PODMANS "sand-1/userdata/hosts", "mount.engine", .dest = "/etc/hosts", .type = 'f',
	  .claims = true },
	{ "another infra container's hosts file", PODMANS "other/userdata/hosts", "mount.engine",
	  .dest = "/etc/hosts", .type = 'f' },
	{ "another infra container's resolv.conf", PODMANS "other/userdata/resolv.conf",
	  "mount.engine", .dest = "/etc/resolv.conf", .type = 'f' },
	{ "another infra container's shared memory", PODMANS "other/userdata/shm", "mount.engine",
	  .dest = "/dev/shm", .fs_path = "/", .fs_dev = 78 },
	{ "the infra container's secrets", PODMANS "sand-1/userdata/secrets", "mount.engine",
	  .dest = "/run/secrets" },
	{ "the infra container's config", PODMANS "sand-1/userdata/config.json", "mount.engine",
	  .type = 'f' },
	{ "another CRI-O sandbox's hostname", CRIO "other/userdata/hostname", "mount.engine",
	  .dest = "/etc/hostname", .type = 'f' },
	{ "the sandbox's own files where it takes itself for another", SANDBOX "other/hosts",
	  "mount.engine", .dest = "/etc/hosts", .type = 'f', .is_sandbox = true },
	{ "a pod's hosts by the annotations alone", PODS "uid-1/etc-hosts", "mount.engine",
	  .dest = "/etc/hosts", .type = 'f', .claims = true },
	{ "another pod's hosts", PODS "uid-9/etc-hosts", "mount.engine", .dest = "/etc/hosts",
	  .type = 'f' },
	{ "another pod's termination log", PODS "uid-9/containers/c/0a1b", "mount.engine",
	  .dest = "/dev/termination-log", .type = 'f' },
	{ "a termination log in another place", PODS "uid-1/containers/c/0a1b", "mount.engine",
	  .dest = "/log", .type = 'f' },
	{ "another pod's configMap", PODS "uid-9/volumes/kubernetes.io~configmap/c", "mount.engine",
	  .type = 'd' },
	{ "another pod's downwardAPI", PODS "uid-9/volumes/kubernetes.io~downward-api/c",
	  "mount.engine", .type = 'd' },
	{ "another pod's volume of a CSI driver", PODS "uid-9/volumes/kubernetes.io~csi/v/mount",
	  "mount.engine", .type = 'd' },
	{ "what a CSI driver keeps beside a volume",
	  PODS "uid-1/volumes/kubernetes.io~csi/v/vol_data.json", "mount.engine", .type = 'f' },
	{ "another pod's emptyDir", PODS "uid-9/volumes/kubernetes.io~empty-dir/e", "mount.engine",
	  .type = 'd' },
	{ "a pod's secret volume", PODS "uid-1/volumes/kubernetes.io~secret/s", "mount.engine",
	  .type = 'd', .says = "a Secret volume" },
	{ "a subPath of a pod's volume", PODS "uid-1/volume-subpaths/v/c/0", "mount.engine",
	  .type = 'd', .says = "mount the whole volume" },
	{ "an init program that is not root's", "/srv/p/docker-init", "mount.target",
	  .dest = "/proc/x", .type = 'f' },
	/* destinations */
	{ "a bind over /proc", "/srv/p", "mount.target", .dest = "/proc", .uid = 1000 },
	{ "a bind below /sys", "/srv/p", "mount.target", .dest = "/sys/fs/x", .uid = 1000 },
	{ "a bind over the root", "/srv/p", "mount.target", .dest = "/", .uid = 1000 },
	{ "a bind over /proc, written with dots", "/srv/p", "mount.target",
	  .dest = "/a/../proc/self", .uid = 1000 },
	/* allowed, but not so far */
	{ "a socket below an allowed directory", "/srv/ok/s", "mount.socket", .type = 's',
	  .profile = PROFILE("\"allow\":[\"/srv/ok\"]") },
	{ "credentials below an allowed home", "/home/u/.ssh", "mount.credentials", .uid = 1000,
	  .profile = PROFILE("\"allow\":[\"/home/u\"]") },
	{ "what only begins like an allowed path", "/etc/fool", "mount.system",
	  .profile = PROFILE("\"allow\":[\"/etc/foo\"]") },
	{ "what an allowed path links to", "/srv/ok", "mount.credentials", .real = "/root/.ssh",
	  .profile = PROFILE("\"allow\":[\"/srv/ok\"]") },
};

static const struct row passed[] = {
	{ "a project directory", "/srv/p", NULL, .uid = 1000 },
	{ "a project below a home", "/home/u/src/p", NULL, .uid = 1000 },
	{ "a project below root's home", "/root/p", NULL, .type = 'd' },
	{ "a directory below /tmp", "/tmp/p", NULL, .uid = 1000 },
	{ "a name that only begins like a credential path", "/home/u/.sshfs", NULL, .uid = 1000 },
	{ "the time zone", "/etc/localtime", NULL, .type = 'f' },
	{ "the host's certificates", "/etc/ssl/certs", NULL, .type = 'd' },
	{ "the own resolv.conf", OWN "/resolv.conf", NULL, .dest = "/etc/resolv.conf",
	  .type = 'f' },
	{ "the own hosts", OWN "/hosts", NULL, .dest = "/etc/hosts", .type = 'f' },
	{ "the own hostname", OWN "/hostname", NULL, .dest = "/etc/hostname", .type = 'f' },
	{ "the own shared memory", OWN "/mounts/shm", NULL, .dest = "/dev/shm" },
	{ "a named volume", DOCKER "/volumes/v1/_data", NULL, .dest = "/data" },
	{ "a volume that is a file system of its own", DOCKER "/volumes/v1/_data", NULL,
	  .dest = "/data", .fs_path = "/", .fs_dev = 77 },
	{ "a volume where the engine's root is a bind mount", DOCKER "/volumes/v1/_data", NULL,
	  .dest = "/data", .fs_path = "/big/docker/volumes/v1/_data" },
	{ "the engine's init program", "/usr/sbin/docker-init", NULL, .dest = "/sbin/docker-init",
	  .type = 'f' },
	{ "Podman's own hosts", PODMAN "/hosts", NULL, .dest = "/etc/hosts", .type = 'f' },
	{ "Podman's own shared memory", PODMAN "/shm", NULL, .dest = "/dev/shm" },
	{ "the sandbox's hosts", SANDBOX "sand-1/hosts", NULL, .dest = "/etc/hosts", .type = 'f' },
	{ "the sandbox's resolv.conf", SANDBOX "sand-1/resolv.conf", NULL,
	  .dest = "/etc/resolv.conf", .type = 'f' },
	{ "the sandbox's hostname", SANDBOX "sand-1/hostname", NULL, .dest = "/etc/hostname",
	  .type = 'f' },
	{ "the sandbox's shared memory", SANDBOX_SHM "sand-1/shm", NULL, .dest = "/dev/shm",
	  .fs_path = "/", .fs_dev = 78 },
	{ "the sandbox itself gets its files, too", SANDBOX TEST_ID "/hosts", NULL,
	  .dest = "/etc/hosts", .type = 'f', .is_sandbox = true },
	{ "and its shared memory", SANDBOX_SHM TEST_ID "/shm", NULL, .dest = "/dev/shm",
	  .fs_path = "/", .fs_dev = 78, .is_sandbox = true },
	{ "the infra container's hosts", PODMANS "sand-1/userdata/hosts", NULL,
	  .dest = "/etc/hosts", .type = 'f' },
	{ "the infra container's resolv.conf", PODMANS "sand-1/userdata/resolv.conf", NULL,
	  .dest = "/etc/resolv.conf", .type = 'f' },
	{ "the infra container's shared memory", PODMANS "sand-1/userdata/shm", NULL,
	  .dest = "/dev/shm", .fs_path = "/", .fs_dev = 78 },
	{ "CRI-O's hostname of the sandbox", CRIO "sand-1/userdata/hostname", NULL,
	  .dest = "/etc/hostname", .type = 'f' },
	{ "CRI-O's .containerenv of the sandbox", CRIO "sand-1/userdata/.containerenv", NULL,
	  .dest = "/run/.containerenv", .type = 'f' },
	{ "the pod's termination log", PODS "uid-1/containers/c/0a1b", NULL,
	  .dest = "/dev/termination-log", .type = 'f' },
	{ "the pod's configMap", PODS "uid-1/volumes/kubernetes.io~configmap/c", NULL,
	  .dest = "/c" },
	{ "the pod's downwardAPI", PODS "uid-1/volumes/kubernetes.io~downward-api/c", NULL,
	  .dest = "/d" },
	{ "the pod's volume of a CSI driver", PODS "uid-1/volumes/kubernetes.io~csi/v/mount", NULL,
	  .dest = "/v", .fs_path = "/", .fs_dev = 79 },
	{ "the pod's hosts", PODS "uid-1/etc-hosts", NULL, .dest = "/etc/hosts", .type = 'f' },
	{ "the pod's emptyDir", PODS "uid-1/volumes/kubernetes.io~empty-dir/e", NULL,
	  .dest = "/e" },
	{ "an allowed socket", "/run/docker.sock", NULL, .type = 's',
	  .profile = PROFILE("\"allow\":[\"/run/docker.sock\"]") },
	{ "an allowed credential path", "/home/u/.aws", NULL, .uid = 1000,
	  .profile = PROFILE("\"allow\":[\"/home/u/.aws\"]") },
	{ "a file below an allowed part of /etc", "/etc/app/x.conf", NULL, .type = 'f',
	  .profile = PROFILE("\"allow\":[\"/etc/app\"]") },
	{ "anything without screening", "/root/.ssh", NULL,
	  .profile = PROFILE("\"screen\":false") },
};

static int run(struct arena *a, const struct row *r, struct tight **ret_t, struct err *e)
{
	struct facts *f = h_facts(a);
	const char *text = arena_printf(
		a,
		"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},"
		"\"process\":{\"cwd\":\"/\",\"args\":[\"x\"],\"user\":{\"uid\":0,\"gid\":0}},"
		"\"annotations\":{\"io.kubernetes.cri.sandbox-id\":\"%s\","
		"\"io.kubernetes.cri.sandbox-uid\":\"uid-1\"},"
		"\"mounts\":[{\"destination\":\"%s\",\"source\":\"%s\",\"options\":[\"rbind\","
		"\"rw\"]}]}",
		r->is_sandbox ? TEST_ID : "sand-1", r->dest ? r->dest : "/x", r->source);

	if (!r->is_sandbox)
		f->pod.named = "sand-1";
	if (!r->is_sandbox && !r->claims) {
		f->pod.id = f->pod.named;
		f->pod.uid = "uid-1";
	}
	f->mounts = arena_alloc(a, 1, sizeof(*f->mounts));
	f->n_mounts = 1;
	f->mounts[0] = h_path(a, r->real ? r->real : r->source);
	f->mounts[0].given = r->source;
	f->mounts[0].type = r->type ? r->type : 'd';
	f->mounts[0].uid = f->mounts[0].gid = r->uid;
	if (r->fs_path) {
		f->mounts[0].fs_dev = r->fs_dev ? r->fs_dev : 1;
		f->mounts[0].fs_path = r->fs_path;
	}
	return tighten(a, h_spec(a, text), h_profile(a, "agent", r->profile), f, ret_t, e);
}

static void screening(void)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		auto_arena struct arena a = ARENA_INIT;
		struct err e = ERR_INIT;
		struct tight *t = NULL;
		bool denied = run(&a, &refused[i], &t, &e) == -1 && e.kind == ERR_DENIED;

		if (!t_ok(denied && streq(e.rule, refused[i].rule) &&
				  (!refused[i].says || strstr(e.msg, refused[i].says)),
			  arena_printf(&a, "refused: %s", refused[i].name)))
			t_note("%s: %s", denied ? e.rule : "passed", e.msg);
	}
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
		auto_arena struct arena a = ARENA_INIT;
		struct err e = ERR_INIT;
		struct tight *t = NULL;

		if (!t_ok(run(&a, &passed[i], &t, &e) == 0 && t->spec->n_mounts == 1,
			  arena_printf(&a, "passes: %s", passed[i].name)))
			t_note("%s: %s", e.rule, e.msg);
	}
}

static void names_the_way(void)
{
	auto_arena struct arena a = ARENA_INIT;
	struct row r = { "", "/srv/p/link", .real = "/home/u/.aws" };
	struct err e = ERR_INIT;
	struct tight *t;

	run(&a, &r, &t, &e);
	if (!t_ok(strstr(e.msg, "mounts[0]") && strstr(e.msg, "/srv/p/link") &&
			  strstr(e.msg, "/home/u/.aws") && strstr(e.msg, "mounts.allow"),
		  "a refusal names the mount, what it really is, and how to allow it"))
		t_note("%s", e.msg);
}

/* ---- whose files they are ---- */

static bool has_option(const struct oci_mount *m, const char *name)
{
	for (size_t i = 0; i < m->n_options; i++)
		if (streq(m->options[i], name))
			return true;
	return false;
}

static void owners(void)
{
	static const struct {
		const char *name;
		struct row r;
		int idmap;
		bool readonly;
	} rows[] = {
		{ "a user's project is mapped to its owner",
		  { "", "/srv/p", .uid = 1000 },
		  IDMAP_OWNER,
		  false },
		{ "a project of the host's root is read-only",
		  { "", "/srv/p", .type = 'd' },
		  IDMAP_NONE,
		  true },
		{ "a project of the host's root is written as the id that the profile names",
		  { "", "/srv/p", .type = 'd', .profile = PROFILE("\"rootProjectsAs\":\"1000:100\"") },
		  IDMAP_OWNER,
		  false },
		{ "what the container owns already stays as it is",
		  { "", "/srv/p", .uid = ID_BASE + 5 },
		  IDMAP_NONE,
		  false },
		{ "a named volume keeps its ids",
		  { "", DOCKER "/volumes/v/_data", .type = 'd' },
		  IDMAP_CONTAINER,
		  false },
		{ "an engine's file is read-only",
		  { "", OWN "/hosts", .dest = "/etc/hosts", .type = 'f' },
		  IDMAP_NONE,
		  true },
		{ "an engine's shared memory can be written",
		  { "", OWN "/mounts/shm", .dest = "/dev/shm" },
		  IDMAP_NONE,
		  false },
		{ "an allowed path of the host's root is read-only all the same",
		  { "", "/run/docker.sock", .type = 's',
		    .profile = PROFILE("\"allow\":[\"/run/docker.sock\"]") },
		  IDMAP_NONE,
		  true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_arena struct arena a = ARENA_INIT;
		struct err e = ERR_INIT;
		struct tight *t = NULL;

		if (!t_ok(run(&a, &rows[i].r, &t, &e) == 0 && t->mounts[0].idmap == rows[i].idmap &&
				  t->mounts[0].force_readonly == rows[i].readonly &&
				  has_option(&t->spec->mounts[0], "ro") == rows[i].readonly &&
				  has_option(&t->spec->mounts[0], "rw") == !rows[i].readonly &&
				  has_option(&t->spec->mounts[0], "nosuid") &&
				  has_option(&t->spec->mounts[0], "nodev"),
			  rows[i].name))
			t_note("%s", e.msg);
	}

	auto_arena struct arena a = ARENA_INIT;
	struct err e = ERR_INIT;
	struct tight *t = NULL;

	run(&a, &rows[0].r, &t, &e);
	t_ok(t && t->mounts[0].owner_uid == 1000 && t->mounts[0].ctr_uid == 0 &&
		     t->mount_facts[0].uid == 1000 && streq(t->mount_facts[0].realpath, "/srv/p"),
	     "the owner and the container's user go to the plan");
	run(&a, &rows[2].r, &t, &e);
	t_ok(t && t->mounts[0].owner_uid == 1000 && t->mounts[0].owner_gid == 100 &&
		     h_find(t->findings, t->n_findings, "mount.owner", FIND_REPLACED, "1000:100"),
	     "that id and no other goes to the plan");
	run(&a, &rows[0].r, &t, &e);
	t_ok(t && !has_option(&t->spec->mounts[0], "rbind") &&
		     has_option(&t->spec->mounts[0], "bind"),
	     "what is mounted below a source is not shown");
	t_ok(t && h_find(t->findings, t->n_findings, "mount.owner", FIND_REPLACED, "1000:1000"),
	     "the mapping is a finding");
}

/* ---- sources whose file system cannot be idmapped, or that are not there ---- */

static int run_with(struct arena *a, const char *options,
		    void (*change)(struct facts *f, struct fact_path *p), struct tight **ret_t,
		    struct err *e)
{
	struct facts *f = h_facts(a);
	const char *text = arena_printf(
		a,
		"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},"
		"\"process\":{\"cwd\":\"/\",\"args\":[\"x\"],\"user\":{\"uid\":0,\"gid\":0}},"
		"\"mounts\":[{\"destination\":\"/x\",\"source\":\"/srv/p\",\"options\":[%s]}]}",
		options);
	struct fact_path at = h_path(a, "/srv/p");

	at.uid = at.gid = 1000;
	change(f, &at);
	f->mounts = &at;
	f->n_mounts = 1;
	return tighten(a, h_spec(a, text), h_profile(a, "agent", NULL), f, ret_t, e);
}

static void cannot_idmap(struct facts *f, struct fact_path *p)
{
	(void)f;
	p->can_idmap = false;
	p->fstype = "nfs";
}

static void is_gone(struct facts *f, struct fact_path *p)
{
	(void)f;
	p->realpath = NULL;
	p->type = 0;
}

static void as_it_is(struct facts *f, struct fact_path *p)
{
	(void)f, (void)p;
}

static void group_is_root(struct facts *f, struct fact_path *p)
{
	(void)f;
	p->gid = 0;
}

static void special(void)
{
	auto_arena struct arena a = ARENA_INIT;
	struct err e = ERR_INIT;
	struct tight *t = NULL;

	t_ok(run_with(&a, "\"bind\"", cannot_idmap, &t, &e) == -1 && streq(e.rule, "mount.owner") &&
		     strstr(e.msg, "nfs"),
	     "a source that cannot be idmapped is refused with its file system");
	t_ok(run_with(&a, "\"bind\",\"ro\"", cannot_idmap, &t, &e) == 0 &&
		     t->mounts[0].force_readonly && t->mounts[0].idmap == IDMAP_NONE,
	     "the same read-only passes as it is");
	t_ok(run_with(&a, "\"bind\"", group_is_root, &t, &e) == 0 && t->mounts[0].force_readonly,
	     "a project of the host's root group is read-only");
	e = (struct err)ERR_INIT;
	t_ok(run_with(&a, "\"bind\"", is_gone, &t, &e) == -1 &&
		     strstr(e.msg, "no such file or directory"),
	     "a source that does not exist is refused");
	t_ok(run_with(&a, "\"bind\",\"remount\"", as_it_is, &t, &e) == -1 &&
		     streq(e.rule, "mount.options"),
	     "a remount is refused");
	t_ok(run_with(&a, "\"rbind\",\"rshared\",\"suid\",\"dev\",\"idmap\"", as_it_is, &t, &e) ==
			     0 &&
		     !has_option(&t->spec->mounts[0], "rshared") &&
		     !has_option(&t->spec->mounts[0], "suid") &&
		     !has_option(&t->spec->mounts[0], "dev") &&
		     !has_option(&t->spec->mounts[0], "idmap") &&
		     has_option(&t->spec->mounts[0], "nosuid") &&
		     h_find(t->findings, t->n_findings, "mount.propagation", FIND_REMOVED,
			    "rshared"),
	     "sharing, setuid, devices and the config's own maps are taken away");
	t_ok(run_with(&a, "\"rbind\",\"rprivate\",\"noexec\"", as_it_is, &t, &e) == 0 &&
		     has_option(&t->spec->mounts[0], "rprivate") &&
		     has_option(&t->spec->mounts[0], "noexec"),
	     "what narrows stays");
}

int main(void)
{
	screening();
	names_the_way();
	owners();
	special();
	return t_done();
}
