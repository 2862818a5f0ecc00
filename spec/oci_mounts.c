/* SPDX-License-Identifier: Apache-2.0 */
/* oci_mounts.c - mounts[], and the id mappings that linux shares with it */
#include "spec/oci_tables.h"

#define M struct oci_mount
#define SEC "config.md#mounts"

const struct field_table oci_idmap_table = {
	.what = "id mapping",
	.size = sizeof(struct oci_idmap),
	.fields = (const struct field[]){
		ROW("containerID", F_U32, REQ, struct oci_idmap, ctr, NULL,
		    "config-linux.md#user-namespace-mappings"),
		ROW("hostID", F_U32, REQ, struct oci_idmap, host, NULL,
		    "config-linux.md#user-namespace-mappings"),
		ROW("size", F_U32, REQ, struct oci_idmap, size, NULL,
		    "config-linux.md#user-namespace-mappings"),
		ROW_END,
	},
};

const struct field_table oci_mount_table = {
	.what = "mount",
	.size = sizeof(M),
	.fields = (const struct field[]){
		ROW("destination", F_STRING, REQ, M, destination, NULL, SEC),
		ROW("type", F_STRING, OPT, M, type, NULL, SEC),
		ROW("source", F_STRING, OPT, M, source, NULL, SEC),
		ROW_N("options", F_STRINGS, OPT, M, options, n_options, NULL, SEC),
		ROW_N("uidMappings", F_OBJECTS, OPT, M, uid_mappings, n_uid_mappings,
		      &oci_idmap_table, "config.md#posix-platform-mounts"),
		ROW_N("gidMappings", F_OBJECTS, OPT, M, gid_mappings, n_gid_mappings,
		      &oci_idmap_table, "config.md#posix-platform-mounts"),
		ROW_END,
	},
};
