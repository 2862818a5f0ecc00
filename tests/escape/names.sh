#!/usr/bin/env bash
# names.sh - where a name that is allowed may lead, from a container started by dockerd: not to the host, its
# bridge or its services, nor elsewhere at the second question; and data by other ways. All the while tcpdump
# sees the container's engine namespace, the bridge and the rest of the host. AGENTRT: the program (default:
# installed). Runs in network and mount namespaces of its own, with a world of ours (tests/lib/world.sh):
#
#	A (the container) - E 172.29.77.2 --- docker0 172.29.77.1, the host, 203.0.113.2 --- 203.0.113.10 and .20
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # agentrt is not installed"; exit 1; }
[ -n "${IN_OWN_NETWORK:-}" ] || exec env IN_OWN_NETWORK=1 AGENTRT="$agentrt" unshare -n -m --propagation private "$0"
. "$here/lib/tap.sh"
. "$here/lib/docker.sh"
. "$here/lib/image.sh"
. "$here/lib/world.sh"
. "$here/lib/capture.sh"
work=$(mktemp -d /tmp/agentrt-names.XXXXXX)
cleanup() {
	captures_end
	dk_stop
	world_stop
	rm -rf "$work"
}
trap cleanup EXIT
debian=$(debian_tar) || { echo "Bail out! no Debian image"; exit 1; }
world_make "$work/world" || { echo "Bail out! the servers' files cannot be made"; exit 1; }

# --- the host, the world, and names that lead from one to the other
ip link set lo up
own=172.29.77.2 bridge=172.29.77.1 peer=172.29.77.3
cat >"$work/world/names" <<END
re-loop.test $WORLD_ADDR 127.0.0.1
re-meta.test $WORLD_ADDR 169.254.169.254
re-own.test $WORLD_ADDR $own
re-bridge.test $WORLD_ADDR $bridge
re-host.test $WORLD_ADDR 203.0.113.2
re-peer.test $peer $bridge
loop.test 127.0.0.1
own.test $own
bridge.test $bridge
host.test 203.0.113.2
peer.test $peer
END
world_start "$work/world" && ip route add default via $WORLD_ADDR || { echo "Bail out! the servers do not start"; exit 1; }
echo "nameserver $WORLD_ADDR" >"$work/resolv.conf" && mount --bind "$work/resolv.conf" /etc/resolv.conf
world_host "$work/world"
mkdir "$work/profiles"

# Their networks are named where that could help: what is the host's stays refused.
jq -n '{name: "names", version: 1, extends: "agent", egress: {allow: [
	("re-loop", "re-meta", "re-own", "re-host", "loop", "own", "host", "peer") + ".test:80",
	({host: ("re-bridge", "re-peer", "bridge") | (. + ".test"), ports: [80], addresses: ["172.29.77.0/24"]})]}}' >"$work/profiles/names.json"
printf '#!/bin/sh\nexec %s --profile-dir %s --profile names "$@"\n' "$agentrt" "$work/profiles" >"$work/names"
chmod 755 "$work/names"
ln -s "$agentrt" "$work/agentrt-oci"
dk_start "names=$work/names" "agentrt-oci=$work/agentrt-oci" || { echo "Bail out! no dockerd"; exit 1; }
dk import "$debian" deb >/dev/null
id=$(dk run -d --name tries -v "$here/lib/exfil.pl:/exfil.pl:ro" deb sleep 600)
web='use Socket; socket(S, PF_INET, SOCK_STREAM, 0); bind(S, pack_sockaddr_in(80, INADDR_ANY)) or die; listen(S, 5); while (accept(C, S)) { sysread(C, $_, 4096); print C "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nthis is a peer\n"; close C }'
dk run -d --name peer --runtime agentrt-oci deb perl -e "$web" >/dev/null
is "the containers have the addresses that the names lead to" \
	"$(for c in tries peer; do dk inspect -f '{{.NetworkSettings.IPAddress}}' $c; done | tr '\n' ' ')" "$own $peer "
capture E any nsenter "--net=$(dk inspect -f '{{.NetworkSettings.SandboxKey}}' tries)"
capture bridge docker0
capture host any
tries() { timeout 120 docker -H "unix://$DK_SOCK" exec tries perl /exfil.pl "$@" 2>&1; }

# --- names
rebind=(re-{loop,meta,own,bridge,host,peer}.test)
out=$(tries get "${rebind[@]}" "${rebind[@]}" {loop,own,bridge,host,peer}.test)
like "names were tried to the end" "$out" '^end$'
for name in "${rebind[@]}"; do
	like "$name: its first address is reached" "$out" "^$name 1 this is (a peer|$name)"
	like "$name: the second is not" "$out" "^$name 2 HTTP/1.1 403"
done
unlike "no service of the host answers, whichever address it is asked by" "$out" HOST-SERVICE
is "a container whose network no entry names is not reached" "$(grep -c '^peer.test 1 this is' <<<"$out")" 0
log() { "$agentrt" egress log "$id"; }
is "each is in the decision log, by its rule" "$(log | jq -r 'select(.verdict == "deny" and .port == 80) | "\(.name):\(.rule)"' | sed 's/\.test:/:/' | sort -u | tr '\n' ' ')" \
	"bridge:egress.own host:egress.own loop:egress.never own:egress.own peer:egress.global re-bridge:egress.own re-host:egress.own re-loop:egress.never re-meta:egress.global re-own:egress.own re-peer:egress.own "

# --- data by other ways
out=$(tries send $WORLD_ADDR $WORLD_OTHER re-loop.test)
like "all other ways were tried" "$out" '^end$'
is "names that would carry data out do not exist" "$(grep -c '^question 3$' <<<"$out")" 4
unlike "no other kind of socket, and nothing of the host's" "$out" '^(icmp|raw|protocol|vsock|packet|abstract)'
like "the proxy refuses by name" "$out" '^proxy HTTP/1.1 403'
got=$(for _ in 1 2 3 4 5; do log; sleep 0.1; done | jq -r 'select(.verdict == "deny") | "\(.via) \(.port) \(.rule)"' | sort -u)
for t in "dns null egress.allow" "udp 53 egress.udp" "udp 9999 egress.udp" "udp 9998 egress.udp" "udp 443 egress.udp" \
	"transparent 25 egress.literal" "transparent 443 egress.literal" "transparent 4444 egress.literal" "connect 443 egress.allow"; do
	like "it is in the decision log: $t" "$got" "^$t\$"
done
got=$(log | jq -r 'select(.rule == "seccomp.socket").name')
for t in "AF_INET SOCK_DGRAM IPPROTO_ICMP" "AF_INET SOCK_RAW IPPROTO_ICMP" "AF_INET SOCK_STREAM IPPROTO_SCTP" \
	"AF_VSOCK SOCK_STREAM 0" "AF_PACKET SOCK_RAW 768"; do
	like "so is a socket: $t" "$got" "^$t\$"
done

# --- what was seen
sleep 0.5
captures_end
capture_bites any
allowed="(host $WORLD_ADDR and (udp port 53 or tcp port 80)) or (host $peer and host $own and tcp port 80)"
for c in E bridge host; do capture_shows $c "$allowed" $own "$peer.80 tcp $WORLD_ADDR.53 udp $WORLD_ADDR.80 tcp "; done
dk rm -f tries peer >/dev/null
world_stop
is "no server is left" "$(pgrep -f "$work/world")" ""
is "nothing is left: mounts, cgroups, state, processes" "$(sleep 0.5; dk_left)" ""
tap_done
