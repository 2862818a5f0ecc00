/* SPDX-License-Identifier: Apache-2.0 */
/* passwd.h - one field of a passwd file */
#ifndef EXEC_PASSWD_H
#define EXEC_PASSWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* passwd_home() - home directory of @uid in the text of a passwd file, into @buf; false: none */
bool passwd_home(const char *passwd, uint32_t uid, char *buf, size_t size);

#endif
