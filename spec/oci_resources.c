/* SPDX-License-Identifier: Apache-2.0 */
/* oci_resources.c - linux.resources, also what `update` reads */
#include "spec/oci_tables.h"

#define R struct oci_resources
#define SEC_MEM "config-linux.md#memory"
#define SEC_CPU "config-linux.md#cpu"
#define SEC_BLK "config-linux.md#block-io"
#define SEC_DEV "config-linux.md#allowed-device-list"

/* ---- devices ---- */

static int decode_type(struct field_ctx *c, const struct json *v, void *obj, struct err *e)
{
	if (field_type_is(c, v, JSON_STRING, e))
		return -1;
	if (v->text[0] && (!strchr("acb", v->text[0]) || v->text[1]))
		return field_fail(c, v, e, ERR_INPUT, "must be \"a\", \"c\" or \"b\"");
	*(char *)obj = v->text[0];
	return 0;
}

static bool encode_type(struct strbuf *b, const void *obj)
{
	char type = *(const char *)obj;

	if (type)
		strbuf_addf(b, "\"%c\"", type);
	return type;
}

static int decode_access(struct field_ctx *c, const struct json *v, void *obj, struct err *e)
{
	struct oci_device_rule *r = obj;

	if (field_type_is(c, v, JSON_STRING, e))
		return -1;
	if (v->text[strspn(v->text, "rwm")])
		return field_fail(c, v, e, ERR_INPUT, "may only contain r, w and m");
	if (v->text[0] == '\0')
		return 0;
	r->read = strchr(v->text, 'r');
	r->write = strchr(v->text, 'w');
	r->mknod = strchr(v->text, 'm');
	return 0;
}

static bool encode_access(struct strbuf *b, const void *obj)
{
	const struct oci_device_rule *r = obj;

	strbuf_addf(b, "\"%s%s%s\"", r->read ? "r" : "", r->write ? "w" : "", r->mknod ? "m" : "");
	return true;
}

static const struct field_custom rule_type = { decode_type, encode_type };
static const struct field_custom rule_access = { decode_access, encode_access };

static const struct field_table device_rule = {
	.what = "device rule",
	.size = sizeof(struct oci_device_rule),
	.fields = (const struct field[]){
		ROW("allow", F_BOOL, REQ, struct oci_device_rule, allow, NULL, SEC_DEV),
		ROW_CUSTOM("type", OPT, struct oci_device_rule, type, &rule_type, SEC_DEV),
		ROW("major", F_OPT_I64, OPT, struct oci_device_rule, major, NULL, SEC_DEV),
		ROW("minor", F_OPT_I64, OPT, struct oci_device_rule, minor, NULL, SEC_DEV),
		{ "access", F_CUSTOM, OPT, 0, 0, &rule_access, SEC_DEV },
		ROW_END,
	},
};

/* Not a plain F_OBJECTS: no access string means all three. */
static int decode_devices(struct field_ctx *c, const struct json *v, void *obj, struct err *e)
{
	R *r = obj;
	struct oci_device_rule *rules = arena_alloc(c->a, v->n, sizeof(*rules));
	size_t n = 0;

	if (field_type_is(c, v, JSON_ARRAY, e))
		return -1;
	for (const struct json *m = v->child; m; m = m->next, n++) {
		size_t mark = field_enter(c, NULL, n);

		rules[n].read = rules[n].write = rules[n].mknod = true;
		if (field_decode(c, &device_rule, m, &rules[n], e))
			return -1;
		field_leave(c, mark);
	}
	r->devices = rules;
	r->n_devices = n;
	return 0;
}

static bool encode_devices(struct strbuf *b, const void *obj)
{
	const R *r = obj;

	for (size_t i = 0; i < r->n_devices; i++) {
		strbuf_adds(b, i ? "," : "[");
		field_encode(b, &device_rule, &r->devices[i]);
	}
	if (r->n_devices)
		strbuf_adds(b, "]");
	return r->n_devices;
}

static const struct field_custom devices = { decode_devices, encode_devices };

/* ---- memory, cpu, pids ---- */

static const struct field_table memory = {
	.what = "memory",
	.size = sizeof(R),
	.fields = (const struct field[]){
		ROW("limit", F_OPT_I64, OPT, R, mem_limit, NULL, SEC_MEM),
		ROW("reservation", F_OPT_I64, OPT, R, mem_reservation, NULL, SEC_MEM),
		ROW("swap", F_OPT_I64, OPT, R, mem_swap, NULL, SEC_MEM),
		ROW("kernel", F_OPT_I64, OPT, R, mem_kernel, NULL, SEC_MEM),
		ROW("kernelTCP", F_OPT_I64, OPT, R, mem_kernel_tcp, NULL, SEC_MEM),
		ROW("swappiness", F_OPT_U64, OPT, R, mem_swappiness, NULL, SEC_MEM),
		ROW("disableOOMKiller", F_OPT_BOOL, OPT, R, mem_disable_oom_killer, NULL, SEC_MEM),
		ROW("useHierarchy", F_OPT_BOOL, OPT, R, mem_use_hierarchy, NULL, SEC_MEM),
		ROW("checkBeforeUpdate", F_OPT_BOOL, OPT, R, mem_check_before_update, NULL,
		    SEC_MEM),
		ROW_END,
	},
};

static const struct field_table cpu = {
	.what = "cpu",
	.size = sizeof(R),
	.fields = (const struct field[]){
		ROW("shares", F_OPT_U64, OPT, R, cpu_shares, NULL, SEC_CPU),
		ROW("quota", F_OPT_I64, OPT, R, cpu_quota, NULL, SEC_CPU),
		ROW("burst", F_OPT_U64, OPT, R, cpu_burst, NULL, SEC_CPU),
		ROW("period", F_OPT_U64, OPT, R, cpu_period, NULL, SEC_CPU),
		ROW("realtimeRuntime", F_OPT_I64, OPT, R, cpu_rt_runtime, NULL, SEC_CPU),
		ROW("realtimePeriod", F_OPT_U64, OPT, R, cpu_rt_period, NULL, SEC_CPU),
		ROW("cpus", F_STRING, OPT, R, cpu_cpus, NULL, SEC_CPU),
		ROW("mems", F_STRING, OPT, R, cpu_mems, NULL, SEC_CPU),
		ROW("idle", F_OPT_I64, OPT, R, cpu_idle, NULL, SEC_CPU),
		ROW_END,
	},
};

static const struct field_table pids = {
	.what = "pids",
	.size = sizeof(R),
	.fields = (const struct field[]){
		ROW("limit", F_OPT_I64, OPT, R, pids_limit, NULL, "config-linux.md#pids"),
		ROW_END,
	},
};

/* ---- block I/O ---- */

static const struct field_table weight_device = {
	.what = "weight of a device",
	.size = sizeof(struct oci_weight_device),
	.fields = (const struct field[]){
		ROW("major", F_I64, REQ, struct oci_weight_device, major, NULL, SEC_BLK),
		ROW("minor", F_I64, REQ, struct oci_weight_device, minor, NULL, SEC_BLK),
		ROW("weight", F_OPT_U64, OPT, struct oci_weight_device, weight, NULL, SEC_BLK),
		ROW("leafWeight", F_OPT_U64, OPT, struct oci_weight_device, leaf_weight, NULL,
		    SEC_BLK),
		ROW_END,
	},
};

static const struct field_table throttle = {
	.what = "throttle of a device",
	.size = sizeof(struct oci_throttle),
	.fields = (const struct field[]){
		ROW("major", F_I64, REQ, struct oci_throttle, major, NULL, SEC_BLK),
		ROW("minor", F_I64, REQ, struct oci_throttle, minor, NULL, SEC_BLK),
		ROW("rate", F_U64, REQ, struct oci_throttle, rate, NULL, SEC_BLK),
		ROW_END,
	},
};

#define THROTTLE(name, m) ROW_N(name, F_OBJECTS, OPT, R, m.v, m.n, &throttle, SEC_BLK)

static const struct field_table block_io = {
	.what = "blockIO",
	.size = sizeof(R),
	.fields = (const struct field[]){
		ROW("weight", F_OPT_U64, OPT, R, blkio_weight, NULL, SEC_BLK),
		ROW("leafWeight", F_OPT_U64, OPT, R, blkio_leaf_weight, NULL, SEC_BLK),
		ROW_N("weightDevice", F_OBJECTS, OPT, R, blkio_weight_device, n_blkio_weight_device,
		      &weight_device, SEC_BLK),
		THROTTLE("throttleReadBpsDevice", throttle_read_bps),
		THROTTLE("throttleWriteBpsDevice", throttle_write_bps),
		THROTTLE("throttleReadIOPSDevice", throttle_read_iops),
		THROTTLE("throttleWriteIOPSDevice", throttle_write_iops),
		ROW_END,
	},
};

/* ---- the rest ---- */

static const struct field_table hugepage = {
	.what = "huge page limit",
	.size = sizeof(struct oci_hugepage),
	.fields = (const struct field[]){
		ROW("pageSize", F_STRING, REQ, struct oci_hugepage, page_size, NULL,
		    "config-linux.md#huge-page-limits"),
		ROW("limit", F_U64, REQ, struct oci_hugepage, limit_bytes, NULL,
		    "config-linux.md#huge-page-limits"),
		ROW_END,
	},
};

static const struct field_table net_priority = {
	.what = "network priority",
	.size = sizeof(struct oci_net_prio),
	.fields = (const struct field[]){
		ROW("name", F_STRING, REQ, struct oci_net_prio, name, NULL,
		    "config-linux.md#network"),
		ROW("priority", F_U32, REQ, struct oci_net_prio, priority, NULL,
		    "config-linux.md#network"),
		ROW_END,
	},
};

static const struct field_table network = {
	.what = "network",
	.size = sizeof(R),
	.fields = (const struct field[]){
		ROW("classID", F_OPT_U32, OPT, R, net_class_id, NULL, "config-linux.md#network"),
		ROW_N("priorities", F_OBJECTS, OPT, R, net_priorities, n_net_priorities,
		      &net_priority, "config-linux.md#network"),
		ROW_END,
	},
};

static const struct field_table rdma = {
	.what = "rdma",
	.size = sizeof(struct oci_rdma),
	.fields = (const struct field[]){
		ROW("hcaHandles", F_OPT_U32, OPT, struct oci_rdma, handles, NULL,
		    "config-linux.md#rdma"),
		ROW("hcaObjects", F_OPT_U32, OPT, struct oci_rdma, objects, NULL,
		    "config-linux.md#rdma"),
		ROW_END,
	},
};

const struct field_table oci_resources_table = {
	.what = "resources",
	.size = sizeof(R),
	.fields = (const struct field[]){
		{ "devices", F_CUSTOM, OPT, 0, 0, &devices, SEC_DEV },
		ROW_NESTED("memory", &memory, SEC_MEM),
		ROW_NESTED("cpu", &cpu, SEC_CPU),
		ROW_NESTED("pids", &pids, "config-linux.md#pids"),
		ROW_NESTED("blockIO", &block_io, SEC_BLK),
		ROW_N("hugepageLimits", F_OBJECTS, OPT, R, hugepages, n_hugepages, &hugepage,
		      "config-linux.md#huge-page-limits"),
		ROW_NESTED("network", &network, "config-linux.md#network"),
		ROW_N("rdma", F_KEYED, OPT, R, rdma, n_rdma, &rdma, "config-linux.md#rdma"),
		ROW_N("unified", F_MAP, OPT, R, unified, n_unified, NULL,
		      "config-linux.md#unified"),
		ROW_END,
	},
};
