#!/usr/bin/env python3
"""Gathers what the bundle of ci/gpu is made of from a finished build.

    gather.py BUILD FOLDER [MNIST]

    bin/vae-cl            the program
    tests/, tests.list    every test of the suite 'device', the files that it is given, and a line for each: NAME COMMAND...
    lib/                  the libraries that they need, but for
    lib/cxx, lib/glibc    those of C++ and of C: parts/launch says when these are used instead of the machine's
    mnist/                the first images of MNIST, in the same format
"""
import gzip
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys

CXX = {'libstdc++.so.6', 'libgcc_s.so.1'}
# More of them than we need: an older machine's drivers must find all that they were linked to in the same glibc.
GLIBC = {'ld-linux-x86-64.so.2', 'libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0', 'librt.so.1',
         'libresolv.so.2', 'libutil.so.1'}
IMAGES = {'train': 10000, 't10k': 2000}


def copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy(source, target)  # also through a symbolic link


def argument(word, program, folder):
    """What a test is given: a file of the sources travels with it, under a folder of its own name."""
    path = pathlib.Path(word)
    if not path.is_absolute():
        return word
    target = pathlib.Path('tests', program + '.data', path.name)
    copy(path, folder / target)
    return str(target)


def gather_tests(build, folder):
    described = subprocess.run(['meson', 'introspect', '--tests', str(build)], stdout=subprocess.PIPE, check=True)
    lines = []
    # The long ones first, as the build file says.
    for test in sorted(json.loads(described.stdout), key=lambda test: (-test['priority'], test['name'])):
        if not any(suite.split(':')[-1] == 'device' for suite in test['suite']):
            continue
        program = pathlib.Path(test['cmd'][0])
        copy(program, folder / 'tests' / program.name)
        words = [argument(word, program.name, folder) for word in test['cmd'][1:]]
        lines.append(' '.join([test['name'], 'tests/' + program.name, *words]))
    if not lines:
        sys.exit('gather.py: %s has no device tests' % build)
    (folder / 'tests.list').write_text('\n'.join(lines) + '\n', encoding='utf-8')


def libraries_of(program):
    """Paths of all that the loader maps for a program, itself included."""
    text = subprocess.run(['ldd', str(program)], stdout=subprocess.PIPE, text=True, check=True).stdout
    if 'not found' in text:
        sys.exit('gather.py: %s lacks a library:\n%s' % (program, text))
    words = (word for line in text.splitlines() for word in line.split())
    return {pathlib.Path(word) for word in words if word.startswith('/')}


def gather_libraries(folder):
    found = set()
    for program in [folder / 'bin' / 'vae-cl', *(folder / 'tests').iterdir()]:
        if program.is_file() and os.access(program, os.X_OK):
            found |= libraries_of(program)
    glibc = next(path for path in found if path.name == 'libc.so.6').parent
    for path in found:
        if path.name not in GLIBC:
            copy(path, folder / 'lib' / ('cxx' if path.name in CXX else '') / path.name)
    for name in GLIBC:
        copy(glibc / name, folder / 'lib' / 'glibc' / name)


def first_items(data, count):
    """An IDX file's first items: its header is a word whose last byte is the number of extents, and these."""
    extents = struct.unpack_from('>%dI' % data[3], data, 4)
    size = 1
    for extent in extents[1:]:
        size *= extent
    count = min(count, extents[0])
    header = 4 + 4 * len(extents)
    return data[:4] + struct.pack('>I', count) + data[8:header + count * size]


def gather_images(mnist, folder):
    folder.mkdir()
    for part, count in IMAGES.items():
        for kind in ('images-idx3-ubyte', 'labels-idx1-ubyte'):
            plain, zipped = (mnist / ('%s-%s%s' % (part, kind, end)) for end in ('', '.gz'))
            data = gzip.decompress(zipped.read_bytes()) if zipped.exists() else plain.read_bytes()
            with open(folder / zipped.name, 'wb') as file:
                file.write(gzip.compress(first_items(data, count), mtime=0))


def main(build, folder, mnist=None):
    build, folder = pathlib.Path(build).resolve(), pathlib.Path(folder)
    copy(build / 'src' / 'cli' / 'vae-cl', folder / 'bin' / 'vae-cl')
    gather_tests(build, folder)
    gather_libraries(folder)
    if mnist:
        gather_images(pathlib.Path(mnist), folder / 'mnist')


main(*sys.argv[1:])
