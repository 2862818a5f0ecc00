/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - agentrt: global options, the command table, and where errors are printed */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/sanitize.h"
#include "base/table.h"
#include "cmd/cmd.h"
#include "cmd/commit.gen.h"
#include "state/state.h"

#define HEAP_STEP (1 << 18)
#define HEAP_KEEP (1 << 24)
#define PROC_USER_INIT_INO 0xEFFFFFFDu /* include/linux/proc_ns.h: the initial user namespace */

static const struct cmd *const commands[] = {
	&cmd_create, &cmd_start,   &cmd_run,	  &cmd_exec,	   &cmd_kill,
	&cmd_delete, &cmd_state,   &cmd_list,	  &cmd_ps,	   &cmd_pause,
	&cmd_resume, &cmd_update,  &cmd_events,	  &cmd_spec,	   &cmd_explain,  &cmd_check,    &cmd_export,
	&cmd_egress, &cmd_profile, &cmd_features, &cmd_checkpoint, &cmd_restore,
};

#define X(...) OPT_ROW(struct cmd_ctx, __VA_ARGS__)
static const struct opt global_opts[] = {
	X(STRING, root_option, "root", 0, "DIR",
	  "state of containers (/run/agentrt, or $XDG_RUNTIME_DIR/agentrt)"),
	X(STRING, profile, "profile", 0, "NAME",
	  "profile for new containers: agent (default), agent-strict, oci, or your own"),
	X(STRING, profile_dir, "profile-dir", 0, "DIR",
	  "where your own profiles are (/etc/agentrt/profiles); agentrt.json is beside it"),
	X(STRING, log, "log", 0, "FILE", "write errors there too"),
	X(STRING, log_format, "log-format", 0, "text|json", "of the log file"),
	X(FLAG, debug, "debug", 0, NULL, "say what is done"),
	X(FLAG, systemd_cgroup, "systemd-cgroup", 0, NULL, "the engine uses systemd cgroups"),
	X(STRING, cgroup_manager, "cgroup-manager", 0, "NAME",
	  "cgroupfs (default), systemd or disabled"),
	X(STRING, rootless, "rootless", 0, "true|false|auto", "accepted: it is found out"),
	X(STRING, criu, "criu", 0, NULL, NULL), /* of older runc: the path of criu(8) */
	X(FLAG, version, "version", 'v', NULL, "show the version"),
	{ 0 },
};

int cmd_out(const struct strbuf *b, struct err *e)
{
	if (b->len && fd_write_all(STDOUT_FILENO, b->p, b->len) < 0)
		return err_sys(e, "write to standard output");
	return 0;
}

int cmd_abs(struct arena *a, const char *path, const char **ret_path, struct err *e)
{
	char *cwd = path[0] == '/' ? NULL : getcwd(NULL, 0);

	if (path[0] != '/' && !cwd)
		return err_sys(e, "find the current directory for %s", path);
	/* Not cleaned: what ".." means after a symbolic link is the kernel's to say. */
	*ret_path = cwd ? arena_printf(a, "%s/%s", cwd, path) : arena_strdup(a, path);
	free(cwd);
	return 0;
}

static void main_help(struct strbuf *b)
{
	strbuf_adds(b, "usage: agentrt [global options] COMMAND [options] [arguments]\n\n"
		       "OCI container runtime for AI agents: deny by default.\n\ncommands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		strbuf_addf(b, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
	strbuf_adds(b, "\nglobal options:\n");
	opt_help(b, global_opts);
	strbuf_adds(b, "\n`agentrt COMMAND --help` shows the options of a command.\n");
}

static void cmd_help(struct strbuf *b, const struct cmd *c)
{
	strbuf_addf(b, "usage: agentrt %s%s%s\n\n%s\n%s\noptions:\n", c->name, *c->args ? " " : "",
		    c->args, c->summary, c->more ? c->more : "");
	opt_help(b, c->opts);
}

static void version_text(struct strbuf *b)
{
	const struct scmp_version *sv = seccomp_version();

	strbuf_adds(b, "agentrt version " PACKAGE_VERSION "\ncommit: " AGENTRT_COMMIT
		       "\nspec: 1.3.0\n");
	strbuf_addf(b, "libseccomp: %u.%u.%u\n", sv->major, sv->minor, sv->micro);
#ifdef AGENTRT_MUTANTS
	strbuf_adds(b, "mutants: on\n");
#endif
	if (SANITIZED)
		strbuf_adds(b, "sanitizers: on\n");
}

static bool is_one_of(const char *s, const char *const *names)
{
	if (!s)
		return true;
	for (; *names; names++)
		if (streq(s, *names))
			return true;
	return false;
}

static int check_globals(struct cmd_ctx *ctx, struct err *e)
{
	static const char *const formats[] = { "text", "json", NULL };
	static const char *const managers[] = { "cgroupfs", "systemd", "disabled", NULL };
	static const char *const rootless[] = { "true", "false", "auto", NULL };

	ctx->log_is_json = ctx->log_format && streq(ctx->log_format, "json");
	if (!is_one_of(ctx->log_format, formats))
		return err_set(e, ERR_USAGE, "--log-format %s: must be text or json",
			       ctx->log_format);
	if (!is_one_of(ctx->cgroup_manager, managers))
		return err_set(e, ERR_USAGE,
			       "--cgroup-manager %s: must be cgroupfs, systemd or disabled",
			       ctx->cgroup_manager);
	if (!is_one_of(ctx->rootless, rootless))
		return err_set(e, ERR_USAGE, "--rootless %s: must be true, false or auto",
			       ctx->rootless);
	return 0;
}

static int open_log(const struct cmd_ctx *ctx, struct err *e)
{
	int fd = -1;

	if (ctx->log && ctx->log[0]) {
		fd = open(ctx->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
		if (fd < 0)
			return err_sys(e, "open log file %s", ctx->log);
	}
	log_setup(ctx->debug ? LOG_DEBUG : LOG_WARN, fd, ctx->log_is_json);
	return 0;
}

bool cmd_is_machine_root(void)
{
	struct stat st;

	return geteuid() == 0 && stat("/proc/self/ns/user", &st) == 0 &&
	       st.st_ino == PROC_USER_INIT_INO;
}

static int find_root(struct cmd_ctx *ctx, bool needed, struct err *e)
{
	const char *xdg = cmd_is_machine_root() ? NULL : getenv("XDG_RUNTIME_DIR");

	if (ctx->root_option && cmd_abs(ctx->a, ctx->root_option, &ctx->root, e))
		return -1;
	if (!ctx->root_option && xdg && xdg[0] == '/')
		ctx->root = path_join(ctx->a, xdg, "agentrt");
	else if (!ctx->root_option && geteuid() != 0)
		return needed ? err_set(e, ERR_USAGE,
					"XDG_RUNTIME_DIR is not set: give a directory "
					"with --root")
			      : 0;
	else if (!ctx->root_option)
		ctx->root = "/run/agentrt";
	if (ctx->root)
		ctx->root = path_clean(ctx->a, ctx->root); /* one spelling: reservations name it */
	if (ctx->root && streq(ctx->root, "/"))
		return err_set(e, ERR_USAGE, "--root /: the root directory cannot hold the state");
	return 0;
}

static const struct cmd *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (streq(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int run_command(struct cmd_ctx *ctx, const struct cmd *c, const char *const *argv,
		       struct err *e)
{
	const char *who = arena_printf(ctx->a, "agentrt %s", c->name);
	void *opts = arena_alloc(ctx->a, 1, c->opts_size ? c->opts_size : 1);
	auto_strbuf struct strbuf help = STRBUF_INIT;
	struct opt_args args = { 0 };

	if (!c->takes_anything && opt_parse(ctx->a, c->opts, c->order, argv, who, opts, &args, e))
		return -1;
	if (args.help) {
		cmd_help(&help, c);
		return cmd_out(&help, e);
	}
	if ((int)args.n < c->min_args || (c->max_args > 0 && (int)args.n > c->max_args) ||
	    (c->max_args == CMD_NO_ARGS && args.n > 0))
		return err_set(e, ERR_USAGE, "%s: wrong number of arguments (usage: agentrt %s %s)",
			       who, c->name, c->args);
	if (c->root != ROOT_UNUSED &&
	    (find_root(ctx, c->root == ROOT_NEEDED, e) || state_know_boot(e)))
		return -1;
	return c->run(ctx, opts, &args, e);
}

/* Returns the exit status, or -1 with e filled; *ret_cmd is the command once it is known. */
static int dispatch(struct cmd_ctx *ctx, const char *const *argv, const struct cmd **ret_cmd,
		    struct err *e)
{
	auto_strbuf struct strbuf out = STRBUF_INIT;
	struct opt_args args;

	if (opt_parse(ctx->a, global_opts, OPT_FIRST, argv, "agentrt", ctx, &args, e) ||
	    check_globals(ctx, e) || open_log(ctx, e) ||
	    (ctx->profile_dir && cmd_abs(ctx->a, ctx->profile_dir, &ctx->profile_dir, e)))
		return -1;
	bool asks = args.n > 0 && streq(args.v[0], "help");
	const struct cmd *about = asks && args.n > 1 ? find_command(args.v[1]) : NULL;

	if (ctx->version)
		version_text(&out);
	else if (about && !about->takes_anything)
		cmd_help(&out, about);
	else if (args.help || (asks && args.n == 1))
		main_help(&out);
	if (out.len)
		return cmd_out(&out, e);
	if (args.n == 0)
		return err_set(e, ERR_USAGE, "no command given (agentrt --help lists them)");
	*ret_cmd = asks ? about : find_command(args.v[0]);
	if (!*ret_cmd)
		return err_set(e, ERR_USAGE, "unknown command %s (agentrt --help lists them)",
			       args.v[asks]);
	return run_command(ctx, *ret_cmd, args.v + 1, e);
}

/* 0, 1 and 2 must be open: a file opened as one of them would receive our messages. */
static int check_stdio(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return -1;
	return 0;
}

/*
 * A run takes a few hundred KiB and gives them back by ending: asking the kernel again and
 * again and returning what is free is work for nothing.
 */
static void set_heap(void)
{
#ifdef M_TOP_PAD
	(void)mallopt(M_TOP_PAD, HEAP_STEP);
	(void)mallopt(M_TRIM_THRESHOLD, HEAP_KEEP);
#endif
}

int main(int argc, char **argv)
{
	auto_arena struct arena a = ARENA_INIT;
	struct cmd_ctx ctx = { .a = &a,
			       .program = argc > 0 ? path_base(argv[0]) : "agentrt",
			       .called = argc > 0 && argv[0][0] == '/' ? argv[0] : NULL,
			       .uid = getuid() };
	const struct cmd *c = NULL;
	struct err e = ERR_INIT;

	if (argc < 1)
		return 1;
	(void)umask(umask(0) & 077); /* what is made here must be its maker's to open */
	set_heap();
	if (check_stdio() < 0) {
		dprintf(STDERR_FILENO, "agentrt: open /dev/null in place of a closed descriptor\n");
		return 1;
	}

	int status = dispatch(&ctx, (const char *const *)argv + 1, &c, &e);
	if (status >= 0)
		return status;
	log_error("%s", e.msg);
	return c && c->fail_status ? c->fail_status : err_exit_status(e.kind);
}
