#!/usr/bin/env bash
# export.sh - what a container has changed as a layer: applied to the original root it gives what the
# container saw.
# AGENTRT: the program under test.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
agentrt=$(readlink -f "${AGENTRT:-$(command -v agentrt)}")
[ -x "$agentrt" ] || { echo "1..0 # AGENTRT names no program"; exit 1; }
work=$(mktemp -d /tmp/agentrt-export.XXXXXX)
trap 'bundle_cleanup' EXIT
. "$here/lib/tap.sh"
. "$here/lib/bundle.sh"
bundle_setup
n=exp-$$

# The original: directories that will be replaced, files that will go, links, other owners.
mkdir -p "$work"/rootfs/data/{keep,opaque,gone/deep,mode}
for f in keep/a opaque/old gone/deep/x plain linked mode/f; do echo "original $f" >"$work/rootfs/data/$f"; done
ln "$work/rootfs/data/linked" "$work/rootfs/data/linked2"
ln -s plain "$work/rootfs/data/symlink"
chown 1000:1000 "$work/rootfs/data/keep/a"
cp -a "$work/rootfs" "$work/applied"

long=$(printf 'n%.0s' $(seq 200))
change='set -e; cd /data
echo new >new; echo more >>plain; rm -r gone; rm -r opaque; mkdir opaque; echo fresh >opaque/fresh
ln new hard1; ln new hard2; ln -s /etc/../new link; ln -sf elsewhere symlink; mkfifo fifo
chown 1000:33 new; chmod 4755 plain; chmod 700 mode; chown -h 5:6 link; rm linked
mkdir -p '"$long/$long"'; echo deep >'"$long/$long/$long"'
touch -d "2001-02-03 04:05:06" keep/a; dd if=/dev/urandom of=keep/blob bs=1000 count=700 2>/dev/null
echo odd >"name with
newline"; echo b >"$(printf "caf\351")"; : >empty; echo wh >.wh.plain; rm -f mode/f; mkdir mode/f
sync; echo >/ready; exec sleep 1000'
bundle box ".root.readonly = false | .process.args = [\"sh\", \"-c\", $(jq -Rs . <<<"$change")]"
rt run -d --bundle "$work/box" "$n" >"$work/out" 2>&1 </dev/null || cat "$work/out"
for _ in $(seq 100); do rt exec "$n" test -e /ready && break; sleep 0.1; done
# Python's tarfile sets no times of symbolic links.
list='cd /data; find . ! -name . | sort | while IFS= read -r f; do printf "%s " "$f"; if [ -h "$f" ]; then stat -c "%f %u %g" "$f"; else stat -c "%f %u %g %Y" "$f"; fi; [ -f "$f" ] && md5sum <"$f"; [ -h "$f" ] && readlink "$f"; done; true'
touch -h -d "2020-01-01" "$work/applied/data" # the top is not compared
rt exec "$n" sh -c "$list" >"$work/want" 2>"$work/err"
ok "the container has changed its root" grep -q 'hard1' "$work/want"
rt pause "$n"
ok "export" rt export -o "$work/layer.tar" "$n"
rt export "$n" >"$work/again.tar" 2>"$work/said"
ok "the same again, to standard output" cmp "$work/layer.tar" "$work/again.tar"
like "a name that a layer cannot hold is said" "$(cat "$work/said")" 'data/\.wh\.plain is left out'
ok "tar can read it" tar -tf "$work/layer.tar"
list_of=$(tar -tf "$work/layer.tar")
like "a removed file is a whiteout" "$list_of" '^data/\.wh\.linked$'
like "a removed directory is one" "$list_of" '^data/\.wh\.gone$'
like "a replaced directory is opaque" "$list_of" '^data/opaque/\.wh\.\.wh\.\.opq$'
unlike "what was not touched is not in it" "$list_of" 'bin/busybox|data/linked2'
is "hard links are links" "$(tar -tvf "$work/layer.tar" | grep -c 'link to')" 2
is "ids are the container's" "$(tar --numeric-owner -tvf "$work/layer.tar" | awk '$2 ~ /^[0-9]+\/[0-9]+$/ {split($2, a, "/"); if (a[1] > 65535 || a[2] > 65535) print}' | wc -l)" 0

cat >"$work/apply.py" <<'EOF'
import os, shutil, sys, tarfile
root, layer = sys.argv[1:]
def remove(p):
    if os.path.isdir(p) and not os.path.islink(p): shutil.rmtree(p)
    elif os.path.lexists(p): os.unlink(p)
dirs = []
with tarfile.open(layer, errors="surrogateescape") as t:
    for m in t:
        p, base = os.path.join(root, m.name), os.path.basename(m.name)
        assert not m.name.startswith("/") and ".." not in m.name.split("/")
        if base == ".wh..wh..opq":
            d = os.path.dirname(p)
            for x in os.listdir(d): remove(os.path.join(d, x))
        elif base.startswith(".wh."):
            remove(os.path.join(os.path.dirname(p), base[4:]))
        else:
            if not (m.isdir() and os.path.isdir(p) and not os.path.islink(p)): remove(p)
            t.extract(m, root, numeric_owner=True)
            for k, v in m.pax_headers.items():
                if k.startswith("SCHILY.xattr."):
                    os.setxattr(p, k[13:], v.encode("utf-8", "surrogateescape"), follow_symlinks=False)
            if m.isdir(): dirs.append((p, m.mtime))
for p, mtime in reversed(dirs): os.utime(p, (mtime, mtime))
EOF
ok "it can be applied to the original" python3 "$work/apply.py" "$work/applied" "$work/layer.tar"
chroot "$work/applied" sh -c "$list" >"$work/got" 2>>"$work/err"
# one line each, as a name may have a line break; without the file that was left out
lines() { grep -avF -e .wh.plain -e "$(md5sum <<<wh | cut -c1-32)" "$1" | LC_ALL=C sort; }
is "and gives what the container saw" "$(diff -a <(lines "$work/want") <(lines "$work/got") | head -n 12)" ""

# --- attributes
bundle xa '.root.readonly = false | .process.args = ["sleep", "100"]'
rt run -d --bundle "$work/xa" "$n-x" >/dev/null 2>&1 </dev/null
up=$(jq -r .upper "$work/state/$n-x/state.json")
echo x >"$up/upper/capable"
python3 - "$up/upper/capable" <<'EOF'
import os, struct, sys
os.setxattr(sys.argv[1], "user.note", b"a\nb=\xff")
os.setxattr(sys.argv[1], "security.capability", struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0))
EOF
rt export -o "$work/x.tar" "$n-x"
is "attributes are kept" "$(python3 - "$work/x.tar" <<'EOF'
import sys, tarfile
h = tarfile.open(sys.argv[1], errors="surrogateescape").getmember("capable").pax_headers
print(sorted(k for k in h), h["SCHILY.xattr.user.note"].encode("utf-8", "surrogateescape"))
EOF
)" "['SCHILY.xattr.security.capability', 'SCHILY.xattr.user.note'] b'a\\nb=\\xff'"

# --- what cannot be exported
mem=$(echo '{"version": 1, "extends": "agent", "root": {"upper": "tmpfs"}}' >"$work/profiles/mem.json"
	rt --profile mem run -d --bundle "$work/xa" "$n-m" >/dev/null 2>&1 </dev/null; rt export "$n-m" 2>&1 | head -c 300)
like "a root in memory is refused with the reason" "$mem" 'no upper layer on disk|not an overlay'
like "a container that does not exist" "$(rt export nothing-$$ 2>&1)" 'does not exist'
like "an archive that cannot be written" "$(rt export -o /dev/full "$n-x" 2>&1)" 'write the archive: no space left'
for c in "$n" "$n-x" "$n-m"; do rt delete --force "$c"; done
is "nothing is left" "$(rt list -q | wc -l)" 0
tap_done
