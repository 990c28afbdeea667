#!/usr/bin/env python3
"""Trainings killed at random points, and two at once in one folder: kill.py PROGRAM DISK.so [--kills N] [--seed N] prints TAP.

SIGKILL comes after a random time, or before a random call that changes a file (tests/disk), in new trainings and resumed
ones, sometimes in several in a row. Gone on with to their end they must leave the same files, bit for bit, as one that
nothing has stopped.
"""
import argparse
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / 'disk'), str(TESTS / 'cli')]
import states
from harness import Failure, Result, Tap, expect
from trainings import EPOCHS, TRAIN, check_same_run, next_command, open_bench

OUT = 'disk/run'
IN_A_ROW = 3
AT_ONCE = {'DISK_DELAY': '20'}
SLOW = {'DISK_DELAY': '4'}  # ms an fsync: some more of the time is spent where it matters


def start_afresh(bench):
    shutil.rmtree(bench.path(OUT), ignore_errors=True)


class Killer:
    """Draws where to kill, over all of a training that takes `seconds` and `calls`."""

    def __init__(self, bench, seed):
        self.bench, self.random = bench, random.Random(seed)
        journal = tempfile.mkdtemp(dir=bench.path('journals'))
        for name in ('disk/warm', 'disk/whole'):  # the first one compiles
            begun = time.monotonic()
            bench.good(*TRAIN, *EPOCHS, '--out', name, env={**bench.preload, **SLOW})
            self.seconds = time.monotonic() - begun
        bench.good(*TRAIN, *EPOCHS, '--out', OUT, env={**bench.preload, 'DISK_JOURNAL': journal})
        self.calls = len(list(states.read_calls(journal, bench.path('disk'))))
        self.whole = bench.path('disk/whole')

    def by_time(self, command):
        process = self.bench.start(command, env={**self.bench.preload, **SLOW})
        after = self.random.uniform(0, self.seconds)
        try:
            out, err = process.communicate(timeout=after)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
        return 'after %.3f s' % after, Result(command, process.returncode, out, err)

    def by_call(self, command):
        number = self.random.randint(1, self.calls)
        result = self.bench.run(command, env={**self.bench.preload, 'DISK_KILL': str(number)})
        return 'before call %d' % number, result

    def kill(self, history):
        """One killed process. False: it had come to its end."""
        command = next_command(self.bench, OUT)
        where, result = self.random.choice((self.by_time, self.by_call))(command)
        killed = result.status == -signal.SIGKILL
        kind = 'a resumed one' if '--resume' in command else 'a new one'
        history.append('%s %skilled %s' % (kind, '' if killed else 'not ', where))
        expect(killed or result.status == 0, 'a run that was not killed fails\n%s' % result)
        return killed

    def trial(self):
        """Returns how many were killed."""
        history = []
        start_afresh(self.bench)
        try:
            wanted = self.random.randint(1, IN_A_ROW)
            done = sum(self.kill(history) for _ in range(wanted))
            self.bench.good(*next_command(self.bench, OUT))
            check_same_run(self.bench.path(OUT), self.whole)
        except Failure as failure:
            raise Failure('%s: %s' % ('; '.join(history), failure)) from None
        return done


def kills(killer, number):
    done = 0
    while done < number:
        done += killer.trial()


# ---- two at once ----

def check_two(bench, whole, commands, pause):
    """One of them is refused while the other goes on, and the other gets all its files."""
    env = {**bench.preload, **AT_ONCE}
    started = []
    for command in commands:
        started.append(bench.start(command, env=env))
        time.sleep(pause)
    while all(process.poll() is None for process in started):
        time.sleep(0.002)
    first = next(process for process in started if process.poll() is not None)
    other = next(process for process in started if process is not first)
    expect(other.poll() is None, 'both are over at the same time')
    out, err = first.communicate()
    refused = Result(commands[started.index(first)], first.returncode, out, err)
    out, err = other.communicate()
    Result(commands[started.index(other)], other.returncode, out, err).check_status(0)
    refused.check_status(1)
    refused.check_report(['*process %d*' % other.pid])
    check_same_run(bench.path(OUT), whole)


def two_new(killer):
    command = [*TRAIN, *EPOCHS, '--out', OUT]
    for pause in (0, 0.1, 0.4):
        start_afresh(killer.bench)
        check_two(killer.bench, killer.whole, [command, command], pause)


def two_resumed(killer):
    resume = ['train', '--resume', OUT, '--no-tune', '--epochs', '3']
    for pause in (0, 0.2):
        start_afresh(killer.bench)
        killer.bench.good(*TRAIN, *EPOCHS, '--epochs', '1', '--out', OUT)
        check_two(killer.bench, killer.whole, [resume, resume], pause)


def resumed_while_new(killer):
    """It must not take a living training for a dead one."""
    bench = killer.bench
    start_afresh(bench)
    process = bench.start([*TRAIN, *EPOCHS, '--out', OUT], env={**bench.preload, **AT_ONCE})
    while not bench.path(OUT + '/config.json').exists() and process.poll() is None:
        time.sleep(0.002)
    result = bench.run(['train', '--resume', OUT, '--no-tune'])
    out, err = process.communicate()
    Result(['train'], process.returncode, out, err).check_status(0)
    result.check_status(1)
    result.check_report(['*process %d*' % process.pid])
    check_same_run(bench.path(OUT), killer.whole)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('program')
    parser.add_argument('library')
    parser.add_argument('--kills', type=int, default=12)
    parser.add_argument('--seed', type=int, default=1)
    options = parser.parse_args()
    tap = Tap()
    with open_bench(options.program, options.library) as bench:
        killer = Killer(bench, options.seed)
        tap.run('two trainings in one folder', two_new, killer)
        tap.run('two resumed in one folder', two_resumed, killer)
        tap.run('one resumed while it is trained', resumed_while_new, killer)
        tap.run('%d kills' % options.kills, kills, killer, options.kills)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
