"""Trainings that are cut short, and what must come of them: shared by tests/power and tests/kill."""
import contextlib
import json
import os
import pathlib
import tempfile

import inputs
from harness import Bench, expect

TRAIN = ['train', '--data', 'in/small.npy', '--model', 'in/good.json', '--batch', '40', '--no-tune']
EPOCHS = ['--epochs', '3', '--checkpoint-every', '2']


@contextlib.contextmanager
def open_bench(program, library):
    """A bench with data in 'in'. With `preload` in the environment, calls on what lies below 'disk' count."""
    with tempfile.TemporaryDirectory(prefix='vae-cl-disk-') as folder:
        folder = os.path.realpath(folder)
        bench = Bench(pathlib.Path(program).resolve(), folder)
        bench.preload = {'LD_PRELOAD': str(pathlib.Path(library).resolve()), 'DISK_ROOT': folder + '/disk'}
        for name in ('in', 'journals', 'cache'):
            bench.path(name).mkdir()
        bench.env['XDG_CACHE_HOME'] = folder + '/cache'
        inputs.write(bench.path('in'))
        yield bench


def metrics(path):
    """Without what hangs on the clock."""
    lines = [json.loads(line) for line in path.read_text(encoding='utf-8').splitlines()]
    return [{k: v for k, v in line.items() if k in ('epoch', 'steps') or k.endswith(('_loss', '_recon', '_kl'))}
            for line in lines]


def check_same_run(folder, whole):
    """All files are as after a training that nothing has stopped, and there are no others."""
    names = sorted(os.listdir(folder))
    expect(names == sorted(os.listdir(whole)), 'files: %s' % names)
    for name in names:
        if name == 'metrics.jsonl':
            expect(metrics(folder / name) == metrics(whole / name), 'other metrics')
        else:
            expect((folder / name).read_bytes() == (whole / name).read_bytes(), '%s differs' % name)


def next_command(bench, folder, epochs='3'):
    """What a user does after a crash: goes on with the run, or starts it where there is none."""
    if bench.path(folder + '/config.json').exists():
        return ['train', '--resume', folder, '--no-tune', '--epochs', epochs]
    return [*TRAIN, *EPOCHS, '--epochs', epochs, '--out', folder]
