#!/usr/bin/env bash
# egress.sh - the network of a container, without an engine: steered, refused, learned, discovered.
# Nothing here leaves the machine: the containers' engine namespaces are empty, but for one with an
# sshd and a web server of our own behind it. AGENTRT: the program under test.
# AGENTRT_TEST_STEER=veth (egress_veth.sh): the same where bpf(2) is refused.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
work=$(mktemp -d /tmp/agentrt-live.XXXXXX)
trap bundle_cleanup EXIT
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
bundle_setup
steer=${AGENTRT_TEST_STEER:-bpf}
if [ "$steer" = veth ]; then
	nobpf=${NOBPF:-$(dirname "$agentrt")/tests/live/nobpf}
	[ -x "$nobpf" ] || { echo "1..0 # $nobpf is not built: make live-programs"; exit 1; }
	printf '#!/bin/sh\nexec %s %s "$@"\n' "$nobpf" "$agentrt" >"$work/agentrt"
	chmod +x "$work/agentrt"
	agentrt=$work/agentrt
	why=$(in_box true 2>&1) || {
		skip "the network of a container without BPF" "nothing starts without it here: ${why##*$'\n'}"
		tap_done
		exit
	}
fi
exec 2>/dev/null # what the profile takes away is another test's affair

# --- what the tools in a root would need; the hosts are this test's own
disc=$work/disc
mkdir -p "$disc"/etc/apt/sources.list.d "$disc/root" "$disc/usr/local/go" "$disc/home/u/.cargo" "$work/project/.git"
printf '# deb http://comment.example/ x\ndeb [signed-by=/k] http://Apt.Example/debian stable main\n' >"$disc/etc/apt/sources.list"
printf 'Types: deb\nURIs: https://user:pw@apt2.example:8443/x\n' >"$disc/etc/apt/sources.list.d/a.sources"
printf 'registry=https://npm.example/\n//npm.example/:_authToken=secret\n' >"$disc/root/.npmrc"
printf 'GOPROXY=https://go.example,direct\n' >"$disc/usr/local/go/go.env"
printf '[source.x]\nregistry = "sparse+https://cargo.example/index/"\n' >"$disc/home/u/.cargo/config.toml"
printf '[remote "o"]\n\turl = git@git.example:a/b.git\n[remote "p"]\n\turl = ssh://git@git2.example:2222/x\n' >"$work/project/.git/config"
ln -s /etc/hostname "$disc/etc/npmrc"
ln -s "$work/outside" "$disc/etc/pip.conf"
echo 'index-url = https://outside.example/' >"$work/outside"
mkfifo "$disc/root/.cargo" 2>/dev/null
got=$(rt egress discover --project "$work/project" "$disc")
is "discover finds what the tools name, each once" "$(jq -r '.egress.allow[] | "\(.host):\(.ports[0])"' <<<"$got" | sort | tr '\n' ' ')" \
	"apt.example:80 apt2.example:8443 cargo.example:443 git.example:22 git2.example:2222 go.example:443 npm.example:443 "
like "and says where" "$(jq -r '.egress.allow[] | select(.host == "apt.example").note' <<<"$got")" '^apt: /etc/apt/sources.list$'
unlike "it says no password and follows no link out of the root" "$got" 'pw|secret|outside'
jq '{name: "found", version: 1, extends: "agent"} * .' <<<"$got" >"$work/profiles/found.json"
like "what it prints can be laid over a profile" "$(rt profile check found 2>&1; rt profile show found)" 'apt2.example'
not_ok_cmd "a root that is not there is an error" rt egress discover "$work/none/"
is "of a root with nothing in it nothing is said" "$(rt egress discover "$work/profiles/" | jq -c .)" '{"egress":{"allow":[]}}'

# a hostile root: to open what is no regular file does something, and to read does not end
mkdir -p "$work/odd/etc/apt/sources.list.d" "$work/odd/root/.config/go"
mkfifo "$work/odd/root/.npmrc"
{ : >"$work/odd/root/.npmrc" && : >"$work/opened"; } &
writer=$!
echo 'GOPROXY=https://go.example,direct' >"$work/odd/root/.config/go/env"
is "of a root with a named pipe in it the rest is read" "$(rt egress discover "$work/odd/" | jq -r '.egress.allow[].host')" go.example
sleep 0.1
not_ok_cmd "and the pipe is not opened: nobody who waits for a reader finds one" test -e "$work/opened"
kill "$writer"
megabyte() { head -c 1000000 /dev/zero | tr '\0' '#' >"$work/odd/etc/apt/sources.list.d/$1"; }
for i in 1 2 3 4 5 6 7 8 9 10; do megabyte "$i"; done
like "ten large files are read" "$(rt egress discover "$work/odd/" 2>&1)" 'go\.example'
for i in 11 12 13 14 15 16 17 18; do megabyte "$i"; done
got=$(rt egress discover "$work/odd/" 2>&1)
like "of eighteen it is said that the rest is left out" "$got" 'the rest is left out'
unlike "and it is" "$got" 'go\.example'

# --- profiles
put() { printf '{"name": "%s", "version": 1, "extends": "agent", "egress": %s}\n' "$1" "$2" >"$work/profiles/$1.json"; }
put groups '{"groups": ["github", "llm"], "deny": ["lfs.github.com", "10.0.0.0/8", "*.example:80"]}'
bundle ex . true
plan=$(rt --profile groups explain --bundle "$work/ex")
like "a group's hosts are in the plan" "$plan" 'allow github.com 443,22'
like "and what is denied" "$plan" 'deny lfs.github.com'
put bad '{"groups": ["everything"]}'
like "an unknown group is refused" "$(rt --profile bad explain --bundle "$work/ex" 2>&1)" 'no group'
put bad '{"allow": [{"host": "a.example", "ports": [443], "tls": "maybe"}]}'
like "so is an unknown TLS rule" "$(rt --profile bad explain --bundle "$work/ex" 2>&1)" 'tls'
put bad '{"deny": [{"host": "a.example", "tls": "any"}]}'
like "and a denial that asks for TLS" "$(rt --profile bad explain --bundle "$work/ex" 2>&1)" 'denies has a host'

# --- steered
if ! rt explain --bundle "$work/ex" | grep -q 'behind every other address'; then
	skip "connections are steered" "neither may BPF_PROG_TYPE_SK_LOOKUP be loaded here, nor is there veth"
	tap_done
	exit
fi
if [ "$steer" = veth ] || ! rt explain --json --bundle "$work/ex" | grep -q '"steered":"bpf"'; then
	steer=veth # a machine that refuses bpf(2) by itself
	is "the plan says by what" "$(rt --profile groups explain --json --bundle "$work/ex" | jq -c '[.ops[] | select(.op == "anet" or .op == "egress").args.steered], (.ops[] | select(.op == "anet").args.ports)' | tr '\n' ' ')" \
		'["veth","veth"] [22,53,80,443] '
	like "and check" "$(rt check | grep -A1 steered | tr -d '\n')" '^yes +steered connections.*by a pair of interfaces'
fi
put open '{"allow": ["ok.example:443", "ok.example:8080"]}'
is "a name that is allowed resolves, whatever the file says" \
	"$(in_box -p open 'echo nameserver 8.8.8.8 >/etc/resolv.conf; nslookup ok.example | grep -c 198.18.0.2')" 1
like "another does not exist" "$(in_box -p open 'nslookup evil.example 2>&1')" 'NXDOMAIN'
t='s=$(date +%s); wget -q -T 5 -O- http://192.0.2.1/ 2>&1; wget -q -T 5 -O- http://evil.example/ 2>&1; nc -w 5 192.0.2.1 25 </dev/null 2>&1; e=$(date +%s); [ $((e - s)) -le 2 ] && echo quick'
got=$(in_box -p open '.process.env += ["http_proxy=", "HTTP_PROXY="]' "$t")
like "what is not allowed is refused at once" "$got" quick
unlike "and never reached" "$got" '<html'
got=$(in_box -p open 'for p in 53 80 443; do nc -l -p $p >/dev/null & sleep 0.2; kill -0 $! && echo bound; kill $!; done')
is "the container may listen on any port" "$(grep -c bound <<<"$got")" 3
is "and reach itself" "$(in_box -p open '(echo mine | nc -l -p 8080) & sleep 0.3; nc -w 2 127.0.0.1 8080')" mine
like "its own address is on lo" "$(in_box -p open 'ip addr show lo')" '198.18.0.1/32'
is "nothing of the host's answers on its loopback" "$(in_box -p open 'nc -w 2 127.0.0.1 22 </dev/null 2>&1 | grep -c SSH')" 0

# --- by way of P
if [ "$steer" = veth ]; then
	got=$(in_box -p open 'ip link set eth0 down; ip link set eth0 mtu 1280; ip addr add 10.0.0.1/8 dev eth0; ip route del default; ip route add 192.0.2.0/24 dev lo; ip link add e1 type dummy; ip link del eth0; ip link show eth0; ip route' 2>&1)
	like "an interface leads to the proxy" "$(tr -d '\n' <<<"$got")" 'eth0[^>]*NOARP,UP,LOWER_UP[^>]*> mtu 65535.*default via 198.18.255.53 dev eth0'
	unlike "at once" "$got" NO-CARRIER
	is "which nobody in the container can change" "$(grep -cE "not permitted|Permission denied" <<<"$got")" 7
	unlike "in any way" "$got" '10.0.0.1|192.0.2|e1'
	is "what listens at its other end is what the policy names" \
		"$(in_box -p open 'for p in 21 22 53 80 443 3128 8080 8081; do nc -w 2 198.18.255.53 $p </dev/null 2>&1 | grep -q refused || echo -n "$p "; done')" "22 53 80 443 8080 "
	id=lost-$$
	bundle lost . 'while ! [ -e /tmp/go ]; do sleep 0.1; done; nc -w 5 ok.example 443 </dev/null; echo "closed $?"; nc -w 5 192.0.2.1 80 </dev/null; echo "closed $?"; ip link show eth0; echo end; sleep 1000'
	rt --profile open create --bundle "$work/lost" "$id" >"$work/lost.out" 2>&1 </dev/null
	rt start "$id"
	exec 9<"/proc/$(rt state "$id" | jq .pid)/ns/net"
	is "its other end is nowhere on the host" "$(ip -o link show type veth | grep -c 65535)" 0
	pkill_proxy() { local p; for p in /proc/[0-9]*/comm; do p=${p%/comm}; [ "$(cat "$p/comm")" = agentrt-egress ] && grep -q -- "$id" "$p/cgroup" && kill -9 "${p#/proc/}"; done; }
	pkill_proxy
	for _ in $(seq 100); do nsenter --net=/proc/self/fd/9 ip link show eth0 >/dev/null 2>&1 || break; sleep 0.1; done
	not_ok_cmd "with the proxy its namespace is gone, and so is the way there" nsenter --net=/proc/self/fd/9 ip link show eth0
	rt exec "$id" touch /tmp/go
	for _ in $(seq 100); do grep -q end "$work/lost.out" && break; sleep 0.1; done
	is "and nothing is reached any more" "$(grep -c 'closed 1' "$work/lost.out")" 2
	rt delete --force "$id"
	bundle kept . 'sleep 1000'
	rt --profile open create --bundle "$work/kept" "kept-$$" >/dev/null 2>&1 </dev/null
	rt start "kept-$$"
	exec 9<"/proc/$(rt state "kept-$$" | jq .pid)/ns/net"
	ok "while the container runs the way is there" nsenter --net=/proc/self/fd/9 ip link show eth0
	rt delete --force "kept-$$"
	for _ in $(seq 100); do nsenter --net=/proc/self/fd/9 ip link show eth0 >/dev/null 2>&1 || break; sleep 0.1; done
	not_ok_cmd "and gone after delete, though somebody keeps the container's namespace" nsenter --net=/proc/self/fd/9 ip link show eth0
	exec 9<&-
fi

# --- learned, and the log followed
put learn '{"mode": "learn", "allow": ["ok.example:443"]}'
id=learn-$$
bundle learn . 'for h in ok.example other.example; do for p in 443 5432; do nc -w 1 $h $p </dev/null; done; done; nc -w 1 192.0.2.7 25 </dev/null; sleep 2'
rt --profile learn create --bundle "$work/learn" "$id" >/dev/null </dev/null 2>&1
rt egress log --follow "$id" >"$work/followed" 2>&1 &
follower=$!
rt start "$id"
for _ in $(seq 50); do [ "$(rt egress learned "$id" | jq '.egress.allow | length')" = 5 ] && break; sleep 0.2; done
is "learning lists what was asked for, by name and port" \
	"$(rt egress learned "$id" | jq -r '.egress.allow[] | "\(.host):\(.ports[0])"' | sort | tr '\n' ' ')" \
	"192.0.2.7:25 ok.example:443 ok.example:5432 other.example:443 other.example:5432 "
like "as the container's word" "$(rt egress learned "$id")" 'asked for by the container'
is "and nothing was let out" "$(rt egress log "$id" | jq -r .verdict | sort -u)" deny
wait "$follower"
is "log --follow ends with the container, and has every line" "$(sort "$work/followed")" "$(rt egress log "$id" | sort)"
is "each line has the members that the schema requires" \
	"$(jq -c --slurpfile s "$here/../docs/egress-log.schema.json" 'select((has("suppressed") or has("overwritten") | not) and (($s[0].oneOf[0].required - keys) != []))' <"$work/followed")" ""
rt delete --force "$id"

# --- git over ssh and https, to servers of ours in an engine namespace of ours
command -v git >/dev/null && command -v ssh >/dev/null && [ -x /usr/sbin/sshd ] && command -v ip >/dev/null &&
	command -v python3 >/dev/null && command -v openssl >/dev/null || {
	skip "git over ssh and https" "needs git, ssh, sshd, ip, python3 and openssl"
	tap_done
	exit
}
mkdir -p "$work/git" /run/sshd
touch "$work/ns" "$work/srv"
unshare --net="$work/ns" true && unshare --net="$work/srv" true || { skip "git over ssh" "no network namespaces"; tap_done; exit; }
umount_ns() { umount -l "$work/ns" "$work/srv" 2>/dev/null; kill ${sshd_pid:+"$sshd_pid"} ${web_pid:+"$web_pid"} 2>/dev/null; }
trap 'umount_ns; bundle_cleanup' EXIT
in_ns() { nsenter --net="$work/$1" "${@:2}"; }
in_ns ns ip link set lo up
in_ns srv ip link set lo up
in_ns ns ip link add e0 type veth peer name s0
in_ns ns ip link set s0 netns "$work/srv"
in_ns ns ip addr add 203.0.113.2/24 dev e0
in_ns srv ip addr add 203.0.113.9/24 dev s0
in_ns ns ip link set e0 up
in_ns srv ip link set s0 up
ssh-keygen -q -t ed25519 -N '' -f "$work/git/host" && ssh-keygen -q -t ed25519 -N '' -f "$work/git/key"
git init -q --bare "$work/git/repo.git"
cat >"$work/git/sshd_config" <<END
Port 22
HostKey $work/git/host
AuthorizedKeysFile $work/git/key.pub
StrictModes no
UsePAM no
PermitRootLogin yes
PidFile none
END
nsenter --net="$work/srv" setsid /usr/sbin/sshd -D -e -f "$work/git/sshd_config" >"$work/sshd.log" 2>&1 </dev/null &
sshd_pid=$!
# A name server for two names of that machine, and what git calls a dumb server: files by TLS.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=git.test -addext subjectAltName=DNS:git.test \
	-keyout "$work/git/tls.key" -out "$work/git/tls.crt" 2>/dev/null
cat >"$work/git/servers.py" <<'END'
import functools, http.server, os, socket, ssl, sys, threading
where = sys.argv[1]
s = http.server.ThreadingHTTPServer(("203.0.113.9", 443), functools.partial(
    http.server.SimpleHTTPRequestHandler, directory=where))
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
c.load_cert_chain(where + "/tls.crt", where + "/tls.key")
s.socket = c.wrap_socket(s.socket, server_side=True)
threading.Thread(target=s.serve_forever, daemon=True).start()
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.bind(("203.0.113.9", 53))
open(where + "/ready", "w").close()
while True:
    q, who = u.recvfrom(512)
    end = q.index(0, 12) + 5
    known = q[12:end - 4] in (b"\3git\4test\0", b"\3web\4test\0")
    a = known and q[end - 4:end - 2] == b"\0\1"
    u.sendto(q[:2] + (b"\x81\x80" if known else b"\x81\x83") + b"\0\1\0" + bytes([a]) + b"\0\0\0\0" + q[12:end] +
             (b"\xc0\x0c\0\1\0\1\0\0\0\5\0\4" + socket.inet_aton("203.0.113.9") if a else b""), who)
END
nsenter --net="$work/srv" python3 "$work/git/servers.py" "$work/git" >"$work/web.log" 2>&1 </dev/null &
web_pid=$!
for _ in $(seq 100); do [ -e "$work/git/ready" ] && break; sleep 0.1; done
echo nameserver 203.0.113.9 >"$work/resolv.conf"
put ssh '{"allow": ["git.test:22", "git.test:443", "web.test:443"]}'
# The tools are the host's: bound in one by one, read-only, as an administrator's profile permits.
binds=$(for d in /usr /lib /lib64 /bin; do [ -e "$d" ] && printf '{"destination":"%s","type":"bind","source":"%s","options":["rbind","ro"]},' "$d" "$(readlink -f "$d")"; done)
jq -n --argjson b "[${binds%,}]" '[$b[].source]' >"$work/paths.json"
jq --slurpfile p "$work/paths.json" '. + {mounts: {allow: $p[0]}}' "$work/profiles/ssh.json" >"$work/x" && mv "$work/x" "$work/profiles/ssh.json"
binds+='{"destination":"/etc/resolv.conf","type":"bind","source":"'$work'/resolv.conf","options":["rbind","ro"]},'
BUNDLE=$(printf '.mounts += [%s] | (.linux.namespaces[] | select(.type == "network")).path = "%s"' "${binds%,}" "$work/ns")
ssh_options='-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=5'
script='umask 077; echo "'"$(cat "$work/git/key")"'" >/tmp/key; echo "'"$(cat "$work/git/tls.crt")"'" >/tmp/ca; cd /tmp
unset HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy
export GIT_SSH_COMMAND="ssh -i /tmp/key '"$ssh_options"'" GIT_SSL_CAINFO=/tmp/ca GIT_TERMINAL_PROMPT=0
git init -q w && cd w && git config user.email a@b && git config user.name a && echo x >f && git add f && git commit -qm x &&
git push -q ssh://root@git.test'"$work"'/git/repo.git HEAD:refs/heads/pushed 2>&1; echo "push $?"
git ls-remote ssh://root@203.0.113.10/x 2>&1; echo "other $?"
ssh -i /tmp/key '"$ssh_options"' root@web.test true 2>&1; echo "ssh $?"'
got=$(in_box -p ssh "$BUNDLE" "$script" 2>&1)
like "git pushes over ssh, to a name, with no proxy set" "$got" 'push 0'
is "and what it pushed is there" "$(git -C "$work/git/repo.git" rev-parse -q --verify refs/heads/pushed >/dev/null && echo yes)" yes
like "another host on that port is refused" "$got" 'other 128'
like "and ssh to a name that is allowed on other ports prints the rule, the way out and where to read more" "$got" \
	'egress.port: web.test:22: .* add "web.test:22" to the allow list of profile ssh.*/run/agentrt/policy.md'
git -C "$work/git/repo.git" update-server-info
script=${script%%git init*}'git clone -q -b pushed https://git.test/repo.git r 2>&1; echo "clone $? $(cat r/f)"
git clone -q https://web.test/repo.git q 2>&1; echo "wrong $?"; git ls-remote https://evil.test/repo.git 2>&1; echo "other $?"'
got=$(in_box -p ssh "$BUNDLE" "$script" 2>&1)
like "git clones over https, from a name" "$got" 'clone 0 x'
like "from another name of the same server TLS itself does not" "$got" 'wrong 128'
like "and another name does not exist" "$(tr '\n' ' ' <<<"$got")" 'Could not resolve host: evil.test.* other 128'
umount_ns
is "nothing is left" "$(left_of "-$$")" ""
tap_done
