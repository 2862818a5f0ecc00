/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - what the specification demands across fields: the top level, and the entry points */
#include "spec/check.h"

#include "base/mutant.h"
#include "spec/oci_tables.h"
#include "spec/spec.h"

const char *check_quote(char buf[96], const char *s)
{
	str_printable(buf, 96, s);
	return buf;
}

/* config.md "Specification version": one major version is one promise; the minor is not compared,
 * because containers of an existing engine must not break when it raises the number. */
static int version(const struct oci_spec *s, struct err *e)
{
	const char *v = s->oci_version;

	if (v[0] == '1' && v[1] == '.' && chr_is_digit(v[2]))
		return 0;
	return err_set(e, ERR_SPEC, "ociVersion \"%s\" is not a version 1.x", check_show(v));
}

static int root(const struct oci_spec *s, struct err *e)
{
	return s->root ? 0 : err_set(e, ERR_SPEC, "root is required");
}

static int uts_name(const struct oci_spec *s, const char *what, const char *name, struct err *e)
{
	if (!name)
		return 0;
	if (!oci_ns_find(s, NS_UTS))
		return err_set(e, ERR_SPEC, "%s needs a uts namespace in linux.namespaces", what);
	if (strlen(name) > 64) /* __NEW_UTS_LEN */
		return err_set(e, ERR_SPEC, "%s is longer than 64 bytes", what);
	return 0;
}

static int host_name(const struct oci_spec *s, struct err *e)
{
	return uts_name(s, "hostname", s->hostname, e);
}

static int domain_name(const struct oci_spec *s, struct err *e)
{
	return uts_name(s, "domainname", s->domainname, e);
}

static int annotations(const struct oci_spec *s, struct err *e)
{
	for (size_t i = 0; i < s->n_annotations; i++)
		if (s->annotations[i].key[0] == '\0')
			return err_set(e, ERR_SPEC, "annotations must not have an empty key");
	return 0;
}

static int hook(const struct oci_hook *h, struct err *e)
{
	if (h->path[0] != '/')
		return err_set(e, ERR_SPEC, "path \"%s\" must be absolute", check_show(h->path));
	if (h->timeout_s.set && h->timeout_s.v <= 0)
		return err_set(e, ERR_SPEC, "timeout must be greater than zero");
	return 0;
}

static int hooks(const struct oci_spec *s, struct err *e)
{
	for (int k = 0; k < HOOK__COUNT; k++)
		for (size_t i = 0; i < s->hooks.kind[k].n; i++)
			if (hook(&s->hooks.kind[k].v[i], e))
				return err_ctx(e, "hooks.%s[%zu]", oci_hooks_table.fields[k].name,
					       i);
	return 0;
}

static int process(const struct oci_spec *s, struct err *e)
{
	return s->process ? check_process(s->process, e) : 0;
}

static int seccomp(const struct oci_spec *s, struct err *e)
{
	return s->linux_.seccomp ? check_seccomp(s->linux_.seccomp, e) : 0;
}

static int resources(const struct oci_spec *s, struct err *e)
{
	if (!s->linux_.resources || !check_resources(s->linux_.resources, e))
		return 0;
	return err_ctx(e, "linux.resources");
}

static const struct check_spec_rule rules[] = {
	{ "spec.version", version },
	{ "spec.root", root },
	{ "spec.hostname", host_name },
	{ "spec.domainname", domain_name },
	{ "spec.annotations", annotations },
	{ "spec.hooks", hooks },
	{ "spec.process", process },
	{ "spec.mounts", check_mounts },
	{ "spec.linux", check_linux },
	{ "spec.resources", resources },
	{ "spec.seccomp", seccomp },
};

int spec_check(const struct oci_spec *s, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (!mutant(rules[i].name) && rules[i].check(s, e))
			return -1;
	return 0;
}

int spec_check_process(const struct oci_process *p, struct err *e)
{
	return check_process(p, e);
}

int spec_check_resources(const struct oci_resources *r, struct err *e)
{
	return check_resources(r, e);
}
