/* SPDX-License-Identifier: Apache-2.0 */
/*
 * egress.c - `egress`: what a container asked of the network and the answers; what its tools would
 * need
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/table.h"
#include "cmd/container.h"
#include "cmd/egress_entries.h"
#include "spec/json.h"

#define FOLLOW_MS	 200
#define LOG_HALF_MAX	 (8u << 20) /* more than the proxy ever writes */
#define LOG_LINE_MAX_LEN 8192u

struct egress_opts {
	bool follow;
	struct opt_list projects;
};

#define X(...) OPT_ROW(struct egress_opts, __VA_ARGS__)
static const struct opt opts[] = {
	X(FLAG, follow, "follow", 'f', NULL, "log: go on as long as the container runs"),
	X(LIST, projects, "project", 0, "DIR", "discover: also the remotes of this git repository"),
	{ 0 },
};

/* ---- log ---- */

/* From @from on; *ret_end: how far. */
static int copy_from(int fd, off_t from, off_t *ret_end, struct err *e)
{
	char buf[65536];
	ssize_t n;

	while ((n = pread(fd, buf, sizeof(buf), from)) > 0) {
		if (fd_write_all(STDOUT_FILENO, buf, (size_t)n) < 0)
			return err_sys(e, "write to standard output");
		from += n;
	}
	*ret_end = from;
	return n < 0 ? err_sys(e, "read the decision log") : 0;
}

static int open_half(int dirfd, const char *name, int *ret_fd, struct err *e)
{
	*ret_fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return *ret_fd < 0 && errno != ENOENT ? err_sys(e, "open %s", name) : 0;
}

/* The newer half was moved into the older one: what of it was not read yet is there now. */
static int copy_new(int now, int old, off_t *at, struct err *e)
{
	struct stat st;
	off_t end;

	if (fstat(now, &st) < 0)
		return err_sys(e, "stat the decision log");
	if (st.st_size < *at) {
		if (old >= 0 && copy_from(old, *at, &end, e))
			return -1;
		*at = 0;
	}
	return copy_from(now, *at, at, e);
}

static int follow(const struct container *c, int now, int old, off_t at, struct err *e)
{
	const struct timespec pause = { 0, FOLLOW_MS * 1000000L };
	bool alive = true;

	while (alive) {
		alive = c->s->egress_pid > 0 && proc_is_same((pid_t)c->s->egress_pid, c->s->egress_start);
		if (copy_new(now, old, &at, e))
			return -1;
		if (alive)
			nanosleep(&pause, NULL);
	}
	return 0;
}

static int egress_log(struct container *c, const struct egress_opts *o, struct err *e)
{
	auto_close int old = -1, now = -1;
	off_t at = 0;

	if (open_half(c->dirfd, "egress.log.1", &old, e) || open_half(c->dirfd, "egress.log", &now, e) ||
	    (old >= 0 && copy_from(old, 0, &at, e)) || (now >= 0 && copy_from(now, 0, &at, e)))
		return -1;
	return o->follow && now >= 0 ? follow(c, now, old, at, e) : 0;
}

/* ---- learned ---- */

static const char *text_of(const struct json *line, const char *key)
{
	const struct json *v = json_get(line, key);

	return v && v->type == JSON_STRING ? v->text : "";
}

/* The container chose the bytes of the name; the proxy wrote the line. */
static void learn_line(struct egress_entries *l, const char *text, size_t n)
{
	auto_arena struct arena a = ARENA_INIT;
	struct json *line;
	const struct json *port;
	uint32_t v;

	if (n > LOG_LINE_MAX_LEN || json_parse(&a, text, n, "egress.log", &line, NULL) ||
	    line->type != JSON_OBJECT || !streq(text_of(line, "rule"), "egress.learn"))
		return;
	port = json_get(line, "port");
	if (port && port->type == JSON_NUMBER && str_to_u32(port->text, &v) && v <= UINT16_MAX)
		egress_entries_add(l, text_of(line, "name"), strlen(text_of(line, "name")), (uint16_t)v,
				   "asked for by the container, which is all that is known of it");
}

static int learn_half(struct egress_entries *l, int dirfd, const char *name, struct err *e)
{
	auto_close int fd = -1;
	auto_free char *text = NULL;
	size_t len;

	if (open_half(dirfd, name, &fd, e))
		return -1;
	if (fd < 0)
		return 0;
	if (fd_read_all(fd, LOG_HALF_MAX, name, &text, &len, e))
		return -1;
	for (const char *p = text, *nl; (nl = memchr(p, '\n', len - (size_t)(p - text))); p = nl + 1)
		learn_line(l, p, (size_t)(nl - p));
	return 0;
}

static int print_entries(const struct egress_entries *l, struct err *e)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	egress_entries_print(&b, l);
	if (l->is_full)
		log_warn("more than %u hosts and ports, or too many files to read: the rest is left out",
			 EGRESS_ENTRIES_MAX);
	return fd_write_all(STDOUT_FILENO, b.p, b.len) < 0 ? err_sys(e, "write to standard output") : 0;
}

static int egress_learned(struct container *c, const struct egress_opts *o, struct err *e)
{
	struct egress_entries l = { .a = c->a };

	(void)o;
	if (learn_half(&l, c->dirfd, "egress.log.1", e) || learn_half(&l, c->dirfd, "egress.log", e))
		return -1;
	return print_entries(&l, e);
}

/* ---- discover ---- */

static int root_of(struct cmd_ctx *ctx, const char *what, const char **ret_path, struct err *e)
{
	auto_container struct container c = CONTAINER_INIT;

	if (strchr(what, '/')) {
		*ret_path = what;
		return 0;
	}
	if (container_open_named(ctx, what, &c, e))
		return -1;
	*ret_path = arena_strdup(ctx->a, c.s->rootfs);
	return 0;
}

static int egress_discover(struct cmd_ctx *ctx, const char *what, const struct egress_opts *o,
			   struct err *e)
{
	struct egress_entries l = { .a = ctx->a };
	const char *root;

	if (root_of(ctx, what, &root, e) || discover_root(&l, root, e))
		return -1;
	for (size_t i = 0; i < o->projects.n; i++)
		if (discover_project(&l, o->projects.v[i], e))
			return -1;
	return print_entries(&l, e);
}

static const struct {
	const char *name;
	int (*run)(struct container *c, const struct egress_opts *o, struct err *e);
} of_container[] = {
	{ "log", egress_log },
	{ "learned", egress_learned },
};

/* The container with the proxy: a member of a pod that shares its network has none of its own. */
static int open_network(struct cmd_ctx *ctx, const char *id, struct container *ret, struct err *e)
{
	auto_container struct container c = CONTAINER_INIT;
	struct cmd_ctx there = *ctx;
	const char *pod;

	if (container_open_named(ctx, id, &c, e))
		return -1;
	pod = c.s->pod;
	there.root = c.root;
	if (c.s->egress_pid || !pod || streq(pod, c.id)) {
		*ret = c;
		c = (struct container)CONTAINER_INIT;
		return 0;
	}
	if (container_open(&there, pod, WITHOUT_LOCK, ret, e))
		return err_ctx(e, "container %s shares the network of sandbox %s", id, pod);
	return 0;
}

static int run_egress(struct cmd_ctx *ctx, const void *opts_, const struct opt_args *args,
		      struct err *e)
{
	auto_container struct container c = CONTAINER_INIT;
	const struct egress_opts *o = opts_;

	if (streq(args->v[0], "discover"))
		return egress_discover(ctx, args->v[1], o, e);
	for (size_t i = 0; i < ARRAY_SIZE(of_container); i++) {
		if (!streq(args->v[0], of_container[i].name))
			continue;
		if (open_network(ctx, args->v[1], &c, e))
			return -1;
		return of_container[i].run(&c, o, e);
	}
	return err_set(e, ERR_USAGE,
		       "agentrt egress: unknown subcommand %s (there are: log ID, learned ID, "
		       "discover ROOTFS|ID)", args->v[0]);
}

const struct cmd cmd_egress = {
	.name = "egress",
	.args = "log [--follow] ID | learned ID | discover [--project DIR] ROOTFS|ID",
	.summary = "a container's network: decisions, what it asked for, what its tools would need",
	.opts = opts,
	.opts_size = sizeof(struct egress_opts),
	.min_args = 2,
	.max_args = 2,
	.run = run_egress,
};
