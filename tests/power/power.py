#!/usr/bin/env python3
"""Power cuts and failing disks: power.py PROGRAM DISK.so [NAME] prints TAP.

The program runs once, and its calls are kept (tests/disk). From them follows what the disk may hold when the power is cut
at any moment (states.py): what exit 0 promised must be there, every file old or new, and a training must go on to the very
same end. Then each kind of call fails in turn.
"""
import itertools
import os
import pathlib
import shutil
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / 'disk'), str(TESTS / 'cli')]
import states
from harness import Failure, Tap, expect
from trainings import EPOCHS, TRAIN, check_same_run, next_command, open_bench

OUT = 'disk/run'
LOCK = 'run/lock'  # says who writes into the folder: nothing, after a power cut


class Record:
    """One run of the program below the folder 'disk', and what it asked of the disk."""

    def __init__(self, bench, command, **env):
        self.root = bench.path('disk')
        self.disk = states.Disk(self.root)
        self.first = states.tree(self.root)
        journal = tempfile.mkdtemp(dir=bench.path('journals'))
        self.result = bench.run(command, env={**bench.preload, 'DISK_JOURNAL': journal, **env})
        self.calls = list(states.read_calls(journal, self.root))
        self.last = states.tree(self.root)
        self.final = {*self.first, *self.last} - {LOCK}
        expect(self.calls, 'no call was seen: is the library loaded?\n%s' % self.result)

    def versions(self):
        """Path -> every content that a file of that name was meant to have."""
        meant = {path: {data} for path, data in self.last.items()}
        for path, data in self.first.items():
            meant.setdefault(path, set()).add(data)
        for kind, _, path, data in self.calls:
            if kind.startswith(('rename', 'link')) and data is not None:
                meant.setdefault(path, set()).add(data)
        return meant

    def states(self):
        """What the disk may hold after each call, and after the last one."""
        for i, call in enumerate(self.calls):
            self.disk.call(*call)
            for state in self.disk.states():
                yield 'after call %d, %s %s' % (i + 1, call[0], call[2] or call[1]), state


def fresh_disk(bench, content=None):
    shutil.rmtree(bench.path('disk'), ignore_errors=True)
    states.write_tree(bench.path('disk'), content or {})


def short(data):
    return 'a folder' if data == states.FOLDER else '%d bytes' % len(data)


def check_whole(record, when, state):
    """Every file that has a final name is one of those that were meant, and none that was there is gone:
    some version of it is there, perhaps under another name."""
    meant = record.versions()
    for path, data in state.items():
        expect(path not in record.final or data in meant[path],
               '%s: %s has %s, which nobody meant' % (when, path, short(data)))
    for path in record.first:
        expect(path not in record.final or meant[path] & set(state.values()), '%s: %s is lost' % (when, path))


def check_kept(record):
    """After exit 0 a power cut changes nothing."""
    for state in record.disk.states():
        for path in sorted({*record.last, *state} - {LOCK}):
            expect(state.get(path) == record.last.get(path),
                   'a power cut after exit 0: %s is %s' % (path, 'lost' if path not in state else short(state[path])))


# ---- trainings ----

def distinct(record):
    """Of the states that differ in temporary files alone, one with the most of those."""
    found = {}
    for when, state in record.states():
        check_whole(record, when, state)
        key = tuple((path, data) for path, data in sorted(state.items()) if path in record.final)
        if key not in found or len(state) > len(found[key][1]):
            found[key] = when, state
    return list(found.values())


def check_goes_on(bench, record, whole, epochs):
    """After a power cut at any moment the training comes to the same end."""
    record.result.check_status(0)
    check_same_run(bench.path(OUT), whole)
    for when, state in distinct(record):
        shutil.rmtree(bench.path('cut'), ignore_errors=True)
        states.write_tree(bench.path('cut'), state)
        try:
            bench.good(*next_command(bench, 'cut/run', epochs))
            check_same_run(bench.path('cut/run'), whole)
        except Failure as failure:
            names = ', '.join('%s (%s)' % (path, short(data)) for path, data in state.items())
            raise Failure('%s, with %s: %s' % (when, names, failure)) from None
    check_kept(record)


def training(bench):
    bench.good(*TRAIN, *EPOCHS, '--out', 'whole')
    fresh_disk(bench)
    check_goes_on(bench, Record(bench, [*TRAIN, *EPOCHS, '--out', OUT]), bench.path('whole'), '3')


def resumed(bench):
    """What a finished run has is kept while it goes on."""
    fresh_disk(bench)
    bench.good(*TRAIN, *EPOCHS, '--out', OUT)
    bench.good(*TRAIN, *EPOCHS, '--epochs', '4', '--out', 'longer')
    check_goes_on(bench, Record(bench, next_command(bench, OUT, '4')), bench.path('longer'), '4')


# ---- files of other commands ----

ONE = ['--data', 'in/small.npy', '--split', 'all']
WRITERS = {
    'sample': ['sample', '--n', '4', '--out', 'disk/x.npy'],
    'sample, a grid': ['sample', '--n', '4', '--out', 'disk/x.png'],
    'encode': ['encode', *ONE, '--out', 'disk/x.csv'],
    'decode': ['decode', '--in', 'z.npy', '--out', 'disk/x.idx.gz'],
    'reconstruct': ['reconstruct', *ONE, '--n', '4', '--out', 'disk/x.npy'],
    'interpolate': ['interpolate', *ONE, '--from', '1', '--to', '2', '--steps', '3', '--out', 'disk/x.npy'],
    'traverse': ['traverse', '--dim', '0', '--out', 'disk/x.png'],
}


def check_cuts(bench, first, command, **env):
    fresh_disk(bench, first)
    record = Record(bench, command, **env)
    record.result.check_status(0)
    for when, state in record.states():
        check_whole(record, when, state)
    check_kept(record)


def writer(bench, command):
    command = [*command, '--model', 'trained']
    check_cuts(bench, {}, command)
    check_cuts(bench, {os.path.basename(command[-3]): b'precious'}, [*command, '--force'])


def tuning(bench):
    """The rows of earlier shapes stay."""
    env = {'XDG_CACHE_HOME': str(bench.path('disk/cache'))}
    tune = ['tune', '--gemm', 'naive', '--seconds', '0.1', '--shapes']
    check_cuts(bench, {}, [*tune, '8x8x8'], **env)
    check_cuts(bench, states.tree(bench.path('disk')), [*tune, '8x8x200'], **env)


# ---- calls that fail ----

def made_to_fail(record):
    """Numbers of the calls that a disk can fail: to take a file away is no use of it."""
    for i, (kind, one, two, _) in enumerate(record.calls):
        if not kind.startswith(('unlink', 'remove', 'rmdir')):
            yield i + 1, kind, two or one


def check_failed(bench, command, number, kind, first):
    """One call fails, and the command says so; but for a descriptor that is closed after all was synced."""
    fresh_disk(bench, first)
    record = Record(bench, command, DISK_FAIL=str(number))
    expect(record.calls[number - 1][0] == 'failed', 'call %d did not fail' % number)
    for when, state in record.states():
        check_whole(record, when, state)
    expect(set(record.last) == set(first), 'left: %s' % sorted(record.last))
    if record.result.status == 0 and kind == 'close':
        check_kept(record)
        return
    record.result.check_status(1)
    record.result.check_report(['*cannot *: Input/output error'])
    renamed = any(call[0].startswith('rename') for call in record.calls)
    expect(renamed or record.last == first, 'the old file is not kept')


def failing_writer(bench):
    first = {'x.npy': b'precious'}
    command = [*WRITERS['sample'], '--model', 'trained', '--force']
    fresh_disk(bench, first)
    for number, kind, path in list(made_to_fail(Record(bench, command))):
        try:
            check_failed(bench, command, number, kind, first)
        except Failure as failure:
            raise Failure('call %d fails (%s %s): %s' % (number, kind, path, failure)) from None


def one_a_file(record):
    """Calls to fail in a training: for each of its files one, of another kind each."""
    kinds = itertools.cycle(('fsync', 'fclose', 'create', 'rename', 'fwrite', 'fflush'))
    calls = list(made_to_fail(record))
    renames = {one: two for kind, one, two, _ in record.calls if kind.startswith('rename')}
    for final in sorted(set(renames.values())):
        own = {kind: number for number, kind, path in calls if renames.get(path, path) == final}
        kind = next(kind for kind in kinds if kind in own)
        yield own[kind], kind, final


def failing_training(bench):
    """The training says what failed, and goes on to the same end once the disk is sound again."""
    command = [*TRAIN, *EPOCHS, '--out', OUT]
    fresh_disk(bench)
    record = Record(bench, command)
    shutil.copytree(bench.path(OUT), bench.path('sound'))
    for number, kind, path in one_a_file(record):
        fresh_disk(bench)
        result = bench.run(command, env={**bench.preload, 'DISK_FAIL': str(number)})
        try:
            result.check_status(1)
            result.check_report(['*cannot *: Input/output error'])
            bench.good(*next_command(bench, OUT))
            check_same_run(bench.path(OUT), bench.path('sound'))
        except Failure as failure:
            raise Failure('call %d fails (%s %s): %s' % (number, kind, path, failure)) from None


def run(bench, tap):
    bench.good(*TRAIN, '--epochs', '1', '--out', 'trained')
    bench.good('encode', '--model', 'trained', *ONE, '--out', 'z.npy')
    tap.run('a power cut in a training', training, bench)
    tap.run('a power cut in a resumed training', resumed, bench)
    for name, command in WRITERS.items():
        tap.run('a power cut: ' + name, writer, bench, command)
    tap.run('a power cut while tuning', tuning, bench)
    tap.run('a failing disk', failing_writer, bench)
    tap.run('a disk that fails in a training', failing_training, bench)


def main(program, library, only=''):
    tap = Tap(only)
    with open_bench(program, library) as bench:
        run(bench, tap)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
