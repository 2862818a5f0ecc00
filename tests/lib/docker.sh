# shellcheck shell=bash
# docker.sh - a private dockerd for tests: its own data-root, exec-root, socket and pid file.
# Usage: . docker.sh; dk_start NAME=PATH...; dk run --runtime=NAME ...; dk_stop
# The first runtime named is the default one. Everything lives under $DK_DIR and goes away.

dk_start() {
	DK_DIR=$(mktemp -d /tmp/agentrt-docker.XXXXXX)
	DK_SOCK=$DK_DIR/docker.sock
	local runtimes= pair
	DK_DEFAULT=${1%%=*}
	for pair in "$@"; do
		runtimes+="${runtimes:+, }\"${pair%%=*}\": {\"path\": \"${pair#*=}\"}"
	done
	cat >"$DK_DIR/daemon.json" <<-EOF
		{"runtimes": {$runtimes}, "default-runtime": "$DK_DEFAULT",
		 "bip": "172.29.77.1/24", "ipv6": false, "storage-driver": "overlay2",
		 "exec-opts": ["native.cgroupdriver=cgroupfs"], "experimental": true}
	EOF
	dk_daemon || return 1
}

dk_daemon() {
	dockerd --config-file "$DK_DIR/daemon.json" --data-root "$DK_DIR/data" --exec-root "$DK_DIR/exec" \
		--pidfile "$DK_DIR/pid" -H "unix://$DK_SOCK" >>"$DK_DIR/log" 2>&1 </dev/null &
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

dk() { docker -H "unix://$DK_SOCK" "$@"; }

dk_stop() {
	[ -n "${DK_DIR:-}" ] || return 0
	local ids m
	ids=$(dk ps -aq 2>/dev/null)
	# shellcheck disable=SC2086
	[ -n "$ids" ] && timeout 60 docker -H "unix://$DK_SOCK" rm -f $ids >/dev/null 2>&1
	if [ -n "${DK_PID:-}" ] && kill "$DK_PID" 2>/dev/null; then
		wait "$DK_PID" 2>/dev/null
	fi
	ip link delete docker0 2>/dev/null
	# dockerd's own chains; nothing else on a test machine uses these names
	local t
	for t in nat filter; do
		iptables-save -t $t 2>/dev/null | grep -E '^-A .*(DOCKER|docker0|172\.29\.77)' | sed 's/^-A/-D/' |
			while read -r rule; do eval "iptables -t $t $rule" 2>/dev/null; done
		for m in DOCKER DOCKER-USER DOCKER-ISOLATION-STAGE-1 DOCKER-ISOLATION-STAGE-2; do
			iptables -t $t -F $m 2>/dev/null
			iptables -t $t -X $m 2>/dev/null
		done
	done
	grep -F " $DK_DIR/" /proc/self/mountinfo | awk '{print $5}' | sort -r | while read -r m; do umount -l "$m"; done
	rm -rf "$DK_DIR"
	DK_DIR=
}
