# SPDX-License-Identifier: Apache-2.0
"""net.py - network namespaces for the egress test, as files that setns(2) and ip(8) take.

  A     the agent's: lo only; the test's clients run here
  E     the engine's: veth to U, 203.0.113.2/24, default gateway 203.0.113.1
  U     the rest of the world: 203.0.113.1 (the gateway), .10 (servers, DNS), private addresses
  HOST  plays the host: 198.51.100.7 on its loopback
"""
import ctypes
import os
import subprocess

CLONE_NEWNET, CLONE_NEWNS = 0x40000000, 0x20000
libc = ctypes.CDLL(None, use_errno=True)


def check(r, what):
    if r != 0:
        raise OSError(ctypes.get_errno(), what)


def enter(path):
    """This thread goes into the namespace; sockets stay where they were made."""
    fd = os.open(path, os.O_RDONLY)
    check(libc.setns(fd, CLONE_NEWNET), "setns " + path)
    os.close(fd)


def private_mounts():
    """What is mounted from here on is gone with this process."""
    check(libc.unshare(CLONE_NEWNS), "unshare")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


def make(directory, name):
    """A new namespace, kept alive by a bind mount on a file."""
    path = os.path.join(directory, name)
    open(path, "w").close()
    pid = os.fork()
    if pid == 0:
        check(libc.unshare(CLONE_NEWNET), "unshare")
        subprocess.run(["mount", "--bind", "/proc/self/ns/net", path], check=True)
        os._exit(0)
    if os.waitpid(pid, 0)[1] != 0:
        raise RuntimeError("cannot make a network namespace")
    return path


def remove(path):
    subprocess.run(["umount", "-l", path], check=False)


def inside(path, *argv):
    subprocess.run(["nsenter", "--net=" + path, *argv], check=True,
                   stdout=subprocess.DEVNULL)


def ip(path, line):
    inside(path, "ip", *line.split())


PRIVATE = ["10.9.0.5/32", "192.168.77.5/32", "100.64.1.1/32", "169.254.169.254/32"]


def world(directory):
    ns = {n: make(directory, n) for n in ("A", "E", "U", "HOST")}
    for path in ns.values():
        ip(path, "link set lo up")
    ip(ns["E"], "link add e0 type veth peer name u0")
    inside(ns["E"], "ip", "link", "set", "u0", "netns", ns["U"])
    for n, dev, addrs in (("E", "e0", ["203.0.113.2/24", "2001:db8::2/64"]),
                          ("U", "u0", ["203.0.113.1/24", "203.0.113.10/24", "2001:db8::1/64",
                                       "2001:db8::10/64", "198.51.100.7/32", *PRIVATE])):
        for a in addrs:
            inside(ns[n], "ip", "addr", "add", a, "dev", dev,
                   *(["nodad"] if ":" in a else []))
        ip(ns[n], "link set %s up" % dev)
    ip(ns["E"], "route add default via 203.0.113.1")
    ip(ns["E"], "-6 route add default via 2001:db8::1")
    ip(ns["HOST"], "addr add 198.51.100.7/32 dev lo")
    return ns
