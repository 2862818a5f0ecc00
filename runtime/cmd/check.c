/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c - `check`: what this kernel and machine can enforce, what it is used for, how to get it
 *
 * Each row asks for a feature, not for a version, except where asking would mean mounting. Nothing
 * is changed: what has to be tried is tried in a child that ends at once.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/table.h"
#include "cmd/cmd.h"
#include "cmd/paths.h"
#include "cmd/profiles.h"
#include "probe/probe.h"
#include "state/state.h"
#include "sys/syscalls.h"

#define CANNOT_ENFORCE 3

struct check_opts {
	bool json;
};

#define X(...) OPT_ROW(struct check_opts, __VA_ARGS__)
static const struct opt opts[] = {
	X(FLAG, json, "json", 0, NULL, "as JSON"),
	{ 0 },
};

struct machine {
	struct arena *a;
	const struct cmd_ctx *ctx;
	const struct facts *f;
	const char *profile_dir;
};

/* ---- one function a row; *ret_detail may say more ---- */

static bool can_unshare(int flags)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0)
		_exit(unshare(flags) == 0 ? 0 : 1);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool has_userns(const struct machine *m, const char **ret_detail)
{
	auto_free char *max = NULL;

	if (can_unshare(CLONE_NEWUSER))
		return true;
	if (fd_read_file("/proc/sys/user/max_user_namespaces", 64, &max, NULL, NULL) == 0 &&
	    strtoull(max, NULL, 10) == 0)
		*ret_detail = "user.max_user_namespaces is 0";
	(void)m;
	return false;
}

static bool has_ids(const struct machine *m, const char **ret_detail)
{
	struct settings s;
	struct id_grant g;
	struct err e = ERR_INIT;

	if (profiles_settings(m->a, m->profile_dir, &s, &e) == 0) {
		const struct id_space from = { s.ids.user, s.ids.first, s.ids.count };

		if (state_peek_ids(&from, &g, &e) == 0) {
			*ret_detail = arena_printf(m->a, "next: %u to %u", g.base,
						   g.base + g.size - 1);
			return true;
		}
	}
	*ret_detail = arena_strdup(m->a, e.msg);
	return false;
}

static bool has_overlay(const struct machine *m, const char **ret_detail)
{
	(void)ret_detail;
	return m->f->kernel_overlay;
}

/* Only by its number: an overlay over idmapped layers would have to be mounted. */
static bool has_idmapped_layers(const struct machine *m, const char **ret_detail)
{
	unsigned major = 0, minor = 0;

	*ret_detail = arena_printf(m->a, "kernel %s", m->f->kernel);
	if (!m->f->kernel_idmap || sscanf(m->f->kernel, "%u.%u", &major, &minor) != 2)
		return false;
	return major > 5 || (major == 5 && minor >= 19);
}

static bool has_resolve(const struct machine *m, const char **ret_detail)
{
	/* RESOLVE_IN_ROOT with a bad flag: EINVAL where the call is there */
	(void)m, (void)ret_detail;
	return sys_openat2(-1, "", ~UINT64_C(0), 0, 0) >= 0 || errno != ENOSYS;
}

static bool has_pidfd(const struct machine *m, const char **ret_detail)
{
	auto_close int fd = sys_pidfd_open(getpid(), 0);

	(void)m, (void)ret_detail;
	return fd >= 0;
}

static bool has_seccomp(const struct machine *m, const char **ret_detail)
{
	auto_free char *text = NULL;

	(void)m, (void)ret_detail;
	return fd_read_file("/proc/sys/kernel/seccomp/actions_avail", 4096, &text, NULL, NULL) ==
		       0 &&
	       strstr(text, "errno") && strstr(text, "kill_process");
}

static bool has_controller(const struct machine *m, const char *name)
{
	auto_free char *v2 = xasprintf(" %s ", m->f->v2_controllers ? m->f->v2_controllers : "");
	auto_free char *want = xasprintf(" %s ", name);

	for (char *p = v2; *p; p++)
		*p = *p == '\n' ? ' ' : *p;
	if (strstr(v2, want))
		return true;
	for (size_t i = 0; i < m->f->n_hierarchies; i++) {
		auto_free char *list = xasprintf(",%s,", m->f->hierarchies[i].controllers);
		auto_free char *one = xasprintf(",%s,", name);

		if (strstr(list, one))
			return true;
	}
	return false;
}

static bool has_pids(const struct machine *m, const char **ret_detail)
{
	(void)ret_detail;
	return has_controller(m, "pids");
}

static bool has_memory(const struct machine *m, const char **ret_detail)
{
	(void)ret_detail;
	return has_controller(m, "memory");
}

static bool has_cgroup_kill(const struct machine *m, const char **ret_detail)
{
	(void)ret_detail;
	return m->f->kernel_cgroup_kill;
}

static bool has_proxy(const struct machine *m, const char **ret_detail)
{
	const char *path = paths_egress(m->ctx);

	*ret_detail = path;
	return access(path, X_OK) == 0;
}

static bool has_netns(const struct machine *m, const char **ret_detail)
{
	(void)ret_detail;
	return can_unshare(m->f->euid == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET);
}

static bool has_steering(const struct machine *m, const char **ret_detail)
{
	*ret_detail = m->f->kernel_steer ? "by a BPF program" :
		      m->f->kernel_veth	 ? "by a pair of interfaces to a namespace of the proxy's" :
					   NULL;
	return *ret_detail != NULL;
}

static bool is_policy_sound(const struct machine *m, const char **ret_detail)
{
	const char **names;
	const struct profile *p;
	struct settings s;
	struct err e = ERR_INIT;
	size_t n, i = 0;

	if (profiles_settings(m->a, m->profile_dir, &s, &e) == 0 &&
	    profiles_names(m->a, m->profile_dir, true, &names, &n, &e) == 0) {
		while (i < n && profiles_load(m->a, m->profile_dir, names[i], &p, &e) == 0)
			i++;
		if (i == n)
			return true;
	}
	*ret_detail = arena_strdup(m->a, e.msg);
	return false;
}

static bool has_lsm(const struct machine *m, const char **ret_detail)
{
	*ret_detail = m->f->apparmor ? "AppArmor" : m->f->selinux ? "SELinux" : NULL;
	return m->f->apparmor || m->f->selinux;
}

static bool has_landlock(const struct machine *m, const char **ret_detail)
{
	static const char *const holds[] = { "nothing", "files, but none can be moved", "files", "files",
					     "files and TCP ports", "files and TCP ports",
					     "files, TCP ports, abstract sockets and signals" };
	unsigned abi = m->f->landlock_abi, newest = ARRAY_SIZE(holds) - 1;

	*ret_detail = arena_printf(m->a, "ABI %u: %s", abi, holds[abi < newest ? abi : newest]);
	return abi >= newest;
}

static const struct {
	const char *feature;
	bool needed; /* by the profile agent: without it containers are refused or not held */
	const char *used_for, *how;
	bool (*is_there)(const struct machine *m, const char **ret_detail);
} rows[] = {
	{ "user namespaces", true, "root in a container is nobody on the host",
	  "set user.max_user_namespaces above 0; kernel option CONFIG_USER_NS", has_userns },
	{ "ids for containers", true, "no two containers have a host id in common",
	  "see ids in agentrt.json(5)", has_ids },
	{ "overlay file system", true, "the root of a container is thrown away",
	  "modprobe overlay; kernel option CONFIG_OVERLAY_FS", has_overlay },
	{ "idmapped overlay layers", true, "images are used as they are under shifted ids",
	  "Linux 5.19 or newer; without: \"userns\": \"prefer\"", has_idmapped_layers },
	{ "network namespaces", true, "a container has no network but the proxy",
	  "kernel option CONFIG_NET_NS", has_netns },
	{ "agentrt-egress", true, "the proxy that decides what leaves a container",
	  "install it where this program was configured to find it", has_proxy },
	{ "steered connections", false,
	  "programs that know of no proxy reach what is allowed; else only those that do",
	  "kernel option CONFIG_VETH; or CAP_BPF and CAP_NET_ADMIN on the host, and Linux 5.9",
	  has_steering },
	{ "seccomp filters", true, "system calls that no agent needs are refused",
	  "kernel option CONFIG_SECCOMP_FILTER", has_seccomp },
	{ "openat2", true, "no link of an image leads out of it", "Linux 5.6 or newer",
	  has_resolve },
	{ "pidfd", true, "no signal reaches another process than it was meant for",
	  "Linux 5.3 or newer", has_pidfd },
	{ "pids controller", true, "a container cannot take all processes of the machine",
	  "mount cgroup2, or the v1 hierarchy pids", has_pids },
	{ "memory controller", true, "a container cannot take all memory of the machine",
	  "mount cgroup2, or the v1 hierarchy memory; boot with cgroup_enable=memory",
	  has_memory },
	{ "profiles and settings", true, "they are what an administrator wrote, and sound",
	  "see agentrt profile check", is_policy_sound },
	{ "Landlock", false, "a second fence, of the profile agent-strict and where one asks for it",
	  "Linux 6.12 or newer, with landlock in lsm=", has_landlock },
	{ "cgroup.kill", false, "all processes of a container end at once; else one by one",
	  "Linux 5.14 or newer with cgroup2 alone", has_cgroup_kill },
	{ "AppArmor or SELinux", false, "labels that an engine asks for", "boot with lsm=",
	  has_lsm },
};

struct result {
	bool present;
	const char *detail;
};

static void text(struct strbuf *b, const struct result *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		strbuf_addf(b, "%-4s %-24s %s%s\n",
			    r[i].present ? "yes" : rows[i].needed ? "NO" : "no", rows[i].feature,
			    rows[i].used_for, rows[i].needed ? "" : " (optional)");
		if (r[i].detail)
			strbuf_addf(b, "%30s%s\n", "", r[i].detail);
		if (!r[i].present)
			strbuf_addf(b, "%30sto get it: %s\n", "", rows[i].how);
	}
}

static void put(struct strbuf *b, const char *key, const char *value)
{
	strbuf_addf(b, ",\"%s\":", key);
	strbuf_add_json(b, value);
}

static void json(struct strbuf *b, const struct result *r, const struct facts *f, bool all)
{
	strbuf_addf(b, "{\"check\":1,\"enforced\":%s", all ? "true" : "false");
	put(b, "kernel", f->kernel);
	strbuf_adds(b, ",\"features\":[");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		strbuf_addf(b, "%s\n{\"present\":%s,\"needed\":%s", i ? "," : "",
			    r[i].present ? "true" : "false", rows[i].needed ? "true" : "false");
		put(b, "feature", rows[i].feature);
		put(b, "used_for", rows[i].used_for);
		put(b, "how_to_get", rows[i].how);
		put(b, "detail", r[i].detail);
		strbuf_adds(b, "}");
	}
	strbuf_adds(b, "\n]}\n");
}

static int run_check(struct cmd_ctx *ctx, const void *opts_, const struct opt_args *args,
		     struct err *e)
{
	const struct check_opts *o = opts_;
	struct machine m = { .a = ctx->a, .ctx = ctx, .profile_dir = ctx->profile_dir };
	auto_strbuf struct strbuf b = STRBUF_INIT;
	struct result r[ARRAY_SIZE(rows)] = { 0 };
	struct facts *f;
	bool all = true;

	(void)args; /* takes none */
	if (probe_host(ctx->a, &f, e))
		return -1;
	m.f = f;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		r[i].present = rows[i].is_there(&m, &r[i].detail);
		all = all && (r[i].present || !rows[i].needed);
	}
	if (o->json)
		json(&b, r, f, all);
	else
		text(&b, r);
	if (cmd_out(&b, e))
		return -1;
	return all ? 0 : CANNOT_ENFORCE;
}

const struct cmd cmd_check = {
	.name = "check",
	.args = "[options]",
	.summary = "what this machine can enforce, and how to get what it cannot",
	.more = "Ends with status 3 where something is missing that the profile agent needs.\n",
	.opts = opts,
	.opts_size = sizeof(struct check_opts),
	.max_args = CMD_NO_ARGS,
	.root = ROOT_UNUSED,
	.run = run_check,
};
