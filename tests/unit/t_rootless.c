/* SPDX-License-Identifier: Apache-2.0 */
/* t_rootless.c - tighten() for a runtime that is root of a user's user namespace only */
#include "tests/unit/tight_help.h"

#define GRAPH "/home/u/.local/share/containers/storage"
#define RUN "/run/user/1000"

struct row {
	const char *name;
	void (*facts)(struct facts *f);
	const char *profile; /* members over "agent" */
	const char *process, *linux_, *mounts; /* members */
	const char *source; /* of mounts[0]: where it lies is "/srv/p" */
	char type;	    /* 0: 'd' */
	uint32_t owner;	    /* of that */
	const char *deny;
	const char *rule, *what;
	const char *has, *lacks; /* in the narrowed config */
	int64_t egress_uid;	 /* -1: not asked */
	int64_t nproc;
};

static struct oci_idmap ids[] = { { 0, 1000, 1 }, { 1, 100000, 65536 } };

static struct facts *users(struct arena *a)
{
	struct facts *f = h_facts(a);

	f->in_initial_userns = f->kernel_steer = false;
	f->id_size = 0;
	f->own_uids = f->own_gids = ids;
	f->n_own_uids = f->n_own_gids = 2;
	f->root.at = h_path(a, GRAPH "/overlay/l1/merged");
	f->root.userxattr = true;
	f->root.at.can_idmap = false;
	f->data_dir = "/home/u/.local/share/agentrt";
	f->run_dir = RUN;
	f->memory_bytes = UINT64_C(1) << 30;
	return f;
}

static void own(struct facts *f)
{
	f->own_userns = true;
}
static void one(struct facts *f)
{
	f->n_own_uids = f->n_own_gids = 1;
}
static void host_root(struct facts *f)
{
	f->has_host_root = true;
}
static void machines_overlay(struct facts *f)
{
	f->root.userxattr = false;
}
static void plain(struct facts *f)
{
	f->root.is_overlay = f->root.userxattr = false;
}
static void others(struct facts *f)
{
	f->root.at.uid = 65534;
}
static void homeless(struct facts *f)
{
	f->data_dir = NULL;
}
static void delegated(struct facts *f)
{
	static struct fact_hierarchy v2 = { "", "/sys/fs/cgroup", "/u", "/u" };

	f->cgroup = CGROUP_V2;
	f->hierarchies = &v2;
	f->n_hierarchies = 1;
	f->v2_controllers = "memory pids";
}
static void not_pids(struct facts *f)
{
	delegated(f);
	f->v2_controllers = "memory";
}
static void few(struct facts *f)
{
	f->processes = 100;
}

#define MAPS(a, b)                                                                                 \
	"\"namespaces\":[{\"type\":\"user\"}],\"uidMappings\":[" a "],\"gidMappings\":[" b "]"
#define MAP(ctr, host, size)                                                                       \
	"{\"containerID\":" #ctr ",\"hostID\":" #host ",\"size\":" #size "}"
#define BIND(source)                                                                               \
	"{\"destination\":\"/p\",\"type\":\"bind\",\"source\":\"" source                          \
	"\",\"options\":[\"bind\"]}"
#define NPROC(n) "{\"type\":\"RLIMIT_NPROC\",\"hard\":" #n ",\"soft\":" #n "}"

static const struct row rows[] = {
	{ "a container gets the user's ids, one to one", .rule = "userns.rootless",
	  .has = "\"uidMappings\":[" MAP(0, 0, 1) "," MAP(1, 1, 65535) "]", .egress_uid = 65536 },
	{ "that is less isolation, and said", .rule = "userns.rootless",
	  .what = "nested in the engine's", .egress_uid = -1 },
	{ "with a single id, too", one, .has = "\"uidMappings\":[" MAP(0, 0, 1) "]", .lacks = "65535",
	  .rule = "userns.rootless", .what = "a single id" },
	{ "and then another user is refused", one, .process = "\"user\":{\"uid\":5,\"gid\":0}",
	  .deny = "userns.ids" },
	{ "the engine's own maps are kept, and leave no id for the proxy",
	  .linux_ = MAPS(MAP(0, 1, 1000) "," MAP(1000, 0, 1) "," MAP(1001, 1001, 64536),
			 MAP(0, 0, 65537)),
	  .rule = "userns.private", .has = MAP(1000, 0, 1) },
	{ "maps of the machine's ids are translated", own,
	  .linux_ = MAPS(MAP(0, 1000, 1) "," MAP(1, 100005, 10), MAP(0, 1000, 1)),
	  .has = "\"uidMappings\":[" MAP(0, 0, 1) "," MAP(1, 6, 10) "]", .egress_uid = 65536 },
	{ "but not those of ids that the user has not", own,
	  .linux_ = MAPS(MAP(0, 1001, 1), MAP(0, 1000, 1)), .deny = "userns.rootless" },
	{ "nor a range that goes beyond", own,
	  .linux_ = MAPS(MAP(0, 1000, 2), MAP(0, 1000, 1)), .deny = "userns.rootless" },
	{ "a user namespace that maps the host's root is refused", host_root,
	  .deny = "userns.rootless" },

	{ "a user's overlay is built anew", .rule = "root.overlay", .egress_uid = -1 },
	{ "one that the machine's root mounted is refused", machines_overlay, .deny = "root.overlay" },
	{ "a plain directory gets an overlay, and need not be mapped", plain, .rule = "root.overlay",
	  .egress_uid = -1 },
	{ "a root that is somebody else's is refused", others, .deny = "root.owner" },
	{ "without a place for the upper layer it is refused", homeless, .deny = "root.overlay" },
	{ "unless that is in memory", homeless, "\"root\":{\"upper\":\"tmpfs\"}",
	  .rule = "root.overlay", .egress_uid = -1 },

	{ "without a cgroup the kernel counts processes by id", .has = NPROC(4096),
	  .rule = "limits.pids", .lacks = "\"pids\":{", .egress_uid = -1 },
	{ "and in a user namespace of the runtime's own all of them", own, .has = NPROC(4096),
	  .egress_uid = -1, .nproc = 4096 },
	{ "a lower limit of the config stays", .process = "\"rlimits\":[" NPROC(20) "]",
	  .has = NPROC(20), .lacks = NPROC(4096), .egress_uid = -1 },
	{ "a higher one does not", .process = "\"rlimits\":[" NPROC(5000) "]", .has = NPROC(4096),
	  .lacks = NPROC(5000), .egress_uid = -1 },
	{ "nothing is raised above what the runtime may have", few, .has = NPROC(100),
	  .egress_uid = -1 },
	{ "a delegated cgroup holds them", delegated, .has = "\"pids\":{\"limit\":4096}",
	  .lacks = "RLIMIT_NPROC", .egress_uid = -1 },
	{ "one without that controller does not", not_pids, .has = NPROC(4096), .egress_uid = -1 },
	{ "memory that nothing holds is said", .rule = "limits.memory",
	  .what = "linux.resources.memory.limit: none", .lacks = "\"memory\":{", .egress_uid = -1 },
	{ "a delegated cgroup holds it", delegated, .has = "\"memory\":{\"limit\":", .egress_uid = -1 },
	{ "an administrator may demand a cgroup", NULL, "\"limits\":{\"require\":true}",
	  .deny = "limits.require" },
	{ "for memory, too", NULL, "\"limits\":{\"require\":true,\"pids\":0}",
	  .deny = "limits.require" },
	{ "and has it where one is delegated", delegated, "\"limits\":{\"require\":true}",
	  .has = "\"pids\":{\"limit\":4096}", .egress_uid = -1 },

	{ "an id that is not mapped is no owner of a file system", one,
	  .mounts = "{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\","
		    "\"options\":[\"gid=5\",\"mode=620\"]}",
	  .rule = "mount.ids", .has = "mode=620", .lacks = "gid=5", .egress_uid = 0 },
	{ "one that is mapped is",
	  .mounts = "{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\","
		    "\"options\":[\"gid=5\"]}",
	  .has = "gid=5", .egress_uid = -1 },
	{ "the user's directory is as it is", .mounts = BIND("/srv/p"), .source = "/srv/p",
	  .lacks = "\"ro\"", .egress_uid = -1 },
	{ "one of a subordinate id, too", .mounts = BIND("/srv/p"), .source = "/srv/p", .owner = 5,
	  .lacks = "\"ro\"", .egress_uid = -1 },
	{ "what is somebody else's is read-only", .mounts = BIND("/srv/p"), .source = "/srv/p",
	  .owner = 65534, .rule = "mount.owner", .what = "read-only", .has = "\"ro\"",
	  .egress_uid = -1 },
	{ "a program that is not the owner is told so", .mounts = BIND("/srv/p"), .source = "/srv/p",
	  .process = "\"user\":{\"uid\":5,\"gid\":5}", .rule = "mount.owner",
	  .what = "owned by another user", .egress_uid = -1 },
	{ "copy-on-write needs no id map", NULL, "\"mounts\":{\"projects\":\"cow\"}",
	  .mounts = BIND("/srv/p"), .source = "/srv/p", .rule = "mount.cow", .egress_uid = -1 },
	{ "the runtime's own directory is refused", .mounts = BIND("/home/u/.local/share/agentrt/x"),
	  .source = "/home/u/.local/share/agentrt/x", .deny = "mount.agentrt" },
	{ "what the engine injects from its store passes",
	  .mounts = "{\"destination\":\"/dev/shm\",\"type\":\"bind\",\"source\":\"" GRAPH
		    "/overlay-containers/" TEST_ID "/userdata/shm\",\"options\":[\"bind\"]}",
	  .source = GRAPH "/overlay-containers/" TEST_ID "/userdata/shm", .rule = "mount.engine",
	  .what = "/dev/shm", .egress_uid = -1 },
	{ "and from its runtime directory",
	  .mounts = "{\"destination\":\"/dev/shm\",\"type\":\"bind\",\"source\":\"" RUN
		    "/containers/vfs-containers/" TEST_ID "/userdata/shm\",\"options\":[\"bind\"]}",
	  .source = RUN "/containers/vfs-containers/" TEST_ID "/userdata/shm",
	  .rule = "mount.engine", .what = "/dev/shm", .egress_uid = -1 },
	{ "a device that the engine binds for --privileged is left out",
	  .mounts = "{\"destination\":\"/dev/fuse\",\"type\":\"bind\",\"source\":\"/dev/fuse\","
		    "\"options\":[\"bind\"]}",
	  .source = "/dev/fuse", .type = 'c', .rule = "mount.device", .what = "/dev/fuse",
	  .lacks = "/dev/fuse", .egress_uid = -1 },
	{ "at another place it is refused", .mounts = BIND("/dev/fuse"), .source = "/dev/fuse",
	  .type = 'c', .deny = "mount.device" },
	{ "another container's is refused",
	  .mounts = "{\"destination\":\"/dev/shm\",\"type\":\"bind\",\"source\":\"" GRAPH
		    "/overlay-containers/" TEST_OTHER "/userdata/shm\",\"options\":[\"bind\"]}",
	  .source = GRAPH "/overlay-containers/" TEST_OTHER "/userdata/shm", .deny = "mount.engine" },
};

static char *config(struct arena *a, const struct row *r)
{
	return arena_printf(a,
			    "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},\"process\":{"
			    "\"cwd\":\"/\",\"args\":[\"x\"]%s%s},\"mounts\":[%s],\"linux\":{%s}}",
			    r->process ? "," : "", r->process ? r->process : "",
			    r->mounts ? r->mounts : "", r->linux_ ? r->linux_ : "");
}

static const char *complaint(struct arena *a, const struct row *r, const struct tight *t)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	spec_write(&b, t->spec);
	if (r->deny)
		return "it passed";
	if (!t->userns_made && !r->linux_)
		return "no user namespace is made";
	if (t->userns_private || t->root_idmap || !t->root_overlay)
		return "it is as for root";
	if (r->rule && !h_find(t->findings, t->n_findings, r->rule, -1, r->what))
		return "the finding is missing";
	if (r->has && !strstr(b.p, r->has))
		return arena_printf(a, "%s is missing in %s", r->has, b.p);
	if (r->lacks && strstr(b.p, r->lacks))
		return arena_printf(a, "%s is in %s", r->lacks, b.p);
	if (r->egress_uid >= 0 && t->egress_uid != (uint32_t)r->egress_uid)
		return arena_printf(a, "the proxy is %u", t->egress_uid);
	if (r->egress_uid < 0 && t->nproc != (uint64_t)r->nproc)
		return "the user namespace's limit is wrong";
	return NULL;
}

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		auto_arena struct arena a = ARENA_INIT;
		struct facts *f = users(&a);
		struct oci_spec *s = h_spec(&a, config(&a, r));
		struct err e = ERR_INIT;
		struct tight *t = NULL;

		f->n_mounts = s->n_mounts;
		f->mounts = arena_alloc(&a, s->n_mounts + 1, sizeof(*f->mounts));
		if (r->source) {
			f->mounts[0] = h_path(&a, r->source);
			f->mounts[0].uid = f->mounts[0].gid = r->owner;
			f->mounts[0].can_idmap = false;
			f->mounts[0].type = r->type ? r->type : 'd';
		}
		f->ns = arena_alloc(&a, s->linux_.n_namespaces + 1, sizeof(*f->ns));
		f->n_ns = s->linux_.n_namespaces;
		if (r->facts)
			r->facts(f);
		const char *bad = tighten(&a, s, h_profile(&a, "agent", r->profile), f, &t, &e) ?
					  (r->deny && streq(r->deny, e.rule) ? NULL : e.msg) :
					  complaint(&a, r, t);

		if (!t_ok(!bad, r->name)) {
			t_note("%s", bad);
			if (t)
				h_show(t->findings, t->n_findings);
		}
	}
	return t_done();
}
