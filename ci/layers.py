#!/usr/bin/env python3
"""Fails where a source file includes, calls or prints what its folder must not, or depends on the locale (docs: who may call whom)."""
import pathlib
import re
import sys

# A folder, and those it stands directly on. What they stand on it may use too.
BELOW = {
    'base': [],
    'data': ['base'],
    'cl': ['base'],
    'gemm': ['cl'],
    'ops': ['gemm'],
    'check': ['ops'],
    'nn': ['ops'],
    'vae': ['nn'],
    'train': ['vae', 'data'],
    'use': ['vae', 'data'],
    'tune': ['ops'],
    'cli': ['train', 'use', 'tune'],
}
OPENCL = {'cl', 'gemm'}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
# What only the program does, as against the library: print, leave, look at the environment.
PROGRAM = re.compile(r'\b(?:std(?:out|err)\b|(?:v?printf|puts|putchar|perror|_?exit|_Exit|quick_exit|abort|(?:secure_)?getenv)\s*\()')
# What reads or writes as the host program's locale says. The library has it from base/c_locale.h alone.
LOCALE = re.compile(r'\b(?:strto(?:d|f|ld)|ato[fil]|is(?:alnum|alpha|blank|cntrl|digit|graph|lower|print|punct|space|upper|xdigit)|to(?:lower|upper)'
                    r'|strn?casecmp|strcasestr|strcoll|strxfrm|strftime|setlocale|localeconv|vs?n?printf|json_(?:loads|loadb|loadf|dumps|dumpf|dumpb|dump_file))\s*\(')
FRACTION = re.compile(r'\bs?n?printf\s*\([^;]*?%[-+ #0-9.*\']*[aAeEfFgG][^;]*;', re.DOTALL)
IN_LOCALE = {'c_locale.c', 'json.c', 'str.c'}
NOT_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def reach(folder):
    """All that a folder may include."""
    return {folder}.union(*(reach(lower) for lower in BELOW[folder]))


def blank(match):
    return re.sub(r'[^\n]', ' ', match.group())


def check_source(path, folder):
    text = path.read_text(encoding='utf-8')
    if folder not in BELOW:
        return ['%s: ci/layers.py knows no folder src/%s' % (path, folder)]
    wrong = []
    for found in INCLUDE.finditer(text):
        name = found.group(2)
        top = name.split('/')[0]
        where = '%s:%d' % (path, text.count('\n', 0, found.start()) + 1)
        if (top == 'CL' or top.startswith('clblast')) and folder not in OPENCL:
            wrong.append('%s: src/%s includes %s: only src/cl and src/gemm know OpenCL' % (where, folder, name))
        elif found.group(1) == '"' and '..' in name.split('/'):
            wrong.append('%s: %s: includes are named from src/ or the file\'s own folder' % (where, name))
        elif '/' in name and top in BELOW and top not in reach(folder):
            wrong.append('%s: src/%s includes %s, which is not below it' % (where, folder, name))
    if folder != 'cli':
        code = NOT_CODE.sub(blank, text)
        for found in PROGRAM.finditer(code):
            wrong.append('%s:%d: %s: only src/cli prints, exits or reads the environment'
                         % (path, code.count('\n', 0, found.start()) + 1, found.group().rstrip('( ')))
        if not (folder == 'base' and path.name in IN_LOCALE):
            wrong += ['%s:%d: %s: depends on the host program\'s locale: base/c_locale.h' % (path, code.count('\n', 0, found.start()) + 1, word)
                      for source, kind in ((code, LOCALE), (text, FRACTION)) for found in kind.finditer(source)
                      for word in [found.group().split('(')[0]]]
    return wrong


def check_public(path):
    text = path.read_text(encoding='utf-8')
    return ['%s:%d: a public header includes %s, which is not installed with it'
            % (path, text.count('\n', 0, found.start()) + 1, found.group(2))
            for found in INCLUDE.finditer(text)
            if (found.group(1) == '"' or '/' in found.group(2)) and not found.group(2).startswith('vaecl/')]


root = pathlib.Path(__file__).resolve().parent.parent
wrong = []
sources = sorted((root / 'src').rglob('*.[ch]'))
for p in sources:
    wrong += check_source(p, p.relative_to(root / 'src').parts[0])
headers = sorted((root / 'include').rglob('*.h'))
for p in headers:
    wrong += check_public(p)
print('\n'.join(wrong) or '%d sources and %d public headers: every arrow points down' % (len(sources), len(headers)))
sys.exit(bool(wrong) or not sources)
