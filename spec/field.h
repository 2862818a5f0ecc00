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
	F_ENUM,	       /* int; arg = struct name_table: low 32 bits of the row's value; -1 absent */
	F_FLAGS32,     /* uint32_t; array of names, values or-ed */
	F_FLAGS64,     /* uint64_t; the same */
	F_BITS64,      /* uint64_t; array of names, value = bit number (capabilities) */
	F_STRINGS,     /* const char **, count at offset2 */
	F_U32S,	       /* uint32_t *, count at offset2 */
	F_ENUMS,       /* int *, count at offset2 */
	F_OBJECT,      /* struct inline; arg = struct field_table; offset2: bool set when present,
			  0 none (then an object with nothing to say is not written) */
	F_OBJECT_PTR,  /* struct *, NULL when absent */
	F_OBJECTS,     /* array of structs, count at offset2; arg = struct field_table */
	F_KEYED,       /* the same from a JSON object: its keys go to the first member of each
			  struct, a const char * */
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
	const struct field *fields; /* at most 64 */
};

/* Where decoding stands, for messages. */
struct field_ctx {
	struct arena *a;
	const char *name;      /* document name */
	/* Profiles and state: true. config.json: false; then null and, for an optional string,
	 * "" count as absent too, because engines written in Go emit them so. */
	bool unknown_is_error;
	char path[256];	       /* "linux.namespaces[2]" */
};

struct field_custom {
	/* @obj: the struct's address + the row's offset */
	int (*decode)(struct field_ctx *c, const struct json *v, void *obj, struct err *e);
	/* print the value only; return false to omit the property */
	bool (*encode)(struct strbuf *b, const void *obj);
};

/* field_init() - enums to -1, which is what absent means; the rest of @obj is zero already */
void field_init(const struct field_table *t, void *obj);

/**
 * field_decode() - from a JSON object into a struct
 * @obj:	after field_init(), or a filled struct over which the document is laid: members that
 *		the document does not mention keep their value
 *
 * Strings are borrowed from the arena of @v; arrays and structs come from @c->a.
 */
int field_decode(struct field_ctx *c, const struct field_table *t, const struct json *v, void *obj,
		 struct err *e);
/* Compact JSON; absent members are omitted. */
void field_encode(struct strbuf *b, const struct field_table *t, const void *obj);
/* field_fail() - "config.json:3:9: linux.namespaces[2].type: <fmt>" */
int field_fail(const struct field_ctx *c, const struct json *v, struct err *e, enum err_kind kind,
	       const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* For custom rows. field_enter() - step into a member: put it behind c->path; returns what
 * field_leave() takes to step out. @key NULL: array element @index. */
size_t field_enter(struct field_ctx *c, const char *key, size_t index);
void field_leave(struct field_ctx *c, size_t mark);
/* "must be a string, is a number" */
int field_type_is(const struct field_ctx *c, const struct json *v, enum json_type want,
		  struct err *e);
/* One name of a table; an unknown one is an error. */
int field_name_value(const struct field_ctx *c, const struct name_table *t, const struct json *v,
		     uint64_t *ret_value, struct err *e);

#endif
