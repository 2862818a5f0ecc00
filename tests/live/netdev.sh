#!/usr/bin/env bash
# netdev.sh - linux.netDevices: interfaces of the host that a container gets, and gives back when it
# cannot be made. The host's part is taken by a network namespace of the test's own.
# AGENTRT: the program under test.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
[ "${1:-}" = inside ] || exec unshare -n "$0" inside
work=$(mktemp -d /tmp/agentrt-netdev.XXXXXX)
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
trap bundle_cleanup EXIT
bundle_setup
box() { in_box -p oci "$@" 2>&1; }

dev() { # a pair of interfaces, the first with addresses of every kind
	local i
	for ((i = 0; i < 100; i++)); do # the last pair goes some time after its namespace
		ip link add va type veth peer name vb 2>/dev/null && break
		sleep 0.05
	done
	ip addr add 192.0.2.5/24 broadcast 192.0.2.255 dev va
	ip addr add 198.51.100.7 peer 198.51.100.8/32 dev va
	ip addr add 203.0.113.5/24 dev va valid_lft 999 preferred_lft 99
	ip addr add 169.254.5.5/16 scope link dev va
	ip -6 addr add 2001:db8::5/64 dev va nodad
	ip link set va mtu 1400 address 02:11:22:33:44:55 up
	ip link set vb up
}
looks() { # of va on the host: addresses and attributes
	{ ip -o addr show dev va | awk '{print $4}' | grep -v '^fe80' | sort; ip -o link show dev va | grep -oE 'mtu [0-9]+|,UP|02:11[0-9:]*'; } 2>&1 | paste -sd ' '
}
back() { # NAME: va is on the host as it was, but for addresses that the specification does not keep
	is "$1: the interface is as it was" "$(looks)" "169.254.5.5/16 192.0.2.5/24 198.51.100.7 2001:db8::5/64 ,UP mtu 1400 02:11:22:33:44:55"
}

dev
is "the test has an interface with addresses" "$(looks)" "169.254.5.5/16 192.0.2.5/24 198.51.100.7 2001:db8::5/64 203.0.113.5/24 ,UP mtu 1400 02:11:22:33:44:55"
is "it goes with its permanent global addresses, and is up" \
	"$(box '.linux.netDevices = {"va": {"name": "eth7"}}' 'ip addr show eth7' | grep -oE 'mtu [0-9]+|inet6? [^ ]+|peer [^ ]+|brd [0-9.]+|,UP|02:11[0-9:]*' | grep -v fe80 | paste -sd ' ')" \
	",UP mtu 1400 02:11:22:33:44:55 inet 192.0.2.5/24 brd 192.0.2.255 inet 198.51.100.7 peer 198.51.100.8/32 inet6 2001:db8::5/64"
like "the host has it no more" "$(ip link show va 2>&1)" 'does not exist'
dev
is "under its own name if no other is given" "$(box '.linux.netDevices = {"va": {}}' 'ip -o link show va | grep -o 1400')" 1400
dev
is "or under one that the kernel chooses" "$(box '.linux.netDevices = {"va": {"name": "net%d"}, "vb": {"name": "net%d"}}' 'ls /sys/class/net' | paste -sd ' ')" "lo net0 net1"
dev
is "hooks see it there" "$(box '.linux.netDevices = {"va": {"name": "early"}} | .hooks.createRuntime = [{"path": "/bin/sh", "args": ["sh", "-c", "nsenter -t $(jq .pid) -n ip -o link show early | grep -q 1400"], "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]' 'echo ran')" ran

# --- errors: nothing runs, and what was moved comes back
fails() { # NAME JQ-FILTER REGEX
	local out
	out=$(box "$2" 'echo RAN')
	like "$1" "$out" "^agentrt: .*$3"
	unlike "$1: nothing ran" "$out" RAN
}
dev
ip addr del 203.0.113.5/24 dev va
fails "a name that is taken" '.linux.netDevices = {"va": {"name": "lo"}}' 'netDevices.va: .*file exists'
back "a name that is taken"
fails "the second of two" '.linux.netDevices = {"va": {"name": "eth0"}, "vb": {"name": "eth0"}}' 'netDevices.vb: .*file exists'
back "the second of two"
like "the second of two: so is the other" "$(ip link show vb)" ',UP'
fails "a failure after all are moved" '.linux.netDevices = {"va": {}} | .process.cwd = "/bin/busybox"' 'not a directory'
back "a failure after all are moved"
fails "a hook that fails" '.linux.netDevices = {"va": {}} | .hooks.prestart = [{"path": "/bin/false"}]' 'exit status 1'
back "a hook that fails"
fails "an interface that is not there" '.linux.netDevices = {"none": {}}' 'netDevices.none: find network interface none: no such device'
fails "one that cannot be moved" '.linux.netDevices = {"lo": {"name": "eth0"}}' 'netDevices.lo: move'
fails "the host's own namespace" 'del(.linux.sysctl) | .linux.netDevices = {"va": {}} | .linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/net" else . end)' 'netDevices: needs a network namespace of the container'
fails "no network namespace" 'del(.linux.sysctl) | .linux.netDevices = {"va": {}} | .linux.namespaces |= map(select(.type != "network"))' 'needs a network namespace'
fails "a name that none can have" '.linux.netDevices = {"va": {"name": "eth/0"}}' 'is no interface name'
is "the agent profile takes none" "$(in_box -p agent '.linux.netDevices = {"va": {}}' 'ls /sys/class/net' 2>/dev/null)" lo
back "the agent profile takes none"
tap_done
