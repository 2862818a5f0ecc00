/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats.c - the "data" object of `events --stats`
 *
 * The shape is runc's (types/events.go): engines' plugins parse it. Times are nanoseconds, sizes
 * bytes, and what a hierarchy does not tell is left out or zero. Nothing here fails: a file that is
 * not there is a member that is not there.
 */
#include "cgroup/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "cgroup/internal.h"

#define FILE_MAX 65536

/* The number after "key " at the start of a line. */
static uint64_t keyed(const char *text, const char *key)
{
	size_t n = strlen(key);
	uint64_t v = 0;

	while (text && *text) {
		if (strncmp(text, key, n) == 0 && text[n] == ' ') {
			(void)sscanf(text + n, " %" SCNu64, &v);
			return v;
		}
		text = strchr(text, '\n');
		text += text != NULL;
	}
	return 0;
}

static uint64_t number(int fd, const char *file)
{
	uint64_t v = 0;

	return cg_read_u64(fd, file, &v) ? v : 0;
}

static void add_u64(struct strbuf *b, const char *name, uint64_t v)
{
	strbuf_addf(b, "%s\"%s\":%" PRIu64, b->p[b->len - 1] == '{' ? "" : ",", name, v);
}

/* ---- cpu ---- */

struct cpu_usage {
	uint64_t total, user, kernel;
};

/* "1 2 3" as a JSON array */
static void add_list(struct strbuf *b, const char *name, int fd, const char *file)
{
	char text[16384], *rest = text, *word;
	const char *comma = "";

	if (cg_read(fd, file, text, sizeof(text)) <= 0)
		return;
	strbuf_addf(b, ",\"%s\":[", name);
	while ((word = strsep(&rest, " \n"))) {
		if (!*word)
			continue;
		strbuf_addf(b, "%s%s", comma, word);
		comma = ",";
	}
	strbuf_adds(b, "]");
}

static void add_usage(struct strbuf *b, const struct cpu_usage *u)
{
	strbuf_addf(b, "{\"total\":%" PRIu64 ",\"kernel\":%" PRIu64 ",\"user\":%" PRIu64, u->total,
		    u->kernel, u->user);
}

static void add_throttling(struct strbuf *b, const char *stat, bool v2)
{
	strbuf_addf(b,
		    ",\"throttling\":{\"periods\":%" PRIu64 ",\"throttledPeriods\":%" PRIu64
		    ",\"throttledTime\":%" PRIu64 "}",
		    keyed(stat, "nr_periods"), keyed(stat, "nr_throttled"),
		    v2 ? keyed(stat, "throttled_usec") * 1000 : keyed(stat, "throttled_time"));
}

static void add_cpu(struct strbuf *b, const struct op_cgroup *cg)
{
	bool v2 = false;
	auto_close int acct = cg_open_controller(cg, "cpuacct", &v2);
	auto_close int cpu = cg_open_controller(cg, "cpu", &v2);
	struct cpu_usage u = { 0 };
	char stat[FILE_MAX] = "";

	if (cpu >= 0 && cg_read(cpu, "cpu.stat", stat, sizeof(stat)) < 0)
		stat[0] = '\0';
	if (v2)
		u = (struct cpu_usage){ keyed(stat, "usage_usec") * 1000,
					keyed(stat, "user_usec") * 1000,
					keyed(stat, "system_usec") * 1000 };
	else if (acct >= 0)
		u = (struct cpu_usage){ number(acct, "cpuacct.usage"),
					number(acct, "cpuacct.usage_user"),
					number(acct, "cpuacct.usage_sys") };
	strbuf_adds(b, "\"cpu\":{\"usage\":");
	add_usage(b, &u);
	if (!v2 && acct >= 0)
		add_list(b, "percpu", acct, "cpuacct.usage_percpu");
	strbuf_adds(b, "}");
	add_throttling(b, stat, v2);
	strbuf_adds(b, "}");
}

/* ---- memory ---- */

static void add_entry_v1(struct strbuf *b, const char *name, int fd, const char *prefix)
{
	char file[128];
	static const struct {
		const char *member, *suffix;
	} rows[] = {
		{ "limit", "limit_in_bytes" },
		{ "usage", "usage_in_bytes" },
		{ "max", "max_usage_in_bytes" },
		{ "failcnt", "failcnt" },
	};

	strbuf_addf(b, ",\"%s\":{", name);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t v;

		snprintf(file, sizeof(file), "%s.%s", prefix, rows[i].suffix);
		if (cg_read_u64(fd, file, &v))
			add_u64(b, rows[i].member, v);
	}
	strbuf_adds(b, "}");
}

/* v1 counts swap together with memory, so readers expect the sum. */
static void add_entry_v2(struct strbuf *b, const char *name, int fd, const char *prefix,
			 uint64_t plus)
{
	char file[128];
	uint64_t v;

	strbuf_addf(b, ",\"%s\":{", name);
	snprintf(file, sizeof(file), "%s.max", prefix);
	if (cg_read_u64(fd, file, &v))
		add_u64(b, "limit", v == UINT64_MAX ? v : v + plus);
	snprintf(file, sizeof(file), "%s.current", prefix);
	if (cg_read_u64(fd, file, &v))
		add_u64(b, "usage", v + plus);
	snprintf(file, sizeof(file), "%s.peak", prefix);
	if (plus == 0 && cg_read_u64(fd, file, &v))
		add_u64(b, "max", v);
	add_u64(b, "failcnt", 0);
	strbuf_adds(b, "}");
}

/* memory.stat: "key value" lines */
static void add_raw(struct strbuf *b, char *stat)
{
	char *line;

	strbuf_adds(b, ",\"raw\":{");
	while ((line = strsep(&stat, "\n"))) {
		char *value = strchr(line, ' ');
		uint64_t v;

		if (!value)
			continue;
		*value++ = '\0';
		if (str_to_u64(value, &v))
			add_u64(b, line, v);
	}
	strbuf_adds(b, "}");
}

static void add_memory(struct strbuf *b, const struct op_cgroup *cg)
{
	bool v2 = false;
	auto_close int fd = cg_open_controller(cg, "memory", &v2);
	char stat[FILE_MAX];

	strbuf_adds(b, ",\"memory\":{");
	if (fd >= 0 && cg_read(fd, "memory.stat", stat, sizeof(stat)) >= 0) {
		add_u64(b, "cache", keyed(stat, v2 ? "file" : "cache"));
		if (v2) {
			add_entry_v2(b, "usage", fd, "memory", 0);
			add_entry_v2(b, "swap", fd, "memory.swap", number(fd, "memory.current"));
		} else {
			add_entry_v1(b, "usage", fd, "memory");
			add_entry_v1(b, "swap", fd, "memory.memsw");
			add_entry_v1(b, "kernel", fd, "memory.kmem");
			add_entry_v1(b, "kernelTCP", fd, "memory.kmem.tcp");
		}
		add_raw(b, stat);
	}
	strbuf_adds(b, "}");
}

/* ---- pids, block I/O, huge pages ---- */

static void add_pids(struct strbuf *b, const struct op_cgroup *cg)
{
	bool v2 = false;
	auto_close int fd = cg_open_controller(cg, "pids", &v2);
	uint64_t limit = 0;

	strbuf_adds(b, ",\"pids\":{");
	if (fd >= 0)
		add_u64(b, "current", number(fd, "pids.current"));
	if (fd >= 0 && cg_read_u64(fd, "pids.max", &limit) && limit != UINT64_MAX)
		add_u64(b, "limit", limit);
	strbuf_adds(b, "}");
}

static void add_io(struct strbuf *b, const char **comma, const char *dev, const char *op,
		   uint64_t v)
{
	unsigned major, minor;

	if (sscanf(dev, "%u:%u", &major, &minor) != 2)
		return;
	strbuf_addf(b, "%s{\"major\":%u,\"minor\":%u,\"op\":\"%s\",\"value\":%" PRIu64 "}", *comma,
		    major, minor, op, v);
	*comma = ",";
}

/* "8:0 Read 4096" and, last, "Total 4096" */
static void add_io_v1(struct strbuf *b, const char *name, int fd, const char *file)
{
	char text[FILE_MAX], *rest = text, *line;
	const char *comma = "";

	strbuf_addf(b, "%s\"%s\":[", b->p[b->len - 1] == '{' ? "" : ",", name);
	if (cg_read(fd, file, text, sizeof(text)) > 0)
		while ((line = strsep(&rest, "\n"))) {
			char *op = strchr(line, ' '), *value = op ? strchr(op + 1, ' ') : NULL;
			uint64_t v;

			if (!value)
				continue;
			*op++ = *value++ = '\0';
			if (str_to_u64(value, &v))
				add_io(b, &comma, line, op, v);
		}
	strbuf_adds(b, "]");
}

static const struct {
	const char *key, *op;
	bool bytes;
} io_keys[] = {
	{ "rbytes=", "Read", true }, { "wbytes=", "Write", true }, { "dbytes=", "Discard", true },
	{ "rios=", "Read", false },  { "wios=", "Write", false },  { "dios=", "Discard", false },
};

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static void add_io_v2(struct strbuf *b, const char *name, const char *stat, bool bytes)
{
	const char *comma = "";

	strbuf_addf(b, "%s\"%s\":[", b->p[b->len - 1] == '{' ? "" : ",", name);
	for (const char *line = stat; *line; line += strcspn(line, "\n"), line += *line == '\n')
		for (size_t i = 0; i < sizeof(io_keys) / sizeof(io_keys[0]); i++) {
			const char *at = strstr(line, io_keys[i].key);
			uint64_t v;

			if (io_keys[i].bytes == bytes && at && at < line + strcspn(line, "\n") &&
			    sscanf(at + strlen(io_keys[i].key), "%" SCNu64, &v) == 1)
				add_io(b, &comma, line, io_keys[i].op, v);
		}
	strbuf_adds(b, "]");
}

static void add_blkio(struct strbuf *b, const struct op_cgroup *cg)
{
	bool v2 = false;
	auto_close int fd = cg_open_controller(cg, "blkio", &v2);
	char stat[FILE_MAX] = "";

	strbuf_adds(b, ",\"blkio\":{");
	if (fd >= 0 && v2 && cg_read(fd, "io.stat", stat, sizeof(stat)) >= 0) {
		add_io_v2(b, "ioServiceBytesRecursive", stat, true);
		add_io_v2(b, "ioServicedRecursive", stat, false);
	} else if (fd >= 0 && !v2) {
		add_io_v1(b, "ioServiceBytesRecursive", fd,
			  "blkio.throttle.io_service_bytes_recursive");
		add_io_v1(b, "ioServicedRecursive", fd, "blkio.throttle.io_serviced_recursive");
	}
	strbuf_adds(b, "}");
}

/* One page size, as in the name of its files: hugetlb.2MB.current */
static void add_hugepage(struct strbuf *b, int fd, const char *size, bool v2)
{
	char file[128];

	strbuf_addf(b, "%s\"%s\":{", b->p[b->len - 1] == '{' ? "" : ",", size);
	snprintf(file, sizeof(file), "hugetlb.%s.%s", size, v2 ? "current" : "usage_in_bytes");
	add_u64(b, "usage", number(fd, file));
	snprintf(file, sizeof(file), "hugetlb.%s.max_usage_in_bytes", size);
	add_u64(b, "max", number(fd, file)); /* v2 does not keep it */
	snprintf(file, sizeof(file), "hugetlb.%s.failcnt", size);
	add_u64(b, "failcnt", number(fd, file));
	strbuf_adds(b, "}");
}

static void add_hugetlb(struct strbuf *b, const struct op_cgroup *cg)
{
	bool v2 = false;
	auto_close int fd = cg_open_controller(cg, "hugetlb", &v2);
	auto_close int own = fd < 0 ? -1 : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = own < 0 ? NULL : fdopendir(own);
	const struct dirent *entry;
	char size[32], suffix[32];

	strbuf_adds(b, ",\"hugetlb\":{");
	if (d) {
		own = -1;
		while ((entry = readdir(d)))
			if (sscanf(entry->d_name, "hugetlb.%31[^.].%31s", size, suffix) == 2 &&
			    streq(suffix, v2 ? "current" : "usage_in_bytes"))
				add_hugepage(b, fd, size, v2);
		closedir(d);
	}
	strbuf_adds(b, "}");
}

void cgroup_stats(const struct op_cgroup *cg, struct strbuf *b)
{
	strbuf_adds(b, "{");
	add_cpu(b, cg);
	strbuf_adds(b, ",\"cpuset\":{}");
	add_memory(b, cg);
	add_pids(b, cg);
	add_blkio(b, cg);
	add_hugetlb(b, cg);
	strbuf_adds(b, ",\"intel_rdt\":{},\"network_interfaces\":null}");
}
