/* SPDX-License-Identifier: Apache-2.0 */
/* utc.h - a time as text */
#ifndef BASE_UTC_H
#define BASE_UTC_H

#include <stddef.h>
#include <stdint.h>

#define UTC_SIZE 32

/* utc_text() - "2026-11-28T21:07:37"; @seconds since the epoch */
void utc_text(char ret[UTC_SIZE], int64_t seconds);

#endif
