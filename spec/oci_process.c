/* SPDX-License-Identifier: Apache-2.0 */
/* oci_process.c - the process object of config.json and of `exec --process` */
#include "spec/oci_tables.h"

#define P struct oci_process
#define SEC "config.md#process"

static const struct field_table user = {
	.what = "user",
	.size = sizeof(struct oci_user),
	.fields = (const struct field[]){
		ROW("uid", F_U32, REQ, struct oci_user, uid, NULL, "config.md#posix-platform-user"),
		ROW("gid", F_U32, REQ, struct oci_user, gid, NULL, "config.md#posix-platform-user"),
		ROW("umask", F_OPT_U32, OPT, struct oci_user, umask, NULL,
		    "config.md#posix-platform-user"),
		ROW_N("additionalGids", F_U32S, OPT, struct oci_user, additional_gids,
		      n_additional_gids, NULL, "config.md#posix-platform-user"),
		ROW_IGNORED("username", "Windows only"),
		ROW_END,
	},
};

static const struct field_table console_size = {
	.what = "consoleSize",
	.size = sizeof(P),
	.fields = (const struct field[]){
		ROW("height", F_OPT_U64, REQ, P, console_height, NULL, SEC),
		ROW("width", F_OPT_U64, REQ, P, console_width, NULL, SEC),
		ROW_END,
	},
};

static const struct field_table rlimit = {
	.what = "rlimit",
	.size = sizeof(struct oci_rlimit),
	.fields = (const struct field[]){
		ROW("type", F_ENUM, REQ, struct oci_rlimit, type, &names_rlimit,
		    "config.md#posix-process"),
		ROW("hard", F_U64, REQ, struct oci_rlimit, hard, NULL, "config.md#posix-process"),
		ROW("soft", F_U64, REQ, struct oci_rlimit, soft, NULL, "config.md#posix-process"),
		ROW_END,
	},
};

static const struct field_table scheduler = {
	.what = "scheduler",
	.size = sizeof(struct oci_scheduler),
	.fields = (const struct field[]){
		ROW("policy", F_ENUM, REQ, struct oci_scheduler, policy, &names_sched_policy,
		    "config.md#linux-process"),
		ROW("nice", F_I32, OPT, struct oci_scheduler, nice, NULL,
		    "config.md#linux-process"),
		ROW("priority", F_I32, OPT, struct oci_scheduler, priority, NULL,
		    "config.md#linux-process"),
		ROW("flags", F_FLAGS64, OPT, struct oci_scheduler, flags, &names_sched_flag,
		    "config.md#linux-process"),
		ROW("runtime", F_U64, OPT, struct oci_scheduler, runtime_ns, NULL,
		    "config.md#linux-process"),
		ROW("deadline", F_U64, OPT, struct oci_scheduler, deadline_ns, NULL,
		    "config.md#linux-process"),
		ROW("period", F_U64, OPT, struct oci_scheduler, period_ns, NULL,
		    "config.md#linux-process"),
		ROW_END,
	},
};

static const struct field_table io_priority = {
	.what = "ioPriority",
	.size = sizeof(P),
	.fields = (const struct field[]){
		ROW("class", F_ENUM, REQ, P, io_class, &names_io_class, "config.md#linux-process"),
		ROW("priority", F_I32, OPT, P, io_priority, NULL, "config.md#linux-process"),
		ROW_END,
	},
};

static const struct field_table cpu_affinity = {
	.what = "execCPUAffinity",
	.size = sizeof(P),
	.fields = (const struct field[]){
		ROW("initial", F_STRING, OPT, P, cpu_affinity_initial, NULL,
		    "config.md#linux-process"),
		ROW("final", F_STRING, OPT, P, cpu_affinity_final, NULL,
		    "config.md#linux-process"),
		ROW_END,
	},
};

/* ---- capabilities: an unknown name is kept for a warning and is never an error ---- */

#define MAX_UNKNOWN_CAPS 64 /* more are dropped: they are only named in a warning */

static const struct {
	const char *name;
	size_t offset;
} cap_sets[] = {
	{ "bounding", offsetof(struct oci_caps, bounding) },
	{ "effective", offsetof(struct oci_caps, effective) },
	{ "inheritable", offsetof(struct oci_caps, inheritable) },
	{ "permitted", offsetof(struct oci_caps, permitted) },
	{ "ambient", offsetof(struct oci_caps, ambient) },
};
#define N_CAP_SETS (sizeof(cap_sets) / sizeof(cap_sets[0]))

static void add_unknown(struct field_ctx *c, struct oci_process *p, const char *name)
{
	for (size_t i = 0; i < p->n_unknown_caps; i++)
		if (streq(p->unknown_caps[i], name))
			return;
	if (p->n_unknown_caps < MAX_UNKNOWN_CAPS)
		*arena_push(c->a, p->unknown_caps, p->n_unknown_caps) = name;
}

static int decode_cap_set(struct field_ctx *c, const struct json *v, struct oci_process *p,
			  uint64_t *set, struct err *e)
{
	size_t i = 0;
	uint64_t bit;

	if (v->type == JSON_NULL)
		return 0;
	if (field_type_is(c, v, JSON_ARRAY, e))
		return -1;
	for (const struct json *m = v->child; m; m = m->next, i++) {
		size_t mark = field_enter(c, NULL, i);

		if (field_type_is(c, m, JSON_STRING, e))
			return -1;
		if (name_find(&names_cap, m->text, &bit))
			*set |= UINT64_C(1) << bit;
		else
			add_unknown(c, p, m->text);
		field_leave(c, mark);
	}
	return 0;
}

static int decode_caps(struct field_ctx *c, const struct json *v, void *obj, struct err *e)
{
	struct oci_process *p = obj;

	if (field_type_is(c, v, JSON_OBJECT, e))
		return -1;
	p->caps = arena_alloc(c->a, 1, sizeof(*p->caps));
	for (size_t i = 0; i < N_CAP_SETS; i++) {
		const struct json *m = json_get(v, cap_sets[i].name);
		size_t mark = field_enter(c, cap_sets[i].name, 0);

		if (m && decode_cap_set(c, m, p,
					(uint64_t *)((char *)p->caps + cap_sets[i].offset), e))
			return -1;
		field_leave(c, mark);
	}
	return 0;
}

static const char *add_names(struct strbuf *b, const char *comma, uint64_t set)
{
	for (size_t i = 0; i < names_cap.n; i++) {
		if (!(set >> names_cap.rows[i].value & 1))
			continue;
		strbuf_adds(b, comma);
		strbuf_add_json(b, names_cap.rows[i].name);
		comma = ",";
	}
	return comma;
}

/* Unknown names go into the first list: reading them back gives the same struct. */
static bool encode_caps(struct strbuf *b, const void *obj)
{
	const struct oci_process *p = obj;

	if (!p->caps)
		return false;
	for (size_t i = 0; i < N_CAP_SETS; i++) {
		uint64_t set = *(const uint64_t *)((const char *)p->caps + cap_sets[i].offset);

		strbuf_addf(b, "%s\"%s\":[", i ? "," : "{", cap_sets[i].name);
		const char *comma = add_names(b, "", set);
		for (size_t k = 0; i == 0 && k < p->n_unknown_caps; k++) {
			strbuf_adds(b, comma);
			strbuf_add_json(b, p->unknown_caps[k]);
			comma = ",";
		}
		strbuf_adds(b, "]");
	}
	strbuf_adds(b, "}");
	return true;
}

static const struct field_custom caps = { decode_caps, encode_caps };

const struct field_table oci_process_table = {
	.what = "process",
	.size = sizeof(P),
	.fields = (const struct field[]){
		ROW("terminal", F_BOOL, OPT, P, terminal, NULL, SEC),
		ROW_NESTED("consoleSize", &console_size, SEC),
		ROW("user", F_OBJECT, OPT, P, user, &user, "config.md#posix-platform-user"),
		ROW_N("args", F_STRINGS, OPT, P, args, n_args, NULL, SEC),
		ROW_N("env", F_STRINGS, OPT, P, env, n_env, NULL, SEC),
		ROW("cwd", F_STRING, REQ, P, cwd, NULL, SEC),
		{ "capabilities", F_CUSTOM, OPT, 0, 0, &caps, "config.md#linux-process" },
		ROW_N("rlimits", F_OBJECTS, OPT, P, rlimits, n_rlimits, &rlimit,
		      "config.md#posix-process"),
		ROW("noNewPrivileges", F_BOOL, OPT, P, no_new_privileges, NULL,
		    "config.md#linux-process"),
		ROW("oomScoreAdj", F_OPT_I64, OPT, P, oom_score_adj, NULL,
		    "config.md#linux-process"),
		ROW("scheduler", F_OBJECT_PTR, OPT, P, scheduler, &scheduler,
		    "config.md#linux-process"),
		ROW_NESTED("ioPriority", &io_priority, "config.md#linux-process"),
		ROW_NESTED("execCPUAffinity", &cpu_affinity, "config.md#linux-process"),
		ROW("apparmorProfile", F_STRING, OPT, P, apparmor_profile, NULL,
		    "config.md#linux-process"),
		ROW("selinuxLabel", F_STRING, OPT, P, selinux_label, NULL,
		    "config.md#linux-process"),
		ROW_IGNORED("commandLine", "Windows only"),
		ROW_END,
	},
};
