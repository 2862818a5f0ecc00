#!/usr/bin/env bash
# sockets.sh - sockets that the agent profile's filter refuses are in the decision log, and stay refused
# whatever becomes of the proxy. AGENTRT: the program under test. SOCKET: tests/live/socket.c, compiled,
# where there is no compiler.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
work=$(mktemp -d /tmp/agentrt-sockets.XXXXXX)
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
trap bundle_cleanup EXIT
bundle_setup
cp "${SOCKET:-}" "$work/rootfs/bin/socket" 2>/dev/null ||
	cc -O2 -static -o "$work/rootfs/bin/socket" "$here/live/socket.c" 2>/dev/null ||
	{ echo "1..0 # SKIP no C compiler, and SOCKET is not set"; exit 0; }
m=-$$
ex() { rt exec "$@" </dev/null 2>/dev/null; }
told() { rt egress log "$1" | jq -r 'select(.via == "socket") | .name'; } # ID: what was asked for, a line each
pid_in() { jq -r ".$2" "$work/state/$1/state.json"; }                      # ID KEY
fds() { ls "/proc/$1/fd" | wc -l; }
start() { bundle "$1" "${2:-.}" "${3:-sleep 300}" && rt run -d --bundle "$work/$1" "$1$m" >"$work/$1.out" 2>&1 </dev/null; }

# --- family, type, protocol, the errno that it gets, what the log calls it
refused=("17 3 768|97|AF_PACKET SOCK_RAW 768" "2 3 1|1|AF_INET SOCK_RAW IPPROTO_ICMP"
	"10 3 58|1|AF_INET6 SOCK_RAW IPPROTO_ICMPV6" "2 3 255|1|AF_INET SOCK_RAW IPPROTO_RAW"
	"2 2 1|13|AF_INET SOCK_DGRAM IPPROTO_ICMP" "10 0x80002 58|13|AF_INET6 SOCK_DGRAM IPPROTO_ICMPV6"
	"2 10 768|1|AF_INET SOCK_PACKET 768" "40 1 0|97|AF_VSOCK SOCK_STREAM 0"
	"0x100000028 1 0|97|AF_VSOCK SOCK_STREAM 0" "2 1 262|93|AF_INET SOCK_STREAM IPPROTO_MPTCP"
	"2 1 132|38|AF_INET SOCK_STREAM IPPROTO_SCTP" "2 2 136|38|AF_INET SOCK_DGRAM IPPROTO_UDPLITE"
	"16 3 12|93|AF_NETLINK SOCK_RAW NETLINK_NETFILTER" "38 5 0|97|AF_ALG SOCK_SEQPACKET 0"
	"44 3 0|97|AF_XDP SOCK_RAW 0")
allowed=("2 1 0" "2 1 6" "10 0x80001 0" "2 2 17" "10 0x802 0" "1 1 0" "1 5 0" "16 3 0")
ask='' want='' names=''
for r in "${refused[@]}"; do
	IFS='|' read -r args errno name <<<"$r"
	ask+="socket $args; " want+="$errno " names+="$name"$'\n'
done
for args in "${allowed[@]}"; do ask+="socket $args; " want+="ok "; done
start main . "($ask) >/out; sleep 300"
for ((i = 0; i < 100; i++)); do [ "$(ex main$m wc -l /out)" = "$((${#refused[@]} + ${#allowed[@]})) /out" ] && break; sleep 0.1; done
is "the first process: each gets the errno of its rule, or is made" "$(ex main$m cat /out | tr '\n' ' ')" "$want"
is "and what was refused is in the log, in order, and nothing else" "$(told main$m)" "${names%$'\n'}"
is "each as a denial of one rule" "$(rt egress log main$m | jq -rc 'select(.via == "socket") | [.container, .verdict, .rule, .port, .address]' | sort -u)" \
	"[\"main$m\",\"deny\",\"seccomp.socket\",null,null]"
is "by exec the same errnos" "$(ex main$m sh -c "$ask" | tr '\n' ' ')" "$want"
is "and the same lines" "$(told main$m | tail -n "${#refused[@]}")" "${names%$'\n'}"
for s in "$here"/../docs/egress-log.schema.json; do
	is "every line is as the schema says" \
		"$(rt egress log main$m | jq -c --slurpfile s "$s" '$s[0].oneOf[0] as $o | select((.via | IN($o.properties.via.enum[]) | not) or keys != ($o.required | sort))')" ""
done
like "explain says it" "$(rt explain --bundle "$work/main" 2>/dev/null)" 'refused sockets are recorded by agentrt-egress'

# --- the proxy's side
proxy=$(pid_in main$m egressPid)
before=$(fds "$proxy")
for ((i = 0; i < 20; i++)); do ex main$m true; done
for ((i = 0; i < 50; i++)); do [ "$(fds "$proxy")" -le "$before" ] && break; sleep 0.1; done
is "an exec that has ended leaves no descriptor in the proxy" "$(fds "$proxy")" "$before"
is "processes that are killed while they wait take nothing with them" "$(ex main$m socket mortal 100)" killed
is "nor is any of it left" "$(ex main$m socket 17 3 768)" 97
ex main$m socket flood 4 >"$work/flood" &
flood=$!
sleep 0.5
t0=$(date +%s%N)
out=$(ex main$m sh -c 'nslookup flooded.example 2>&1; nc -w 3 192.0.2.1 25 </dev/null 2>&1')
t1=$(date +%s%N)
wait $flood
like "a flood of them keeps nobody from his answers" "$out" 'NXDOMAIN'
ok "nor for long" test $(((t1 - t0) / 1000000)) -lt 2000
like "each of them was refused" "$(cat "$work/flood")" '^[0-9]{4,} tried, 0 otherwise$'
sleep 1.2
ex main$m socket 17 3 768 >/dev/null
n=$(told main$m | wc -l)
ok "and the log has not grown with them" test "$n" -lt 2000
ok "but says how many lines are missing" test "$(rt egress log main$m | jq -s 'map(.suppressed // 0) | add')" -gt 1000
is "a program inside may have no listener of its own" "$(ex main$m socket listener)" 16

# --- beside a filter of the config's
filter() { echo ".linux.seccomp = {\"defaultAction\": \"$1\", \"syscalls\": [{\"names\": [\"socket\"], \"action\": \"$2\", \"args\": [{\"index\": 0, \"value\": $3, \"op\": \"${4:-SCMP_CMP_EQ}\"}]}]}"; }
ask3='socket 40 1 0; socket 2 1 0; socket 2 3 1'
start docker "$(filter SCMP_ACT_ALLOW SCMP_ACT_ERRNO 40)"
is "what the config's filter refuses, too, is refused" "$(ex docker$m sh -c "$ask3" | tr '\n' ' ')" "97 ok 1 "
is "and recorded" "$(told docker$m)" "AF_VSOCK SOCK_STREAM 0"$'\n'"AF_INET SOCK_RAW IPPROTO_ICMP"
start stricter "$(filter SCMP_ACT_ALLOW SCMP_ACT_ERRNO 2)"
is "what it alone refuses stays refused" "$(ex stricter$m sh -c 'socket 2 1 0; socket 10 1 0; socket 2 3 1' | tr '\n' ' ')" "1 ok 1 "
is "by it, so there is no line" "$(told stricter$m)" "AF_INET SOCK_RAW IPPROTO_ICMP"
start kills "$(filter SCMP_ACT_ALLOW SCMP_ACT_KILL_PROCESS 40)"
is "what it kills for it kills for" "$(ex kills$m sh -c 'socket 40 1 0; echo $?; socket 2 3 1' | tr '\n' ' ')" "159 1 "

# --- where nobody listens
start gone
kill -9 "$(pid_in gone$m egressPid)"
sleep 0.2
is "when the proxy is dead, an exec has the filter as it is" "$(RT_TIMEOUT=5 ex gone$m sh -c "$ask" | tr '\n' ' ')" "$want"
is "and is not troubled with it" "$(rt exec gone$m true 2>&1 </dev/null)" ""
start first . 'while [ ! -e /go ]; do sleep 0.1; done; socket 17 3 768 >/out; sleep 300'
kill -9 "$(pid_in first$m egressPid)"
ex first$m touch /go
for ((i = 0; i < 50; i++)); do [ -n "$(ex first$m cat /out)" ] && break; sleep 0.1; done
is "a process that has the other one is refused at once, by the kernel" "$(ex first$m cat /out)" 38
start stopped . 'while [ ! -e /go ]; do sleep 0.1; done; exec socket 17 3 768'
kill -STOP "$(pid_in stopped$m egressPid)"
ex stopped$m touch /go
sleep 0.3
ok "a process that waits for a stopped proxy can be killed" rt kill stopped$m KILL
for ((i = 0; i < 50; i++)); do [ "$(rt state stopped$m | jq -r .status)" = stopped ] && break; sleep 0.1; done
is "and has ended" "$(rt state stopped$m | jq -r .status)" stopped
ok "delete --force ends the proxy" rt delete --force stopped$m

# --- where the kernel gives no listener: refused all the same, and that is said
cp "$work/rootfs/bin/socket" "$work/socket"
bundle plain . "$ask"
out=$("$work/socket" outer "$agentrt" --root "$work/state" --profile-dir "$work/profiles" run --bundle "$work/plain" plain$m 2>"$work/plain.err" </dev/null)
is "below another listener the same errnos" "$(tr '\n' ' ' <<<"$out")" "$want"
like "and a warning that nothing is recorded" "$(cat "$work/plain.err")" 'what sockets are refused is not recorded'
# More rules about sockets than the proxy takes.
"$agentrt" profile show agent | jq '{version: 1, name: "long", extends: "agent", seccomp} | .seccomp.syscalls += [range(900) |
	{reason: "x", names: ["socket"], action: "SCMP_ACT_ALLOW", args: [{index: 0, op: "SCMP_CMP_EQ", value: 2}, {index: 2, op: "SCMP_CMP_EQ", value: (1000 + .)}]}]' \
	>"$work/profiles/long.json"
is "with a filter that is too long for that the same errnos" "$(in_box -p long "$ask" 2>"$work/long.err" | tr '\n' ' ')" "$want"
like "and a warning" "$(cat "$work/long.err")" "not recorded: the profile's filter is too long"
jq 'del(.defaults)' <<<'{"version": 1, "name": "none", "extends": "agent", "egress": {"mode": "none", "allow": []}}' >"$work/profiles/none.json"
is "without a proxy, too" "$(in_box -p none "$ask" 2>/dev/null | tr '\n' ' ')" "$want"

for id in main docker stricter kills gone first; do rt delete --force "$id$m" >/dev/null 2>&1; done
is "nothing is left" "$(left_of "$m")" ""
tap_done
