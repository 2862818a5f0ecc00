/* SPDX-License-Identifier: Apache-2.0 */
/* passwd.c - one field of a passwd file: no NSS, which would load the image's code or the host's */
#include "exec/passwd.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* name:password:uid:gid:gecos:home:shell */
bool passwd_home(const char *passwd, uint32_t uid, char *buf, size_t size)
{
	for (const char *line = passwd; line && *line; line = strchr(line, '\n'), line += !!line) {
		const char *field[7], *end = strchrnul(line, '\n'), *p = line;
		char num[16];
		size_t n = 0;
		uint32_t v;

		for (; n < 7 && p && p <= end; n++) {
			field[n] = p;
			p = memchr(p, ':', (size_t)(end - p));
			p = p ? p + 1 : NULL;
		}
		if (n < 6)
			continue;
		snprintf(num, sizeof(num), "%.*s", (int)(field[3] - field[2] - 1), field[2]);
		if (!str_to_u32(num, &v) || v != uid)
			continue;

		size_t len = (size_t)((n == 7 ? field[6] - 1 : end) - field[5]);

		if (len == 0 || len >= size)
			return false;
		memcpy(buf, field[5], len);
		buf[len] = '\0';
		return true;
	}
	return false;
}
