/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ids.c - which container has which range of host ids
 *
 * One text file for the machine, replaced atomically under the lock of a second one:
 *
 *   agentrt-ids 1 <boot id> <number of the range to try next>
 *   <base> <size> <proxy uid> <pod or -> <container id> <state root>
 *
 * Ranges are given out in turn, not lowest first, so that a range rests before its next owner:
 * the last processes of the former one may still be dying. A file that cannot be read as this is
 * an error: guessing could give one range to two containers.
 */
#include "state/ids.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/mutant.h"
#include "base/table.h"

#define IDS_MAGIC "agentrt-ids 1"
#define IDS_FILE ".ids"
#define IDS_LOCK ".ids.lock"
#define IDS_FILE_MAX (16u << 20)  /* bytes */
#define HOST_FILE_MAX (64u << 20) /* bytes of /etc/passwd and its like */

static const struct ids_place machine = { .dir = "/run/agentrt", .etc = "/etc" };

struct row {
	struct id_grant grant;
	const char *pod, *id, *root; /* pod: NULL for none */
};

struct span {
	uint64_t first, last;
}; /* ids that somebody else has */

struct book {
	struct arena a;
	uint32_t next;
	struct row *rows;
	size_t n_rows;
	bool is_new; /* no file of this boot yet */
	struct span *spans;
	size_t n_spans;
	uint32_t base, ranges; /* that are given out */
};

static void book_done(struct book *b)
{
	arena_done(&b->a);
}
#define auto_book __attribute__((cleanup(book_done)))

/* Cuts the next field off *p at @sep; NULL at the end of the line. */
static char *cut(char **p, char sep)
{
	char *s = *p, *end = s ? strchr(s, sep) : NULL;

	if (end)
		*end++ = '\0';
	*p = end;
	return s;
}

static bool parse_row(char *line, struct row *ret)
{
	char *base = cut(&line, ' '), *size = cut(&line, ' '), *uid = cut(&line, ' ');
	char *pod = cut(&line, ' '), *id = cut(&line, ' ');

	if (!line || line[0] != '/' || !state_id_is_valid(id) || !state_id_is_valid(pod) ||
	    !str_to_u32(base, &ret->grant.base) || !str_to_u32(size, &ret->grant.size) ||
	    !str_to_u32(uid, &ret->grant.egress_uid))
		return false;
	ret->pod = streq(pod, "-") ? NULL : pod;
	ret->id = id;
	ret->root = line;
	return true;
}

/* Whether the container that holds a row still has its directory; doubt keeps the row, and a state root
 * that is not there is doubt: this runtime may see other mounts than the one that made it. */
static bool is_alive(const struct row *r)
{
	auto_free char *path = xasprintf("%s/%s", r->root, r->id);

	if (access(path, F_OK) == 0 || errno != ENOENT)
		return true;
	return access(r->root, F_OK) < 0 && !mutant("ids.root");
}

static int parse_book(struct book *b, char *text, struct err *e)
{
	char boot[37], want[64];

	state_boot_id(boot);
	snprintf(want, sizeof(want), IDS_MAGIC " %s ", boot);

	char *head = cut(&text, '\n');
	if (!str_has_prefix(head, IDS_MAGIC " "))
		return err_set(e, ERR_INPUT, "its first line is not \"" IDS_MAGIC "\"");
	if (!str_has_prefix(head, want))
		return 0; /* of another boot: no container of it lives */
	b->is_new = false;
	if (!str_to_u32(head + strlen(want), &b->next))
		return err_set(e, ERR_INPUT, "its first line has no range number");
	for (unsigned n = 2; text && *text; n++) {
		struct row row;

		if (!parse_row(cut(&text, '\n'), &row))
			return err_set(e, ERR_INPUT, "line %u is not a reservation", n);
		*arena_push(&b->a, b->rows, b->n_rows) = row;
	}
	return 0;
}

static int read_book(struct book *b, const struct ids_place *at, struct err *e)
{
	auto_free char *path = xasprintf("%s/%s", at->dir, IDS_FILE);
	auto_free char *text = NULL;
	struct err why = ERR_INIT;

	b->is_new = true;
	if (fd_read_file(path, IDS_FILE_MAX, &text, NULL, &why) && why.sys == ENOENT)
		return 0;
	if (!text || parse_book(b, arena_strdup(&b->a, text), &why)) {
		*e = why;
		return err_ctx(e, "id reservations %s (if no container runs, remove it)", path);
	}
	return 0;
}

/* Forgets containers that nobody deleted; whether there were any. */
static bool prune(struct book *b)
{
	size_t kept = 0, had = b->n_rows;

	for (size_t i = 0; i < had; i++)
		if (is_alive(&b->rows[i]))
			b->rows[kept++] = b->rows[i];
	b->n_rows = kept;
	return kept < had || b->is_new;
}

static int write_book(const struct book *b, const struct ids_place *at, struct err *e)
{
	auto_close int dirfd = open(at->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_strbuf struct strbuf t = STRBUF_INIT;
	char boot[37];

	if (dirfd < 0)
		return err_sys(e, "open %s", at->dir);
	state_boot_id(boot);
	strbuf_addf(&t, IDS_MAGIC " %s %" PRIu32 "\n", boot, b->next);
	for (size_t i = 0; i < b->n_rows; i++) {
		const struct row *r = &b->rows[i];

		strbuf_addf(&t, "%" PRIu32 " %" PRIu32 " %" PRIu32 " %s %s %s\n", r->grant.base,
			    r->grant.size, r->grant.egress_uid, r->pod ? r->pod : "-", r->id,
			    r->root);
	}
	return fd_write_locked_at(dirfd, IDS_FILE, t.p, t.len, 0600, e);
}

/* Ids in files of the host: "name:x:id:..." or, with a count, "name:first:count". */
static const struct host_file {
	const char *name;
	unsigned column;
	bool has_count;
} host_files[] = {
	{ "passwd", 2, false },
	{ "group", 2, false },
	{ "subuid", 1, true },
	{ "subgid", 1, true },
};

/* The ranges of @user are what is given out, not what somebody else has. */
static void add_line(struct book *b, const struct host_file *f, const char *user, char *line)
{
	uint32_t first = 0, count = 1;
	char *field = NULL;

	for (unsigned col = 0; col <= f->column; col++) {
		field = cut(&line, ':');
		if (col == 0 && user && f->has_count && field && streq(field, user))
			return;
	}
	if (!field || !str_to_u32(field, &first))
		return; /* a comment, or an NIS line: no id in it */
	if (f->has_count && (!line || !str_to_u32(cut(&line, ':'), &count) || count == 0))
		return;
	*arena_push(&b->a, b->spans, b->n_spans) =
		(struct span){ first, (uint64_t)first + count - 1 };
}

bool ids_nth_range(const char *text, const char *user, size_t n, uint32_t *ret_first,
		   uint32_t *ret_count)
{
	auto_free char *copy = xstrdup(text);
	char *p = copy;

	while (p) {
		char *line = cut(&p, '\n'), *name = cut(&line, ':'), *base = cut(&line, ':');
		uint32_t first, count;

		if (!line || !streq(name, user) || !str_to_u32(base, &first) ||
		    !str_to_u32(line, &count) || count == 0 || n--)
			continue;
		*ret_first = first;
		*ret_count = count;
		return true;
	}
	return false;
}

static bool nth_range(const char *text, const char *user, size_t n, struct span *ret)
{
	uint32_t first, count;

	if (!ids_nth_range(text, user, n, &first, &count))
		return false;
	*ret = (struct span){ first, (uint64_t)first + count - 1 };
	return true;
}

/* The first range of the user that is large enough and the same for users and groups. */
static int find_user(struct book *b, const struct ids_place *at, struct err *e)
{
	auto_free char *uid_path = xasprintf("%s/subuid", at->etc);
	auto_free char *gid_path = xasprintf("%s/subgid", at->etc);
	auto_free char *uids = NULL, *gids = NULL;
	struct span u, g;

	if (fd_read_file(uid_path, HOST_FILE_MAX, &uids, NULL, e) ||
	    fd_read_file(gid_path, HOST_FILE_MAX, &gids, NULL, e))
		return err_ctx(e, "look for the ids of user %s (ids.user of agentrt.json)",
			       at->from.user);
	for (size_t i = 0; nth_range(uids, at->from.user, i, &u); i++)
		for (size_t k = 0; nth_range(gids, at->from.user, k, &g); k++) {
			if (u.first != g.first || u.last != g.last || u.last >= IDS_EGRESS_BASE ||
			    u.last - u.first + 1 < ID_GRANT_SIZE)
				continue;
			b->base = (uint32_t)u.first;
			b->ranges = (uint32_t)((u.last - u.first + 1) / ID_GRANT_SIZE);
			return 0;
		}
	return err_set(e, ERR_INPUT,
		       "user %s (ids.user of agentrt.json) has no range of at least %u ids below "
		       "%u that is the same in %s and %s",
		       at->from.user, ID_GRANT_SIZE, IDS_EGRESS_BASE, uid_path, gid_path);
}

static int find_space(struct book *b, const struct ids_place *at, struct err *e)
{
	b->base = at->from.count ? at->from.first : IDS_BASE;
	b->ranges = at->from.count ? at->from.count / ID_GRANT_SIZE : IDS_RANGES;
	return at->from.user ? find_user(b, at, e) : 0;
}

static int read_host(struct book *b, const struct ids_place *at, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(host_files); i++) {
		auto_free char *path = xasprintf("%s/%s", at->etc, host_files[i].name);
		auto_free char *text = NULL;
		struct err why = ERR_INIT;

		if (fd_read_file(path, HOST_FILE_MAX, &text, NULL, &why)) {
			if (why.sys == ENOENT)
				continue;
			*e = why;
			return err_ctx(e, "look for ids that are taken");
		}
		for (char *p = text; p;)
			add_line(b, &host_files[i], at->from.user, cut(&p, '\n'));
	}
	return find_space(b, at, e);
}

static bool is_taken(const struct book *b, uint64_t first, uint64_t last)
{
	for (size_t i = 0; i < b->n_spans; i++)
		if (b->spans[i].first <= last && first <= b->spans[i].last)
			return true;
	return false;
}

/* Any overlap: the ranges of a space that was configured before need not lie on this one's steps. */
static bool has_range(const struct book *b, uint32_t base)
{
	for (size_t i = 0; i < b->n_rows; i++)
		if (b->rows[i].grant.base < (uint64_t)base + ID_GRANT_SIZE &&
		    base < (uint64_t)b->rows[i].grant.base + b->rows[i].grant.size &&
		    !mutant("ids.range"))
			return true;
	return false;
}

static bool has_egress(const struct book *b, uint32_t uid)
{
	for (size_t i = 0; i < b->n_rows; i++)
		if (b->rows[i].grant.egress_uid == uid)
			return true;
	return false;
}

static int choose_range(struct book *b, struct id_grant *ret, struct err *e)
{
	uint32_t i, n = 0, base = 0;

	for (i = 0; i < b->ranges; i++) {
		n = (b->next + i) % b->ranges;
		base = b->base + n * ID_GRANT_SIZE;
		if (!has_range(b, base) && !is_taken(b, base, (uint64_t)base + ID_GRANT_SIZE - 1))
			break;
	}
	if (i == b->ranges)
		return err_set(e, ERR_STATE, "reserve a range of ids: all %u are taken",
			       b->ranges);
	b->next = (n + 1) % b->ranges;
	ret->base = base;
	ret->size = ID_GRANT_SIZE;
	return 0;
}

/* One for each container, also of a pod: a member that does not share the network has its own A. */
static int choose_egress(const struct book *b, struct id_grant *ret, struct err *e)
{
	uint32_t first = b->next ? b->next - 1 : 0; /* the number of the range that was given last */

	for (uint32_t i = 0; i < IDS_EGRESS_MAX; i++) {
		uint32_t uid = IDS_EGRESS_BASE + (first + i) % IDS_EGRESS_MAX;

		if (has_egress(b, uid) || is_taken(b, uid, uid))
			continue;
		ret->egress_uid = uid;
		return 0;
	}
	return err_set(e, ERR_STATE, "reserve a uid for the egress proxy: all are taken");
}

static const struct row *find_row(const struct book *b, const char *root, const char *id)
{
	for (size_t i = 0; i < b->n_rows; i++)
		if (streq(b->rows[i].root, root) && streq(b->rows[i].id, id))
			return &b->rows[i];
	return NULL;
}

/* The sandbox, which may not know that it is one, or another member: the sandbox may be gone. */
static const struct row *find_pod(const struct book *b, const char *root, const char *pod)
{
	const struct row *sandbox = pod ? find_row(b, root, pod) : NULL;

	for (size_t i = 0; pod && !sandbox && i < b->n_rows; i++)
		if (streq(b->rows[i].root, root) && b->rows[i].pod && streq(b->rows[i].pod, pod))
			return &b->rows[i];
	return sandbox;
}

static int choose(struct book *b, const struct ids_place *at, const struct row *of_pod,
		  struct id_grant *ret, struct err *e)
{
	if (read_host(b, at, e))
		return -1;
	if (!of_pod)
		return choose_range(b, ret, e) || choose_egress(b, ret, e) ? -1 : 0;
	ret->base = of_pod->grant.base;
	ret->size = of_pod->grant.size;
	return choose_egress(b, ret, e);
}

static int lock_book(const struct ids_place *at, int *ret_fd, struct err *e)
{
	auto_free char *path = xasprintf("%s/%s", at->dir, IDS_LOCK);
	int rc;

	if (mkdir(at->dir, 0711) < 0 && errno != EEXIST)
		return err_sys(e, "create %s", at->dir);

	auto_close int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(e, "open %s", path);
	do
		rc = flock(fd, LOCK_EX);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return err_sys(e, "lock %s", path);
	*ret_fd = take_fd(fd);
	return 0;
}

int ids_reserve(const struct ids_place *at, const char *root, const char *id, const char *pod,
		struct id_grant *ret_grant, struct err *e)
{
	auto_book struct book b = { .a = ARENA_INIT };
	auto_close int lock = -1;
	struct id_grant grant = { 0 };
	bool others_died;

	if (strchr(root, '\n') || (pod && (!state_id_is_valid(pod) || streq(pod, "-"))))
		return err_set(e, ERR_INPUT,
			       "reserve ids for container %s: the state root or the pod "
			       "has a name that cannot be recorded",
			       id);
	if (lock_book(at, &lock, e) || read_book(&b, at, e))
		return -1;

	others_died = prune(&b);
	const struct row *old = find_row(&b, root, id);
	if (old)
		grant = old->grant;
	else if (choose(&b, at, find_pod(&b, root, pod), &grant, e))
		return -1;
	if (!old) {
		*arena_push(&b.a, b.rows, b.n_rows) =
			(struct row){ .grant = grant, .pod = pod, .id = id, .root = root };
		if (write_book(&b, at, e))
			return -1;
	}
	grant.others_died = others_died;
	*ret_grant = grant;
	return 0;
}

int ids_peek(const struct ids_place *at, struct id_grant *ret_grant, struct err *e)
{
	auto_book struct book b = { .a = ARENA_INIT };
	struct err why = ERR_INIT;

	if (read_book(&b, at, &why)) {
		if (why.sys != EACCES) {
			*e = why;
			return -1;
		}
		b.n_rows = 0; /* not root: the plan is shown with the range of an idle machine */
	}
	(void)prune(&b); /* only for the view: nothing is written */
	*ret_grant = (struct id_grant){ 0 };
	return choose(&b, at, NULL, ret_grant, e);
}

int ids_release(const struct ids_place *at, const char *root, const char *id, struct err *e)
{
	auto_book struct book b = { .a = ARENA_INIT };
	auto_free char *path = xasprintf("%s/%s", at->dir, IDS_FILE);
	auto_close int lock = -1;
	size_t kept = 0;

	if (access(path, R_OK | W_OK) < 0)
		return 0; /* nothing was ever reserved, or not by us */
	if (lock_book(at, &lock, e) || read_book(&b, at, e))
		return -1;
	for (size_t i = 0; i < b.n_rows; i++)
		if (!streq(b.rows[i].root, root) || !streq(b.rows[i].id, id))
			b.rows[kept++] = b.rows[i];
	if (kept == b.n_rows)
		return 0;
	b.n_rows = kept;
	return write_book(&b, at, e);
}

/* @id itself, or the one that alone begins with it; *ret NULL: there is none. */
static int find_named(const struct book *b, const char *id, const struct row **ret, struct err *e)
{
	size_t n = strlen(id), hits = 0;

	*ret = NULL;
	for (size_t i = 0; i < b->n_rows; i++) {
		bool exact = streq(b->rows[i].id, id);

		if (!exact && (n < IDS_NAME_MIN || !str_has_prefix(b->rows[i].id, id)))
			continue;
		*ret = &b->rows[i];
		hits++;
		if (exact)
			return 0;
	}
	return hits > 1 ? err_set(e, ERR_STATE, "%zu containers have ids that begin with %s", hits, id) : 0;
}

int ids_find(const struct ids_place *at, struct arena *a, const char *id, const char **ret_root,
	     const char **ret_id, struct err *e)
{
	auto_book struct book b = { .a = ARENA_INIT };
	const struct row *r;

	if (read_book(&b, at, e))
		return -1;
	(void)prune(&b);
	if (find_named(&b, id, &r, e))
		return -1;
	if (!r)
		return err_set(e, ERR_STATE, "container does not exist: %.200s", id);
	*ret_root = arena_strdup(a, r->root);
	*ret_id = arena_strdup(a, r->id);
	return 0;
}

void state_id_space(const struct id_space *from, uint32_t *ret_first, uint32_t *ret_last)
{
	auto_book struct book b = { .a = ARENA_INIT };
	struct ids_place at = machine;
	struct err e = ERR_INIT;

	at.from = *from;
	*ret_first = *ret_last = 0;
	if (find_space(&b, &at, &e) || b.ranges == 0)
		return; /* who asks for a range is told why */
	*ret_first = b.base;
	*ret_last = b.base + b.ranges * ID_GRANT_SIZE - 1;
}

int state_find(struct arena *a, const char *id, const char **ret_root, const char **ret_id, struct err *e)
{
	return ids_find(&machine, a, id, ret_root, ret_id, e);
}

int state_reserve_ids(const struct id_space *from, const char *root, const char *id,
		      const char *pod, struct id_grant *ret_grant, struct err *e)
{
	struct ids_place at = machine;

	at.from = *from;
	return ids_reserve(&at, root, id, pod, ret_grant, e);
}

int state_peek_ids(const struct id_space *from, struct id_grant *ret_grant, struct err *e)
{
	struct ids_place at = machine;

	at.from = *from;
	return ids_peek(&at, ret_grant, e);
}

int state_release_ids(const char *root, const char *id, struct err *e)
{
	return ids_release(&machine, root, id, e);
}
