# SPDX-License-Identifier: Apache-2.0
"""The machine: cgroup hierarchies, what the kernel can do, and the namespaces that the whole run stays in."""
import os
import platform
import shutil
import subprocess
import threading


class Hierarchy:
    def __init__(self, mount, version, controllers):
        self.mount, self.version, self.controllers = mount, version, controllers


def mountinfo():
    """(mount point, file system type, super options) of every mount."""
    found = []
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as f:
        for line in f:
            left, right = line.rstrip("\n").split(" - ", 1)
            words = right.split(" ")
            found.append((left.split(" ")[4], words[0], words[2] if len(words) > 2 else ""))
    return found


def hierarchies():
    found = []
    for point, fstype, options in mountinfo():
        if fstype == "cgroup2":
            names = read(os.path.join(point, "cgroup.controllers")).split()
            # Device access, freezing and killing are part of every v2 hierarchy.
            found.append(Hierarchy(point, 2, set(names)))
        elif fstype == "cgroup":
            found.append(Hierarchy(point, 1, {o for o in options.split(",") if o not in ("rw", "ro", "xattr")}))
    return found


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read().strip()
    except OSError:
        return ""


class Host:
    def __init__(self, probe, work, rootless=False):
        self.probe, self.work, self.rootless = probe, work, rootless
        self.hierarchies = [] if rootless else hierarchies()
        self.known = {}
        self.lock = threading.Lock()

    def hierarchy_of(self, controller):
        for h in self.hierarchies:
            if controller in h.controllers:
                return h
        if controller in ("devices", "freezer"):
            for h in self.hierarchies:
                if h.version == 2:
                    return h
        return None

    def has(self, need):
        with self.lock:
            if need not in self.known:
                self.known[need] = self.look(need)
            return self.known[need]

    def can(self, *what):
        return subprocess.run([self.probe, "can", *what], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              timeout=20, check=False).returncode == 0

    def look(self, need):
        kind, _, rest = need.partition(":")
        if kind == "not":
            return not self.look(rest)
        if self.rootless and kind in ("root", "cap", "idmap", "timens"):
            return False
        if kind == "root":
            return os.geteuid() == 0
        if kind == "controller":
            return self.hierarchy_of(rest) is not None
        if kind == "cgroup":
            name, _, version = rest.partition("=")
            h = self.hierarchy_of(name)
            return h is not None and h.version == int(version)
        if kind == "cgroup2":
            return any(h.version == 2 for h in self.hierarchies)
        if kind == "pure-cgroup2":
            return bool(self.hierarchies) and all(h.version == 2 for h in self.hierarchies)
        if kind == "file":
            return os.path.exists(rest)
        if kind == "tool":
            return shutil.which(rest) is not None
        if kind == "arch":
            return platform.machine() == rest
        if kind == "cpus":
            return len(os.sched_getaffinity(0)) >= int(rest)
        if kind == "kernel":
            release = platform.release().split("-")[0].split(".")
            return tuple(map(int, release[:2])) >= tuple(map(int, rest.split(".")))
        if kind == "filesystem":
            return any(line.split()[-1:] == [rest] for line in read("/proc/filesystems").splitlines())
        if kind == "cap":
            return self.has_cap(int(rest.split("=")[1]))
        if kind == "sh":
            return subprocess.run(["sh", "-c", rest], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, timeout=20, check=False).returncode == 0
        if kind == "lsm":
            return rest in read("/sys/kernel/security/lsm").split(",")
        if kind == "idmap":
            return self.can("idmap", self.work)
        if kind in ("timens", "userns", "nosymfollow", "mount_setattr"):
            return self.can(kind)
        raise ValueError(f"the need {need!r} is not known")

    @staticmethod
    def has_cap(number):
        for line in read("/proc/self/status").splitlines():
            if line.startswith("CapEff:"):
                return int(line.split()[1], 16) >> number & 1 == 1
        return False

    def cgroups_named(self, name):
        """Directories of cgroups that bear a name, in any hierarchy."""
        found = []
        for h in self.hierarchies:
            for top, dirs, _ in os.walk(h.mount):
                found += [os.path.join(top, d) for d in dirs if name in d]
        return found
