/* SPDX-License-Identifier: Apache-2.0 */
/* oci_hooks.c - hooks: six kinds, one shape */
#include "spec/oci_tables.h"

#define SEC "config.md#posix-platform-hooks"

static const struct field_table hook = {
	.what = "hook",
	.size = sizeof(struct oci_hook),
	.fields = (const struct field[]){
		ROW("path", F_STRING, REQ, struct oci_hook, path, NULL, SEC),
		ROW_N("args", F_STRINGS, OPT, struct oci_hook, args, n_args, NULL, SEC),
		ROW_N("env", F_STRINGS, OPT, struct oci_hook, env, n_env, NULL, SEC),
		ROW("timeout", F_OPT_I64, OPT, struct oci_hook, timeout_s, NULL, SEC),
		ROW_END,
	},
};

#define KIND(name, k) \
	ROW_N(name, F_OBJECTS, OPT, struct oci_hooks, kind[k].v, kind[k].n, &hook, SEC)

const struct field_table oci_hooks_table = {
	.what = "hooks",
	.size = sizeof(struct oci_hooks),
	.fields = (const struct field[]){
		KIND("prestart", HOOK_PRESTART),
		KIND("createRuntime", HOOK_CREATE_RUNTIME),
		KIND("createContainer", HOOK_CREATE_CONTAINER),
		KIND("startContainer", HOOK_START_CONTAINER),
		KIND("poststart", HOOK_POSTSTART),
		KIND("poststop", HOOK_POSTSTOP),
		ROW_END,
	},
};
