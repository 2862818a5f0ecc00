/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tighten_mounts.c - one decision a mount
 *
 * Theory of operation. A mount that is not a bind makes a file system of the container's own
 * namespaces: its type must be in a list, and what shows the host (sysfs, cgroup) is read-only.
 * proc and sysfs are mounted where the masked and read-only paths are, once, and nowhere else.
 * A bind shows the host, and is decided in this order; the first that fits ends it:
 *
 *   an administrator's mounts.allow names exactly the source    passes, with a finding
 *   a Kubernetes service account                                dropped
 *   the host's own /dev/shm, /dev/mqueue, /sys, /proc           a private one instead
 *   the exact table of what engines inject                      passes as the row says
 *   the guarded places, by object, type, file system and name   refused
 *   anything else is a project directory                        idmapped to its owner; as
 *                                                               mounts.projects says, without
 *                                                               the names in mounts.hide
 *
 * Every bind is nosuid and nodev, shows one file system (not what is mounted below it) and
 * propagates nothing. A source that does not exist is refused, because nothing is known of what
 * would be there a moment later.
 */
#include "base/mutant.h"
#include "base/path.h"
#include "base/str.h"
#include "base/table.h"
#include "profiles/tighten_ctx.h"
#include "spec/names.h"

static bool has_option(const struct oci_mount *m, const char *name)
{
	for (size_t i = 0; i < m->n_options; i++)
		if (streq(m->options[i], name))
			return true;
	return false;
}

static bool is_bind(const struct oci_mount *m)
{
	return has_option(m, "bind") || has_option(m, "rbind");
}

/* ---- options ---- */

enum option_act { KEEP, DROP, DROP_IF_RO, DROP_SHARING, DROP_MAP, NOT_RECURSIVE };

static const struct {
	const char *name;
	enum option_act act;
} option_acts[] = {
	{ "suid", DROP },	    { "rsuid", DROP },		 { "dev", DROP },
	{ "rdev", DROP },	    { "rw", DROP_IF_RO },	 { "rrw", DROP_IF_RO },
	{ "shared", DROP_SHARING }, { "rshared", DROP_SHARING }, { "slave", DROP_SHARING },
	{ "rslave", DROP_SHARING }, { "idmap", DROP_MAP },	 { "ridmap", DROP_MAP },
	{ "rbind", NOT_RECURSIVE },
};

static enum option_act act_of(const char *option)
{
	for (size_t i = 0; i < ARRAY_SIZE(option_acts); i++)
		if (streq(option_acts[i].name, option))
			return option_acts[i].act;
	return str_has_prefix(option, "idmap=") ? DROP_MAP : KEEP;
}

struct option_list {
	const char **v;
	size_t n;
};

static void put(struct tighten_ctx *c, struct option_list *l, const char *option)
{
	for (size_t i = 0; i < l->n; i++)
		if (streq(l->v[i], option))
			return;
	*arena_push(c->a, l->v, l->n) = option;
}

static void bind_option(struct tighten_ctx *c, const struct mount_try *m, const char *option,
			bool readonly, bool recursive, struct option_list *l)
{
	switch (act_of(option)) {
	case NOT_RECURSIVE:
		if (recursive || mutant("mount.recursive"))
			break;
		put(c, l, "bind");
		return;
	case DROP_SHARING:
		if (mutant("mount.propagation"))
			break;
		tighten_find(c, "mount.propagation", FIND_REMOVED,
			     "mounts do not propagate between the host and the container", "%s: %s",
			     m->what, option);
		return;
	case DROP_MAP:
		tighten_find(c, "mount.owner", FIND_REMOVED,
			     "the profile decides whose ids the files have", "%s: %s", m->what,
			     option);
		return;
	case DROP_IF_RO:
		if (!readonly)
			break;
		return;
	case DROP:
		return;
	case KEEP:
	default:
		break;
	}
	put(c, l, option);
}

static struct oci_mount bind_options(struct tighten_ctx *c, const struct mount_try *m,
				     bool readonly, bool recursive)
{
	struct oci_mount out = *m->m;
	struct option_list l = { 0 };

	for (size_t i = 0; i < out.n_options; i++)
		bind_option(c, m, out.options[i], readonly, recursive, &l);
	if (!mutant("mount.options")) {
		put(c, &l, "nosuid");
		put(c, &l, "nodev");
	}
	if (readonly)
		put(c, &l, "ro");
	out.options = l.v;
	out.n_options = l.n;
	out.uid_mappings = out.gid_mappings = NULL;
	out.n_uid_mappings = out.n_gid_mappings = 0;
	return out;
}

/* ---- file systems of the container's own ---- */

static const struct fs_type {
	const char *type;
	bool readonly; /* it shows more than the container's namespaces */
	bool no_data;  /* its own options could reach further (cgroup v1: release_agent=) */
	const char *place; /* the only one; NULL: any */
} fs_types[] = {
	{ "proc", false, false, "/proc" }, { "sysfs", true, true, "/sys" },
	{ "tmpfs", false, false, NULL },   { "devpts", false, false, NULL },
	{ "mqueue", false, true, NULL },   { "cgroup", true, true, NULL },
	{ "cgroup2", true, true, NULL },
};

static const struct fs_type *find_type(const struct oci_mount *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(fs_types); i++)
		if (m->type && streq(fs_types[i].type, m->type))
			return &fs_types[i];
	return NULL;
}

/* "gid=5" is what engines say for terminals; a user may have a single id. */
static bool names_unmapped(const struct tighten_ctx *c, const char *option)
{
	const struct oci_linux *l = &c->s->linux_;
	bool gid = str_has_prefix(option, "gid=");
	uint32_t id, host;

	if (c->f->in_initial_userns || (!gid && !str_has_prefix(option, "uid=")) ||
	    !str_to_u32(option + 4, &id) || mutant("mount.ids"))
		return false;
	return gid ? !tighten_host_id(l->gid_mappings, l->n_gid_mappings, id, &host) :
		     !tighten_host_id(l->uid_mappings, l->n_uid_mappings, id, &host);
}

static struct oci_mount fs_options(struct tighten_ctx *c, const struct mount_try *m,
				   const struct fs_type *t)
{
	struct oci_mount out = *m->m;
	struct option_list l = { 0 };
	bool readonly = t->readonly && !mutant("mount.kernel");

	for (size_t i = 0; i < out.n_options; i++) {
		const char *option = out.options[i];
		enum option_act act = act_of(option);

		if (act == DROP_SHARING || act == DROP_MAP || (act == DROP_IF_RO && readonly))
			continue;
		if (names_unmapped(c, option)) {
			tighten_find(c, "mount.ids", FIND_REMOVED,
				     "the id is not mapped in the container's user namespace", "%s: %s",
				     m->what, option);
			continue;
		}
		if (t->no_data && !mopt_find(option)) {
			tighten_find(c, "mount.options", FIND_REMOVED,
				     "options of this file system could reach beyond the container",
				     "%s: %s", m->what, option);
			continue;
		}
		put(c, &l, option);
	}
	if (readonly && !has_option(m->m, "ro")) {
		put(c, &l, "ro");
		tighten_find(c, "mount.kernel", FIND_REPLACED,
			     "it shows settings of the host's kernel", "%s: read-only", m->what);
	}
	out.options = l.v;
	out.n_options = l.n;
	out.uid_mappings = out.gid_mappings = NULL;
	out.n_uid_mappings = out.n_gid_mappings = 0;
	return out;
}

/* ---- results ---- */

static void accept(struct tighten_ctx *c, const struct oci_mount *m, const struct fact_path *at,
		   struct tight_mount tm)
{
	struct tight *t = c->t;
	size_t n_facts = c->s->n_mounts, n_tight = c->s->n_mounts;

	*arena_push(c->a, t->mount_facts, n_facts) = at ? *at : (struct fact_path){ 0 };
	*arena_push(c->a, t->mounts, n_tight) = tm;
	*arena_push(c->a, c->s->mounts, c->s->n_mounts) = *m;
}

static int check_remount(const struct mount_try *m, struct err *e)
{
	if (!has_option(m->m, "remount") || mutant("mount.options"))
		return 0;
	return err_deny(e, "mount.options", m->what,
			"a remount changes a mount that another rule decided", NULL);
}

/* A second one would be without the masks; of sysfs, it would show the host's network, too. */
static int check_place(struct tighten_ctx *c, const struct mount_try *m, const struct fs_type *t,
		       struct err *e)
{
	if (!t->place || mutant("mount.place"))
		return 0;
	if (!streq(m->dest_ctr, t->place))
		return err_deny(e, "mount.target", m->what,
				arena_printf(c->a,
					     "a %s belongs on %s, where the masked and read-only "
					     "paths are",
					     t->type, t->place),
				NULL);
	for (size_t i = 0; i < c->s->n_mounts; i++)
		if (c->s->mounts[i].type && streq(c->s->mounts[i].type, t->type))
			return err_deny(e, "mount.target", m->what,
					arena_printf(c->a, "there is a %s already", t->type), NULL);
	return 0;
}

static int screen_fs(struct tighten_ctx *c, const struct mount_try *m, struct err *e)
{
	static const struct fs_type anything = { NULL, false, false, NULL };
	const struct fs_type *t = find_type(m->m);

	if (!t && mutant("mount.type"))
		t = &anything;
	if (!t)
		return err_deny(e, "mount.type", m->what,
				tighten_print(c->a,
					      "a file system of type \"%s\" is none of those that "
					      "only show the container's own namespaces",
					      m->m->type ? m->m->type : ""),
				NULL);

	if (check_place(c, m, t, e))
		return -1;

	struct oci_mount out = fs_options(c, m, t);

	accept(c, &out, NULL, (struct tight_mount){ .idmap = IDMAP_NONE, .rule = "mount.type" });
	return 0;
}

/* ---- binds ---- */

/* The host's own file systems, asked for by --ipc host and the like: a private one does as well. */
static bool replace_hosts(struct tighten_ctx *c, const struct mount_try *m)
{
	static const char *const shm[] = { "nosuid", "noexec", "nodev", "mode=1777",
					   "size=65536k" };
	static const char *const plain[] = { "nosuid", "noexec", "nodev" };
	static const char *const readonly[] = { "nosuid", "noexec", "nodev", "ro" };
	static const struct {
		const char *path, *type, *source;
		const char *const *options;
		size_t n_options;
	} rows[] = {
		{ "/dev/shm", "tmpfs", "shm", shm, ARRAY_SIZE(shm) },
		{ "/dev/mqueue", "mqueue", "mqueue", plain, ARRAY_SIZE(plain) },
		{ "/sys", "sysfs", "sysfs", readonly, ARRAY_SIZE(readonly) },
		{ "/proc", "proc", "proc", plain, ARRAY_SIZE(plain) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!streq(rows[i].path, m->dest_ctr) || !streq(rows[i].path, m->at->realpath) ||
		    mutant("mount.private"))
			continue;

		struct oci_mount out = { .destination = rows[i].path,
					 .type = rows[i].type,
					 .source = rows[i].source,
					 .n_options = rows[i].n_options };

		for (size_t k = 0, n = 0; k < rows[i].n_options; k++)
			*arena_push(c->a, out.options, n) = rows[i].options[k];
		accept(c, &out, NULL, (struct tight_mount){ .rule = "mount.private" });
		tighten_find(c, "mount.private", FIND_REPLACED, "the container gets one of its own",
			     "%s", m->what);
		return true;
	}
	return false;
}

/* A rootless engine cannot make nodes, so its --privileged and --device bind those of the host. */
static bool drop_device(struct tighten_ctx *c, const struct mount_try *m)
{
	if (!facts_is_rootless(c->f) || (m->at->type != 'c' && m->at->type != 'b') ||
	    !path_is_within(m->dest_ctr, "/dev") || !streq(m->dest_ctr, m->at->realpath) ||
	    mutant("mount.rootless_device"))
		return false;
	tighten_find(c, "mount.device", FIND_REMOVED,
		     "the container has the ordinary devices, and no others of the host", "%s",
		     m->what);
	return true;
}

static bool drop_service_account(struct tighten_ctx *c, const struct mount_try *m)
{
	static const char *const places[] = { "/var/run/secrets/kubernetes.io",
					      "/run/secrets/kubernetes.io" };
	bool is = strstr(m->at->realpath ? m->at->realpath
			 : m->m->source	 ? m->m->source
					 : "",
			 "/volumes/kubernetes.io~projected/") != NULL;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		is = is || path_is_within(m->dest_ctr, places[i]);
	if (!is || mutant("mount.serviceaccount"))
		return false;
	tighten_find(c, "mount.serviceaccount", FIND_REMOVED,
		     "it holds a token for the cluster's API", "%s", m->what);
	return true;
}

static int pass_injected(struct tighten_ctx *c, const struct mount_try *m,
			 const struct injected *row, struct err *e)
{
	/* An engine with id maps of its own has given its volumes to the mapped ids already. */
	struct tight_mount tm = {
		.idmap = (int)(c->t->userns_private ? row->idmap : IDMAP_NONE),
		.force_readonly = row->readonly,
		.rule = "mount.engine",
	};

	if (tm.idmap == IDMAP_CONTAINER && !m->at->can_idmap)
		return err_deny(e, "mount.owner", m->what,
				tighten_print(c->a,
					      "%s on a file system (%s) that this kernel cannot "
					      "idmap",
					      row->what, m->at->fstype ? m->at->fstype : "unknown"),
				"keep the engine's data on ext4, xfs or btrfs");

	struct oci_mount out = bind_options(c, m, row->readonly, false);

	accept(c, &out, m->at, tm);
	tighten_find(c, "mount.engine", FIND_PASSED, arena_printf(c->a, "it is %s", row->what),
		     "%s", m->what);
	return 0;
}

/* How a project is mounted. A single file has no names in it, and no copy can lie over it. */
static struct tight_mount project_way(const struct tighten_ctx *c, const struct mount_try *m)
{
	bool is_dir = m->at->type == 'd', asks_ro = has_option(m->m, "ro") || has_option(m->m, "rro");
	int way = mutant("mount.projects") ? (int)PROJECTS_DIRECT : c->p->mounts.projects;

	return (struct tight_mount){
		.idmap = IDMAP_NONE,
		.hide = is_dir && c->p->mounts.n_hide > 0 && !mutant("mount.hide"),
		.cow = way == PROJECTS_COW && is_dir && !asks_ro,
		.force_readonly = way == PROJECTS_RO || (way == PROJECTS_COW && !is_dir),
	};
}

static void project_findings(struct tighten_ctx *c, const struct mount_try *m,
			     const struct tight_mount *tm)
{
	int way = c->p->mounts.projects;

	if (tm->force_readonly && way != PROJECTS_DIRECT && !has_option(m->m, "ro"))
		tighten_find(c, "mount.projects", FIND_REPLACED,
			     way == PROJECTS_RO ? "mounts.projects of the profile says so"
						: "a single file cannot be copy-on-write",
			     "%s: read-only", m->what);
	if (tm->hide)
		tighten_find(c, "mount.hide", FIND_ADDED,
			     tm->cow ? "they are absent, and sockets and pipes with them, whatever the host "
				       "does to them meanwhile; what it adds under another name is seen"
				     : "they are covered by mounts, and sockets and pipes with them; a file "
				       "that the host renames over one, or adds later, is seen (under cow "
				       "their names stay absent)",
			     "%s: names in mounts.hide", m->what);
}

static int screen_project(struct tighten_ctx *c, const struct mount_try *m, enum allowance allowed,
			  struct err *e)
{
	struct tight_mount tm = project_way(c, m);
	bool readonly = tm.force_readonly;

	if (allowed != ALLOW_EXACT && tighten_source(c, m, allowed == ALLOW_BELOW, e))
		return -1;
	tm.hide = tm.hide && allowed != ALLOW_EXACT;
	if (tighten_owner(c, m, &tm, e))
		return -1;
	tm.force_readonly |= readonly;
	project_findings(c, m, &tm);

	struct oci_mount out = bind_options(c, m, tm.force_readonly,
					    allowed == ALLOW_EXACT && !tm.cow);

	accept(c, &out, m->at, tm);
	if ((allowed != ALLOW_EXACT || tm.cow) && has_option(m->m, "rbind"))
		tighten_find(
			c, "mount.recursive", FIND_REPLACED,
			"what is mounted below the source is not shown, because nothing is known "
			"of it",
			"%s", m->what);
	if (allowed != ALLOW_NOTHING)
		tighten_find(c, "mount.allow", FIND_PASSED, "mounts.allow of the profile names it",
			     "%s", m->what);
	return 0;
}

/* Whatever the source: places where a bind would stand in for what the kernel says. */
static int check_target(struct tighten_ctx *c, const struct mount_try *m, struct err *e)
{
	static const char *const places[] = { "/proc", "/sys" };

	if (streq(m->dest_ctr, "/") && !mutant("mount.target"))
		return err_deny(e, "mount.target", m->what, "the destination is the root itself",
				NULL);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (path_is_within(m->dest_ctr, places[i]) && !mutant("mount.target"))
			return err_deny(e, "mount.target", m->what,
					arena_printf(c->a,
						     "the destination lies in %s, where programs "
						     "read what the kernel says",
						     places[i]),
					NULL);
	return 0;
}

static int screen_bind(struct tighten_ctx *c, const struct mount_try *m, struct err *e)
{
	enum allowance allowed = tighten_allowance(c, m->at);
	const struct injected *row;

	if (allowed != ALLOW_EXACT && drop_service_account(c, m))
		return 0;
	if (!m->at->realpath || !m->at->type)
		return err_set(e, ERR_SPEC,
			       "%s: the source does not exist: no such file or directory", m->what);
	if (replace_hosts(c, m) || (allowed != ALLOW_EXACT && drop_device(c, m)))
		return 0;
	if (check_target(c, m, e))
		return -1;
	row = tighten_injected(c, m);
	if (row)
		return pass_injected(c, m, row, e);
	return screen_project(c, m, allowed, e);
}

static const char *describe(struct tighten_ctx *c, const struct oci_mount *m,
			    const struct fact_path *at, size_t i)
{
	const char *source = m->source ? m->source : "",
		   *dest = m->destination ? m->destination : "";

	if (!is_bind(m))
		return tighten_print(c->a, "mounts[%zu]: %s on %s", i, m->type ? m->type : "?",
				     dest);
	if (at->realpath && !streq(at->realpath, source))
		return tighten_print(c->a, "mounts[%zu]: bind %s (which is %s) on %s", i, source,
				     at->realpath, dest);
	return tighten_print(c->a, "mounts[%zu]: bind %s on %s", i, source, dest);
}

static void keep_as_spec(struct tighten_ctx *c, const struct oci_mount *m,
			 const struct fact_path *at)
{
	bool mapped = m->n_uid_mappings || has_option(m, "idmap") || has_option(m, "ridmap");

	accept(c, m, at,
	       (struct tight_mount){ .idmap = mapped ? IDMAP_SPEC : IDMAP_NONE, .rule = "oci" });
}

int tighten_mounts(struct tighten_ctx *c, struct err *e)
{
	static const struct fact_path nothing;

	c->s->mounts = NULL;
	c->s->n_mounts = 0;
	for (size_t i = 0; i < c->in->n_mounts; i++) {
		const struct oci_mount *m = &c->in->mounts[i];
		const struct fact_path *at = i < c->f->n_mounts ? &c->f->mounts[i] : &nothing;
		struct mount_try try = {
			.m = m,
			.at = at,
			.dest_ctr = path_clean(c->a, m->destination ? m->destination : ""),
			.what = describe(c, m, at, i),
		};

		if (!c->p->mounts.screen)
			keep_as_spec(c, m, at);
		else if (check_remount(&try, e) ||
			 (is_bind(m) ? screen_bind(c, &try, e) : screen_fs(c, &try, e)))
			return -1;
	}
	return 0;
}
