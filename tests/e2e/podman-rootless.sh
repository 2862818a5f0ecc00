#!/usr/bin/env bash
# podman-rootless.sh - rootless Podman with agentrt as its runtime and the profile agent, on each of its
# storage drivers. Needs root, to make the user who runs it; podman, uidmap, slirp4netns, fuse-overlayfs,
# busybox-static. AGENTRT: the program (default: installed). Runs in network and mount namespaces of its
# own, with a web server and a name server of ours behind a pair of interfaces. With PODMAN_STORES=overlay that
# driver is all.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # agentrt is not installed"; exit 1; }
for p in podman newuidmap slirp4netns fuse-overlayfs; do
	command -v $p >/dev/null || { echo "1..0 # $p is not installed"; exit 1; }
done
[ -n "${IN_OWN_NETWORK:-}" ] || exec env IN_OWN_NETWORK=1 AGENTRT="$agentrt" unshare -n -m --propagation private "$0"
. "$here/lib/tap.sh"
. "$here/lib/image.sh"
work=$(mktemp -d /tmp/agentrt-prl.XXXXXX)
user=agp$$
cleanup() {
	local m
	pm rm -fa -t 0 >/dev/null 2>&1
	[ -z "${upstream:-}" ] || kill "$upstream"
	pgrep -u "$user" | xargs -r kill -9
	sed -i "/^$user:/d" /etc/subuid /etc/subgid
	userdel -r "$user" 2>/dev/null
	awk -v d="$work/" 'index($5, d) == 1 {print $5}' /proc/self/mountinfo | sort -r | while read -r m; do umount -l "$m"; done
	rm -rf "$work"
}
trap cleanup EXIT
useradd -m -s /bin/sh "$user" || { echo "1..0 # no user can be made"; exit 1; }
uid=$(id -u "$user") gid=$(id -g "$user") base=$((3 << 28))
sed -i "/^$user:/d" /etc/subuid /etc/subgid
echo "$user:$base:65536" | tee -a /etc/subuid >>/etc/subgid
home=/home/$user
mkdir -p "$work"/{run,tmp,img,bin,project,roots} && cd "$work" || exit 1
chmod 755 "$work"
egress=$(dirname "$agentrt")/agentrt-egress
[ -x "$egress" ] || egress=$(dirname "$agentrt")/../libexec/agentrt-egress
install -m 755 "$agentrt" "$egress" bin/
busybox_root img
mkdir -p img/srv && echo image >img/srv/file
echo mine >project/file; echo TOKEN=1 >project/.env
# What a user may open on an ordinary machine.
for n in "net/tun 10 200" "fuse 10 229"; do
	read -r name major minor <<<"$n"
	mknod "$work/${name#net/}" c "$major" "$minor" && chmod 666 "$work/${name#net/}"
	[ -e "/dev/$name" ] && mount --bind "$work/${name#net/}" "/dev/$name"
done

# --- the network that is the host's here, and what is behind it
ip link set lo up
touch "$work/u" && unshare --net="$work/u" true || { echo "Bail out! no network namespace"; exit 1; }
in_u() { nsenter --net="$work/u" "$@"; }
ip link add e0 type veth peer name u0 && ip link set u0 netns "$work/u"
ip addr add 203.0.113.2/24 dev e0 && ip link set e0 up
in_u ip link set lo up && in_u ip addr add 203.0.113.10/24 dev u0 && in_u ip link set u0 up
echo nameserver 203.0.113.10 >resolv.conf && mount --bind "$work/resolv.conf" /etc/resolv.conf
nsenter --net="$work/u" python3 "$here/egress/upstream.py" "$work/asked" >"$work/ready" 2>/dev/null &
upstream=$!
for ((i = 0; i < 100; i++)); do grep -q ready "$work/ready" && break; sleep 0.1; done

# agentrt looks for profiles where only root may write: the wrapper says which.
mkdir profiles
printf '{"name": "agent", "version": 1, "extends": "agent", "egress": {"allow": ["ok.test:80", "two:80", {"host": "one", "ports": [80], "addresses": ["10.99.88.0/24"]}]}}\n' >profiles/agent.json
printf '#!/bin/sh\nexec "%s/bin/agentrt" --profile-dir "%s/profiles" "$@"\n' "$work" "$work" >bin/rt
printf '#!/bin/sh\nexec "%s/bin/agentrt" --profile oci "$@"\n' "$work" >bin/plain
chmod 755 bin/rt bin/plain
chown -R "$user:$gid" run tmp img project && chmod 700 run
cat >containers.conf <<-CONF
	[engine]
	cgroup_manager = "cgroupfs"
	events_logger = "file"
	tmp_dir = "$work/tmp"
	[containers]
	default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
	[network]
	network_backend = "$(if [ -x /usr/lib/podman/netavark ]; then echo netavark; else echo cni; fi)"
CONF
store=()
as_user() {
	setpriv --reuid "$user" --regid "$gid" --clear-groups env -i HOME="$home" PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		XDG_RUNTIME_DIR="$work/run" CONTAINERS_CONF="$work/containers.conf" "$@"
}
pm() { as_user timeout 60 podman "${store[@]}" --runtime "$work/bin/rt" "$@"; }
run() { pm run --rm --network none "$@"; }
status_of() { "$@" >/dev/null 2>&1 </dev/null; echo $?; }
value() { sed -n "s|^$1=||p" <<<"$out"; }
left() {
	find "$work/run/agentrt" "$home/.local/share/agentrt" -mindepth 1 -maxdepth 1 -printf '%p\n' 2>/dev/null
	pgrep -u "$user" -r R,S,D,T -a | grep -v 'podman pause\|^[0-9]* catatonit\|^[0-9]* podman$'
}
storage() { # DRIVER [MOUNT-PROGRAM]: a store of its own, and the image in it
	store=(--root "$home/.local/share/containers/$1${2:+-fuse}" --runroot "$work/run/containers" --storage-driver "$1")
	[ -z "${2:-}" ] || store+=(--storage-opt "overlay.mount_program=$2")
	tar -C img -c . | pm import - box >/dev/null 2>&1
}

works() { # WHAT
	echo "# $(pm info --format '{{.Store.GraphDriverName}} {{.Store.GraphOptions}}' 2>&1 | head -n 1)"
	is "$1: podman run prints what the program prints" "$(run box echo hello 2>&1)" hello
	is "$1: its exit status" "$(status_of run box sh -c 'exit 42')" 42
	out=$(run -v "$work/project:/p" box sh -c 'echo ids=$(id -u) $(echo $(cat /proc/self/uid_map)); echo root=$(echo w >/srv/file && rm /bin/ls && cat /srv/file); echo mine=$(cat /p/file); echo hidden=$(wc -c </p/.env); echo new=$(echo w >/p/new && stat -c %u /p/new)' 2>&1)
	is "$1: root is the user, and everybody else his subordinate ids" "$(value ids)" "0 0 0 1 1 1 65535"
	is "$1: the root can be written" "$(value root)" w
	is "$1: and begins clean each time" "$(run box sh -c 'cat /srv/file; ls /bin/ls')" "image
/bin/ls"
	is "$1: a project is read, credentials in it are not" "$(value mine) $(value hidden)" "mine 0"
	is "$1: what is written to it is the user's" "$(value new) $(stat -c %u project/new)" "0 $uid"
	rm -f project/new
	pm run -d --network none --name stay box sh -c 'trap "exit 7" TERM; while :; do sleep 0.1; done' >/dev/null 2>&1
	is "$1: podman exec" "$(pm exec stay echo in)" in
	is "$1: podman exec, its status" "$(status_of pm exec stay sh -c 'exit 5')" 5
	is "$1: podman stop, podman wait" "$(pm stop -t 5 stay >/dev/null; pm wait stay)" 7
	ok "$1: podman rm" pm rm stay
	is "$1: nothing is left" "$(left)" ""
}

storage overlay
pm image exists box || { echo "Bail out! rootless podman cannot import an image: $(tar -C img -c . | pm import - box 2>&1 | tail -n 1)"; exit 1; }
echo "# $(podman --version)"
works overlay

# --- commands and flags
is "exit 126" "$(status_of run box /etc)" 126
is "exit 127" "$(status_of run box no-such-command)" 127
is "standard input arrives" "$(echo in | run -i box cat)" in
is "--user" "$(run --user 1000:1000 box id -u)" 1000
is "--userns keep-id: the owner of a project is the program" "$(run --userns keep-id -v "$work/project:/p" box sh -c 'id -u; touch /p/kept && stat -c %u /p/kept' | tr '\n' ' ')$(stat -c %u project/kept)" "$uid $uid $uid"
rm -f project/kept
is "--userns auto: ids of its own" "$(run --userns auto box id -u)" 0
is "a named volume keeps what is written" "$(run -v vol:/v box sh -c 'echo kept >/v/f'; run -v vol:/v box cat /v/f)" kept
is "--tmpfs, --read-only" "$(run --read-only --tmpfs /scratch box sh -c 'touch /x 2>/dev/null || touch /scratch/x && echo yes')" yes
like "--pids-limit without a cgroup is refused by podman or by agentrt" "$(run --pids-limit 20 box true 2>&1)" 'cgroup|pids'
like "the image's own programs may be many" "$(run box sh -c 'ulimit -p 2>/dev/null || grep "Max processes" /proc/self/limits')" 4096
like "a file cannot be bigger than the disk" "$(run box sh -c 'grep "Max core" /proc/self/limits')" ' 0 '
like "podman top" "$(pm run -d --network none --name topped box sleep 100 >/dev/null; pm top topped; pm rm -f -t 0 topped >/dev/null)" 'sleep 100'
is "restart begins clean" "$(pm run -d --network none --name again box sleep 100 >/dev/null; pm exec again touch /made; pm restart -t 0 again >/dev/null; pm exec again sh -c 'test -e /made; echo $?'; pm rm -f -t 0 again >/dev/null)" 1

# --- what must not pass
mkdir -p "$home/.ssh" && echo key >"$home/.ssh/id_ed25519" && chown -R "$user:$gid" "$home/.ssh"
pm run -d --network none --name other box sh -c 'echo OTHERS >/tmp/secret; sleep 1000' >/dev/null
other=$(pm inspect -f '{{.Id}}' other)
for v in "$home/.ssh" "$home" / /etc /proc /sys /dev "$work/run" "$home/.local/share/containers" "$home/.local/share/agentrt" "$work/run/agentrt/$other"; do
	like "-v $(sed "s|$home|~|; s|$work|WORK|; s|$other|OTHER|" <<<"$v") is refused" "$(run -v "$v:/k" box true 2>&1)" 'refused by rule mount\.'
done
like "-v of what is root's is read-only" "$(run -v "$work/roots:/k" box touch /k/x 2>&1)" 'Read-only file system'
is "secrets are taken out of the environment" "$(run -e GITHUB_TOKEN=ghp_0123456789abcdefghijABCDEFGHIJ012345 -e COLOUR=blue box sh -c 'echo ${GITHUB_TOKEN-gone} $COLOUR')" "gone blue"
plain=$(run box sh -c 'grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status')
for o in --privileged "--cap-add ALL" "--security-opt seccomp=unconfined" "--pid host" "--network host"; do
	# shellcheck disable=SC2086
	is "$o is without effect" "$(pm run --rm $o box sh -c 'grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status' 2>&1)" "$plain"
done
unlike "--network host is not the host's" "$(pm run --rm --network host box readlink /proc/self/ns/net)" "^$(readlink /proc/self/ns/net | sed 's/[][]/\\&/g')\$"
out=$(run --privileged --pid host box sh -c '
echo core=$(echo /x 2>&1 >/proc/sys/kernel/core_pattern || echo refused); echo dev=$(ls /dev | grep -cE "^(sd|vd|nvme|kmsg|mem)")
echo node=$(mknod /tmp/n b 8 0 2>&1 || echo refused); echo mount=$(mount -t tmpfs t /tmp 2>&1 || echo refused)
echo userns=$(unshare -U true 2>&1 && echo made || echo refused); echo procs=$(ls -d /proc/[0-9]* | wc -l)
echo others=$(grep -rls OTHERS /tmp /proc/*/root/tmp 2>/dev/null | wc -l); echo killed=$(kill -9 -1 2>&1; echo alive)' 2>&1)
like "no kernel setting" "$(value core)" 'Read-only|denied'
is "no device of the host" "$(value dev)" 0
like "no device node" "$(value node)" 'not permitted|denied'
like "no mount" "$(value mount)" 'not permitted|denied'
like "no user namespace" "$(value userns)" refused
ok "it sees its own processes alone" [ "$(value procs)" -lt 8 ]
is "a sibling's files are out of reach" "$(value others)" 0
is "and so are its processes" "$(pm exec other cat /tmp/secret)" OTHERS
pm rm -f -t 0 other >/dev/null

# --- the network: slirp4netns is the engine's
ask='ask() { printf "GET http://$1/hello HTTP/1.1\r\nHost: $1\r\nConnection: close\r\n\r\n" | nc -w 5 127.0.0.1 3128; }; ask ok.test; ask denied.test
d() { printf "GET /$2 HTTP/1.1\r\nHost: ok.test\r\nConnection: close\r\n\r\n" | nc -w 5 $1 80; }
nslookup ok.test; nslookup denied.test; d 198.18.0.2 four; d fd61:6772:7465::2 six; d 203.0.113.10 direct; nc -w 2 198.18.0.2 81 </dev/null 2>&1; echo net=$(cd /sys/class/net; echo *)'
out=$(pm run --rm box sh -c "$ask" 2>&1)
like "an allowed host is reached through the proxy and slirp4netns" "$out" '^GET /hello HTTP/1\.1'
like "another is refused" "$out" '^HTTP/1.1 403'
like "who knows of no proxy reaches it by its name" "$out" '^GET /four HTTP/1\.1'
like "by IPv6 too" "$out" '^GET /six HTTP/1\.1'
like "and no other name" "$out" 'find denied.test: NXDOMAIN'
unlike "nor an address" "$out" '^GET /direct'
like "nor another port" "$out" 'refused'
is "what runs there sees no interface of the engine's, but one to the proxy" "$(value net)" "eth0 lo"
is "without a network nothing gets out" "$(run box sh -c "$ask" 2>&1 | grep -c '^GET /hello HTTP/1')" 0
is "nothing is left of it" "$(left)" ""

# --- containers on a network of their own: one of them is the only destination there that is allowed
if [ -x /usr/lib/podman/aardvark-dns ] && pm network create --subnet 10.99.88.0/24 peers >/dev/null 2>&1; then
	plain() { as_user timeout 60 podman "${store[@]}" --runtime "$work/bin/plain" "$@"; }
	for name in one two; do plain run -d --name $name --network peers box sh -c 'echo SERVICE >/index.html; httpd -f -p 80 -h /' >/dev/null 2>&1; done
	two=$(pm inspect -f '{{.NetworkSettings.Networks.peers.IPAddress}}' two)
	out=$(pm run --rm --network peers box sh -c 'of() { nslookup $1 2>/dev/null | sed -n "s/^Address: \(198.*\)/\1/p" | head -n 1; }
		get() { printf "GET / HTTP/1.1\r\nHost: $1\r\nConnection: close\r\n\r\n" | nc -w 5 $2 $3 2>&1 | tr -d "\r" | tail -n 1; }
		echo "one=$(get one $(of one) 80)"; echo "port=$(get one $(of one) 81)"; echo "two=$(get two $(of two) 80)"; echo "three=$(of three)"
		echo "address=$(get two '"$two"' 80)"; echo "gateway=$(get x 10.99.88.1 80)"' 2>&1)
	is "a container is reached by its name, where its network is named" "$(value one)" SERVICE
	like "on another port it is not" "$(value port)" refused
	like "one whose network is not named is not, and the answer says why" "$(value two)" egress.global
	is "another name does not exist" "$(grep '^three' <<<"$out")" three=
	like "nor is an address reached" "$(value address)" "refused|egress.literal"
	like "nor the gateway" "$(value gateway)" "refused|egress.literal"
	plain rm -f -t 0 one two >/dev/null 2>&1
	pm network rm peers >/dev/null
	is "nothing is left of them" "$(left)" ""
else
	skip "containers on a network" "no netavark and aardvark-dns here"
fi

# --- a pod
pm pod create --name pod --infra-image box --infra-command 'sleep 1000' >/dev/null 2>&1
for c in one two; do out=$(pm run -d --pod pod --name $c box sleep 1000 2>&1); done
ns() { pm exec "$1" readlink "/proc/self/ns/$2" 2>&1; }
for k in user net ipc uts; do is "containers of a pod share $k" "$(ns one $k)" "$(ns two $k)"; done
like "each of them runs" "$(ns one net)" 'net:'
unlike "in no network of the engine's" "$(pm exec one sh -c 'cd /sys/class/net; echo *' 2>&1)" 'tap'
pm exec -d two sh -c 'while :; do echo served | nc -l -p 8081; done' >/dev/null
is "one reaches the other on localhost" "$(pm exec one sh -c 'for i in $(seq 50); do nc -w 2 127.0.0.1 8081 </dev/null && break; sleep 0.2; done' 2>/dev/null)" served
for c in one two; do
	out=$(pm exec $c sh -c "$ask" 2>&1)
	like "$c reaches what the policy names" "$out" '^GET /hello HTTP/1\.1'
	like "and nothing else" "$out" '^HTTP/1.1 403'
done
ok "pod stop" pm pod stop -t 0 pod
ok "pod rm" pm pod rm -f -t 0 pod
is "nothing is left of the pod" "$(left)" ""

# --- the other drivers: plain directories, and a file system in a process
if [ "${PODMAN_STORES:-}" != overlay ]; then
	storage vfs
	works vfs
	storage overlay "$(command -v fuse-overlayfs)"
	if [ -c /dev/fuse ] && pm image exists box; then works fuse-overlayfs; else skip "fuse-overlayfs" "it cannot be mounted here"; fi
fi
pm system migrate >/dev/null 2>&1
tap_done
