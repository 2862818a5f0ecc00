/* SPDX-License-Identifier: Apache-2.0 */
/* lo.c - the loopback interface of the network namespace that the caller is in */
#include "exec/lo.h"

#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/fd.h"

int lo_up(struct err *e)
{
	/* AF_UNIX: SIOCSIFFLAGS is passed on to the device layer from any family, and this one is
	 * never compiled out or filtered. */
	auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr;

	if (fd < 0)
		return err_sys(e, "open a socket to bring up lo");
	memset(&ifr, 0, sizeof(ifr));
	memcpy(ifr.ifr_name, "lo", 3);
	ifr.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
		return err_sys(e, "bring up lo");
	return 0;
}
