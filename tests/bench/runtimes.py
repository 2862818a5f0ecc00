# SPDX-License-Identifier: Apache-2.0
"""runtimes.py - who is measured, and one measurement: a batch of runs under the stopwatch."""
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from bundle import CGROUP

HERE = os.path.dirname(os.path.abspath(__file__))
FIELDS = ("wall_us", "cpu_us", "rss_kib", "status")


class Failed(Exception):
    """A runtime that does not do what is measured; the sentence says what it said."""


class Runtime:
    """One candidate. A tree is another system's root: its /usr takes this machine's place in a mount
    namespace that is made once a batch, so that a run costs what it costs at home."""

    def __init__(self, name, argv, tree="", floor=False):
        self.name, self.argv, self.tree, self.floor, self.hide_v2 = name, argv, tree, floor, False

    def command(self, *args):
        return [*self.argv, *args]

    def run(self, bundle):
        name = os.path.basename(bundle)
        return [*self.argv, name, *self.floor] if self.floor else self.command("run", "--bundle", bundle, name)

    def within(self, command):
        if not self.tree and not self.hide_v2:
            return command
        script = ""
        if self.hide_v2:
            script += "awk '$(NF-2) == \"cgroup2\" {print $5}' /proc/self/mountinfo | xargs -rn 1 umount; "
        if self.tree:
            script += f"mount --bind {self.tree}/etc/ld.so.cache /etc/ld.so.cache; mount --rbind {self.tree}/usr /usr; "
        return ["unshare", "-m", "sh", "-ec", script + "exec \"$@\"", "sh", *command]

    def version(self):
        p = subprocess.run(self.within([self.argv[0], "--version"]), stdin=subprocess.DEVNULL, capture_output=True, text=True)
        return "" if self.floor or p.returncode else p.stdout.split("\n")[0]


def floor(build, bundles, mounts):
    after = [*(path + CGROUP for path, _ in mounts), "--", "/bin/true"]
    return Runtime("floor", [f"{build}/tests/bench/floor", bundles.rootfs, bundles.filter], floor=after)


def named(text, state):
    """NAME=PROGRAM [OPTION...] or NAME=TREE, where the program is NAME up to the first dash."""
    name, _, rest = text.partition("=")
    path, *options = shlex.split(rest) or [""]
    root = ["--root", f"{state}/{name.replace(' ', '-')}"]
    if not os.path.isdir(path):
        return Runtime(name, [os.path.abspath(path), *root, *options])
    program = name.partition("-")[0]
    for d in ("bin", "sbin"):
        if os.path.exists(f"{path}/usr/{d}/{program}"):
            return Runtime(name, [f"/usr/{d}/{program}", *root, *options], os.path.abspath(path))
    return sys.exit(f"bench: --runtime {text}: no /usr/bin/{program} in that tree")


def newer(state):
    """crun and runc of the newer Debian suite that the engine tests use, too."""
    lib = os.path.join(HERE, "..", "lib")
    p = subprocess.run(["bash", "-c", f". {lib}/image.sh; . {lib}/newer.sh; newer_tree"], stdout=subprocess.PIPE, text=True)
    if p.returncode:
        sys.exit("bench: --newer: there is no tree of a newer suite")
    tree, found = p.stdout.strip(), []
    for program in ("crun", "runc"):
        r = named(f"{program}-newer={tree}", state)
        version = r.version().split()[-1].partition("+")[0]
        found.append(named(f"{program}-{version}={tree}", state))
    return found


def candidates(o, build, bundles, state, mounts):
    """In the order of the table; state is on a tmpfs, as /run is."""
    found = [floor(build, bundles, mounts)]
    for profile in ("oci", "agent"):
        found.append(named(f"agentrt {profile}={build}/agentrt --profile {profile}", state))
    for runtime in ("crun", "runc"):
        if shutil.which(runtime):
            found.append(named(f"{runtime}={shutil.which(runtime)}", state))
    if o.newer:
        found += newer(state)
    found += [named(text, state) for text in o.runtime]
    only = [x for x in o.only.split(",") if x]
    return [r for r in found if not only or r.name in only]


def sequence(*commands):
    return [word for c in commands for word in (";", *c)][1:]


def stopwatch(build, r, commands, runs, gap):
    """Starts a batch; rows() waits for it."""
    err = tempfile.TemporaryFile(mode="w+")
    argv = r.within([f"{build}/tests/bench/stopwatch", str(runs), str(gap), *commands])
    p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err, text=True)
    p.said, p.runs = err, runs
    return p


def rows(p):
    """One list a run, of one dictionary a command; Failed where a command had a status."""
    out = p.communicate()[0]
    found = [[dict(zip(FIELDS, map(float, line.split()[i:i + 4]))) for i in range(0, len(line.split()), 4)]
             for line in out.splitlines()]
    bad = [c for row in found for c in row if c["status"]]
    if p.returncode or len(found) != p.runs or bad:
        p.said.seek(0)
        raise Failed(f"{len(found)} of {p.runs} runs, {len(bad)} failed: {p.said.read().strip()[:300]}")
    return found


def measure(build, r, commands, runs, gap=0):
    return rows(stopwatch(build, r, commands, runs, gap))


def settle(build, found, bundle):
    """Fills everybody's caches and finds out who does not run, and who must not see v2 (crun refuses
    the hybrid layout where v2 has a controller). Returns the sentences of those that do not run."""
    failed = {}
    for r in found:
        for hide in (False, True):
            r.hide_v2 = hide
            try:
                measure(build, r, r.run(bundle), 2)
                failed.pop(r.name, None)
                break
            except (Failed, OSError) as e:
                failed.setdefault(r.name, f"does not run: {e}")
            cleanup(r, [os.path.basename(bundle)])
    return failed


def cleanup(r, names):
    if not r.floor:
        for name in names:
            subprocess.run(r.within(r.command("delete", "--force", name)), stdin=subprocess.DEVNULL, capture_output=True)


def median_ms(values):
    return statistics.median(values) / 1000


def percentile(values, p):
    return sorted(values)[min(len(values) - 1, int(len(values) * p))]


def busy_ms():
    """CPU time of the whole machine that was not idle."""
    with open("/proc/stat") as f:
        v = [int(x) for x in f.readline().split()[1:9]]
    return (sum(v) - v[3] - v[4]) * 1000 / os.sysconf("SC_CLK_TCK")


def kernel_ms():
    """CPU time of the kernel's own threads, which clean up what has died."""
    ticks = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as f:
                v = f.read().rpartition(")")[2].split()
        except OSError:
            continue
        if v[1] == "2" or pid == "2":
            ticks += int(v[11]) + int(v[12])
    return ticks * 1000 / os.sysconf("SC_CLK_TCK")


def backlog():
    """What the kernel keeps of dead containers: network namespaces (active objects of the slab cache,
    an upper bound) and memory cgroups."""
    nets = cgroups = 0
    with open("/proc/slabinfo") as f:
        for line in f:
            if line.startswith("net_namespace "):
                nets = int(line.split()[1])
    with open("/proc/cgroups") as f:
        for line in f:
            if line.startswith("memory\t"):
                cgroups = int(line.split()[2])
    return nets, cgroups


def until_settled(before, seconds):
    """Waits until no more network namespaces are there than before; how long that took."""
    start = time.monotonic()
    while backlog()[0] > before[0] and time.monotonic() - start < seconds:
        time.sleep(0.05)
    return time.monotonic() - start
