/* SPDX-License-Identifier: Apache-2.0 */
/* names_table.h - how names*.c write a table */
#ifndef SPEC_NAMES_TABLE_H
#define SPEC_NAMES_TABLE_H

#include "base/table.h"
#include "spec/names.h"

#define NAMES(id, what_, ...)                                     \
	static const struct name_row id##_rows[] = { __VA_ARGS__ }; \
	const struct name_table id = { (what_), id##_rows, ARRAY_SIZE(id##_rows) }

#endif
