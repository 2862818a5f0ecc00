/* SPDX-License-Identifier: Apache-2.0 */
/* check_linux.c - config-linux.md, but for resources and seccomp */
#include <linux/mempolicy.h>

#include "base/mutant.h"
#include "spec/check.h"
#include "spec/names.h"

#define L (&s->linux_)

/* ---- namespaces and ids ---- */

static int namespaces(const struct oci_spec *s, struct err *e)
{
	uint32_t seen = 0;

	for (size_t i = 0; i < L->n_namespaces; i++) {
		const struct oci_namespace *ns = &L->namespaces[i];

		if (seen >> ns->type & 1)
			return err_set(e, ERR_SPEC, "linux.namespaces has type %s twice",
				       name_of(&names_ns, (uint32_t)ns->type));
		if (ns->path && ns->path[0] != '/')
			return err_set(e, ERR_SPEC,
				       "linux.namespaces[%zu].path \"%s\" must be absolute",
				       i, check_show(ns->path));
		seen |= 1u << ns->type;
	}
	return 0;
}

#define MAX_MAPPINGS 340 /* UID_GID_MAP_MAX_EXTENTS: more is EINVAL in the kernel */

static bool overlap(uint32_t a, uint32_t b, uint32_t a_size, uint32_t b_size)
{
	return a < b ? b - a < a_size : a - b < b_size;
}

static int mappings(const char *what, const struct oci_idmap *m, size_t n, struct err *e)
{
	if (n > MAX_MAPPINGS)
		return err_set(e, ERR_SPEC, "%s has more than %d entries", what, MAX_MAPPINGS);
	for (size_t i = 0; i < n; i++) {
		if (m[i].size == 0)
			return err_set(e, ERR_SPEC, "%s[%zu].size must not be 0", what, i);
		if (m[i].ctr > UINT32_MAX - m[i].size || m[i].host > UINT32_MAX - m[i].size)
			return err_set(e, ERR_SPEC, "%s[%zu] reaches past the largest id", what, i);
		for (size_t k = 0; k < i; k++)
			if (overlap(m[i].ctr, m[k].ctr, m[i].size, m[k].size) ||
			    overlap(m[i].host, m[k].host, m[i].size, m[k].size))
				return err_set(e, ERR_SPEC, "%s[%zu] has ids of %s[%zu]", what, i,
					       what, k);
	}
	return 0;
}

static int id_mappings(const struct oci_spec *s, struct err *e)
{
	const struct oci_namespace *user = oci_ns_find(s, NS_USER);

	if (!user && (L->n_uid_mappings || L->n_gid_mappings))
		return err_set(e, ERR_SPEC,
			       "linux.uidMappings and linux.gidMappings need a user namespace in "
			       "linux.namespaces");
	if (user && !user->path && (!L->n_uid_mappings || !L->n_gid_mappings))
		return err_set(e, ERR_SPEC,
			       "a new user namespace needs linux.uidMappings and "
			       "linux.gidMappings");
	if (mappings("linux.uidMappings", L->uid_mappings, L->n_uid_mappings, e))
		return -1;
	return mappings("linux.gidMappings", L->gid_mappings, L->n_gid_mappings, e);
}

static int time_offsets(const struct oci_spec *s, struct err *e)
{
	const struct oci_namespace *ns = oci_ns_find(s, NS_TIME);

	if (L->n_time_offsets && (!ns || ns->path))
		return err_set(e, ERR_SPEC, "linux.timeOffsets needs a new time namespace");
	for (size_t i = 0; i < L->n_time_offsets; i++) {
		const struct oci_time_offset *o = &L->time_offsets[i];

		if (!streq(o->clock, "monotonic") && !streq(o->clock, "boottime"))
			return err_set(e, ERR_SPEC, "linux.timeOffsets: unknown clock \"%s\"",
				       check_show(o->clock));
		if (o->nanosecs >= 1000000000)
			return err_set(e, ERR_SPEC,
				       "linux.timeOffsets.%s.nanosecs must be below 1000000000",
				       o->clock);
	}
	return 0;
}

/* ---- devices ---- */

static bool is_device_number(int64_t n)
{
	return n >= 0 && n <= UINT32_MAX;
}

static int devices(const struct oci_spec *s, struct err *e)
{
	for (size_t i = 0; i < L->n_devices; i++) {
		const struct oci_device *d = &L->devices[i];

		if (d->path[0] != '/')
			return err_set(e, ERR_SPEC,
				       "linux.devices[%zu].path \"%s\" must be absolute",
				       i, check_show(d->path));
		if (d->type != 'p' && (!is_device_number(d->major) || !is_device_number(d->minor)))
			return err_set(e, ERR_SPEC,
				       "linux.devices[%zu] (%s): %lld:%lld is no device number",
				       i, check_show(d->path), (long long)d->major,
				       (long long)d->minor);
	}
	return 0;
}

/* dev_valid_name() of the kernel; "%" makes a template of a name ("eth%d"). */
static bool is_interface_name(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n < 16 && !streq(s, ".") && !streq(s, "..") && !strpbrk(s, "/: \t\n\v\f\r");
}

static int net_devices(const struct oci_spec *s, struct err *e)
{
	if (L->n_net_devices && !oci_ns_find(s, NS_NETWORK))
		return err_set(e, ERR_SPEC, "linux.netDevices needs a network namespace");
	for (size_t i = 0; i < L->n_net_devices; i++) {
		const struct oci_netdev *d = &L->net_devices[i];
		const char *bad = !is_interface_name(d->host_name) ? d->host_name :
				  d->name && !is_interface_name(d->name) ? d->name : NULL;

		if (bad)
			return err_set(e, ERR_SPEC, "linux.netDevices: \"%s\" is no interface name",
				       check_show(bad));
	}
	return 0;
}

/* ---- paths ---- */

static int path_list(const struct oci_spec *s, const char *what, const char **paths, size_t n,
		     struct err *e)
{
	if (n && !oci_ns_find(s, NS_MOUNT))
		return err_set(e, ERR_SPEC, "%s needs a mount namespace in linux.namespaces", what);
	for (size_t i = 0; i < n; i++)
		if (paths[i][0] != '/')
			return err_set(e, ERR_SPEC, "%s[%zu] \"%s\" must be absolute", what, i,
				       check_show(paths[i]));
	return 0;
}

static int masked_paths(const struct oci_spec *s, struct err *e)
{
	return path_list(s, "linux.maskedPaths", L->masked_paths, L->n_masked_paths, e);
}

static int readonly_paths(const struct oci_spec *s, struct err *e)
{
	return path_list(s, "linux.readonlyPaths", L->readonly_paths, L->n_readonly_paths, e);
}

static bool has_dot_dot(const char *path)
{
	for (const char *p = path; (p = strstr(p, "..")); p += 2)
		if ((p == path || p[-1] == '/') && (p[2] == '/' || p[2] == '\0'))
			return true;
	return false;
}

static int cgroups_path(const struct oci_spec *s, struct err *e)
{
	if (!L->cgroups_path || !has_dot_dot(L->cgroups_path))
		return 0;
	return err_set(e, ERR_SPEC, "linux.cgroupsPath \"%s\" must not contain \"..\"",
		       check_show(L->cgroups_path));
}

static int propagation(const struct oci_spec *s, struct err *e)
{
	const char *want = L->rootfs_propagation;
	const struct mopt_row *row = want ? mopt_find(want) : NULL;

	if (!want || (row && row->kind == MOPT_PROPAGATION))
		return 0;
	return err_set(e, ERR_SPEC,
		       "linux.rootfsPropagation \"%s\" is not shared, slave, private or unbindable",
		       check_show(want));
}

/* ---- sysctl: only what belongs to a namespace of the container's own ---- */

static const struct {
	const char *name; /* ends in '/': everything below */
	int ns;
} sysctls[] = {
	{ "kernel/msgmax", NS_IPC },	  { "kernel/msgmnb", NS_IPC },
	{ "kernel/msgmni", NS_IPC },	  { "kernel/sem", NS_IPC },
	{ "kernel/shmall", NS_IPC },	  { "kernel/shmmax", NS_IPC },
	{ "kernel/shmmni", NS_IPC },	  { "kernel/shm_rmid_forced", NS_IPC },
	{ "fs/mqueue/", NS_IPC },	  { "net/", NS_NETWORK },
	{ "kernel/domainname", NS_UTS },  { "user/", NS_USER },
};

/* -1: of no namespace, so it would change the host. */
static int sysctl_namespace(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++) {
		const char *name = sysctls[i].name;

		if (str_has_suffix(name, "/") ? str_has_prefix(path, name) : streq(path, name))
			return sysctls[i].ns;
	}
	return -1;
}

static int sysctl(const struct oci_spec *s, struct err *e)
{
	for (size_t i = 0; i < L->n_sysctl; i++) {
		const char *key = L->sysctl[i].key;
		char path[OCI_SYSCTL_MAX];

		if (!oci_sysctl_path(key, path))
			return err_set(e, ERR_SPEC, "linux.sysctl: \"%s\" is no sysctl name",
				       check_show(key));
		int ns = sysctl_namespace(path);
		if (ns < 0)
			return err_set(e, ERR_SPEC,
				       "linux.sysctl: \"%s\" is not of a namespace, it would "
				       "change the host",
				       check_show(key));
		if (!oci_ns_find(s, (enum oci_ns_type)ns))
			return err_set(e, ERR_SPEC,
				       "linux.sysctl: \"%s\" needs a %s namespace, else it would "
				       "change the host",
				       check_show(key), name_of(&names_ns, (uint64_t)ns));
	}
	return 0;
}

/* ---- Intel RDT ---- */

/* A directory of the resctrl file system's root; these are its own. */
static bool is_clos_id(const char *id)
{
	static const char *const taken[] = { "", ".", "..", "info", "mon_groups", "mon_data" };

	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		if (streq(id, taken[i]))
			return false;
	return streq(id, "/") || (!strpbrk(id, "/\n") && strlen(id) < 256);
}

static int intel_rdt(const struct oci_spec *s, struct err *e)
{
	const struct oci_intel_rdt *r = L->intel_rdt;

	if (!r)
		return 0;
	if (r->clos_id && !is_clos_id(r->clos_id))
		return err_set(e, ERR_SPEC, "linux.intelRdt.closID \"%s\" is not the name of a group",
			       check_show(r->clos_id));
	if (r->mem_bw_schema &&
	    (!str_has_prefix(r->mem_bw_schema, "MB:") || strchr(r->mem_bw_schema, '\n')))
		return err_set(e, ERR_SPEC,
			       "linux.intelRdt.memBwSchema must be one line that begins with \"MB:\"");
	for (size_t i = 0; i < r->n_schemata; i++)
		if (!strchr(r->schemata[i], ':') || strchr(r->schemata[i], '\n'))
			return err_set(e, ERR_SPEC,
				       "linux.intelRdt.schemata[%zu] must be one line like \"L3:0=ff\"",
				       i);
	return 0;
}

/* ---- memory policy ---- */

static int memory_policy(const struct oci_spec *s, struct err *e)
{
	const struct oci_memory_policy *m = L->memory_policy;

	if (!m)
		return 0;
	bool is_plain = m->mode == MPOL_DEFAULT || m->mode == MPOL_LOCAL;
	if (is_plain && m->nodes)
		return err_set(e, ERR_SPEC, "linux.memoryPolicy: %s takes no nodes",
			       name_of(&names_mempolicy_mode, (uint32_t)m->mode));
	if (!is_plain && m->mode != MPOL_PREFERRED && !m->nodes)
		return err_set(e, ERR_SPEC, "linux.memoryPolicy: %s needs nodes",
			       name_of(&names_mempolicy_mode, (uint32_t)m->mode));
	if (m->nodes && m->nodes[strspn(m->nodes, "0123456789,-")])
		return err_set(e, ERR_SPEC,
			       "linux.memoryPolicy.nodes \"%s\" is not a list of nodes",
			       check_show(m->nodes));
	if ((m->flags & MPOL_F_STATIC_NODES) && (m->flags & MPOL_F_RELATIVE_NODES))
		return err_set(e, ERR_SPEC,
			       "linux.memoryPolicy.flags: MPOL_F_STATIC_NODES and "
			       "MPOL_F_RELATIVE_NODES exclude each other");
	return 0;
}

static const struct check_spec_rule rules[] = {
	{ "spec.linux.namespaces", namespaces },
	{ "spec.linux.mappings", id_mappings },
	{ "spec.linux.time", time_offsets },
	{ "spec.linux.devices", devices },
	{ "spec.linux.netdevices", net_devices },
	{ "spec.linux.masked", masked_paths },
	{ "spec.linux.readonly", readonly_paths },
	{ "spec.linux.cgroupspath", cgroups_path },
	{ "spec.linux.propagation", propagation },
	{ "spec.linux.sysctl", sysctl },
	{ "spec.linux.mempolicy", memory_policy },
	{ "spec.linux.rdt", intel_rdt },
};

int check_linux(const struct oci_spec *s, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (!mutant(rules[i].name) && rules[i].check(s, e))
			return -1;
	return 0;
}
