# shellcheck shell=bash
# newer.sh - the newer suite of Debian whose engine the engine tests run against, too: its /usr, made by
# debootstrap and kept in $AGENTRT_TEST_CACHE, takes the place of this machine's in a private mount
# namespace. The kernel, /etc, /home, /var and the test stay what they are; dockerd, containerd, its
# shim and the libraries that agentrt is linked with are the suite's.
# Usage: . image.sh; . newer.sh; newer_exec PROGRAM...
NEWER_SUITE=${AGENTRT_TEST_NEWER_SUITE:-forky}
NEWER_PACKAGES=(docker.io docker-cli docker-buildx containerd runc iptables iproute2 procps bsdutils bsdextrautils
	util-linux-extra tcpdump perl-base jq libseccomp2 libyajl2 libmount1 libcap2)

# Makes the suite's tree once, prints its path.
newer_tree() {
	local d t
	d=$(cache_dir)
	t=$d/newer-$NEWER_SUITE
	if [ ! -d "$t" ]; then
		rm -rf "$t.new"
		newer_install "$t.new" >"$t.log" 2>&1 || { tail -n 5 "$t.log" >&2; return 1; }
		mv "$t.new" "$t"
	fi
	echo "$t"
}

newer_install() { # DIR
	local mirror script=/usr/share/debootstrap/scripts
	mirror=$(debian_mirror)
	[ -n "$mirror" ] || { echo "apt on this machine knows no Debian archive"; return 1; }
	# A debootstrap that is older than the suite: all suites are made alike.
	[ -e "$script/$NEWER_SUITE" ] && script+=/$NEWER_SUITE || script+=/sid
	debootstrap --variant=minbase "$NEWER_SUITE" "$1" "$mirror" "$script" || return 1
	printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d" # no package starts a service
	chmod 755 "$1/usr/sbin/policy-rc.d"
	# --no-install-recommends: what these need is what a machine with Docker has.
	DEBIAN_FRONTEND=noninteractive chroot "$1" apt-get install -q -y --no-install-recommends "${NEWER_PACKAGES[@]}" || return 1
	chroot "$1" apt-get clean
	rm "$1/usr/sbin/policy-rc.d"
}

# Runs a program, which replaces this shell, on that suite's /usr; /usr/local stays this machine's.
newer_exec() {
	local tree
	tree=$(newer_tree) || return 1
	AGENTRT_TEST_NEWER=$tree exec unshare -m --propagation private sh -ec '
		mount --rbind /usr/local "$AGENTRT_TEST_NEWER/usr/local"
		mount --rbind "$AGENTRT_TEST_NEWER/usr" /usr
		exec "$@"' sh "$@"
}
