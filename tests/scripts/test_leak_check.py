"""ci/leak-check, with tests whose leak checker crashes, finds leaks, or both: test_leak_check.py SCRIPT."""
import pathlib
import subprocess
import sys
import tempfile

CRASH = '''Tracer caught signal 11: addr=0x7f2f00000000 pc=0x7f2f1c1a3f1e sp=0x7f2f15bfd4d0
==4242==LeakSanitizer has encountered a fatal error.
==4242==HINT: LeakSanitizer does not work under ptrace (strace, gdb, etc)
'''
LEAK = '''==4242==ERROR: LeakSanitizer: detected memory leaks
Direct leak of 64 byte(s) in 1 object(s) allocated from:
'''
ASAN = '==4242==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010\n'
UBSAN = 'src/base/mem.c:10:5: runtime error: signed integer overflow\n'

# Name; what each run writes to standard error, and its exit status; runs wanted, exit status wanted.
CASES = [
    ('passes', [('', 0)], 1, 0),
    ('fails', [('', 1)], 1, 1),
    ('the checker crashes once', [(CRASH, 1), ('', 0)], 2, 0),
    ('the checker crashes twice', [(CRASH, 1), (CRASH, 1), ('', 0)], 3, 0),
    ('the checker always crashes', [(CRASH, 1)] * 4, 3, 1),
    ('leaks', [(LEAK, 1), ('', 0)], 1, 1),
    ('crashes, then leaks', [(CRASH, 1), (LEAK, 23), ('', 0)], 2, 23),
    ('an error, then the checker crashes', [(ASAN + CRASH, 1), ('', 0)], 1, 1),
    ('undefined, then the checker crashes', [(UBSAN + CRASH, 1), ('', 0)], 1, 1),
    ('speaks of crashes but passes', [(CRASH, 0), ('', 1)], 1, 0),
    ('fails, then the checker crashes; fails again', [(CRASH, 1), ('', 1)], 2, 1),
]


def command(folder, runs):
    """Notes each run and plays the next one."""
    for i, (text, _) in enumerate(runs, 1):
        (folder / ('err%d' % i)).write_text(text, encoding='utf-8')
    lines = ['cd "%s"' % folder, 'echo run >>runs', 'n=$(grep -c run runs)', 'echo "ok $n"',
             'cat err$n >&2', 'case $n in']
    lines += ['%d) exit %d ;;' % (i, status) for i, (_, status) in enumerate(runs, 1)]
    return ['sh', '-c', '\n'.join([*lines, 'esac'])]


def check(script, runs, wanted, status):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        done = subprocess.run([script, *command(folder, runs)], text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        ran = (folder / 'runs').read_text(encoding='utf-8').count('run')
    problems = []
    if ran != wanted:
        problems.append('%d runs, not %d' % (ran, wanted))
    if done.returncode != status:
        problems.append('exit status %d, not %d' % (done.returncode, status))
    if done.stdout != 'ok %d\n' % wanted:
        problems.append('standard output is not the last run\'s alone: %r' % done.stdout)
    if runs[wanted - 1][0] not in done.stderr:
        problems.append('standard error lacks the last run\'s: %r' % done.stderr)
    return problems


def main(script):
    failed = 0
    for i, (name, runs, wanted, status) in enumerate(CASES, 1):
        problems = check(script, runs, wanted, status)
        failed += bool(problems)
        print('%s %d - %s' % ('not ok' if problems else 'ok', i, name))
        print(''.join('#   %s\n' % problem for problem in problems), end='')
    print('1..%d' % len(CASES))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
