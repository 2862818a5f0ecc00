/* SPDX-License-Identifier: Apache-2.0 */
/* create.h - making a container: what `create` and `run` share */
#ifndef CMD_CREATE_H
#define CMD_CREATE_H

#include "cmd/container.h"
#include "exec/exec.h"

struct create_opts {
	const char *bundle, *console_socket, *pidfd_socket, *pid_file;
	bool no_pivot, no_new_keyring;
	struct opt_num preserve_fds;
	/* run only */
	bool detach, keep, no_subreaper;
};

/* Rows of the option tables of both commands. */
#define CREATE_OPT(...) OPT_ROW(struct create_opts, __VA_ARGS__)
/* clang-format off */
#define CREATE_OPTS                                                                                \
	CREATE_OPT(STRING, bundle, "bundle", 'b', "DIR",                                           \
		   "the bundle (default: the current directory)"),                                 \
	CREATE_OPT(STRING, console_socket, "console-socket", 0, "SOCKET",                          \
		   "unix socket that receives the terminal's descriptor"),                         \
	CREATE_OPT(STRING, pidfd_socket, "pidfd-socket", 0, "SOCKET",                              \
		   "unix socket that receives a pidfd of the first process"),                      \
	CREATE_OPT(STRING, pid_file, "pid-file", 0, "FILE",                                        \
		   "write the first process's pid there"),                                         \
	CREATE_OPT(FLAG, no_pivot, "no-pivot", 0, NULL,                                            \
		   "do not use pivot_root (oci profile, root on a ramdisk)"),                      \
	CREATE_OPT(FLAG, no_new_keyring, "no-new-keyring", 0, NULL,                                \
		   "keep the caller's session keyring"),                                           \
	CREATE_OPT(U32, preserve_fds, "preserve-fds", 0, "N",                                      \
		   "pass N descriptors after the first three (and LISTEN_FDS)")
/* clang-format on */

/**
 * create_container() - everything up to the gate
 * @o:		o->detach: nobody waits for it (`create`, `run --detach`)
 * @ret:	open, locked; container_done() it
 * @ret_plan:	what was performed
 * On failure nothing of the container is left.
 */
int create_container(struct cmd_ctx *ctx, const char *id, const struct create_opts *o,
		     struct container *ret, const struct plan **ret_plan,
		     struct exec_result *ret_result, struct err *e);

/* create_check_terminal() - a terminal needs somebody who holds its other end */
int create_check_terminal(bool terminal, bool detach, const char *console_socket, struct err *e);

#endif
