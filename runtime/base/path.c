/* SPDX-License-Identifier: Apache-2.0 */
/* path.c - lexical path arithmetic */
#include "base/path.h"

#include <string.h>

#include "base/str.h"

char *path_clean(struct arena *a, const char *path)
{
	char *out = arena_alloc(a, strlen(path) + 2, 1);
	size_t len = 0;

	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.') {
			while (len > 0 && out[--len] != '/')
				;
		} else if (n > 0 && !(n == 1 && path[0] == '.')) {
			out[len++] = '/';
			memcpy(out + len, path, n);
			len += n;
		}
		path += n;
		path += *path == '/';
	}
	if (len == 0)
		out[len++] = '/';
	out[len] = '\0';
	return out;
}

char *path_join(struct arena *a, const char *dir, const char *rel)
{
	return path_clean(a, rel[0] == '/' ? rel : arena_printf(a, "%s/%s", dir, rel));
}

bool path_is_within(const char *p, const char *dir)
{
	size_t n = strlen(dir);

	if (streq(dir, "/"))
		return p[0] == '/';
	return strncmp(p, dir, n) == 0 && (p[n] == '\0' || p[n] == '/');
}

const char *path_base(const char *p)
{
	const char *slash = strrchr(p, '/');

	return slash ? slash + 1 : p;
}
