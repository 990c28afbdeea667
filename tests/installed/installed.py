"""What others build against: installed.py BUILD SOURCE CC... installs a build beside, prints TAP.

pkg-config must name our headers and library and nothing that these are made of; and who has no
cmocka and no network must get a program without tests.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


def run(command, **env):
    done = subprocess.run(command, env=dict(os.environ, **env), text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise AssertionError('%s\nexit %d\n%s' % (' '.join(command), done.returncode, done.stdout))
    return done.stdout


class Installed:
    def __init__(self, build, folder):
        self.root = pathlib.Path(folder) / 'root'
        run(['meson', 'install', '-C', build, '--no-rebuild', '--destdir', str(self.root)])
        self.pc = next(self.root.rglob('vaecl.pc'))
        self.include = next(self.root.rglob('vaecl/vaecl.h')).parents[1]
        self.lib = self.pc.parents[1]

    def flags(self, *options):
        return run(['pkg-config', *options, 'vaecl'], PKG_CONFIG_PATH=str(self.pc.parent),
                   PKG_CONFIG_SYSROOT_DIR=str(self.root), PKG_CONFIG_ALLOW_SYSTEM_CFLAGS='1',
                   PKG_CONFIG_ALLOW_SYSTEM_LIBS='1').split()


def flags(installed, _source, _cc):
    found = installed.flags('--cflags')
    assert found == ['-I%s' % installed.include], 'cflags: %s' % found
    found = installed.flags('--libs')
    assert found == ['-L%s' % installed.lib, '-lvaecl'], 'libs: %s' % found


def users(installed, source, cc):
    """A program of the user's, linked with either library."""
    example = str(pathlib.Path(source) / 'examples' / 'compute.c')
    out = str(installed.root / 'example')
    run([*cc, example, *installed.flags('--cflags', '--libs'), '-o', out])
    static = [word if word != '-lvaecl' else '-l:libvaecl.a'
              for word in installed.flags('--static', '--libs')]
    run([*cc, example, *installed.flags('--cflags'), *static, '-o', out])


def without_cmocka(installed, source, cc):
    """Only what pkg-config knows of cmocka is taken away; nothing may be fetched."""
    known = installed.root / 'known'
    known.mkdir()
    folders = run(['pkg-config', '--variable', 'pc_path', 'pkg-config']).strip().split(':')
    for folder in reversed(folders):
        for file in pathlib.Path(folder).glob('*.pc') if pathlib.Path(folder).is_dir() else ():
            if file.stem != 'cmocka':
                shutil.copy(file, known / file.name)
    for option, words in (('auto', 'there is no cmocka'), ('disabled', '-Dtests=disabled')):
        said = run(['meson', 'setup', str(installed.root / option), source, '-Dtests=' + option,
                    '-Dclblast=disabled', '--wrap-mode=nodownload'],
                   PKG_CONFIG_LIBDIR=str(known), CC=' '.join(cc), CMAKE='false')
        assert words in said, said
        assert not (installed.root / option / 'tests').exists(), 'there are tests'


def main(build, source, *cc):
    failed = 0
    with tempfile.TemporaryDirectory(prefix='vae-cl-installed-') as folder:
        installed = Installed(build, folder)
        tests = [flags, users, without_cmocka]
        for i, test in enumerate(tests, 1):
            try:
                test(installed, source, list(cc))
                print('ok %d - %s' % (i, test.__name__))
            except AssertionError as failure:
                failed += 1
                print('not ok %d - %s' % (i, test.__name__))
                print('\n'.join('#   ' + line for line in str(failure).splitlines()))
        print('1..%d' % len(tests))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
