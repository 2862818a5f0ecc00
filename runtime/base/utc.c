/* SPDX-License-Identifier: Apache-2.0 */
/* utc.c - a time as text */
#include "base/utc.h"

#include <time.h>

void utc_text(char ret[UTC_SIZE], int64_t seconds)
{
	time_t t = seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(ret, UTC_SIZE, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		ret[0] = '\0'; /* a year of more than nine digits */
}
