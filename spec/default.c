/* SPDX-License-Identifier: Apache-2.0 */
/*
 * default.c - what `agentrt spec` prints: a container that runs sh, with the content that people
 * know from `runc spec`, and a cgroup namespace
 */
#include <linux/capability.h>
#include <string.h>
#include <sys/resource.h>

#include "base/str.h"
#include "base/table.h"
#include "spec/spec.h"

#define CAP(x) (UINT64_C(1) << CAP_##x)

static const char *const args[] = { "sh" };
static const char *const env[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"TERM=xterm",
};

static const struct {
	const char *destination, *type, *source;
	const char *options[8];
} mounts[] = {
	{ "/proc", "proc", "proc", { NULL } },
	{ "/dev", "tmpfs", "tmpfs", { "nosuid", "strictatime", "mode=755", "size=65536k" } },
	{ "/dev/pts", "devpts", "devpts",
	  { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5" } },
	{ "/dev/shm", "tmpfs", "shm", { "nosuid", "noexec", "nodev", "mode=1777", "size=65536k" } },
	{ "/dev/mqueue", "mqueue", "mqueue", { "nosuid", "noexec", "nodev" } },
	{ "/sys", "sysfs", "sysfs", { "nosuid", "noexec", "nodev", "ro" } },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", { "nosuid", "noexec", "nodev", "relatime", "ro" } },
};

/* Without a network namespace of its own sysfs cannot be mounted: the host's is bound. */
static const char *const rootless_sys[] = { "rbind", "nosuid", "noexec", "nodev", "ro" };

static const char *const masked_paths[] = {
	"/proc/acpi",		"/proc/asound",	     "/proc/kcore",	  "/proc/keys",
	"/proc/latency_stats",	"/proc/timer_list",  "/proc/timer_stats", "/proc/sched_debug",
	"/sys/firmware",	"/proc/scsi",	     "/sys/devices/virtual/tpm",
};
static const char *const readonly_paths[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

static const enum oci_ns_type namespaces[] = {
	NS_PID, NS_NETWORK, NS_IPC, NS_UTS, NS_MOUNT, NS_CGROUP,
};
static const enum oci_ns_type rootless_namespaces[] = {
	NS_PID, NS_IPC, NS_UTS, NS_MOUNT, NS_CGROUP, NS_USER,
};

/* Tables are constant, the spec is not: its lists are copies. */
static void *copy(struct arena *a, const void *from, size_t n, size_t size)
{
	return memcpy(arena_alloc(a, n, size), from, n * size);
}
#define COPY(a, table) copy((a), (table), ARRAY_SIZE(table), sizeof((table)[0]))

static struct oci_process *make_process(struct arena *a)
{
	const uint64_t set = CAP(AUDIT_WRITE) | CAP(KILL) | CAP(NET_BIND_SERVICE);
	const struct oci_rlimit nofile = { RLIMIT_NOFILE, 1024, 1024 };
	const struct oci_caps caps = { .bounding = set, .effective = set, .permitted = set };
	const struct oci_process p = {
		.terminal = true,
		.cwd = "/",
		.args = COPY(a, args),
		.n_args = ARRAY_SIZE(args),
		.env = COPY(a, env),
		.n_env = ARRAY_SIZE(env),
		.caps = copy(a, &caps, 1, sizeof(caps)),
		.rlimits = copy(a, &nofile, 1, sizeof(nofile)),
		.n_rlimits = 1,
		.no_new_privileges = true,
		.io_class = -1,
	};

	return copy(a, &p, 1, sizeof(p));
}

static void make_mounts(struct arena *a, struct oci_spec *s, bool rootless)
{
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		struct oci_mount *m = arena_push(a, s->mounts, s->n_mounts);

		m->destination = mounts[i].destination;
		m->type = mounts[i].type;
		m->source = mounts[i].source;
		if (rootless && streq(m->type, "sysfs")) {
			m->type = "none";
			m->source = "/sys";
			m->options = COPY(a, rootless_sys);
			m->n_options = ARRAY_SIZE(rootless_sys);
			continue;
		}
		for (const char *const *o = mounts[i].options; *o; o++)
			if (!rootless || !str_has_prefix(*o, "gid=")) /* 5 is not mapped */
				*arena_push(a, m->options, m->n_options) = *o;
	}
}

static void make_namespaces(struct arena *a, struct oci_linux *l, const enum oci_ns_type *types,
			    size_t n)
{
	for (size_t i = 0; i < n; i++)
		arena_push(a, l->namespaces, l->n_namespaces)->type = (int)types[i];
}

static struct oci_resources *make_resources(struct arena *a)
{
	const struct oci_device_rule none = { .allow = false, .read = true, .write = true,
					      .mknod = true };
	struct oci_resources *r = arena_alloc(a, 1, sizeof(*r));

	r->devices = copy(a, &none, 1, sizeof(none));
	r->n_devices = 1;
	return r;
}

static void make_linux(struct arena *a, struct oci_linux *l)
{
	l->masked_paths = COPY(a, masked_paths);
	l->n_masked_paths = ARRAY_SIZE(masked_paths);
	l->readonly_paths = COPY(a, readonly_paths);
	l->n_readonly_paths = ARRAY_SIZE(readonly_paths);
	l->personality = -1;
}

void spec_default(struct arena *a, bool rootless, uint32_t uid, uint32_t gid,
		  struct oci_spec **ret_spec)
{
	const struct oci_root root = { .path = "rootfs", .readonly = true };
	const struct oci_idmap u = { 0, uid, 1 }, g = { 0, gid, 1 };
	struct oci_spec *s = arena_alloc(a, 1, sizeof(*s));
	struct oci_linux *l = &s->linux_;

	s->oci_version = SPEC_OCI_VERSION;
	s->root = copy(a, &root, 1, sizeof(root));
	s->process = make_process(a);
	s->hostname = "agentrt";
	s->has_linux = true;
	make_mounts(a, s, rootless);
	make_linux(a, l);
	if (rootless) {
		l->uid_mappings = copy(a, &u, 1, sizeof(u));
		l->gid_mappings = copy(a, &g, 1, sizeof(g));
		l->n_uid_mappings = l->n_gid_mappings = 1;
		make_namespaces(a, l, rootless_namespaces, ARRAY_SIZE(rootless_namespaces));
	} else {
		l->resources = make_resources(a);
		make_namespaces(a, l, namespaces, ARRAY_SIZE(namespaces));
	}
	*ret_spec = s;
}
