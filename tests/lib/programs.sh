# shellcheck shell=bash
# programs.sh - Debian trees with the programs that people and agents run, kept in $AGENTRT_TEST_CACHE.
# Usage: . image.sh; . programs.sh; programs_tree; tools_tree
PROGRAMS=(gcc libc6-dev make git python3 python3-venv python3-pip nodejs npm cargo golang-go default-jdk-headless
	gdb strace tmux procps postgresql redis-server openssh-client openssl sudo chromium)
# A small one: what fetches things over a network.
TOOLS=(git openssh-client python3-pip npm)

# Each makes its tree once for each list of packages, prints its path.
programs_tree() {
	local d
	d=$(cache_dir)
	image_once "$d/programs-$(cksum <<<"${PROGRAMS[*]}" | cut -d' ' -f1)" programs_install
}
tools_tree() {
	local d
	d=$(cache_dir)
	image_once "$d/tools-$(cksum <<<"${TOOLS[*]}" | cut -d' ' -f1)" tools_install
}
tools_install() { # without what no tool reads: the tree is copied, and goes into the virtual machine
	debian_with "$1" "${TOOLS[@]}" && rm -rf "$1"/var/lib/apt/lists/* "$1"/usr/share/{doc,man,locale} "$1/usr/include"
}
programs_install() {
	debian_with "$1" "${PROGRAMS[@]}" || return 1
	chroot "$1" useradd -u 1000 -m dev
	echo 'dev ALL=(ALL) NOPASSWD: ALL' >"$1/etc/sudoers.d/dev" && chmod 440 "$1/etc/sudoers.d/dev"
}

debian_with() { # DIR PACKAGE...
	local tar dir=$1
	shift
	tar=$(debian_tar) && mkdir "$dir" && tar -C "$dir" -xf "$tar" || return 1
	cp /etc/resolv.conf "$dir/etc/resolv.conf"
	printf '#!/bin/sh\nexit 101\n' >"$dir/usr/sbin/policy-rc.d" # no package starts a service
	chmod 755 "$dir/usr/sbin/policy-rc.d"
	# Java's package wants a procfs: in a mount namespace that ends with the command.
	DEBIAN_FRONTEND=noninteractive unshare -m --propagation private sh -ec '
		mount -t proc proc "$0/proc"
		chroot "$0" apt-get update -q
		exec chroot "$0" apt-get install -q -y --no-install-recommends -o Acquire::Retries=5 \
			-o Dpkg::Options::=--force-unsafe-io "$@"' "$dir" "$@" || return 1
	chroot "$dir" apt-get clean
}
