/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libc_glue.c - what the static c-ares would otherwise take from the C library
 *
 * c-ares keys its query ids from /dev/urandom, and where that cannot be opened, as in our empty
 * root, from rand(): here that is the kernel's generator. Its service-name functions, which we
 * never call, would pull the name service switch into a static program.
 */
#include <netdb.h>
#include <stdlib.h>
#include <sys/random.h>

/* #syscalls: getrandom */
int rand(void)
{
	unsigned v;

	if (getrandom(&v, sizeof(v), 0) != sizeof(v))
		abort();
	return (int)(v & RAND_MAX);
}

struct servent *getservbyname(const char *name, const char *proto)
{
	(void)name;
	(void)proto;
	return NULL;
}

int getservbyport_r(int port, const char *proto, struct servent *result, char *buf, size_t len,
		    struct servent **ret)
{
	(void)port;
	(void)proto;
	(void)result;
	(void)buf;
	(void)len;
	*ret = NULL;
	return 0;
}
