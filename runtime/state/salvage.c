/* SPDX-License-Identifier: Apache-2.0 */
/*
 * salvage.c - a container whose state.json cannot be read: what a forced delete needs, from plan.json
 *
 * state.json may be cut short (a full disk, a crash of the machine), or have been written by another
 * version. plan.json is written once, before anything else exists, and names the places that create
 * was going to make: the cgroup, in which every process of the container is found and killed, and
 * the upper directory. Where there is no cgroup (an ordinary user's container), the first process is
 * taken from what state.json says in any version, with its start time, without which a pid is not
 * believed; the others die with its pid namespace.
 */
#include <fcntl.h>

#include "base/fd.h"
#include "base/mem.h"
#include "spec/json.h"
#include "state/state.h"

#define PLAN_NAME "plan.json"
#define FILE_MAX_BYTES (64u << 20)

static const char *text_of(const struct json *object, const char *key)
{
	const struct json *v = object ? json_get(object, key) : NULL;

	return v && v->type == JSON_STRING ? v->text : NULL;
}

static bool is_set(const struct json *object, const char *key)
{
	const struct json *v = object ? json_get(object, key) : NULL;

	return v && v->type == JSON_BOOL && v->boolean;
}

/* The arguments of the first operation of a kind, or NULL. */
static const struct json *args_of(const struct json *plan, const char *op)
{
	const struct json *ops = json_get(plan, "ops");

	for (const struct json *o = ops && ops->type == JSON_ARRAY ? ops->child : NULL; o;
	     o = o->next)
		if (o->type == JSON_OBJECT && text_of(o, "op") && streq(text_of(o, "op"), op))
			return json_get(o, "args");
	return NULL;
}

static void take_cgroup(struct arena *a, const struct json *args, struct state *s)
{
	const struct json *dirs = args ? json_get(args, "dirs") : NULL;

	s->cg_none = !dirs || dirs->type != JSON_ARRAY || is_set(args, "none");
	s->cg_v2 = is_set(args, "v2");
	for (const struct json *d = s->cg_none ? NULL : dirs->child; d; d = d->next) {
		struct state_dir_cg dir = { text_of(d, "controllers"), text_of(d, "mount_host"),
					    text_of(d, "path") };

		if (dir.controllers && dir.mount_host && dir.path)
			*arena_push(a, s->cg_dirs, s->n_cg_dirs) = dir;
	}
}

static int read_object(struct arena *a, int dirfd, const char *name, struct json **ret,
		       struct err *e)
{
	auto_close int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	auto_free char *text = NULL;
	struct json *root = NULL;
	size_t len;

	if (fd < 0)
		return err_sys(e, "open %s", name);
	if (fd_read_all(fd, FILE_MAX_BYTES, name, &text, &len, e) ||
	    json_parse(a, text, len, name, &root, e))
		return -1;
	if (root->type != JSON_OBJECT)
		return err_set(e, ERR_INPUT, "%s: not a JSON object", name);
	*ret = root;
	return 0;
}

static bool number_of(const struct json *object, const char *key, uint64_t *ret)
{
	const struct json *v = json_get(object, key);

	return v && v->type == JSON_NUMBER && str_to_u64(v->text, ret);
}

/* true where it is known which process is the first, or that none of this boot is */
static bool take_first_process(struct arena *a, int dirfd, struct state *s)
{
	struct json *old = NULL;
	uint64_t pid, start;

	if (read_object(a, dirfd, "state.json", &old, NULL) || !text_of(old, "bootId") ||
	    !number_of(old, "pid", &pid) || !number_of(old, "pidStart", &start) || pid > INT32_MAX)
		return false;
	if (streq(text_of(old, "bootId"), s->boot_id)) {
		s->pid = (int64_t)pid;
		s->pid_start = start;
	}
	return true;
}

int state_salvage(struct arena *a, int dirfd, const char *id, struct state **ret_state,
		  struct err *e)
{
	struct state *s = arena_alloc(a, 1, sizeof(*s));
	struct json *plan = NULL;
	char boot[37];

	if (read_object(a, dirfd, PLAN_NAME, &plan, e))
		return -1;

	const char *version = text_of(plan, "oci_version"), *bundle = text_of(plan, "bundle_host"),
		   *profile = text_of(plan, "profile");

	state_boot_id(boot);
	*s = (struct state){
		.version = STATE_VERSION,
		.id = id,
		.oci_version = version ? version : "1.0.0",
		.bundle = bundle ? bundle : "",
		.created = "",
		.profile = profile ? profile : "",
		.boot_id = arena_strdup(a, boot),
		.upper_host = text_of(args_of(plan, "root"), "upper_dir_host"),
	};
	take_cgroup(a, args_of(plan, "cgroup"), s);
	if (s->cg_none && !take_first_process(a, dirfd, s))
		return err_set(e, ERR_STATE,
			       PLAN_NAME " names no cgroup in which its processes could be found");
	*ret_state = s;
	return 0;
}
