"""Models and run folders of earlier versions, in tests/old/VERSION: they open, give what they gave
then, and go on to the same weights. run/ was stopped in epoch 3 of 4; whole.safetensors is the model
of a run that was not, and eval.json what `eval --model whole.safetensors --data digits --nll 20
--nll-limit 100 --json` printed."""
import json
import pathlib
import shutil

from harness import expect

OLD = pathlib.Path(__file__).resolve().parent.parent / 'old'
EVAL = ['--data', 'digits', '--nll', '20', '--nll-limit', '100', '--json']


def tensors(path):
    """The values of a safetensors file by name, as bytes."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], 'little')
    header = json.loads(data[8:8 + size])
    header.pop('__metadata__')
    return {name: data[8 + size + entry['data_offsets'][0]:8 + size + entry['data_offsets'][1]]
            for name, entry in header.items()}


def evaluates(bench, version):
    then = json.loads((version / 'eval.json').read_text(encoding='utf-8'))
    now = bench.good('eval', '--model', str(version / 'whole.safetensors'), *EVAL).json()
    expect({key: now.get(key) for key in then} == then, 'eval says %s, and once said %s' % (now, then))


def goes_on(bench, version):
    folder = 'old-' + version.name
    shutil.copytree(version / 'run', bench.path(folder))
    bench.good('info', folder)
    bench.good('train', '--resume', folder)
    expect(tensors(bench.path(folder) / 'model.safetensors') ==
           tensors(version / 'whole.safetensors'), 'the resumed run has other weights')
    bench.good('eval', '--model', folder)


def run(bench, tap):
    versions = sorted(OLD.iterdir())
    tap.run('there is an earlier version', lambda: expect(versions, 'nothing in %s' % OLD))
    for version in versions:
        tap.run('evaluate a model of ' + version.name, evaluates, bench, version)
        tap.run('resume a run of ' + version.name, goes_on, bench, version)
