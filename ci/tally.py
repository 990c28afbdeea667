#!/usr/bin/env python3
"""Counts the individual tests of one `meson test` run.

tally.py LOG.json [SUITE...]: prints a line a suite, what failed, and, last, 'PASSED FAILED SKIPPED'. A test program that
speaks TAP or is cmocka's counts as the tests inside it, any other as one. Failures, too, are: a program that ran none of its
tests, a device suite's test that skipped (a kernel that did not run has not passed), and a named suite in which nothing ran.
"""
import collections
import json
import re
import sys

ON_A_DEVICE = {'device', 'check', 'grad', 'golden', 'oclgrind'}
TAP = re.compile(r'^(not )?ok \d+[^#\n]*(# *SKIP)?', re.MULTILINE | re.IGNORECASE)
TAP_PLAN = re.compile(r'^1\.\.(\d+)\s*$', re.MULTILINE)
CMOCKA = re.compile(r'^\[  (PASSED|FAILED|SKIPPED) +\] .*?(\d+) test\(s\)', re.MULTILINE)
CMOCKA_RAN = re.compile(r'^\[=+\] .*?(\d+) test\(s\) run', re.MULTILINE)


def count(output, result):
    """(passed, failed, skipped) of one test program."""
    passed = failed = skipped = 0
    plans = [int(n) for n in TAP_PLAN.findall(output)]
    found = bool(plans)
    for mark in TAP.finditer(output):
        found = True
        bad, skip = bool(mark.group(1)), bool(mark.group(2))
        skipped += skip
        failed += bad and not skip
        passed += not bad and not skip
    failed += max(0, sum(plans) - passed - failed - skipped)
    if not found:
        totals = collections.Counter()
        for kind, number in CMOCKA.findall(output):
            totals[kind] += int(number)
        found = bool(CMOCKA_RAN.search(output))
        passed, failed, skipped = totals['PASSED'], totals['FAILED'], totals['SKIPPED']
    if result == 'SKIP':
        return 0, 0, max(skipped, 1)
    if result not in ('OK', 'EXPECTEDFAIL'):
        return passed, max(failed, 1), skipped
    if not found:
        return 1, 0, 0
    return passed, failed + (passed + failed + skipped == 0), skipped


def main(log, expected):
    suites = collections.defaultdict(lambda: [0, 0, 0])
    total, failures = [0, 0, 0], []
    with open(log, encoding='utf-8') as lines:
        for line in lines:
            test = json.loads(line)
            suite, _, name = test['name'].rpartition(' / ')
            names = re.split(r'[:+]', suite)[1:] or ['other']
            output = (test.get('stdout') or '') + '\n' + (test.get('stderr') or '')
            numbers = list(count(output, test['result']))
            if ON_A_DEVICE.intersection(names):
                numbers = [numbers[0], numbers[1] + numbers[2], 0]
            if numbers[1]:
                failures.append((name, test['result'], output))
            for i, number in enumerate(numbers):
                total[i] += number
                for s in names:
                    suites[s][i] += number
    for name in expected:
        if not any(suites[name]):
            failures.append((name, 'this suite ran no test', ''))
            total[1] += 1
    for name, numbers in sorted(suites.items()):
        print('    %-10s %5d passed %3d failed %3d skipped' % (name, *numbers))
    for name, result, output in failures:
        print('\n--- %s: %s\n%s' % (name, result, '\n'.join(output.strip().splitlines()[-60:])))
    print(*total)


main(sys.argv[1], sys.argv[2:])
