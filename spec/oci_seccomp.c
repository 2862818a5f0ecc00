/* SPDX-License-Identifier: Apache-2.0 */
/* oci_seccomp.c - linux.seccomp */
#include "spec/oci_tables.h"

#define S struct oci_seccomp
#define SEC "config-linux.md#seccomp"

static const struct field_table arg = {
	.what = "seccomp argument",
	.size = sizeof(struct oci_seccomp_arg),
	.fields = (const struct field[]){
		ROW("index", F_U32, REQ, struct oci_seccomp_arg, index, NULL, SEC),
		ROW("value", F_U64, REQ, struct oci_seccomp_arg, value, NULL, SEC),
		ROW("valueTwo", F_U64, OPT, struct oci_seccomp_arg, value_two, NULL, SEC),
		ROW("op", F_ENUM, REQ, struct oci_seccomp_arg, op, &names_seccomp_op, SEC),
		ROW_END,
	},
};

static const struct field_table rule = {
	.what = "seccomp rule",
	.size = sizeof(struct oci_seccomp_rule),
	.fields = (const struct field[]){
		ROW_N("names", F_STRINGS, REQ, struct oci_seccomp_rule, names, n_names, NULL, SEC),
		ROW("action", F_ENUM, REQ, struct oci_seccomp_rule, action, &names_seccomp_action,
		    SEC),
		ROW("errnoRet", F_OPT_U32, OPT, struct oci_seccomp_rule, errno_ret, NULL, SEC),
		ROW_N("args", F_OBJECTS, OPT, struct oci_seccomp_rule, args, n_args, &arg, SEC),
		ROW("reason", F_STRING, OPT, struct oci_seccomp_rule, reason, NULL,
		    "agentrt-profile(5)"),
		ROW_END,
	},
};

const struct field_table oci_seccomp_table = {
	.what = "seccomp",
	.size = sizeof(S),
	.fields = (const struct field[]){
		ROW("defaultAction", F_ENUM, REQ, S, default_action, &names_seccomp_action, SEC),
		ROW("defaultErrnoRet", F_OPT_U32, OPT, S, default_errno_ret, NULL, SEC),
		ROW_N("architectures", F_ENUMS, OPT, S, architectures, n_architectures,
		      &names_seccomp_arch, SEC),
		ROW("flags", F_FLAGS32, OPT, S, flags, &names_seccomp_flag, SEC),
		ROW("listenerPath", F_STRING, OPT, S, listener_path, NULL, SEC),
		ROW("listenerMetadata", F_STRING, OPT, S, listener_metadata, NULL, SEC),
		ROW_N("syscalls", F_OBJECTS, OPT, S, syscalls, n_syscalls, &rule, SEC),
		ROW_END,
	},
};
