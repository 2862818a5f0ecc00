/* SPDX-License-Identifier: Apache-2.0 */
/*
 * abstract.c - for landlock.sh: abstract sockets and message queues, which busybox does not know
 *
 * abstract listen NAME	listens for ever, after a line "ready"
 * abstract connect NAME	a stream's connection: "ok" or the reason
 * abstract queue NAME		makes, opens and removes a message queue: "ok" or the reason
 */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static socklen_t address(struct sockaddr_un *a, const char *name)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	strncpy(a->sun_path + 1, name, sizeof(a->sun_path) - 2);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(a->sun_path + 1));
}

static int say(int rc)
{
	puts(rc < 0 ? strerror(errno) : "ok");
	return rc < 0;
}

static int queue(const char *name)
{
	mqd_t made = mq_open(name, O_RDWR | O_CREAT, 0600, NULL), again = mq_open(name, O_RDONLY);

	return say(made < 0 || again < 0 ? -1 : mq_unlink(name));
}

int main(int argc, char **argv)
{
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un a;
	socklen_t len;

	if (argc != 3)
		return 2;
	if (strcmp(argv[1], "queue") == 0)
		return queue(argv[2]);
	len = address(&a, argv[2]);
	if (strcmp(argv[1], "connect") == 0)
		return say(connect(s, (struct sockaddr *)&a, len));
	if (bind(s, (struct sockaddr *)&a, len) < 0 || listen(s, 9) < 0)
		return say(-1);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
