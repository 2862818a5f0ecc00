/* SPDX-License-Identifier: Apache-2.0 */
/* ps.c - `ps`: the host pids of a container's whole cgroup, as JSON or through ps(1) */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "cgroup/cgroup.h"
#include "cmd/container.h"

#define PS_OUTPUT_MAX (16u << 20) /* bytes */

struct ps_opts {
	const char *format;
};

#define X(...) OPT_ROW(struct ps_opts, __VA_ARGS__)
static const struct opt opts[] = {
	X(STRING, format, "format", 'f', "table|json", "how to print"),
	{ 0 },
};

struct pids {
	pid_t *v;
	size_t n;
};

static bool has_pid(const struct pids *p, uint64_t pid)
{
	for (size_t i = 0; i < p->n; i++)
		if ((uint64_t)p->v[i] == pid)
			return true;
	return false;
}

static void print_json(struct strbuf *b, const struct pids *p)
{
	strbuf_adds(b, "[");
	for (size_t i = 0; i < p->n; i++)
		strbuf_addf(b, "%s%d", i ? "," : "", (int)p->v[i]);
	strbuf_adds(b, "]\n");
}

/* What ps(1) says of every process; @argv is NULL-terminated. */
static int run_ps(const char *const *argv, char **ret_text, struct err *e)
{
	auto_close int out = -1, in = -1;
	int fds[2], status;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe for ps");
	out = fds[0];
	in = fds[1];

	pid_t pid = fork();
	if (pid < 0)
		return err_sys(e, "fork for ps");
	if (pid == 0) {
		if (dup2(in, STDOUT_FILENO) >= 0)
			execvp("ps", (char *const *)argv);
		_exit(127);
	}
	fd_close(&in);

	int rc = fd_read_all(out, PS_OUTPUT_MAX, "the output of ps", ret_text, NULL, e);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (rc == 0 && status != 0) {
		free(*ret_text);
		return err_set(e, ERR_SYS, "ps(1) ended with status %d: is it installed?",
			       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	}
	return rc;
}

/* The n-th word of a line; returns NULL where it has fewer. */
static const char *word(const char *line, unsigned n, size_t *ret_len)
{
	for (;; n--) {
		line += strspn(line, " \t");
		size_t len = strcspn(line, " \t");

		if (len == 0)
			return NULL;
		*ret_len = len;
		if (n == 0)
			return line;
		line += len;
	}
}

static int pid_column(const char *header)
{
	const char *w;
	size_t len;

	for (unsigned i = 0; (w = word(header, i, &len)); i++)
		if (len == 3 && memcmp(w, "PID", 3) == 0)
			return (int)i;
	return -1;
}

static bool is_ours(const char *line, int column, const struct pids *p)
{
	char num[24];
	uint64_t pid;
	size_t len;
	const char *w = word(line, (unsigned)column, &len);

	if (!w || len >= sizeof(num))
		return false;
	memcpy(num, w, len);
	num[len] = '\0';
	return str_to_u64(num, &pid) && has_pid(p, pid);
}

static int filter(struct strbuf *b, char *text, const struct pids *p, struct err *e)
{
	char *line = strtok(text, "\n");
	int column = line ? pid_column(line) : -1;

	if (column < 0)
		return err_set(e, ERR_USAGE, "ps: its output has no PID column");
	strbuf_addf(b, "%s\n", line);
	while ((line = strtok(NULL, "\n")))
		if (is_ours(line, column, p))
			strbuf_addf(b, "%s\n", line);
	return 0;
}

static int print_table(struct arena *a, struct strbuf *b, const struct pids *p,
		       const struct opt_args *args, struct err *e)
{
	const char **argv = arena_alloc(a, args->n + 3, sizeof(*argv));
	auto_free char *text = NULL;

	argv[0] = "ps";
	argv[1] = "-ef";
	for (size_t i = 1; i < args->n; i++)
		argv[i] = args->v[i];
	return run_ps(argv, &text, e) || filter(b, text, p, e) ? -1 : 0;
}

static int run_ps_cmd(struct cmd_ctx *ctx, const void *opts_, const struct opt_args *args,
		      struct err *e)
{
	const struct ps_opts *o = opts_;
	auto_container struct container c = CONTAINER_INIT;
	auto_strbuf struct strbuf b = STRBUF_INIT;
	auto_free pid_t *v = NULL;
	struct pids p = { 0 };

	if (o->format && !streq(o->format, "json") && !streq(o->format, "table"))
		return err_set(e, ERR_USAGE, "--format %s: must be table or json", o->format);
	if (container_open(ctx, args->v[0], WITHOUT_LOCK, &c, e))
		return -1;
	if (c.cg.none)
		return err_set(e, ERR_UNSUPPORTED,
			       "container %s has no cgroup: its processes are not known", c.id);
	if (c.st != STATUS_STOPPED && cgroup_pids(&c.cg, &v, &p.n, e))
		return -1;
	p.v = v;
	if (o->format && streq(o->format, "json"))
		print_json(&b, &p);
	else if (print_table(ctx->a, &b, &p, args, e))
		return -1;
	return cmd_out(&b, e);
}

const struct cmd cmd_ps = {
	.name = "ps",
	.args = "[--format table|json] ID [ps(1) arguments]",
	.summary = "list the processes of a container",
	.opts = opts,
	.opts_size = sizeof(struct ps_opts),
	.order = OPT_FIRST,
	.min_args = 1,
	.run = run_ps_cmd,
};
