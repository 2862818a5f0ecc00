/* SPDX-License-Identifier: Apache-2.0 */
/*
 * utc.c - a time as text
 *
 * Years are counted from March here, so that the day that some of them have more comes last, and days
 * from 1 March of the year 0, where a cycle of 400 years begins.
 */
#include "base/utc.h"

#include <stdio.h>

#define DAY_SECONDS 86400
#define DAYS_TO_EPOCH 719468
#define DAYS_OF_400 146097
#define DAYS_OF_100 36524
#define DAYS_OF_4 1461

void utc_text(char ret[UTC_SIZE], int64_t seconds)
{
	int64_t days = seconds / DAY_SECONDS, rest = seconds % DAY_SECONDS;

	if (rest < 0) {
		rest += DAY_SECONDS;
		days--;
	}
	days += DAYS_TO_EPOCH;

	int64_t cycle = days / DAYS_OF_400, day = days % DAYS_OF_400;
	/* the years that are over: of 365 days, without those that were longer */
	int64_t year =
		(day - day / (DAYS_OF_4 - 1) + day / DAYS_OF_100 - day / (DAYS_OF_400 - 1)) / 365;

	day -= 365 * year + year / 4 - year / 100;
	/* five months have 153 days: March to July, August to December */
	int64_t month = (5 * day + 2) / 153;

	day -= (153 * month + 2) / 5;
	snprintf(ret, UTC_SIZE, "%04lld-%02d-%02dT%02d:%02d:%02d",
		 (long long)cycle * 400 + year + (month > 9),
		 (int)(month > 9 ? month - 9 : month + 3), (int)day + 1, (int)(rest / 3600),
		 (int)(rest / 60 % 60), (int)(rest % 60));
}
