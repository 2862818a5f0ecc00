#!/usr/bin/env bash
# traffic.sh - real tools in a container against servers of ours, and what must not get out, under capture.
# apt, pip, npm and git know no proxy; the hosts are those that `egress discover` reads in the image and a
# project. While everything runs, tcpdump sees all of E and of the host: what is there was allowed.
# Needs root, and the packages that tests/all lists. AGENTRT: the program under test.
#   AGENTRT_TEST_ROOTLESS=1   (traffic-rootless.sh) the runtime belongs to an ordinary user with subordinate ids
#   AGENTRT_TEST_TREE, AGENTRT_TEST_WORLD   an image tree and a world_make() directory, where neither can be made
#   AGENTRT_TEST_SLOW=N   so many times slower than a machine
# Everything is in network and mount namespaces of its own:
#
#	A (the container) - E 172.30.5.2 --- 172.30.5.1 HOST 203.0.113.2 --- 203.0.113.10 and .20, the world
#
# Rootless there is no E of an engine's: the proxy dials from HOST.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
built=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$built" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
[ -n "${IN_OWN_NETWORK:-}" ] || exec env IN_OWN_NETWORK=1 AGENTRT="$built" unshare -n -m --propagation private "$0"
agentrt=$built
work=$(mktemp -d /tmp/agentrt-traffic.XXXXXX)
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
. "$here/lib/programs.sh"
. "$here/lib/world.sh"
. "$here/lib/capture.sh"
rootless=${AGENTRT_TEST_ROOTLESS:-}
user=agt$$
cleanup() {
	captures_end
	end_containers
	world_stop
	if [ -n "$rootless" ]; then
		pgrep -u "$user" | xargs -r kill -9
		sed -i "/^$user:/d" /etc/subuid /etc/subgid
		userdel -r "$user" 2>/dev/null
	fi
	umount -l "$work/root" "$work/e" 2>/dev/null
	bundle_cleanup
}
as_user() {
	setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups env -i HOME="/home/$user" \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin XDG_RUNTIME_DIR="$work/run" ${AGENTRT_MUTANT:+AGENTRT_MUTANT="$AGENTRT_MUTANT"} "$@"
}
end_containers() { for id in $(rt list -q 2>/dev/null); do rt delete --force "$id" >/dev/null 2>&1; done; }
trap cleanup EXIT
chmod 755 "$work"
mkdir -p "$work"/{profiles,project/.git,upper,ovl,root}
tree=${AGENTRT_TEST_TREE:-$(tools_tree)} || { echo "Bail out! the image with the tools cannot be made"; exit 1; }
world=$work/world
if [ -n "${AGENTRT_TEST_WORLD:-}" ]; then cp -a "$AGENTRT_TEST_WORLD" "$world"; else world_make "$world"; fi ||
	{ echo "Bail out! what the tools fetch cannot be made"; exit 1; }

# --- the network
ip link set lo up
own=203.0.113.2
if [ -z "$rootless" ]; then
	own=172.30.5.2
	touch "$work/e" && unshare --net="$work/e" true || { echo "Bail out! no network namespaces"; exit 1; }
	in_e() { nsenter --net="$work/e" "$@"; }
	ip link add b0 type veth peer name e0 && ip link set e0 netns "$work/e" && ip addr add 172.30.5.1/24 dev b0 && ip link set b0 up
	in_e ip link set lo up && in_e ip addr add $own/24 dev e0 && in_e ip link set e0 up && in_e ip route add default via 172.30.5.1
	echo 1 >/proc/sys/net/ipv4/ip_forward
fi
# Names that lead elsewhere at the second question, and names that lead to the host.
cat >"$world/names" <<END
re-never.test $WORLD_ADDR 127.0.0.1
re-meta.test $WORLD_ADDR 169.254.169.254
re-own.test $WORLD_ADDR $own
re-host.test $WORLD_ADDR 203.0.113.2
loop.test 127.0.0.1
meta.test 169.254.169.254
own.test $own
host.test 203.0.113.2
gate.test 172.30.5.1
listed.test 172.30.5.1
near.test 172.30.5.77
END
world_start "$world" || { echo "Bail out! the servers do not start"; exit 1; }
world_host "$world"
[ -n "$rootless" ] || in_world ip route add 172.30.5.0/24 via 203.0.113.2
echo "nameserver $WORLD_ADDR" >"$work/resolv.conf"
capture host any
[ -n "$rootless" ] || capture E any nsenter --net="$work/e"

# --- the image: the tools, and their own files that say where to fetch from
if [ -z "$rootless" ]; then
	mount -t overlay -o "lowerdir=$tree,upperdir=$work/upper,workdir=$work/ovl" own "$work/root"
else
	mount --bind "$work/resolv.conf" /etc/resolv.conf
	useradd -m -s /bin/sh "$user" || { echo "Bail out! no user can be made"; exit 1; }
	sed -i "/^$user:/d" /etc/subuid /etc/subgid
	echo "$user:$((5 << 27)):65536" | tee -a /etc/subuid >>/etc/subgid
	mkdir -p "$work/bin" "$work/run"
	chown "$user:" "$work/root" "$work/run" && chmod 700 "$work/run"
	tar -C "$tree" --exclude="./dev/*" -c . | as_user tar -C "$work/root" -xp --no-same-owner
fi
world_image "$world" "$work/root" || { echo "Bail out! the image cannot be made"; exit 1; }
repo=$world/www/git.test/repo.git
printf '[remote "origin"]\n\turl = ssh://root@git.test%s\n[remote "web"]\n\turl = https://git.test/repo.git\n' "$repo" >"$work/project/.git/config"
if [ -n "$rootless" ]; then
	egress=$(dirname "$built")/agentrt-egress
	[ -x "$egress" ] || egress=$(dirname "$built")/../libexec/agentrt-egress
	install -m 755 "$built" "$egress" "$work/bin/"
	agentrt=$work/bin/agentrt
	chown -R "$user:" "$work/root/etc" "$work/project"
	rt() { as_user timeout -k 5 "${RT_TIMEOUT:-30}" "$agentrt" --profile-dir "$work/profiles" "$@"; }
fi
slow=${AGENTRT_TEST_SLOW:-1}
RT_TIMEOUT=$((60 * slow))

# --- the policy: what discover found, of ours
found=$(rt egress discover --project "$work/project" "$work/root/" | jq '{egress: {allow: [.egress.allow[] | select(.host | endswith(".test"))]}}')
is "discover finds what the image and the project are configured for" \
	"$(jq -r '.egress.allow[] | "\(.host):\(.ports[0])"' <<<"$found" | sort | tr '\n' ' ')" "apt.test:80 git.test:22 git.test:443 npm.test:443 pip.test:443 "
via='{}'
[ -z "$rootless" ] || via='{"egress": {"via": "host"}}'
put() { jq --arg n "$1" --argjson v "$via" "{name: \$n, version: 1, extends: \"agent\"} * \$v * . ${2:-}" <<<"$found" >"$work/profiles/$1.json"; }
put tools
put names '| .egress.allow += [("re-never", "re-meta", "re-own", "re-host", "loop", "meta", "own", "host", "gate", "near") + ".test:80"] +
	[{host: "listed.test", ports: [80], addresses: ["172.30.5.0/24"]}]'
config='.root = {path: $r} | .process.args = ["bash", "-c", $s] | .process.cwd = "/tmp" |
	.process.env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "DEBIAN_FRONTEND=noninteractive"]'
[ -n "$rootless" ] || config+='| .mounts += [{destination: "/etc/resolv.conf", type: "bind", source: ($w + "/resolv.conf"), options: ["rbind", "ro"]}] |
	(.linux.namespaces[] | select(.type == "network")).path = $w + "/e"'
n=0
as() { # PROFILE SCRIPT: what it prints, errors too; the decision log is left in $work/log
	local profile=$1 dir
	n=$((n + 1)) dir=$work/b$n
	mkdir -p "$dir"
	jq --arg s "unset \$(compgen -e | grep -i _proxy\$)"$'\n'"$2"$'\n'"sleep $((slow > 1)).3" --arg r "$work/root" --arg w "$work" "$config" "$here/lib/config.json" >"$dir/config.json"
	rt --profile "$profile" create --bundle "$dir" "t$n-$$" >"$dir/out" 2>&1 </dev/null
	rt egress log --follow "t$n-$$" >"$work/log" 2>/dev/null &
	local follower=$!
	rt start "t$n-$$" >>"$dir/out" 2>&1
	wait "$follower"
	rt delete --force "t$n-$$" >/dev/null 2>&1
	grep -v '^agentrt: profile' "$dir/out"
}
denied() { jq -r 'select(.verdict == "deny") | "\(.via) \(.name):\(.port) \(.rule)"' "$work/log" | sort -u; }
if ! rt --profile tools explain --bundle "$(as tools true >/dev/null; echo "$work/b1")" --json | grep -q '"steered":"'; then
	skip "tools that know no proxy" "connections are not steered here"
	tap_done
	exit
fi

# --- what is allowed works
out=$(as tools 'env | grep -ci _proxy; apt-get -qq update && apt-get -qq install -y agentrt-probe >/dev/null && agentrt-probe; echo "apt $?"')
like "no proxy variable is left" "$out" '^0$'
like "apt reads a signed archive, and installs from it" "$(tr '\n' ' ' <<<"$out")" 'probe of apt apt 0'
out=$(as tools 'python3 -m pip install -q --break-system-packages --root-user-action=ignore --disable-pip-version-check agentrt-probe && python3 -c "import agentrt_probe"; echo "pip $?"')
like "pip installs by TLS" "$(tr '\n' ' ' <<<"$out")" 'probe of pip pip 0'
out=$(as tools 'npm install --no-audit --no-fund --no-update-notifier --silent agentrt-probe && node -e "require(\"agentrt-probe\")"; echo "npm $?"')
like "npm installs by TLS" "$(tr '\n' ' ' <<<"$out")" 'probe of npm npm 0'
out=$(as tools 'git init -q w && cd w && echo x >f && git add f && git commit -qm x && git push -q ssh://root@git.test'"$repo"' HEAD:refs/heads/main; echo "push $?"
	git clone -q -b main https://git.test/repo.git ../r; echo "clone $? $(cat ../r/f)"')
like "git pushes over ssh, to a host whose key it knows" "$out" '^push 0'
like "and clones it again over https" "$out" '^clone 0 x$'
is "all of them came by their names" "$(cut -d' ' -f1 "$world/asked" | sort -u | tr '\n' ' ')" \
	"apt.test git.test npm.test pip.test "

# --- and nothing else
out=$(as tools 's=$SECONDS; python3 -m pip download -q --retries 0 --disable-pip-version-check -i https://other.test/simple/ agentrt-probe; echo "pip $?"
	git ls-remote -q https://other.test/repo.git; echo "https $?"; ssh -o StrictHostKeyChecking=no root@pip.test true; echo "ssh $?"
	ssh -o StrictHostKeyChecking=no root@'$WORLD_OTHER' true; echo "address $?"
	echo "deb http://other.test/debian stable main" >/etc/apt/sources.list; apt-get -qq -o Acquire::Retries=0 update 2>&1 | grep -c "resolve .other.test"; echo "after $((SECONDS - s))"' 2>&1)
for t in "pip 1" "https 128" "ssh 255" "address 255" 1; do like "another host is refused: $t" "$out" "^$t\$"; done
like "ssh is told by which rule" "$out" 'egress.port: pip.test:22'
ok "and none of it waits" test "$(sed -n 's/^after //p' <<<"$out")" -lt $((15 * slow))
is "and each is in the decision log" "$(denied | tr '\n' ' ')" \
	"dns other.test:null egress.allow transparent $WORLD_OTHER:22 egress.literal transparent pip.test:22 egress.port "
unlike "nobody asked there" "$(cat "$world/asked")" other.test

# --- a name that rebinds between two answers, and the host's own services by names that are allowed
rebind=(re-{never,meta,own,host}.test) direct=({loop,meta,own,host,gate,listed,near}.test)
cp "$here/lib/exfil.pl" "$work/root/tmp/"
out=$(as names "perl /tmp/exfil.pl get ${rebind[*]} ${rebind[*]} ${direct[*]}")
for name in "${rebind[@]}"; do
	like "$name: its first address is reached" "$out" "^$name 1 this is $name"
	like "$name: the second is not" "$out" "^$name 2 HTTP/1.1 403"
done
unlike "no service of the host answers" "$out" HOST-SERVICE
rules="re-never:egress.never re-meta:egress.global re-own:egress.own re-host:egress.own loop:egress.never meta:egress.global own:egress.own host:egress.own near:egress.global"
# Without an engine 172.30.5.1 is nobody's address.
[ -n "$rootless" ] && rules+=" gate:egress.global" || rules+=" gate:egress.own listed:egress.own"
is "each is in the decision log, by its rule" "$(jq -r 'select(.verdict == "deny" and .port == 80) | "\(.name):\(.rule)"' "$work/log" | sed 's/\.test:/:/' | sort -u | tr '\n' ' ')" \
	"$(tr ' ' '\n' <<<"$rules" | sort | tr '\n' ' ')"

# --- data by other ways: a name server, datagrams, QUIC, ICMP, raw packets, the machine below, abstract sockets
out=$(as tools "perl /tmp/exfil.pl send $WORLD_ADDR $WORLD_OTHER pip.test")
like "all of it was tried" "$out" '^end$'
is "names that would carry data out do not exist" "$(grep -c '^question 3$' <<<"$out")" 4
unlike "no other kind of socket, and nothing of the host's" "$out" '^(icmp|raw|protocol|vsock|packet|abstract)'
like "the proxy refuses by name" "$out" '^proxy HTTP/1.1 403'
got=$(jq -r 'select(.verdict == "deny") | "\(.via) \(.port)"' "$work/log" | sort -u)
for t in "dns null" "udp 53" "udp 9999" "udp 9998" "udp 443" "transparent 25" "transparent 443" "transparent 4444" "connect 443"; do
	like "it is in the decision log: $t" "$got" "^$t\$"
done
got=$(jq -r 'select(.rule == "seccomp.socket").name' "$work/log")
for t in "AF_INET SOCK_DGRAM IPPROTO_ICMP" "AF_INET SOCK_RAW IPPROTO_ICMP" "AF_INET SOCK_STREAM IPPROTO_SCTP" \
	"AF_VSOCK SOCK_STREAM 0" "AF_PACKET SOCK_RAW 768"; do
	like "so is a socket: $t" "$got" "^$t\$"
done
is "with the names that were asked for" "$(jq -r 'select(.via == "dns").name' "$work/log" | sed 's/marker\(marker\)*/DATA/' | sort -u | tr '\n' ' ')" "DATA.pip.test DATA.tunnel.example "

# --- what was seen, all this time
sleep 0.5
captures_end
allowed="host $WORLD_ADDR and (udp port 53 or tcp port 22 or tcp port 80 or tcp port 443)"
places=(host E)
[ -z "$rootless" ] || places=(host)
capture_bites any
for c in "${places[@]}"; do capture_shows $c "$allowed" $own "$WORLD_ADDR.22 tcp $WORLD_ADDR.443 tcp $WORLD_ADDR.53 udp $WORLD_ADDR.80 tcp "; done
end_containers
world_stop
is "no server is left" "$(pgrep -f "$work/world")" ""
is "nothing is left" "$(left_of "-$$" | grep -v "^mount $work/\(e\|root\)\$\|^mount /etc/resolv.conf")" ""
tap_done
