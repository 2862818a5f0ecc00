/* SPDX-License-Identifier: Apache-2.0 */
/* probe.h - parts of the probe: a JSON writer, names for numbers, the report and what can be asked for. */
#ifndef CONFORMANCE_PROBE_H
#define CONFORMANCE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROBE_TEXT_MAX 65536 /* of one file that is read for the report */

struct probe_name {
	const char *name;
	long value;
};

/* --- json.c: one document on one line of standard output; commas are put where they belong */
void json_open(const char *key, char bracket);
void json_close(char bracket);
void json_str(const char *key, const char *value);
void json_text(const char *key, const char *value, size_t len);
void json_num(const char *key, long long value);
void json_unum(const char *key, unsigned long long value);
void json_bool(const char *key, bool value);
void json_null(const char *key);
void json_flush(int fd);

/* --- names.c */
const char *name_errno(int err);
const char *name_cap(unsigned int cap);
const char *name_rlimit(unsigned int resource);
long name_syscall(const char *name);
int name_signal(const char *name);

/* --- report.c: everything that a process can see of itself without being told where to look */
void report_all(int argc, char **argv, char **env);
void report_namespaces(void);
int read_file(const char *path, char *buf, size_t size);

/* --- mounts.c */
void report_mounts(void);

/* --- ask.c: one question, "what=argument"; the answer's key is the question itself */
void ask(const char *question);

#endif
