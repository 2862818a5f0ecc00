# SPDX-License-Identifier: Apache-2.0
"""The runtime in the hands of an ordinary user: one that exists in this run's mount namespace alone."""
import fnmatch
import json
import os
import subprocess

NAME, ID, FIRST, COUNT = "conformance", 64001, 1 << 29, 65536
# Lines for files of /etc; what is there already stays.
LINES = {
    "passwd": f"{NAME}:x:{ID}:{ID}::/nonexistent:/bin/sh\n",
    "group": f"{NAME}:x:{ID}:\n",
    "subuid": f"{NAME}:{FIRST}:{COUNT}\n",
    "subgid": f"{NAME}:{FIRST}:{COUNT}\n",
}


class User:
    """Who runs the runtime, and the cases that make no sense in his hands."""

    def __init__(self, work, reasons):
        self.uid = self.gid = ID
        self.subid = FIRST
        self.home = os.path.join(work, "home")
        os.mkdir(self.home, 0o700)
        os.chown(self.home, ID, ID)
        self.reasons = read_reasons(reasons)
        for name, line in LINES.items():
            bind_over(work, name, line)

    def environment(self):
        return {"HOME": self.home, "XDG_RUNTIME_DIR": self.home, "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
                "USER": NAME}

    def popen(self):
        """For subprocess.Popen()."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def give(self, top):
        for at, dirs, files in os.walk(top):
            for path in (at, *(os.path.join(at, f) for f in files if f != "probe")):
                os.chown(path, self.uid, self.gid, follow_symlinks=False)
            del dirs

    def why_not(self, case):
        """The reason to skip a case, or None."""
        for pattern, reason in self.reasons:
            if fnmatch.fnmatchcase(case.name, pattern):
                return reason
        text = json.dumps([case.data.get("config", {}), case.steps])
        if "uidMappings" in text or '"type": "user"' in text:
            return "without root: it brings id maps of its own, of ids that the user has not"
        if '"resources"' in text or '"cgroupsPath"' in text or '"do": "cgroup"' in text:
            return "without root: no cgroup is delegated to the user"
        return None


def read_reasons(path):
    """PATTERN <tab> REASON, a line each; # begins a comment."""
    with open(path, encoding="utf-8") as f:
        lines = [line.rstrip("\n") for line in f if line.strip() and not line.startswith("#")]
    return [tuple(line.split("\t", 1)) for line in lines]


def bind_over(work, name, line):
    target, copy = f"/etc/{name}", os.path.join(work, f"etc-{name}")
    text = ""
    if os.path.exists(target):
        with open(target, encoding="utf-8", errors="surrogateescape") as f:
            text = f.read()
    with open(copy, "w", encoding="utf-8", errors="surrogateescape") as f:
        f.write(text + line)
    os.chmod(copy, 0o644)
    if not os.path.exists(target):
        raise OSError(f"{target} is not there, so it cannot be covered for this run")
    subprocess.run(["mount", "--bind", copy, target], check=True)
