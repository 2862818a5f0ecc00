# SPDX-License-Identifier: Apache-2.0
"""What is expected, against what was seen. An expectation is {"path of keys": matcher}; see README.md."""
import re

MISSING = object()


def find(data, path):
    """The keys of a path are separated by blanks; a first key with a '=' is a question to the probe."""
    keys = path.split(" ")
    if "=" in keys[0] and isinstance(data, dict):
        data = data.get("asked", {})
    for key in keys:
        if isinstance(data, dict) and key in data:
            data = data[key]
        elif isinstance(data, list) and re.fullmatch(r"-?\d+", key) and -len(data) <= int(key) < len(data):
            data = data[int(key)]
        else:
            return MISSING
    return data


def check(data, expected, host=None):
    """Yields a sentence for each expectation that is not met."""
    for path, want in expected.items():
        seen = find(data, path)
        for why in one(seen, want, find(host, path) if host is not None else MISSING):
            yield f"{path}: {why}"


def show(value):
    return "nothing" if value is MISSING else repr(value)


def one(seen, want, host=MISSING):
    if not (isinstance(want, dict) and want and all(k in OPERATORS for k in want)):
        if not same(seen, want):
            yield f"expected {show(want)}, saw {show(seen)}"
        return
    for name, argument in want.items():
        if not OPERATORS[name](seen, argument, host):
            more = f" ({show(host)})" if name == "host" else ""
            yield f"expected {name} {show(argument)}{more}, saw {show(seen)}"


def same(a, b):
    if isinstance(a, bool) != isinstance(b, bool):
        return False
    return a == b


def has(seen, argument):
    wanted = argument if isinstance(argument, list) else [argument]
    return seen is not MISSING and seen is not None and all(w in seen for w in wanted)


def lacks(seen, argument):
    unwanted = argument if isinstance(argument, list) else [argument]
    return seen is not MISSING and seen is not None and not any(w in seen for w in unwanted)


def number(seen, compare):
    try:
        return compare(int(seen))
    except (TypeError, ValueError):
        return False


OPERATORS = {
    "has": lambda seen, arg, _: has(seen, arg),
    "lacks": lambda seen, arg, _: lacks(seen, arg),
    "not": lambda seen, arg, _: seen is not MISSING and not same(seen, arg),
    "any": lambda seen, arg, _: any(same(seen, a) for a in arg),
    "absent": lambda seen, arg, _: (seen is MISSING) == arg,
    "set": lambda seen, arg, _: isinstance(seen, list) and sorted(map(str, seen)) == sorted(map(str, arg)),
    "like": lambda seen, arg, _: isinstance(seen, str) and re.search(arg, seen) is not None,
    "unlike": lambda seen, arg, _: isinstance(seen, str) and re.search(arg, seen) is None,
    "least": lambda seen, arg, _: number(seen, lambda n: n >= arg),
    "most": lambda seen, arg, _: number(seen, lambda n: n <= arg),
    "size": lambda seen, arg, _: hasattr(seen, "__len__") and len(seen) == arg,
    "host": lambda seen, arg, host: seen is not MISSING and (seen == host) == arg,
}
