/* SPDX-License-Identifier: Apache-2.0 */
/* tighten_proc.c - the process against its neighbours: ids, OOM score, scheduling, limits */
#include <string.h>
#include <sys/personality.h>

#include "base/mutant.h"
#include "base/str.h"
#include "base/table.h"
#include "profiles/tighten_ctx.h"
#include "spec/names.h"

static void cut_oom(struct tighten_ctx *c)
{
	struct opt_i64 *oom = &c->proc->oom_score_adj;
	int64_t score = oom->set ? oom->v : c->f ? c->f->oom_score_adj : 0;

	if (score >= 0 || mutant("process.oom"))
		return;
	/* 0 and not "unset": the runtime's own score, which would be inherited, may be lower still. */
	*oom = (struct opt_i64){ .set = true, .v = 0 };
	tighten_find(c, "process.oom", FIND_REPLACED,
		     "the kernel would kill the host's processes before the container's",
		     "process.oomScoreAdj: 0");
}

/* personality(2): what makes memory easier to attack. A set-user-ID program starts without it, too. */
#define UNSAFE_PERSONALITY                                                                         \
	(ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC | ADDR_COMPAT_LAYOUT | MMAP_PAGE_ZERO)

bool tighten_personality(const struct profile *p, const struct facts *f, struct oci_linux *l)
{
	if (!p->process_screen || !f || l->personality >= 0 ||
	    !(f->personality & UNSAFE_PERSONALITY) || mutant("process.personality"))
		return false;
	l->personality = (int)(f->personality & PER_MASK);
	return true;
}

static void cut_personality(struct tighten_ctx *c)
{
	if (c->s && tighten_personality(c->p, c->f, &c->s->linux_))
		tighten_find(c, "process.personality", FIND_REPLACED,
			     "the runtime was started so that memory is not placed by chance, or "
			     "data is code (setarch(8)); a container does not inherit that",
			     "linux.personality: %#x", (unsigned)c->s->linux_.personality);
}

static bool is_name(const struct name_table *t, int value, const char *const *names, size_t n)
{
	const char *name = value >= 0 ? name_of(t, (uint64_t)value) : NULL;

	for (size_t i = 0; name && i < n; i++)
		if (streq(name, names[i]))
			return true;
	return false;
}

static void cut_scheduler(struct tighten_ctx *c)
{
	static const char *const realtime[] = { "SCHED_FIFO", "SCHED_RR", "SCHED_DEADLINE" };
	struct oci_scheduler *sched = c->proc->scheduler;

	if (!sched || mutant("process.scheduler"))
		return;
	if (sched->nice >= 0 &&
	    !is_name(&names_sched_policy, sched->policy, realtime, ARRAY_SIZE(realtime)))
		return;
	c->proc->scheduler = NULL;
	tighten_find(c, "process.scheduler", FIND_REMOVED,
		     "a real-time policy or a negative nice value starves the host",
		     "process.scheduler");
}

static void cut_io(struct tighten_ctx *c)
{
	static const char *const realtime[] = { "IOPRIO_CLASS_RT" };

	if (!is_name(&names_io_class, c->proc->io_class, realtime, ARRAY_SIZE(realtime)) ||
	    mutant("process.io"))
		return;
	c->proc->io_class = -1;
	c->proc->io_priority = 0;
	tighten_find(c, "process.io", FIND_REMOVED, "the real-time I/O class starves the host",
		     "process.ioPriority");
}

/* Either limit is what an unprivileged process may raise itself to: SCHED_FIFO takes no capability
 * below RLIMIT_RTPRIO. What the runtime itself may do is not inherited either. */
static void cut_rlimits(struct tighten_ctx *c)
{
	const struct {
		const char *name;
		uint64_t own;
	} rows[] = {
		{ "RLIMIT_RTPRIO", c->f ? c->f->rt_priority : 0 },
		{ "RLIMIT_NICE", c->f ? c->f->nice_limit : 0 },
	};
	uint64_t type;

	for (size_t i = 0; i < ARRAY_SIZE(rows) && !mutant("process.rlimit"); i++) {
		struct oci_rlimit *v = NULL;
		size_t n = 0;
		bool asked = rows[i].own != 0;

		if (!name_find(&names_rlimit, rows[i].name, &type))
			continue;
		for (size_t k = 0; k < c->proc->n_rlimits; k++) {
			const struct oci_rlimit *r = &c->proc->rlimits[k];

			if (r->type != (int)type)
				*arena_push(c->a, v, n) = *r;
			else
				asked = asked || r->soft || r->hard;
		}
		if (!asked)
			continue;
		*arena_push(c->a, v, n) = (struct oci_rlimit){ (int)type, 0, 0 };
		c->proc->rlimits = v;
		c->proc->n_rlimits = n;
		tighten_find(c, "process.rlimit", FIND_REPLACED,
			     "a real-time policy or a negative nice value starves the host",
			     "process.rlimits: %s 0", rows[i].name);
	}
}

/* Not a matter of policy: setuid to an id outside the map fails, and later with less to say. */
static int check_id(struct tighten_ctx *c, const char *what, const struct oci_idmap *maps, size_t n,
		    uint32_t id, struct err *e)
{
	uint32_t host;

	if (tighten_host_id(maps, n, id, &host))
		return 0;
	return err_deny(e, "userns.ids", arena_printf(c->a, "%s %u", what, id),
			arena_printf(c->a,
				     "the container's user namespace maps %zu range%s of ids "
				     "and this one is in none",
				     n, n == 1 ? "" : "s"),
			c->t->userns_private ? "use an id below 65536" :
					       "give the user subordinate ids in /etc/subuid and "
					       "/etc/subgid");
}

static int check_ids(struct tighten_ctx *c, struct err *e)
{
	const struct oci_linux *l = &c->s->linux_;
	const struct oci_user *u = &c->proc->user;

	if (!c->t->userns_made || mutant("userns.ids"))
		return 0;
	if (check_id(c, "process.user.uid", l->uid_mappings, l->n_uid_mappings, u->uid, e) ||
	    check_id(c, "process.user.gid", l->gid_mappings, l->n_gid_mappings, u->gid, e))
		return -1;
	for (size_t i = 0; i < u->n_additional_gids; i++)
		if (check_id(c, "process.user.additionalGids", l->gid_mappings, l->n_gid_mappings,
			     u->additional_gids[i], e))
			return -1;
	return 0;
}

static struct oci_resources *resources(struct tighten_ctx *c)
{
	if (!c->s->linux_.resources)
		c->s->linux_.resources = arena_alloc(c->a, 1, sizeof(*c->s->linux_.resources));
	return c->s->linux_.resources;
}

/* Only what has been delegated to a user is his: on v2, or nothing. */
static bool cgroup_holds(const struct facts *f, const char *controller)
{
	if (!f || !facts_is_rootless(f))
		return true;
	for (size_t i = 0; i < f->n_hierarchies; i++)
		if (f->hierarchies[i].delegated)
			return f->v2_controllers && strstr(f->v2_controllers, controller);
	return false;
}

static int refuse_limit(const char *what, struct err *e)
{
	return err_deny(e, "limits.require", what,
			"limits.require of the profile is set, and no cgroup that has the controller "
			"is delegated to this user",
			tighten_delegate_hint);
}

static int limit_pids(struct tighten_ctx *c, struct err *e)
{
	const struct oci_resources *r = c->s->linux_.resources;

	if (!c->p->pids_limit || mutant("limits.pids") ||
	    (r && r->pids_limit.set && r->pids_limit.v >= 0) ||
	    (c->is_update && !r->pids_limit.set))
		return 0;
	if (!cgroup_holds(c->f, "pids")) {
		if (c->p->limits.require && !mutant("limits.require"))
			return refuse_limit("limits.pids", e);
		c->t->nproc = c->f->own_userns ? (uint64_t)c->p->pids_limit : 0;
		return 0; /* limit_process() has set RLIMIT_NPROC */
	}
	resources(c)->pids_limit = (struct opt_i64){ true, c->p->pids_limit };
	tighten_find(c, "limits.pids", FIND_ADDED,
		     "the config limits the number of processes nowhere",
		     "linux.resources.pids.limit: %lld", (long long)c->p->pids_limit);
	return 0;
}

static bool has_controller(const struct facts *f, const char *name)
{
	if (f->v2_controllers && strstr(f->v2_controllers, name))
		return true;
	for (size_t i = 0; i < f->n_hierarchies; i++)
		if (f->hierarchies[i].controllers && strstr(f->hierarchies[i].controllers, name))
			return true;
	return false;
}

static bool sets_unified(const struct oci_resources *r, const char *key)
{
	for (size_t i = 0; r && i < r->n_unified; i++)
		if (streq(r->unified[i].key, key))
			return true;
	return false;
}

static int no_memory_limit(struct tighten_ctx *c, struct err *e)
{
	if (c->p->limits.require && !mutant("limits.require"))
		return refuse_limit("limits.memoryPercent", e);
	tighten_find(c, "limits.memory", FIND_NOTE,
		     arena_printf(c->a,
				  "limits.memoryPercent of the profile is not held: no cgroup with "
				  "the controller \"memory\" is delegated to this user (%s)",
				  tighten_delegate_hint),
		     "linux.resources.memory.limit: none");
	return 0;
}

static int limit_memory(struct tighten_ctx *c, struct err *e)
{
	struct oci_resources *r = c->s->linux_.resources;
	uint32_t percent = c->p->limits.memory_percent;
	uint64_t bytes;

	if (!percent || mutant("limits.memory"))
		return 0;
	if (c->is_update) { /* of a container that has a limit */
		if (r->mem_limit.set && r->mem_limit.v < 0)
			tighten_find(c, "limits.memory", FIND_REMOVED,
				     "limits.memoryPercent of the profile is set",
				     "linux.resources.memory.limit: no limit");
		if (r->mem_limit.v < 0)
			r->mem_limit = (struct opt_i64){ 0 };
		return 0;
	}
	if ((r && r->mem_limit.set && r->mem_limit.v > 0) || sets_unified(r, "memory.max") ||
	    !c->f->memory_bytes)
		return 0;
	if (!cgroup_holds(c->f, "memory"))
		return no_memory_limit(c, e);
	if (!has_controller(c->f, "memory"))
		return 0;
	bytes = c->f->memory_bytes / 100 * percent & ~UINT64_C(0xfff);
	resources(c)->mem_limit = (struct opt_i64){ true, (int64_t)bytes };
	tighten_find(c, "limits.memory", FIND_ADDED, "the config limits memory nowhere",
		     "linux.resources.memory.limit: %llu", (unsigned long long)bytes);
	return 0;
}

/* What is left of a container one of whose processes was killed helps nobody. */
static void group_oom(struct tighten_ctx *c)
{
	static const char key[] = "memory.oom.group";
	struct oci_resources *r;
	struct oci_kv *v = NULL;
	size_t n = 0;

	if (!c->p->limits.oom_group || c->is_update || c->f->cgroup != CGROUP_V2 ||
	    !c->f->v2_controllers || !strstr(c->f->v2_controllers, "memory") ||
	    !cgroup_holds(c->f, "memory") ||
	    sets_unified(c->s->linux_.resources, key) || mutant("limits.oom"))
		return;
	r = resources(c);
	for (size_t i = 0; i < r->n_unified; i++)
		*arena_push(c->a, v, n) = r->unified[i];
	*arena_push(c->a, v, n) = (struct oci_kv){ key, "1" };
	r->unified = v;
	r->n_unified = n;
	tighten_find(c, "limits.memory", FIND_ADDED,
		     "out of memory ends the whole container, not one of its processes",
		     "linux.resources.unified: %s", key);
}

const char tighten_delegate_hint[] =
	"have one delegated: with systemd, Delegate=yes of user@.service, and start the engine in a "
	"user session; else chown a cgroup v2 directory and its cgroup.procs";

/*
 * Where no cgroup counts processes, the kernel does, for each id in the user namespace; in the
 * runtime's own one also all of it (op_userns). The config may set less, not more.
 */
static void limit_nproc(struct tighten_ctx *c)
{
	uint64_t limit = (uint64_t)c->p->pids_limit, type;
	struct oci_rlimit *v = NULL;
	size_t n = 0;

	if (!limit || cgroup_holds(c->f, "pids") || mutant("limits.nproc") ||
	    !name_find(&names_rlimit, "RLIMIT_NPROC", &type))
		return;
	if (c->f->processes && c->f->processes < limit)
		limit = c->f->processes;
	for (size_t i = 0; i < c->proc->n_rlimits; i++) {
		const struct oci_rlimit *r = &c->proc->rlimits[i];

		if (r->type != (int)type)
			*arena_push(c->a, v, n) = *r;
		else if (r->soft < limit)
			limit = r->soft;
	}
	*arena_push(c->a, v, n) = (struct oci_rlimit){ (int)type, limit, limit };
	c->proc->rlimits = v;
	c->proc->n_rlimits = n;
	tighten_find(c, "limits.pids", FIND_ADDED,
		     c->f->own_userns ? "no cgroup is delegated to this user, so the kernel counts the "
					"processes of the user namespace instead" :
					"no cgroup is delegated to this user, so the kernel counts the "
					"processes of each id in the container instead",
		     "process.rlimits: RLIMIT_NPROC %llu", (unsigned long long)limit);
}

static bool sets_rlimit(const struct oci_process *proc, int type)
{
	for (size_t i = 0; i < proc->n_rlimits; i++)
		if (proc->rlimits[i].type == type)
			return true;
	return false;
}

static void limit_process(struct tighten_ctx *c)
{
	/* lowered, never raised: that takes a right which the runtime may not have */
	const uint64_t want = c->p->limits.open_files, mine = c->f ? c->f->open_files : 0;
	const uint64_t files = mine && mine < want ? mine : want;
	const struct {
		const char *name;
		bool set;
		uint64_t value;
	} rows[] = {
		{ "RLIMIT_NOFILE", c->p->limits.open_files, files },
		{ "RLIMIT_FSIZE", c->p->limits.file_size_bytes, c->p->limits.file_size_bytes },
		{ "RLIMIT_CORE", c->p->limits.has_core_bytes, c->p->limits.core_bytes },
	};
	struct oci_rlimit *v = NULL;
	size_t n = 0;
	uint64_t type;

	for (size_t i = 0; i < c->proc->n_rlimits; i++)
		*arena_push(c->a, v, n) = c->proc->rlimits[i];
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!rows[i].set || !name_find(&names_rlimit, rows[i].name, &type) ||
		    sets_rlimit(c->proc, (int)type) ||
		    mutant("limits.process"))
			continue;
		*arena_push(c->a, v, n) =
			(struct oci_rlimit){ (int)type, rows[i].value, rows[i].value };
		tighten_find(c, "limits.process", FIND_ADDED, "the config does not limit it",
			     "process.rlimits: %s %llu", rows[i].name,
			     (unsigned long long)rows[i].value);
	}
	c->proc->rlimits = v;
	c->proc->n_rlimits = n;
}

static void note_lifetime(struct tighten_ctx *c)
{
	if (c->p->limits.max_lifetime_s && !c->is_update)
		tighten_find(c, "limits.lifetime", FIND_ADDED,
			     "limits.maxLifetimeSeconds of the profile is set",
			     "killed %u s after its start", c->p->limits.max_lifetime_s);
}

/*
 * cgroup v2 files by name: controllers' limits pass; files of the cgroup itself move or freeze
 * processes, and a '/' would leave the container's directory.
 */
static void cut_unified(struct tighten_ctx *c)
{
	struct oci_resources *r = c->s->linux_.resources;
	struct oci_kv *kept = NULL;
	size_t n = 0;

	if (!r || mutant("resources.unified"))
		return;
	for (size_t i = 0; i < r->n_unified; i++) {
		const char *key = r->unified[i].key;

		if (!strchr(key, '/') && strchr(key, '.') && !str_has_prefix(key, "cgroup.") &&
		    key[0] != '.')
			*arena_push(c->a, kept, n) = r->unified[i];
		else
			tighten_find(c, "resources.unified", FIND_REMOVED,
				     "it is not a limit of a controller",
				     "linux.resources.unified: %s", key);
	}
	r->unified = kept;
	r->n_unified = n;
}

static void cut_realtime(struct tighten_ctx *c)
{
	struct oci_resources *r = c->s->linux_.resources;

	if (!r || mutant("resources.realtime") ||
	    !((r->cpu_rt_runtime.set && r->cpu_rt_runtime.v) ||
	      (r->cpu_rt_period.set && r->cpu_rt_period.v)))
		return;
	r->cpu_rt_runtime = (struct opt_i64){ 0 };
	r->cpu_rt_period = (struct opt_u64){ 0 };
	tighten_find(c, "resources.realtime", FIND_REMOVED, "real-time scheduling starves the host",
		     "linux.resources.cpu.realtimeRuntime");
}

int tighten_proc(struct tighten_ctx *c, struct err *e)
{
	if (c->proc && c->p->process_screen) {
		cut_oom(c);
		cut_personality(c);
		cut_scheduler(c);
		cut_io(c);
		cut_rlimits(c);
	}
	if (c->proc) {
		limit_process(c);
		limit_nproc(c);
	}
	if (!c->s)
		return 0;
	if (limit_pids(c, e) || limit_memory(c, e))
		return -1;
	group_oom(c);
	note_lifetime(c);
	if (c->p->process_screen) {
		cut_unified(c);
		cut_realtime(c);
	}
	return c->proc ? check_ids(c, e) : 0;
}
