/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_spec.c - libFuzzer target: any bytes as config.json, process, resources and seccomp
 *
 * Besides memory errors it looks for what breaks the promise of spec.h: what was read, written and
 * read again must be written the same, indented or not, and the check must survive whatever the
 * parser lets through.
 */
#include <stdint.h>
#include <stdlib.h>

#include "spec/json.h"
#include "spec/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* Filled errors end in a NUL, carry no control byte and never claim success. */
static void check_error(const struct err *e)
{
	must(e->kind != ERR_NONE && e->msg[0] && memchr(e->msg, '\0', sizeof(e->msg)));
	for (const char *p = e->msg; *p; p++)
		must((unsigned char)*p >= 0x20 && *p != 0x7f);
}

static void fuzz_config(const char *text, size_t len)
{
	auto_arena struct arena a = ARENA_INIT;
	auto_strbuf struct strbuf one = STRBUF_INIT, two = STRBUF_INIT, pretty = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct oci_spec *s = NULL, *again = NULL;

	if (spec_parse(&a, text, len, "f", &s, &e)) {
		must(!s);
		check_error(&e);
		return;
	}
	spec_write(&one, s);
	json_indent(&pretty, one.p);
	must(!spec_parse(&a, pretty.p, pretty.len, "f", &again, NULL));
	spec_write(&two, again);
	must(streq(one.p, two.p));
	if (spec_check(s, &e))
		check_error(&e);
}

static void fuzz_parts(const char *text, size_t len)
{
	auto_arena struct arena a = ARENA_INIT;
	auto_strbuf struct strbuf b = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct oci_process *p;
	struct oci_resources *r;
	struct oci_seccomp *sc;

	if (!spec_parse_process(&a, text, len, "f", &p, &e)) {
		spec_write_process(&b, p);
		(void)spec_check_process(p, &e); /* only whether it returns */
	}
	if (!spec_parse_resources(&a, text, len, "f", &r, &e)) {
		spec_write_resources(&b, r);
		(void)spec_check_resources(r, &e);
	}
	if (spec_parse_seccomp(&a, text, len, "f", &sc, &e))
		check_error(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_config((const char *)data, size);
	fuzz_parts((const char *)data, size);
	return 0;
}
