/* SPDX-License-Identifier: Apache-2.0 */
/*
 * field.h - decoding and encoding driven by tables
 *
 * A struct is described by rows {JSON name, type, offset, ...}; one decoder and one encoder walk
 * them. A new property of the specification is a struct member and a row. state.json, profiles
 * and facts use the same machinery.
 */
#ifndef SPEC_FIELD_H
#define SPEC_FIELD_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "spec/json.h"
#include "spec/names.h"

enum field_type {
	F_STRING,      /* const char * */
	F_BOOL,	       /* bool */
	F_U32, F_I32, F_U64, F_I64,
	F_OPT_BOOL, F_OPT_U32, F_OPT_U64, F_OPT_I64, /* struct opt_* */
	F_ENUM,	       /* int; arg = struct name_table: the row's value; -1 when absent */
	F_FLAGS32,     /* uint32_t; array of names, values or-ed */
	F_FLAGS64,     /* uint64_t; the same */
	F_STRINGS,     /* const char **, count at offset2 */
	F_U32S,	       /* uint32_t *, count at offset2 */
	F_ENUMS,       /* int *, count at offset2 */
	F_OBJECT,      /* struct inline; arg = struct field_table */
	F_OBJECT_PTR,  /* struct *, NULL when absent */
	F_OBJECTS,     /* array of structs, count at offset2; arg = struct field_table */
	F_MAP,	       /* struct oci_kv *, count at offset2: object with string values */
	F_CUSTOM,      /* arg = struct field_custom */
	F_IGNORED,     /* known, deliberately without effect on Linux: section says why */
	F_UNSUPPORTED, /* known, not implemented yet: its presence is ERR_UNSUPPORTED */
	F__COUNT
};

enum field_need { FIELD_OPTIONAL, FIELD_REQUIRED };

struct field {
	const char *name; /* JSON name; NULL ends the table */
	enum field_type type;
	enum field_need need;
	size_t offset, offset2;
	const void *arg;
	const char *section; /* where the specification says so: "config-linux.md#namespaces" */
};

struct field_table {
	const char *what;
	size_t size; /* of the struct */
	const struct field *fields;
};

/* Where decoding stands, for messages. */
struct field_ctx {
	struct arena *a;
	const char *name;      /* document name */
	bool unknown_is_error; /* profiles and state: yes; config.json: no */
	char path[256];	       /* "linux.namespaces[2]" */
};

struct field_custom {
	int (*decode)(struct field_ctx *c, const struct json *v, void *obj, struct err *e);
	/* print the value only; return false to omit the property */
	bool (*encode)(struct strbuf *b, const void *obj);
};

int field_decode(struct field_ctx *c, const struct field_table *t, const struct json *v, void *obj,
		 struct err *e);
/* Compact JSON; absent members are omitted. */
void field_encode(struct strbuf *b, const struct field_table *t, const void *obj);
/* field_fail() - "config.json:3:9: linux.namespaces[2].type: <fmt>" */
int field_fail(const struct field_ctx *c, const struct json *v, struct err *e, enum err_kind kind,
	       const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#endif
