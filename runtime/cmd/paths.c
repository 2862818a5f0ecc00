/* SPDX-License-Identifier: Apache-2.0 */
/* paths.c - where the program's own pieces are */
#include "cmd/paths.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"

#define EGRESS_NAME "agentrt-egress"

const char *paths_egress(struct arena *a)
{
	const char *installed = LIBEXECDIR "/" EGRESS_NAME;
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n <= 0)
		return installed;
	exe[n] = '\0';
	exe[path_base(exe) - exe] = '\0';

	const char *beside = path_join(a, exe, EGRESS_NAME);
	return access(beside, X_OK) == 0 ? beside : installed;
}

const char *paths_cache(struct arena *a)
{
	const char *xdg = getenv("XDG_CACHE_HOME");

	if (geteuid() == 0)
		return "/var/cache/agentrt";
	return xdg && xdg[0] == '/' ? path_join(a, xdg, "agentrt") : NULL;
}
