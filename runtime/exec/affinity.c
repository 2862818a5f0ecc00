/* SPDX-License-Identifier: Apache-2.0 */
/* affinity.c - lists of processors, and which of them this thread may use */
#include "exec/affinity.h"

#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"

#define WORD_BITS (8 * sizeof(unsigned long))

/* Decimal digits at *s, at most @max; moves *s behind them. */
static bool number(const char **s, size_t max, size_t *ret)
{
	size_t v = 0;

	if (!chr_is_digit(**s))
		return false;
	for (; chr_is_digit(**s); (*s)++) {
		v = v * 10 + (size_t)(**s - '0');
		if (v > max)
			return false;
	}
	*ret = v;
	return true;
}

bool cpu_list_parse(const char *list, unsigned long *mask, size_t n_bits)
{
	const char *s = list;

	for (;;) {
		size_t from, to;

		if (!number(&s, n_bits - 1, &from))
			return false;
		to = from;
		if (*s == '-' && (s++, !number(&s, n_bits - 1, &to)))
			return false;
		if (to < from)
			return false;
		for (size_t i = from; i <= to; i++)
			mask[i / WORD_BITS] |= 1UL << (i % WORD_BITS);
		if (*s == '\0')
			return true;
		if (*s++ != ',')
			return false;
	}
}

int affinity_set(const char *list, struct err *e)
{
	unsigned long mask[AFFINITY_MAX_CPUS / WORD_BITS] = { 0 };

	if (!cpu_list_parse(list, mask, AFFINITY_MAX_CPUS))
		return err_set(e, ERR_SPEC, "\"%s\" is not a list of processors", list);
	if (syscall(SYS_sched_setaffinity, 0, sizeof(mask), mask) < 0)
		return err_sys(e, "use processors %s", list);
	return 0;
}

void affinity_reset(void)
{
	unsigned long mask[AFFINITY_MAX_CPUS / WORD_BITS];

	memset(mask, 0xff, sizeof(mask));
	(void)syscall(SYS_sched_setaffinity, 0, sizeof(mask), mask); /* else it stays as it was */
}
