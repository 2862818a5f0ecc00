/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h - inside spec/: one rule a row, one table of rules a part of config.json
 *
 * To add a rule: a function and a row in check_*.c, and two cases in tests/unit/t_check.c, one that
 * the rule refuses and one that it must not.
 */
#ifndef SPEC_CHECK_H
#define SPEC_CHECK_H

#include "base/err.h"
#include "base/str.h"
#include "base/table.h"
#include "spec/oci.h"

/* A rule's function returns 0, or -1 with ERR_SPEC. The name is the mutant's, too. */
struct check_spec_rule {
	const char *name;
	int (*check)(const struct oci_spec *s, struct err *e);
};

int check_linux(const struct oci_spec *s, struct err *e);
int check_mounts(const struct oci_spec *s, struct err *e);
int check_process(const struct oci_process *p, struct err *e);
int check_resources(const struct oci_resources *r, struct err *e);
int check_seccomp(const struct oci_seccomp *sc, struct err *e);

/* check_show(): text from the document, quoted in a message; the buffer lives to the block's end */
#define check_show(s) check_quote((char[96]){ 0 }, (s))
const char *check_quote(char buf[96], const char *s);

#endif
