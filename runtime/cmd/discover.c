/* SPDX-License-Identifier: Apache-2.0 */
/*
 * discover.c - which hosts the tools in a root directory would need, by their own configuration
 *
 * Each row names a file of a tool and what a line of it must hold; of such lines every URL counts.
 * Nothing is run, nothing is asked for over a network, every path is resolved inside the root that
 * is looked at, only regular files are opened, and no more of them is read than DISCOVER_BYTES, for
 * the image may be hostile: what comes out is a proposal for a person.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "base/table.h"
#include "cmd/egress_entries.h"
#include "sys/beneath.h"

#define DISCOVER_BYTES (16u << 20) /* of all files; the rest is left out, and said */
#define FILE_MAX_BYTES (1u << 20)
#define DIR_MAX	       1000u /* entries of a directory that are looked at */

/* A '*' stands for any one name, at most one in a path; a key of "" takes every line. */
static const struct source {
	const char *tool, *path, *key;
} sources[] = {
	{ "apt", "/etc/apt/sources.list", "://" },
	{ "apt", "/etc/apt/sources.list.d/*", "://" },
	{ "npm", "/etc/npmrc", "registry" },
	{ "npm", "/usr/etc/npmrc", "registry" },
	{ "npm", "/usr/local/etc/npmrc", "registry" },
	{ "npm", "/root/.npmrc", "registry" },
	{ "npm", "/home/*/.npmrc", "registry" },
	{ "npm", "/usr/share/nodejs/@npmcli/config/lib/definitions/definitions.js", "'https://registry" },
	{ "npm", "/usr/lib/node_modules/npm/node_modules/@npmcli/config/lib/definitions/definitions.js",
	  "'https://registry" },
	{ "npm", "/usr/local/lib/node_modules/npm/node_modules/@npmcli/config/lib/definitions/definitions.js",
	  "'https://registry" },
	{ "npm", "/usr/share/nodejs/npm/lib/utils/config/definitions.js", "'https://registry" },
	{ "npm", "/usr/lib/node_modules/npm/lib/utils/config/definitions.js", "'https://registry" },
	{ "npm", "/usr/local/lib/node_modules/npm/lib/utils/config/definitions.js", "'https://registry" },
	{ "pip", "/etc/pip.conf", "index" },
	{ "pip", "/root/.config/pip/pip.conf", "index" },
	{ "pip", "/root/.pip/pip.conf", "index" },
	{ "pip", "/home/*/.config/pip/pip.conf", "index" },
	{ "pip", "/usr/lib/python3/dist-packages/pip/_internal/models/index.py", "PackageIndex(" },
	{ "pip", "/usr/lib/*/site-packages/pip/_internal/models/index.py", "PackageIndex(" },
	{ "pip", "/usr/local/lib/*/site-packages/pip/_internal/models/index.py", "PackageIndex(" },
	{ "cargo", "/usr/local/cargo/config.toml", "://" },
	{ "cargo", "/root/.cargo/config.toml", "://" },
	{ "cargo", "/home/*/.cargo/config.toml", "://" },
	{ "go", "/usr/local/go/go.env", "://" },
	{ "go", "/usr/lib/go/go.env", "://" },
	{ "go", "/usr/share/*/go.env", "://" },
	{ "go", "/root/.config/go/env", "://" },
};

static const struct {
	const char *scheme;
	uint16_t port;
} schemes[] = {
	{ "https", 443 }, { "http", 80 }, { "ssh", 22 }, { "git", 9418 },
};

struct job {
	struct egress_entries *out;
	int root;
	const struct source *src;
};

static uint16_t port_of_scheme(const char *s, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (strlen(schemes[i].scheme) == n && memcmp(schemes[i].scheme, s, n) == 0)
			return schemes[i].port;

	const char *plus = memchr(s, '+', n); /* "sparse+https", "git+ssh" */
	return plus ? port_of_scheme(plus + 1, n - (size_t)(plus + 1 - s)) : 0;
}

static bool is_scheme_char(char c)
{
	return chr_is_alnum(c) || c == '+';
}

/* What stands between "://" and the path: [user@]host[:port] */
static void add_authority(struct job *j, const char *s, size_t n, uint16_t port, const char *note)
{
	const char *at = memrchr(s, '@', n);
	const char *host = at ? at + 1 : s;
	size_t k = n - (size_t)(host - s), len = k;
	const char *colon = memchr(host, ':', k);

	if (colon) {
		const char *digits = arena_strndup(j->out->a, colon + 1,
						   k - (size_t)(colon - host) - 1);
		uint32_t v;

		len = (size_t)(colon - host);
		if (*digits && (!str_to_u32(digits, &v) || v == 0 || v > UINT16_MAX))
			return;
		port = *digits ? (uint16_t)v : port;
	}
	egress_entries_add(j->out, host, len, port, note);
}

static void add_urls(struct job *j, const char *line, const char *note)
{
	for (const char *p = line; (p = strstr(p, "://")); p += 3) {
		const char *scheme = p, *host = p + 3;
		uint16_t port;

		while (scheme > line && is_scheme_char(scheme[-1]))
			scheme--;
		port = port_of_scheme(scheme, (size_t)(p - scheme));
		if (port)
			add_authority(j, host, strcspn(host, "/ \t\"'`,;)|?#<>]"), port, note);
	}
}

/* pip keeps its second host apart: file_storage_domain="host" */
static void add_quoted_hosts(struct job *j, const char *line, const char *note)
{
	const char *p = strstr(line, "file_storage_domain=\"");

	if (p) {
		p += strlen("file_storage_domain=\"");
		egress_entries_add(j->out, p, strcspn(p, "\""), 443, note);
	}
}

/* url = git@host:path, as ssh's own short form has it */
static void add_scp_form(struct job *j, const char *line, const char *note)
{
	const char *value = strchr(line, '='), *at, *colon;

	if (!value || strstr(value, "://"))
		return;
	value += 1 + strspn(value + 1, " \t");
	at = strchr(value, '@');
	colon = at ? strchr(at, ':') : NULL;
	if (colon && !memchr(value, '/', (size_t)(colon - value)))
		egress_entries_add(j->out, at + 1, (size_t)(colon - at) - 1, 22, note);
}

static bool is_comment(const char *line)
{
	line += strspn(line, " \t");
	return *line == '#' || *line == ';' || (line[0] == '/' && line[1] == '/');
}

static void read_lines(struct job *j, char *text, const char *note)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (is_comment(line) || !strstr(line, j->src->key))
			continue;
		add_urls(j, line, note);
		add_quoted_hosts(j, line, note);
		if (streq(j->src->tool, "git"))
			add_scp_form(j, line, note);
	}
}

/* A regular file, or -1. To open a device does something (a watchdog begins to run), and so does a
 * named pipe: what it is is known before. */
static int open_regular(int root, const char *path)
{
	auto_close int found = -1;
	struct stat st;

	if (beneath_open(root, path, O_PATH, 0, LINK_FOLLOW, &found, NULL) || fstat(found, &st) < 0 ||
	    (!S_ISREG(st.st_mode) && !mutant("discover.regular")))
		return -1;

	auto_free char *proc = xasprintf("/proc/self/fd/%d", found);
	return open(proc, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* What is not there, or no file, or too large, has nothing to say. */
static void read_one(struct job *j, const char *path)
{
	auto_close int fd = -1;
	auto_free char *text = NULL;
	size_t len;

	if (j->out->is_full)
		return;
	fd = open_regular(j->root, path);
	if (fd < 0 || fd_read_all(fd, FILE_MAX_BYTES, path, &text, &len, NULL))
		return;
	j->out->bytes += len;
	if (j->out->bytes > DISCOVER_BYTES && !mutant("discover.bytes")) {
		j->out->is_full = true;
		return;
	}
	read_lines(j, text, arena_printf(j->out->a, "%s: %s", j->src->tool, path));
}

static void read_all_in(struct job *j, const char *path, const char *star)
{
	const char *dir = arena_printf(j->out->a, "%.*s", (int)(star - path), path);
	auto_close int fd = -1;
	struct dirent *d;
	unsigned n = 0;
	DIR *list;

	if (beneath_open(j->root, dir, O_RDONLY | O_DIRECTORY, 0, LINK_FOLLOW, &fd, NULL))
		return;
	list = fdopendir(fd);
	if (!list)
		return;
	(void)take_fd(fd);
	while (n++ < DIR_MAX && (d = readdir(list)))
		if (d->d_name[0] != '.')
			read_one(j, arena_printf(j->out->a, "%s%s%s", dir, d->d_name, star + 1));
	closedir(list);
}

static int open_root(const char *path, int *ret_fd, struct err *e)
{
	*ret_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *ret_fd < 0 ? err_sys(e, "open the directory %s", path) : 0;
}

int discover_root(struct egress_entries *l, const char *rootfs, struct err *e)
{
	auto_close int root = -1;

	if (open_root(rootfs, &root, e))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		struct job j = { l, root, &sources[i] };
		const char *star = strchr(sources[i].path, '*');

		if (star)
			read_all_in(&j, sources[i].path, star);
		else
			read_one(&j, sources[i].path);
	}
	return 0;
}

int discover_project(struct egress_entries *l, const char *dir, struct err *e)
{
	static const struct source git = { "git", "/.git/config", "url" };
	auto_close int root = -1;
	struct job j = { .out = l, .src = &git };

	if (open_root(dir, &root, e))
		return -1;
	j.root = root;
	read_one(&j, git.path);
	return 0;
}
