/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lint.c - what a profile opens, as rules over its members
 *
 * Switches are a table of their own; lists are looked at entry by entry. A profile that is no wider
 * than the built-in agent has no hole; the built-in oci has one for nearly every row.
 */
#include "profiles/lint.h"

#include "base/hostname.h"
#include "base/path.h"
#include "base/str.h"
#include "base/table.h"
#include "profiles/secrets.h"
#include "profiles/sources.h"
#include "profiles/tighten.h"
#include "spec/names.h"

#define PORTS_MANY 16u

struct lint {
	struct arena *a;
	const struct profile *p;
	struct lint_hole *holes;
	size_t n;
};

static void hole(struct lint *l, const char *rule, const char *member, const char *what)
{
	*arena_push(l->a, l->holes, l->n) = (struct lint_hole){ rule, member, what };
}

/* ---- switches ---- */

static bool no_userns(const struct profile *p)
{
	return p->userns != USERNS_REQUIRE;
}

static bool root_is_written(const struct profile *p)
{
	return p->root.mode != ROOT_OVERLAY;
}

static bool no_caps_screen(const struct profile *p)
{
	return !p->caps.screen;
}

static bool privileges_can_rise(const struct profile *p)
{
	return !p->no_new_privs;
}

static bool no_process_screen(const struct profile *p)
{
	return !p->process_screen;
}

static bool no_devices_screen(const struct profile *p)
{
	return !p->devices_screen;
}

static bool no_sysctl_screen(const struct profile *p)
{
	return !p->sysctl_screen;
}

static bool no_pids_limit(const struct profile *p)
{
	return p->pids_limit == 0;
}

static bool no_mounts_screen(const struct profile *p)
{
	return !p->mounts.screen;
}

static bool no_env_screen(const struct profile *p)
{
	return !p->env.screen;
}

static bool nests(const struct profile *p)
{
	return p->nested;
}

static bool no_seccomp(const struct profile *p)
{
	return !p->seccomp;
}

static bool no_proxy(const struct profile *p)
{
	return p->egress.mode == NET_ENGINE || p->egress.mode == NET_AS_SPEC;
}

static bool dials_from_host(const struct profile *p)
{
	return p->egress.mode == NET_EGRESS && streq(p->egress.via, "host");
}

static const struct {
	const char *rule, *member, *what;
	bool (*is_open)(const struct profile *p);
} switches[] = {
	{ "lint.userns", "userns", "root in the container may be root on the host", no_userns },
	{ "lint.root", "root.mode", "what the container writes stays in the image's directory",
	  root_is_written },
	{ "lint.caps.screen", "capabilities.screen", "the config decides about capabilities",
	  no_caps_screen },
	{ "lint.nnp", "process.noNewPrivileges", "setuid programs of the image give privileges",
	  privileges_can_rise },
	{ "lint.process", "process.screen",
	  "the container may put itself before the host's processes (OOM score, real-time)",
	  no_process_screen },
	{ "lint.devices", "devices.screen", "devices of the host reach the container",
	  no_devices_screen },
	{ "lint.sysctl", "sysctl.screen", "the config sets the machine's kernel settings",
	  no_sysctl_screen },
	{ "lint.limits.pids", "limits.pids", "a fork bomb takes all processes of the machine",
	  no_pids_limit },
	{ "lint.mount.screen", "mounts.screen", "any path of the host can be mounted",
	  no_mounts_screen },
	{ "lint.env.screen", "env.screen", "secrets in the environment reach the container",
	  no_env_screen },
	{ "lint.nested", "nested",
	  "programs become root of namespaces of their own, where more of the kernel is in reach",
	  nests },
	{ "lint.seccomp", "seccomp", "every system call reaches the kernel", no_seccomp },
	{ "lint.egress.mode", "egress.mode", "the network is reached without the proxy", no_proxy },
	{ "lint.egress.via", "egress.via", "the proxy dials with the host's own addresses",
	  dials_from_host },
};

static void lint_switches(struct lint *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(switches); i++)
		if (switches[i].is_open(l->p))
			hole(l, switches[i].rule, switches[i].member, switches[i].what);
}

/* ---- capabilities and namespaces ---- */

static const struct {
	const char *name, *what;
} caps[] = {
	{ "CAP_SYS_ADMIN", "mounts, namespaces and half of the kernel's other interfaces" },
	{ "CAP_NET_ADMIN", "the network that the container is in can be changed" },
	{ "CAP_NET_RAW", "packets of any kind can be made" },
	{ "CAP_SYS_PTRACE", "memory of every process in the container's user namespace is open" },
	{ "CAP_DAC_READ_SEARCH", "files are read past their permissions, by handle" },
	{ "CAP_SYS_MODULE", "code is loaded into the kernel where there is no user namespace" },
	{ "CAP_SYS_RAWIO", "memory and ports of the machine where there is no user namespace" },
	{ "CAP_BPF", "programs are loaded into the kernel" },
	{ "CAP_PERFMON", "the kernel and other processes are observed" },
	{ "CAP_MKNOD", "device nodes are made where there is no user namespace" },
	{ "CAP_SYS_BOOT", "the machine is restarted where there is no user namespace" },
	{ "CAP_SYS_TIME", "the machine's clock is set where there is no user namespace" },
	{ "CAP_SYSLOG", "the kernel's log and addresses are read" },
	{ "CAP_CHECKPOINT_RESTORE", "memory and ids of other processes" },
};

static void lint_caps(struct lint *l)
{
	uint64_t number;

	for (size_t i = 0; l->p->caps.screen && i < ARRAY_SIZE(caps); i++)
		if (name_find(&names_cap, caps[i].name, &number) &&
		    l->p->caps.keep >> number & 1)
			hole(l, "lint.caps.keep",
			     arena_printf(l->a, "capabilities.keep: %s", caps[i].name),
			     caps[i].what);
}

static void lint_namespaces(struct lint *l)
{
	for (size_t i = 0; i < names_ns.n; i++)
		if (l->p->ns_shared >> names_ns.rows[i].value & 1)
			hole(l, "lint.namespaces",
			     arena_printf(l->a, "namespaces.shared: %s", names_ns.rows[i].name),
			     "it may be the host's or another container's");
}

/* ---- mounts and environment ---- */

/* Homes that @path could lie in: "/root", or the first directory below /home. */
static const char *home_of(struct arena *a, const char *path)
{
	static const char homes[] = "/home/";
	size_t n;

	if (!str_has_prefix(path, homes))
		return "/root";
	n = strcspn(path + strlen(homes), "/");
	return arena_strndup(a, path, strlen(homes) + n);
}

static void lint_mount(struct lint *l, size_t i)
{
	const char *path = l->p->mounts.allow[i], *home = home_of(l->a, path);
	const char *member = arena_printf(l->a, "mounts.allow[%zu]: %s", i, path);
	const char *secret = sources_credential_name(path);
	struct source_guard *guards;
	size_t n;

	if (secret) {
		hole(l, "lint.mount.credentials", member,
		     arena_printf(l->a, "%s holds credentials", secret));
		return;
	}
	sources_guards(l->a, &home, 1, &guards, &n);
	for (size_t k = 0; k < n; k++) {
		const struct source_rule *rule = sources_rule(guards[k].rule);
		bool below = rule->scope == SCOPE_BELOW && path_is_within(path, guards[k].path);

		if (!below && !path_is_within(guards[k].path, path))
			continue;
		hole(l, arena_printf(l->a, "lint.%s", guards[k].rule), member,
		     arena_printf(l->a, "the source %s", rule->is));
		return;
	}
}

static void lint_env(struct lint *l)
{
	for (size_t i = 0; l->p->env.screen && i < l->p->env.n_allow; i++) {
		const char *name = l->p->env.allow[i];
		const char *pattern = secrets_name(name, strlen(name));

		hole(l, "lint.env.allow", arena_printf(l->a, "env.allow[%zu]: %s", i, name),
		     pattern ? arena_printf(l->a, "a secret by its name (%s) reaches the container",
					    pattern)
			     : "whatever value it has reaches the container");
	}
}

/* ---- egress ---- */

/* Anybody may have a name below these and receive what is sent there. */
static const char *const shared_suffixes[] = {
	"amazonaws.com",     "googleapis.com", "cloudfront.net",	"azure.com",
	"windows.net",	     "google.com",     "githubusercontent.com", "github.io",
	"gitlab.io",	     "pages.dev",      "workers.dev",		"vercel.app",
	"netlify.app",	     "herokuapp.com",  "appspot.com",		"azurewebsites.net",
	"sourceforge.net",   "blogspot.com",   "ngrok.io",		"ngrok.app",
	"trycloudflare.com", "fly.dev",	       "onrender.com",		"digitaloceanspaces.com",
	"gist.github.com",   "pastebin.com",   "storage.googleapis.com", "s3.amazonaws.com",
	"webhook.site",	     "transfer.sh",
};

static void lint_host(struct lint *l, const char *member, const struct egress_entry *x)
{
	bool pattern = str_has_prefix(x->host, "*.");
	const char *name = pattern ? x->host + 2 : x->host;
	struct cidr net;

	if (cidr_parse(x->host, strlen(x->host), &net))
		hole(l, "lint.egress.address", member,
		     "an address has no name that a certificate could prove");
	for (size_t i = 0; i < ARRAY_SIZE(shared_suffixes); i++)
		if (streq(name, shared_suffixes[i]) ||
		    (pattern && str_has_suffix(name, shared_suffixes[i]) &&
		     name[strlen(name) - strlen(shared_suffixes[i]) - 1] == '.')) {
			hole(l, "lint.egress.shared", member,
			     "anybody may receive data there");
			return;
		}
	if (pattern)
		hole(l, "lint.egress.wildcard", member,
		     strchr(name, '.') ? "every name below it, those made tomorrow too"
				       : "every name of a top-level domain");
}

static void lint_network(struct lint *l, const char *member, const char *text)
{
	const char *what;
	struct cidr net;

	if (!cidr_parse(text, strlen(text), &net))
		return;
	what = cidr_special(&net);
	if (what || net.bits < 8)
		hole(l, "lint.egress.private", member,
		     arena_printf(l->a, "reaches %s: %s", text, what ? what : "a large network"));
}

/* An entry's own address or network counts like those that a name may resolve to. */
static void lint_addresses(struct lint *l, const char *member, const struct egress_entry *x)
{
	lint_network(l, member, x->host);
	for (size_t i = 0; i < x->n_addresses; i++)
		lint_network(l, member, x->addresses[i]);
}

static void lint_egress(struct lint *l)
{
	if (l->p->egress.mode != NET_EGRESS)
		return;
	for (size_t i = 0; i < l->p->egress.n_allow; i++) {
		const struct egress_entry *x = &l->p->egress.allow[i];
		const char *member = arena_printf(l->a, "egress.allow[%zu]: %s", i, x->host);

		lint_host(l, member, x);
		lint_addresses(l, member, x);
		if (x->n_ports > PORTS_MANY)
			hole(l, "lint.egress.ports", member, "many ports of one host");
		for (size_t k = 0; k < x->n_ports; k++)
			if (x->ports[k] == 80)
				hole(l, "lint.egress.plain", member,
				     "port 80 is not encrypted: whoever is between can read and "
				     "change it");
	}
}

/* ---- root ---- */

/* Uppers in a place that others may write, or that is lost at a restart of the machine. */
static void lint_root_dir(struct lint *l)
{
	static const char *const shared[] = { "/tmp", "/var/tmp", "/dev/shm" };

	for (size_t i = 0; l->p->root.mode == ROOT_OVERLAY && i < ARRAY_SIZE(shared); i++)
		if (path_is_within(l->p->root.dir, shared[i]))
			hole(l, "lint.root.dir", "root.dir",
			     "what containers write lies where every user may put files");
}

void lint_profile(struct arena *a, const struct profile *p, struct lint_hole **ret_holes,
		  size_t *ret_n)
{
	struct lint l = { .a = a, .p = p };

	lint_switches(&l);
	lint_root_dir(&l);
	lint_caps(&l);
	lint_namespaces(&l);
	for (size_t i = 0; p->mounts.screen && i < p->mounts.n_allow; i++)
		lint_mount(&l, i);
	lint_env(&l);
	lint_egress(&l);
	*ret_holes = l.holes;
	*ret_n = l.n;
}
