/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oom.c - when the kernel kills in a container for want of memory
 *
 * Either way there is a descriptor that becomes ready, and a counter that says how often it was for
 * a kill: v2 notifies whoever polls memory.events for any of its members, v1 an eventfd for every
 * time that the limit could not be held.
 */
#include "cgroup/cgroup.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "cgroup/internal.h"

#define EVENTS_MAX 1024

static bool counted(const struct cgroup_oom *o, uint64_t *ret_kills)
{
	char text[EVENTS_MAX];
	const char *at;

	if (cg_read(o->dir, o->v2 ? "memory.events" : "memory.oom_control", text, sizeof(text)) < 0)
		return false;
	at = strstr(text, "oom_kill ");
	return at && sscanf(at, "oom_kill %" SCNu64, ret_kills) == 1;
}

static int watch_v2(struct cgroup_oom *o)
{
	o->fd = openat(o->dir, "memory.events", O_RDONLY | O_CLOEXEC);
	o->events = POLLPRI;
	return o->fd < 0 ? -1 : 0;
}

/* cgroup-v1/memory.rst, "OOM Control": "<eventfd> <descriptor of memory.oom_control>" */
static int watch_v1(struct cgroup_oom *o)
{
	auto_close int control = openat(o->dir, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	char line[32];

	if (control < 0)
		return -1;
	o->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	o->events = POLLIN;
	if (o->fd < 0)
		return -1;
	snprintf(line, sizeof(line), "%d %d", o->fd, control);
	return cg_file_write(o->dir, "cgroup.event_control", line);
}

int cgroup_oom_watch(const struct op_cgroup *cg, struct cgroup_oom *ret, struct err *e)
{
	struct cgroup_oom o = CGROUP_OOM_INIT;

	o.dir = cg_open_controller(cg, "memory", &o.v2);
	if (o.dir < 0 || !counted(&o, &o.kills)) { /* nobody counts memory here */
		cgroup_oom_done(&o);
		*ret = (struct cgroup_oom)CGROUP_OOM_INIT;
		return 0;
	}
	if (o.v2 ? watch_v2(&o) : watch_v1(&o)) {
		err_sys(e, "watch the memory of the container");
		cgroup_oom_done(&o);
		return -1;
	}
	(void)cgroup_oom_happened(&o); /* arms poll(2): v2 wants to have been read */
	*ret = o;
	return 0;
}

bool cgroup_oom_happened(struct cgroup_oom *o)
{
	uint64_t before = o->kills;
	char drain[EVENTS_MAX];

	if (o->fd < 0)
		return false;
	if (o->v2)
		(void)lseek(o->fd, 0, SEEK_SET);
	(void)!read(o->fd, drain, sizeof(drain)); /* EAGAIN: the eventfd has not been written */
	if (!counted(o, &o->kills)) {
		fd_close(&o->fd); /* the cgroup is gone: it would be ready for ever */
		return false;
	}
	return o->kills > before;
}

void cgroup_oom_done(struct cgroup_oom *o)
{
	fd_close(&o->fd);
	fd_close(&o->dir);
}
