# shellcheck shell=bash
# newer.sh - the newer suite of Debian whose engines the engine tests run against, too: its /usr, made by
# debootstrap and kept in $AGENTRT_TEST_CACHE, takes the place of this machine's in a private mount
# namespace. The kernel, /etc, /home, /var and the test stay what they are; dockerd, containerd, its
# shim, podman, conmon, crun, runc and the libraries that agentrt is linked with are the suite's.
# Usage: . image.sh; . newer.sh; newer_exec PROGRAM...
NEWER_SUITE=${AGENTRT_TEST_NEWER_SUITE:-forky}
NEWER_PACKAGES=(docker.io docker-cli docker-buildx containerd runc crun podman conmon aardvark-dns catatonit
	uidmap passt iptables iproute2 procps bsdutils bsdextrautils util-linux-extra tcpdump perl-base jq
	libseccomp2 libyajl2 libmount1 libcap2)
NEWER_SECONDS=${AGENTRT_TEST_NEWER_SECONDS:-1200} # about 130 MB are fetched

# Makes the suite's tree once for each list of packages, prints its path. Who comes second waits.
newer_tree() {
	local d t lock
	d=$(cache_dir)
	t=$d/newer-$NEWER_SUITE-$(cksum <<<"${NEWER_PACKAGES[*]}" | cut -d' ' -f1)
	exec {lock}>"$t.lock" && flock "$lock"
	if [ ! -d "$t" ]; then
		newer_clear "$t.new"
		(newer_install "$t.new") >"$t.log" 2>&1 {lock}>&- && mv "$t.new" "$t" || {
			echo "a Debian $NEWER_SUITE tree could not be made; its log ($t.log) ends with:"
			tail -n 5 "$t.log"
			newer_clear "$t.new"
			t=
		} >&2
	fi
	exec {lock}>&-
	[ -z "$t" ] || echo "$t"
	[ -n "$t" ]
}

# A debootstrap that was ended leaves its proc and sys mounted.
newer_clear() { # DIR
	local m
	awk -v d="$1/" 'index($5, d) == 1 {print $5}' /proc/self/mountinfo | sort -r | while read -r m; do umount -l "$m"; done
	rm -rf --one-file-system "$1"
}

newer_install() { # DIR
	local mirror end=$((SECONDS + NEWER_SECONDS)) script=/usr/share/debootstrap/scripts
	mirror=$(debian_mirror)
	[ -n "$mirror" ] || { echo "apt on this machine knows no Debian archive"; return 1; }
	# A debootstrap that is older than the suite: all suites are made alike.
	[ -e "$script/$NEWER_SUITE" ] && script+=/$NEWER_SUITE || script+=/sid
	newer_within "$end" debootstrap --variant=minbase "$NEWER_SUITE" "$1" "$mirror" "$script" || return 1
	printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d" # no package starts a service
	chmod 755 "$1/usr/sbin/policy-rc.d"
	# --no-install-recommends: what these need is what a machine with an engine has.
	DEBIAN_FRONTEND=noninteractive newer_within "$end" chroot "$1" apt-get install -q -y --no-install-recommends \
		-o Acquire::Retries=5 -o Acquire::http::Timeout=30 -o Dpkg::Options::=--force-unsafe-io "${NEWER_PACKAGES[@]}" || return 1
	chroot "$1" apt-get clean
	rm "$1/usr/sbin/policy-rc.d"
}

newer_within() { # END COMMAND...: what is not done by then is given up
	local left=$(($1 - SECONDS)) status
	shift
	timeout -k 10 $((left > 1 ? left : 1)) "$@"
	status=$?
	[ $status -lt 124 ] || echo "$1: not done within $NEWER_SECONDS s (AGENTRT_TEST_NEWER_SECONDS): is the network slow?"
	return $status
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
