/* SPDX-License-Identifier: Apache-2.0 */
/*
 * do_rdt.c - groups of the resctrl file system: cache and memory bandwidth (linux.intelRdt)
 *
 * Phase: P_PRE (parent: the group, its schema, its monitoring group) and P_MAP (parent: the child's
 * pid into both; what it forks follows). Should: write a schema only into a group that this call has
 * made; one that exists belongs to others, too, and must already say the same. Undoing is the
 * caller's: state.json names the directories before anything is made.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "base/str.h"
#include "exec/ctx.h"
#include "exec/rdt.h"

#define SCHEMATA_MAX 65536 /* bytes; one line a resource */

/* Takes off leading blanks; the length up to one of @end. */
static size_t token(const char **s, const char *end)
{
	*s += strspn(*s, " ");
	return strcspn(*s, end);
}

static bool same_number(const char *a, size_t n_a, const char *b, size_t n_b)
{
	while (n_a > 1 && *a == '0')
		a++, n_a--;
	while (n_b > 1 && *b == '0')
		b++, n_b--;
	return n_a == n_b && strncasecmp(a, b, n_a) == 0;
}

/* The line of a resource ("L3") in a schemata file, behind its colon; or NULL. */
static const char *find_line(const char *have, const char *name, size_t n)
{
	for (const char *s = have; *s; s += strcspn(s, "\n"), s += *s == '\n') {
		const char *line = s;

		if (token(&line, ":\n") == n && memcmp(line, name, n) == 0 && line[n] == ':')
			return line + n + 1;
	}
	return NULL;
}

/* "0=7f0" of "0=7f0;1=1f" */
static bool has_value(const char *line, const char *id, size_t n_id, const char *v, size_t n_v)
{
	for (const char *s = line; *s && *s != '\n'; s += strcspn(s, ";\n"), s += *s == ';') {
		const char *at = s;
		size_t n = token(&at, "=;\n");
		const char *value = at + n + (at[n] == '=');

		if (same_number(at, n, id, n_id))
			return same_number(value, token(&value, ";\n"), v, n_v);
	}
	return false;
}

static bool line_holds(const char *have, const char *want)
{
	size_t n = token(&want, ":\n");
	const char *line = find_line(have, want, n);

	if (!line || want[n] != ':')
		return false;
	for (const char *s = want + n + 1; *s && *s != '\n'; s += strcspn(s, ";\n"), s += *s == ';') {
		const char *id = s;
		size_t n_id = token(&id, "=;\n");
		const char *v = id + n_id + (id[n_id] == '=');
		size_t n_v = token(&v, ";\n");

		if (!has_value(line, id, n_id, v, n_v))
			return false;
	}
	return true;
}

bool rdt_schema_holds(const char *have, const char *want)
{
	for (const char *s = want; *s; s += strcspn(s, "\n"), s += *s == '\n')
		if (!line_holds(have, s))
			return false;
	return true;
}

static int open_file(const char *dir, const char *name, int flags, int *ret_fd, struct err *e)
{
	auto_free char *path = xasprintf("%s/%s", dir, name);
	int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return err_sys(e, "open %s", path);
	*ret_fd = fd;
	return 0;
}

static int write_file(const char *dir, const char *name, const char *text, struct err *e)
{
	auto_close int fd = -1;

	if (open_file(dir, name, O_WRONLY, &fd, e))
		return -1;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return err_sys(e, "write \"%.*s\" to %s/%s", (int)strcspn(text, "\n"), text, dir, name);
	return 0;
}

static int check_schema(const struct op_rdt *r, struct err *e)
{
	auto_close int fd = -1;
	auto_free char *have = NULL;

	if (open_file(r->group_host, "schemata", O_RDONLY, &fd, e) ||
	    fd_read_all(fd, SCHEMATA_MAX, "schemata", &have, NULL, e))
		return -1;
	if (rdt_schema_holds(have, r->schema) || mutant("rdt.schema"))
		return 0;
	return err_set(e, ERR_SPEC, "%s exists and has another schema: it belongs to others, too",
		       r->group_host);
}

static int make_group(const struct op_rdt *r, struct err *e)
{
	struct stat st;
	bool exists = stat(r->group_host, &st) == 0 && S_ISDIR(st.st_mode);

	if (!exists && r->must_exist)
		return err_set(e, ERR_SPEC, "closID: there is no %s, and no schema to make it with",
			       r->group_host);
	if (!exists && mkdir(r->group_host, 0755) < 0)
		return err_sys(e, "make %s", r->group_host);
	if (!r->schema)
		return 0;
	return exists && !r->is_own ? check_schema(r, e) :
				      write_file(r->group_host, "schemata", r->schema, e);
}

int do_rdt(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_rdt *r = &op->u.rdt;

	(void)c, (void)i;
	if (r->join_only)
		return 0;
	if (make_group(r, e))
		return -1;
	if (r->monitor_host && mkdir(r->monitor_host, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "make %s", r->monitor_host);
	return 0;
}

int do_rdt_join(struct exec_ctx *c, const struct op *op, size_t i, struct err *e)
{
	const struct op_rdt *r = &op->u.rdt;
	char pid[16];

	(void)i;
	snprintf(pid, sizeof(pid), "%d", (int)c->pid);
	if (write_file(r->group_host, "tasks", pid, e))
		return -1;
	return r->monitor_host ? write_file(r->monitor_host, "tasks", pid, e) : 0;
}
