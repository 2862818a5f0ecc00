/* SPDX-License-Identifier: Apache-2.0 */
/* utc.h - a time as text: what gmtime_r(3) would say, without its reading /etc/localtime first */
#ifndef BASE_UTC_H
#define BASE_UTC_H

#include <stddef.h>
#include <stdint.h>

#define UTC_SIZE 80 /* also of what it is not for */

/* utc_text() - "2026-11-28T21:07:37"; @seconds since the epoch, from the year 1 to 9999 */
void utc_text(char ret[UTC_SIZE], int64_t seconds);

#endif
