# SPDX-License-Identifier: Apache-2.0
"""bundle.py - the bundle that every runtime runs: a root of busybox and Docker's default config."""
import ctypes
import ctypes.util
import json
import os
import platform
import shutil
import signal
import sys
import time

CONFIG = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib", "config.json")
CGROUP = f"/agentrt-bench-{os.getpid()}"
# Refused unless a capability allows it, in Docker's default profile; everything else is allowed.
REFUSED = """acct add_key bpf clock_adjtime clock_adjtime64 clock_settime clock_settime64 clone3 create_module
delete_module finit_module fsconfig fsmount fsopen fspick get_kernel_syms init_module io_uring_enter
io_uring_register io_uring_setup ioperm iopl kcmp kexec_file_load kexec_load keyctl lookup_dcookie mount
mount_setattr move_mount nfsservctl open_by_handle_at open_tree perf_event_open pivot_root
process_madvise query_module quotactl quotactl_fd reboot request_key setdomainname sethostname setns
set_mempolicy_home_node settimeofday stime swapoff swapon sysfs _sysctl umount umount2 unshare uselib
userfaultfd ustat vhangup vm86 vm86old""".split()


class Seccomp:
    """libseccomp by ctypes: names of all system calls, and a compiled filter for the floor."""

    ALLOW, ERRNO_EPERM = 0x7FFF0000, 0x00050001
    ARCHES = [("SCMP_ARCH_X86_64", 0xC000003E), ("SCMP_ARCH_X86", 0x40000003), ("SCMP_ARCH_X32", 0x4000003E)]

    def __init__(self):
        self.lib = ctypes.CDLL(ctypes.util.find_library("seccomp") or "libseccomp.so.2")
        self.lib.seccomp_init.restype = ctypes.c_void_p
        self.lib.seccomp_syscall_resolve_num_arch.restype = ctypes.c_void_p
        self.free = ctypes.CDLL(None).free

    def names(self):
        found = set()
        for _, arch in self.ARCHES[:2]:
            for n in range(600):
                p = self.lib.seccomp_syscall_resolve_num_arch(ctypes.c_uint32(arch), n)
                if p:
                    found.add(ctypes.string_at(p).decode())
                    self.free(ctypes.c_void_p(p))
        return sorted(found - set(REFUSED))

    def compile(self, names, path):
        ctx = ctypes.c_void_p(self.lib.seccomp_init(self.ERRNO_EPERM))
        self.lib.seccomp_attr_set(ctx, 8, 2)  # SCMP_FLTATR_CTL_OPTIMIZE: a tree
        for _, arch in self.ARCHES[1:]:
            self.lib.seccomp_arch_add(ctx, ctypes.c_uint32(arch))
        for name in names:
            number = self.lib.seccomp_syscall_resolve_name(name.encode())
            self.lib.seccomp_rule_add_array(ctx, ctypes.c_uint32(self.ALLOW), number, 0, None)
        with open(path, "wb") as f:
            if self.lib.seccomp_export_bpf(ctx, f.fileno()):
                sys.exit("bench: libseccomp cannot export the filter")


def base_config(rootfs, names):
    with open(CONFIG) as f:
        config = json.load(f)
    config["ociVersion"] = "1.0.2"  # Debian 12's crun refuses later ones
    config["root"] = {"path": rootfs}
    config["process"]["args"] = ["/bin/true"]
    if platform.machine() == "x86_64":
        config["linux"]["seccomp"] = {
            "defaultAction": "SCMP_ACT_ERRNO",
            "defaultErrnoRet": 1,
            "architectures": [name for name, _ in Seccomp.ARCHES],
            "syscalls": [{"names": names, "action": "SCMP_ACT_ALLOW"}],
        }
    return config


class Bundles:
    """Directories below work, all with the same root and each with a cgroup of its own."""

    def __init__(self, work):
        self.work, self.rootfs, self.filter = work, f"{work}/rootfs", f"{work}/filter"
        os.makedirs(self.rootfs)
        for d in "bin dev etc proc sys tmp root".split():
            os.mkdir(f"{self.rootfs}/{d}")
        busybox = shutil.which("busybox") or sys.exit("bench: needs busybox-static")
        shutil.copy(busybox, f"{self.rootfs}/bin/busybox")
        for program in ("true", "sleep"):
            os.symlink("busybox", f"{self.rootfs}/bin/{program}")
        with open(f"{self.rootfs}/etc/passwd", "w") as f:
            f.write("root:x:0:0:root:/root:/bin/sh\n")
        seccomp = Seccomp()
        self.names = seccomp.names()
        seccomp.compile(self.names, self.filter)

    def make(self, name, args=("/bin/true",), memory=0):
        """A bundle; made anew where the name was used before."""
        path = f"{self.work}/{name}"
        config = base_config(self.rootfs, self.names)
        config["process"]["args"] = list(args)
        config["linux"]["cgroupsPath"] = f"{CGROUP}/{name}"
        if memory:
            config["linux"].setdefault("resources", {})["memory"] = {"limit": memory}
        os.makedirs(path, exist_ok=True)
        with open(f"{path}/config.json", "w") as f:
            json.dump(config, f)
        return path


def cgroup_mounts():
    """Where the hierarchies are that this process is in."""
    found = []
    with open("/proc/self/mountinfo") as f:
        for line in f:
            left, right = line.split(" - ", 1)
            if right.split()[0] in ("cgroup", "cgroup2"):
                found.append((left.split()[4], right.split()[0]))
    return found


def make_parents(mounts):
    for path, _ in mounts:
        try:
            os.makedirs(path + CGROUP, exist_ok=True)
            for f in ("cpuset.cpus", "cpuset.mems"):
                own, up = f"{path}{CGROUP}/{f}", f"{path}/{f}"
                if os.path.exists(own) and os.path.exists(up):
                    with open(up) as source, open(own, "w") as target:
                        target.write(source.read())
        except OSError:
            pass


def remove_parents(mounts):
    """And whatever is still in them: a bench may be interrupted."""
    for path, _ in mounts:
        for directory, _, _ in os.walk(path + CGROUP, topdown=False):
            try:
                with open(f"{directory}/cgroup.procs") as f:
                    for pid in map(int, f):
                        os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
            for _ in range(50):
                try:
                    os.rmdir(directory)
                    break
                except OSError:
                    time.sleep(0.02)
