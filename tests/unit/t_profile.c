/* SPDX-License-Identifier: Apache-2.0 */
/* t_profile.c - profiles: reading, extending, what is refused */
#include "base/str.h"
#include "profiles/profile.h"
#include "profiles/tighten.h"
#include "tests/unit/test.h"

/* An administrator's directory: pairs {name, text}. */
struct dir {
	const char *name, *text;
};

static int read_dir(void *ctx, struct arena *a, const char *name, const char **ret_text,
		    size_t *ret_len, const char **ret_origin, struct err *e)
{
	for (const struct dir *d = ctx; d && d->name; d++) {
		if (!streq(d->name, name))
			continue;
		if (!d->text)
			return err_set(e, ERR_INPUT, "%s.json can be written by others", name);
		*ret_text = d->text;
		*ret_len = strlen(d->text);
		*ret_origin = arena_printf(a, "%s.json", name);
	}
	return 0;
}

static struct profile *load(struct arena *a, const char *name, const struct dir *dir, struct err *e)
{
	struct profile *p = NULL;

	return profile_load(a, name, read_dir, (void *)(uintptr_t)dir, &p, e) ? NULL : p;
}

static void builtins(void)
{
	static const char *const names[] = { "agent", "agent-strict", "oci" };
	auto_arena struct arena a = ARENA_INIT;

	for (size_t i = 0; i < 3; i++) {
		struct err e = ERR_INIT;
		struct profile *p = load(&a, names[i], NULL, &e);

		if (!t_ok(p && p->complete && streq(p->name, names[i]),
			  "a built-in profile loads and is complete"))
			t_note("%s: %s", names[i], e.msg);
	}
	t_ok(!profile_builtin("agents"), "there is no built-in of another name");

	struct err e = ERR_INIT;
	struct profile *agent = load(&a, "agent", NULL, &e), *oci = load(&a, "oci", NULL, &e),
		       *strict = load(&a, "agent-strict", NULL, &e);

	if (!agent || !oci || !strict)
		return;
	t_ok(agent->userns == USERNS_REQUIRE && agent->root.mode == ROOT_OVERLAY &&
		     agent->caps.screen && agent->no_new_privs && agent->devices_screen &&
		     agent->process_screen && agent->sysctl_screen && agent->mounts.screen &&
		     agent->env.screen && agent->seccomp && agent->egress.mode == NET_EGRESS,
	     "the agent profile has every protection on");
	t_ok(agent->egress.n_allow == 0 && agent->mounts.n_allow == 0 && agent->env.n_allow == 0 &&
		     agent->ns_shared == 0,
	     "the agent profile allows nothing by default");
	t_ok(!(agent->caps.keep >> 21 & 1) && !(agent->caps.keep >> 12 & 1) &&
		     !(agent->caps.keep >> 13 & 1),
	     "the agent profile keeps neither SYS_ADMIN nor NET_ADMIN nor NET_RAW");
	t_ok(!oci->seccomp && !oci->mounts.screen && oci->ns_shared == 0xff &&
		     oci->egress.mode == NET_AS_SPEC && oci->userns == USERNS_AS_SPEC,
	     "the oci profile has every protection off");
	t_ok(strict->caps.screen && strict->caps.keep == 0 && strict->egress.mode == NET_NONE &&
		     strict->root.upper == UPPER_TMPFS && strict->seccomp,
	     "agent-strict takes from agent what it does not say");
	t_ok(strict->caps.keep == 0, "an empty list replaces the parent's and keeps nothing");
}

#define V "\"version\":1"

static void extending(void)
{
	static const struct dir own[] = {
		{ "agent",
		  "{" V ",\"extends\":\"agent\",\"egress\":{\"allow\":[\"Example.ORG:443\"]}}" },
		{ "site",
		  "{" V
		  ",\"name\":\"site\",\"extends\":\"agent\",\"env\":{\"allow\":[\"CI_TOKEN\"]}}" },
		{ "oci", "{" V ",\"extends\":\"oci\",\"limits\":{\"pids\":7}}" },
		{ NULL, NULL },
	};
	auto_arena struct arena a = ARENA_INIT;
	struct err e = ERR_INIT;
	struct profile *p = load(&a, "agent", own, &e);

	if (!t_ok(p != NULL, "a profile extends the built-in of its own name")) {
		t_note("%s", e.msg);
		return;
	}
	t_ok(p->egress.n_allow == 1 && streq(p->egress.allow[0].host, "example.org") &&
		     p->egress.allow[0].n_ports == 1 && p->egress.allow[0].ports[0] == 443,
	     "an allowed host is stored in lower case with its port");
	t_ok(p->egress.mode == NET_EGRESS && p->egress.port == 3128 && p->mounts.screen,
	     "members that a section does not mention stay the parent's");

	p = load(&a, "site", own, &e);
	t_ok(p && p->env.n_allow == 1 && p->egress.n_allow == 1,
	     "a third profile extends the administrator's, which extends the built-in");
	p = load(&a, "agent-strict", own, &e);
	t_ok(p && p->egress.n_allow == 0 && p->egress.mode == NET_NONE,
	     "a built-in profile extends built-ins only");
	p = load(&a, "oci", own, &e);
	t_ok(p && p->pids_limit == 7 && !p->env.screen, "oci can be extended too");
}

static void refusals(void)
{
	static const struct {
		const char *name, *text, *says;
	} rows[] = {
		{ "an unknown member is refused", "{" V ",\"extends\":\"agent\",\"mount\":{}}",
		  "unknown property" },
		{ "an unknown member of a section is refused",
		  "{" V ",\"extends\":\"agent\",\"env\":{\"alow\":[]}}", "unknown property" },
		{ "a missing version is refused", "{\"extends\":\"agent\"}", "version" },
		{ "a newer version is refused", "{\"version\":2,\"extends\":\"agent\"}",
		  "version 2" },
		{ "a profile that says too little is refused", "{" V "}", "userns is missing" },
		{ "a profile that extends itself needs a built-in of its name",
		  "{" V ",\"extends\":\"circle\"}", "does not exist" },
		{ "a parent that does not exist is refused", "{" V ",\"extends\":\"nobody\"}",
		  "does not exist" },
		{ "a name other than the file's is refused",
		  "{" V ",\"name\":\"other\",\"extends\":\"agent\"}", "looked up as" },
		{ "a host without a port is refused",
		  "{" V ",\"extends\":\"agent\",\"egress\":{\"allow\":[\"example.org\"]}}",
		  "host:port" },
		{ "a bare star is refused",
		  "{" V ",\"extends\":\"agent\",\"egress\":{\"allow\":[\"*:443\"]}}",
		  "host must be" },
		{ "port 0 is refused",
		  "{" V ",\"extends\":\"agent\",\"egress\":{\"allow\":[\"example.org:0\"]}}",
		  "1 to 65535" },
		{ "a port above 65535 is refused",
		  "{" V ",\"extends\":\"agent\",\"egress\":{\"allow\":[{\"host\":\"a.b\",\"ports\":"
			"[65536]}]}}",
		  "1 to 65535" },
		{ "an entry without ports is refused",
		  "{" V ",\"extends\":\"agent\",\"egress\":{\"allow\":[{\"host\":\"a.b\"}]}}",
		  "required" },
		{ "so is one with none in its list",
		  "{" V ",\"extends\":\"agent\",\"egress\":{\"allow\":[{\"host\":\"a.b\",\"ports\":[]}]}}",
		  "at least one" },
		{ "a URL is no host",
		  "{" V
		  ",\"extends\":\"agent\",\"egress\":{\"allow\":[\"https://example.org:443\"]}}",
		  "[address]:port" },
		{ "a number in disguise is no host",
		  "{" V ",\"extends\":\"agent\",\"egress\":{\"allow\":[\"0x7f.1:443\"]}}",
		  "host must be" },
		{ "an address with host bits is no network",
		  "{" V
		  ",\"extends\":\"agent\",\"egress\":{\"allow\":[{\"host\":\"a.b\",\"ports\":[1],"
		  "\"addresses\":[\"10.0.0.1/8\"]}]}}",
		  "CIDR" },
		{ "a relative mount path is refused",
		  "{" V ",\"extends\":\"agent\",\"mounts\":{\"allow\":[\"srv\"]}}", "absolute" },
		{ "a mount path with dot-dot is refused",
		  "{" V ",\"extends\":\"agent\",\"mounts\":{\"allow\":[\"/srv/../etc\"]}}",
		  "without" },
		{ "a pattern in env.allow is refused",
		  "{" V ",\"extends\":\"agent\",\"env\":{\"allow\":[\"*\"]}}", "exact name" },
		{ "an unknown capability is refused",
		  "{" V ",\"extends\":\"agent\",\"capabilities\":{\"keep\":[\"CAP_ALL\"]}}",
		  "unknown" },
		{ "an unknown namespace is refused",
		  "{" V ",\"extends\":\"agent\",\"namespaces\":{\"shared\":[\"all\"]}}",
		  "unknown" },
		{ "an unknown mode is refused",
		  "{" V ",\"extends\":\"agent\",\"egress\":{\"mode\":\"any\"}}", "unknown" },
		{ "null is no value", "{" V ",\"extends\":\"agent\",\"seccomp\":null}", "must be" },
		{ "a word other than none is no filter",
		  "{" V ",\"extends\":\"agent\",\"seccomp\":\"off\"}", "none" },
		{ "a file that cannot be trusted is an error and not absent", NULL,
		  "written by others" },
	};
	auto_arena struct arena a = ARENA_INIT;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct dir own[] = { { "circle", rows[i].text }, { NULL, NULL } };
		struct err e = ERR_INIT;
		struct profile *p = load(&a, "circle", own, &e);

		if (!t_ok(!p && strstr(e.msg, rows[i].says), rows[i].name))
			t_note("got %s", p ? "a profile" : e.msg);
	}

	static const char *const names[] = { "", "../agent", "Agent", "a/b", "-a", "a b" };

	for (size_t i = 0; i < 6; i++) {
		struct err e = ERR_INIT;

		t_ok(!load(&a, names[i], NULL, &e) && e.kind == ERR_USAGE,
		     "a profile's name is of a-z, 0-9 and hyphens");
	}
}

static void circles(void)
{
	static const struct dir own[] = {
		{ "here", "{" V ",\"extends\":\"there\"}" },
		{ "there", "{" V ",\"extends\":\"here\"}" },
		{ NULL, NULL },
	};
	auto_arena struct arena a = ARENA_INIT;
	struct err e = ERR_INIT;

	t_ok(!load(&a, "here", own, &e) && strstr(e.msg, "circle"),
	     "a circle of profiles is refused");
}

static void hosts(void)
{
	static const struct {
		const char *name, *text, *host;
		uint16_t port;
	} rows[] = {
		{ "a suffix pattern", "\"*.Example.org:8443\"", "*.example.org", 8443 },
		{ "an IPv4 address", "\"192.0.2.1:80\"", "192.0.2.1", 80 },
		{ "an IPv6 address in brackets", "\"[2001:db8::1]:443\"", "2001:db8::1", 443 },
		{ "an object",
		  "{\"host\":\"a.example\",\"ports\":[22],\"addresses\":[\"10.0.0.0/8\"],"
		  "\"note\":\"git\"}",
		  "a.example", 22 },
	};
	auto_arena struct arena a = ARENA_INIT;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text =
			arena_printf(&a, "{" V ",\"egress\":{\"allow\":[%s]}}", rows[i].text);
		struct err e = ERR_INIT;
		struct profile *p = NULL;

		if (!t_ok(!profile_parse(&a, text, strlen(text), "p.json", &p, &e) &&
				  p->egress.n_allow == 1 &&
				  streq(p->egress.allow[0].host, rows[i].host) &&
				  p->egress.allow[0].n_ports == 1 &&
				  p->egress.allow[0].ports[0] == rows[i].port,
			  rows[i].name))
			t_note("%s", e.msg);
	}
}

static void incomplete(void)
{
	static const char text[] = "{" V ",\"env\":{\"screen\":false}}";
	auto_arena struct arena a = ARENA_INIT;
	struct err e = ERR_INIT;
	struct profile *p = NULL;
	struct oci_spec s = { 0 };
	struct facts f = { 0 };
	struct tight *t;

	profile_parse(&a, text, sizeof(text) - 1, "p.json", &p, &e);
	t_ok(p && !p->complete && tighten(&a, &s, p, &f, &t, &e) == -1,
	     "a profile that is not complete tightens nothing");
}

int main(void)
{
	builtins();
	extending();
	refusals();
	circles();
	hosts();
	incomplete();
	return t_done();
}
