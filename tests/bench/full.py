# SPDX-License-Identifier: Apache-2.0
"""full.py - what `make bench BENCHFLAGS=--full` measures besides: each command, many at a time, many
alive, how little memory is enough, and what the kernel still does when all is over."""
import ctypes
import os
import signal
import statistics
import time

from runtimes import (Failed, backlog, cleanup, kernel_ms, measure, median_ms, rows, sequence, stopwatch,
                      until_settled)

STEPS = ("create", "start", "exec", "kill", "delete")
ROUNDS = 3  # in turn, where one candidate is done in seconds: a slow minute hits everybody
AT_ONCE = 16
LIMIT_STEP, LIMIT_MAX = 64 << 10, 64 << 20
PR_SET_CHILD_SUBREAPER = 36


def life(r, bundle):
    """The commands of a container's life; the process is waited for before delete, by nobody's clock."""
    name = os.path.basename(bundle)
    return sequence(r.command("create", "--bundle", bundle, name), r.command("start", name),
                    r.command("exec", name, "/bin/true"), r.command("kill", name, "KILL"), ["wait"],
                    r.command("delete", name))


def steps_of(found):
    return {s: median_ms(row[i]["wall_us"] for row in found) for i, s in enumerate(STEPS)}


def steps(o, build, r, bundles):
    """Medians of each command, alone and with 15 others."""
    first = bundles.make("s0", ["/bin/sleep", "1000"])
    result = {"1": steps_of(measure(build, r, life(r, first), max(o.runs, 30) // ROUNDS))}
    many = [bundles.make(f"s{i}", ["/bin/sleep", "1000"]) for i in range(AT_ONCE)]
    start = time.monotonic()
    batches = [stopwatch(build, r, life(r, b), 2, 0) for b in many]
    found = [row for p in batches for row in rows(p)]
    result["16"] = steps_of(found)
    result["16"]["lives_per_s"] = len(found) / (time.monotonic() - start)
    return result


def print_steps(r, name):
    for how in ("1", "16"):
        tail = f"{r['16']['lives_per_s']:10.1f} lives/s" if how == "16" else ""
        print(f"{name if how == '1' else '':16}{how:>3} at a time" + "".join(f"{r[how][s]:9.2f}" for s in STEPS) + tail)


def available_kib():
    with open("/proc/meminfo") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("MemAvailable"))


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def alive(o, build, r, bundles):
    """Many containers at the same time: what the last ones cost, what an exec costs among them."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    many = [bundles.make(f"a{i}", ["/bin/sleep", "1000"]) for i in range(o.alive)]
    names, before, walls = [os.path.basename(b) for b in many], available_kib(), []
    for b, name in zip(many, names):
        row = measure(build, r, sequence(r.command("create", "--bundle", b, name), r.command("start", name)), 1)[0]
        walls.append(sum(c["wall_us"] for c in row))
    time.sleep(0.5)
    used = before - available_kib()
    execs = measure(build, r, r.command("exec", names[0], "/bin/true"), 20)
    listed = measure(build, r, r.command("list"), 5)
    start = time.monotonic()
    for name in names:
        measure(build, r, r.command("delete", "--force", name), 1)
        reap()
    return {"first_ms": median_ms(walls[:20]), "last_ms": median_ms(walls[-20:]), "kib_each": used / o.alive,
            "exec_ms": median_ms(row[0]["wall_us"] for row in execs),
            "list_ms": median_ms(row[0]["wall_us"] for row in listed),
            "delete_ms": (time.monotonic() - start) * 1000 / o.alive}


def print_alive(r, name):
    print(f"{name:16}" + "".join(f"{r[k]:12.2f}" for k in ("first_ms", "last_ms", "exec_ms", "list_ms")) + f"{r['kib_each']:12.0f}")


def starts_within(build, r, bundles, limit):
    bundle = bundles.make("m", memory=limit)
    try:
        measure(build, r, r.run(bundle), 3)
        return True
    except Failed:
        cleanup(r, ["m"])
        return False


def memory(_, build, r, bundles):
    """The smallest memory limit, in steps of 64 KiB, in which a container starts three times in a row."""
    low, high = 0, LIMIT_MAX // LIMIT_STEP
    while high - low > 1:
        middle = (low + high) // 2
        if starts_within(build, r, bundles, middle * LIMIT_STEP):
            high = middle
        else:
            low = middle
    return {"kib": high * LIMIT_STEP // 1024}


def print_memory(r, name):
    print(f"{name:16}{r['kib']:12d}")


def clean_up(o, build, r, bundles):
    """CPU time of many runs with all that the kernel does for them, and what is still dying after."""
    bundle = bundles.make("c")
    until_settled(backlog(), 5)
    before, kernel = backlog(), kernel_ms()
    start = time.monotonic()
    found = measure(build, r, r.run(bundle), o.cycles)
    seconds, after = time.monotonic() - start, backlog()
    settled = until_settled(before, 30)
    cpu = sum(row[0]["cpu_us"] for row in found) / 1000
    return {"runs_per_s": o.cycles / seconds, "cpu_s_100": cpu / o.cycles / 10,
            "kernel_s_100": (kernel_ms() - kernel) / o.cycles / 10,
            "nets_after": after[0] - before[0], "memcgs_after": after[1] - before[1], "settled_s": settled}


def print_clean_up(r, name):
    print(f"{name:16}{r['runs_per_s']:12.1f}{r['cpu_s_100']:12.2f}{r['kernel_s_100']:12.2f}"
          f"{r['cpu_s_100'] + r['kernel_s_100']:12.2f}{r['nets_after']:12d}{r['memcgs_after']:12d}{r['settled_s']:12.1f}")


# A part: what measures one candidate, what prints it, the heading, rounds, whether the floor program takes part.
PARTS = {
    "steps": (steps, print_steps, f"{'':30}" + "".join(f"{s:>9}" for s in STEPS) + "   ms", ROUNDS, False),
    "alive": (alive, print_alive,
              f"{'':16}" + "".join(f"{s:>12}" for s in ("first 20", "last 20", "exec", "list", "KiB each")) + "   create + start, ms",
              1, False),
    "memory": (memory, print_memory, f"{'':16}{'KiB':>12}   smallest memory limit in which a container starts", 1, False),
    "clean-up": (clean_up, print_clean_up,
                 f"{'':16}" + "".join(f"{s:>12}" for s in ("runs/s", "CPU", "kernel", "sum", "namespaces", "memcgs", "gone in s"))
                 + "   CPU: seconds a 100 runs", 1, True),
}


def middle(results):
    """The median of each figure of several rounds."""
    if not isinstance(results[0], dict):
        return statistics.median(results) if len(results) > 1 else results[0]
    return {k: middle([r[k] for r in results]) for k in results[0]}


def one_part(o, build, found, bundles, part):
    """name -> its figures, or the sentence that says why there are none"""
    one, _, _, rounds, with_floor = PARTS[part]
    got = {r.name: [] for r in found if with_floor or not r.floor}
    for _ in range(rounds):
        for r in found:
            if r.name not in got or isinstance(got[r.name], str):
                continue
            try:
                got[r.name].append(one(o, build, r, bundles))
            except (Failed, OSError) as e:
                got[r.name] = str(e)
                cleanup(r, [f"{part[0]}{i}" for i in range(o.alive if part == "alive" else AT_ONCE)])
    return {name: g if isinstance(g, str) else middle(g) for name, g in got.items()}


def run(o, build, found, bundles, results):
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for part, (one, show, heading, _, _) in PARTS.items():
        if o.parts and part not in o.parts.split(","):
            continue
        print(f"\n{part}: {one.__doc__.splitlines()[0]}\n{heading}", flush=True)
        for name, figures in one_part(o, build, found, bundles, part).items():
            results[name][part] = figures
            if isinstance(figures, str):
                print(f"{name:16}  {figures}")
            else:
                show(figures, name)
