/* SPDX-License-Identifier: Apache-2.0 */
/* paths.h - where the program's own pieces are */
#ifndef CMD_PATHS_H
#define CMD_PATHS_H

#include "cmd/cmd.h"

/* paths_egress() - agentrt-egress: beside this program (a build directory), else where it was
 * installed to */
const char *paths_egress(const struct cmd_ctx *ctx);

/* paths_cache() - compiled seccomp programs; NULL where no directory is ours alone */
const char *paths_cache(struct arena *a);

#endif
