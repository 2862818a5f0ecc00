/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cg_convert.c - from the v1 scales of the specification to the scales of cgroup v2
 *
 * The formula for cpu.weight is the one that the other runtimes agreed on: it maps the least (2),
 * the default (1024) and the most (262144) shares to the least (1), the default (100) and the most
 * (10000) weight. It needs a logarithm and a power of ten, which are small enough to write here;
 * libm would be one more library to load at every start.
 */
#include "plan/cg.h"

#define LN2	  0.693147180559945309
#define LOG2_10	  3.321928094887362348
#define EPSILON	  1e-9 /* far below the distance of any value from the next whole number */
#define MIN_SHARES 2u
#define MAX_SHARES 262144u
#define MAX_WEIGHT 10000u

/* Digits of the logarithm, one bit at a time: squaring doubles it. */
static double log2_of(uint64_t v)
{
	int whole = 63 - __builtin_clzll(v);
	double m = (double)v / (double)(UINT64_C(1) << whole), log = whole;

	for (double bit = 0.5; bit > 1e-16; bit /= 2) {
		m *= m;
		if (m >= 2) {
			log += bit;
			m /= 2;
		}
	}
	return log;
}

/* 10^x for 0 <= x <= 4, by the series of e^y after taking out whole powers of two. */
static double pow10_of(double x)
{
	double two = x * LOG2_10;
	int whole = (int)two;
	double y = (two - whole) * LN2, term = 1, sum = 1;

	for (int i = 1; i < 24; i++) {
		term *= y / i;
		sum += term;
	}
	return sum * (double)(1u << whole);
}

uint64_t cg_weight_of_shares(uint64_t shares)
{
	if (shares == 0)
		return 0;
	if (shares <= MIN_SHARES)
		return 1;
	if (shares >= MAX_SHARES)
		return MAX_WEIGHT;
	double l = log2_of(shares);
	double w = pow10_of((l * l + 125 * l) / 612 - 7.0 / 34);
	uint64_t down = (uint64_t)(w - EPSILON);

	return down + 1;
}

/* 10..1000 to 1..10000 */
uint64_t cg_io_weight(uint64_t blkio_weight)
{
	if (blkio_weight < 10)
		return blkio_weight ? 1 : 0;
	return 1 + (blkio_weight - 10) * 9999 / 990;
}

bool cg_swap_only(int64_t memory_and_swap, int64_t memory, int64_t *ret_swap)
{
	if (memory == -1 && memory_and_swap == 0) {
		*ret_swap = -1;
		return true;
	}
	if (memory_and_swap <= 0 || memory == -1) {
		*ret_swap = memory_and_swap;
		return memory_and_swap >= -1;
	}
	if (memory <= 0 || memory_and_swap < memory)
		return false;
	*ret_swap = memory_and_swap - memory;
	return true;
}
