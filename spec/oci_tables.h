/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oci_tables.h - the tables of the specification's objects, and how a row is written
 *
 * Each oci_*.c describes the structs of oci.h for one part of config.json. To add a property: a
 * member in oci.h, a row there, a rule in check*.c if the specification has a MUST about it, and
 * a case in tests/unit/t_spec.c.
 */
#ifndef SPEC_OCI_TABLES_H
#define SPEC_OCI_TABLES_H

#include "spec/field.h"
#include "spec/names.h"
#include "spec/oci.h"

extern const struct field_table oci_spec_table;
extern const struct field_table oci_process_table;
extern const struct field_table oci_idmap_table;
extern const struct field_table oci_mount_table;
extern const struct field_table oci_hooks_table;
extern const struct field_table oci_linux_table;
extern const struct field_table oci_resources_table;
extern const struct field_table oci_seccomp_table;

/* Rows. @t is the struct, @m its member; @sec the section of the specification. */
#define ROW(name, type, need, t, m, arg, sec) { name, type, need, offsetof(t, m), 0, arg, sec }
#define ROW_N(name, type, need, t, m, n, arg, sec) \
	{ name, type, need, offsetof(t, m), offsetof(t, n), arg, sec }
/* A JSON object whose members lie in the same struct as its neighbours. */
#define ROW_NESTED(name, arg, sec) { name, F_OBJECT, FIELD_OPTIONAL, 0, 0, arg, sec }
#define ROW_CUSTOM(name, need, t, m, arg, sec) ROW(name, F_CUSTOM, need, t, m, arg, sec)
#define ROW_IGNORED(name, why) { name, F_IGNORED, FIELD_OPTIONAL, 0, 0, NULL, why }
#define ROW_UNSUPPORTED(name, sec) { name, F_UNSUPPORTED, FIELD_OPTIONAL, 0, 0, NULL, sec }
#define ROW_END { .name = NULL }

#define OPT FIELD_OPTIONAL
#define REQ FIELD_REQUIRED

#endif
