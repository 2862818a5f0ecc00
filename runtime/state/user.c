/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user.c - who runs the runtime, and the ids that the machine gives him
 *
 * From the files alone: NSS would load code of whoever configured it. newuidmap(1) decides in the
 * end, whatever is read here.
 */
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "state/ids.h"

#define SUBIDS_MAX_BYTES (64u << 20)
#define SUBIDS_MAX_ROWS 300u /* of the kernel's 340; newuidmap(1) has a command line to fit in, too */

const char *state_user_name(struct arena *a, uint32_t uid)
{
	FILE *f = fopen("/etc/passwd", "re");
	const char *name = NULL;

	for (struct passwd *pw; f && !name && (pw = fgetpwent(f));)
		if (pw->pw_uid == uid)
			name = arena_strdup(a, pw->pw_name);
	if (f)
		(void)fclose(f);
	return name ? name : arena_printf(a, "%u", uid);
}

/* His own id as 0, then his ranges in the order of the file; a line names him or his number. */
static void rows(struct arena *a, const char *path, const char *const who[2], uint32_t id,
		 struct plan_idmap **ret, size_t *ret_n)
{
	auto_free char *text = NULL;
	uint32_t next = 1, first, count;

	*ret_n = 0;
	*arena_push(a, *ret, *ret_n) = (struct plan_idmap){ 0, id, 1 };
	if (fd_read_file(path, SUBIDS_MAX_BYTES, &text, NULL, NULL))
		return; /* none are given */
	for (size_t w = 0; w < 2; w++)
		for (size_t i = 0; *ret_n < SUBIDS_MAX_ROWS &&
				   ids_nth_range(text, who[w], i, &first, &count);
		     i++) {
			if (count > UINT32_MAX - next)
				continue;
			*arena_push(a, *ret, *ret_n) = (struct plan_idmap){ next, first, count };
			next += count;
		}
}

void state_user_ids(struct arena *a, const char *etc, uint32_t uid, uint32_t gid,
		    struct state_user_ids *ret)
{
	const char *name = state_user_name(a, uid);
	const char *number = arena_printf(a, "%u", uid);
	const char *const who[2] = { name, streq(name, number) ? "" : number };

	*ret = (struct state_user_ids){ 0 };
	rows(a, arena_printf(a, "%s/subuid", etc), who, uid, &ret->uid, &ret->n_uid);
	rows(a, arena_printf(a, "%s/subgid", etc), who, gid, &ret->gid, &ret->n_gid);
	/* one without the other is of no use */
	if (ret->n_uid == 1 || ret->n_gid == 1)
		ret->n_uid = ret->n_gid = 1;
}
