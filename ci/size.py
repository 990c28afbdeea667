#!/usr/bin/env python3
"""Fails where a file or a function outgrew the budget, or two files have one name; prints how the sizes are distributed.

A function's strings (usage texts) are not counted, and tables are no functions.
"""
import pathlib
import re
import sys

FILE_MAX, FUNCTION_MAX, FUNCTION_LONG = 600, 80, 60
# median, 95th percentile, and the share of functions over FUNCTION_LONG lines
BUDGET = {'lines a file': (150, 400), 'lines a function': (12, 45), 'long functions, %': 3.0}
FUNCTION = re.compile(r'^(?!struct\b|enum\b|union\b|typedef\b)[A-Za-z_][^;{}=#]*?\b(\w+)\s*\([^;{}=]*\)\s*\{\n(.*?)^\}', re.M | re.S)
STRING = re.compile(r'^\s*(?:[A-Z_]+\s*)?"[^\n]*"[\s,;)]*$', re.M)


def functions(text):
    for found in FUNCTION.finditer(text):
        lines = found.group().count('\n') + 1 - len(STRING.findall(found.group(2)))
        yield found.group(1), text.count('\n', 0, found.start()) + 1, lines


def at(sizes, share):
    return sorted(sizes)[min(len(sizes) - 1, int(share * len(sizes)))]


root = pathlib.Path(__file__).resolve().parent.parent
files, bodies, wrong, named = [], [], [], {}
for path in sorted(p for top in ('src', 'include', 'tests', 'kernels', 'examples', 'tools', 'bench', 'ci')
                   for p in (root / top).rglob('*') if p.suffix in ('.c', '.h', '.cl', '.py')):
    text = path.read_text(encoding='utf-8')
    name, lines = path.relative_to(root), text.count('\n')
    files.append(lines)
    if path.suffix == '.c' and path.name in named:
        wrong.append('%s: its name is that of %s, too' % (name, named[path.name]))
    named[path.name] = name
    if lines > FILE_MAX:
        wrong.append('%s: %d lines, %d at most' % (name, lines, FILE_MAX))
    for function, line, length in functions(text) if path.suffix != '.py' else ():
        bodies.append(length)
        if length > FUNCTION_MAX:
            wrong.append('%s:%d: %s has %d lines, %d at most' % (name, line, function, length, FUNCTION_MAX))

long = 100.0 * sum(n > FUNCTION_LONG for n in bodies) / max(len(bodies), 1)
for what, sizes in (('lines a file', files), ('lines a function', bodies)):
    median, high = at(sizes, 0.5), at(sizes, 0.95)
    print('%s: %d of them, median %d, 95th percentile %d, longest %d (budget %d, %d)'
          % (what, len(sizes), median, high, max(sizes), *BUDGET[what]))
    if median > BUDGET[what][0] or high > BUDGET[what][1]:
        wrong.append('%s: over budget' % what)
print('functions over %d lines: %.1f %% (budget %.0f %%)' % (FUNCTION_LONG, long, BUDGET['long functions, %']))
if long > BUDGET['long functions, %']:
    wrong.append('functions over %d lines: over budget' % FUNCTION_LONG)
print('\n'.join(wrong))
sys.exit(bool(wrong))
