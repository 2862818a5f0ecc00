/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - what the program says of itself: stderr, and the file of --log
 *
 * Errors and warnings go to stderr and to the log, debug lines only where the level asks for them. A
 * log in JSON gets warnings only together with those: Podman parses its oci-log as one object, so a
 * warning there would hide the error. Only cmd/ logs errors; everybody may log_debug().
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_DEBUG, LOG__COUNT };

/* fd: the opened --log file or -1; owned by the log from now on. json: --log-format json. */
void log_setup(enum log_level level, int fd, bool json);
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
