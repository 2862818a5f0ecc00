/* SPDX-License-Identifier: Apache-2.0 */
/* t_spec.c - config.json read, written back, and what its messages say */
#include <linux/capability.h>
#include <seccomp.h>

#include "base/mem.h"
#include "spec/json.h"
#include "spec/names.h"
#include "spec/spec.h"
#include "tests/unit/test.h"

/* A document with every property that the tables know, in their order, as json_indent() prints. */
static char *read_full(size_t *ret_len)
{
	FILE *f = fopen(TEST_DATA "/full.json", "re");
	char *buf = xcalloc(1, 1 << 16);

	*ret_len = f ? fread(buf, 1, (1 << 16) - 1, f) : 0;
	if (f)
		fclose(f);
	return buf;
}

static void check_values(const struct oci_spec *s)
{
	const struct oci_process *p = s->process;
	const struct oci_linux *l = &s->linux_;
	const struct oci_resources *r = l->resources;

	t_ok(p->caps->bounding == (UINT64_C(1) << CAP_CHOWN | UINT64_C(1) << CAP_CHECKPOINT_RESTORE),
	     "capabilities become bits");
	t_ok(p->n_unknown_caps == 1 && streq(p->unknown_caps[0], "CAP_FUTURE"),
	     "an unknown capability is kept apart");
	t_ok(p->rlimits[0].hard == UINT64_MAX, "a limit of 2^64-1 is exact");
	t_ok(p->oom_score_adj.set && p->oom_score_adj.v == -1000, "an optional number is set");
	t_ok(r->cpu_shares.set && r->cpu_shares.v == 0, "a zero is told from an absent number");
	t_ok(!r->mem_disable_oom_killer.v && r->mem_disable_oom_killer.set,
	     "a false is told from an absent boolean");
	t_ok(r->devices[0].type == 0 && r->devices[0].read && r->devices[0].write &&
	     r->devices[0].mknod && !r->devices[0].major.set, "a device rule for everything");
	t_ok(r->devices[1].type == 'c' && r->devices[1].read && !r->devices[1].write &&
	     r->devices[1].minor.v == -1, "a device rule for one kind of access");
	t_ok(r->n_unified == 2 && strchr(r->unified[1].value, '\n'), "a unified value has lines");
	t_ok((uint32_t)l->seccomp->syscalls[0].action == SCMP_ACT_KILL_PROCESS,
	     "a seccomp action above 2^31 survives the int");
	t_ok((uint32_t)l->seccomp->architectures[0] == SCMP_ARCH_X86_64,
	     "a seccomp architecture is libseccomp's number");
	t_ok(l->seccomp->syscalls[1].args[0].value == UINT64_MAX, "a seccomp value is exact");
	t_ok(l->n_time_offsets == 2 && streq(l->time_offsets[0].clock, "monotonic") &&
	     l->time_offsets[0].secs == INT64_MIN, "an object keyed by names becomes an array");
	t_ok(s->has_linux && l->personality == 8, "a nested property lies in its parent's struct");
	t_ok(s->hooks.kind[HOOK_POSTSTOP].n == 1 && s->hooks.kind[HOOK_POSTSTOP].v[0].timeout_s.v == 5,
	     "each kind of hook has its list");
	t_ok(streq(oci_annotation(s, "x"), "y/z") && !oci_annotation(s, "y"), "annotations are found");
	t_ok(streq(oci_env_get(p, "PATH"), "/bin") && streq(oci_env_get(p, "EMPTY"), "") &&
	     !oci_env_get(p, "PAT") && !oci_env_get(p, "PATH="), "environment variables are found");
	t_ok(streq(oci_ns_find(s, NS_NETWORK)->path, "/n"), "a namespace is found");
}

static void round_trip(void)
{
	auto_arena struct arena a = ARENA_INIT;
	auto_strbuf struct strbuf text = STRBUF_INIT, pretty = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct oci_spec *s;
	size_t len;
	auto_free char *full = read_full(&len);

	if (!t_ok(!spec_parse(&a, full, len, "full.json", &s, &e), "every property is read")) {
		t_note("%s", e.msg);
		return;
	}
	check_values(s);
	spec_write(&text, s);
	json_indent(&pretty, text.p);
	strbuf_adds(&pretty, "\n");
	t_ok(streq(pretty.p, full), "what was read is written back byte for byte");
}

/* Read and written: the text that comes back, or the message. */
static const char *turn(struct arena *a, const char *text)
{
	struct strbuf b = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct oci_spec *s;

	if (spec_parse(a, text, strlen(text), "c", &s, &e))
		return arena_strdup(a, e.msg);
	spec_write(&b, s);
	text = arena_strdup(a, b.p);
	strbuf_done(&b);
	return text;
}

static void absence(void)
{
#define V "{\"ociVersion\":\"1.0.0\""
	static const struct { const char *name, *in, *want; } rows[] = {
		{ "nothing but a version", V "}", V "}" },
		{ "null is absence", V ",\"root\":null,\"mounts\":null,\"linux\":{\"seccomp\":null}}",
		  V ",\"linux\":{}}" },
		{ "an empty string is absence", V ",\"hostname\":\"\",\"linux\":{\"mountLabel\":\"\","
		  "\"namespaces\":[{\"type\":\"pid\",\"path\":\"\"}]}}",
		  V ",\"linux\":{\"namespaces\":[{\"type\":\"pid\"}]}}" },
		{ "an empty list is absence", V ",\"mounts\":[],\"linux\":{\"namespaces\":[]}}",
		  V ",\"linux\":{}}" },
		{ "an object that is absent stays absent", V ",\"hooks\":{}}", V "}" },
		{ "empty resources are not absent", V ",\"linux\":{\"resources\":{}}}",
		  V ",\"linux\":{\"resources\":{}}}" },
		{ "an empty value of a map is kept", V ",\"annotations\":{\"a\":\"\"}}",
		  V ",\"annotations\":{\"a\":\"\"}}" },
		{ "unknown properties are ignored", V ",\"future\":[{}],\"linux\":{\"x\":1},"
		  "\"windows\":{\"layerFolders\":3},\"vm\":1}", V ",\"linux\":{}}" },
		{ "an empty device access is all access", V ",\"linux\":{\"resources\":{\"devices\":["
		  "{\"allow\":true,\"access\":\"\",\"type\":\"\"}]}}}",
		  V ",\"linux\":{\"resources\":{\"devices\":[{\"allow\":true,\"access\":\"rwm\"}]}}}" },
		{ "personality flags that ask for nothing", V ",\"linux\":{\"personality\":"
		  "{\"domain\":\"LINUX\",\"flags\":[]}}}",
		  V ",\"linux\":{\"personality\":{\"domain\":\"LINUX\"}}}" },
		{ "KILL is written back as KILL, and so is its other name",
		  V ",\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_KILL_THREAD\"}}}",
		  V ",\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_KILL\"}}}" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_arena struct arena a = ARENA_INIT;
		const char *got = turn(&a, rows[i].in);

		if (!t_ok(streq(got, rows[i].want), rows[i].name))
			t_note("got %s", got);
	}
}

static void refused(void)
{
	static const struct { const char *name, *in, *want; } rows[] = {
		{ "the document is a list", "[]", "c:1:1: must be an object, is an array" },
		{ "no version", "{}", "c:1:1: property \"ociVersion\" is required" },
		{ "a null version", "{\"ociVersion\":null}", "c:1:1: property \"ociVersion\" is required" },
		{ "a version that is a number", "{\"ociVersion\":1.0}",
		  "c:1:15: ociVersion: must be a string, is a number" },
		{ "args that are a string", V ",\n\"process\":{\"cwd\":\"/\",\"args\":\"sh\"}}",
		  "c:2:29: process.args: must be an array, is a string" },
		{ "an argument that is null", V ",\"process\":{\"cwd\":\"/\",\"args\":[\"a\",null]}}",
		  "c:1:56: process.args[1]: must be a string, is null" },
		{ "a mount without destination", V ",\"mounts\":[{\"destination\":\"/\"},{}]}",
		  "c:1:53: mounts[1]: property \"destination\" is required" },
		{ "a namespace of an unknown type", V ",\"linux\":{\"namespaces\":[{\"type\":\"net\"}]}}",
		  "c:1:54: linux.namespaces[0].type: unknown namespace type \"net\"" },
		{ "a name in the wrong case", V ",\"linux\":{\"namespaces\":[{\"type\":\"PID\"}]}}",
		  "c:1:54: linux.namespaces[0].type: unknown namespace type \"PID\"" },
		{ "an unknown limit", V ",\"process\":{\"cwd\":\"/\",\"rlimits\":[{\"type\":\"RLIMIT_X\",\"hard\":1,\"soft\":1}]}}",
		  "c:1:63: process.rlimits[0].type: unknown resource limit \"RLIMIT_X\"" },
		{ "an unknown seccomp flag", V ",\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"X\"]}}}",
		  "c:1:85: linux.seccomp.flags[0]: unknown seccomp flag \"X\"" },
		{ "a uid of 2^32", V ",\"process\":{\"cwd\":\"/\",\"user\":{\"uid\":4294967296,\"gid\":0}}}",
		  "c:1:58: process.user.uid: 4294967296 is not an integer from 0 to 4294967295" },
		{ "a negative uid", V ",\"process\":{\"cwd\":\"/\",\"user\":{\"uid\":-1,\"gid\":0}}}",
		  "c:1:58: process.user.uid: -1 is not an integer from 0 to 4294967295" },
		{ "a limit of 2^63", V ",\"linux\":{\"resources\":{\"memory\":{\"limit\":9223372036854775808}}}}",
		  "c:1:63: linux.resources.memory.limit: 9223372036854775808 is not an integer from -2^63 to 2^63-1" },
		{ "shares of 2^64", V ",\"linux\":{\"resources\":{\"cpu\":{\"shares\":18446744073709551616}}}}",
		  "c:1:61: linux.resources.cpu.shares: 18446744073709551616 is not an integer from 0 to 2^64-1" },
		{ "a fraction", V ",\"linux\":{\"resources\":{\"pids\":{\"limit\":1.5}}}}",
		  "c:1:61: linux.resources.pids.limit: 1.5 is not an integer from -2^63 to 2^63-1" },
		{ "an exponent", V ",\"linux\":{\"resources\":{\"pids\":{\"limit\":1e3}}}}",
		  "c:1:61: linux.resources.pids.limit: 1e3 is not an integer from -2^63 to 2^63-1" },
		{ "a number in a string", V ",\"linux\":{\"resources\":{\"pids\":{\"limit\":\"1\"}}}}",
		  "c:1:61: linux.resources.pids.limit: must be a number, is a string" },
		{ "a priority beyond 32 bits", V ",\"process\":{\"cwd\":\"/\",\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":2147483648}}}",
		  "c:1:95: process.ioPriority.priority: 2147483648 is not an integer from -2147483648 to 2147483647" },
		{ "a boolean that is a number", V ",\"root\":{\"path\":\"r\",\"readonly\":1}}",
		  "c:1:53: root.readonly: must be a boolean, is a number" },
		{ "an annotation that is a number", V ",\"annotations\":{\"a\":1}}",
		  "c:1:42: annotations.a: must be a string, is a number" },
		{ "a control byte in a name is not repeated", V ",\"annotations\":{\"a\\u001b[2J\":1}}",
		  "c:1:51: annotations.a?[2J: must be a string, is a number" },
		{ "capabilities that are a list", V ",\"process\":{\"cwd\":\"/\",\"capabilities\":[]}}",
		  "c:1:59: process.capabilities: must be an object, is an array" },
		{ "a capability that is a number", V ",\"process\":{\"cwd\":\"/\",\"capabilities\":{\"ambient\":[1]}}}",
		  "c:1:71: process.capabilities.ambient[0]: must be a string, is a number" },
		{ "a device of an unknown type", V ",\"linux\":{\"devices\":[{\"type\":\"cc\",\"path\":\"/x\"}]}}",
		  "c:1:51: linux.devices[0].type: must be \"c\", \"b\", \"u\" or \"p\"" },
		{ "a device rule with unknown access", V ",\"linux\":{\"resources\":{\"devices\":[{\"allow\":true,\"access\":\"rx\"}]}}}",
		  "c:1:79: linux.resources.devices[0].access: may only contain r, w and m" },
		{ "a device rule of an unknown type", V ",\"linux\":{\"resources\":{\"devices\":[{\"allow\":true,\"type\":\"u\"}]}}}",
		  "c:1:77: linux.resources.devices[0].type: must be \"a\", \"c\" or \"b\"" },
		{ "a property twice", V ",\"linux\":{},\"linux\":{}}",
		  "c:1:42: property \"linux\" occurs twice in one object" },
		{ "an empty required string", V ",\"root\":{\"path\":\"\"}}",
		  "c:1:30: root: property \"path\" is required" },
		{ "what is not implemented is named", V ",\"linux\":{\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"x\"]}}}",
		  "c:1:72: linux.personality.flags: not implemented by agentrt (config-linux.md#personality defines no flag)" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_arena struct arena a = ARENA_INIT;
		const char *got = turn(&a, rows[i].in);

		if (!t_ok(streq(got, rows[i].want), rows[i].name))
			t_note("got %s", got);
	}
}

static void unsupported_kind(void)
{
	auto_arena struct arena a = ARENA_INIT;
	struct err e = ERR_INIT;
	struct oci_spec *s = NULL;
	static const char text[] =
		V ",\"linux\":{\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"x\"]}}}";

	t_ok(spec_parse(&a, text, sizeof(text) - 1, "c", &s, &e) && e.kind == ERR_UNSUPPORTED && !s,
	     "what is not implemented is an error of its own kind");
}

static void size_limit(void)
{
	auto_arena struct arena a = ARENA_INIT;
	struct err e = ERR_INIT;
	struct oci_spec *s;
	size_t len = SPEC_MAX_BYTES + 1;
	auto_free char *text = xcalloc(len, 1);

	memset(text, ' ', len);
	memcpy(text, V "}", strlen(V "}"));
	t_ok(spec_parse(&a, text, len, "c", &s, &e) && streq(e.msg, "c: larger than 4194304 bytes"),
	     "a document larger than the limit is refused");
	t_ok(!spec_parse(&a, text, len - 1, "c", &s, &e), "a document of the limit's size is read");
}

static void parts(void)
{
	auto_arena struct arena a = ARENA_INIT;
	auto_strbuf struct strbuf b = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct oci_process *p;
	struct oci_resources *r;
	struct oci_seccomp *sc;
	static const char process[] = "{\"user\":{\"uid\":1,\"gid\":2},\"args\":[\"x\"],\"cwd\":\"/\"}",
			  resources[] = "{\"pids\":{\"limit\":-1}}",
			  seccomp[] = "{\"defaultAction\":\"SCMP_ACT_LOG\"}";

	t_ok(!spec_parse_process(&a, process, sizeof(process) - 1, "p", &p, &e) && p->io_class == -1 &&
	     p->user.gid == 2, "a process object alone");
	spec_write_process(&b, p);
	t_ok(streq(b.p, process), "a process is written alone");
	strbuf_done(&b);
	t_ok(!spec_parse_resources(&a, resources, sizeof(resources) - 1, "r", &r, &e) &&
	     r->pids_limit.set && r->pids_limit.v == -1, "a resources object alone");
	spec_write_resources(&b, r);
	t_ok(streq(b.p, resources), "resources are written alone");
	t_ok(!spec_parse_seccomp(&a, seccomp, sizeof(seccomp) - 1, "s", &sc, &e) &&
	     (uint32_t)sc->default_action == SCMP_ACT_LOG, "a seccomp object alone");
	t_ok(spec_parse_process(&a, "{}", 2, "p", &p, &e) &&
	     streq(e.msg, "p:1:1: property \"cwd\" is required"), "a process needs a cwd");
}

static void defaults(void)
{
	auto_arena struct arena a = ARENA_INIT;
	auto_strbuf struct strbuf b = STRBUF_INIT, again = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct oci_spec *s, *t;

	for (int rootless = 0; rootless < 2; rootless++) {
		strbuf_done(&b);
		strbuf_done(&again);
		spec_default(&a, rootless, 1000, 1001, &s);
		t_ok(!spec_check(s, &e), "the default config passes the check");
		spec_write(&b, s);
		t_ok(!spec_parse(&a, b.p, b.len, "d", &t, &e), "the default config is read");
		spec_write(&again, t);
		t_ok(streq(b.p, again.p), "and written as it was");
		t_ok(!!oci_ns_find(s, NS_USER) == rootless && !!oci_ns_find(s, NS_NETWORK) == !rootless,
		     "rootless: a user namespace, and the host's network");
		t_ok(!!strstr(b.p, "gid=5") == !rootless, "rootless: no group that is not mapped");
		t_ok(s->process->terminal && streq(s->process->args[0], "sh"), "it runs sh on a terminal");
	}
	t_ok(s->linux_.uid_mappings[0].host == 1000 && s->linux_.gid_mappings[0].host == 1001 &&
	     !s->linux_.resources, "rootless: the caller is mapped, no resources");
}

/* Everything that features promises must be accepted. */
static void features(void)
{
	auto_arena struct arena a = ARENA_INIT;
	auto_strbuf struct strbuf b = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct json *v;

	spec_features(&b, NULL);
	if (!t_ok(!json_parse(&a, b.p, b.len, "f", &v, &e), "features are JSON")) {
		t_note("%s", e.msg);
		return;
	}
	const struct json *l = json_get(v, "linux"), *idmap = json_get(l, "mountExtensions");

	t_ok(streq(json_get(v, "ociVersionMin")->text, "1.0.0") &&
	     streq(json_get(v, "ociVersionMax")->text, "1.3.0"), "versions are announced");
	t_ok(json_get(v, "hooks")->n == HOOK__COUNT, "six hooks are announced");
	t_ok(json_get(v, "mountOptions")->n == mopt_table_n, "every mount option is announced");
	t_ok(json_get(l, "namespaces")->n == NS__COUNT, "every namespace is announced");
	t_ok(json_get(json_get(l, "seccomp"), "archs")->n == 23, "the 23 architectures are announced");
	t_ok(json_get(json_get(idmap, "idmap"), "enabled")->boolean, "idmapped mounts are announced");
	t_ok(json_get(json_get(l, "intelRdt"), "monitoring")->boolean,
	     "cache and bandwidth groups are announced");
	t_ok(json_get(json_get(l, "netDevices"), "enabled")->boolean,
	     "interfaces of the host are announced");
	t_ok(!strpbrk(b.p, "\n\t"), "features are compact");
}

int main(void)
{
	round_trip();
	absence();
	refused();
	unsupported_kind();
	size_limit();
	parts();
	defaults();
	features();
	return t_done();
}
