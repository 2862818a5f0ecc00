# SPDX-License-Identifier: Apache-2.0
"""One case against one runtime: its directory, its steps, and what must be gone at the end."""
import json
import os
import shutil
import signal
import subprocess
import time

from . import match
from .case import BadCase, fill, patch
from .console import Listener, read_console

POLL = 0.003
NOT_A_USERS = ("Operation not permitted", "must be superuser", "Permission denied")
DIRECTORIES = ("proc", "sys", "dev", "tmp", "etc", "bin", "usr", "run", "var")


class Failed(Exception):
    pass


class Skipped(Exception):
    pass


class Kit:
    """What all cases of a run share."""

    def __init__(self, options, host, host_report, base, work, user=None):
        self.runtime = options.runtime
        self.runtime_args = options.runtime_arg
        self.timeout = options.timeout
        self.keep = options.keep
        self.host, self.host_report, self.base, self.work, self.user = host, host_report, base, work, user
        self.run_id = os.path.basename(work).rpartition("-")[2]


class Session:
    def __init__(self, kit, case, number):
        self.kit, self.case = kit, case
        self.id = f"c{number}-{kit.run_id}"
        self.work = os.path.join(kit.work, f"{number}")
        self.bundle = os.path.join(self.work, "bundle")
        self.rootfs = os.path.join(self.bundle, "rootfs")
        self.out = os.path.join(self.work, "out")
        self.pid = None
        self.log = []  # commands, for a failure's report
        self.lines_read = 0
        self.groups, self.listeners, self.console = [], {}, None
        self.variables = {
            "id": self.id, "work": self.work, "bundle": self.bundle, "rootfs": self.rootfs, "probe": kit.host.probe,
            "cgroup": f"/conformance-{kit.run_id}/{self.id}", "runtime": kit.runtime,
            "state_root": os.path.join(self.work, "state"), "uid": os.geteuid(), "gid": os.getegid(),
        }
        if kit.user:
            self.variables.update(uid=kit.user.uid, gid=kit.user.gid, subid=kit.user.subid)

    # --- the case as a whole

    def run(self):
        for need in self.case.needs:
            if not self.kit.host.has(need):
                raise Skipped(f"needs {need}")
        why_not = self.kit.user and self.kit.user.why_not(self.case)
        if why_not:
            raise Skipped(why_not)
        try:
            self.make_bundle()
            for i, step in enumerate(self.case.steps):
                try:
                    self.step(step)
                except Failed as e:
                    raise Failed(f"step {i + 1} ({step['do']}): {e}") from None
            self.end()
        finally:
            self.clean()

    def make_bundle(self):
        os.makedirs(self.rootfs)
        os.mkdir(self.variables["state_root"], 0o700)
        for d in DIRECTORIES:
            os.mkdir(os.path.join(self.rootfs, d))
        os.chmod(os.path.join(self.rootfs, "tmp"), 0o1777)
        os.link(self.kit.host.probe, os.path.join(self.rootfs, "probe"))
        if self.kit.user:
            self.kit.user.give(self.work)
        for line in self.case.data.get("setup", []):
            self.prepare(line)
        self.write_config(self.case.data.get("config", {}), self.case.data.get("config_text"))

    def prepare(self, line):
        try:
            self.shell(line, self.rest_of(line))
        except Failed:
            if self.kit.user and any(why in text_of(os.path.join(self.work, "sh.err")) for why in NOT_A_USERS):
                raise Skipped(f"without root: its preparation takes root ({line[:60]})") from None
            raise

    def write_config(self, change, text=None, questions=None):
        if text is None:
            base = self.kit.base
            asked = questions if questions is not None else self.case.data.get("probe", [])
            verb = "hold" if self.case.data.get("hold") else "report"
            config = patch(base, {"process": {"args": ["/probe", verb, *asked]}})
            text = json.dumps(fill(patch(config, change), self.variables))
        else:
            text = fill(text, self.variables)
        with open(os.path.join(self.bundle, "config.json"), "w", encoding="utf-8") as f:
            f.write(text)

    @staticmethod
    def rest_of(line):
        return {"ok": True, "run": line}

    def end(self):
        """Whatever the case left running is removed by force; then nothing of it may be left."""
        if any(self.id in name for name in os.listdir(self.variables["state_root"])):
            self.command(["delete", "--force", self.id], {})
        self.nothing_left()

    def nothing_left(self):
        left = []
        for h in self.kit.host.hierarchies:
            path = h.mount + self.variables["cgroup"]
            if os.path.isdir(path):
                left.append(path)
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as f:
            left += [m for m in (line.split(" ")[4] for line in f) if m.startswith(self.bundle + "/") or m == self.rootfs]
        left += [n for n in os.listdir(self.variables["state_root"]) if self.id in n]
        if left:
            raise Failed("left behind: " + ", ".join(left))

    def clean(self):
        for group in self.groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except OSError:
                pass
        for listener in self.listeners.values():
            listener.close()
        if self.console:
            self.console.close()
        if self.kit.keep:
            return
        # After a failure there may be processes in its cgroups and mounts in its directory.
        for h in self.kit.host.hierarchies:
            self.remove_cgroup(h.mount + self.variables["cgroup"])
        shutil.rmtree(self.work, ignore_errors=True)

    @staticmethod
    def remove_cgroup(path):
        for top, _, _ in os.walk(path, topdown=False):
            for _ in range(50):
                thaw(top)
                try:
                    with open(os.path.join(top, "cgroup.procs"), encoding="ascii") as f:
                        for pid in f.read().split():
                            os.kill(int(pid), signal.SIGKILL)
                    os.rmdir(top)
                    break
                except OSError:
                    time.sleep(POLL * 3)

    # --- commands

    def environment(self):
        env = {k: v for k, v in os.environ.items() if k not in ("NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID")}
        if self.kit.user:
            env.update(self.kit.user.environment())
        env.update({k: str(v) for k, v in self.variables.items()})
        if self.pid:
            env["pid"] = str(self.pid)
        return env

    def spawn(self, argv, stdout, stderr, own_group=False, env=None):
        who = self.kit.user.popen() if self.kit.user else {}
        if self.kit.user and env is None:
            env = self.environment()
        p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, cwd=self.work, env=env,
                             start_new_session=own_group, **who)
        if own_group:
            self.groups.append(p.pid)
        try:
            return p.wait(self.kit.timeout)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
            raise Failed(f"{' '.join(argv)}: still running after {self.kit.timeout} s") from None

    def command(self, argv, step, name="cmd"):
        """Runs the runtime; returns its status, and where its output went."""
        full = [self.kit.runtime, "--root", self.variables["state_root"], *self.kit.runtime_args, *argv]
        if step.get("wrap"):
            full = ["sh", "-c", fill(step["wrap"], self.variables), "sh", *full]
        out, err = os.path.join(self.work, name + ".out"), os.path.join(self.work, name + ".err")
        with open(out, "wb") as o, open(err, "wb") as e:
            status = self.spawn(full, o, e, env=self.environment() if step.get("wrap") else None)
        self.log.append(f"{' '.join(argv)} -> {status}" + note_of(err))
        return status, out, err

    def shell(self, line, step):
        out, err = os.path.join(self.work, "sh.out"), os.path.join(self.work, "sh.err")
        with open(out, "wb") as o, open(err, "wb") as e:
            status = self.spawn(["sh", "-c", line], o, e, own_group=True, env=self.environment())
        self.log.append(f"sh: {line} -> {status}" + note_of(err))
        self.judge(step, status, out, err)

    def judge(self, step, status, out, err):
        if "exit" in step:
            if status != step["exit"]:
                raise Failed(f"exit status {status}, not {step['exit']}")
        elif step.get("ok", True) != "any" and (status == 0) != step.get("ok", True):
            raise Failed(f"exit status {status}" if step.get("ok", True) else "was not refused")
        for key, path in (("stdout", out), ("stderr", err)):
            if key in step:
                self.expect(text_of(path).strip(), {"": fill(step[key], self.variables)}, key)
        if "json" in step:
            try:
                data = json.loads(text_of(out))
            except ValueError:
                raise Failed(f"its output is not JSON: {text_of(out)[:200]!r}") from None
            self.expect(data, fill(step["json"], self.variables))

    def expect(self, data, expected, prefix=""):
        if list(expected) == [""]:
            found = [f"{prefix}: {why}" for why in match.one(data, expected[""])]
        else:
            found = list(match.check(data, expected, self.kit.host_report))
        if found:
            raise Failed("; ".join(found))

    # --- steps

    def step(self, step):
        do = step["do"]
        special = getattr(self, "do_" + do, None)
        if special:
            special(step)
        else:
            self.plain(do, step)

    def plain(self, do, step):
        """state, kill, delete, start, pause, resume, ps, list: COMMAND [ARGUMENT...] ID [SIGNAL]"""
        argv = [do, *fill(step.get("args", []), self.variables)]
        if do != "list":
            argv.append(fill(step.get("id", self.id), self.variables))
        if "signal" in step:
            argv.append(str(step["signal"]))
        self.judge(step, *self.command(argv, step))
        if do == "start" and step.get("ok", True) is True:
            self.note_pid()

    def do_runtime(self, step):
        self.judge(step, *self.command(fill(step["argv"], self.variables), step))

    def do_run(self, step):
        argv = ["run", *fill(step.get("args", []), self.variables), "--bundle", self.bundle, self.id]
        status, out, err = self.command(argv, step, "run")
        self.judge(step, status, out, err)
        if "report" in step:
            self.expect(self.parse(first_line(out)), fill(step["report"], self.variables))

    def do_create(self, step):
        bundle = fill(step.get("bundle", self.bundle), self.variables)
        argv = ["create", *fill(step.get("args", []), self.variables)]
        if step.get("console"):
            path = os.path.join(self.work, "tty.sock")
            self.listen("console", path)
            argv += ["--console-socket", path]
        # Of a second create: the first one's container goes on writing to its own file.
        name = "create-again" if self.pid else "create"
        status, out, err = self.command([*argv, "--bundle", bundle, fill(step.get("id", self.id), self.variables)],
                                        step, name)
        self.judge(step, status, out, err)
        if step.get("ok", True) is True:
            self.note_pid()
            if step.get("console"):
                self.console = self.listeners["console"].descriptor(self.kit.timeout)
        elif status != 0 and "{" in text_of(out):
            raise Failed("create was refused, but the program has run")

    def created_out(self):
        return os.path.join(self.work, "create.out")

    def note_pid(self):
        if self.pid:
            return
        try:
            self.pid = int(self.state().get("pid") or 0)
        except ValueError:
            self.pid = None

    def state(self):
        status, out, _ = self.command(["state", self.id], {}, "state")
        if status != 0:
            return {}
        try:
            return json.loads(text_of(out))
        except ValueError:
            raise Failed(f"the state is not JSON: {text_of(out)[:200]!r}") from None

    def do_exec(self, step):
        argv = ["exec", *fill(step.get("args", []), self.variables)]
        rest = fill(step.get("argv", ["/probe", "report", *step.get("probe", [])]), self.variables)
        if "process" in step:
            with open(os.path.join(self.bundle, "config.json"), encoding="utf-8") as f:
                process = json.load(f)["process"]
            process = fill(patch({**process, "args": rest}, step["process"]), self.variables)
            path = os.path.join(self.work, "process.json")
            with open(path, "w", encoding="utf-8") as f:
                json.dump(process, f)
            argv, rest = [*argv, "--process", path], []
        status, out, err = self.command([*argv, self.id, *rest], step, "exec")
        self.judge(step, status, out, err)
        if "report" in step:
            self.expect(self.parse(first_line(out)), fill(step["report"], self.variables))

    def do_update(self, step):
        argv = ["update", *fill(step.get("args", []), self.variables)]
        if "resources" in step:
            path = os.path.join(self.work, "resources.json")
            with open(path, "w", encoding="utf-8") as f:
                json.dump(fill(step["resources"], self.variables), f)
            argv += ["--resources", path]
        self.judge(step, *self.command([*argv, self.id], step))

    def do_config(self, step):
        """Another config.json, for what comes after."""
        self.write_config(step["config"], questions=step.get("probe"))

    def do_sh(self, step):
        self.shell(fill(step["run"], self.variables), step)

    def parse(self, line):
        try:
            return json.loads(line)
        except ValueError:
            raise Failed(f"no report of the probe: {line[:200]!r}") from None

    def wait_for(self, what, get, seconds=None):
        end = time.monotonic() + (seconds or self.kit.timeout)
        while True:
            value = get()
            if value is not None:
                return value
            if time.monotonic() > end:
                raise Failed(f"waited in vain for {what}")
            time.sleep(POLL)

    def do_report(self, step):
        if self.console:
            line = read_console(self.console, self.kit.timeout)
        else:
            line = self.wait_for("the probe's report", lambda: complete_line(self.created_out(), 0))
        self.lines_read = 1
        self.expect(self.parse(line), fill(step["report"], self.variables))

    def do_seen(self, step):
        """The next line of the container's output."""
        line = self.wait_for("a line of the probe", lambda: complete_line(self.created_out(), self.lines_read))
        self.lines_read += 1
        self.expect(self.parse(line), fill(step["json"], self.variables))

    def do_wait(self, step):
        want = step.get("status", "stopped")
        if want == "stopped" and self.pid:
            self.wait_for("the container's end", lambda: True if ended(self.pid) else None)
        self.wait_for(f"status {want}", lambda: True if self.state().get("status") == want else None)

    def do_hooks(self, step):
        """Lines that hooks have written, in order: each is its own report, with the state it was given."""
        path = os.path.join(self.work, fill(step["file"], self.variables))
        lines = [self.parse(line) for line in text_of(path).splitlines()]
        if len(lines) != len(step["lines"]):
            raise Failed(f"{len(lines)} hooks ran, not {len(step['lines'])}: {[h['argv'][4:] for h in lines]}")
        for seen, want in zip(lines, step["lines"]):
            try:
                seen["state"] = json.loads(seen["stdin"])
            except ValueError:
                seen["state"] = {}
            self.expect(seen, fill(want, self.variables))

    def do_cgroup(self, step):
        """Files of the cgroup that the container's process is in, as the controller's version has them."""
        controller = step["controller"]
        h = self.kit.host.hierarchy_of(controller)
        if not h:
            raise Skipped(f"no {controller} controller")
        wanted = step.get(f"v{h.version}")
        if wanted is None:
            raise Skipped(f"{controller} is on v{h.version}")
        directory = self.cgroup_of(h, controller)
        seen = {}
        for name in wanted:
            try:
                with open(os.path.join(directory, name), encoding="utf-8") as f:
                    seen[name] = f.read().strip()
            except FileNotFoundError:
                raise Skipped(f"this kernel has no {name}") from None
        self.expect(seen, fill(wanted, self.variables))

    def cgroup_of(self, h, controller):
        for line in text_of(f"/proc/{self.pid}/cgroup").splitlines():
            number, names, path = line.split(":", 2)
            if (h.version == 2 and number == "0") or (h.version == 1 and controller in names.split(",")):
                return h.mount + path
        raise Failed(f"the container's process is in no {controller} cgroup")

    def do_gone(self, step):
        status, _, _ = self.command(["state", self.id], {}, "state")
        if status == 0:
            raise Failed("the container is still known")
        self.nothing_left()

    def do_listen(self, step):
        self.listen(step["name"], os.path.join(self.work, step["name"] + ".sock"))

    def listen(self, name, path):
        self.listeners[name] = Listener(path)
        if self.kit.user:
            os.chown(path, self.kit.user.uid, self.kit.user.gid)

    def do_heard(self, step):
        data, count = self.listeners[step["name"]].message(self.kit.timeout)
        if "fds" in step and count != step["fds"]:
            raise Failed(f"{count} descriptors came, not {step['fds']}")
        self.expect(self.parse(data), fill(step.get("json", {}), self.variables))


def text_of(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except OSError:
        return ""


def note_of(err):
    text = text_of(err).strip()
    return f": {text[:400]}" if text else ""


def first_line(path):
    for line in text_of(path).splitlines():
        if line.startswith("{"):
            return line
    return text_of(path)


def complete_line(path, number):
    lines = [line for line in text_of(path).splitlines(keepends=True) if line.startswith("{")]
    return lines[number] if number < len(lines) and lines[number].endswith("\n") else None


def thaw(cgroup):
    """What is frozen does not die."""
    for name, value in (("freezer.state", "THAWED"), ("cgroup.freeze", "0")):
        try:
            with open(os.path.join(cgroup, name), "r+", encoding="ascii") as f:
                f.write(value)
        except OSError:
            pass


def ended(pid):
    stat = text_of(f"/proc/{pid}/stat")
    return not stat or stat.rpartition(")")[2].split()[0] in "ZX"


__all__ = ["BadCase", "Failed", "Kit", "Session", "Skipped"]
