/* SPDX-License-Identifier: Apache-2.0 */
/*
 * features.c - features.md and features-linux.md: what this program knows, printed from the tables
 * that parse it. The content is fixed at compile time and says nothing about the host.
 */
#include <stdlib.h>

#include "base/table.h"
#include "spec/oci_tables.h"
#include "spec/spec.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "key":["a","b"], sorted: engines show the list to people. */
static void put_list(struct strbuf *b, const char *key, const char **names, size_t n)
{
	qsort(names, n, sizeof(*names), by_name);
	strbuf_addf(b, "\"%s\":[", key);
	for (size_t i = 0; i < n; i++) {
		strbuf_adds(b, i ? "," : "");
		strbuf_add_json(b, names[i]);
	}
	strbuf_adds(b, "]");
}

static void put_names(struct strbuf *b, const char *key, const struct name_table *t)
{
	auto_arena struct arena a = ARENA_INIT;
	const char **names = arena_alloc(&a, t->n, sizeof(*names));

	for (size_t i = 0; i < t->n; i++)
		names[i] = t->rows[i].name;
	put_list(b, key, names, t->n);
}

static void put_mount_options(struct strbuf *b)
{
	auto_arena struct arena a = ARENA_INIT;
	const char **names = arena_alloc(&a, mopt_table_n, sizeof(*names));

	for (size_t i = 0; i < mopt_table_n; i++)
		names[i] = mopt_table[i].name;
	put_list(b, "mountOptions", names, mopt_table_n);
}

/* In the order in which they run. */
static void put_hooks(struct strbuf *b)
{
	strbuf_adds(b, "\"hooks\":[");
	for (const struct field *f = oci_hooks_table.fields; f->name; f++)
		strbuf_addf(b, "%s\"%s\"", f == oci_hooks_table.fields ? "" : ",", f->name);
	strbuf_adds(b, "]");
}

static void put_seccomp(struct strbuf *b)
{
	strbuf_adds(b, "\"seccomp\":{\"enabled\":true,");
	put_names(b, "actions", &names_seccomp_action);
	strbuf_adds(b, ",");
	put_names(b, "operators", &names_seccomp_op);
	strbuf_adds(b, ",");
	put_names(b, "archs", &names_seccomp_arch);
	strbuf_adds(b, ",");
	put_names(b, "knownFlags", &names_seccomp_flag);
	strbuf_adds(b, ",");
	put_names(b, "supportedFlags", &names_seccomp_flag);
	strbuf_adds(b, "}");
}

static void put_memory_policy(struct strbuf *b)
{
	strbuf_adds(b, "\"memoryPolicy\":{");
	put_names(b, "modes", &names_mempolicy_mode);
	strbuf_adds(b, ",");
	put_names(b, "flags", &names_mempolicy_flag);
	strbuf_adds(b, "}");
}

static bool is_supported(const struct field_table *t, const char *name)
{
	for (const struct field *f = t->fields; f->name; f++)
		if (streq(f->name, name))
			return f->type != F_UNSUPPORTED;
	return false;
}

static const char *truth(bool v)
{
	return v ? "true" : "false";
}

static void put_linux(struct strbuf *b)
{
	bool rdt = is_supported(&oci_linux_table, "intelRdt");

	strbuf_adds(b, "\"linux\":{");
	put_names(b, "namespaces", &names_ns);
	strbuf_adds(b, ",");
	put_names(b, "capabilities", &names_cap);
	strbuf_addf(b, ",\"cgroup\":{\"v1\":true,\"v2\":true,\"systemd\":false,"
		       "\"systemdUser\":false,\"rdma\":%s},",
		    truth(is_supported(&oci_resources_table, "rdma")));
	put_seccomp(b);
	strbuf_adds(b, ",\"apparmor\":{\"enabled\":true},\"selinux\":{\"enabled\":true},");
	put_memory_policy(b);
	strbuf_addf(b, ",\"intelRdt\":{\"enabled\":%s,\"schemata\":%s,\"monitoring\":%s},",
		    truth(rdt), truth(rdt), truth(rdt));
	strbuf_addf(b, "\"mountExtensions\":{\"idmap\":{\"enabled\":%s}},",
		    truth(is_supported(&oci_mount_table, "uidMappings")));
	strbuf_addf(b, "\"netDevices\":{\"enabled\":%s}}",
		    truth(is_supported(&oci_linux_table, "netDevices")));
}

void spec_features(struct strbuf *b, const char *const *annotations)
{
	strbuf_addf(b, "{\"ociVersionMin\":\"1.0.0\",\"ociVersionMax\":\"%s\",", SPEC_OCI_VERSION);
	put_hooks(b);
	strbuf_adds(b, ",");
	put_mount_options(b);
	strbuf_adds(b, ",");
	put_linux(b);
	strbuf_addf(b, ",\"annotations\":{\"agentrt.version\":\"%s\"},"
		       "\"potentiallyUnsafeConfigAnnotations\":[",
		    PACKAGE_VERSION);
	for (size_t i = 0; annotations && annotations[i]; i++) {
		strbuf_adds(b, i ? "," : "");
		strbuf_add_json(b, annotations[i]);
	}
	strbuf_adds(b, "]}");
}
