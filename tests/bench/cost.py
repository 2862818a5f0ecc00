# SPDX-License-Identifier: Apache-2.0
"""cost.py - what `make bench BENCHFLAGS=--cost` measures: each protection on and off, and what a
program pays inside.

Starting: profiles that differ from another one in one protection each, in the bench's own rounds;
the difference of their medians is what that protection costs. Policy file: written wherever the root
is an overlay, so it is in that row.

Inside: one container of each runtime is alive and waits; in each round all of them, in a turn that
moves on, do the same little work. Medians are compared, and tenth percentiles, which other work on the
machine moves less. The base is runc with the same filter on an overlay as dockerd's overlay2 mounts
it, and the others are given the same one. All their files lie in one new ext4 file system, and all is
made anew LIVES times: on a disk in use, making a file took from 20 to 60 us from one directory to the
next, by what its block group had left, and kept that figure for as long as the directory lived."""
import json
import os
import shutil
import statistics
import subprocess
import tempfile

from bundle import CGROUP, base_config
from runtimes import Failed, cleanup, named, newer, percentile

MASKED = ["/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kallsyms", "/proc/latency_stats", "/sys/devices/virtual/powercap",
          "/sys/fs/bpf", "/sys/kernel/debug", "/sys/kernel/security", "/sys/kernel/tracing"]
SCREENS = {"capabilities": {"screen": True}, "devices": {"screen": True}, "sysctl": {"screen": True}, "env": {"screen": True},
           "process": {"screen": True, "noNewPrivileges": True}}
USERNS = {**SCREENS, "userns": "require"}
SCREENED = "capabilities, devices, sysctls, environment"
# name: (what it is compared with, what is laid over the profile oci)
LADDER = {
    "seccomp list": ("oci", None),  # filled in from the profile agent
    "landlock": ("oci", {"landlock": {"files": True, "scope": True}}),
    "masks": ("oci", {"paths": {"masked": MASKED}}),
    "screened mounts": ("oci", {"mounts": {"screen": True}}),
    SCREENED: ("oci", SCREENS),
    "overlay root and policy file": ("oci", {"root": {"mode": "overlay"}}),
    "user namespace": (SCREENED, USERNS),
    "network namespace of its own": ("user namespace", {**USERNS, "egress": {"mode": "none"}}),
    "proxy": ("network namespace of its own", {**USERNS, "egress": {"mode": "egress", "allow": []}}),
}
WHOLE = ("agent", "agent-strict")
ON_DISK = "agent"  # of these, the one whose upper layer is on a disk
LIVES = 4
FIGURES = (("hot", "median_ms"), ("idle", "median_ms"), ("hot", "cpu_low_ms"))
INSIDE_BASE = "runc"
TARGET = 1.05
OUTSIDE = "mount -t tmpfs tmpfs $1/dev/shm; exec chroot \"$@\""
LOOPS, FILES = 1000, 50
DEEP = "/usr/share/doc/a/b/file"


# ---- starting ----

def short(name):
    return "".join(c if c.isalnum() else "-" for c in name).strip("-")


def profiles(build, directory):
    """The rows' profiles as files, owned by root as they must be."""
    os.mkdir(directory, 0o755)
    shown = subprocess.run([f"{build}/agentrt", "profile", "show", "agent"], capture_output=True, text=True, check=True)
    for name, (_, adds) in LADDER.items():
        adds = adds or {"seccomp": json.loads(shown.stdout)["seccomp"]}
        with open(f"{directory}/{short(name)}.json", "w") as f:
            json.dump({"version": 1, "name": short(name), "extends": "oci", **adds}, f)


def inside_profile(directory, disk):
    """The profile agent, with its upper layers on @disk."""
    with open(f"{directory}/inside.json", "w") as f:
        json.dump({"version": 1, "name": "inside", "extends": ON_DISK, "root": {"dir": disk}}, f)


def starters(o, build, state, directory):
    def one(name, profile):
        r = named(f"{short(name)}={build}/agentrt --profile-dir {directory} --profile {profile}", state)
        r.name = name
        return r
    found = [one("oci", "oci"), *(one(n, short(n)) for n in LADDER), *(one(n, n) for n in WHOLE)]
    found += [named(f"{r}={shutil.which(r)}", state) for r in ("crun", "runc") if shutil.which(r)]
    return found + newer(state) if o.newer else found


def print_starting(results, gap):
    print(f"\nStarting: what each protection adds to a run (ms; medians, and the tenth percentile of CPU time)\n"
          f"{'':46}{'back to back':>24}{f'{gap} ms between':>24}{'CPU':>24}\n{'':46}" + f"{'off':>8}{'on':>8}{'adds':>8}" * 3)
    for name, (without, _) in LADDER.items():
        on, off = results[name], results[without]
        if isinstance(on, str) or isinstance(off, str):
            print(f"{name:46}  {on if isinstance(on, str) else off}")
            continue
        print(f"{name:46}" + "".join(f"{off[k][m]:8.2f}{on[k][m]:8.2f}{on[k][m] - off[k][m]:8.2f}" for k, m in FIGURES))
    print_whole(results)


def print_whole(results):
    others = [n for n in results if n.partition("-")[0] in ("crun", "runc") and isinstance(results[n], dict)]
    print("\nThe whole, as a multiple of the other's run: back to back, after idle, CPU\n" + " " * 16 + "".join(f"{n:>24}" for n in others))
    for name in (*WHOLE, "oci"):
        if isinstance(results[name], dict):
            print(f"{name:16}" + "".join(f"{'':6}" + "".join(f"{results[name][k][m] / results[n][k][m]:6.2f}" for k, m in FIGURES)
                                         for n in others))


# ---- inside ----

def image(build, directory):
    """Two layers below an upper one, as dockerd's overlay2 has them."""
    for d in ("low/dev/shm", "low/proc", "low/sys", "low/tmp", "low/etc", "low/run", f"low{os.path.dirname(DEEP)}", "mid/work", "mid/bin"):
        os.makedirs(f"{directory}/{d}")
    shutil.copy(f"{build}/tests/bench/work", f"{directory}/mid/bin/work")
    with open(f"{directory}/low{DEEP}", "w") as f:
        f.write("a file of the image\n")
    with open(f"{directory}/low/etc/passwd", "w") as f:
        f.write("root:x:0:0:root:/root:/bin/sh\n")


def overlay(directory, name):
    base = f"{directory}/{name}"
    for d in ("upper", "work", "merged"):
        os.makedirs(f"{base}/{d}")
    os.chmod(f"{base}/upper", 0o755)
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", f"lowerdir={directory}/mid:{directory}/low,upperdir={base}/upper,"
                    f"workdir={base}/work,index=off", f"{base}/merged"], check=True)
    return f"{base}/merged"


class Inside:
    """One living container, or the program itself where the runtime is None."""

    def __init__(self, name, r, directory, names):
        self.name, self.r, self.base = name, r, f"{directory}/{short(name)}"
        rootfs = overlay(directory, short(name))
        args = ["/bin/work", str(LOOPS), str(FILES), DEEP, "/work"]
        config = base_config(rootfs, names)
        config["process"].update(args=args, terminal=False)
        config["linux"]["cgroupsPath"] = f"{CGROUP}/{short(name)}"
        with open(f"{self.base}/config.json", "w") as f:
            json.dump(config, f)
        self.process = subprocess.Popen(r.within(r.run(self.base)) if r else ["unshare", "-m", "sh", "-ec", OUTSIDE, "sh", rootfs, *args], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.rows = self.process.stdout.readline().strip().split("\t")
        if len(self.rows) < 2:
            raise Failed(self.process.stderr.read().strip()[:300])

    def once(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Failed(self.process.stderr.read().strip()[:300])
        return [float(v) for v in line.split()]

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        if self.r:
            cleanup(self.r, [short(self.name)])


def living(build, state, directory, profile_dir, names, failed):
    candidates = {"no container": None}
    for name in ("runc", "crun"):
        if shutil.which(name):
            candidates[name] = named(f"{name}={shutil.which(name)}", state)
    for profile in ("oci", *WHOLE):
        used = f"--profile-dir {profile_dir} --profile {'inside' if profile == ON_DISK else profile}"
        candidates[f"agentrt {profile}"] = named(f"agentrt-{profile}={build}/agentrt {used}", state)
    for name, r in candidates.items():
        for hide in (False, True):  # crun refuses the hybrid layout where v2 has a controller
            if r:
                r.hide_v2 = hide
            try:
                yield Inside(name, r, directory, names)
                failed.pop(name, None)
                break
            except (Failed, OSError) as e:
                failed[name] = f"does not run: {e}"
                tidy(directory, short(name))


def tidy(directory, name):
    subprocess.run(["umount", "-l", f"{directory}/{name}/merged"], stderr=subprocess.DEVNULL)
    shutil.rmtree(f"{directory}/{name}", ignore_errors=True)


def rounds(found, n, got):
    """@got: {name: [ns of each row, of each round]}, to be added to"""
    for k in range(n + 1):
        for i in range(len(found)):
            c = found[(k + i) % len(found)]
            ns = c.once()
            if k:  # not what is done for the first time
                got.setdefault(c.name, []).append(ns)


def new_disk(work):
    """A file system of its own: what older files left of the disk would decide otherwise."""
    disk = f"{work}/disk"
    os.mkdir(disk, 0o755)
    with open(f"{work}/disk.img", "wb") as f:
        f.truncate(1 << 30)
    subprocess.run(["mkfs.ext4", "-q", "-F", f"{work}/disk.img"], check=True)
    subprocess.run(["mount", "-o", "loop", f"{work}/disk.img", disk], check=True)
    return disk


def life(build, state, work, profile_dir, names, n, got, failed):
    """Every candidate made, asked @n times, and ended; the rows' names"""
    found, disk = [], new_disk(work)
    try:
        inside_profile(profile_dir, disk)
        directory = f"{disk}/bench"
        os.mkdir(directory, 0o755)
        image(build, directory)
        for c in living(build, state, directory, profile_dir, names, failed):
            found.append(c)
        rounds(found, n, got)
        return found[0].rows
    finally:
        for c in found:
            c.end()
        for name in os.listdir(f"{disk}/bench") if os.path.isdir(f"{disk}/bench") else ():
            tidy(f"{disk}/bench", name)
        subprocess.run(["umount", "-l", disk], stderr=subprocess.DEVNULL)


def inside(build, state, profile_dir, names, n):
    got, failed = {}, {}
    for _ in range(LIVES):
        work = tempfile.mkdtemp(prefix="agentrt-bench.", dir="/var/tmp")
        os.chmod(work, 0o755)
        try:
            rows = life(build, state, work, profile_dir, names, -(-n // LIVES), got, failed)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    ns = {name: {row: (statistics.median(v), percentile(v, 0.1)) for row, v in zip(rows, zip(*all))} for name, all in got.items()}
    return {"base": INSIDE_BASE if INSIDE_BASE in ns else next(iter(ns)), "rounds": n, "failed": failed, "ns": ns}


def print_inside(r):
    base = r["ns"][r["base"]]
    names = [n for n in r["ns"] if n != r["base"]]
    print(f"\nInside: {r['base']} on an overlay as dockerd mounts it, in ns, and the others as a multiple of it "
          f"(medians, then tenth percentiles, of {r['rounds']} rounds; both above {TARGET}: *)")
    print(f"{'':20}{r['base'] + ' ns':>16}" + "".join(f"{n:>22}" for n in names))
    for row, ns in base.items():
        line = f"{row:20}{ns[0]:8.0f}{ns[1]:8.0f}"
        for n in names:
            ratio = [v / b for v, b in zip(r["ns"][n][row], ns)]
            line += f"{ratio[0]:15.2f}{ratio[1]:6.2f}{'*' if min(ratio) > TARGET else ' '}"
        print(line)
    for name, why in r["failed"].items():
        print(f"{name}: {why}")
