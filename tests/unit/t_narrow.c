/* SPDX-License-Identifier: Apache-2.0 */
/* t_narrow.c - annotations may only narrow: for each key a value that passes and one that does not */
#include "base/table.h"
#include "profiles/narrow.h"
#include "tests/unit/tight_help.h"

enum want { NARROW, WIDER, BAD };

/* The profile that the annotations are laid over. */
static const char base[] =
	"\"process\":{\"noSetIdFiles\":true},"
	"\"landlock\":{\"files\":true,\"scope\":true,\"tcp\":true,\"ports\":[80]},"
	"\"limits\":{\"maxLifetimeSeconds\":60,\"require\":true},\"root\":{\"sizeBytes\":1000},\"namespaces\":{\"shared\":[\"uts\",\"ipc\"]},"
	"\"mounts\":{\"projects\":\"ro\",\"hide\":[\".h\"],\"show\":[\".s\",\".t\"],"
	"\"allow\":[\"/srv/a\",\"/srv/b\"],\"engineRoots\":[\"/e\"]},"
	"\"env\":{\"strict\":true,\"keep\":[\"A\",\"B*\"],\"allow\":[\"A_TOKEN\",\"B_TOKEN\"]},"
	"\"paths\":{\"masked\":[\"/m\"],\"readonly\":[\"/r\"]},"
	"\"egress\":{\"via\":\"host\",\"allow\":[\"a.example:443\",\"*.b.example:443\","
	"{\"host\":\"c.example\",\"ports\":[80,443],\"addresses\":[\"10.0.0.0/8\"]}],"
	"\"deny\":[\"x.b.example:25\",\"*.bad.example\"],\"groups\":[\"gitlab\",\"bitbucket\"]}";

static const struct {
	const char *key, *value;
	enum want want;
} rows[] = {
	{ "userns", "require", NARROW },
	{ "userns", "prefer", WIDER },
	{ "userns", "spec", WIDER },
	{ "userns", "", BAD },
	{ "root.mode", "overlay", NARROW },
	{ "root.mode", "spec", WIDER },
	{ "root.upper", "disk", NARROW },
	{ "root.upper", "tmpfs", WIDER },
	{ "root.sizeBytes", "999", NARROW },
	{ "root.sizeBytes", "1001", WIDER },
	{ "root.sizeBytes", "0", WIDER },
	{ "root.dir", "/x", BAD },
	{ "namespaces.shared", "uts", NARROW },
	{ "namespaces.shared", "", NARROW },
	{ "namespaces.shared", "uts,pid", WIDER },
	{ "namespaces.shared", "all", BAD },
	{ "capabilities.screen", "true", NARROW },
	{ "capabilities.screen", "false", WIDER },
	{ "capabilities.screen", "no", BAD },
	{ "capabilities.keep", "CAP_CHOWN, CAP_KILL", NARROW },
	{ "capabilities.keep", "", NARROW },
	{ "capabilities.keep", "CAP_CHOWN,CAP_SYS_ADMIN", WIDER },
	{ "process.screen", "true", NARROW },
	{ "process.screen", "false", WIDER },
	{ "process.noNewPrivileges", "true", NARROW },
	{ "process.noNewPrivileges", "false", WIDER },
	{ "process.noSetIdFiles", "true", NARROW },
	{ "process.noSetIdFiles", "false", WIDER },
	{ "devices.screen", "true", NARROW },
	{ "devices.screen", "false", WIDER },
	{ "sysctl.screen", "true", NARROW },
	{ "sysctl.screen", "false", WIDER },
	{ "nested", "false", NARROW },
	{ "nested", "true", WIDER },
	{ "landlock.files", "true", NARROW },
	{ "landlock.files", "false", WIDER },
	{ "landlock.scope", "true", NARROW },
	{ "landlock.scope", "false", WIDER },
	{ "landlock.tcp", "true", NARROW },
	{ "landlock.tcp", "false", WIDER },
	{ "landlock.ports", "80", BAD },
	{ "limits.pids", "10", NARROW },
	{ "limits.pids", "4097", WIDER },
	{ "limits.pids", "0", WIDER },
	{ "limits.pids", "", BAD },
	{ "limits.pids", "-1", BAD },
	{ "limits.pids", "10x", BAD },
	{ "limits.memoryPercent", "50", NARROW },
	{ "limits.memoryPercent", "76", WIDER },
	{ "limits.memoryPercent", "0", WIDER },
	{ "limits.memoryPercent", "101", BAD },
	{ "limits.oomGroup", "true", NARROW },
	{ "limits.oomGroup", "false", WIDER },
	{ "limits.openFiles", "100", NARROW },
	{ "limits.openFiles", "65537", WIDER },
	{ "limits.fileSizeBytes", "1", NARROW },
	{ "limits.fileSizeBytes", "0", WIDER },
	{ "limits.coreBytes", "0", NARROW },
	{ "limits.coreBytes", "1", WIDER },
	{ "limits.maxLifetimeSeconds", "59", NARROW },
	{ "limits.maxLifetimeSeconds", "61", WIDER },
	{ "limits.maxLifetimeSeconds", "0", WIDER },
	{ "limits.require", "true", NARROW },
	{ "limits.require", "false", WIDER },
	{ "paths.masked", "/m,/n", NARROW },
	{ "paths.masked", "/n", WIDER },
	{ "paths.masked", "", WIDER },
	{ "paths.readonly", "/r", NARROW },
	{ "paths.readonly", "", WIDER },
	{ "mounts.screen", "true", NARROW },
	{ "mounts.screen", "false", WIDER },
	{ "mounts.allow", "/srv/b", NARROW },
	{ "mounts.allow", "", NARROW },
	{ "mounts.allow", "/srv", WIDER },
	{ "mounts.allow", "srv", BAD },
	{ "mounts.engineRoots", "", BAD },
	{ "mounts.projects", "cow", NARROW },
	{ "mounts.projects", "ro", NARROW },
	{ "mounts.projects", "direct", WIDER },
	{ "mounts.hide", ".h,.i", NARROW },
	{ "mounts.hide", "", WIDER },
	{ "mounts.hide", "a/b,.h", BAD },
	{ "mounts.show", ".s", NARROW },
	{ "mounts.show", ".s,.u", WIDER },
	{ "env.screen", "true", NARROW },
	{ "env.screen", "false", WIDER },
	{ "env.strict", "true", NARROW },
	{ "env.strict", "false", WIDER },
	{ "env.keep", "A", NARROW },
	{ "env.keep", "A,C*", WIDER },
	{ "env.keep", "*", BAD },
	{ "env.keep", "A*B", BAD },
	{ "env.allow", "B_TOKEN", NARROW },
	{ "env.allow", "", NARROW },
	{ "env.allow", "C_TOKEN", WIDER },
	{ "env.allow", "*", BAD },
	{ "env.allow", "A_TOKEN,,B_TOKEN", BAD },
	{ "egress.mode", "none", NARROW },
	{ "egress.mode", "egress", NARROW },
	{ "egress.mode", "engine", WIDER },
	{ "egress.mode", "spec", WIDER },
	{ "egress.via", "engine", NARROW },
	{ "egress.via", "host", NARROW },
	{ "egress.port", "8080", NARROW },
	{ "egress.port", "0", BAD },
	{ "egress.allow", "", NARROW },
	{ "egress.allow", "A.example:443", NARROW },
	{ "egress.allow", "a.example:444", WIDER },
	{ "egress.allow", "x.b.example:443, y.b.example:443", NARROW },
	{ "egress.allow", "*.x.b.example:443", NARROW },
	{ "egress.allow", "*.b.example:443", NARROW },
	{ "egress.allow", "b.example:443", WIDER },
	{ "egress.allow", "*.example:443", WIDER },
	{ "egress.allow", "*.a.example:443", WIDER },
	{ "egress.allow", "xb.example:443", WIDER },
	{ "egress.allow", "c.example:80", NARROW },
	{ "egress.allow", "c.example:22", WIDER },
	{ "egress.allow", "a.example:443,evil.example:443", WIDER },
	{ "egress.allow", "a.example", BAD },
	{ "egress.allow", "*:443", BAD },
	{ "egress.deny", "x.b.example,*.bad.example,c.example", NARROW },
	{ "egress.deny", "x.b.example:25,a.bad.example", WIDER },
	{ "egress.deny", "x.b.example:26,*.bad.example", WIDER },
	{ "egress.deny", "", WIDER },
	{ "egress.groups", "gitlab", NARROW },
	{ "egress.groups", "", NARROW },
	{ "egress.groups", "gitlab,github", WIDER },
	{ "egress.groups", "everything", BAD },
	{ "egress.mode", "learn", NARROW },
	{ "seccomp", "none", BAD },
	{ "extends", "oci", BAD },
	{ "version", "1", BAD },
	{ "name", "x", BAD },
	{ "", "x", BAD },
	{ "egress", "x", BAD },
	{ "Egress.mode", "none", BAD },
};

static int annotate(struct arena *a, const struct profile *p, const char *key, const char *value,
		    const char *allow, const struct profile **ret, struct err *e)
{
	struct oci_kv kv[] = { { "org.example.other", "x" },
			       { arena_printf(a, "io.agentrt.%s", key), value },
			       { "io.agentrt.profile", "agent" } };

	return narrow_annotate(a, p, kv, 3, &allow, allow ? 1 : 0, ret, e);
}

static void one_by_one(void)
{
	auto_arena struct arena a = ARENA_INIT;
	const struct profile *p = h_profile(&a, "agent", base), *got;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *key = arena_printf(&a, "io.agentrt.%s", rows[i].key);
		const char *name = arena_printf(&a, "%s=\"%s\" %s", rows[i].key, rows[i].value,
						rows[i].want == NARROW	? "narrows"
						: rows[i].want == WIDER ? "is refused by name"
									: "is a mistake");
		struct err e = ERR_INIT;
		int r = annotate(&a, p, rows[i].key, rows[i].value, NULL, &got, &e);
		bool ok = r == 0 ? rows[i].want == NARROW
				 : strstr(e.msg, key) &&
					   (rows[i].want == WIDER ? e.kind == ERR_DENIED &&
									    streq(e.rule, "annotation.widen")
								  : rows[i].want == BAD &&
									    e.kind == ERR_INPUT);

		if (!t_ok(ok, name))
			t_note("%s", r ? e.msg : "accepted");
		if (rows[i].want != WIDER)
			continue;
		e = (struct err)ERR_INIT;
		r = annotate(&a, p, rows[i].key, rows[i].value, key, &got, &e);
		if (!t_ok(r == 0 && got->n_marks == 1 && got->marks[0].widens,
			  arena_printf(&a, "%s=\"%s\" where the administrator allows it",
				       rows[i].key, rows[i].value)))
			t_note("%s", e.msg);
		t_ok(annotate(&a, p, rows[i].key, rows[i].value, "io.agentrt.other", &got, &e) < 0,
		     "leave for another key is none for this one");
	}
}

static void effects(void)
{
	auto_arena struct arena a = ARENA_INIT;
	const struct profile *p = h_profile(&a, "agent", base), *got = NULL;
	struct err e = ERR_INIT;

	t_ok(annotate(&a, p, "egress.allow", "c.example:80", NULL, &got, &e) == 0 &&
		     got->egress.n_allow == 3 && got->egress.allow[0].n_ports == 1 &&
		     got->egress.allow[0].ports[0] == 80 && got->egress.allow[0].n_addresses == 1,
	     "an entry that is covered keeps what the profile says of it");
	t_ok(got && got->caps.screen && got->seccomp->n_syscalls == p->seccomp->n_syscalls && streq(got->name, p->name) &&
		     got->complete,
	     "what the annotation does not mention stays");

	struct oci_kv two[] = { { "io.agentrt.egress.allow", "evil.example:443" },
				{ "io.agentrt.egress.mode", "egress" } };
	const char *mode = "io.agentrt.egress.mode";
	const struct profile *strict = h_profile(&a, "agent-strict", NULL);

	t_ok(narrow_annotate(&a, strict, two, 2, &mode, 1, &got, &e) < 0 &&
		     strstr(e.msg, "egress.allow"),
	     "hosts added while the network is off do not pass with leave for the mode");
	t_ok(narrow_annotate(&a, p, NULL, 0, NULL, 0, &got, &e) == 0 && got == p,
	     "without annotations the profile is the same");
}

static void injection(void)
{
	auto_arena struct arena a = ARENA_INIT;
	const struct profile *p = h_profile(&a, "agent", base), *got = NULL;
	struct err e = ERR_INIT;

	t_ok(annotate(&a, p, "env.allow", "A_TOKEN,LD_PRELOAD", "io.agentrt.env.allow", &got, &e) < 0 &&
		     strstr(e.msg, "env.inject") && strstr(e.msg, "LD_PRELOAD"),
	     "no annotation lets LD_PRELOAD pass, whatever the administrator allows");
	t_ok(annotate(&a, p, "env.keep", "NODE_OPTIONS", "io.agentrt.env.keep", &got, &e) < 0,
	     "nor in env.keep");
}

static void whole_profiles(void)
{
	static const struct {
		const char *name, *child, *child_more, *parent, *parent_more, *widens;
	} v[] = {
		{ "a profile is no wider than itself", "agent", NULL, "agent", NULL, NULL },
		{ "agent-strict with disk gives less than agent", "agent-strict",
		  "\"root\":{\"upper\":\"disk\",\"sizeBytes\":0}", "agent", NULL, NULL },
		{ "agent gives less than oci", "agent", "\"root\":{\"upper\":\"disk\"}", "oci", NULL,
		  NULL },
		{ "oci gives more than agent", "oci", NULL, "agent", NULL, "userns" },
		{ "agent gives more than agent-strict", "agent",
		  "\"root\":{\"upper\":\"tmpfs\",\"sizeBytes\":268435456}", "agent-strict", NULL,
		  "capabilities.keep" },
		{ "one host more", "agent", "\"egress\":{\"allow\":[\"a.b:1\"]}", "agent", NULL,
		  "egress.allow" },
		{ "one network more", "agent",
		  "\"egress\":{\"allow\":[{\"host\":\"a.b\",\"ports\":[1],\"addresses\":[\"10.0.0.0/8\"]}]}",
		  "agent", "\"egress\":{\"allow\":[\"a.b:1\"]}", "egress.allow" },
		{ "another filter", "agent", "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"}", "agent",
		  NULL, "seccomp" },
		{ "no second fence", "agent-strict", "\"landlock\":{\"files\":false}", "agent-strict", NULL,
		  "landlock.files" },
		{ "one port more", "agent", "\"landlock\":{\"tcp\":true,\"ports\":[80,81]}", "agent",
		  "\"landlock\":{\"tcp\":true,\"ports\":[80]}", "landlock.ports" },
		{ "ports where there were all", "agent", "\"landlock\":{\"tcp\":true,\"ports\":[81]}", "agent",
		  "\"landlock\":{\"ports\":[80]}", NULL },
		{ "no filter", "agent", "\"seccomp\":\"none\"", "agent", NULL, "seccomp" },
		{ "uppers elsewhere", "agent", "\"root\":{\"dir\":\"/x\"}", "agent", NULL, "root.dir" },
		{ "another engine's data", "agent", "\"mounts\":{\"engineRoots\":[\"/x\"]}", "agent", NULL,
		  "mounts.engineRoots" },
	};
	auto_arena struct arena a = ARENA_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		const char *got = narrow_widens(h_profile(&a, v[i].child, v[i].child_more),
						h_profile(&a, v[i].parent, v[i].parent_more));

		if (!t_ok(got ? v[i].widens && streq(got, v[i].widens) : !v[i].widens, v[i].name))
			t_note("%s", got ? got : "nothing");
	}
}

/* Every key that there is, is in the table above with a value that is refused, or is harmless. */
static void complete(void)
{
	static const char *const harmless[] = { "io.agentrt.profile", "io.agentrt.egress.via",
						"io.agentrt.egress.port" };
	auto_arena struct arena a = ARENA_INIT;

	for (const char **key = narrow_keys(&a); *key; key++) {
		bool found = false;

		for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
			found = found || streq(*key, harmless[i]);
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			found = found || (rows[i].want == WIDER &&
					  streq(*key + strlen("io.agentrt."), rows[i].key));
		t_ok(found && narrow_is_key(*key),
		     arena_printf(&a, "%s has a row here that is refused", *key));
	}
}

int main(void)
{
	one_by_one();
	effects();
	injection();
	whole_profiles();
	complete();
	return t_done();
}
