/* SPDX-License-Identifier: Apache-2.0 */
/* facts.c - struct facts as JSON, for tests and for `explain --facts` */
#include "profiles/facts.h"

#include "base/str.h"
#include "spec/json.h"
#include "spec/names_table.h"
#include "spec/oci_tables.h"

#define FACTS_MAX_BYTES (8u << 20)
#define SEC "facts.h"

NAMES(facts_cgroup_names, "cgroup layout", { "none", CGROUP_NONE }, { "v1", CGROUP_V1 },
      { "hybrid", CGROUP_HYBRID }, { "v2", CGROUP_V2 });
TABLE_CHECK(facts_cgroup_names_rows, FACT_CGROUP__COUNT);

/* fact_path.type: one letter, or absent */
static int decode_letter(struct field_ctx *c, const struct json *v, void *obj, struct err *e)
{
	if (field_type_is(c, v, JSON_STRING, e))
		return -1;
	if (!v->text[0] || v->text[1] || !strchr("dflsbcp", v->text[0]))
		return field_fail(c, v, e, ERR_INPUT, "must be one of d f l s b c p");
	*(char *)obj = v->text[0];
	return 0;
}

static bool encode_letter(struct strbuf *b, const void *obj)
{
	char type = *(const char *)obj;

	if (!type)
		return false;
	strbuf_addf(b, "\"%c\"", type);
	return true;
}

static const struct field_custom letter = { decode_letter, encode_letter };

#define P struct fact_path
static const struct field_table path_table = {
	.what = "path",
	.size = sizeof(P),
	.fields =
		(const struct field[]){
			ROW("given", F_STRING, OPT, P, given, NULL, SEC),
			ROW("realpath", F_STRING, OPT, P, realpath, NULL, SEC),
			ROW_CUSTOM("type", OPT, P, type, &letter, SEC),
			ROW("uid", F_U32, OPT, P, uid, NULL, SEC),
			ROW("gid", F_U32, OPT, P, gid, NULL, SEC),
			ROW("mode", F_U32, OPT, P, mode, NULL, SEC),
			ROW("dev", F_U64, OPT, P, dev, NULL, SEC),
			ROW("ino", F_U64, OPT, P, ino, NULL, SEC),
			ROW("fsDev", F_U64, OPT, P, fs_dev, NULL, SEC),
			ROW("fsPath", F_STRING, OPT, P, fs_path, NULL, SEC),
			ROW("fsType", F_STRING, OPT, P, fstype, NULL, SEC),
			ROW("canIdmap", F_BOOL, OPT, P, can_idmap, NULL, SEC),
			ROW_END,
		},
};

static const struct field_table guard_table = {
	.what = "guard",
	.size = sizeof(struct fact_guard),
	.fields =
		(const struct field[]){
			ROW("rule", F_STRING, REQ, struct fact_guard, rule, NULL, SEC),
			ROW("at", F_OBJECT, REQ, struct fact_guard, at, &path_table, SEC),
			ROW_END,
		},
};

#define R struct fact_root
static const struct field_table root_table = {
	.what = "root",
	.size = sizeof(R),
	.fields =
		(const struct field[]){
			ROW("at", F_OBJECT, OPT, R, at, &path_table, SEC),
			ROW("isOverlay", F_BOOL, OPT, R, is_overlay, NULL, SEC),
			ROW_N("lower", F_STRINGS, OPT, R, lower, n_lower, NULL, SEC),
			ROW("upper", F_STRING, OPT, R, upper, NULL, SEC),
			ROW("work", F_STRING, OPT, R, work, NULL, SEC),
			ROW("userxattr", F_BOOL, OPT, R, userxattr, NULL, SEC),
			ROW("metacopy", F_BOOL, OPT, R, metacopy, NULL, SEC),
			ROW("redirectDir", F_STRING, OPT, R, redirect_dir, NULL, SEC),
			ROW("problem", F_STRING, OPT, R, problem, NULL, SEC),
			ROW("noIdmap", F_STRING, OPT, R, no_idmap, NULL, SEC),
			ROW("hasSudo", F_BOOL, OPT, R, has_sudo, NULL, SEC),
			ROW_END,
		},
};

#define N struct fact_ns
static const struct field_table ns_table = {
	.what = "namespace",
	.size = sizeof(N),
	.fields =
		(const struct field[]){
			ROW("path", F_STRING, OPT, N, path, NULL, SEC),
			ROW("type", F_ENUM, OPT, N, type, &names_ns, SEC),
			ROW("ino", F_U64, OPT, N, ino, NULL, SEC),
			ROW("isHosts", F_BOOL, OPT, N, is_hosts, NULL, SEC),
			ROW("isPods", F_BOOL, OPT, N, is_pods, NULL, SEC),
			ROW("isOthers", F_BOOL, OPT, N, is_others, NULL, SEC),
			ROW("podPath", F_STRING, OPT, N, pod_path, NULL, SEC),
			ROW("podIno", F_U64, OPT, N, pod_ino, NULL, SEC),
			ROW_END,
		},
};

#define D struct fact_pod
static const struct field_table pod_table = {
	.what = "pod",
	.size = sizeof(D),
	.fields =
		(const struct field[]){
			ROW("named", F_STRING, OPT, D, named, NULL, SEC),
			ROW("problem", F_STRING, OPT, D, problem, NULL, SEC),
			ROW("id", F_STRING, OPT, D, id, NULL, SEC),
			ROW("uid", F_STRING, OPT, D, uid, NULL, SEC),
			ROW("userns", F_STRING, OPT, D, userns_path, NULL, SEC),
			ROW("usernsIno", F_U64, OPT, D, userns_ino, NULL, SEC),
			ROW_N("uidMappings", F_OBJECTS, OPT, D, uid_mappings, n_uid_mappings,
			      &oci_idmap_table, SEC),
			ROW_N("gidMappings", F_OBJECTS, OPT, D, gid_mappings, n_gid_mappings,
			      &oci_idmap_table, SEC),
			ROW("net", F_STRING, OPT, D, net, NULL, SEC),
			ROW("takesListeners", F_BOOL, OPT, D, takes_listeners, NULL, SEC),
			ROW_END,
		},
};

#define H struct fact_hierarchy
static const struct field_table hierarchy_table = {
	.what = "cgroup hierarchy",
	.size = sizeof(H),
	.fields =
		(const struct field[]){
			ROW("controllers", F_STRING, OPT, H, controllers, NULL, SEC),
			ROW("mount", F_STRING, OPT, H, mount_host, NULL, SEC),
			ROW("ownPath", F_STRING, OPT, H, own_path, NULL, SEC),
			ROW("delegated", F_STRING, OPT, H, delegated, NULL, SEC),
			ROW_END,
		},
};

#define F struct facts
static const struct field_table facts_table = {
	.what = "facts",
	.size = sizeof(F),
	.fields =
		(const struct field[]){
			ROW("id", F_STRING, OPT, F, id, NULL, SEC),
			ROW("kernel", F_STRING, OPT, F, kernel, NULL, SEC),
			ROW("euid", F_U32, OPT, F, euid, NULL, SEC),
			ROW("inInitialUserns", F_BOOL, OPT, F, in_initial_userns, NULL, SEC),
			ROW("ownUserns", F_BOOL, OPT, F, own_userns, NULL, SEC),
			ROW_N("ownUids", F_OBJECTS, OPT, F, own_uids, n_own_uids, &oci_idmap_table, SEC),
			ROW_N("ownGids", F_OBJECTS, OPT, F, own_gids, n_own_gids, &oci_idmap_table, SEC),
			ROW("hasHostRoot", F_BOOL, OPT, F, has_host_root, NULL, SEC),
			ROW("denySetgroups", F_BOOL, OPT, F, deny_setgroups, NULL, SEC),
			ROW("noMountRights", F_BOOL, OPT, F, no_mount_rights, NULL, SEC),
			ROW("capBounding", F_U64, OPT, F, cap_bounding, NULL, SEC),
			ROW("memoryBytes", F_U64, OPT, F, memory_bytes, NULL, SEC),
			ROW("openFiles", F_U64, OPT, F, open_files, NULL, SEC),
			ROW("rtPriority", F_U64, OPT, F, rt_priority, NULL, SEC),
			ROW("niceLimit", F_U64, OPT, F, nice_limit, NULL, SEC),
			ROW("oomScoreAdj", F_I64, OPT, F, oom_score_adj, NULL, SEC),
			ROW("personality", F_U64, OPT, F, personality, NULL, SEC),
			ROW("processes", F_U64, OPT, F, processes, NULL, SEC),
			ROW("capLast", F_U32, OPT, F, cap_last, NULL, SEC),
			ROW("kernelIdmap", F_BOOL, OPT, F, kernel_idmap, NULL, SEC),
			ROW("kernelOverlay", F_BOOL, OPT, F, kernel_overlay, NULL, SEC),
			ROW("landlockAbi", F_U32, OPT, F, landlock_abi, NULL, SEC),
			ROW("kernelCgroupKill", F_BOOL, OPT, F, kernel_cgroup_kill, NULL, SEC),
			ROW("kernelSteer", F_BOOL, OPT, F, kernel_steer, NULL, SEC),
			ROW("kernelNotify", F_BOOL, OPT, F, kernel_notify, NULL, SEC),
			ROW("kernelVeth", F_BOOL, OPT, F, kernel_veth, NULL, SEC),
			ROW("apparmor", F_BOOL, OPT, F, apparmor, NULL, SEC),
			ROW("selinux", F_BOOL, OPT, F, selinux, NULL, SEC),
			ROW("cgroup", F_ENUM, REQ, F, cgroup, &facts_cgroup_names, SEC),
			ROW_N("hierarchies", F_OBJECTS, OPT, F, hierarchies, n_hierarchies,
			      &hierarchy_table, SEC),
			ROW("resctrl", F_STRING, OPT, F, resctrl_host, NULL, SEC),
			ROW("v2Controllers", F_STRING, OPT, F, v2_controllers, NULL, SEC),
			ROW("root", F_OBJECT, OPT, F, root, &root_table, SEC),
			ROW_N("mounts", F_OBJECTS, OPT, F, mounts, n_mounts, &path_table, SEC),
			ROW_N("guards", F_OBJECTS, OPT, F, guards, n_guards, &guard_table, SEC),
			ROW("dataDir", F_STRING, OPT, F, data_dir, NULL, SEC),
			ROW("runDir", F_STRING, OPT, F, run_dir, NULL, SEC),
			ROW_N("homes", F_STRINGS, OPT, F, homes, n_homes, NULL, SEC),
			ROW_N("ns", F_OBJECTS, OPT, F, ns, n_ns, &ns_table, SEC),
			ROW("idBase", F_U32, OPT, F, id_base, NULL, SEC),
			ROW("idSpaceFirst", F_U32, OPT, F, id_space_first, NULL, SEC),
			ROW("idSpaceLast", F_U32, OPT, F, id_space_last, NULL, SEC),
			ROW("idSize", F_U32, OPT, F, id_size, NULL, SEC),
			ROW("egressUid", F_U32, OPT, F, egress_uid, NULL, SEC),
			ROW("pod", F_OBJECT, OPT, F, pod, &pod_table, SEC),
			ROW_END,
		},
};

bool facts_is_rootless(const struct facts *f)
{
	return f->euid != 0 || !f->in_initial_userns;
}

int facts_parse(struct arena *a, const char *text, size_t len, const char *name,
		struct facts **ret_facts, struct err *e)
{
	struct field_ctx c = { .a = a, .name = name, .unknown_is_error = true };
	struct facts *f = arena_alloc(a, 1, sizeof(*f));
	struct json *root;

	if (len > FACTS_MAX_BYTES)
		return err_set(e, ERR_INPUT, "%s: more than %u bytes", name, FACTS_MAX_BYTES);
	if (json_parse(a, text, len, name, &root, e))
		return -1;
	field_init(&facts_table, f);
	if (field_decode(&c, &facts_table, root, f, e))
		return -1;
	*ret_facts = f;
	return 0;
}

void facts_write(struct strbuf *b, const struct facts *f)
{
	field_encode(b, &facts_table, f);
}
