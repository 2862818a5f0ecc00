#!/usr/bin/env bash
# programs.sh - what people and agents really run lives under the agent profile's filter and limits:
# compilers, interpreters, package managers, debuggers, databases, as root and as a user of the image.
# AGENTRT: the program under test. The image is Debian's, made once in $AGENTRT_TEST_CACHE.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
work=$(mktemp -d /tmp/agentrt-programs.XXXXXX)
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
. "$here/lib/programs.sh"
trap bundle_cleanup EXIT
mkdir -p "$work/profiles"
tree=$(programs_tree) || { echo "Bail out! the image with the programs cannot be made"; exit 1; }

n=0
as() { # UID SCRIPT: what it prints, errors too
	n=$((n + 1))
	mkdir -p "$work/b$n"
	jq --arg s "$2" --argjson u "$1" --arg r "$tree" --arg p "${PROFILE:-agent}" '.root = {path: $r} | .process.args = ["bash", "-c", $s] |
		.process.user = {uid: $u, gid: $u} | .process.noNewPrivileges = ($p != "sudo") | .process.cwd = "/tmp" |
		.process.env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp", "TERM=xterm"]' \
		"$here/lib/config.json" >"$work/b$n/config.json"
	RT_TIMEOUT=120 rt --profile "${PROFILE:-agent}" run --bundle "$work/b$n" "programs$n-$$" </dev/null 2>&1 | grep -v '^agentrt: profile'
}
# Each as root and as an ordinary user: NAME WANT SCRIPT; of several lines one is made
both() {
	is "root: $1" "$(as 0 "$3" | tr '\n' ' ' | sed 's/ $//')" "$2"
	is "user: $1" "$(as 1000 "$3" | tr '\n' ' ' | sed 's/ $//')" "$2"
}

c="echo 'int main(void) { return 42; }' >a.c && gcc -g -o a a.c"
both "gcc compiles, and what it made runs" 42 "$c && ./a; echo \$?"
both "make" 42 "$c && printf 'b:\n\t./a; echo \$\$?\n' >Makefile && make -s b"
both "gdb breaks in a child of its own" "Breakpoint 1, main () at a.c:1 exited with code 052" \
	"$c && gdb -batch -ex 'break main' -ex run -ex continue ./a 2>&1 | grep -oE 'Breakpoint 1, main.*|exited with code 052' | tr '\n' ' ' | sed 's/ \$//'"
both "strace follows children" yes "strace -f -o s sh -c 'ls /; true' >/dev/null && grep -q 'execve(.*/bin/ls' s && echo yes"
both "git commits and clones" "x cloned" "git init -q r && git -C r -c user.name=a -c user.email=b commit -q --allow-empty -m x && git clone -q r q && echo \$(git -C q log --format=%s) cloned"
both "Python: threads, processes, shared memory" "[1, 4, 9]" \
	"python3 -c 'import multiprocessing as m, threading; q = m.Queue(); t = threading.Thread(target=q.put, args=(1,)); t.start(); t.join(); q.get(); print(m.Pool(2).map(pow2 := abs, [-1, -4, -9]))'"
both "a virtual environment" 3 "python3 -m venv v && v/bin/python -c 'import sys; print(sys.version_info[0])'"
both "pip installs a package of one's own" "0.1" "mkdir -p p/x && echo 'v = \"0.1\"' >p/x/__init__.py && printf '[project]\nname=\"x\"\nversion=\"0.1\"\n' >p/pyproject.toml && python3 -m venv --system-site-packages v && v/bin/pip install -q --no-index --no-build-isolation ./p && v/bin/python -c 'import x; print(x.v)'"
both "Node: workers, child processes" "worker child" \
	"node -e 'new (require(\"worker_threads\").Worker)(\"process.stdout.write(String(2))\", {eval: true}).on(\"exit\", () => console.log(\"worker\", require(\"child_process\").execSync(\"echo child\").toString().trim()))' | tr -d 2"
both "npm runs a script" ran "mkdir p && cd p && echo '{\"name\": \"p\", \"version\": \"1.0.0\", \"scripts\": {\"x\": \"echo ran\"}}' >package.json && npm run -s x"
both "Go builds and runs" go "mkdir g && cd g && printf 'package main\nimport \"fmt\"\nfunc main() { c := make(chan string); go func() { c <- \"go\" }(); fmt.Println(<-c) }' >m.go && go run m.go"
both "cargo builds and runs" "Hello, world!" "cargo new -q --vcs none c && cd c && cargo run -q --offline"
both "a JVM compiles and runs threads" thread "printf 'class A { public static void main(String[] a) throws Exception { Thread t = new Thread(() -> System.out.println(\"thread\")); t.start(); t.join(); } }' >A.java && java A.java"
both "job control of a shell" "1 stopped end" "set -m; sleep 0.2 & jobs | wc -l; kill -STOP %1; wait %1 >/dev/null 2>&1; jobs | grep -qi stopped && echo stopped; kill -CONT %1; fg %1 >/dev/null; echo end"
both "tmux" in-tmux "tmux new-session -d -s x 'echo in-tmux >/tmp/t; sleep 1'; for i in 1 2 3 4 5 6 7 8 9; do [ -s /tmp/t ] && break; sleep 0.2; done; cat /tmp/t"
both "Redis serves and saves in the background" "OK b" "redis-server --port 6399 --daemonize yes >/dev/null; for i in 1 2 3 4 5 6 7 8 9; do redis-cli -p 6399 ping >/dev/null 2>&1 && break; sleep 0.2; done; echo \$(redis-cli -p 6399 set a b; redis-cli -p 6399 bgsave >/dev/null; redis-cli -p 6399 get a)"
both "openssl and ssh-keygen" "yes" "openssl rand -hex 4 >/dev/null && ssh-keygen -q -t ed25519 -N '' -f k && [ -s k.pub ] && echo yes"
pg='bin=$(echo /usr/lib/postgresql/*/bin); $bin/initdb -D /tmp/db >/dev/null 2>&1 && $bin/pg_ctl -D /tmp/db -o "-k /tmp" -w -l /tmp/log start >/dev/null && psql -h /tmp -U "$(id -un)" -At -c "select 1+1" postgres'
is "user: PostgreSQL serves" "$(as 1000 "$pg")" 2
is "root: PostgreSQL and Redis as services of the image" \
	"$(as 0 'service postgresql start >/dev/null 2>&1; service redis-server start >/dev/null 2>&1; for i in 1 2 3 4 5 6 7 8 9; do redis-cli ping >/dev/null 2>&1 && break; sleep 0.3; done; su postgres -c "psql -At -c \"select 2\""; redis-cli ping')" "$(printf '2\nPONG')"
is "root: users are added and become" "$(as 0 'useradd -m bob && su bob -c "id -un"')" bob
like "user: sudo says why it cannot" "$(as 1000 'sudo -n id')" 'no new privileges'
like "user: and explain says what to do" "$(rt explain --bundle "$work/b$((n + 1))" | grep -A1 'with sudo')" 'start it as user 0.*noNewPrivileges'
echo '{"name": "sudo", "version": 1, "extends": "agent", "process": {"noNewPrivileges": false}}' >"$work/profiles/sudo.json"
is "user: sudo works where the administrator's profile does not force no_new_privs, and widens nothing" \
	"$(PROFILE=sudo as 1000 'sudo -n id -u; for c in "unshare -m true" "unshare -U true" "mount -t tmpfs t /mnt" "mknod /tmp/m b 8 0"; do sudo -n $c 2>/dev/null && echo "done: $c"; done; echo end')" "$(printf '0\nend')"

# --- programs that bring a sandbox of their own
echo '{"name": "nested", "version": 1, "extends": "agent", "nested": true}' >"$work/profiles/nested.json"
dom="chromium --headless --disable-gpu --dump-dom 'data:text/html,<p>hi</p>' 2>/dev/null"
like "user: Chromium with its own sandbox works where the profile says nested" "$(PROFILE=nested as 1000 "$dom")" '<p>hi</p>'
unlike "user: and not elsewhere" "$(as 1000 "$dom")" '<p>hi</p>'
is "user: nested allows user, pid and network namespaces" \
	"$(PROFILE=nested as 1000 'unshare -Urpf echo pid; unshare -Urn echo net')" "$(printf 'pid\nnet')"
is "user: no others" \
	"$(PROFILE=nested as 1000 'for f in m u i C T; do unshare -Ur$f true 2>/dev/null && echo "made $f"; done; echo end')" end
is "user: and few of them" \
	"$(PROFILE=nested as 1000 'for i in $(seq 40); do unshare -U sleep 5 2>/dev/null & done; sleep 2; [ "$(jobs -r | wc -l)" -le 32 ] && echo few')" few

# --- the same filter still refuses
is "root: no namespace, no mount" "$(as 0 'unshare -U true 2>/dev/null && echo made; mount -t tmpfs t /mnt 2>/dev/null && echo mounted; echo end')" end
tap_done
