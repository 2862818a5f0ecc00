/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - command-line options as tables, used for parsing and for help
 *
 * Engines were written for a Go program: `-flag` and `--flag` are the same, and so are
 * `--flag value` and `--flag=value`; a flag takes `=true` and `=false`. Short options may also be
 * joined as getopt has it (`-dt`, `-bDIR`).
 */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum opt_type {
	OPT_FLAG,   /* bool */
	OPT_STRING, /* const char *, NULL when absent; the last one wins */
	OPT_LIST,   /* struct opt_list: every one */
	OPT_U32,    /* struct opt_num */
	OPT_U64,    /* struct opt_num */
	OPT_I64,    /* struct opt_num */
	OPT__COUNT
};

struct opt_list {
	const char **v;
	size_t n;
};
struct opt_num {
	bool set;
	uint64_t u;
	int64_t i;
}; /* i: OPT_I64, u: the others */

struct opt {
	const char *name; /* NULL ends the table */
	char short_name;  /* 0: none */
	enum opt_type type;
	size_t offset;
	const char *arg;  /* how help calls the value; NULL for flags */
	const char *help; /* NULL: accepted for compatibility, not shown */
};

/* OPT_ROW(struct type, kind, member, name, short name, value's name, help) */
#define OPT_ROW(type_, kind_, member_, name_, short_, arg_, help_)                                 \
	{                                                                                          \
		name_, short_, OPT_##kind_, offsetof(type_, member_), arg_, help_                  \
	}

/* What is left when the options are taken out. */
struct opt_args {
	const char **v;
	size_t n;
	bool help; /* -h, --help: every command has it */
};

enum opt_order {
	OPT_ANYWHERE, /* options may follow arguments */
	OPT_FIRST,    /* the first argument ends the options: the rest belongs to somebody else */
};

/**
 * opt_parse() - fill @dest from @argv
 * @opts:	may be NULL (no options but --help)
 * @argv:	NULL-terminated, without the program's or command's name; borrowed
 * @who:	for messages: "agentrt create"
 */
int opt_parse(struct arena *a, const struct opt *opts, enum opt_order order,
	      const char *const *argv, const char *who, void *dest, struct opt_args *ret_args,
	      struct err *e);

/* opt_help() - one line an option */
void opt_help(struct strbuf *b, const struct opt *opts);

#endif
