/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_state.c - libFuzzer target: any bytes as state.json, and as the plan.json it is salvaged from
 *
 * Whatever is read is written, read again and must be the same; a state is decided and printed for
 * it, whose numbers name no process of the machine's.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"
#include "state/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static char *made;

static void remove_directory(void)
{
	static const char *const names[] = { "state.json", "plan.json" };

	for (size_t i = 0; i < 2; i++) {
		auto_free char *path = xasprintf("%s/%s", made, names[i]);

		(void)unlink(path);
	}
	(void)rmdir(made);
	free(made);
}

/* One for the whole run. */
static int directory(void)
{
	static int fd = -1;
	char path[] = "/tmp/fuzz_state.XXXXXX";

	if (fd < 0) {
		must(mkdtemp(path) != NULL);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		must(fd >= 0);
		made = strdup(path);
		(void)atexit(remove_directory);
	}
	return fd;
}

static void put(int dir, const char *name, const void *data, size_t size)
{
	auto_close int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	must(fd >= 0 && fd_write_all(fd, data, size) == 0);
}

static void use(struct arena *a, struct state *s, int dir)
{
	auto_strbuf struct strbuf doc = STRBUF_INIT;
	struct op_cgroup cg;

	state_cgroup(a, s, &cg);
	must(cg.n_dirs == s->n_cg_dirs);
	(void)state_status(dir, s);
	state_print(&doc, s, STATUS_STOPPED, 0);
	must(doc.len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_arena struct arena a = ARENA_INIT;
	struct state *s = NULL, *again = NULL, *saved = NULL;
	struct err e = ERR_INIT;
	int dir = directory();

	put(dir, "state.json", data, size);
	put(dir, "plan.json", data, size);
	if (state_salvage(&a, dir, "id", &saved, NULL) == 0)
		use(&a, saved, dir);
	if (state_load(&a, dir, &s, &e)) {
		must(!s && e.kind == ERR_INPUT && e.msg[0]);
		return 0;
	}
	use(&a, s, dir);
	must(state_save(dir, s, &e) == 0 && state_load(&a, dir, &again, &e) == 0);
	must(again->pid == s->pid && again->n_cg_dirs == s->n_cg_dirs && streq(again->id, s->id) &&
	     again->n_annotations == s->n_annotations && again->egress_uid == s->egress_uid);
	return 0;
}
