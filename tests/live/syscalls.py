#!/usr/bin/env python3
"""syscalls.py - the runtime is killed after, or refused, each of its system calls in turn.

usage: syscalls.py AGENTRT INJECT WORK MARK [EVERY]

Started by syscalls.sh, which makes the bundle WORK/box. The calls of each command are listed first,
by tests/live/inject, and then each is a run of its own:

  killed   the program dies after the call; `delete --force` must succeed and leave nothing
  refused  the call returns EIO, in the program or in the processes that make the container; the
           command says one sentence and leaves nothing, or succeeds, and `delete --force` leaves nothing

With EVERY above 1 only each EVERY-th call is taken, and of those after which to die only the ones
that change something outside of the process: dying after another is dying after the one before it.
"""
import collections
import glob
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

AGENTRT, INJECT, WORK, MARK = sys.argv[1:5]
EVERY = int(sys.argv[5]) if len(sys.argv) > 5 else 1
STATE = WORK + '/state'
TIMEOUT = 30

# Dying after one of these is dying after the call before it.
CHANGES_NOTHING = set('''access brk faccessat faccessat2 fcntl fgetxattr flistxattr fstat fstatfs getcwd
    getdents64 getegid geteuid getgid getpid getppid getrandom getresgid getresuid gettid getuid getxattr
    lseek lstat madvise mmap mprotect munmap newfstatat poll ppoll pread64 prctl prlimit64 read readlink
    readlinkat rseq rt_sigaction rt_sigprocmask sched_getaffinity set_robust_list set_tid_address
    sigaltstack stat statfs statx sysinfo umask uname'''.split())
# These do not return, or cannot fail (brk gives an address, which an error number would be taken for).
NOT_REFUSED = set('exit exit_group rt_sigreturn restart_syscall futex brk'.split())

Call = collections.namedtuple('Call', 'who n name')
tap = {'n': 0, 'bad': 0}


def result(name, bad):
    tap['n'] += 1
    print('%s %d - %s' % ('not ok' if bad else 'ok', tap['n'], name))
    for line in bad[:12]:
        print('#   ' + line[:400])
    if len(bad) > 12:
        print('#   and %d more' % (len(bad) - 12))
    tap['bad'] += bool(bad)
    sys.stdout.flush()


def processes(box):
    """Those in the container's cgroups, and those that were forked with its mark; no zombies."""
    found = []
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open('/proc/%s/cgroup' % pid) as f:
                is_ours = box.id in f.read()
            if not is_ours:
                with open('/proc/%s/environ' % pid, 'rb') as f:
                    is_ours = box.mark_var in f.read().split(b'\0')
            if not is_ours:
                continue
            with open('/proc/%s/stat' % pid) as f:
                stat = f.read()
            if stat[stat.rindex(')') + 2] not in 'ZX':
                found.append('process ' + pid + ' ' + stat.split(' ', 2)[1])
        except OSError:
            pass
    return found


class Box:
    """One container id, used by one thread at a time."""

    def __init__(self, profile, number):
        self.id = 's%d-%s%s' % (number, profile, MARK)
        self.profile = profile
        self.mark_var = ('TEST_BOX=' + self.id).encode()
        self.err = '%s/%s.err' % (WORK, self.id)
        self.env = dict(os.environ, TEST_MARK=MARK, TEST_BOX=self.id)

    def run(self, *args, wrap=()):
        cmd = [*wrap, AGENTRT, '--root', STATE, '--profile', self.profile, *args]
        with open(self.err, 'w') as err:
            try:
                return subprocess.run(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err,
                                      env=self.env, timeout=TIMEOUT, check=False).returncode
            except subprocess.TimeoutExpired:
                err.write('no end within %d s\n' % TIMEOUT)
                return -1

    def said(self):
        with open(self.err) as f:
            return f.read()

    def create(self, wrap=()):
        return self.run('create', '--bundle', WORK + '/box', '--pid-file', self.err + '.pid', self.id, wrap=wrap)

    def start(self, wrap=()):
        return self.run('start', self.id, wrap=wrap)

    def exec(self, wrap=()):
        return self.run('exec', '--detach', self.id, 'true', wrap=wrap)

    def delete(self, wrap=()):
        return self.run('delete', '--force', self.id, wrap=wrap)

    def left(self):
        found = [p for p in glob.glob('%s/%s*' % (STATE, self.id))]
        found += glob.glob('/sys/fs/cgroup/*%s*' % self.id) + glob.glob('/sys/fs/cgroup/*/*%s*' % self.id)
        found += glob.glob('/var/lib/agentrt/%s.*' % self.id)
        with open('/proc/self/mountinfo') as f:
            found += ['mount ' + line.split()[4] for line in f if self.id in line]
        try:
            with open('/run/agentrt/.ids') as f:
                found += ['ids ' + line.strip() for line in f if self.id + ' ' in line]
        except OSError:
            pass
        return found + processes(self)

    def must_be_gone(self):
        """What dies asynchronously may take a moment."""
        for _ in range(60):
            found = self.left()
            if not found:
                return []
            time.sleep(0.05)
        self.delete()
        return ['left: ' + ', '.join(found)]

    def clean(self):
        if self.delete() != 0:
            return ['delete --force: ' + self.said()]
        return self.must_be_gone()


# What has to be there before a command, and the command.
COMMANDS = {
    'create': ((), Box.create),
    'start': ((Box.create,), Box.start),
    'exec': ((Box.create, Box.start), Box.exec),
    'delete': ((Box.create, Box.start), Box.delete),
}


def prepared(box, command):
    for step in COMMANDS[command][0]:
        if step(box) != 0:
            return ['%s before it: %s' % (step.__name__, box.said())]
    return []


def calls_of(box, command):
    path = box.err + '.list'
    bad = prepared(box, command)
    if not bad and COMMANDS[command][1](box, (INJECT, '--list', path)) != 0:
        bad = ['%s does not work: %s' % (command, box.said())]
    if bad:
        raise SystemExit('Bail out! ' + bad[0])
    box.clean()
    with open(path) as f:
        return [Call(*line.split()) for line in f]


def killed(box, command, call):
    bad = prepared(box, command)
    COMMANDS[command][1](box, (INJECT, '--kill', call.who, call.n))
    return bad or box.clean()


def refused(box, command, call):
    bad = prepared(box, command)
    status = COMMANDS[command][1](box, (INJECT, '--fail', call.who, call.n))
    said = box.said()
    if status != 0:
        lines = said.splitlines()
        if status < 0 or status > 128:
            bad.append('status %d %s' % (status, said))
        elif len(lines) != 1 or not lines[0].startswith('agentrt: '):
            bad.append('it said: ' + ' / '.join(lines))
        elif command == 'create':
            bad += box.must_be_gone()
    return bad + box.clean()


def after_the_loader(calls):
    """What the loader makes of a failure of its own is not the runtime's; its last call gives back the
    list of libraries. The program may execute itself anew."""
    starting, kept = collections.defaultdict(lambda: None), []
    starting['0'] = 'execve'
    for c in calls:
        if c.name in ('execve', 'execveat'):
            starting[c.who] = c.name
        elif starting[c.who]:
            if c.name == 'rseq':
                starting[c.who] = 'rseq'
            elif c.name == 'munmap' and starting[c.who] == 'rseq':
                starting[c.who] = None
        else:
            kept.append(c)
    return kept


def each(boxes, how, command, calls):
    """Every call in a run of its own, as many at once as there are boxes."""
    free, lock, bad = list(boxes), threading.Lock(), []

    def one(call):
        with lock:
            box = free.pop()
        try:
            why = how(box, command, call)
        finally:
            with lock:
                free.append(box)
        if why:
            bad.append('%s call %s (%s): %s' % (*call, '; '.join(why)))

    with ThreadPoolExecutor(len(boxes)) as pool:
        list(pool.map(one, calls))
    return sorted(bad)


def main():
    for profile in ('oci', 'agent'):
        boxes = [Box(profile, i) for i in range(os.cpu_count() or 1)]
        for command in COMMANDS:
            calls = calls_of(boxes[0], command)
            fatal = [c for c in calls if c.who == '0' and (EVERY == 1 or c.name not in CHANGES_NOTHING)][::EVERY]
            result('%s: %s, killed after each of %d calls: delete --force leaves nothing' %
                   (profile, command, len(fatal)), each(boxes, killed, command, fatal))
            if command == 'create':
                bad = [c for c in after_the_loader(calls) if c.name not in NOT_REFUSED][::EVERY]
                result('%s: %s, refused each of %d calls: a clean error, and nothing is left' %
                       (profile, command, len(bad)), each(boxes, refused, command, bad))
    print('1..%d' % tap['n'])
    return tap['bad'] != 0


sys.exit(main())
