/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd.h - one command is one struct in one file; main.c's table lists them
 *
 * To add a command: a file with its option table and struct cmd, a line in main.c's table, a
 * section in man/agentrt.8, cases in tests/live/cli.sh.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "cmd/options.h"

/* The global options, and what follows from them. */
struct cmd_ctx {
	struct arena *a;
	const char *program; /* "agentrt", or "agentrt-oci" */
	const char *called;  /* the program's path if the caller gave one, else NULL */
	bool own_userns;     /* entered by cmd_outer_enter() */
	uint32_t uid;	     /* who called */
	bool debug, systemd_cgroup, version;
	const char *log, *log_format, *root_option, *rootless, *cgroup_manager, *profile,
		*profile_dir, *criu;
	bool log_is_json;
	const char *root; /* state root, absolute; see enum cmd_root */
};

#define CMD_NO_ARGS (-1)

enum cmd_root {
	ROOT_NEEDED, /* ctx->root is set */
	ROOT_WANTED, /* may be NULL: a user without XDG_RUNTIME_DIR */
	ROOT_UNUSED,
};

struct cmd {
	const char *name;
	const char *args;    /* for help: "[options] ID [SIGNAL]" */
	const char *summary; /* one line */
	const char *more;    /* further lines of help, or NULL */
	const struct opt *opts;
	size_t opts_size;
	enum opt_order order;
	int min_args, max_args; /* max 0: no limit; CMD_NO_ARGS: none */
	int fail_status;	/* exit status of an error; 0: by its kind */
	enum cmd_root root;
	bool takes_anything; /* its arguments are not even parsed */
	/* Returns the exit status, or -1 with e filled. */
	int (*run)(struct cmd_ctx *ctx, const void *opts, const struct opt_args *args,
		   struct err *e);
};

extern const struct cmd cmd_check, cmd_checkpoint, cmd_create, cmd_delete, cmd_egress, cmd_events, cmd_exec,
	cmd_explain, cmd_export, cmd_features, cmd_kill, cmd_list, cmd_pause, cmd_profile, cmd_ps, cmd_restore,
	cmd_resume, cmd_run, cmd_spec, cmd_start, cmd_state, cmd_update;

/* cmd_out() - to stdout, whole; a closed pipe or full disk is an error */
int cmd_out(const struct strbuf *b, struct err *e);

/* cmd_abs() - a path of the command line, made absolute by the caller's directory */
int cmd_abs(struct arena *a, const char *path, const char **ret_path, struct err *e);

/* cmd_is_machine_root() - root of a user namespace that is not the host's counts as a user: that is
 * what rootless engines are */
bool cmd_is_machine_root(void);

#endif
