/* SPDX-License-Identifier: Apache-2.0 */
/*
 * work.c - what a program pays inside a container: system calls, and files in its root
 *
 * Prints the names of what it measures; then for each line that it reads, nanoseconds for one of
 * each. The reader asks several containers in turn, so that a slow moment hits them all.
 *
 * Usage: work LOOPS FILES DEEP-FILE EMPTY-DIRECTORY
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SHM_FILE "/dev/shm/agentrt-bench"
#define BLOCK	 4096

static int n_loops, n_files;
static const char *deep, *dir;
static char block[BLOCK];

static void die(const char *what)
{
	fprintf(stderr, "work: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void in_dir(char *path, size_t size, char kind, int i)
{
	snprintf(path, size, "%s/%c%d", dir, kind, i);
}

/* ---- one of each; @i counts up ---- */

static void getppid_(int i)
{
	(void)i;
	(void)syscall(SYS_getppid);
}

static void open_close(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0 || close(fd))
		die(path);
}

static void open_shm(int i)
{
	(void)i;
	open_close(SHM_FILE);
}

static void open_deep(int i)
{
	(void)i;
	open_close(deep);
}

/* A call whose arguments filters look at. */
static void socket_close(int i)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)i;
	if (fd < 0 || close(fd))
		die("socket");
}

static void create(int i)
{
	char path[256];
	int fd;

	in_dir(path, sizeof(path), 'f', i);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (fd < 0 || write(fd, block, BLOCK) != BLOCK || close(fd))
		die(path);
}

static void stat_(int i)
{
	char path[256];
	struct stat st;

	in_dir(path, sizeof(path), 'f', i);
	if (stat(path, &st))
		die(path);
}

static void read_(int i)
{
	char path[256];
	int fd;

	in_dir(path, sizeof(path), 'f', i);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, block, BLOCK) != BLOCK || close(fd))
		die(path);
}

static void rename_(int i)
{
	char from[256], to[256];

	in_dir(from, sizeof(from), 'f', i);
	in_dir(to, sizeof(to), 'g', i);
	if (rename(from, to))
		die(from);
}

static void unlink_(int i)
{
	char path[256];

	in_dir(path, sizeof(path), 'g', i);
	if (unlink(path))
		die(path);
}

static void mkdir_rmdir(int i)
{
	char path[256];

	in_dir(path, sizeof(path), 'd', i);
	if (mkdir(path, 0755) || rmdir(path))
		die(path);
}

static const struct {
	const char *name;
	void (*one)(int i);
	const int *n;
} rows[] = {
	{ "getppid", getppid_, &n_loops },
	{ "socket+close", socket_close, &n_loops },
	{ "open+close, tmpfs", open_shm, &n_loops },
	{ "open+close, image", open_deep, &n_loops },
	{ "create+write 4 KiB", create, &n_files },
	{ "stat", stat_, &n_files },
	{ "open+read 4 KiB", read_, &n_files },
	{ "rename", rename_, &n_files },
	{ "unlink", unlink_, &n_files },
	{ "mkdir+rmdir", mkdir_rmdir, &n_files },
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int main(int argc, char **argv)
{
	char line[64];
	int fd;

	if (argc != 5)
		return 2;
	n_loops = atoi(argv[1]);
	n_files = atoi(argv[2]);
	deep = argv[3];
	dir = argv[4];
	fd = open(SHM_FILE, O_WRONLY | O_CREAT, 0600);
	if (n_loops < 1 || n_files < 1 || fd < 0 || close(fd))
		die(SHM_FILE);
	for (size_t r = 0; r < N_ROWS; r++)
		printf("%s%s", r ? "\t" : "", rows[r].name);
	for (puts(""), fflush(stdout); fgets(line, sizeof(line), stdin); puts(""), fflush(stdout)) {
		for (size_t r = 0; r < N_ROWS; r++) {
			uint64_t start = now_ns();

			for (int i = 0; i < *rows[r].n; i++)
				rows[r].one(i);
			printf("%s%.1f", r ? "\t" : "", (double)(now_ns() - start) / *rows[r].n);
		}
	}
	return 0;
}
