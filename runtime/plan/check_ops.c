/* SPDX-License-Identifier: Apache-2.0 */
/* check_ops.c - the arguments of each kind of op: one function a kind that has something to check */
#include "base/mutant.h"
#include "base/str.h"
#include "base/table.h"
#include "plan/check.h"
#include "spec/oci.h"

typedef int check_fn(const struct op *op, struct err *e);

/* The specification's identifiers of a resource end here; the kernel has fewer than 32. */
#define MAX_RESOURCE 31

bool check_is_clean(const char *path)
{
	if (!path || path[0] != '/')
		return false;
	if (path[1] == '\0')
		return true;
	for (const char *s = path; *s;) {
		size_t n = strcspn(++s, "/");

		if (n == 0 || (n == 1 && s[0] == '.') || (n == 2 && s[0] == '.' && s[1] == '.'))
			return false;
		s += n;
	}
	return true;
}

static int path(const char *p, const char *what, struct err *e)
{
	char shown[128];

	if (check_is_clean(p) || mutant("check.path"))
		return 0;
	str_printable(shown, sizeof(shown), p ? p : "(none)");
	return err_set(e, ERR_SPEC, "%s \"%s\" is not an absolute, clean path", what, shown);
}

static bool is_file_name(const char *s)
{
	return s && *s && *s != '.' && !strchr(s, '/');
}

static int cgroup(const struct op *op, struct err *e)
{
	const struct op_cgroup *c = &op->u.cgroup;

	if (c->none ? c->n_dirs || c->n_writes || c->n_devices : !c->n_dirs)
		return err_set(e, ERR_SPEC, "has no cgroup, and settings for one, or the other way round");
	for (size_t i = 0; i < c->n_dirs; i++) {
		if (path(c->dirs[i].mount_host, "cgroup mount", e) ||
		    path(c->dirs[i].path, "cgroup path", e))
			return -1;
		if (streq(c->dirs[i].path, "/") && !mutant("cgroup.root"))
			return err_set(e, ERR_SPEC, "the root of a hierarchy holds the whole host");
	}
	for (size_t i = 0; i < c->n_writes; i++)
		if (!is_file_name(c->writes[i].file) || !c->writes[i].value)
			return err_set(e, ERR_SPEC, "%s does not name a cgroup file", c->writes[i].rule);
	if (c->n_writes && c->writes[c->n_writes - 1].on_fail == FAIL_NEXT)
		return err_set(e, ERR_SPEC, "the last write has no alternative after it");
	if (c->n_devices && c->devices[0].type != 'a')
		return err_set(e, ERR_SPEC, "the first device rule does not decide for all devices");
	return 0;
}

static int rdt(const struct op *op, struct err *e)
{
	if (op->u.rdt.monitor_host && path(op->u.rdt.monitor_host, "monitoring group", e))
		return -1;
	return path(op->u.rdt.group_host, "group", e);
}

static int root(const struct op *op, struct err *e)
{
	const struct op_root *r = &op->u.root;

	if (path(r->root_host, "root", e))
		return -1;
	if (r->n_lower == 0)
		return err_set(e, ERR_SPEC, "has no layer");
	for (size_t i = 0; i < r->n_lower; i++)
		if (path(r->lower_host[i], "layer", e))
			return -1;
	return r->overlay ? path(r->upper_dir_host, "upper directory", e) : 0;
}

static int userns(const struct op *op, struct err *e)
{
	return op->u.userns.action == NS_JOIN ? path(op->u.userns.path_host, "namespace", e) : 0;
}

static int ns(const struct op *op, struct err *e)
{
	const struct op_ns *n = &op->u.ns;

	if (n->n_offsets && (n->type != NS_TIME || n->action != NS_NEW))
		return err_set(e, ERR_SPEC, "clock offsets are for a new time namespace");
	return n->action == NS_JOIN ? path(n->path_host, "namespace", e) : 0;
}

static int anet(const struct op *op, struct err *e)
{
	return op->u.anet.e == E_PATH ? path(op->u.anet.e_path_host, "network namespace", e) : 0;
}

static int egress(const struct op *op, struct err *e)
{
	const struct op_egress *g = &op->u.egress;

	if (g->resolv_conf_host && path(g->resolv_conf_host, "resolver file", e))
		return -1;
	for (size_t i = 0; i < g->n_allow; i++)
		if (!g->allow[i].host || !*g->allow[i].host)
			return err_set(e, ERR_SPEC, "an entry of the allow list has no host");
	for (size_t i = 0; i < g->n_deny; i++)
		if (!g->deny[i].host || !*g->deny[i].host)
			return err_set(e, ERR_SPEC, "an entry of the deny list has no host");
	return 0;
}

static int hook(const struct op *op, struct err *e)
{
	const struct op_hook *h = &op->u.hook;

	if (!h->path || h->path[0] != '/')
		return err_set(e, ERR_SPEC, "the hook's path is not absolute");
	if (!h->args || !h->args[0])
		return err_set(e, ERR_SPEC, "the hook has no arguments");
	if (!h->env && (op->phase == C_FS || op->phase == C_EXEC))
		return err_set(e, ERR_SPEC, "the hook would get the runtime's environment into the container");
	return h->timeout_s < 0 ? err_set(e, ERR_SPEC, "the hook's timeout is negative") : 0;
}

static int mount(const struct op *op, struct err *e)
{
	const struct op_mount *m = &op->u.mount;

	if (path(m->dest_ctr, "destination", e))
		return -1;
	if (streq(m->dest_ctr, "/"))
		return err_set(e, ERR_SPEC, "would cover the whole root");
	if (m->kind == MOUNT_BIND && !m->remount && path(m->source_host, "source", e))
		return -1;
	if (m->kind == MOUNT_BIND && m->data && !mutant("mount.bind_data"))
		return err_set(e, ERR_SPEC, "a bind mount takes no file-system options");
	if (m->kind != MOUNT_BIND && !m->remount && !m->type)
		return err_set(e, ERR_SPEC, "has no file-system type");
	if (m->kind != MOUNT_BIND && m->idmap != MOUNT_IDMAP_NONE)
		return err_set(e, ERR_SPEC, "only a bind mount's ids can be mapped");
	if (m->kind != MOUNT_BIND && (m->n_hide || m->cow_dir || m->cow_tmpfs_bytes))
		return err_set(e, ERR_SPEC, "only a bind mount can hide names or be copy-on-write");
	if ((m->cow_dir || m->cow_tmpfs_bytes) && (m->recursive || m->remount))
		return err_set(e, ERR_SPEC, "a copy-on-write mount shows one file system");
	if ((m->kind == MOUNT_PROC || m->kind == MOUNT_SYSFS) && !m->no_symlink)
		return err_set(e, ERR_SPEC, "%s may not be mounted through a link", m->type);
	return 0;
}

static int file(const struct op *op, struct err *e)
{
	if (!op->u.file.content)
		return err_set(e, ERR_SPEC, "the file has no content");
	return path(op->u.file.path_ctr, "file", e);
}

static int dev(const struct op *op, struct err *e)
{
	const struct op_dev *d = &op->u.dev;

	if (!strchr("cbp", d->type) || !d->type)
		return err_set(e, ERR_SPEC, "the device is none of c, b and p");
	if (d->bind && path(d->source_host, "source", e))
		return -1;
	return path(d->path_ctr, "device", e);
}

static int link_to(const struct op *op, struct err *e)
{
	if (!op->u.link.target || !*op->u.link.target)
		return err_set(e, ERR_SPEC, "the link leads nowhere");
	return path(op->u.link.path_ctr, "link", e);
}

static int just_path(const struct op *op, struct err *e)
{
	return path(op->u.path.path_ctr, "path", e);
}

static int hostname(const struct op *op, struct err *e)
{
	const char *name = op->u.hostname.name;

	/* the kernel's __NEW_UTS_LEN */
	return name && strlen(name) <= 64 ? 0 : err_set(e, ERR_SPEC, "the name is longer than 64 bytes");
}

static int sysctl(const struct op *op, struct err *e)
{
	const struct op_sysctl *s = &op->u.sysctl;

	if (!s->key || s->key[0] == '/' || strstr(s->key, "..") || !s->value)
		return err_set(e, ERR_SPEC, "not the name of a kernel parameter");
	if (op->phase == C_ANET && !str_has_prefix(s->key, "net/"))
		return err_set(e, ERR_SPEC, "is not a parameter of the network");
	return 0;
}

static int rlimit(const struct op *op, struct err *e)
{
	const struct op_rlimit *r = &op->u.rlimit;

	if (r->resource < 0 || r->resource > MAX_RESOURCE)
		return err_set(e, ERR_SPEC, "no such resource");
	return r->soft > r->hard ? err_set(e, ERR_SPEC, "the soft limit is above the hard one") : 0;
}

static int oom(const struct op *op, struct err *e)
{
	int adj = op->u.oom.score_adj;

	return adj < -1000 || adj > 1000 ? err_set(e, ERR_SPEC, "the score is not in -1000..1000") : 0;
}

static int lsm(const struct op *op, struct err *e)
{
	const char *label = op->u.lsm.label;

	return label && *label && !strchr(label, '\n') ? 0 : err_set(e, ERR_SPEC, "not a label");
}

static int creds(const struct op *op, struct err *e)
{
	const struct op_creds *c = &op->u.creds;

	if (c->effective & ~c->permitted)
		return err_set(e, ERR_SPEC, "an effective capability is not permitted");
	if (c->ambient & ~(c->permitted & c->inheritable))
		return err_set(e, ERR_SPEC, "an ambient capability is not permitted and inheritable");
	if (c->uid == UINT32_MAX || c->gid == UINT32_MAX)
		return err_set(e, ERR_SPEC, "4294967295 is not an id");
	return c->umask > 0777 ? err_set(e, ERR_SPEC, "the umask has more than permission bits") : 0;
}

static int landlock(const struct op *op, struct err *e)
{
	const struct op_landlock *l = &op->u.landlock;

	if (!(l->fs | l->net | l->scope))
		return err_set(e, ERR_SPEC, "the domain holds nothing");
	if (l->fs && !l->n_paths)
		return err_set(e, ERR_SPEC, "no file could be opened");
	for (size_t i = 0; i < l->n_paths; i++) {
		if (path(l->paths[i].path_ctr, "path", e))
			return -1;
		if (!l->paths[i].access || l->paths[i].access & ~l->fs)
			return err_set(e, ERR_SPEC, "a rule is about rights that the domain does not hold");
	}
	if ((l->n_connect || l->n_bind) && !l->net)
		return err_set(e, ERR_SPEC, "there are ports, but the domain does not hold them");
	return 0;
}

static int seccomp(const struct op *op, struct err *e)
{
	const struct op_seccomp *s = &op->u.seccomp;

	if (s->listener_path && (s->recorded || s->yields))
		return err_set(e, ERR_SPEC, "it has a listener of its own, and there can be but one");
	for (size_t i = 0; i < s->n_rules; i++) {
		if (s->rules[i].n_names == 0)
			return err_set(e, ERR_SPEC, "rule %zu names no system call", i);
		for (size_t k = 0; k < s->rules[i].n_args; k++)
			if (s->rules[i].args[k].index > 5)
				return err_set(e, ERR_SPEC, "rule %zu: a system call has six arguments", i);
	}
	return 0;
}

static int exec(const struct op *op, struct err *e)
{
	const struct op_exec *x = &op->u.exec;

	if (!x->args || !x->args[0] || !x->env)
		return err_set(e, ERR_SPEC, "process.args: there is nothing to execute");
	return path(x->cwd_ctr, "process.cwd", e);
}

/* Kinds without a row take no arguments, or any. */
static check_fn *const checks[] = {
	[OP_RDT] = rdt,
	[OP_CGROUP] = cgroup,	  [OP_ROOT] = root,	    [OP_USERNS] = userns,
	[OP_NS] = ns,		  [OP_ANET] = anet,	    [OP_EGRESS] = egress,
	[OP_HOOK] = hook,	  [OP_MOUNT] = mount,	    [OP_FILE] = file,
	[OP_DEV] = dev,		  [OP_LINK] = link_to,	    [OP_RDONLY] = just_path,
	[OP_MASK] = just_path,	  [OP_HOSTNAME] = hostname, [OP_SYSCTL] = sysctl,
	[OP_RLIMIT] = rlimit,	  [OP_OOM] = oom,	    [OP_LSM] = lsm,
	[OP_CREDS] = creds,	  [OP_SECCOMP] = seccomp,   [OP_EXEC] = exec,
	[OP_LANDLOCK] = landlock,
};
TABLE_CHECK(checks, OP__COUNT);

int check_op(const struct op *op, struct err *e)
{
	return checks[op->kind] ? checks[op->kind](op, e) : 0;
}
