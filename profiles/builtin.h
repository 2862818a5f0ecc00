/* SPDX-License-Identifier: Apache-2.0 */
/* builtin.h - profiles/data/NAME.json as text; builtin.gen.c is made from them by embed.awk */
#ifndef PROFILES_BUILTIN_H
#define PROFILES_BUILTIN_H

struct builtin_row {
	const char *name, *text;
};
extern const struct builtin_row builtin_rows[]; /* a NULL name ends it */

#endif
