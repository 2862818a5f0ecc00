#!/usr/bin/env bash
# projects.sh - project directories three ways (direct, ro, cow), and the names that are not seen.
# AGENTRT: the program under test.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
work=$(mktemp -d /tmp/agentrt-projects.XXXXXX)
trap bundle_cleanup EXIT
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
bundle_setup
p=$work/proj
for way in ro cow; do
	echo '{"name": "'$way'", "version": 1, "extends": "agent", "mounts": {"projects": "'$way'"}}' >"$work/profiles/$way.json"
done
echo '{"name": "tm", "version": 1, "extends": "cow", "root": {"upper": "tmpfs", "sizeBytes": 8388608}}' >"$work/profiles/tm.json"
make_project() {
	rm -rf "$p"
	mkdir -p "$p/a/b" "$p/.aws" "$p/node_modules/m"
	echo SECRET | tee "$p/.env" "$p/a/b/.env.local" "$p/.aws/credentials" "$p/a/server.key" >/dev/null
	echo shown | tee "$p/.env.example" "$p/node_modules/m/.npmrc" "$p/a/b/readme" >/dev/null
	ln -s .env "$p/link"
	chown -hR 4242:4242 "$p"
}
work_on() { echo ".mounts += [{\"destination\": \"/w\", \"type\": \"bind\", \"source\": \"$p\", \"options\": [\"rbind\", \"rw\"]}]"; }
sum() { (cd "$p" && find . -printf '%p %y %m %U %G %s %l\n' | sort && cat $(find . -type f | sort)) | sha256sum; }
in_project() { in_box -p "$1" "$(work_on)" "cd /w; $2" 2>&1 | grep -v '^agentrt: profile'; }
# A container that stays: its id in $id
n=0
start_box() { # PROFILE
	n=$((n + 1)) id=p$n-$$
	bundle "$id" "$(work_on) | .process.args = [\"sleep\", \"1000\"]"
	rt --profile "$1" create --bundle "$work/$id" "$id" </dev/null >/dev/null && rt start "$id"
}
end_box() { rt delete --force "$id"; }
peek() { rt exec "$id" sh -c "$1" 2>&1; }

# --- every way: what is not seen, what is
for way in agent ro cow tm; do
	make_project
	unlike "$way: no secret is read, by any name that the project has" "$(in_project $way 'find . -type f -o -type c -o -type l | while read f; do cat "$f"; done; cat .env link .aws/credentials a/b/.env.local a/server.key')" SECRET
	is "$way: the rest is there" "$(in_project $way 'cat .env.example node_modules/m/.npmrc a/b/readme' | sort -u)" shown
done
is "without names in the profile nothing is hidden" \
	"$(echo '{"name": "all", "version": 1, "extends": "agent", "mounts": {"hide": []}}' >"$work/profiles/all.json"; in_project all 'cat .env a/b/.env.local' | sort -u)" SECRET

is "and nothing said of it in the container" "$(in_project all 'grep -c "with credentials" /run/agentrt/policy.md'; in_project agent 'grep -c "with credentials" /run/agentrt/policy.md')" 0$'\n'1

# --- sockets and pipes of the host's processes
serve() { # PATH: a server of the host's
	perl -e 'use Socket; socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, pack_sockaddr_un($ARGV[0])); listen(S, 1); sleep 60' "$1" &
	server=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do [ -S "$1" ] && break; sleep 0.1; done
	chown 4242:4242 "$1"
}
serve "$p/a/early.sock"
mkfifo "$p/pipe" && chown 4242:4242 "$p/pipe"
for way in agent ro cow; do
	is "$way: sockets and pipes that are there at create are not" "$(in_project $way 'test -S a/early.sock && echo socket; test -p pipe && echo pipe; ls -ld a/early.sock pipe 2>/dev/null | cut -c1' | grep -v 'Read-only\|ermission' | sort -u | tr -d '\n')" \
		"$([ $way = cow ] || echo c)"
done
kill "$server"
rm "$p/a/early.sock" "$p/pipe"

# --- whose the files are
like "another user of the container is told why it cannot make files" "$(in_project agent 'su user -c "touch /w/x"' 2>&1)" 'too large for defined data type|Permission denied'
like "so is who gives a file to one" "$(in_project agent 'touch x; chown 1000 x' 2>&1)" 'too large for defined data type'
like "the policy in the container says so before" "$(in_project agent 'cat /run/agentrt/policy.md')" 'Only uid 0, as which'
is "a file with set-user-id belongs to the owner, never to root, and gives nothing inside" \
	"$(in_project agent 'cp /bin/busybox s && chmod 6755 s && stat -c %u s' >/dev/null; stat -c '%u:%g' "$p/s")" 4242:4242
rm -f "$p/s" "$p/x"
echo '{"name": "nosetid", "version": 1, "extends": "agent", "process": {"noSetIdFiles": true}}' >"$work/profiles/nosetid.json"
like "explain says that such a file can appear" "$(bundle ex "$(work_on)"; rt explain --short --bundle "$work/ex")" '/w is .*a set-user-id file of the owner.s too \(process\.noSetIdFiles'
out=$(rt --profile nosetid explain --short --bundle "$work/ex" 2>&1)
like "with noSetIdFiles, that none can" "$out" 'no file can be made set-user-id or set-group-id \[process\.setid\]'
unlike "and no longer that one can" "$out" 'a set-user-id file'
start_box nosetid
out=$(peek 'cd /w; cp /bin/busybox s; for m in 4755 2755 6000 u+s g+s; do chmod $m s 2>&1 || echo refused $m; done; chmod 1755 s; stat -c %a s; mkdir d; chmod 2755 d; touch d/f; echo end')
is "with noSetIdFiles nobody can make one" "$(grep -c '^refused' <<<"$out") $(grep -c 'Operation not permitted' <<<"$out")" "5 6"
is "and other modes can be set, files and directories made" "$(grep -vE 'refused|not permitted' <<<"$out" | tr '\n' ' ')" "1755 end "
end_box
is "and none is on the host" "$(find "$p" -perm /6000)" ""
rm -rf "$p/s" "$p/d"
echo '{"name": "rootas", "version": 1, "extends": "agent", "mounts": {"rootProjectsAs": "4343:4344"}}' >"$work/profiles/rootas.json"
chown -hR 0:0 "$p" && chmod 1777 "$p" && chmod 600 "$p/a/b/readme"
not_ok_cmd "a project of the host's root is read-only" in_box "$(work_on)" 'echo x >/w/new'
in_project rootas 'echo x >new; cp /bin/busybox s; chmod 6755 s; chown 0:0 s; echo x >a/x; echo x >>.env.example; cat a/b/readme; rm -rf a; ln -s /etc/shadow l; mkdir d; touch d/f' >"$work/rootas" 2>&1
is "with rootProjectsAs it is written as that id" "$(cd "$p" && stat -c '%n %u:%g' new s d d/f | tr '\n' ' ')" "new 4343:4344 s 4343:4344 d 4343:4344 d/f 4343:4344 "
is "and what root owns is as it was" "$(cat "$p/.env.example" "$p/a/b/readme" | sort -u; ls "$p/a/x" 2>&1 | grep -c 'No such')" shown$'\n'1
unlike "what root alone may read is not read" "$(cat "$work/rootas")" shown
is "nothing new is root's" "$(find "$p" -newer "$work/profiles/rootas.json" -uid 0 -type f)" ""
chmod 755 "$p"
not_ok_cmd "where that user may not write, the container may not" in_box -p rootas "$(work_on)" 'echo x >/w/new2'
make_project

# --- ro
before=$(sum)
not_ok_cmd "ro: nothing can be written" in_box -p ro "$(work_on)" 'echo x >/w/new || echo x >/w/a/b/readme'
is "ro: and nothing was" "$(sum)" "$before"

# --- cow
is "cow: everything can be written" "$(in_project cow 'echo x >new && echo y >>a/b/readme && mkdir d && mv a/b/readme d/r && rm -r node_modules && cat new d/r && ls')" \
	"$(printf 'x\nshown\ny\na\nd\nlink\nnew')"
is "cow: the host's files are as they were" "$(sum)" "$before"
is "cow: each start begins with them" "$(in_project cow 'ls; cat a/b/readme')" "$(printf 'a\nlink\nnode_modules\nshown')"
is "cow: a hidden name can be used for a file of one's own" "$(in_project cow 'echo mine >.env && cat .env')" mine
like "cow: the mount is nosuid and nodev" "$(in_project cow 'grep " /w " /proc/self/mountinfo')" 'nosuid,nodev'
is "cow: files belong to the process" "$(in_project cow 'stat -c %u:%g . a a/b a/b/readme; touch x; stat -c %u:%g x' | sort -u)" 0:0
chown -hR 0:0 "$p"
before=$(sum)
is "cow: a project of the host's root can be written, too" "$(in_project cow 'echo x >a/new && rm a/b/readme && cat a/new')" x
is "cow: and is as it was" "$(sum)" "$before"
is "cow in memory: everything can be written" "$(in_project tm 'echo x >new && cat new')" x
not_ok_cmd "cow in memory: and ends in no space at its size" in_box -p tm "$(work_on)" 'head -c 20m /dev/zero >/w/big'
make_project
start_box cow
up=$(ls -d /var/lib/agentrt/"$id".*)
peek 'echo kept >/w/kept' >/dev/null
is "cow: what is written is kept under the state directory" "$(cat "$up"/project-*/upper/kept)" kept
is "cow: by an id of nobody on the host" "$([ "$(stat -c %u "$up"/project-*/upper/kept)" -gt 100000 ] && echo yes)" yes
end_box
is "cow: until delete" "$(ls -d "$up" 2>&1 | grep -c 'No such')" 1

# --- what the host does meanwhile: a mount covers a file, a whiteout a name
for way in agent cow; do
	make_project
	start_box $way
	echo SECRET-NEW >"$p/.env.tmp-of-editor" && mv "$p/.env.tmp-of-editor" "$p/.env"
	got=$(peek 'cat /w/.env')
	case $way in
	agent) is "direct: a file that the host renames over a hidden one is seen, as explain says" "$got" SECRET-NEW ;;
	cow) unlike "cow: a file that the host renames over a hidden one is not seen" "$got" SECRET ;;
	esac
	perl -e 'use Socket; socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, pack_sockaddr_un($ARGV[0])); listen(S, 1); sleep 20' "$p/late.sock" &
	server=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do [ -S "$p/late.sock" ] && break; sleep 0.1; done
	chmod 777 "$p/late.sock"
	answers() { perl -e 'use Socket; socket(S, PF_UNIX, SOCK_STREAM, 0); connect(S, pack_sockaddr_un($ARGV[0])) or exit 1' "/proc/$(rt state "$id" | jq .pid)/root/w/late.sock"; }
	not_ok_cmd "$way: a socket that the host's root opens later does not answer" answers
	chown 4242:4242 "$p/late.sock"
	case $way in
	agent) ok "direct: one of the project's owner does, as SECURITY.md says" answers ;;
	cow) not_ok_cmd "cow: nor one of the project's owner" answers ;;
	esac
	kill "$server" 2>/dev/null
	end_box
done
like "explain says what hides, and what a mount does not hold" \
	"$(bundle ex "$(work_on)"; rt explain --bundle "$work/ex" | grep -A1 'names in mounts.hide')" 'renames over'

# --- hostile or unfit projects
make_project
mkdir -p "$p/many" && (cd "$p/many" && seq -f .env.%g 1 1001 | xargs touch)
like "more names than can be hidden are refused" "$(in_project agent true)" 'more than 1000 matches; mount a smaller directory'
like "copy-on-write, too" "$(in_project cow true)" 'more than 1000 matches'
rm -r "$p/many"
(cd "$p" && for _ in $(seq 70); do mkdir d && cd d || exit; done)
like "a tree deeper than is searched is refused" "$(in_project agent true)" 'more than 64 levels of directories'
rm -r "$p/d"
ln -s /etc/shadow "$p/.netrc" && mkfifo "$p/.envrc"
is "a link and a pipe with such names do no harm" "$(in_project agent 'echo end')" end
is "nor copy-on-write" "$(in_project cow 'ls -A | grep -c -e .netrc -e .envrc; echo end' | tr '\n' ' ')" "0 end "
is "nothing is left" "$(ls "$work/state" 2>/dev/null | wc -l) $(find /var/lib/agentrt -maxdepth 1 -name "*-$$.*" | wc -l)" "0 0"
tap_done
