/* SPDX-License-Identifier: Apache-2.0 */
/* t_lint.c - each hole is found in a profile that has it, and in none that has it not */
#include "base/table.h"
#include "profiles/lint.h"
#include "tests/unit/tight_help.h"

static const struct {
	const char *more, *rule; /* members over agent; NULL: no hole */
} rows[] = {
	{ "\"userns\":\"prefer\"", "lint.userns" },
	{ "\"root\":{\"mode\":\"spec\"}", "lint.root" },
	{ "\"root\":{\"dir\":\"/var/tmp/x\"}", "lint.root.dir" },
	{ "\"root\":{\"dir\":\"/srv/x\"}", NULL },
	{ "\"capabilities\":{\"screen\":false}", "lint.caps.screen" },
	{ "\"capabilities\":{\"keep\":[\"CAP_SYS_ADMIN\"]}", "lint.caps.keep" },
	{ "\"capabilities\":{\"keep\":[\"CAP_NET_RAW\"]}", "lint.caps.keep" },
	{ "\"capabilities\":{\"keep\":[\"CAP_CHOWN\"]}", NULL },
	{ "\"process\":{\"noNewPrivileges\":false}", "lint.nnp" },
	{ "\"process\":{\"screen\":false}", "lint.process" },
	{ "\"devices\":{\"screen\":false}", "lint.devices" },
	{ "\"sysctl\":{\"screen\":false}", "lint.sysctl" },
	{ "\"nested\":true", "lint.nested" },
	{ "\"limits\":{\"pids\":0}", "lint.limits.pids" },
	{ "\"seccomp\":\"none\"", "lint.seccomp" },
	{ "\"namespaces\":{\"shared\":[\"pid\"]}", "lint.namespaces" },
	{ "\"mounts\":{\"screen\":false}", "lint.mount.screen" },
	{ "\"mounts\":{\"allow\":[\"/home/x/.ssh\"]}", "lint.mount.credentials" },
	{ "\"mounts\":{\"allow\":[\"/root/.aws\"]}", "lint.mount.credentials" },
	{ "\"mounts\":{\"allow\":[\"/srv/deploy/id_rsa\"]}", "lint.mount.credentials" },
	{ "\"mounts\":{\"allow\":[\"/home/x\"]}", "lint.mount." },
	{ "\"mounts\":{\"allow\":[\"/home\"]}", "lint.mount." },
	{ "\"mounts\":{\"allow\":[\"/\"]}", "lint.mount." },
	{ "\"mounts\":{\"allow\":[\"/run/docker.sock\"]}", "lint.mount." },
	{ "\"mounts\":{\"allow\":[\"/etc\"]}", "lint.mount." },
	{ "\"mounts\":{\"allow\":[\"/etc/agentrt/profiles\"]}", "lint.mount." },
	{ "\"mounts\":{\"allow\":[\"/srv/project\"]}", NULL },
	{ "\"mounts\":{\"allow\":[\"/home/x/project\"]}", NULL },
	{ "\"env\":{\"screen\":false}", "lint.env.screen" },
	{ "\"env\":{\"allow\":[\"GITHUB_TOKEN\"]}", "lint.env.allow" },
	{ "\"egress\":{\"mode\":\"engine\"}", "lint.egress.mode" },
	{ "\"egress\":{\"mode\":\"none\"}", NULL },
	{ "\"egress\":{\"via\":\"host\"}", "lint.egress.via" },
	{ "\"egress\":{\"allow\":[\"git.example.org:443\"]}", NULL },
	{ "\"egress\":{\"allow\":[\"*.example.org:443\"]}", "lint.egress.wildcard" },
	{ "\"egress\":{\"allow\":[\"*.org:443\"]}", "lint.egress.wildcard" },
	{ "\"egress\":{\"allow\":[\"*.amazonaws.com:443\"]}", "lint.egress.shared" },
	{ "\"egress\":{\"allow\":[\"*.s3.amazonaws.com:443\"]}", "lint.egress.shared" },
	{ "\"egress\":{\"allow\":[\"notamazonaws.com:443\"]}", NULL },
	{ "\"egress\":{\"allow\":[\"gist.github.com:443\"]}", "lint.egress.shared" },
	{ "\"egress\":{\"allow\":[\"192.0.2.1:443\"]}", "lint.egress.address" },
	{ "\"egress\":{\"allow\":[\"git.example.org:80\"]}", "lint.egress.plain" },
	{ "\"egress\":{\"allow\":[{\"host\":\"a.example\",\"ports\":[443],\"addresses\":[\"10.0.0.0/"
	  "8\"]}]}",
	  "lint.egress.private" },
	{ "\"egress\":{\"allow\":[{\"host\":\"a.example\",\"ports\":[443],\"addresses\":[\"0.0.0.0/"
	  "0\"]}]}",
	  "lint.egress.private" },
	{ "\"egress\":{\"allow\":[{\"host\":\"a.example\",\"ports\":[443],\"addresses\":[\"169.0.0.0/"
	  "8\"]}]}",
	  "lint.egress.private" },
	{ "\"egress\":{\"allow\":[{\"host\":\"a.example\",\"ports\":[443],\"addresses\":[\"203.0.113.0/"
	  "24\"]}]}",
	  NULL },
	{ "\"egress\":{\"allow\":[\"0.0.0.0/0:443\"]}", "lint.egress.private" },
	{ "\"egress\":{\"allow\":[\"172.0.0.0/8:443\"]}", "lint.egress.private" },
	{ "\"egress\":{\"allow\":[{\"host\":\"::/0\",\"ports\":[443]}]}", "lint.egress.private" },
	{ "\"egress\":{\"allow\":[{\"host\":\"a.example\",\"ports\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,"
	  "15,16,17]}]}",
	  "lint.egress.ports" },
};

int main(void)
{
	static const char *const tight[] = { "agent", "agent-strict" };
	auto_arena struct arena a = ARENA_INIT;
	struct lint_hole *holes;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool found = false;

		lint_profile(&a, h_profile(&a, "agent", rows[i].more), &holes, &n);
		for (size_t k = 0; rows[i].rule && k < n; k++)
			found = found || str_has_prefix(holes[k].rule, rows[i].rule);
		if (!t_ok(rows[i].rule ? found : n == 0,
			  arena_printf(&a, "%s: %s", rows[i].more,
				       rows[i].rule ? rows[i].rule : "no hole")))
			for (size_t k = 0; k < n; k++)
				t_note("%s %s", holes[k].rule, holes[k].member);
	}
	for (size_t i = 0; i < ARRAY_SIZE(tight); i++) {
		lint_profile(&a, h_profile(&a, tight[i], NULL), &holes, &n);
		t_ok(n == 0, arena_printf(&a, "the built-in %s has no hole", tight[i]));
	}
	lint_profile(&a, h_profile(&a, "oci", NULL), &holes, &n);
	t_ok(n > 12, "the built-in oci has a hole for nearly every rule");
	return t_done();
}
