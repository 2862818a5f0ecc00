/* SPDX-License-Identifier: Apache-2.0 */
/* test.h - the smallest TAP harness: a unit test is a table of {name, input, expect} and one loop */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <stdbool.h>
#include <stdio.h>

static int test_n, test_bad;

/* One result; @name is a sentence ("bind over /proc is refused"). On failure say why with t_note. */
__attribute__((unused)) static bool t_ok(bool ok, const char *name)
{
	printf("%sok %d - %s\n", ok ? "" : "not ", ++test_n, name);
	test_bad += !ok;
	return ok;
}

#define t_note(...)                  \
	do {                         \
		printf("#   ");      \
		printf(__VA_ARGS__); \
		printf("\n");        \
	} while (0)

__attribute__((unused)) static void t_skip(const char *name, const char *why)
{
	printf("ok %d - %s # SKIP %s\n", ++test_n, name, why);
}

__attribute__((unused)) static int t_done(void)
{
	printf("1..%d\n", test_n);
	return test_bad ? 1 : 0;
}

#endif
