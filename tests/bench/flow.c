/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow.c - both ends of the proxy benchmark: bytes a second, connections a second, latencies
 *
 *   flow serve ADDRESS PORT			answers each connection's first byte, below
 *   flow get   ADDRESS PORT GIGABYTES [TARGET]	one stream; prints bytes per second
 *   flow put   ADDRESS PORT GIGABYTES [TARGET]	the same, the other way
 *   flow conns ADDRESS PORT COUNT [TARGET]	one after another; prints a second, p50 and p99 in us
 *   flow hold  ADDRESS PORT COUNT [TARGET]	opens them, prints "held", keeps them until stdin ends
 * TARGET: host:port to ask for with CONNECT. First byte 'G' and 8 bytes of a count: that many bytes
 * come back; 'W': that many follow, and one comes back; 'P': one comes back.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNK (1u << 20)
static char buf[CHUNK];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static struct sockaddr_in address(const char *host, const char *port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)strtoul(port, NULL, 10)) };

	if (inet_pton(AF_INET, host, &sa.sin_addr) != 1)
		die(host);
	return sa;
}

static void read_exactly(int fd, void *p, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t k = read(fd, (char *)p + at, n - at);

		if (k <= 0)
			die("read");
		at += (size_t)k;
	}
}

static void write_exactly(int fd, const void *p, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t k = write(fd, (const char *)p + at, n - at);

		if (k <= 0)
			die("write");
		at += (size_t)k;
	}
}

static void read_all(int fd, uint64_t n)
{
	while (n > 0) {
		ssize_t k = read(fd, buf, n < CHUNK ? n : CHUNK);

		if (k <= 0)
			die("read");
		n -= (uint64_t)k;
	}
}

static void write_all(int fd, uint64_t n)
{
	for (; n > 0; n -= n < CHUNK ? n : CHUNK)
		write_exactly(fd, buf, n < CHUNK ? n : CHUNK);
}

/* ---- server ---- */

static void serve_one(int fd)
{
	uint64_t n;
	char op;

	if (read(fd, &op, 1) != 1)
		return;
	if (op == 'P') {
		write_exactly(fd, "p", 1);
		return;
	}
	read_exactly(fd, &n, sizeof(n));
	if (op == 'W') {
		read_all(fd, n);
		write_exactly(fd, "w", 1);
		return;
	}
	write_all(fd, n);
}

/* 'P' is answered by the parent: a fork would be what is measured. */
static int serve(const char *host, const char *port)
{
	struct sockaddr_in sa = address(host, port);
	int one = 1, s = socket(AF_INET, SOCK_STREAM, 0);

	signal(SIGCHLD, SIG_IGN);
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(s, IPPROTO_IP, IP_TRANSPARENT, &one, sizeof(one)); /* an address that is routed here */
	if (bind(s, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(s, 4096) < 0)
		die("listen");
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		struct timeval wait = { 0, 20000 };
		char op;
		int fd = accept(s, NULL, NULL);

		if (fd < 0)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
		if (recv(fd, &op, 1, MSG_PEEK) == 1 && op == 'P') {
			serve_one(fd);
		} else if (fork() == 0) {
			wait.tv_usec = 0;
			setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
			serve_one(fd);
			_exit(0);
		}
		close(fd);
	}
}

/* ---- client ---- */

struct target {
	struct sockaddr_in sa;
	const char *connect; /* NULL: the address is the server's */
};

static int open_one(const struct target *t)
{
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
	char head[512];
	size_t n = 0;

	if (fd < 0 || connect(fd, (const struct sockaddr *)&t->sa, sizeof(t->sa)) < 0)
		die("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (!t->connect)
		return fd;
	n = (size_t)snprintf(head, sizeof(head), "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n",
			     t->connect, t->connect);
	write_exactly(fd, head, n);
	for (n = 0; n < 4 || memcmp(head + n - 4, "\r\n\r\n", 4) != 0;) { /* the server waits for us */
		ssize_t k = read(fd, head + n, sizeof(head) - n);

		if (k <= 0)
			die("CONNECT");
		n += (size_t)k;
	}
	if (memcmp(head + 9, "200", 3) != 0)
		die("CONNECT was refused");
	return fd;
}

static int stream(const struct target *t, char op, double gigabytes)
{
	uint64_t n = (uint64_t)(gigabytes * 1e9);
	int fd = open_one(t);
	double begin = now();
	char c;

	write_exactly(fd, &op, 1);
	write_exactly(fd, &n, sizeof(n));
	if (op == 'G') {
		read_all(fd, n);
	} else {
		write_all(fd, n);
		read_exactly(fd, &c, 1);
	}
	printf("%.0f\n", (double)n / (now() - begin));
	return 0;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int conns(const struct target *t, size_t count)
{
	double *took = calloc(count + 1, sizeof(*took)), begin = now();

	for (size_t i = 0; i < count; i++) {
		double start = now();
		int fd = open_one(t);
		char c;

		write_exactly(fd, "P", 1);
		read_exactly(fd, &c, 1);
		took[i] = now() - start;
		close(fd);
	}
	begin = now() - begin;
	qsort(took, count, sizeof(*took), by_value);
	printf("%.0f %.0f %.0f\n", (double)count / begin, took[count / 2] * 1e6,
	       took[count * 99 / 100] * 1e6);
	free(took);
	return 0;
}

static int hold(const struct target *t, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)open_one(t);
	printf("held\n");
	fflush(stdout);
	return read(0, buf, 1) < 0;
}

int main(int argc, char **argv)
{
	struct target t;

	signal(SIGPIPE, SIG_IGN);
	if (argc == 4 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2], argv[3]);
	if (argc < 5) {
		fprintf(stderr, "flow serve ADDRESS PORT\n"
				"flow get|put|conns|hold ADDRESS PORT N [TARGET]\n");
		return 2;
	}
	t = (struct target){ address(argv[2], argv[3]), argc > 5 ? argv[5] : NULL };
	if (strcmp(argv[1], "get") == 0 || strcmp(argv[1], "put") == 0)
		return stream(&t, argv[1][0] == 'g' ? 'G' : 'W', strtod(argv[4], NULL));
	if (strcmp(argv[1], "conns") == 0)
		return conns(&t, strtoul(argv[4], NULL, 10));
	return hold(&t, strtoul(argv[4], NULL, 10));
}
