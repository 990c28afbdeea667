"""Models that are told labels: trained, used by class, continued, and what is refused."""
import json
import shutil

import inputs
from harness import expect
from scenarios_misc import read_npy
from scenarios_old import tensors
from scenarios_runs import same_files
from scenarios_use import rows

SMALL = ['--limit', '600', '--encoder', 'dense 12 relu', '--decoder', 'dense 12 relu', '--latent', '3',
         '--batch', '50', '--no-tune']


def trained(bench):
    """The number of classes comes from the data, and is the model's from then on."""
    bench.good('train', '--data', 'digits', *SMALL, '--epochs', '2', '--condition', 'one-hot', '--out', 'told')
    spec = bench.good('info', 'told', '--json').json()
    expect((spec['spec']['condition'], spec['spec']['classes']) == ('one-hot', 10), str(spec['spec']))
    expect(spec['tensors']['encoder.0.weight'] == [794, 12] and spec['tensors']['decoder.0.weight'] == [13, 12],
           str(spec['tensors']))
    config = json.loads(bench.path('told/config.json').read_text(encoding='utf-8'))['config']
    expect((config['condition'], config['classes']) == ('one-hot', 10), str(config))
    base = ['eval', '--model', 'told', '--json', '--limit', '200']
    value = bench.good(*base, '--nll', '10').json()
    expect(value['nll'] < -value['elbo'], str(value))
    bench.good('encode', '--model', 'told', '--out', 'told-z.npy')
    shape, _ = read_npy(bench.path('told-z.npy'))
    expect(shape == (2000, 3), str(shape))


def plain(bench):
    """Without a condition labels change nothing: neither tensors nor the number of classes."""
    bench.good('train', '--data', 'digits', *SMALL, '--epochs', '1', '--out', 'untold')
    spec = bench.good('info', 'untold', '--json').json()
    expect((spec['spec']['condition'], spec['spec']['classes']) == ('none', 0), str(spec['spec']))
    expect(len(tensors(bench.path('untold/model.safetensors'))) == 8, str(spec['tensors']))


def sampled(bench):
    """All classes in turn, or one; the same z for each."""
    def sample(name, *options):
        bench.good('sample', '--model', 'told', '--n', '20', '--out', name + '.npy', *options)
        return rows(bench.path(name + '.npy'))
    turn, ones, nines = sample('turn'), sample('ones', '--label', '1'), sample('nines', '--label', '9')
    expect(all(turn[i] == ones[i] for i in (1, 11)) and all(turn[i] == nines[i] for i in (9, 19)),
           'not class 1 in places 1 and 11, or 9 in places 9 and 19')
    expect(all(a != b for a, b in zip(ones, nines)), 'class 9 looks like class 1')
    bench.good('sample', '--model', 'told', '--out', 'turn.png')


def reconstructed(bench):
    """With --label, examples of that class as before, others otherwise."""
    bench.good('encode', '--model', 'told', '--limit', '30', '--out', 'told.csv')
    labels = [line.split(',')[-1] for line in bench.path('told.csv').read_text(encoding='ascii').splitlines()][-30:]
    bench.good('reconstruct', '--model', 'told', '--n', '30', '--out', 'own.npy')
    bench.good('reconstruct', '--model', 'told', '--n', '30', '--label', '3', '--out', 'threes.npy')
    own, threes = rows(bench.path('own.npy')), rows(bench.path('threes.npy'))
    same = [a == b for a, b in zip(own, threes)]
    expect(same == [label == '3' for label in labels] and any(same), '%s\n%s' % (same, labels))


def decoded(bench):
    """decode, traverse and interpolate as a class."""
    bench.good('reconstruct', '--model', 'told', '--n', '5', '--label', '4', '--out', 'fours.npy')
    bench.good('encode', '--model', 'told', '--limit', '5', '--out', 'five.npy')
    bench.good('decode', '--model', 'told', '--in', 'five.npy', '--label', '4', '--out', 'five-4.npy')
    expect(rows(bench.path('five-4.npy')) == rows(bench.path('fours.npy')), 'decode --label is another')
    walk = ['interpolate', '--model', 'told', '--from', '0', '--to', '1', '--steps', '3']
    bench.good(*walk, '--label', '4', '--out', 'walk-4.npy')
    bench.good(*walk, '--out', 'walk.npy')
    expect(rows(bench.path('walk.npy'))[0] == rows(bench.path('own.npy'))[0], 'the first end is another')
    ends = rows(bench.path('walk-4.npy'))
    expect(all(abs(a - b) < 1e-5 for a, b in zip(ends[0], rows(bench.path('fours.npy'))[0])), 'not class 4')
    for label in ('0', '7'):
        bench.good('traverse', '--model', 'told', '--dim', '1', '--label', label, '--out', 'trav-%s.npy' % label)
    bench.good('traverse', '--model', 'told', '--dim', '1', '--out', 'trav.npy')
    expect(rows(bench.path('trav.npy')) == rows(bench.path('trav-0.npy')) != rows(bench.path('trav-7.npy')),
           'traverse does not begin with class 0')


def named(bench):
    """Classes by the names that their folders have; a number is a number."""
    for name, count in (('cat', 12), ('dog', 12), ('eel', 12)):
        bench.path('zoo/' + name).mkdir(parents=True)
        for i in range(count):
            bench.path('zoo/%s/%d.png' % (name, i)).write_bytes(inputs.png(8, 8))
    bench.good('train', '--data', 'zoo', *SMALL, '--batch', '10', '--epochs', '1', '--condition', 'embed 2',
               '--limit', '0', '--out', 'keeper')
    for out, label in (('dog', 'dog'), ('two', '1'), ('eel', 'eel')):
        bench.good('sample', '--model', 'keeper', '--n', '3', '--label', label, '--out', out + '.npy')
    expect(rows(bench.path('dog.npy')) == rows(bench.path('two.npy')) != rows(bench.path('eel.npy')), 'no dogs')
    bench.good('reconstruct', '--model', 'keeper', '--label', 'eel', '--out', 'eels.npy')
    bench.bad('sample', '--model', 'keeper', '--label', 'cow', '--out', 'x.npy',
              report=["*--label cow: neither a number nor a class of *zoo'", 'hint: *cat, dog, eel'])
    bench.bad('sample', '--model', 'keeper/model.safetensors', '--label', 'dog', '--out', 'x.npy',
              report=['*a model file knows no names, only 0 to 2', 'hint: *'])


def resumed(bench):
    """Continued, a run has the bits of one that was not stopped."""
    base = ['train', '--data', 'digits', *SMALL, '--condition', 'embed 3']
    bench.good(*base, '--epochs', '2', '--out', 'whole-told')
    bench.good(*base, '--epochs', '1', '--out', 'half-told')
    bench.good('train', '--resume', 'half-told', '--epochs', '2')
    same_files(bench, 'whole-told', 'half-told')
    expect('condition.weight' in tensors(bench.path('half-told/model.safetensors')), 'no embedding')
    bench.bad('train', '--resume', 'half-told', '--epochs', '3', '--condition', 'none',
              report=['*--condition does not go with it'])


def lost_key(bench):
    """A configuration that has lost its condition is not that of the checkpoint."""
    shutil.copytree(bench.path('told'), bench.path('lost'))
    path = bench.path('lost/config.json')
    config = json.loads(path.read_text(encoding='utf-8'))
    del config['config']['condition']
    path.write_text(json.dumps(config), encoding='utf-8')
    bench.bad('train', '--resume', 'lost', '--epochs', '3', report=["*'condition' is not that of config.json*"])


def refused(bench):
    bench.good('train', '--data', 'in/labelled.idx', *SMALL, '--limit', '0', '--epochs', '1', '--condition', 'one-hot',
               '--out', 'eight')
    no_labels = ['*small.npy* has no labels: a model with the condition *', 'hint: *']
    bench.bad('train', '--data', 'in/small.npy', *SMALL, '--condition', 'one-hot', '--out', 'x', report=no_labels)
    for command in ('eval', 'encode', 'reconstruct', 'interpolate'):
        bench.bad(command, '--model', 'eight', '--data', 'in/small.npy', report=no_labels)
    bench.bad('train', '--data', 'digits', *SMALL, '--condition', 'one-hot', '--classes', '7', '--out', 'x',
              report=["*'digits' has 10 classes, the model * 7", 'hint: *'])
    bench.bad('train', '--condition', 'onehot', '--out', 'x', report=['*onehot*', 'hint: *one-hot*'])
    bench.bad('train', '--condition', 'embed 0', '--out', 'x')
    bench.bad('decode', '--model', 'told', '--in', 'told-z.npy', report=['*--label is needed*', 'hint: *0 to 9'])
    for command in (['sample'], ['traverse'], ['reconstruct'], ['interpolate'], ['decode', '--in', 'told-z.npy']):
        bench.bad(*command, '--model', 'told', '--label', '10', report=['*--label 10: *', 'hint: *0 to 9'])
        bench.bad(*command, '--model', 'told', '--label', 'two', report=["*--label two: *'digits'", 'hint: *0 to 9']
                  if command[0] != 'decode' else None)
        bench.bad(*command, '--model', 'untold', '--label', '1',
                  report=['*--label 1: the model was trained without labels', 'hint: *--condition*'])


def run(bench, tap):
    tap.run('labels: a model that is told them', trained, bench)
    tap.run('labels: a model that is not', plain, bench)
    tap.run('labels: samples of a class', sampled, bench)
    tap.run('labels: reconstructions as a class', reconstructed, bench)
    tap.run('labels: codes decoded as a class', decoded, bench)
    tap.run('labels: classes by name', named, bench)
    tap.run('labels: a run continued', resumed, bench)
    tap.run('labels: a configuration that lost its condition', lost_key, bench)
    tap.run('labels: what is refused', refused, bench)
