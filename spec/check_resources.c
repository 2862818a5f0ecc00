/* SPDX-License-Identifier: Apache-2.0 */
/* check_resources.c - config-linux.md "Control groups", for create and for update */
#include "base/mutant.h"
#include "spec/check.h"

/* -1 is "unlimited", less has no meaning. */
static int memory(const struct oci_resources *r, struct err *e)
{
	const struct { const char *name; struct opt_i64 v; } limits[] = {
		{ "limit", r->mem_limit },   { "reservation", r->mem_reservation },
		{ "swap", r->mem_swap },     { "kernel", r->mem_kernel },
		{ "kernelTCP", r->mem_kernel_tcp },
	};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (limits[i].v.v < -1)
			return err_set(e, ERR_SPEC, "memory.%s must be -1 (unlimited) or more",
				       limits[i].name);
	if (r->mem_limit.v > 0 && r->mem_swap.v > 0 && r->mem_swap.v < r->mem_limit.v)
		return err_set(e, ERR_SPEC,
			       "memory.swap (memory and swap together) is below memory.limit");
	if (r->mem_swappiness.v > 100)
		return err_set(e, ERR_SPEC, "memory.swappiness must be from 0 to 100");
	return 0;
}

static int cpu(const struct oci_resources *r, struct err *e)
{
	if (r->cpu_quota.v < -1)
		return err_set(e, ERR_SPEC, "cpu.quota must be -1 (unlimited) or more");
	if (r->cpu_idle.v < 0 || r->cpu_idle.v > 1)
		return err_set(e, ERR_SPEC, "cpu.idle must be 0 or 1");
	return 0;
}

static int pids(const struct oci_resources *r, struct err *e)
{
	if (r->pids_limit.v >= -1)
		return 0;
	return err_set(e, ERR_SPEC, "pids.limit must be -1 (unlimited) or more");
}

static int device_rules(const struct oci_resources *r, struct err *e)
{
	for (size_t i = 0; i < r->n_devices; i++)
		if (r->devices[i].major.v < -1 || r->devices[i].minor.v < -1)
			return err_set(e, ERR_SPEC,
				       "devices[%zu]: major and minor must be -1 (any) or more",
				       i);
	return 0;
}

/* 0 is what engines write for "not set". */
static bool is_weight(struct opt_u64 w)
{
	return w.v == 0 || (w.v >= 10 && w.v <= 1000);
}

static int block_io(const struct oci_resources *r, struct err *e)
{
	bool ok = is_weight(r->blkio_weight) && is_weight(r->blkio_leaf_weight);

	for (size_t i = 0; i < r->n_blkio_weight_device; i++)
		ok = ok && is_weight(r->blkio_weight_device[i].weight) &&
		     is_weight(r->blkio_weight_device[i].leaf_weight);
	return ok ? 0 : err_set(e, ERR_SPEC, "blockIO: a weight must be from 10 to 1000");
}

/* The size becomes part of a file's name: "hugetlb.2MB.max". */
static bool is_page_size(const char *s)
{
	size_t digits = strspn(s, "0123456789");

	return digits && digits < 10 && s[0] != '0' && strchr("KMG", s[digits]) && s[digits] &&
	       streq(s + digits + 1, "B");
}

static int huge_pages(const struct oci_resources *r, struct err *e)
{
	for (size_t i = 0; i < r->n_hugepages; i++)
		if (!is_page_size(r->hugepages[i].page_size))
			return err_set(e, ERR_SPEC,
				       "hugepageLimits[%zu].pageSize \"%s\" is not like 2MB",
				       i, check_show(r->hugepages[i].page_size));
	return 0;
}

/* Names that become part of a line written to a cgroup file. */
static bool is_word(const char *s)
{
	return s[0] && !strpbrk(s, " \t\r\n");
}

static int names(const struct oci_resources *r, struct err *e)
{
	for (size_t i = 0; i < r->n_rdma; i++)
		if (!is_word(r->rdma[i].device))
			return err_set(e, ERR_SPEC, "rdma: \"%s\" is no device name",
				       check_show(r->rdma[i].device));
	for (size_t i = 0; i < r->n_net_priorities; i++)
		if (!is_word(r->net_priorities[i].name))
			return err_set(e, ERR_SPEC,
				       "network.priorities[%zu]: \"%s\" is no interface name",
				       i, check_show(r->net_priorities[i].name));
	return 0;
}

/* A key is a file's name in the cgroup's directory, "memory.high": controller, dot, rest. */
static int unified(const struct oci_resources *r, struct err *e)
{
	for (size_t i = 0; i < r->n_unified; i++) {
		const char *key = r->unified[i].key;
		const char *dot = strchr(key, '.');

		if (!dot || dot == key || !dot[1] || strchr(key, '/'))
			return err_set(e, ERR_SPEC,
				       "unified: \"%s\" is no name of a cgroup v2 file",
				       check_show(key));
	}
	return 0;
}

static const struct {
	const char *name;
	int (*check)(const struct oci_resources *r, struct err *e);
} rules[] = {
	{ "spec.resources.memory", memory },
	{ "spec.resources.cpu", cpu },
	{ "spec.resources.pids", pids },
	{ "spec.resources.devices", device_rules },
	{ "spec.resources.blockio", block_io },
	{ "spec.resources.hugepages", huge_pages },
	{ "spec.resources.names", names },
	{ "spec.resources.unified", unified },
};

int check_resources(const struct oci_resources *r, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (!mutant(rules[i].name) && rules[i].check(r, e))
			return -1;
	return 0;
}
