/* SPDX-License-Identifier: Apache-2.0 */
/* user.c - what a runtime that is not the machine's root has: mapped ids, and places of its own */
#include "probe/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"

#define MAP_MAX_BYTES 16384 /* at most 340 lines of 33 */
#define PASSWD_MAX_BYTES (4u << 20)
#define OVERFLOW_ID 65534u

static void read_map(struct arena *a, const char *path, struct oci_idmap **ret, size_t *ret_n)
{
	auto_free char *text = NULL;
	struct oci_idmap m;

	if (fd_read_file(path, MAP_MAX_BYTES, &text, NULL, NULL))
		return;
	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (sscanf(p, "%" SCNu32 " %" SCNu32 " %" SCNu32, &m.ctr, &m.host, &m.size) == 3)
			*arena_push(a, *ret, *ret_n) = m;
}

/* These files belong to the host's root, whoever mounted the procfs. */
static bool has_host_root(void)
{
	struct stat st;

	return stat("/proc/sys/kernel/ostype", &st) < 0 || st.st_uid != OVERFLOW_ID;
}

static bool is_setgroups_denied(void)
{
	auto_free char *text = NULL;

	return fd_read_file("/proc/self/setgroups", 64, &text, NULL, NULL) == 0 &&
	       str_has_prefix(text, "deny");
}

static uint32_t outside(const struct facts *f, uint32_t uid)
{
	for (size_t i = 0; i < f->n_own_uids; i++)
		if (uid >= f->own_uids[i].ctr && uid - f->own_uids[i].ctr < f->own_uids[i].size)
			return f->own_uids[i].host + (uid - f->own_uids[i].ctr);
	return uid;
}

/* name:password:uid:gid:comment:home:shell; engines hand no HOME on. */
static const char *home_of(struct arena *a, uint32_t uid)
{
	auto_free char *text = NULL;
	char *rest, *line;

	if (fd_read_file("/etc/passwd", PASSWD_MAX_BYTES, &text, NULL, NULL))
		return NULL;
	for (rest = text; (line = strsep(&rest, "\n"));) {
		char *field[6] = { 0 };
		uint32_t its;

		for (size_t i = 0; i < 6 && line; i++)
			field[i] = strsep(&line, ":");
		if (field[5] && field[5][0] == '/' && str_to_u32(field[2], &its) && its == uid)
			return arena_strdup(a, field[5]);
	}
	return NULL;
}

static const char *absolute_env(struct arena *a, const char *name)
{
	const char *v = getenv(name);

	return v && v[0] == '/' ? path_clean(a, v) : NULL;
}

/* XDG base directories, as other rootless programs have them. */
static const char *data_dir(struct arena *a, const struct facts *f)
{
	const char *data = absolute_env(a, "XDG_DATA_HOME");
	const char *home = data ? NULL : absolute_env(a, "HOME");

	if (!data && !home)
		home = home_of(a, outside(f, geteuid()));
	if (!data && home && !streq(home, "/"))
		data = path_join(a, home, ".local/share");
	return data ? path_join(a, data, "agentrt") : NULL;
}

void probe_user(struct arena *a, struct facts *f)
{
	if (!facts_is_rootless(f))
		return;
	if (!f->in_initial_userns) {
		read_map(a, "/proc/self/uid_map", &f->own_uids, &f->n_own_uids);
		read_map(a, "/proc/self/gid_map", &f->own_gids, &f->n_own_gids);
		f->has_host_root = has_host_root();
		f->deny_setgroups = is_setgroups_denied();
	}
	f->data_dir = data_dir(a, f);
	f->run_dir = absolute_env(a, "XDG_RUNTIME_DIR");
}
