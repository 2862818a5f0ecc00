/* SPDX-License-Identifier: Apache-2.0 */
/* oci_linux.c - the linux object */
#include "spec/oci_tables.h"

#define L struct oci_linux

static const struct field_table namespace = {
	.what = "namespace",
	.size = sizeof(struct oci_namespace),
	.fields = (const struct field[]){
		ROW("type", F_ENUM, REQ, struct oci_namespace, type, &names_ns,
		    "config-linux.md#namespaces"),
		ROW("path", F_STRING, OPT, struct oci_namespace, path, NULL,
		    "config-linux.md#namespaces"),
		ROW_END,
	},
};

static const struct field_table time_offset = {
	.what = "time offset",
	.size = sizeof(struct oci_time_offset),
	.fields = (const struct field[]){
		ROW("secs", F_I64, OPT, struct oci_time_offset, secs, NULL,
		    "config-linux.md#offset-for-time-namespace"),
		ROW("nanosecs", F_U32, OPT, struct oci_time_offset, nanosecs, NULL,
		    "config-linux.md#offset-for-time-namespace"),
		ROW_END,
	},
};

static int decode_device_type(struct field_ctx *c, const struct json *v, void *obj, struct err *e)
{
	if (field_type_is(c, v, JSON_STRING, e))
		return -1;
	if (!v->text[0] || !strchr("cbup", v->text[0]) || v->text[1])
		return field_fail(c, v, e, ERR_INPUT, "must be \"c\", \"b\", \"u\" or \"p\"");
	*(char *)obj = v->text[0];
	return 0;
}

static bool encode_device_type(struct strbuf *b, const void *obj)
{
	strbuf_addf(b, "\"%c\"", *(const char *)obj);
	return true;
}

static const struct field_custom device_type = { decode_device_type, encode_device_type };

static const struct field_table device = {
	.what = "device",
	.size = sizeof(struct oci_device),
	.fields = (const struct field[]){
		ROW_CUSTOM("type", REQ, struct oci_device, type, &device_type,
			   "config-linux.md#devices"),
		ROW("path", F_STRING, REQ, struct oci_device, path, NULL,
		    "config-linux.md#devices"),
		ROW("major", F_I64, OPT, struct oci_device, major, NULL,
		    "config-linux.md#devices"),
		ROW("minor", F_I64, OPT, struct oci_device, minor, NULL,
		    "config-linux.md#devices"),
		ROW("fileMode", F_OPT_U32, OPT, struct oci_device, file_mode, NULL,
		    "config-linux.md#devices"),
		ROW("uid", F_OPT_U32, OPT, struct oci_device, uid, NULL,
		    "config-linux.md#devices"),
		ROW("gid", F_OPT_U32, OPT, struct oci_device, gid, NULL,
		    "config-linux.md#devices"),
		ROW_END,
	},
};

static const struct field_table net_device = {
	.what = "network device",
	.size = sizeof(struct oci_netdev),
	.fields = (const struct field[]){
		ROW("name", F_STRING, OPT, struct oci_netdev, name, NULL,
		    "config-linux.md#network-devices"),
		ROW_END,
	},
};

#define RDT	struct oci_intel_rdt
#define SEC_RDT "config-linux.md#intelrdt"

static const struct field_table intel_rdt = {
	.what = "intelRdt",
	.size = sizeof(RDT),
	.fields = (const struct field[]){
		ROW("closID", F_STRING, OPT, RDT, clos_id, NULL, SEC_RDT),
		ROW("l3CacheSchema", F_STRING, OPT, RDT, l3_cache_schema, NULL, SEC_RDT),
		ROW("memBwSchema", F_STRING, OPT, RDT, mem_bw_schema, NULL, SEC_RDT),
		ROW_N("schemata", F_STRINGS, OPT, RDT, schemata, n_schemata, NULL, SEC_RDT),
		ROW("enableMonitoring", F_BOOL, OPT, RDT, enable_monitoring, NULL, SEC_RDT),
		ROW_IGNORED("enableCMT", "removed in specification 1.3.0"),
		ROW_IGNORED("enableMBM", "removed in specification 1.3.0"),
		ROW_END,
	},
};

static const struct field_table memory_policy = {
	.what = "memoryPolicy",
	.size = sizeof(struct oci_memory_policy),
	.fields = (const struct field[]){
		ROW("mode", F_ENUM, REQ, struct oci_memory_policy, mode, &names_mempolicy_mode,
		    "config-linux.md#memory-policy"),
		ROW("nodes", F_STRING, OPT, struct oci_memory_policy, nodes, NULL,
		    "config-linux.md#memory-policy"),
		ROW("flags", F_FLAGS32, OPT, struct oci_memory_policy, flags, &names_mempolicy_flag,
		    "config-linux.md#memory-policy"),
		ROW_END,
	},
};

static const struct field_table personality = {
	.what = "personality",
	.size = sizeof(L),
	.fields = (const struct field[]){
		ROW("domain", F_ENUM, REQ, L, personality, &names_personality,
		    "config-linux.md#personality"),
		ROW_UNSUPPORTED("flags", "config-linux.md#personality defines no flag"),
		ROW_END,
	},
};

const struct field_table oci_linux_table = {
	.what = "linux",
	.size = sizeof(L),
	.fields = (const struct field[]){
		ROW_N("namespaces", F_OBJECTS, OPT, L, namespaces, n_namespaces, &namespace,
		      "config-linux.md#namespaces"),
		ROW_N("uidMappings", F_OBJECTS, OPT, L, uid_mappings, n_uid_mappings,
		      &oci_idmap_table, "config-linux.md#user-namespace-mappings"),
		ROW_N("gidMappings", F_OBJECTS, OPT, L, gid_mappings, n_gid_mappings,
		      &oci_idmap_table, "config-linux.md#user-namespace-mappings"),
		ROW_N("timeOffsets", F_KEYED, OPT, L, time_offsets, n_time_offsets, &time_offset,
		      "config-linux.md#offset-for-time-namespace"),
		ROW_N("devices", F_OBJECTS, OPT, L, devices, n_devices, &device,
		      "config-linux.md#devices"),
		ROW_N("netDevices", F_KEYED, OPT, L, net_devices, n_net_devices, &net_device,
		      "config-linux.md#network-devices"),
		ROW("cgroupsPath", F_STRING, OPT, L, cgroups_path, NULL,
		    "config-linux.md#cgroups-path"),
		ROW("resources", F_OBJECT_PTR, OPT, L, resources, &oci_resources_table,
		    "config-linux.md#control-groups"),
		ROW("intelRdt", F_OBJECT_PTR, OPT, L, intel_rdt, &intel_rdt, SEC_RDT),
		ROW("memoryPolicy", F_OBJECT_PTR, OPT, L, memory_policy, &memory_policy,
		    "config-linux.md#memory-policy"),
		ROW_N("sysctl", F_MAP, OPT, L, sysctl, n_sysctl, NULL, "config-linux.md#sysctl"),
		ROW("seccomp", F_OBJECT_PTR, OPT, L, seccomp, &oci_seccomp_table,
		    "config-linux.md#seccomp"),
		ROW("rootfsPropagation", F_STRING, OPT, L, rootfs_propagation, NULL,
		    "config-linux.md#rootfs-mount-propagation"),
		ROW_N("maskedPaths", F_STRINGS, OPT, L, masked_paths, n_masked_paths, NULL,
		      "config-linux.md#masked-paths"),
		ROW_N("readonlyPaths", F_STRINGS, OPT, L, readonly_paths, n_readonly_paths, NULL,
		      "config-linux.md#readonly-paths"),
		ROW("mountLabel", F_STRING, OPT, L, mount_label, NULL,
		    "config-linux.md#mount-label"),
		ROW_NESTED("personality", &personality, "config-linux.md#personality"),
		ROW_END,
	},
};
