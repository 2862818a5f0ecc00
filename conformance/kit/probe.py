# SPDX-License-Identifier: Apache-2.0
"""The probe is built from its sources, static, with the first compiler that is there."""
import os
import shutil
import subprocess

SOURCES = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "probe")
NAMES = ("probe", "json", "names", "report", "mounts", "ask", "can")


class NoProbe(Exception):
    """There is none, and why."""


def build(target):
    compiler = next((c for c in ("musl-gcc", "gcc", "cc") if shutil.which(c)), None)
    if not compiler:
        raise NoProbe("the probe has to be built: musl-gcc, gcc or cc is needed, or --probe FILE")
    sources = [os.path.join(SOURCES, s + ".c") for s in NAMES]
    p = subprocess.run([compiler, "-D_GNU_SOURCE", "-std=gnu11", "-O2", "-static", "-s", "-o", target, *sources],
                       stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if p.returncode != 0:
        raise NoProbe(f"the probe could not be built with {compiler}:\n{p.stderr}")
