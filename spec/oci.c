/* SPDX-License-Identifier: Apache-2.0 */
/* oci.c - lookups in a specification */
#include "spec/oci.h"

#include <string.h>

#include "base/str.h"

const struct oci_namespace *oci_ns_find(const struct oci_spec *s, enum oci_ns_type type)
{
	for (size_t i = 0; i < s->linux_.n_namespaces; i++)
		if (s->linux_.namespaces[i].type == (int)type)
			return &s->linux_.namespaces[i];
	return NULL;
}

const char *oci_annotation(const struct oci_spec *s, const char *key)
{
	for (size_t i = 0; i < s->n_annotations; i++)
		if (streq(s->annotations[i].key, key))
			return s->annotations[i].value;
	return NULL;
}

const char *oci_env_get(const struct oci_process *p, const char *name)
{
	size_t n = strlen(name);
	const char *value = NULL;

	for (size_t i = 0; i < p->n_env; i++)
		if (strncmp(p->env[i], name, n) == 0 && p->env[i][n] == '=')
			value = p->env[i] + n + 1;
	return value;
}

static bool is_clean(const char *path)
{
	for (const char *p = path;; p++) {
		size_t n = strcspn(p, "/");

		if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		p += n;
		if (*p == '\0')
			return true;
	}
}

bool oci_sysctl_path(const char *key, char ret_path[OCI_SYSCTL_MAX])
{
	char path[OCI_SYSCTL_MAX] = "";
	size_t n = strlen(key);
	bool dots = key[strcspn(key, "./")] == '.';

	if (n >= sizeof(path))
		return false;
	for (size_t i = 0; i <= n; i++) {
		char c = key[i];

		path[i] = !dots ? c : c == '.' ? '/' : c == '/' ? '.' : c;
		if ((c > 0 && c < 0x20) || c == 0x7f)
			return false;
	}
	if (!is_clean(path))
		return false;
	memcpy(ret_path, path, n + 1);
	return true;
}
