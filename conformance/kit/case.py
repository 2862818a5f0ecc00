# SPDX-License-Identifier: Apache-2.0
"""Cases: read from data files, checked for what a typing error would hide, and made into bundles."""
import json
import os
import re

FIELDS = {
    "title", "spec", "needs", "config", "config_text", "setup", "probe", "hold", "expect", "refused", "steps",
    "rootfs", "bundle_files", "note",
}
STEP_FIELDS = {
    "do", "ok", "exit", "args", "argv", "signal", "stdout", "stderr", "json", "report", "run", "file", "lines",
    "controller", "v1", "v2", "name", "fds", "console", "process", "resources", "wrap", "status", "probe", "config",
    "why", "bundle", "id", "within",
}
COMMANDS = {"create", "start", "state", "kill", "delete", "run", "exec", "pause", "resume", "update", "ps", "list"}
OWN_STEPS = {
    "sh", "wait", "report", "seen", "hooks", "cgroup", "gone", "runtime", "listen", "heard", "config",
}


class BadCase(Exception):
    """A case that cannot be what its author meant."""


class Case:
    def __init__(self, name, data):
        self.name = name
        self.title = data.get("title") or bad(name, "has no title")
        self.spec = data.get("spec", [])
        self.needs = data.get("needs", [])
        self.data = data
        self.steps = data.get("steps") or self.default_steps()
        for field in set(data) - FIELDS:
            bad(name, f"has an unknown field {field!r}")
        for step in self.steps:
            self.check_step(step)

    def default_steps(self):
        d = self.data
        if "refused" in d:
            if "expect" in d or "steps" in d:
                bad(self.name, "says both that it is refused and what is seen")
            return [{"do": "create", "ok": False}, {"do": "gone"}]
        if "expect" not in d:
            bad(self.name, "expects nothing")
        return [{"do": "run", "report": d["expect"]}]

    def check_step(self, step):
        for field in set(step) - STEP_FIELDS:
            bad(self.name, f"has a step with an unknown field {field!r}")
        if step.get("do") not in COMMANDS | OWN_STEPS:
            bad(self.name, f"has an unknown step {step.get('do')!r}")


def bad(name, why):
    raise BadCase(f"case {name} {why}")


def load(directory):
    """All cases below a directory, by name."""
    cases = []
    for top, _, files in sorted(os.walk(directory)):
        for file in sorted(files):
            if not file.endswith(".json"):
                continue
            path = os.path.join(top, file)
            name = os.path.relpath(path, directory)[: -len(".json")]
            try:
                with open(path, encoding="utf-8") as f:
                    data = json.load(f, object_pairs_hook=no_duplicates)
            except ValueError as e:
                raise BadCase(f"{path}: {e}") from None
            cases.append(Case(name, data))
    return cases


def no_duplicates(pairs):
    found = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} is there twice")
        found[key] = value
    return found


def patch(base, change):
    """RFC 7386 (an object is merged, null removes), and for lists: "key+" appends, "key-" removes what matches."""
    if not isinstance(change, dict):
        return change
    result = dict(base) if isinstance(base, dict) else {}
    for key, value in change.items():
        if key.endswith("+"):
            result[key[:-1]] = list(result.get(key[:-1], [])) + value
        elif key.endswith("-"):
            result[key[:-1]] = [x for x in result.get(key[:-1], []) if not any(alike(x, y) for y in value)]
        elif value is None:
            result.pop(key, None)
        else:
            result[key] = patch(result.get(key), value)
    return result


def alike(item, pattern):
    if isinstance(item, dict) and isinstance(pattern, dict):
        return all(item.get(k) == v for k, v in pattern.items())
    return item == pattern


def fill(value, variables):
    """${name} in every string; ${file:name} is the text of a file in the case's directory."""
    if isinstance(value, dict):
        return {fill(k, variables): fill(v, variables) for k, v in value.items()}
    if isinstance(value, list):
        return [fill(v, variables) for v in value]
    if not isinstance(value, str) or "${" not in value:
        return value

    def one(match):
        name = match.group(1)
        if name.startswith("file:"):
            with open(os.path.join(variables["work"], name[5:]), encoding="utf-8") as f:
                return f.read().strip()
        if name not in variables:
            raise BadCase(f"the variable {name!r} is not known")
        return str(variables[name])

    whole = re.fullmatch(r"\$\{int:([^}]*)\}", value)
    if whole:
        return int(fill("${" + whole.group(1) + "}", variables))
    return re.sub(r"\$\{([^}]*)\}", one, value)
