/* SPDX-License-Identifier: Apache-2.0 */
/* state.c - state.json: one table for reading and writing; what it says of the container now */
#include "state/state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/table.h"
#include "spec/field.h"
#include "spec/json.h"

#define STATE_NAME "state.json"
#define STATE_MAX_BYTES (8u << 20)
#define N_NS ARRAY_SIZE(((struct state *)0)->ns_ino)

const char *const status_name[] = {
	[STATUS_CREATING] = "creating", [STATUS_CREATED] = "created", [STATUS_RUNNING] = "running",
	[STATUS_PAUSED] = "paused",	[STATUS_STOPPED] = "stopped",
};
TABLE_CHECK(status_name, STATUS__COUNT);

/* Eight of them, by enum oci_ns_type. */
static int decode_ns_ino(struct field_ctx *c, const struct json *v, void *obj, struct err *e)
{
	uint64_t *ino = obj;
	size_t i = 0;

	if (v->type != JSON_ARRAY || v->n != N_NS)
		return field_fail(c, v, e, ERR_INPUT, "must be a list of %zu numbers", N_NS);
	for (const struct json *n = v->child; n; n = n->next)
		if (n->type != JSON_NUMBER || !str_to_u64(n->text, &ino[i++]))
			return field_fail(c, n, e, ERR_INPUT, "must be an inode number");
	return 0;
}

static bool encode_ns_ino(struct strbuf *b, const void *obj)
{
	const uint64_t *ino = obj;

	for (size_t i = 0; i < N_NS; i++)
		strbuf_addf(b, "%s%" PRIu64, i ? "," : "[", ino[i]);
	strbuf_adds(b, "]");
	return true;
}

static const struct field_custom ns_ino_field = { decode_ns_ino, encode_ns_ino };

#define CG(type_, member)                                                                          \
	.type = F_##type_, .need = FIELD_REQUIRED, .offset = offsetof(struct state_dir_cg, member)
static const struct field cg_dir_fields[] = {
	{ .name = "controllers", CG(STRING, controllers) },
	{ .name = "mount", CG(STRING, mount_host) },
	{ .name = "path", CG(STRING, path) },
	{ 0 },
};
static const struct field_table cg_dir_table = { "cgroup directory", sizeof(struct state_dir_cg),
						 cg_dir_fields };

#define ST(type_, member) .type = F_##type_, .offset = offsetof(struct state, member)
#define NEED(type, member) ST(type, member), .need = FIELD_REQUIRED
#define COUNT(member) .offset2 = offsetof(struct state, member)
static const struct field state_fields[] = {
	{ .name = "version", NEED(I32, version) },
	{ .name = "id", NEED(STRING, id) },
	{ .name = "ociVersion", NEED(STRING, oci_version) },
	{ .name = "bundle", NEED(STRING, bundle) },
	{ .name = "rootfs", ST(STRING, rootfs) },
	{ .name = "created", NEED(STRING, created) },
	{ .name = "owner", ST(STRING, owner) },
	{ .name = "ownerUid", ST(U32, owner_uid) },
	{ .name = "profile", NEED(STRING, profile) },
	{ .name = "profileDir", ST(STRING, profile_dir) },
	{ .name = "pod", ST(STRING, pod) },
	{ .name = "netPolicy", ST(STRING, net_policy) },
	{ .name = "bootId", NEED(STRING, boot_id) },
	{ .name = "pid", NEED(I64, pid) },
	{ .name = "pidStart", NEED(U64, pid_start) },
	{ .name = "egressPid", ST(I64, egress_pid) },
	{ .name = "egressStart", ST(U64, egress_start) },
	{ .name = "idBase", ST(U32, id_base) },
	{ .name = "idSize", ST(U32, id_size) },
	{ .name = "egressUid", ST(U32, egress_uid) },
	{ .name = "nsInodes", ST(CUSTOM, ns_ino), .arg = &ns_ino_field },
	{ .name = "engineNetInode", ST(U64, ns_e_ino) },
	{ .name = "nsAsked", ST(CUSTOM, ns_asked), .arg = &ns_ino_field },
	{ .name = "cgroupNone", ST(BOOL, cg_none) },
	{ .name = "cgroupV2", ST(BOOL, cg_v2) },
	{ .name = "cgroups", ST(OBJECTS, cg_dirs), COUNT(n_cg_dirs), .arg = &cg_dir_table },
	{ .name = "egressCgroups",
	  ST(OBJECTS, egress_cg_dirs),
	  COUNT(n_egress_cg_dirs),
	  .arg = &cg_dir_table },
	{ .name = "upper", ST(STRING, upper_host) },
	{ .name = "rdtGroup", ST(STRING, rdt_group) },
	{ .name = "rdtMonitor", ST(STRING, rdt_monitor) },
	{ .name = "rootless", ST(BOOL, is_rootless) },
	{ .name = "noNewKeyring", ST(BOOL, no_new_keyring) },
	{ .name = "noLateHooks", ST(BOOL, no_late_hooks) },
	{ .name = "maxLifetimeSeconds", ST(U32, max_lifetime_s) },
	{ .name = "annotations", ST(MAP, annotations), COUNT(n_annotations) },
	{ 0 },
};
static const struct field_table state_table = { "state", sizeof(struct state), state_fields };

int state_save(int dirfd, const struct state *s, struct err *e)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	field_encode(&b, &state_table, s);
	strbuf_adds(&b, "\n");
	return fd_write_file_at(dirfd, STATE_NAME, b.p, b.len, 0600, e);
}

static int check_version(const struct json *root, struct err *e)
{
	const struct json *v = json_get(root, "version");

	if (!v || v->type != JSON_NUMBER)
		return err_set(e, ERR_INPUT, STATE_NAME ": has no version");
	if (!streq(v->text, "1"))
		return err_set(e, ERR_INPUT,
			       STATE_NAME ": version %s, written by another agentrt; "
					  "this one knows version %d",
			       v->text, STATE_VERSION);
	return 0;
}
static_assert(STATE_VERSION == 1, "check_version() compares text");

int state_load(struct arena *a, int dirfd, struct state **ret_state, struct err *e)
{
	struct field_ctx c = { .a = a, .name = STATE_NAME, .unknown_is_error = true };
	auto_close int fd = openat(dirfd, STATE_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	auto_free char *text = NULL;
	struct json *root;
	size_t len;

	if (fd < 0 && errno == ENOENT)
		return err_set(e, ERR_STATE, "container has no state: a create was interrupted");
	if (fd < 0)
		return err_sys(e, "open " STATE_NAME);
	if (fd_read_all(fd, STATE_MAX_BYTES, STATE_NAME, &text, &len, e) ||
	    json_parse(a, text, len, STATE_NAME, &root, e))
		return -1;
	if (root->type != JSON_OBJECT)
		return err_set(e, ERR_INPUT, STATE_NAME ": not a JSON object");
	if (check_version(root, e))
		return -1;

	struct state *s = arena_alloc(a, 1, sizeof(*s));
	if (field_decode(&c, &state_table, root, s, e))
		return -1;
	*ret_state = s;
	return 0;
}

enum status state_status(int dirfd, const struct state *s)
{
	char boot[37];

	state_boot_id(boot);
	if (!streq(boot, s->boot_id))
		return STATUS_STOPPED;
	if (s->pid == 0)
		return state_is_locked(dirfd) ? STATUS_CREATING : STATUS_STOPPED;
	if (!proc_is_same(s->pid, s->pid_start))
		return STATUS_STOPPED;
	return faccessat(dirfd, "gate", F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? STATUS_CREATED
									: STATUS_RUNNING;
}

void state_cgroup(struct arena *a, const struct state *s, struct op_cgroup *ret_cg)
{
	*ret_cg = (struct op_cgroup){ .none = s->cg_none, .v2 = s->cg_v2 };
	for (size_t i = 0; i < s->n_cg_dirs; i++)
		*arena_push(a, ret_cg->dirs, ret_cg->n_dirs) = (struct plan_cg_dir){
			.controllers = s->cg_dirs[i].controllers,
			.mount_host = s->cg_dirs[i].mount_host,
			.path = s->cg_dirs[i].path,
		};
}

void state_print(struct strbuf *b, const struct state *s, enum status st, int64_t pid)
{
	strbuf_adds(b, "{\"ociVersion\":");
	strbuf_add_json(b, s->oci_version);
	strbuf_adds(b, ",\"id\":");
	strbuf_add_json(b, s->id);
	strbuf_addf(b, ",\"pid\":%" PRId64 ",\"status\":\"%s\",\"bundle\":", pid, status_name[st]);
	strbuf_add_json(b, s->bundle);
	strbuf_adds(b, ",\"rootfs\":");
	strbuf_add_json(b, s->rootfs ? s->rootfs : "");
	strbuf_adds(b, ",\"created\":");
	strbuf_add_json(b, s->created);
	strbuf_adds(b, ",\"annotations\":{");
	for (size_t i = 0; i < s->n_annotations; i++) {
		strbuf_adds(b, i ? "," : "");
		strbuf_add_json(b, s->annotations[i].key);
		strbuf_adds(b, ":");
		strbuf_add_json(b, s->annotations[i].value);
	}
	strbuf_adds(b, "},\"owner\":");
	strbuf_add_json(b, s->owner ? s->owner : "");
	strbuf_adds(b, "}");
}
