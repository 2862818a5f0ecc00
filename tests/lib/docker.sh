# shellcheck shell=bash
# docker.sh - a private dockerd for tests: its own data-root, exec-root, socket, cgroup and pid file.
# Usage: . docker.sh; dk_start NAME=PATH...; dk run --runtime=NAME ...; dk_stop
# The first runtime named is the default one. Everything lives under $DK_DIR and goes away. The bridge
# and the packet filter are the machine's: tests that start an engine wait for each other.

PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH # the suite's own client, engine and runtimes first

dk_start() {
	exec {DK_LOCK}>/run/lock/agentrt-test-docker && flock "$DK_LOCK"
	DK_DIR=$(mktemp -d /tmp/agentrt-docker.XXXXXX)
	DK_SOCK=$DK_DIR/docker.sock
	DK_CGROUP=${DK_DIR##*/} # what is counted there is this engine's
	DK_FORWARD=$(cat /proc/sys/net/ipv4/ip_forward)
	DK_POLICY=$(iptables -S FORWARD 2>/dev/null | grep '^-P')
	local runtimes= pair
	DK_DEFAULT=${1%%=*}
	for pair in "$@"; do
		runtimes+="${runtimes:+, }\"${pair%%=*}\": {\"path\": \"${pair#*=}\"}"
	done
	cat >"$DK_DIR/daemon.json" <<-EOF
		{"runtimes": {$runtimes}, "default-runtime": "$DK_DEFAULT", "cgroup-parent": "/$DK_CGROUP",
		 "bip": "172.29.77.1/24", "ipv6": false, "storage-driver": "overlay2",
		 "exec-opts": ["native.cgroupdriver=cgroupfs"], "experimental": true}
	EOF
	dk_daemon || return 1
	DK_VERSION=$(dk version -f '{{.Server.Version}}')
	echo "# Docker $DK_VERSION, $(containerd --version | cut -d' ' -f3)"
}

dk_daemon() { # FLAG...
	dockerd "$@" --config-file "$DK_DIR/daemon.json" --data-root "$DK_DIR/data" --exec-root "$DK_DIR/exec" \
		--pidfile "$DK_DIR/pid" -H "unix://$DK_SOCK" >>"$DK_DIR/log" 2>&1 </dev/null {DK_LOCK}>&- &
	DK_PID=$!
	local i
	for ((i = 0; i < 300; i++)); do
		dk version >/dev/null 2>&1 && return 0
		kill -0 "$DK_PID" 2>/dev/null || break
		sleep 0.1
	done
	echo "# dockerd did not start:" && tail -n 20 "$DK_DIR/log" | sed 's/^/#   /'
	return 1
}

# Ends dockerd as an administrator does (TERM) or as the kernel does (KILL).
dk_end() { # SIGNAL
	kill -"$1" "$DK_PID"
	wait "$DK_PID" 2>/dev/null
	[ "$1" = TERM ] || rm -f "$DK_DIR/pid" "$DK_DIR/exec/containerd/containerd.pid"
}

dk() { docker -H "unix://$DK_SOCK" "$@"; }

# What this engine's containers have left: one line an object, nothing when all is clean.
dk_left() {
	# The data root (one more with --userns-remap), the last container's namespace file and BuildKit's cgroup are dockerd's own.
	awk -v d="$DK_DIR/" 'index($5, d) == 1 && $5 !~ "/data(/[0-9]+[.][0-9]+)?$|/netns/" {print "mount " $5}' /proc/self/mountinfo
	find /sys/fs/cgroup -path "*/$DK_CGROUP/*" -type d -not -name buildkit -printf 'cgroup %p\n' 2>/dev/null
	find "$DK_DIR/exec/runtime-runc/moby" -mindepth 1 -maxdepth 1 -not -name '.*' -printf 'state %p\n' 2>/dev/null
	grep -lsF "/$DK_CGROUP/" /proc/[0-9]*/cgroup | sed 's/^/process /'
}

# dockerd's own chains, which it leaves behind; nothing else on a test machine uses these names.
dk_rules_clear() {
	local ipt t rule chain
	for ipt in iptables ip6tables; do
		for t in raw nat filter; do
			$ipt-save -t $t 2>/dev/null | grep -E '^-A .*(DOCKER|docker0|172\.29\.77)' | sed 's/^-A/-D/' |
				while read -r rule; do eval "$ipt -t $t $rule" 2>/dev/null; done
			for chain in $($ipt-save -t $t 2>/dev/null | sed -n 's/^:\(DOCKER[^ ]*\) .*/\1/p'); do
				$ipt -t $t -F "$chain" 2>/dev/null
				$ipt -t $t -X "$chain" 2>/dev/null
			done
		done
	done
	# shellcheck disable=SC2086
	[ -z "$DK_POLICY" ] || iptables $DK_POLICY
	echo "$DK_FORWARD" >/proc/sys/net/ipv4/ip_forward
}

dk_stop() {
	[ -n "${DK_DIR:-}" ] || return 0
	local ids m
	ids=$(dk ps -aq 2>/dev/null)
	# shellcheck disable=SC2086
	[ -n "$ids" ] && timeout 60 docker -H "unix://$DK_SOCK" rm -f $ids >/dev/null 2>&1
	dk network prune -f >/dev/null 2>&1
	if [ -n "${DK_PID:-}" ] && kill "$DK_PID" 2>/dev/null; then
		wait "$DK_PID" 2>/dev/null
	fi
	ip link delete docker0 2>/dev/null
	dk_rules_clear
	grep -F " $DK_DIR/" /proc/self/mountinfo | awk '{print $5}' | sort -r | while read -r m; do umount -l "$m"; done
	find /sys/fs/cgroup -depth -path "*/$DK_CGROUP*" -type d -exec rmdir {} + 2>/dev/null
	rm -rf "$DK_DIR"
	DK_DIR=
	exec {DK_LOCK}>&-
}
