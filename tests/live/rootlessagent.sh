#!/usr/bin/env bash
# rootlessagent.sh - the agent profile in the hands of an ordinary user, without and with subordinate ids.
# Needs root, to make that user, who is gone at the end. Runs in network and mount namespaces of its own,
# with a web server and a name server of ours behind a pair of interfaces. AGENTRT: the program under test.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
built=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$built" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
[ -n "${IN_OWN_NETWORK:-}" ] || exec env IN_OWN_NETWORK=1 AGENTRT="$built" unshare -n -m --propagation private "$0"
work=$(mktemp -d /tmp/agentrt-users.XXXXXX)
user=agu$$
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
cleanup() {
	unset AGENTRT_MUTANT AGENTRT_FAULT AGENTRT_KILL
	for id in $(rt list -q 2>/dev/null); do rt delete --force "$id" >/dev/null 2>&1; done
	[ -z "${upstream:-}" ] || kill "$upstream"
	pgrep -u "$user" | xargs -r kill -9
	sed -i "/^$user:/d" /etc/subuid /etc/subgid
	userdel -r "$user" 2>/dev/null
	umount -l "$work/u" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
agentrt=$work/bin/agentrt
useradd -m -s /bin/sh "$user" || { echo "1..0 # no user can be made"; exit 1; }
uid=$(id -u "$user") gid=$(id -g "$user")
sed -i "/^$user:/d" /etc/subuid /etc/subgid
[ -z "${TEST_AGENT_PROFILE:-}" ] || unset TEST_AGENT_PROFILE
bundle_setup
mkdir -p "$work/bin" "$work/run" "$work/his" "$work/roots" "$work/open" "$work/rootfs/srv"
egress=$(dirname "$built")/agentrt-egress
[ -x "$egress" ] || egress=$(dirname "$built")/../libexec/agentrt-egress
install -m 755 "$built" "$egress" "$work/bin/"
chmod 755 "$work"
echo image >"$work/rootfs/srv/file"
echo mine >"$work/his/file"; echo TOKEN=1 >"$work/his/.env"
chown -R "$user:$gid" "$work/run" "$work/his" "$work/rootfs" && chmod 700 "$work/run"
as_user() {
	setpriv --reuid "$user" --regid "$gid" --clear-groups env -i HOME="/home/$user" PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		XDG_RUNTIME_DIR="$work/run" ${AGENTRT_MUTANT:+AGENTRT_MUTANT="$AGENTRT_MUTANT"} "$@"
}
rt() { as_user timeout 30 "$agentrt" --profile-dir "$work/profiles" "$@"; }
status_of() { "$@" >/dev/null 2>&1 </dev/null; echo $?; }
value() { sed -n "s|^$1=||p" <<<"$out"; }
make() { # NAME JQ-FILTER SCRIPT: a bundle from tests/lib/config.json
	bundle "$1" "$2" "$3"
	chmod 755 "$work/$1"
}
box_n=0
box() { # [-p PROFILE] [JQ-FILTER] SCRIPT
	local filter=. profile=agent
	[ "$1" = -p ] && profile=$2 && shift 2
	[ $# -gt 1 ] && filter=$1 && shift
	box_n=$((box_n + 1))
	make "box$box_n" "$filter" "$1" && rt --profile "$profile" run --bundle "$work/box$box_n" "b$box_n-$$" </dev/null
}
put() { printf '{"name": "%s", "version": 1, "extends": "agent", %s}\n' "$1" "$2" >"$work/profiles/$1.json"; }
bind() { printf '{"destination": "%s", "type": "bind", "source": "%s", "options": ["rbind"%s]}' "$2" "$1" "${3:-}"; }
uppers() { find "/home/$user/.local/share/agentrt" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l; }
nothing_left() {
	is "$1" "$(find "$work/run/agentrt" -mindepth 1 2>/dev/null | wc -l) $(uppers) $(pgrep -u "$user" -r R,S,D,T | wc -l)" "0 0 0"
}

# --- the network that is the host's here, and what is behind it
ip link set lo up
touch "$work/u" && unshare --net="$work/u" true || { echo "Bail out! no network namespace"; exit 1; }
in_u() { nsenter --net="$work/u" "$@"; }
ip link add e0 type veth peer name u0 && ip link set u0 netns "$work/u"
ip addr add 203.0.113.2/24 dev e0 && ip link set e0 up
in_u ip link set lo up && in_u ip addr add 203.0.113.10/24 dev u0 && in_u ip link set u0 up
echo nameserver 203.0.113.10 >"$work/resolv.conf" && mount --bind "$work/resolv.conf" /etc/resolv.conf
nsenter --net="$work/u" python3 "$here/egress/upstream.py" "$work/asked" >"$work/ready" 2>/dev/null &
upstream=$!
for ((i = 0; i < 100; i++)); do grep -q ready "$work/ready" && break; sleep 0.1; done

# The attempts are the same with one id and with many.
attempts() { # WHAT
	out=$(box ".mounts += [$(bind "$work/his" /p), $(bind "$work/roots" /r)] | .process.env += [\"GITHUB_TOKEN=ghp_0123456789abcdefghijABCDEFGHIJ012345\"]" '
echo ids=$(id -u):$(id -g); echo map=$(echo $(cat /proc/self/uid_map)); echo caps=$(grep CapEff /proc/self/status | tr -d "\t")
echo nnp=$(grep NoNewPrivs /proc/self/status | tr -dc 0-9); echo filter=$(grep Seccomp: /proc/self/status | tr -dc 0-9)
echo root=$(echo changed >/srv/file && cat /srv/file); echo nproc=$(grep "Max processes" /proc/self/limits | tr -s " " | cut -d" " -f3,4)
echo net=$(cd /sys/class/net; echo *); echo token=${GITHUB_TOKEN-gone}; echo hidden=$(wc -c </p/.env)
echo mine=$(cat /p/file); echo new=$(echo w >/p/new && stat -c %u /p/new); echo ro=$(touch /r/x 2>&1 || echo refused)
echo sysctl=$(echo /x 2>&1 >/proc/sys/kernel/core_pattern || echo refused); echo trigger=$(echo h 2>&1 >/proc/sysrq-trigger || echo refused)
echo node=$(mknod /tmp/n b 8 0 2>&1 || echo refused); echo mount=$(mount -t tmpfs t /tmp 2>&1 || echo refused)
echo userns=$(unshare -U true 2>&1 && echo made || echo refused); echo up=$(ls /proc/1/root/home 2>&1 | head -n 1)
echo keys=$(wc -c </proc/keys); echo hosts=$(cat /proc/mounts | grep -c "/home/'"$user"'")')
	is "$1: root inside" "$(value ids)" 0:0
	is "$1: with no capability beyond the profile's" "$(value caps)" CapEff:00000000800405fb
	is "$1: no_new_privs, and two filters or one" "$(value nnp) $(value filter)" "1 2"
	is "$1: what is written to the root is seen" "$(value root)" changed
	is "$1: and thrown away" "$(cat "$work/rootfs/srv/file")" image
	is "$1: as many processes as the profile lets" "$(value nproc)" "4096 4096"
	is "$1: a network of its own" "$(value net)" "eth0 lo"
	is "$1: secrets are not in the environment" "$(value token)" gone
	is "$1: a project is read, credentials in it are not" "$(value mine) $(value hidden)" "mine 0"
	is "$1: what is written to it is his" "$(value new) $(stat -c %u "$work/his/new")" "0 $uid"
	like "$1: what is root's is read-only" "$(value ro)" 'Read-only file system'
	like "$1: no kernel setting" "$(value sysctl)" 'Read-only|denied'
	like "$1: no key of the kernel's" "$(value trigger)" 'refused$'
	like "$1: no device node" "$(value node)" 'not permitted'
	like "$1: no mount" "$(value mount)" 'not permitted|denied'
	like "$1: no user namespace" "$(value userns)" refused
	is "$1: masked paths" "$(value keys)" 0
	like "$1: credentials are refused" "$(mkdir -p "/home/$user/.ssh"; box ".mounts += [$(bind "/home/$user/.ssh" /k)]" true 2>&1)" 'refused by rule mount\.credentials'
	like "$1: so is his home" "$(box ".mounts += [$(bind "/home/$user" /k)]" true 2>&1)" 'refused by rule mount\.tree'
	like "$1: and agentrt's own places" "$(box ".mounts += [$(bind "/home/$user/.local/share/agentrt" /k)]" true 2>&1)" 'refused by rule mount\.agentrt'
	is "$1: a sibling's files are out of reach" "$(box 'ls -d /home /root/.. /proc/1/root/tmp/agentrt* 2>/dev/null | grep -c agentrt')" 0

	# --- copy-on-write
	out=$(box -p cow ".mounts += [$(bind "$work/his" /p)]" 'echo gone=$(ls -a /p | grep -c "^\.env$"); rm /p/file; echo w >/p/cow; mkdir /p/d; chmod 0 /p/d; echo seen=$(ls /p | tr "\n" " ")' 2>&1)
	is "$1: in a copy of a project credentials are absent" "$(value gone)" 0
	is "$1: it is written" "$(value seen)" "cow d new"
	is "$1: and the project is not" "$(ls "$work/his" | tr '\n' ' ')" "file new "

	# --- limits
	like "$1: the limit of processes holds for all of them" "$(box -p few '(sleep 3 & sleep 3 & sleep 3 & sleep 3 & sleep 3 & sleep 3 & sleep 3 & sleep 3 & sleep 3 & sleep 3 & sleep 3 & sleep 3 & echo all started) 2>&1' 2>&1)" 'fork|Resource temporarily'
	like "$1: what only a cgroup can hold can be demanded" "$(box -p demand true 2>&1)" 'refused by rule limits\.require.*Delegate=yes'
	like "$1: what the config limits is refused" "$(box '.linux.resources.memory = {"limit": 10000000}' true 2>&1)" 'linux\.resources\.memory: it cannot be held without a cgroup'

	# --- the network: an allowed host through the proxy, and no other
	# nc: a static busybox's wget may not live without the C library's name service
	t='ask() { printf "GET http://$1/hello HTTP/1.1\r\nHost: $1\r\nConnection: close\r\n\r\n" | nc -w 5 127.0.0.1 3128; }; ask ok.test; ask denied.test
d() { printf "GET /$2 HTTP/1.1\r\nHost: ok.test\r\nConnection: close\r\n\r\n" | nc -w 5 $1 80; }
nslookup ok.test; nslookup denied.test; d 198.18.0.2 four; d fd61:6772:7465::2 six; d 203.0.113.10 direct; nc -w 2 198.18.0.2 81 </dev/null 2>&1; echo other=$?; ip link set eth0 down; ip route del default
for p in 53 80 8080; do nc -l -p $p >/dev/null & sleep 0.2; kill -0 $! && echo bound; kill $!; done'
	out=$(box -p web "$t" 2>&1)
	like "$1: an allowed host is reached through the proxy" "$out" '^GET /hello HTTP/1\.1'
	like "$1: another is refused by it" "$out" '^HTTP/1.1 403'
	like "$1: who knows of no proxy reaches it by its name" "$out" '^GET /four HTTP/1\.1'
	like "$1: by IPv6 too" "$out" '^GET /six HTTP/1\.1'
	like "$1: and no other name" "$out" 'find denied.test: NXDOMAIN'
	unlike "$1: nor an address" "$out" '^GET /direct'
	like "$1: nor another port" "$out" 'refused'
	is "$1: nobody inside can change that" "$(grep -c 'not permitted' <<<"$out")" 2
	is "$1: and every port is free for his own servers" "$(grep -c '^bound' <<<"$out")" 3
	make proxied . 'ping -c 1 -w 1 203.0.113.99; nc -w 2 203.0.113.99 4444 </dev/null; while :; do sleep 0.1; done'
	rt --profile web run -d --bundle "$work/proxied" "px-$$" </dev/null >/dev/null 2>&1
	proxy=$(jq .egressPid "$work/run/agentrt/px-$$/state.json")
	is "$1: the proxy has no capability, and gets none" "$(awk '/^Cap(Prm|Eff|Bnd|Amb|Inh)/{print $2}' "/proc/$proxy/status" | sort -u) $(awk '/^NoNewPrivs/{print $2}' "/proc/$proxy/status")" "0000000000000000 1"
	if "$agentrt" --version | grep -q 'sanitizers: on'; then
		skip "$1: and nothing below its root" "with sanitizers the proxy is dynamic, in the host's root directory"
	else
		is "$1: and nothing below its root" "$(ls -A "/proc/$proxy/root" | wc -l)" 0
	fi
	unlike "$1: it is not in the container's user namespace" "$(readlink "/proc/$proxy/ns/user")" "$(readlink "/proc/$(jq .pid "$work/run/agentrt/px-$$/state.json")/ns/user" | tr -dc 0-9)"
	like "$1: explain says who the proxy is" "$(rt --profile web explain --bundle "$work/proxied")" "$2"
	is "$1: the proxy's id" "$(awk '/^Uid/{print $2}' "/proc/$proxy/status")" "$3"
	for ((i = 0; i < 50; i++)); do rt egress log "px-$$" | grep -q 4444 && break; sleep 0.1; done
	is "$1: what was refused is recorded" "$(rt egress log "px-$$" | jq -r 'select(.port == 4444) | .name + " " + .rule')" "203.0.113.99 egress.literal"
	is "$1: and which sockets" "$(rt egress log "px-$$" | jq -r 'select(.via == "socket") | .name + " " + .rule')" "AF_INET SOCK_RAW IPPROTO_ICMP seccomp.socket"
	is "$1: of an exec, too" "$(rt exec "px-$$" ping -c 1 -w 1 203.0.113.99 >/dev/null 2>&1; rt egress log "px-$$" | grep -c '"via":"socket"')" 2
	like "$1: explain says how" "$(rt --profile web explain --json --bundle "$work/proxied")" '"steered":"veth"'
	kill -9 "$proxy"
	for ((i = 0; i < 50; i++)); do rt exec "px-$$" ip link show eth0 >/dev/null 2>&1 || break; sleep 0.1; done
	unlike "$1: without the proxy there is no way out" "$(rt exec "px-$$" sh -c 'ip link; nc -w 2 198.18.0.2 80 </dev/null && echo reached' 2>&1)" 'eth0|reached'
	ok "$1: delete --force" rt delete --force "px-$$"
	for ((i = 0; i < 50; i++)); do [ -e "/proc/$proxy" ] || break; sleep 0.1; done
	is "$1: the proxy has ended" "$([ -e "/proc/$proxy" ] && echo alive)" ""

	# --- commands
	make life . 'trap "exit 7" TERM; echo x >/made; mkdir /closed; touch /closed/f; chmod 0 /closed; while :; do sleep 0.1; done'
	ok "$1: create" sh -c "$(declare -f as_user rt); user=$user gid=$gid work=$work agentrt=$agentrt; rt create --bundle $work/life life-$$ </dev/null >$work/run/out 2>&1"
	is "$1: it is his" "$(rt state "life-$$" | jq -r '.status + " " + .owner')" "created $user"
	ok "$1: start" rt start "life-$$"
	for ((i = 0; i < 50; i++)); do rt exec "life-$$" test -d /closed && break; sleep 0.1; done
	is "$1: exec is in its namespaces, with its limits" "$(rt exec "life-$$" sh -c 'for n in user net mnt; do readlink /proc/self/ns/$n; done; grep -c "processes *4096" /proc/self/limits')" \
		"$(for n in user net mnt; do readlink "/proc/$(rt state "life-$$" | jq .pid)/ns/$n"; done; echo 1)"
	is "$1: exec has the exit status" "$(status_of rt exec "life-$$" sh -c 'exit 5')" 5
	like "$1: export has what it wrote, with its ids" "$(rt export "life-$$" | tar -tv --numeric-owner 2>/dev/null)" '0/0 .* made$'
	ok "$1: kill" rt kill "life-$$" TERM
	for ((i = 0; i < 50; i++)); do [ "$(rt state "life-$$" | jq -r .status)" = stopped ] && break; sleep 0.1; done
	ok "$1: delete" rt delete "life-$$"
	nothing_left "$1: nothing is left"
}
put cow '"mounts": {"projects": "cow"}'
put few '"limits": {"pids": 10}'
put demand '"limits": {"require": true}'
put web '"egress": {"via": "host", "allow": ["ok.test:80"]}'
put prefer '"userns": "prefer"'

# --- one id
attempts "one id" "runs with the user's own id" "$uid"
plan=$(box_n=900 && make ex . true; rt explain --bundle "$work/ex" x)
like "explain shows his plan, not root's" "$plan" 'the runtime is not root'
like "and that there is a single id" "$plan" 'no subordinate ids'
like "and what is not held" "$plan" 'limits\.memoryPercent of the profile is not held'
like "and where what is written goes" "$plan" "/home/$user/\.local/share/agentrt"
like "another user inside is refused" "$(box '.process.user.uid = 5' true 2>&1)" 'refused by rule userns\.ids.*subordinate ids'
chown 0 "$work/rootfs"
like "a root that is not his is refused" "$(box true 2>&1)" 'refused by rule root\.owner'
chown "$user" "$work/rootfs"
like "maps of other ids are refused" "$(box '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 1}] | .linux.gidMappings = .linux.uidMappings' true 2>&1)" 'refused by rule userns\.rootless'

# --- subordinate ids
if command -v newuidmap >/dev/null; then
	base=$((1 << 29))
	echo "$user:$base:65536" | tee -a /etc/subuid >>/etc/subgid
	attempts "many ids" "subordinate id of the user's that no container has" $((base + 65535))
	out=$(box -p few 'sleep 2 & for u in user nobody; do busybox start-stop-daemon -S -b -p /tmp/none -c $u -x /bin/sh -- -c "for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; wait"; done 2>/dev/null; wait; n=0; for f in /proc/[0-9]*/comm; do read c <$f && [ "$c" = sleep ] && n=$((n + 1)); done; echo n=$n' 2>/dev/null)
	ok "the limit of processes is one for all its ids" [ "$(value n)" -gt 0 -a "$(value n)" -le 10 ]
	out=$(box ".mounts += [$(bind "$work/his" /p)] | .process.user = {\"uid\": 7, \"gid\": 8, \"additionalGids\": [9]}" 'echo ids=$(id -u) $(id -G); echo write=$(touch /p/seven 2>&1 || echo refused)')
	is "another user inside, with groups" "$(value ids)" "7 8 9"
	like "has no right to what is the owner's" "$(value write)" 'denied'
	out=$(box '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": '$base', "size": 1000}, {"containerID": 1000, "hostID": '"$uid"', "size": 1}] | .linux.gidMappings = [{"containerID": 0, "hostID": '$base', "size": 1000}, {"containerID": 1000, "hostID": '"$gid"', "size": 1}] | .process.user = {"uid": 1000, "gid": 1000} | .mounts += ['"$(bind "$work/his" /p)"']' 'echo ids=$(id -u); echo new=$(touch /p/kept && stat -c %u /p/kept)')
	is "maps of his own ids are kept, and make the owner whom they say" "$(value ids) $(value new) $(stat -c %u "$work/his/kept" 2>&1)" "1000 1000 $uid"
	sed -i "/^$user:/d" /etc/subuid /etc/subgid
else
	skip "subordinate ids" "no newuidmap(1)"
fi
nothing_left "nothing is left at the end"
tap_done
