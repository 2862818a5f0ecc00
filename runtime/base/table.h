/* SPDX-License-Identifier: Apache-2.0 */
/* table.h - compile-time checks for tables indexed by an enum */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <assert.h>
#include <stddef.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* A missing last row is a build failure; place after every enum-indexed table. */
#define TABLE_CHECK(tbl, count) \
	static_assert(ARRAY_SIZE(tbl) == (size_t)(count), "table " #tbl " misses a row")

#endif
