#!/usr/bin/env bash
# pods.sh - containers that share a sandbox, without an engine: what members share, who is not taken for
# one, and what is left. AGENTRT: the program under test.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
work=$(mktemp -d /tmp/agentrt-live.XXXXXX)
trap bundle_cleanup EXIT
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
bundle_setup
m=-$$
put() { printf '{"name": "%s", "version": 1, "extends": "agent", "egress": %s}\n' "$1" "$2" >"$work/profiles/$1.json"; }
put open '{"allow": ["ok.example:8080"]}'
put wide '{"allow": ["ok.example:8080", "more.example:443"]}'
put narrow '{"allow": []}'

SLEEP='trap "exit 0" TERM; while :; do sleep 0.1; done'
pid_of() { rt state "$1" | jq .pid; }
# sandbox NAME [JQ-FILTER]: a running one of that name, as an engine makes it
sandbox() {
	bundle "$1" '.annotations["io.kubernetes.cri.sandbox-id"] = "'"$1$m"'" | .annotations["io.kubernetes.cri.sandbox-uid"] = "uid-'"$1"'"
		| '"${2:-.}" "$SLEEP"
	rt --profile open run -d --bundle "$work/$1" "$1$m" >"$work/$1.out" 2>&1 </dev/null || cat "$work/$1.out"
}
# as_member SANDBOX-NAME PID [TYPE...]: a filter for the config of one, with these namespaces of that process
as_member() {
	local f='.annotations["io.kubernetes.cri.sandbox-id"] = "'"$1$m"'"' pid=$2 t
	shift 2
	for t in "$@"; do
		f+=' | .linux.namespaces |= map(select(.type != "'"$t"'")) + [{type: "'"$t"'", path: "/proc/'"$pid"'/ns/'"${t/network/net}"'"}]'
	done
	echo "$f"
}
# member [-p PROFILE] NAME JQ-FILTER [SCRIPT]: a running one; with a script, one that prints and ends
member() {
	local p=open
	[ "$1" = -p ] && p=$2 && shift 2
	bundle "$1" "$2" "${3:-$SLEEP}"
	if [ $# -gt 2 ]; then
		rt --profile "$p" run --bundle "$work/$1" "$1$m" 2>&1 </dev/null | grep -v '^agentrt: profile [a-z]* removed:'
	else
		rt --profile "$p" run -d --bundle "$work/$1" "$1$m" >"$work/$1.out" 2>&1 </dev/null
	fi
}
in_ctr() { rt exec "$1$m" sh -c "$2" </dev/null 2>&1; }
ns_of() { in_ctr "$1" "readlink /proc/self/ns/$2"; }
row_of() { awk -v id="$1$m" '$5 == id {print '"$2"'}' /run/agentrt/.ids; }
proxies() { grep -lsxz agentrt-egress /proc/[0-9]*/cmdline | cut -d/ -f3 | while read -r p; do
	u=$(awk '/^Uid/ {print $2}' "/proc/$p/status" 2>/dev/null); awk -v u="$u" '$3 == u {print $5}' /run/agentrt/.ids; done | grep -c -- "$m\$"; }

ok "a sandbox runs" sandbox s1
pid=$(pid_of s1$m)
ok "a member runs" member m1 "$(as_member s1 "$pid" network ipc uts)"
ok "and another one" member m2 "$(as_member s1 "$pid" network ipc uts)"
for k in user net ipc uts; do is "they share $k" "$(ns_of m1 $k) $(ns_of m2 $k)" "$(ns_of s1 $k) $(ns_of s1 $k)"; done
for k in pid mnt cgroup; do unlike "but not $k" "$(ns_of m1 $k)" "$(ns_of m2 $k | tr -d '[]')|$(ns_of s1 $k | tr -d '[]')"; done
is "they have one range of ids" "$(row_of m1 '$1')$(row_of m2 '$1')" "$(row_of s1 '$1')$(row_of s1 '$1')"
is "and one proxy" "$(proxies)" 1
in_ctr m1 'while :; do echo hello | nc -l -p 8088; done' >/dev/null 2>&1 &
server=$!
got=
for ((i = 0; i < 50; i++)); do got=$(in_ctr m2 'nc -w 2 127.0.0.1 8088 </dev/null') && [ "$got" = hello ] && break; sleep 0.2; done
is "one reaches the other's server on localhost" "$got" hello
is "what a member asks of the network is in its sandbox's log" \
	"$(in_ctr m2 'nc -w 2 198.51.100.1 9 </dev/null' >/dev/null; sleep 0.5; rt egress log s1$m | grep -c '"port":9,')" 1
is "which a member's name leads to, too" "$(rt egress log m2$m | grep -c '"port":9,')" 1
in_ctr m2 'ping -c 1 -w 1 198.51.100.1' >/dev/null # busybox asks for a raw socket first
is "what sockets it is refused, too, under its own id" "$(rt egress log s1$m | jq -rc 'select(.via == "socket") | [.container, .name]')" "[\"m2$m\",\"AF_INET SOCK_RAW IPPROTO_ICMP\"]"
like "a member has its own hosts file, without the engine's" "$(in_ctr m1 'cat /etc/hosts')" '^127.0.0.1.localhost'
is "sysfs of a member shows the pod's network" "$(in_ctr m1 'ls /sys/class/net')" lo
is "mqueue is there" "$(in_ctr m1 'grep -c " /dev/mqueue mqueue" /proc/mounts')" 1
is "a member sets a parameter of the pod's network" \
	"$(member m3 "$(as_member s1 "$pid" network) | .linux.sysctl = {\"net.ipv4.ip_default_ttl\": \"77\"}" 'cat /proc/sys/net/ipv4/ip_default_ttl'; in_ctr s1 'cat /proc/sys/net/ipv4/ip_default_ttl')" "77"$'\n'"77"
is "but not how many user namespaces it may hold" \
	"$(member m4 "$(as_member s1 "$pid" network user) | .linux.sysctl = {\"user.max_user_namespaces\": \"9\"}" 'cat /proc/sys/user/max_user_namespaces')" 0
is "pid is shared where the pod does" "$(member m5 "$(as_member s1 "$pid" network pid)" 'readlink /proc/self/ns/pid')" "$(ns_of s1 pid)"
is "the root of a member is its own, and shows the pod's ids" "$(member m6 "$(as_member s1 "$pid" network)" 'touch /x && stat -c %u:%g /x /bin/busybox | sort -u')" 0:0

# --- a member with a network of its own
bundle own "$(as_member s1 "$pid" ipc)" "$SLEEP"
rt --profile wide create --bundle "$work/own" "own$m" >"$work/own.out" 2>&1 </dev/null
owner_of() { python3 -c 'import fcntl, os, sys; print(os.fstat(fcntl.ioctl(os.open(sys.argv[1], 0), 0xb701)).st_ino)' "/proc/$1/ns/net"; } # NS_GET_USERNS
is "what an engine would connect belongs to the machine, not to the pod" "$(owner_of "$(pid_of own$m)")" "$(stat -Lc %i /proc/self/ns/user)"
ok "it starts, with another policy" rt start own$m
is "in the pod's user namespace" "$(ns_of own user)" "$(ns_of s1 user)"
unlike "and a network of its own" "$(ns_of own net)" "$(ns_of s1 net | tr -d '[]')"
is "with a proxy of its own" "$(proxies)" 2
unlike "that is nobody the pod's proxy is" "$(row_of own '$3')" "^$(row_of s1 '$3')\$"
rt delete -f own$m

# --- who is no member
ok "another pod's sandbox runs" sandbox s2
other=$(pid_of s2$m)
for k in user net ipc uts; do unlike "the pods do not share $k" "$(ns_of s2 $k)" "$(ns_of s1 $k | tr -d '[]')"; done
unlike "nor ids" "$(row_of s2 '$1')" "$(row_of s1 '$1')"
unlike "a server of one is not there in the other" "$(in_ctr s2 'nc -w 2 127.0.0.1 8088 </dev/null')" hello
like "a member that names another pod's network is refused" \
	"$(member x1 "$(as_member s1 "$other" network)" true)" 'refused by rule pod\.network'
like "also one that belongs to its pod otherwise" \
	"$(member x2 "$(as_member s1 "$pid" ipc) | $(as_member s1 "$other" network)" true)" 'refused by rule pod\.network'
unlike "another pod's ipc is not joined" \
	"$(member x3 "$(as_member s1 "$pid" network) | $(as_member s1 "$other" ipc)" 'readlink /proc/self/ns/ipc')" "$(ns_of s2 ipc | tr -d '[]')"
# Annotations alone: the network is a new one, and nothing of the pod's is there.
got=$(member x4 "$(as_member s1 1)" 'for k in user net ipc uts; do readlink /proc/self/ns/$k; done; nc -w 2 127.0.0.1 8088 </dev/null')
for k in user net ipc uts; do unlike "forged annotations do not give $k" "$got" "$(ns_of s1 $k | tr -d '[]')"; done
unlike "nor what listens on the pod's localhost" "$got" hello
unlike "nor the ids" "$(member x5 "$(as_member s1 1)" 'cat /proc/self/uid_map')" " $(row_of s1 '$1') "
got=$(member x6 "$(as_member s1 "$pid" network ipc uts) | del(.annotations)" 'for k in user net ipc uts; do readlink /proc/self/ns/$k; done')
for k in user net ipc uts; do unlike "namespaces without annotations do not give $k" "$got" "$(ns_of s1 $k | tr -d '[]')"; done
unlike "nor the sandbox's user namespace by path" \
	"$(member x7 "$(as_member s1 "$pid" user) | del(.annotations)" 'readlink /proc/self/ns/user')" "$(ns_of s1 user | tr -d '[]')"
bundle plain . "$SLEEP"
rt --profile open run -d --bundle "$work/plain" "plain$m" >"$work/plain.out" 2>&1 </dev/null
like "a container that is no sandbox is not joined, whoever says so" \
	"$(member y1 "$(as_member plain "$(pid_of plain$m)" network ipc)" true)" 'refused by rule pod\.sandbox.*not a pod.s sandbox'
like "nor is a member" "$(member y2 "$(as_member m1 "$(pid_of m1$m)" network ipc)" true)" 'refused by rule pod\.sandbox.*not a pod.s sandbox'
rt delete -f plain$m
like "the host's namespaces are nobody's" "$(member x8 "$(as_member s1 $$ network ipc)" 'readlink /proc/self/ns/net; readlink /proc/self/ns/ipc')" 'net:'
unlike "and not joined" "$(member x9 "$(as_member s1 $$ network ipc uts)" 'for k in net ipc uts; do readlink /proc/self/ns/$k; done')" \
	"$(for k in net ipc uts; do readlink /proc/self/ns/$k; done | tr -d '[]' | paste -sd'|')"

# --- files: only where the pod is this one
if mkdir -p "/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/s1$m" "/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/s2$m" 2>/dev/null; then
	boxes=/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes
	trap 'rm -rf "$boxes/s1$m" "$boxes/s2$m"; rmdir -p "$boxes" 2>/dev/null; bundle_cleanup' EXIT
	for s in s1 s2; do echo "name of $s" >"$boxes/$s$m/hostname"; done
	file() { echo '.mounts += [{"destination":"/etc/hostname","type":"bind","source":"'"$boxes/$1$m"'/hostname","options":["rbind","ro"]}]'; }
	is "the pod's file is there for a member" "$(member f1 "$(as_member s1 "$pid" network) | $(file s1)" 'cat /etc/hostname')" "name of s1"
	like "another pod's is refused" "$(member f2 "$(as_member s1 "$pid" network) | $(file s2)" 'cat /etc/hostname')" 'refused by rule mount\.engine'
	like "and the pod's by annotations alone" "$(member f3 "$(as_member s1 1) | $(file s1)" 'cat /etc/hostname')" 'refused by rule mount\.engine'
else
	skip "the pod's files" "/var/lib/containerd cannot be written"
fi

# --- one policy
like "a member with a wider policy is refused, and the rule is named" \
	"$(member -p wide p1 "$(as_member s1 "$pid" network)" true)" 'refused by rule pod\.policy.*allow more\.example 443'
like "so is one with a narrower one" "$(member -p narrow p2 "$(as_member s1 "$pid" network)" true)" 'refused by rule pod\.policy.*allow ok\.example 8080'
like "an annotation of one member alone is another policy" \
	"$(member p3 "$(as_member s1 "$pid" network) | .annotations[\"io.agentrt.egress.mode\"] = \"none\"" true)" 'refused by rule pod\.policy'
is "explain says what would be joined" "$(bundle e1 "$(as_member s1 "$pid" network)" true; rt --profile open explain --bundle "$work/e1" | grep -c "sandbox s1$m")" 3

# --- the sandbox goes
kill $server 2>/dev/null
like "a member of a sandbox that was not started is refused" \
	"$(bundle s3 '.annotations["io.kubernetes.cri.sandbox-id"] = "s3'"$m"'"' "$SLEEP"; rt --profile open create --bundle "$work/s3" "s3$m" >/dev/null 2>&1 </dev/null; member g1 "$(as_member s3 "$(pid_of s3$m)" network)" true; rt delete -f s3$m)" 'refused by rule pod\.sandbox.*not been started'
rt kill s1$m KILL
for ((i = 0; i < 50; i++)); do [ "$(rt state s1$m | jq -r .status)" = stopped ] && break; sleep 0.1; done
is "members outlive their sandbox" "$(in_ctr m1 'echo alive')" alive
for ((i = 0; i < 50; i++)); do [ "$(proxies)" = 1 ] && break; sleep 0.1; done
is "but nothing gets out any more: its proxy has ended" "$(proxies)" 1
like "a new member is refused, and the rule is named" "$(member g2 "$(as_member s1 "$pid" network)" true)" 'refused by rule pod\.sandbox'
like "also with a namespace of a member that is alive" "$(member g3 "$(as_member s1 "$(pid_of m1$m)" network)" true)" 'refused by rule pod\.sandbox'
rt delete s1$m
like "and when the sandbox is deleted" "$(member g4 "$(as_member s1 "$(pid_of m1$m)" network)" true)" 'refused by rule pod\.sandbox.*no such container'
base=$(row_of m1 '$1')
like "the ids are the pod's as long as a member is there" "$base" '^[0-9]+$'
for c in m1 m2 s2; do rt delete -f $c$m; done
is "and given back with the last one" "$(grep -c "^$base " /run/agentrt/.ids)" 0
is "nothing is left" "$(left_of "$m")" ""
tap_done
