"""Case files: commands with what they must print and leave behind.

    # a comment
    [the name of the test]
    $ sample --model run --out a.png     words as a shell would split them
    exit 0                               (0 if not given)
    out a.png                            lines of standard output, in order, as globs
    err *digits*                         lines of standard error, in order, as globs
    json out n shape                     standard output is one JSON object with exactly these keys
    new a.png                            exactly these files and folders have appeared
    silent                               nothing on standard error

Where the exit status is not 0, there must be one line 'vae-cl: COMMAND: ...' and at most one hint,
nothing on standard output, and every file must be as it was before.
"""
import shlex

from harness import Failure, expect, lines_matching


class Case:
    def __init__(self, name):
        self.name, self.command, self.status = name, None, 0
        self.out, self.err, self.json, self.new, self.silent = [], [], None, None, False

    def set(self, word, rest):
        if word == '$':
            self.command = shlex.split(rest)
        elif word == 'exit':
            self.status = int(rest)
        elif word in ('out', 'err'):
            getattr(self, word).append(rest)
        elif word in ('json', 'new'):
            setattr(self, word, set(rest.split()))
        elif word == 'silent':
            self.silent = True
        else:
            raise ValueError('%s: unknown word "%s"' % (self.name, word))

    def run(self, bench):
        if self.status:
            result = bench.bad(*self.command, status=(self.status,), report=self.err)
        else:
            result = self.run_good(bench)
        expect(not self.silent or not result.err, 'standard error is not empty\n%s' % result)

    def run_good(self, bench):
        before = bench.snapshot()
        result = bench.good(*self.command)
        for what, patterns in (('out', self.out), ('err', self.err)):
            missing = lines_matching(getattr(result, what).splitlines(), patterns)
            expect(missing is None, 'no line of std%s matches "%s"\n%s' % (what, missing, result))
        if self.json is not None:
            keys = set(result.json())
            expect(keys == self.json, 'the keys are %s\n%s' % (' '.join(sorted(keys)), result))
        if self.new is not None:
            new = bench.new_files(before)
            expect(new == self.new, 'new files: %s\n%s' % (' '.join(sorted(new)), result))
        return result


def read(path):
    """The cases of a file, in order."""
    cases = []
    for line in path.read_text(encoding='utf-8').splitlines():
        if not line.strip() or line.startswith('#'):
            continue
        if line.startswith('['):
            cases.append(Case(line.strip('[] ')))
        elif not cases:
            raise Failure('%s: a case begins with its [name]' % path)
        else:
            word, _, rest = line.partition(' ')
            cases[-1].set(word, rest)
    return cases
