/* SPDX-License-Identifier: Apache-2.0 */
/* cg_io.c - block I/O, huge pages, RDMA, network classes, and what `unified` writes as it is */
#include <inttypes.h>

#include "base/mutant.h"
#include "base/str.h"
#include "base/table.h"
#include "plan/cg.h"

/* Which of the two schedulers' files exists is seen only in the cgroup. */
static void either(struct cg_build *c)
{
	c->cg->writes[c->cg->n_writes - 1].on_fail = FAIL_NEXT;
}

static void weight(struct cg_build *c, enum cg_where where, uint64_t w)
{
	const char *prop = "blockIO.weight";

	cg_write(c, where == CG_V2 ? "io" : "blkio",
		 where == CG_V2 ? "io.bfq.weight" : "blkio.bfq.weight", prop, "%" PRIu64, w);
	either(c);
	if (where == CG_V2)
		cg_write(c, "io", "io.weight", prop, "default %" PRIu64, cg_io_weight(w));
	else
		cg_write(c, "blkio", "blkio.weight", prop, "%" PRIu64, w);
}

static void weight_device(struct cg_build *c, enum cg_where where,
			  const struct oci_weight_device *d)
{
	const char *prop = "blockIO.weightDevice";

	if (!d->weight.set || d->weight.v == 0)
		return;
	cg_write(c, where == CG_V2 ? "io" : "blkio",
		 where == CG_V2 ? "io.bfq.weight" : "blkio.bfq.weight_device", prop,
		 "%" PRId64 ":%" PRId64 " %" PRIu64, d->major, d->minor, d->weight.v);
	either(c);
	cg_write(c, where == CG_V2 ? "io" : "blkio",
		 where == CG_V2 ? "io.weight" : "blkio.weight_device", prop,
		 "%" PRId64 ":%" PRId64 " %" PRIu64, d->major, d->minor,
		 where == CG_V2 ? cg_io_weight(d->weight.v) : d->weight.v);
}

/* Weights between a cgroup and its own processes ended with the CFQ scheduler. */
static int leaf_weights(struct cg_build *c, enum cg_where where, struct err *e)
{
	const struct oci_resources *r = c->r;
	bool asks = r->blkio_leaf_weight.set && r->blkio_leaf_weight.v;

	for (size_t i = 0; i < r->n_blkio_weight_device; i++)
		asks = asks || r->blkio_weight_device[i].leaf_weight.v;
	if (!asks)
		return 0;
	if (where == CG_V2)
		return err_set(e, ERR_UNSUPPORTED, "linux.resources.blockIO.leafWeight: not available on "
			       "cgroup v2");
	if (r->blkio_leaf_weight.v)
		cg_write(c, "blkio", "blkio.leaf_weight", "blockIO.leafWeight", "%" PRIu64,
			 r->blkio_leaf_weight.v);
	for (size_t i = 0; i < r->n_blkio_weight_device; i++) {
		const struct oci_weight_device *d = &r->blkio_weight_device[i];

		if (d->leaf_weight.v)
			cg_write(c, "blkio", "blkio.leaf_weight_device", "blockIO.weightDevice",
				 "%" PRId64 ":%" PRId64 " %" PRIu64, d->major, d->minor,
				 d->leaf_weight.v);
	}
	return 0;
}

static const struct {
	size_t offset;
	const char *prop, *v1, *v2;
} throttles[] = {
	{ offsetof(struct oci_resources, throttle_read_bps), "blockIO.throttleReadBpsDevice",
	  "blkio.throttle.read_bps_device", "rbps" },
	{ offsetof(struct oci_resources, throttle_write_bps), "blockIO.throttleWriteBpsDevice",
	  "blkio.throttle.write_bps_device", "wbps" },
	{ offsetof(struct oci_resources, throttle_read_iops), "blockIO.throttleReadIOPSDevice",
	  "blkio.throttle.read_iops_device", "riops" },
	{ offsetof(struct oci_resources, throttle_write_iops), "blockIO.throttleWriteIOPSDevice",
	  "blkio.throttle.write_iops_device", "wiops" },
};

static const struct oci_throttle_list *throttle_list(const struct cg_build *c, size_t i)
{
	return (const void *)((const char *)c->r + throttles[i].offset);
}

/* On v2 0 is not "no limit" but an error. */
static void throttle(struct cg_build *c, enum cg_where where, size_t i,
		     const struct oci_throttle *t)
{
	if (where == CG_V1)
		cg_write(c, "blkio", throttles[i].v1, throttles[i].prop,
			 "%" PRId64 ":%" PRId64 " %" PRIu64, t->major, t->minor, t->rate);
	else if (t->rate == 0)
		cg_write(c, "io", "io.max", throttles[i].prop, "%" PRId64 ":%" PRId64 " %s=max",
			 t->major, t->minor, throttles[i].v2);
	else
		cg_write(c, "io", "io.max", throttles[i].prop,
			 "%" PRId64 ":%" PRId64 " %s=%" PRIu64, t->major, t->minor, throttles[i].v2,
			 t->rate);
}

int cg_blkio(struct cg_build *c, struct err *e)
{
	const struct oci_resources *r = c->r;
	bool asks = r->blkio_weight.v || r->blkio_leaf_weight.v || r->n_blkio_weight_device;
	enum cg_where where = cg_where(c, "blkio") == CG_V1 ? CG_V1 : cg_where(c, "io");

	for (size_t i = 0; i < ARRAY_SIZE(throttles); i++)
		asks = asks || throttle_list(c, i)->n;
	if (!asks)
		return 0;
	if (where == CG_NOWHERE)
		return cg_need(c, "blkio", "blockIO", &where, e);
	if (leaf_weights(c, where, e))
		return -1;
	if (r->blkio_weight.v)
		weight(c, where, r->blkio_weight.v);
	for (size_t i = 0; i < r->n_blkio_weight_device; i++)
		weight_device(c, where, &r->blkio_weight_device[i]);
	for (size_t i = 0; i < ARRAY_SIZE(throttles); i++)
		for (size_t j = 0; j < throttle_list(c, i)->n; j++)
			throttle(c, where, i, &throttle_list(c, i)->v[j]);
	return 0;
}

/* "2MB", "64KB", "1GB": becomes part of a file's name. */
static bool is_page_size(const char *s)
{
	size_t n = s ? strspn(s, "0123456789") : 0;

	return n >= 1 && n <= 9 && s[n] && strchr("KMG", s[n]) && streq(s + n + 1, "B");
}

/* The reservation limit too, where the kernel has it (5.7 on): else a mapping is killed by SIGBUS
 * when it is touched instead of being refused. */
int cg_hugetlb(struct cg_build *c, struct err *e)
{
	static const char *const files[][2] = { { "max", "rsvd.max" },
						{ "limit_in_bytes", "rsvd.limit_in_bytes" } };
	const char *prop = "hugepageLimits";
	enum cg_where where;

	if (c->r->n_hugepages == 0)
		return 0;
	if (cg_need(c, "hugetlb", prop, &where, e))
		return -1;
	for (size_t i = 0; i < c->r->n_hugepages; i++) {
		const struct oci_hugepage *h = &c->r->hugepages[i];
		const char *const *f = files[where == CG_V1];

		if (!is_page_size(h->page_size))
			return err_set(e, ERR_SPEC, "linux.resources.hugepageLimits[%zu].pageSize: not a "
				       "size like 2MB", i);
		cg_write(c, "hugetlb", arena_printf(c->a, "hugetlb.%s.%s", h->page_size, f[0]), prop,
			 "%" PRIu64, h->limit_bytes);
		cg_write(c, "hugetlb", arena_printf(c->a, "hugetlb.%s.%s", h->page_size, f[1]), prop,
			 "%" PRIu64, h->limit_bytes)->on_fail = FAIL_IGNORE;
	}
	return 0;
}

static const char *rdma_count(struct cg_build *c, const struct opt_u32 *v)
{
	return v->set ? arena_printf(c->a, "%" PRIu32, v->v) : "max";
}

int cg_rdma(struct cg_build *c, struct err *e)
{
	enum cg_where where;

	if (c->r->n_rdma == 0)
		return 0;
	if (cg_need(c, "rdma", "rdma", &where, e))
		return -1;
	for (size_t i = 0; i < c->r->n_rdma; i++) {
		const struct oci_rdma *d = &c->r->rdma[i];

		cg_write(c, "rdma", "rdma.max", "rdma", "%s hca_handle=%s hca_object=%s", d->device,
			 rdma_count(c, &d->handles), rdma_count(c, &d->objects));
	}
	return 0;
}

int cg_net(struct cg_build *c, struct err *e)
{
	const struct oci_resources *r = c->r;
	enum cg_where where;

	if (r->net_class_id.v) {
		if (cg_need(c, "net_cls", "network.classID", &where, e))
			return -1;
		cg_write(c, "net_cls", "net_cls.classid", "network.classID", "%" PRIu32,
			 r->net_class_id.v);
	}
	for (size_t i = 0; i < r->n_net_priorities; i++) {
		if (cg_need(c, "net_prio", "network.priorities", &where, e))
			return -1;
		cg_write(c, "net_prio", "net_prio.ifpriomap", "network.priorities", "%s %" PRIu32,
			 r->net_priorities[i].name, r->net_priorities[i].priority);
	}
	return 0;
}

/* A file directly in the cgroup's directory: "memory.high". */
static bool is_file_name(const char *key)
{
	return strchr(key, '.') && key[0] != '.' && !strchr(key, '/') && strlen(key) < 128;
}

/* The core's limits. Its other files act: cgroup.procs would move any process of the host. */
static bool is_core_limit(const char *key)
{
	static const char *const limits[] = { "cgroup.max.depth", "cgroup.max.descendants",
					      "cgroup.pressure" };

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (streq(key, limits[i]))
			return true;
	return false;
}

static int unified_one(struct cg_build *c, const char *key, const char *value, struct err *e)
{
	const char *controller = arena_strndup(c->a, key, strcspn(key, "."));
	const char *prop = arena_printf(c->a, "unified.%s", key);

	if (streq(controller, "cgroup")) {
		if (!is_core_limit(key) && !mutant("cgroup.unified_core"))
			return err_set(e, ERR_SPEC, "linux.resources.%s: not a limit", prop);
		controller = "";
	} else if (cg_where(c, controller) != CG_V2) {
		return err_set(e, ERR_UNSUPPORTED, "linux.resources.%s: this host has no cgroup v2 "
			       "controller \"%s\"", prop, controller);
	}
	while (*value) { /* the kernel takes one line a write */
		size_t n = strcspn(value, "\n");

		if (n)
			cg_write(c, controller, key, prop, "%.*s", (int)n, value);
		value += n + (value[n] != '\0');
	}
	return 0;
}

int cg_unified(struct cg_build *c, struct err *e)
{
	for (size_t i = 0; i < c->r->n_unified; i++) {
		const struct oci_kv *kv = &c->r->unified[i];

		if (!is_file_name(kv->key))
			return err_set(e, ERR_SPEC, "linux.resources.unified: \"%s\" is not the name of a "
				       "cgroup file", kv->key);
		if (unified_one(c, kv->key, kv->value, e))
			return -1;
	}
	return 0;
}
