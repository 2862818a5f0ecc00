/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sanitize.c - sanitizer builds only: where findings go
 *
 * Theory of operation: a finding can come in a process that has no descriptor left, is inside of a
 * container's root, or may make no system call but four. So a report is not written to a file: the
 * file that --enable-sanitizers=FILE names is mapped when the program starts, shared, and a report
 * is copied there. That needs nothing of the kernel, and whoever started the test finds it there
 * afterwards, whatever the test made of the program's end. The first eight bytes of the file count
 * what follows.
 *
 * A line of our own comes first, with the place as an offset in the program: the full report asks
 * the kernel for this and that, and a filter may end the process before it is complete. Where not
 * even memory can be had, a row of equal signs is all that is left of it, and is a finding too.
 *
 * Without the file nothing runs: a test that nobody watches proves nothing.
 */
#include "base/sanitize.h"

#ifdef AGENTRT_SANITIZERS

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The sanitizers' own interface (compiler-rt: asan_interface.h, ubsan_monitor.h, asan_internal.h).
 */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
void *__asan_get_report_pc(void);
const char *__asan_get_report_description(void);
void __asan_on_error(void);
void __ubsan_on_report(void);
void __sanitizer_on_print(const char *text);
void __wrap___asan_handle_no_return(void);
void __sanitizer_symbolize_pc(void *pc, const char *format, char *text, size_t size);
void sanitize_wanted(void);
extern const char __executable_start[]; /* ld(1) */

static struct {
	uint64_t used;
	char text[];
} * found;
static size_t room;

/*
 * abort_on_error, handle_abort	the process dies by a signal, which no test takes for a refusal
 * disable_coredump		it would lower RLIMIT_CORE, which a container may inherit
 * quarantine_size_mb		the container's memory limit holds for its first process
 * detect_leaks			looks at the process from outside, which the runtime forbids;
 *				tests/sanitize asks for it where nothing does
 * color			asks the kernel what a terminal is
 * symbolize			starts a program; the addresses are looked up afterwards
 */
const char *__asan_default_options(void)
{
	return "abort_on_error=1:handle_abort=0:disable_coredump=0:quarantine_size_mb=4:"
	       "detect_leaks=0:symbolize=0:detect_stack_use_after_return=0:print_legend=0:color="
	       "never";
}

const char *__ubsan_default_options(void)
{
	return "print_stacktrace=1:symbolize=0:color=never";
}

/* Referred to by the linker's command line, so that this object is part of every program. */
__attribute__((constructor)) void sanitize_wanted(void)
{
	int fd = open(AGENTRT_SANITIZERS, O_RDWR | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && (size_t)st.st_size > sizeof(*found)) {
		void *p = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		if (p != MAP_FAILED) {
			room = (size_t)st.st_size - sizeof(*found);
			found = p;
		}
	}
	if (fd >= 0)
		(void)close(fd);
	if (found) {
		char text[256];

		/* What UBSan would do at its first finding, when it is too late to map memory. */
		__sanitizer_symbolize_pc((void *)(uintptr_t)sanitize_wanted, "%p", text,
					 sizeof(text));
		return;
	}
	fprintf(stderr, "sanitizer build: %s cannot be mapped: tests/sanitize/run makes it\n",
		AGENTRT_SANITIZERS);
	_exit(120);
}

/*
 * Called before every function that does not return, in place of the run-time's own, which makes
 * the stack usable again for what longjmp(3) goes back to. Nothing here jumps; and that one asks
 * the kernel, behind filters that forbid it, and does not know the stacks of thread.c and helper.c.
 */
void __wrap___asan_handle_no_return(void) {}

NOT_SANITIZED void __sanitizer_on_print(const char *text)
{
	size_t len = 0;

	while (text[len])
		len++;
	if (!found)
		return;
	uint64_t at = __atomic_fetch_add(&found->used, len, __ATOMIC_RELAXED);

	for (size_t i = 0; i < len && at + i < room; i++)
		found->text[at + i] = text[i];
}

static NOT_SANITIZED void note(const char *what, const void *pc)
{
	uint64_t offset = (uintptr_t)pc - (uintptr_t)__executable_start;
	char hex[17] = "0000000000000000";

	for (int i = 15; i >= 0; i--, offset >>= 4)
		hex[i] = "0123456789abcdef"[offset & 15];
	__sanitizer_on_print("\nfound: ");
	__sanitizer_on_print(what);
	__sanitizer_on_print(" at (");
	__sanitizer_on_print(program_invocation_name);
	__sanitizer_on_print("+0x");
	__sanitizer_on_print(hex);
	__sanitizer_on_print(")\n");
}

void __asan_on_error(void)
{
	note(__asan_get_report_description(), __asan_get_report_pc());
}

void __ubsan_on_report(void)
{
	note("undefined behaviour", __builtin_return_address(0));
}

#endif
