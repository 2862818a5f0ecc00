# shellcheck shell=bash
# programs.sh - a Debian tree with the programs that people and agents run, kept in $AGENTRT_TEST_CACHE.
# Usage: . image.sh; . programs.sh; programs_tree
PROGRAMS=(gcc libc6-dev make git python3 python3-venv python3-pip nodejs npm cargo golang-go default-jdk-headless
	gdb strace tmux procps postgresql redis-server openssh-client openssl sudo chromium)

# Makes the tree once for each list of packages, prints its path.
programs_tree() {
	local d
	d=$(cache_dir)
	image_once "$d/programs-$(cksum <<<"${PROGRAMS[*]}" | cut -d' ' -f1)" programs_install
}

programs_install() { # DIR
	local tar
	tar=$(debian_tar) && mkdir "$1" && tar -C "$1" -xf "$tar" || return 1
	cp /etc/resolv.conf "$1/etc/resolv.conf"
	printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d" # no package starts a service
	chmod 755 "$1/usr/sbin/policy-rc.d"
	# Java's package wants a procfs: in a mount namespace that ends with the command.
	DEBIAN_FRONTEND=noninteractive unshare -m --propagation private sh -ec '
		mount -t proc proc "$0/proc"
		chroot "$0" apt-get update -q
		exec chroot "$0" apt-get install -q -y --no-install-recommends -o Acquire::Retries=5 \
			-o Dpkg::Options::=--force-unsafe-io "$@"' "$1" "${PROGRAMS[@]}" || return 1
	chroot "$1" apt-get clean
	chroot "$1" useradd -u 1000 -m dev
	echo 'dev ALL=(ALL) NOPASSWD: ALL' >"$1/etc/sudoers.d/dev" && chmod 440 "$1/etc/sudoers.d/dev"
}
