/* SPDX-License-Identifier: Apache-2.0 */
/*
 * p_mounts.c - the config's mounts: what kind each one is, and which flags it gets
 *
 * A mount is a bind if its options say so, whatever its type. An option that names no flag is data
 * for the file system; a bind has none, so there such an option is an error (the kernel would
 * ignore it, and with it perhaps a restriction that somebody relies on).
 */
#include <linux/mount.h>
#include <sys/mount.h>

#include "base/mutant.h"
#include "base/path.h"
#include "base/str.h"
#include "base/table.h"
#include "plan/p.h"
#include "spec/names.h"

/* One entry of mounts[] on its way to an op. */
struct entry {
	const char *where;
	const struct oci_mount *m;
	const struct fact_path *fact;	/* of the bind source */
	const struct tight_mount *tm;
	bool bind, copyup, idmap, idmap_recursive;
};

static void add_data(struct build *b, struct op_mount *out, const char *option)
{
	out->data = out->data ? arena_printf(b->a, "%s,%s", out->data, option) : option;
}

static void apply(uint64_t *set, uint64_t *clear, uint64_t row_set, uint64_t row_clear)
{
	*set = (*set & ~row_clear) | row_set;
	*clear = (*clear & ~row_set) | row_clear;
}

static void apply_option(struct build *b, struct entry *en, const char *option,
			 struct op_mount *out)
{
	const struct mopt_row *row = mopt_find(option);

	if (!row) {
		add_data(b, out, option);
		return;
	}
	switch (row->kind) {
	case MOPT_FLAG:
		apply(&out->attr_set, &out->attr_clear, row->attr_set, row->attr_clear);
		break;
	case MOPT_RECURSIVE:
		apply(&out->rattr_set, &out->rattr_clear, row->attr_set, row->attr_clear);
		break;
	case MOPT_SB_FLAG:
		apply(&out->sb_flags, &out->sb_clear, row->set, row->clear);
		break;
	case MOPT_PROPAGATION:
		out->propagation = row->set;
		break;
	case MOPT_BIND:
		en->bind = true;
		out->recursive = row->recursive;
		break;
	case MOPT_REMOUNT:
		out->remount = true;
		break;
	case MOPT_IDMAP:
		en->idmap = true;
		en->idmap_recursive = row->recursive;
		break;
	case MOPT_TMPCOPYUP:
		en->copyup = true;
		break;
	case MOPT_NOTHING:
		break;
	}
}

/*
 * What may be mounted over a file of procfs (lxcfs does): none of these takes part in deciding
 * anything. Over another one, or over a directory, a forged file could stand in for the kernel's
 * answers to the runtime itself (CVE-2019-16884, CVE-2019-19921).
 */
static const char *const proc_files[] = {
	"/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps",
	"/proc/uptime", "/proc/loadavg", "/proc/slabinfo", "/proc/net/dev",
	"/proc/sys/kernel/ns_last_pid", "/proc/sys/crypto/fips_enabled",
};

static bool may_cover_proc(const struct entry *en, const char *dest_ctr)
{
	if (streq(dest_ctr, "/proc"))
		return en->bind ? en->fact->fstype && streq(en->fact->fstype, "proc") :
				  en->m->type && streq(en->m->type, "proc");
	for (size_t i = 0; i < ARRAY_SIZE(proc_files); i++)
		if (streq(dest_ctr, proc_files[i]))
			return true;
	return false;
}

static int check_dest(const struct entry *en, const struct op_mount *out, struct err *e)
{
	const char *dest = out->dest_ctr;

	if (streq(dest, "/"))
		return err_set(e, ERR_UNSUPPORTED, "%s: a mount over the whole root is not supported",
			       en->where);
	if (path_is_within(dest, "/proc") && !may_cover_proc(en, dest) && !mutant("mount.proc"))
		return err_set(e, ERR_SPEC, "%s: %s cannot be mounted over: it is inside /proc", en->where,
			       dest);
	return 0;
}

static int bind(const struct entry *en, struct op_mount *out, struct err *e)
{
	out->kind = MOUNT_BIND;
	if (out->remount)
		return 0; /* changes the mount that is there; no source */
	if (!en->fact->given)
		return err_set(e, ERR_SPEC, "%s: a bind mount needs a source", en->where);
	if (!en->fact->realpath || !en->fact->type)
		return err_set(e, ERR_SPEC, "%s: bind source %s: no such file or directory", en->where,
			       en->fact->given);
	out->source_host = en->fact->realpath;
	out->src_dev = en->fact->dev;
	out->src_ino = en->fact->ino;
	out->src_type = en->fact->type;
	return 0;
}

static int check_bind(const struct entry *en, const struct op_mount *out, struct err *e)
{
	if (out->data && !mutant("mount.bind_data"))
		return err_set(e, ERR_SPEC, "%s: options: a bind mount of %s takes no file-system options "
			       "(\"%s\")", en->where, out->dest_ctr, out->data);
	if (en->copyup)
		return err_set(e, ERR_SPEC, "%s: options: tmpcopyup is for tmpfs, not for a bind mount",
			       en->where);
	return 0;
}

static const struct {
	const char *type;
	enum mount_kind kind;
} fs_kinds[] = {
	{ "proc", MOUNT_PROC }, { "sysfs", MOUNT_SYSFS }, { "cgroup", MOUNT_CGROUP },
	{ "cgroup2", MOUNT_CGROUP },
};

static bool has_option(const char *data, const char *key)
{
	size_t n = strlen(key);

	for (const char *s = data; s && *s; s += strcspn(s, ","), s += *s == ',')
		if (strncmp(s, key, n) == 0 && s[n] == '=')
			return true;
	return false;
}

static int filesystem(const struct entry *en, struct op_mount *out, struct err *e)
{
	const char *type = en->m->type;

	if (!type && !out->remount)
		return err_set(e, ERR_SPEC, "%s: type: absent, and options have neither bind nor rbind",
			       en->where);
	out->kind = MOUNT_FS;
	out->type = type;
	out->source_host = en->m->source ? en->m->source : type;
	for (size_t i = 0; type && i < ARRAY_SIZE(fs_kinds); i++)
		if (streq(type, fs_kinds[i].type))
			out->kind = fs_kinds[i].kind;
	out->no_symlink = out->kind == MOUNT_PROC || out->kind == MOUNT_SYSFS;
	if (out->kind == MOUNT_CGROUP && out->data)
		return err_set(e, ERR_UNSUPPORTED, "%s: options: a cgroup mount takes no file-system "
			       "options (\"%s\")", en->where, out->data);
	if (en->copyup && !(type && streq(type, "tmpfs")))
		return err_set(e, ERR_SPEC, "%s: options: tmpcopyup is for tmpfs only", en->where);
	if (en->copyup)
		out->kind = MOUNT_TMPFS_COPYUP;
	out->keep_mode = out->kind == MOUNT_FS && type && streq(type, "tmpfs") && !out->remount &&
			 !has_option(out->data, "mode");
	if (out->rattr_set || out->rattr_clear) /* a new file system has nothing below it */
		apply(&out->attr_set, &out->attr_clear, out->rattr_set, out->rattr_clear);
	out->rattr_set = out->rattr_clear = 0;
	return 0;
}

/*
 * A directory of somebody else's (mounts.rootProjectsAs): the kernel lets nobody write to an inode one
 * of whose ids the mount does not map, so they appear as an id that no one is and no container maps.
 */
#define NO_ONE UINT32_C(4294967294)

static void other_owner(struct build *b, const struct entry *en, struct op_mount *out)
{
	if (en->fact->uid != en->tm->owner_uid)
		*arena_push(b->a, out->uid, out->n_uid) = (struct plan_idmap){ en->fact->uid, NO_ONE, 1 };
	if (en->fact->gid != en->tm->owner_gid)
		*arena_push(b->a, out->gid, out->n_gid) = (struct plan_idmap){ en->fact->gid, NO_ONE, 1 };
}

static int owner_maps(struct build *b, const struct entry *en, struct op_mount *out, struct err *e)
{
	const struct op *u = plan_find(b->p, OP_USERNS);
	uint32_t uid = en->tm->ctr_uid, gid = en->tm->ctr_gid;

	if (u && (!plan_map_id(u->u.userns.uid, u->u.userns.n_uid, uid, &uid) ||
		  !plan_map_id(u->u.userns.gid, u->u.userns.n_gid, gid, &gid)))
		return err_set(e, ERR_SPEC, "%s: the id-mapped owner %u:%u is not mapped in the user "
			       "namespace", en->where, en->tm->ctr_uid, en->tm->ctr_gid);
	out->idmap = MOUNT_IDMAP_MAPS;
	*arena_push(b->a, out->uid, out->n_uid) = (struct plan_idmap){ en->tm->owner_uid, uid, 1 };
	*arena_push(b->a, out->gid, out->n_gid) = (struct plan_idmap){ en->tm->owner_gid, gid, 1 };
	other_owner(b, en, out);
	return 0;
}

static int own_maps(struct build *b, const struct entry *en, struct op_mount *out, struct err *e)
{
	const struct oci_mount *m = en->m;

	if (!m->n_uid_mappings != !m->n_gid_mappings)
		return err_set(e, ERR_SPEC, "%s: uidMappings and gidMappings go together", en->where);
	if (m->n_uid_mappings == 0) {
		if (!build_has_userns(b))
			return err_set(e, ERR_SPEC, "%s: options: idmap needs mappings of the mount or a "
				       "user namespace", en->where);
		out->idmap = MOUNT_IDMAP_CONTAINER;
		return 0;
	}
	out->idmap = MOUNT_IDMAP_MAPS;
	out->uid = plan_idmaps(b->a, m->uid_mappings, m->n_uid_mappings);
	out->gid = plan_idmaps(b->a, m->gid_mappings, m->n_gid_mappings);
	out->n_uid = m->n_uid_mappings;
	out->n_gid = m->n_gid_mappings;
	return 0;
}

static int idmap(struct build *b, const struct entry *en, struct op_mount *out, struct err *e)
{
	int rc = 0;

	if (en->tm->idmap == IDMAP_NONE)
		return 0;
	if (!en->bind)
		return err_set(e, ERR_UNSUPPORTED, "%s: ids can be mapped on bind mounts only", en->where);
	if (!en->fact->can_idmap)
		return err_set(e, ERR_UNSUPPORTED, "%s: bind source %s: its file system (%s) cannot map the "
			       "ids of a mount", en->where, out->source_host,
			       en->fact->fstype ? en->fact->fstype : "unknown");
	out->idmap_recursive = en->idmap_recursive;
	if (en->tm->idmap == IDMAP_CONTAINER)
		out->idmap = MOUNT_IDMAP_CONTAINER;
	else if (en->tm->idmap == IDMAP_OWNER)
		rc = owner_maps(b, en, out, e);
	else
		rc = own_maps(b, en, out, e);
	return rc;
}

static void force_readonly(const struct entry *en, struct op_mount *out)
{
	if (!en->tm->force_readonly || mutant("mount.force_readonly"))
		return;
	apply(&out->attr_set, &out->attr_clear, MOUNT_ATTR_RDONLY, 0);
	if (en->bind)
		apply(&out->rattr_set, &out->rattr_clear, MOUNT_ATTR_RDONLY, 0);
}

/* What a project's mount has besides: names that are not seen, an overlay over it. */
static void project(struct build *b, const struct entry *en, size_t index, struct op_mount *out)
{
	const struct profile *p = b->t->profile;
	const struct op *root = plan_find(b->p, OP_ROOT);

	if (en->tm->hide) {
		out->hide = p->mounts.hide;
		out->n_hide = p->mounts.n_hide;
		out->show = p->mounts.show;
		out->n_show = p->mounts.n_show;
	}
	if (!en->tm->cow)
		return;
	if (root->u.root.upper_tmpfs)
		out->cow_tmpfs_bytes = root->u.root.tmpfs_size_bytes;
	else
		out->cow_dir = arena_printf(b->a, "project-%zu", index);
}

/* mountLabel: a label for each new file system that carries labels of its own. */
static const char *label_of(const struct build *b, const struct op_mount *out)
{
	const char *label = b->s->linux_.mount_label;

	if (!label || !*label || !b->f->selinux)
		return NULL;
	if (out->kind != MOUNT_FS && out->kind != MOUNT_TMPFS_COPYUP)
		return NULL;
	return streq(out->type ? out->type : "", "mqueue") ? NULL : label;
}

/*
 * A read-only /dev is mounted writable, because the devices are made in it later; p_dev makes it
 * read-only when they are there.
 */
static void open_dev(const struct op_mount *out, uint64_t *attr_set)
{
	if (out->kind != MOUNT_BIND && streq(out->dest_ctr, "/dev"))
		*attr_set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
}

static int decide(struct build *b, struct entry *en, struct op_mount *out, struct err *e)
{
	for (size_t i = 0; i < en->m->n_options; i++)
		apply_option(b, en, en->m->options[i], out);
	if (en->bind ? bind(en, out, e) || check_bind(en, out, e) : filesystem(en, out, e))
		return -1;
	if (check_dest(en, out, e) || idmap(b, en, out, e))
		return -1;
	force_readonly(en, out);
	out->label = label_of(b, out);
	return 0;
}

static int add(struct build *b, struct entry *en, size_t index, struct err *e)
{
	struct op_mount out = { .dest_ctr = path_clean(b->a, en->m->destination) };
	const char *rule = en->tm->rule ? en->tm->rule : "oci";

	if (p_net_replaces(b, out.dest_ctr)) {
		build_finding(b, "net.files", FIND_REPLACED,
			      arena_printf(b->a, "%s: %s", en->where, out.dest_ctr),
			      "the engine's file names addresses that do not exist in the agent's network");
		return 0;
	}
	if (decide(b, en, &out, e))
		return -1;
	open_dev(&out, &out.attr_set);
	if (en->bind && !out.remount)
		project(b, en, index, &out);

	struct op *op = plan_add(b->p, OP_MOUNT, en->where, rule);

	if (en->m->destination[0] != '/')
		op->note = "a relative destination is deprecated; taken from /";
	else if (out.kind == MOUNT_BIND && (out.sb_flags | out.sb_clear))
		op->note = "sync, lazytime and their like are the file system's; a bind mount does not "
			   "change them";
	op->u.mount = out;
	return 0;
}

/* As other runtimes: engines write the label into every config. */
static void note_label(struct build *b)
{
	const char *label = b->s->linux_.mount_label;

	if (label && *label && !b->f->selinux)
		build_finding(b, "oci", FIND_NOTE, "linux.mountLabel",
			      "SELinux is not enabled on this host; there is nothing to label");
}

int p_mounts(struct build *b, struct err *e)
{
	note_label(b);
	for (size_t i = 0; i < b->s->n_mounts; i++) {
		struct entry en = { .where = arena_printf(b->a, "mounts[%zu]", i),
				    .m = &b->s->mounts[i],
				    .fact = &b->t->mount_facts[i],
				    .tm = &b->t->mounts[i] };

		if (!en.m->destination || !*en.m->destination)
			return err_set(e, ERR_SPEC, "%s: destination: absent", en.where);
		if (add(b, &en, i, e))
			return -1;
	}
	return 0;
}
