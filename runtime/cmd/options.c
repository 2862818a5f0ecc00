/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - walking argv by the tables of options.h */
#include "cmd/options.h"

#include "base/table.h"

struct walk {
	struct arena *a;
	const struct opt *opts;
	const char *const *argv; /* what is left, the current word first */
	const char *who;
	char *dest;
	bool help;
};

static const struct opt help_opt = {
	.name = "help", .short_name = 'h', .type = OPT_FLAG, .help = "show this text"
};

static const struct opt *find_long(const struct walk *w, const char *name, size_t n)
{
	for (const struct opt *o = w->opts; o && o->name; o++)
		if (strlen(o->name) == n && memcmp(o->name, name, n) == 0)
			return o;
	return n == 4 && memcmp(name, "help", 4) == 0 ? &help_opt : NULL;
}

static const struct opt *find_short(const struct walk *w, char c)
{
	for (const struct opt *o = w->opts; o && o->name; o++)
		if (o->short_name && o->short_name == c)
			return o;
	return c == 'h' ? &help_opt : NULL;
}

static bool set_flag(void *to, const char *value)
{
	if (!streq(value, "true") && !streq(value, "false"))
		return false;
	*(bool *)to = streq(value, "true");
	return true;
}

static bool set_u32(struct opt_num *to, const char *value)
{
	uint32_t v;

	if (!str_to_u32(value, &v))
		return false;
	*to = (struct opt_num){ .set = true, .u = v };
	return true;
}

static bool set_value(struct walk *w, const struct opt *o, const char *value)
{
	void *to = o == &help_opt ? (void *)&w->help : w->dest + o->offset;
	struct opt_list *list = to;
	struct opt_num *num = to;

	switch (o->type) {
	case OPT_FLAG:
		return set_flag(to, value);
	case OPT_STRING:
		*(const char **)to = value;
		return true;
	case OPT_LIST:
		*arena_push(w->a, list->v, list->n) = value;
		return true;
	case OPT_U32:
		return set_u32(num, value);
	case OPT_U64:
		return num->set = str_to_u64(value, &num->u);
	case OPT_I64:
		return num->set = str_to_i64(value, &num->i);
	case OPT__COUNT:
		break;
	}
	return false;
}

/* @value: what was joined to the name, or NULL. Consumes the next word where one is needed. */
static int take(struct walk *w, const struct opt *o, const char *value, struct err *e)
{
	if (!value && o->type == OPT_FLAG)
		value = "true";
	if (!value) {
		value = w->argv[1];
		if (!value)
			return err_set(e, ERR_USAGE, "%s: option --%s requires an argument", w->who,
				       o->name);
		w->argv++;
	}
	if (!set_value(w, o, value))
		return err_set(e, ERR_USAGE, "%s: option --%s: \"%s\" is not %s", w->who, o->name,
			       value, o->type == OPT_FLAG ? "true or false" : "a number in range");
	return 0;
}

static int unknown(const struct walk *w, const char *word, struct err *e)
{
	return err_set(e, ERR_USAGE, "%s: unknown option %s (%s --help lists them)", w->who, word,
		       w->who);
}

/* "-dt", "-bDIR": each letter is an option, until one takes the rest as its value. */
static int take_shorts(struct walk *w, const char *word, struct err *e)
{
	for (const char *p = word + 1; *p; p++) {
		const struct opt *o = find_short(w, *p);

		if (!o)
			return unknown(w, word, e);
		if (o->type != OPT_FLAG)
			return take(w, o, p[1] ? p + 1 + (p[1] == '=') : NULL, e);
		if (p[1] == '=')
			return take(w, o, p + 2, e);
		if (take(w, o, NULL, e))
			return -1;
	}
	return 0;
}

static int take_word(struct walk *w, struct err *e)
{
	const char *word = *w->argv;
	const char *name = word + (word[1] == '-' ? 2 : 1);
	const char *eq = strchr(name, '=');
	const struct opt *o = find_long(w, name, eq ? (size_t)(eq - name) : strlen(name));

	if (o)
		return take(w, o, eq ? eq + 1 : NULL, e);
	return word[1] == '-' ? unknown(w, word, e) : take_shorts(w, word, e);
}

int opt_parse(struct arena *a, const struct opt *opts, enum opt_order order,
	      const char *const *argv, const char *who, void *dest, struct opt_args *ret_args,
	      struct err *e)
{
	struct walk w = { .a = a, .opts = opts, .argv = argv, .who = who, .dest = dest };
	struct opt_args args = { 0 };
	bool options = true;

	for (; *w.argv; w.argv++) {
		const char *word = *w.argv;

		if (options && streq(word, "--")) {
			options = false;
		} else if (options && word[0] == '-' && word[1]) {
			if (take_word(&w, e))
				return -1;
		} else {
			*arena_push(a, args.v, args.n) = word;
			options = options && order == OPT_ANYWHERE;
		}
	}
	*arena_push(a, args.v, args.n) = NULL; /* so that v is an argv */
	args.n--;
	args.help = w.help;
	*ret_args = args;
	return 0;
}

static void help_line(struct strbuf *b, const struct opt *o)
{
	auto_strbuf struct strbuf left = STRBUF_INIT;

	if (!o->help)
		return;
	if (o->short_name)
		strbuf_addf(&left, "-%c, --%s", o->short_name, o->name);
	else
		strbuf_addf(&left, "    --%s", o->name);
	if (o->arg)
		strbuf_addf(&left, " %s", o->arg);
	strbuf_addf(b, "  %-30s %s\n", left.p, o->help);
}

void opt_help(struct strbuf *b, const struct opt *opts)
{
	for (const struct opt *o = opts; o && o->name; o++)
		help_line(b, o);
	help_line(b, &help_opt);
}
