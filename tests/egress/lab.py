# SPDX-License-Identifier: Apache-2.0
"""lab.py - what the egress tests share: TAP, namespaces, upstream servers, the proxy.

A test is a program that calls lab.run(function). The proxy is started by the runtime's own code
(launch.c). With AGENTRT_TEST_STEER=veth connections are steered by namespace P, not by BPF.
"""
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
import net  # noqa: E402

build = os.path.dirname(os.environ.get("AGENTRT", os.path.join(here, "../../build/agentrt")))
PROGRAM = os.path.abspath(os.path.join(build, "agentrt-egress"))
LAUNCH = os.path.abspath(os.path.join(build, "tests/egress/launch"))
PORT, UID = 3128, 0x70000123
SANITIZED = "sanitizers: on" in subprocess.run([os.environ.get("AGENTRT", os.path.join(build, "agentrt")), "--version"],
                                               capture_output=True, text=True, check=False).stdout
VETH = os.environ.get("AGENTRT_TEST_STEER") == "veth"
count = bad = 0


def ok(passed, name, note=""):
    global count, bad
    count += 1
    print("%sok %d - %s" % ("" if passed else "not ", count, name))
    if not passed:
        bad += 1
        for line in str(note).splitlines()[:8]:
            print("#   " + line[:300])
        if "TAP_FIRST" in os.environ:
            sys.exit(1)
    sys.stdout.flush()
    return passed


def skip(name, why):
    global count
    count += 1
    print("ok %d - %s # SKIP %s" % (count, name, why))


def ok_real(passed, name, note=""):
    """What is so in the real program only: docs/testing.md."""
    if SANITIZED:
        skip(name, "a build with sanitizers")
    else:
        ok(passed, name, note)


def skip_all(why):
    print("ok 1 - the proxy between namespaces # SKIP %s\n1..1" % why)
    shutil.rmtree(tmp, ignore_errors=True)
    sys.exit(0)


# ---- cgroups: one of its own where this machine lets us ----

def cgroup_args():
    out = []
    for line in open("/proc/self/mounts"):
        _, mnt, fs, opts = line.split()[:4]
        for ctl in ("memory", "pids"):
            if fs == "cgroup" and ctl in opts.split(","):
                out.append("cgroup=%s:%s:/agentrt-test-egress-%d" % (ctl, mnt, os.getpid()))
        if fs == "cgroup2" and mnt == "/sys/fs/cgroup":
            return ["cgroup=:%s:/agentrt-test-egress-%d" % (mnt, os.getpid())]
    return sorted(set(out))


# ---- the proxy ----

class Proxy:
    n = 0
    has_routes = False

    def __init__(self, *allow, e=None, resolv=None, cgroup=False, steered=False,
                 deny=(), learn=False, has_help=False, expect_failure=False):
        Proxy.n += 1
        self.port = PORT + Proxy.n
        self.state = os.path.join(tmp, "state%d" % Proxy.n)
        os.mkdir(self.state, 0o700)
        self.cgroup = cgroup_args() if cgroup else []
        run = subprocess.run(
            [LAUNCH, "id=c%d" % Proxy.n, "a=" + ns["A"], "e=" + (e or ns["E"]),
             "host=" + ns["HOST"], "state=" + self.state, "resolv=" + (resolv or RESOLV),
             "program=" + PROGRAM, "port=%d" % self.port, "uid=%d" % UID, *self.cgroup,
             *(["steered=%d" % self.steering()] if steered else []),
             *(["veth=1"] if steered and VETH else []),
             *(["learn=1"] if learn else []), *(["help=1"] if has_help else []),
             *("deny=" + d for d in deny),
             *("allow=" + a for a in allow)], stdout=subprocess.PIPE, text=True)
        self.out = run.stdout
        self.failed, self.stopped = run.returncode != 0, False
        if self.failed:
            if not expect_failure:
                raise RuntimeError(self.out)
            return
        self.pid, self.start, self.init = map(int, self.out.split()[:3])
        self.cg_made = self.out.splitlines()[1:]
        proxies.append(self)

    @classmethod
    def steering(cls):
        first, cls.has_routes = not cls.has_routes, True
        return 1 if first else 2

    def log(self):
        with open(self.state + "/egress.log") as f:
            return [json.loads(line) for line in f]

    def alive(self):
        try:
            return open("/proc/%d/stat" % self.pid).read().rsplit(")", 1)[1].split()[0] != "Z"
        except OSError:
            return False

    def stop(self):
        if self.failed or self.stopped:
            return
        self.stopped = True
        try:
            os.kill(self.init, signal.SIGKILL)
        except ProcessLookupError:
            pass  # a test has ended it
        subprocess.run([LAUNCH, "stop=%d" % self.pid, "start=%d" % self.start,
                        *("cgroup=" + c for c in self.cg_made)], check=True)

    def connect(self, timeout=10):
        s = socket.create_connection(("127.0.0.1", self.port), timeout)
        return s

    def talk(self, data, half_close=False, timeout=10):
        """Send, read to the end."""
        with self.connect(timeout) as s:
            s.sendall(data)
            if half_close:
                s.shutdown(socket.SHUT_WR)
            out = b""
            try:
                while chunk := s.recv(65536):
                    out += chunk
            except ConnectionResetError:
                out += b"<RESET>"
            except socket.timeout:
                out += b"<TIMEOUT>"
            return out

    def tunnel(self, where):
        s = self.connect()
        s.sendall(b"CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (where.encode(), where.encode()))
        head = b""
        while b"\r\n\r\n" not in head:
            c = s.recv(1)
            if not c:
                break
            head += c
        return s, head


def connect(p, where):
    return p.talk(b"CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (where.encode(), where.encode()),
                  half_close=True)


def get(p, url, *fields, host=None):
    host = host if host is not None else url.split("/")[2]
    return p.talk(("GET %s HTTP/1.1\r\nHost: %s\r\n" % (url, host)).encode() +
                  b"".join(f.encode() + b"\r\n" for f in fields) + b"\r\n")


def status(answer):
    return int(answer[9:12]) if answer[:5] == b"HTTP/" else None


def body(answer):
    try:
        return json.loads(answer.split(b"\r\n\r\n", 1)[1])
    except (IndexError, ValueError):
        return {}


def asked():
    with open(QUERIES) as f:
        return [line.split()[0] for line in f]


def wait_for(fn, seconds=5):
    end = time.time() + seconds
    while time.time() < end:
        if fn():
            return True
        time.sleep(0.02)
    return False


# ---- the world around ----

tmp = tempfile.mkdtemp(prefix="agentrt-egress-")
QUERIES, RESOLV = os.path.join(tmp, "queries"), os.path.join(tmp, "resolv.conf")
proxies, ns = [], {}


def start_upstream():
    up = subprocess.Popen(["nsenter", "--net=" + ns["U"], sys.executable,
                           os.path.join(here, "upstream.py"), QUERIES],
                          stdout=subprocess.PIPE, text=True)
    if up.stdout.readline() != "ready\n":
        raise RuntimeError("the upstream servers did not start")
    return up


def run(main):
    """Call main() inside A; never returns."""
    if os.geteuid() != 0:
        skip_all("needs root")
    if not shutil.which("ip") or not os.path.exists(LAUNCH):
        skip_all("needs iproute2 and a build of tests/egress/launch")
    resource.setrlimit(resource.RLIMIT_NOFILE, (16384, 16384))
    open(QUERIES, "w").close()
    with open(RESOLV, "w") as conf:
        conf.write("nameserver 203.0.113.10\n")
    upstream = None
    try:
        net.private_mounts()
        ns.update(net.world(tmp))
        upstream = start_upstream()
        net.enter(ns["A"])
        main()
    finally:
        for proxy in proxies:
            proxy.stop()
        if upstream:
            upstream.kill()
            upstream.wait()
        for path in ns.values():
            net.remove(path)
        shutil.rmtree(tmp, ignore_errors=True)
    print("1..%d" % count)
    sys.exit(1 if bad else 0)
