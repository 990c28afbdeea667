#!/usr/bin/env python3
"""Plants faults one at a time in a copy of the tree and says which the tests notice.

The faults are faults.txt's. For each, the copy is changed, built as far as the next test needs it,
and the tests that matter to the file's folder (SUITES) run in order, until one fails. A fault whose
text is no longer found exactly once, or with which the tree does not build, is an error: it says
nothing about the tests. A test that lasts far longer than it should has noticed something, too.

    tests/mutants/plant.py --list            the faults, numbered
    tests/mutants/plant.py --only src/gemm   those of a folder
    tests/mutants/plant.py --only 10-19,31   by number
    tests/mutants/plant.py --report docs/planted-faults.md

It needs what building and testing need, one processor, and about half a minute a fault. The work
folder may be kept: what is known of it, and results so far, are used again (--work, --results).
"""
import argparse
import collections
import fnmatch
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from faults import Problem, chosen, planted, read_faults

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# Tests by the folder of what is changed, the quick ones and those of the layer concerned first;
# behind '+' stands an argument, and '@' is another folder's list. test_selftest looks for texts in
# kernels, so it says nothing of theirs.
SUITES = {
    'src/base': 'base base_option base_file config tuning data safetensors fuzz* @cli',
    'src/cl': 'context test_refused binary_cache work losses use numeric test_selftest @cli',
    'src/gemm': 'tuning test_refused rows grad tune check+--quick check test_matrix golden same_bits* @cli',
    'src/ops': 'grad use losses check+--quick check golden same_bits*',
    'src/nn': 'layers graph grad training golden losses resume same_bits* same_file @cli',
    'src/vae': 'config safetensors use graph grad losses numeric golden fuzz* @cli',
    'src/data': 'data fuzz* @cli',
    'src/train': 'config losses training numeric work resume same_file cli?commands cli?runs',
    'src/use': 'use losses cli?commands',
    'src/tune': 'tuning search rows tune @cli',
    'src/check': 'test_selftest check',
    'src/cli': '@cli',
    'kernels': 'grad use training rows check+--quick check math_accuracy test_matrix golden same_bits* '
               'numeric resume',
    'cli': 'cli?commands cli?failures cli?runs',
}

Result = collections.namedtuple('Result', 'outcome by seconds')  # noticed, unnoticed or error


# ---- the copy ----

FAILED = re.compile(r'^(?:\[  FAILED  \] (?!\d)|not ok \d+ - )(\S.*)', re.M)


def run(command, folder, limit=None, env=None, until=None):
    """Status and output. If it lasts longer than the limit, it is ended and the status is None; if
    a line matches `until`, it is ended as well: nobody waits for what follows a failure."""
    process = subprocess.Popen(command, cwd=folder, env=env, stdin=subprocess.DEVNULL, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors='replace',
                               start_new_session=True)
    late = []
    timer = threading.Timer(limit or 10 ** 6, lambda: (late.append(True), end(process)))
    timer.start()
    lines = []
    for line in process.stdout:
        lines.append(line)
        if until and until.match(line):
            end(process)
    status = process.wait()
    timer.cancel()
    return None if late else status, ''.join(lines)


def end(process):
    """With all that it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Copy:
    """A copy of the tree, its build, and what its tests need."""

    def __init__(self, folder):
        self.tree, self.build = folder / 'tree', folder / 'build'
        self.cache, self.temporary = folder / 'cache', folder / 'tmp'
        self.times_file = folder / 'times.json'
        self.times = json.loads(self.times_file.read_text()) if self.times_file.exists() else {}

    def prepare(self):
        self.update()
        if not (self.build / 'build.ninja').exists():
            # Not CLBlast: it takes minutes to compile its kernels, and is not ours.
            self.must(['meson', 'setup', str(self.build), str(self.tree), '-Doptimization=1',
                       '-Dwerror=false', '-Dclblast=disabled'])
        self.must(['ninja', '-C', str(self.build)])
        status, out = run(['meson', 'introspect', '--tests', str(self.build)], self.tree)
        if status != 0:
            sys.exit(out)
        self.tests = {test['name']: test for test in json.loads(out)}

    def update(self):
        """Makes it equal to the tree it is of; what did not change keeps its time."""
        names = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard', '-z'], cwd=ROOT,
                               check=True, capture_output=True, text=True).stdout.split('\0')
        names = {name for name in names if name and (ROOT / name).is_file()}
        for path in sorted(self.tree.rglob('*')):
            if path.is_file() and str(path.relative_to(self.tree)) not in names:
                path.unlink()
        for name in names:
            source, target = ROOT / name, self.tree / name
            if not target.exists() or target.read_bytes() != source.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
                shutil.copymode(source, target)

    def must(self, command):
        status, out = run(command, self.tree.parent)
        if status != 0:
            sys.exit('%s\n%s' % (' '.join(command), out[-4000:]))

    def write(self, name, text):
        path = self.tree / name
        if path.read_text(encoding='utf-8') != text:
            path.write_text(text, encoding='utf-8')

    def matching(self, file):
        """Names of the tests for a file, in order."""
        folder = next((f for f in SUITES if file.startswith(f + '/')), None)
        if not folder:
            sys.exit('%s: SUITES has no tests for it' % file)
        names, patterns = [], SUITES[folder].split()
        while patterns:
            pattern = patterns.pop(0)
            if pattern.startswith('@'):
                patterns[:0] = SUITES[pattern[1:]].split()
                continue
            pattern, plus, argument = pattern.partition('+')
            found = [name + plus + argument for name in self.tests
                     if fnmatch.fnmatchcase(name, pattern)]
            if not found:
                sys.exit('SUITES: there is no test "%s"' % pattern)
            names += [name for name in sorted(found) if name not in names]
        return names

    def target(self, test):
        """What ninja must make for a test."""
        program = pathlib.Path(test['cmd'][0])
        if self.build in program.parents:
            return str(program.relative_to(self.build))
        return 'src/cli/vae-cl'

    def build_for(self, name):
        test = self.tests[name.partition('+')[0]]
        status, out = run(['ninja', '-C', str(self.build), self.target(test)], self.build, 300)
        if status != 0:
            raise Problem('it does not build: %s' % first_line(out, r'error|FAILED'))

    def test(self, name, limit):
        """What the test noticed, or None; the seconds it took; its output."""
        name, _, argument = name.partition('+')
        test = self.tests[name]
        command = test['cmd'] + ([argument] if argument else [])
        env = dict(os.environ, **test['env'], POCL_CACHE_DIR=str(self.cache / 'pocl'),
                   XDG_CACHE_HOME=str(self.cache / 'xdg'), TMPDIR=str(self.temporary), LC_ALL='C')
        for folder in (self.cache / 'pocl', self.cache / 'xdg', self.temporary):
            folder.mkdir(parents=True, exist_ok=True)
        begun, clock = time.monotonic(), time.time()
        status, out = run(command, test.get('workdir') or self.build, limit, env, FAILED)
        seconds = time.monotonic() - begun
        if status is None or status < 0:
            self.forget_since(clock)
        shutil.rmtree(self.temporary, ignore_errors=True)  # of what was ended
        if status is None:
            return 'does not end', seconds, out
        return (failure_in(out, status) if status else None), seconds, out

    def forget_since(self, clock):
        """What was being compiled when a test was ended may be half there."""
        for path in self.cache.rglob('*'):
            if path.is_file() and path.stat().st_mtime >= clock - 1:
                path.unlink()

    def baseline(self, name):
        """How long a test takes; it must pass as long as nothing is planted."""
        self.build_for(name)
        noticed, seconds, _ = self.test(name, 1200)  # the first one compiles kernels
        if noticed:
            sys.exit('%s fails before anything is planted: %s' % (name, noticed))
        self.times[name] = seconds
        self.times_file.write_text(json.dumps(self.times, indent=1))
        print('# %s: %.1f s' % (name, seconds), flush=True)

    def limit(self, name):
        return 60 + 5 * self.times[name]


WRONG_KERNEL = re.compile(r'error: kernels/\w+\.cl:\d+:\d+: .*')


def first_line(text, pattern):
    return next((line.strip() for line in text.splitlines() if re.search(pattern, line)), '?')[:160]


def failure_in(out, status):
    """The first test inside a program that failed."""
    found = FAILED.search(out)
    return found.group(1).strip() if found else \
        'exit %d' % status if status > 0 else signal.Signals(-status).name


def try_fault(copy, fault, limit):
    begun = time.monotonic()

    def seconds():
        return round(time.monotonic() - begun, 1)

    original = (copy.tree / fault.file).read_text(encoding='utf-8')
    try:
        for name in copy.matching(fault.file):
            if name not in copy.times:
                copy.write(fault.file, original)
                copy.baseline(name)
            copy.write(fault.file, planted(original, fault))
            copy.build_for(name)
            noticed, _, out = copy.test(name, copy.limit(name))
            if noticed and fault.file.startswith('kernels/') and WRONG_KERNEL.search(out):
                raise Problem('a kernel does not compile: %s' % WRONG_KERNEL.search(out).group())
            if noticed:
                return Result('noticed', '%s: %s' % (name, noticed), seconds())
            if seconds() > limit:
                raise Problem('its tests take longer than %d s' % limit)
        return Result('unnoticed', '', seconds())
    except Problem as problem:
        return Result('error', str(problem), seconds())
    finally:
        copy.write(fault.file, original)


# ---- results ----

REPORT = """# Planted faults

Written by `tests/mutants/plant.py --report`: each fault of `tests/mutants/faults.txt` alone in a copy of the tree, and the first test that failed.

%s.

%s
"""


def table(faults, results):
    """A row a folder, then a row a fault."""
    lines = ['| folder | planted | noticed |', '|---|---|---|']
    folders = collections.OrderedDict()
    for fault in faults:
        folder = '/'.join(fault.file.split('/')[:-1])
        folders.setdefault(folder, []).append(results[fault].outcome)
    for folder, outcomes in folders.items():
        lines.append('| `%s` | %d | %d |' % (folder, len(outcomes), outcomes.count('noticed')))
    lines += ['', '| in | what would be lost | noticed by |', '|---|---|---|']
    for fault in faults:
        result = results[fault]
        by = result.by if result.outcome == 'noticed' else '**%s** %s' % (
            result.outcome, result.by or fault.why)
        lines.append('| `%s` | %s | %s |' % (fault.file.split('/')[-1], fault.what,
                                             by.strip().replace('|', '/')))
    return '\n'.join(lines)


def read_results(path, faults):
    """Of faults that are still the same, from an earlier run."""
    if not path or not path.exists():
        return {}
    kept = {tuple(key): Result(*value) for key, value in json.loads(path.read_text())}
    return {fault: kept[fault[1:5]] for fault in faults if fault[1:5] in kept}


def write_results(path, results):
    if path:
        path.write_text(json.dumps([[list(fault[1:5]), list(result)]
                                    for fault, result in results.items()], indent=1))


def summary(faults, results):
    count = collections.Counter(results[fault].outcome for fault in faults)
    share = 100 * count['noticed'] / max(len(faults), 1)
    return count, share, '%d faults planted, %d noticed (%.1f %%), %d unnoticed, %d errors' % (
        len(faults), count['noticed'], share, count['unnoticed'], count['error'])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--list', action='store_true', help='the faults; nothing is planted')
    parser.add_argument('--only', help='numbers (3,7-9), a folder, a file, or a part of the words')
    parser.add_argument('--again', action='store_true',
                        help='of the results so far, only what was noticed holds')
    parser.add_argument('--limit', type=int, default=600, help='seconds a fault, at most [600]')
    parser.add_argument('--work', type=pathlib.Path, help='a folder to work in, and to keep')
    parser.add_argument('--results', type=pathlib.Path, help='file of results, read and written')
    parser.add_argument('--report', type=pathlib.Path, help='write the tables to this file')
    return parser.parse_args()


def plant(faults, options, folder):
    results = read_results(options.results, faults)
    left = [f for f in faults
            if f not in results or (options.again and results[f].outcome != 'noticed')]
    if left:
        copy = Copy(folder.resolve())
        copy.prepare()
    for fault in left:
        results[fault] = try_fault(copy, fault, options.limit)
        print('%3d %-9s %5.0f s  %s: %s%s' % (
            fault.number, results[fault].outcome, results[fault].seconds, fault.file, fault.what,
            '  [%s]' % results[fault].by if results[fault].by else ''), flush=True)
        write_results(options.results, results)
    if left:
        confirm(copy, [fault for fault in left if results[fault].outcome == 'noticed'], results)
        write_results(options.results, results)
    return results


def confirm(copy, faults, results):
    """A test that fails without any fault, too, has noticed none."""
    failing = {}
    for fault in faults:
        name = results[fault].by.partition(':')[0]
        if name not in failing:
            copy.build_for(name)
            failing[name], _, _ = copy.test(name, copy.limit(name))
        if failing[name]:
            results[fault] = Result('error', '%s fails without it: %s' % (name, failing[name]), 0)


def main():
    options = arguments()
    os.nice(10)
    faults = chosen(read_faults(HERE / 'faults.txt'), options.only)
    for fault in faults:  # also with --list: a text that is gone is to be seen at once
        planted((ROOT / fault.file).read_text(encoding='utf-8'), fault)
        if options.list:
            print('%3d %s: %s' % fault[:3])
    if options.list:
        return 0
    if options.work:
        options.work.mkdir(parents=True, exist_ok=True)
        results = plant(faults, options, options.work)
    else:
        with tempfile.TemporaryDirectory(prefix='vae-cl-planted-') as folder:
            results = plant(faults, options, pathlib.Path(folder))
    count, share, text = summary(faults, results)
    if options.report:
        options.report.write_text(REPORT % (text, table(faults, results)), encoding='utf-8')
    print(text)
    return 0 if share >= 95 and not count['error'] else 1


if __name__ == '__main__':
    try:
        sys.exit(main())
    except Problem as why:
        sys.exit('plant.py: %s' % why)
