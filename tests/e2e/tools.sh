#!/usr/bin/env bash
# tools.sh - package managers and languages reach their hosts from a container, with no proxy variable
# set: real traffic, to the hosts that `egress discover` reads from the image's own configuration and to
# no other. AGENTRT: the program under test. Needs the network; the image is that of programs.sh.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
work=$(mktemp -d /tmp/agentrt-tools.XXXXXX)
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
. "$here/lib/programs.sh"
trap bundle_cleanup EXIT
mkdir -p "$work/profiles"
tree=$(programs_tree) || { echo "Bail out! the image with the programs cannot be made"; exit 1; }

# What this machine's tools are told about the way out (mirrors, authorities) holds for the image's, too.
conf=$work/conf
mkdir -p "$conf/root/etc/ssl/certs"
for f in /etc/npmrc /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do [ -r "$f" ] && cp -L "$f" "$conf/root$f"; done
chmod -R go+rX "$work"

# --- the profile: what discover found, and nothing else
found=$({ rt egress discover "$conf/root/"; rt egress discover "$tree/"; } | jq -s '{egress: {allow: [.[].egress.allow[]]}}')
hosts_of() { jq -r --arg t "$1" '[.egress.allow[] | select(.note | startswith($t)) | .host] | unique | .[]' <<<"$found"; }
for t in apt npm pip; do like "discover finds what $t needs in the image" "$(hosts_of "$t" | wc -l)" '^[1-9]'; done
via='{egress: {via: "host"}, mounts: {allow: [$c]}}'
put() { jq --arg n "$1" --arg c "$conf" "{name: \$n, version: 1, extends: \"agent\"} * $via * ${2:-.}" <<<"$found" >"$work/profiles/$1.json"; }
put tools
put none '{egress: {allow: []}}'

n=0
as() { # PROFILE SCRIPT: what it prints, errors too
	n=$((n + 1))
	mkdir -p "$work/b$n"
	jq --arg s "$(printf 'cp -r /conf/root/. /\nunset $(compgen -e | grep -i _proxy$)\n%s' "$2")" \
		--arg r "$tree" --arg c "$conf" '.root = {path: $r} | .process.args = ["bash", "-c", $s] | .process.cwd = "/tmp" |
		.process.env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"] |
		.mounts += [{destination: "/conf", type: "bind", source: $c, options: ["rbind", "ro"]}]' \
		"$here/lib/config.json" >"$work/b$n/config.json"
	RT_TIMEOUT=240 rt --profile "$1" run --bundle "$work/b$n" "tools$n-$$" </dev/null 2>&1 | grep -v '^agentrt: profile'
}
if ! rt --profile tools explain --bundle "$(as tools true >/dev/null; echo "$work/b$n")" | grep -q 'behind every other address'; then
	skip "tools that know no proxy" "BPF_PROG_TYPE_SK_LOOKUP may not be loaded here"
	tap_done
	exit
fi
is "no proxy variable is left" "$(as tools 'env | grep -ci _proxy')" 0

# --- package managers. Their first packages, small ones: what they are does not matter.
installs() { # TOOL WANT SCRIPT [USER]: as root and as USER, where this machine itself finds the tool's hosts
	local h who
	for h in $(hosts_of "$1"); do
		getent ahosts "$h" >/dev/null || { skip "$1 installs" "this machine does not find the hosts that $1 is configured for"; return; }
	done
	for who in root ${4:-}; do
		like "$who: $1 installs" "$(as tools "su -s /bin/bash $who -c $(printf %q "$3")")" "$2"
	done
}
installs apt '^Hello, world!' \
	'apt-get -q update && apt-get -q install -y --no-install-recommends hello && hello'
installs npm '^001$' \
	'cd $(mktemp -d) && npm install --no-audit --no-fund left-pad && node -p "require(\"left-pad\")(1, 3, 0)"' dev
installs pip '^imported$' \
	'python3 -m venv /tmp/v && /tmp/v/bin/pip install -q --disable-pip-version-check iniconfig && /tmp/v/bin/python -c "import iniconfig; print(\"imported\")"' dev

# --- languages: one of the same hosts by plain HTTP, where it has that, and by TLS
plain=$(jq -r '[.egress.allow[] | select(.ports == [80]) | .host] | first // empty' <<<"$found")
secure=$(jq -r '[.egress.allow[] | select(.ports == [443]) | .host] | unique | .[]' <<<"$found" | while read -r h; do
	getent ahosts "$h" >/dev/null && echo "$h" && break
done)
lang() { # NAME SCRIPT: with $h a host and $u its URL, prints a status
	[ -z "$plain" ] || like "$1 by HTTP" "$(as tools "h=$plain u=http://$plain/; $2")" '^status [1-5][0-9][0-9]'
}
lang "Node's fetch" 'node -e "fetch(process.argv[1]).then(r => console.log(\"status\", r.status))" $u'
lang "Python's socket" 'python3 -c "
import socket, sys
s = socket.create_connection((sys.argv[1], 80))
s.sendall(b\"GET / HTTP/1.1\r\nHost: %s\r\n\r\n\" % sys.argv[1].encode())
print(\"status\", s.recv(100).split()[1].decode())" $h'
lang "Go" 'cd $(mktemp -d) && printf "package main\nimport (\"fmt\"; \"net/http\"; \"os\")\nfunc main() { r, e := http.Get(os.Args[1]); if e != nil { fmt.Println(e); return }; fmt.Println(\"status\", r.StatusCode) }" >m.go && go run m.go $u'
lang "Java" 'cd $(mktemp -d) && printf "import java.net.*; class A { public static void main(String[] a) throws Exception { var c = (HttpURLConnection) new URL(a[0]).openConnection(); System.out.println(\"status \" + c.getResponseCode()); } }" >A.java && java A.java $u'
[ -n "$secure" ] || { skip "languages by TLS" "this machine finds none of the hosts"; tap_done; exit; }
like "Node's fetch by TLS" "$(as tools "NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt node -e 'fetch(process.argv[1]).then(r => console.log(\"status\", r.status))' https://$secure/")" '^status [1-5]'
like "Python by TLS, and by IPv6 inside" "$(as tools "python3 -c \"
import socket, ssl, sys
c = ssl.create_default_context(cafile='/etc/ssl/certs/ca-certificates.crt')
for f in socket.AF_INET, socket.AF_INET6:
    a = socket.getaddrinfo('$secure', 443, f, socket.SOCK_STREAM)[0]
    s = socket.socket(f); s.connect(a[4]); t = c.wrap_socket(s, server_hostname='$secure')
    t.sendall(b'HEAD / HTTP/1.1\\r\\nHost: $secure\\r\\n\\r\\n'); print('status', t.recv(20).split()[1].decode())\" | grep -c '^status [1-5]'")" '^2$'

# --- and nothing else
out=$(as tools "s=\$SECONDS; node -e 'fetch(\"https://evil.example/\").catch(e => console.log(e.cause.code))'; python3 -c '
import socket
for a in (\"192.0.2.1\", 443), (\"evil.example\", 80):
    try: socket.create_connection(a)
    except OSError as e: print(type(e).__name__)'; echo \"after \$((SECONDS - s))\"")
like "another host does not exist for Node" "$out" '^ENOTFOUND$'
like "an address is refused for Python, and another name does not exist" "$(tr '\n' ' ' <<<"$out")" 'ConnectionRefusedError gaierror'
like "and none of it waits" "$out" '^after [0-9]$'
out=$(as none 's=$SECONDS; apt-get -q -o Acquire::Retries=0 update 2>&1; npm view --fetch-retries 0 left-pad version 2>&1; pip download --retries 0 -q iniconfig 2>&1; echo "after $((SECONDS - s))"')
like "with an empty list apt fails" "$out" 'Temporary failure resolving|Could not resolve'
like "npm too" "$out" 'ENOTFOUND'
like "and pip" "$out" 'No matching distribution|Name or service not known|not known'
like "and soon" "$out" '^after [0-9]$|^after [12][0-9]$'
is "nothing is left" "$(left_of "-$$")" ""
tap_done
