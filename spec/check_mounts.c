/* SPDX-License-Identifier: Apache-2.0 */
/* check_mounts.c - config.md "Mounts" */
#include "spec/check.h"
#include "spec/names.h"

struct seen {
	bool bind, idmap;
	const char *data; /* first option that is no flag */
};

static struct seen look(const struct oci_mount *m)
{
	struct seen s = { 0 };

	for (size_t i = 0; i < m->n_options; i++) {
		const struct mopt_row *row = mopt_find(m->options[i]);

		if (!row)
			s.data = s.data ? s.data : m->options[i];
		else if (row->kind == MOPT_BIND)
			s.bind = true;
		else if (row->kind == MOPT_IDMAP)
			s.idmap = true;
	}
	return s;
}

static int mount(const struct oci_spec *s, const struct oci_mount *m, struct err *e)
{
	struct seen o = look(m);

	if (!m->n_uid_mappings != !m->n_gid_mappings)
		return err_set(e, ERR_SPEC, "uidMappings and gidMappings go together");
	if (o.idmap && !m->n_uid_mappings && !oci_ns_find(s, NS_USER))
		return err_set(e, ERR_SPEC,
			       "option idmap needs uidMappings and gidMappings, or a user "
			       "namespace");
	/* The kernel ignores them silently: whoever wrote "size=1m" would believe in it. */
	if (o.bind && o.data)
		return err_set(e, ERR_SPEC, "a bind mount takes no file-system option (\"%s\")",
			       check_show(o.data));
	if (o.bind && !m->source)
		return err_set(e, ERR_SPEC, "a bind mount needs a source");
	return 0;
}

int check_mounts(const struct oci_spec *s, struct err *e)
{
	for (size_t i = 0; i < s->n_mounts; i++)
		if (mount(s, &s->mounts[i], e))
			return err_ctx(e, "mounts[%zu] (%s)", i,
				       check_show(s->mounts[i].destination));
	return 0;
}
