/* SPDX-License-Identifier: Apache-2.0 */
/* dev_rules.c - the meaning of device rules, and the v1 form of it */
#include "cgroup/dev_rules.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

unsigned dev_rule_access(const struct plan_dev_rule *r)
{
	return (r->mknod ? DEV_MKNOD : 0u) | (r->read ? DEV_READ : 0u) |
	       (r->write ? DEV_WRITE : 0u);
}

static bool number_covers(int64_t rule, int64_t n)
{
	return rule < 0 || rule == n;
}

unsigned dev_granted(const struct plan_dev_rule *r, size_t n, char type, int64_t major,
		     int64_t minor)
{
	unsigned granted = 0, open = DEV_ALL;

	for (size_t i = n; i-- > 0 && open;) {
		if ((r[i].type != 'a' && r[i].type != type) || !number_covers(r[i].major, major) ||
		    !number_covers(r[i].minor, minor))
			continue;
		if (r[i].allow)
			granted |= open & dev_rule_access(&r[i]);
		open &= ~dev_rule_access(&r[i]);
	}
	return granted;
}

static bool covers(const struct dev_exception *wide, const struct dev_exception *x)
{
	return wide->type == x->type && number_covers(wide->major, x->major) &&
	       number_covers(wide->minor, x->minor);
}

static bool overlaps(const struct dev_exception *x, const struct dev_exception *y)
{
	return x->type == y->type &&
	       (number_covers(x->major, y->major) || number_covers(y->major, x->major)) &&
	       (number_covers(x->minor, y->minor) || number_covers(y->minor, x->minor));
}

static void add(struct dev_list *l, const struct dev_exception *x)
{
	for (size_t i = 0; i < l->n; i++) {
		if (covers(&l->v[i], x) && covers(x, &l->v[i])) {
			l->v[i].access |= x->access;
			return;
		}
	}
	l->v = xrealloc(l->v, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = *x;
}

static int take_away(struct dev_list *l, const struct dev_exception *x, struct err *e)
{
	char text[DEV_TEXT_MAX];
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct dev_exception *old = &l->v[i];

		if (covers(x, old)) {
			old->access &= ~x->access;
		} else if (overlaps(x, old) && (x->access & old->access)) {
			dev_exception_text(x, text);
			return err_set(
				e, ERR_UNSUPPORTED,
				"device rule \"%s\" takes a part out of a wider rule before it, "
				"which cgroup v1 cannot express: order the rules from wide to "
				"narrow",
				text);
		}
		if (old->access)
			l->v[kept++] = *old;
	}
	l->n = kept;
	return 0;
}

/* A request for two kinds of access must be met by one exception: give each what wider ones have.
 */
static void widen(struct dev_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->n; k++)
			if (covers(&l->v[k], &l->v[i]))
				l->v[i].access |= l->v[k].access;
}

int dev_reduce(const struct plan_dev_rule *r, size_t n, struct dev_list *l, struct err *e)
{
	*l = (struct dev_list){ 0 };
	for (size_t i = 0; i < n; i++) {
		struct dev_exception x = { 0, r[i].major, r[i].minor, dev_rule_access(&r[i]) };

		if (r[i].type == 'a' && x.major < 0 && x.minor < 0 && x.access == DEV_ALL) {
			dev_list_done(l);
			l->default_allow = r[i].allow;
			continue;
		}
		for (const char *type = "bc"; *type; type++) {
			if (r[i].type != 'a' && r[i].type != *type)
				continue;
			x.type = *type;
			if (r[i].allow != l->default_allow)
				add(l, &x);
			else if (take_away(l, &x, e))
				return err_ctx(e, "linux.resources.devices[%zu]", i);
		}
	}
	widen(l);
	return 0;
}

void dev_list_done(struct dev_list *l)
{
	free(l->v);
	*l = (struct dev_list){ 0 };
}

static const char *number_text(int64_t n, char buf[24])
{
	if (n < 0)
		return "*";
	snprintf(buf, 24, "%lld", (long long)n);
	return buf;
}

void dev_exception_text(const struct dev_exception *x, char ret[DEV_TEXT_MAX])
{
	char major[24], minor[24];

	snprintf(ret, DEV_TEXT_MAX, "%c %s:%s %s%s%s", x->type, number_text(x->major, major),
		 number_text(x->minor, minor), x->access & DEV_READ ? "r" : "",
		 x->access & DEV_WRITE ? "w" : "", x->access & DEV_MKNOD ? "m" : "");
}
