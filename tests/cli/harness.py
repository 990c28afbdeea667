"""What the tests of the command line share: running the program, looking at what it left, TAP."""
import copy
import fnmatch
import hashlib
import json
import os
import pathlib
import resource
import subprocess
import sys

TIMEOUT = 120
MEASURE = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


class Failure(Exception):
    """A test failed; the text says how."""


def expect(condition, text):
    if not condition:
        raise Failure(text)


def lines_matching(lines, patterns):
    """Some of the lines must match the patterns, in order. Returns the first pattern that fails."""
    left = iter(lines)
    for pattern in patterns:
        if not any(fnmatch.fnmatchcase(line, pattern) for line in left):
            return pattern
    return None


class Result:
    """What one run of the program gave back."""

    def __init__(self, command, status, out, err):
        self.command, self.status, self.out, self.err = command, status, out, err

    def __str__(self):
        return '$ vae-cl %s\nexit %d\nstdout:\n%s\nstderr:\n%s' % (
            ' '.join(self.command), self.status, self.out[-2000:], self.err[-2000:])

    def error_lines(self):
        """The lines of the error report: 'vae-cl: ...' and 'hint: ...'."""
        return [line for line in self.err.splitlines() if line.startswith(('vae-cl:', 'hint:'))]

    def json(self):
        try:
            value = json.loads(self.out)
        except ValueError as error:
            raise Failure('standard output is not one JSON value: %s\n%s' % (error, self)) from None
        expect(isinstance(value, dict), 'standard output is no JSON object\n%s' % self)
        return value

    def check_status(self, wanted):
        expect(self.status == wanted, 'exit status %d is wanted\n%s' % (wanted, self))

    def check_report(self, patterns=None):
        """One line, 'vae-cl: COMMAND: what is wrong', and perhaps a hint."""
        lines = self.error_lines()
        expect(lines and lines[0].startswith('vae-cl: ' + self.command[0] + ': '),
               'no line "vae-cl: %s: ..."\n%s' % (self.command[0], self))
        expect(self.err.splitlines()[-len(lines):] == lines and len(lines) <= 2 and
               all(line.startswith('hint: ') for line in lines[1:]),
               'more than one line and a hint\n%s' % self)
        expect(all(32 <= ord(c) != 127 for line in lines for c in line),
               'control characters in the report\n%s' % self)
        missing = lines_matching(lines, patterns or [])
        expect(missing is None, 'no line of the report matches "%s"\n%s' % (missing, self))


class Bench:
    """The program, in a folder of its own."""

    def __init__(self, program, folder):
        self.program, self.folder = str(program), pathlib.Path(folder)
        self.env = dict(os.environ, LC_ALL='C')
        for name in ('VAE_CL_DEVICE', 'VAE_CL_KERNEL_DIR'):
            self.env.pop(name, None)

    def without(self, *names):
        """Itself, in an environment that lacks these."""
        other = copy.copy(self)
        other.env = {name: value for name, value in self.env.items() if name not in names}
        return other

    def path(self, name):
        return self.folder / name

    def start(self, command, env=None, **options):
        return subprocess.Popen([self.program, *command], cwd=self.folder, text=True,
                                errors='replace', env=dict(self.env, **(env or {})),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **options)

    def run(self, command, env=None, file_size=None, memory=None, files=None, stdout=None,
            cwd='.'):
        """`file_size` and `memory` are limits in bytes; `files` is how many may be open, now and
        at most; `stdout` is a file to write to; `cwd` is a folder within the bench's."""
        def limit():
            if file_size is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
            if memory is not None:
                resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
            if files is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, files)
        try:
            done = subprocess.run([self.program, *command], cwd=self.folder / cwd, text=True,
                                  errors='replace', env=dict(self.env, **(env or {})),
                                  stdin=subprocess.DEVNULL, stdout=stdout or subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=TIMEOUT, preexec_fn=limit,
                                  check=False)
        except subprocess.TimeoutExpired:
            words = ' '.join(command)
            raise Failure('$ vae-cl %s\nstill ran after %d s' % (words, TIMEOUT)) from None
        return Result(list(command), done.returncode, done.stdout or '', done.stderr)

    def peak(self, *command):
        """The most memory that a successful run has had, in MiB. A small process starts it, since a
        program inherits the peak of who has started it."""
        done = subprocess.run([sys.executable, '-c', MEASURE, self.program, *command],
                              cwd=self.folder, env=self.env, text=True, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=TIMEOUT, check=False)
        expect(done.returncode == 0, str(Result(list(command), done.returncode, '', done.stderr)))
        return int(done.stdout) / 1024

    def good(self, *command, **options):
        result = self.run(command, **options)
        result.check_status(0)
        expect(not result.error_lines(), 'an error is reported\n%s' % result)
        return result

    def bad(self, *command, status=(1, 2), report=None, **options):
        """Fails with one clear line, and leaves every file as it was."""
        before = self.snapshot()
        result = self.run(command, **options)
        expect(result.status in status, 'exit status %s is wanted\n%s' % (status, result))
        result.check_report(report)
        expect(options.get('stdout') or not result.out, 'standard output is not empty\n%s' % result)
        self.check_unchanged(before, result)
        return result

    def snapshot(self):
        """Every file and folder below, by path: a digest of its content, or None for a folder."""
        found = {}
        for root, folders, files in os.walk(self.folder):
            for name in folders:
                found[os.path.relpath(os.path.join(root, name), self.folder)] = None
            for name in files:
                path = os.path.join(root, name)
                with open(path, 'rb') as file:
                    digest = hashlib.sha1(file.read()).hexdigest()
                found[os.path.relpath(path, self.folder)] = digest
        return found

    def check_unchanged(self, before, result):
        after = self.snapshot()
        changed = sorted(name for name in {*before, *after}
                         if before.get(name, '') != after.get(name, ''))
        expect(not changed, 'changed: %s\n%s' % (', '.join(changed), result))

    def new_files(self, before):
        return {name for name in self.snapshot() if name not in before}


class Tap:
    """Prints one line a test; a failing test's text follows it."""

    def __init__(self, only=''):
        self.only, self.count, self.failed = only, 0, 0

    def run(self, name, test, *args):
        if self.only not in name:
            return
        self.count += 1
        try:
            test(*args)
        except Failure as failure:
            self.failed += 1
            print('not ok %d - %s' % (self.count, name))
            print('\n'.join('#   ' + line for line in str(failure).splitlines()), flush=True)
        else:
            print('ok %d - %s' % (self.count, name), flush=True)

    def finish(self):
        print('1..%d' % self.count)
        return 1 if self.failed or not self.count else 0
