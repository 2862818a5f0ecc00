/* SPDX-License-Identifier: Apache-2.0 */
/*
 * show.h - every op's arguments as rows {name, type, offset}; both printers walk them
 *
 * A member that is zero, NULL, empty or false is left out of the output, unless its row says that
 * zero means something. A new member of an op is a row in show.c.
 */
#ifndef PLAN_SHOW_H
#define PLAN_SHOW_H

#include "plan/plan.h"

enum show_type {
	SHOW_STR,      /* const char * */
	SHOW_STRS,     /* const char **, count at offset2 */
	SHOW_STRV,     /* const char **, NULL-terminated */
	SHOW_BOOL,
	SHOW_CHAR,     /* char */
	SHOW_INT,      /* int, int32_t or an enum without names */
	SHOW_I64,
	SHOW_U16,
	SHOW_U32,
	SHOW_U64,
	SHOW_ULONG,    /* unsigned long */
	SHOW_OCT,      /* uint32_t: permission bits, "0755" */
	SHOW_NAME,     /* enum; arg = const char *const[]: name of each value */
	SHOW_FLAGS,    /* uint64_t; arg = struct show_flag[]: names of the bits */
	SHOW_CAPS,     /* uint64_t: names of capabilities */
	SHOW_ACTION,   /* uint32_t: SCMP_ACT_* with data */
	SHOW_TABLE32,  /* uint32_t; arg = struct name_table */
	SHOW_TABLE32S, /* uint32_t *, count at offset2; arg = struct name_table */
	SHOW_U16S,     /* uint16_t *, count at offset2 */
	SHOW_U32S,     /* uint32_t *, count at offset2 */
	SHOW_ROWS,     /* array of structs, count at offset2; arg = struct show_table */
	SHOW__COUNT
};

enum show_zero { SHOW_NONZERO, SHOW_ALWAYS };

struct show_row {
	const char *name; /* NULL ends the table */
	enum show_type type;
	size_t offset, offset2;
	const void *arg;
	enum show_zero zero;
};

struct show_table {
	size_t size;
	const struct show_row *rows;
};

struct show_flag {
	uint64_t mask, value; /* set if (flags & mask) == value */
	const char *name;     /* NULL ends */
};

/* show_rows() - the rows of a kind of op, relative to &op->u */
const struct show_row *show_rows(enum op_kind kind);

/* show_members() - a struct as a JSON object's members, without braces; returns their number */
size_t show_members(struct strbuf *b, const struct show_row *rows, const void *obj);

/* Names that the text needs too. */
extern const char *const show_on_fail[], *const show_ns_action[], *const show_e_kind[], *const show_hook_kind[],
	*const show_mount_kind[];
extern const struct show_flag show_attr_flags[], show_propagation_flags[], show_sb_flags[],
	show_landlock_fs[], show_landlock_net[], show_landlock_scope[];
void show_flags(struct strbuf *b, const struct show_flag *f, uint64_t flags, const char *before_each,
		const char *quote);
void show_action(struct strbuf *b, uint32_t action);

#endif
