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
