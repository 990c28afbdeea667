"""What a trained model's commands write, against what one of them says of another."""
import math
import struct

import inputs
from harness import expect
from scenarios_misc import read_npy


def rows(path):
    """An array's examples, each a tuple of its values."""
    shape, values = read_npy(path)
    size = len(values) // shape[0]
    return [values[i:i + size] for i in range(0, len(values), size)]


def decoded(bench, codes, name):
    """What decode makes of these codes."""
    flat = [v for code in codes for v in code]
    bench.path(name + '-codes.npy').write_bytes(inputs.table(flat, len(codes[0])))
    bench.good('decode', '--model', 'run', '--in', name + '-codes.npy', '--out', name + '.npy')
    return rows(bench.path(name + '.npy'))


def traverse(bench):
    """Each dimension in turn from the first end to the last, both included, the others at 0."""
    ends = ['--range', '-2.5:1e0', '--steps', '3']
    bench.good('traverse', '--model', 'run', *ends, '--dim', '1', '--out', 't1.npy')
    one = decoded(bench, [(0, -2.5), (0, -0.75), (0, 1)], 't1-wanted')
    expect(rows(bench.path('t1.npy')) == one, 'dimension 1 is not the decoder at -2.5, -0.75 and 1')
    bench.good('traverse', '--model', 'run', *ends, '--out', 'tall.npy')
    zero = decoded(bench, [(-2.5, 0), (-0.75, 0), (1, 0)], 't0-wanted')
    expect(rows(bench.path('tall.npy')) == zero + one, 'all dimensions are not 0, then 1')


def slerp(a, b, t):
    """Shoemake's formula."""
    norms = math.hypot(*a) * math.hypot(*b)
    angle = math.acos(sum(x * y for x, y in zip(a, b)) / norms)
    return tuple((math.sin((1 - t) * angle) * x + math.sin(t * angle) * y) / math.sin(angle)
                 for x, y in zip(a, b))


def lerp(a, b, t):
    return tuple((1 - t) * x + t * y for x, y in zip(a, b))


def near(got, wanted):
    return all(abs(g - w) <= 1e-5 for a, b in zip(got, wanted) for g, w in zip(a, b))


def interpolate(bench):
    """From one example's code to the other's: the ends are their reconstructions, the points
    between lie where the formula says."""
    bench.good('encode', '--model', 'run', '--out', 'ends.npy')
    bench.good('reconstruct', '--model', 'run', '--n', '12', '--out', 'whole.npy')
    codes, whole = rows(bench.path('ends.npy')), rows(bench.path('whole.npy'))
    for name, formula, options in (('circle', slerp, []), ('line', lerp, ['--straight'])):
        out = 'i-%s.npy' % name
        bench.good('interpolate', '--model', 'run', '--from', '2', '--to', '11', '--steps', '5',
                   *options, '--out', out)
        got = rows(bench.path(out))
        expect(len(got) == 5 and near([got[0], got[4]], [whole[2], whole[11]]),
               'the ends are not examples 2 and 11')
        wanted = [formula(codes[2], codes[11], t / 4) for t in range(5)]
        expect(near(got, decoded(bench, wanted, 'i-wanted-' + name)), 'not on the %s' % name)


def reconstruct(bench):
    """--from counts from the split's first example."""
    bench.good('reconstruct', '--model', 'run', '--n', '12', '--out', 'r-all.npy')
    bench.good('reconstruct', '--model', 'run', '--from', '4', '--n', '3', '--out', 'r-part.npy')
    expect(rows(bench.path('r-part.npy')) == rows(bench.path('r-all.npy'))[4:7],
           'examples 4 to 6 are others')


def stochastic(bench):
    """A draw is neither the mean nor the draw of another seed, and lies about the mean."""
    base = ['encode', '--model', 'run', '--split', 'all']
    bench.good(*base, '--out', 'mean.npy')
    for name, seed in (('d1', '5'), ('d2', '5'), ('d3', '6')):
        bench.good(*base, '--stochastic', '--seed', seed, '--out', name + '.npy')
    mean, one, two, three = (rows(bench.path(n + '.npy')) for n in ('mean', 'd1', 'd2', 'd3'))
    expect(one == two, 'the same seed draws something else')
    expect(one != three and one != mean, 'nothing is drawn')
    noise = [o - m for a, b in zip(one, mean) for o, m in zip(a, b)]
    expect(abs(sum(noise) / len(noise)) < 0.5, 'draws lie about %g' % (sum(noise) / len(noise)))


def table_label(bench):
    """A code's row in a .csv, and its label behind."""
    bench.good('encode', '--model', 'run', '--data', 'in/labelled.idx', '--split', 'all', '--out',
               'l.csv')
    bench.good('encode', '--model', 'run', '--data', 'in/labelled.idx', '--split', 'all', '--out',
               'l.npy')
    lines = [line.split(',') for line in
             bench.path('l.csv').read_text(encoding='ascii').splitlines()]
    lines = [line for line in lines if line[0].lstrip('-')[:1].isdigit()]
    floats = [tuple(struct.unpack('<f', struct.pack('<f', float(v)))[0] for v in line[:-1])
              for line in lines]
    expect(floats == rows(bench.path('l.npy')), 'codes of the .csv and the .npy differ')
    expect([int(line[-1]) for line in lines] == [n % 10 for n in range(inputs.N)],
           'labels are not those of the examples')


def eval_options(bench):
    """--seed, --split and --binarize reach the evaluation."""
    base = ['eval', '--model', 'run', '--json', '-q']
    plain, again = bench.good(*base).json(), bench.good(*base).json()
    expect(plain == again and plain['n'] == 12, 'the same command says %s and %s' % (plain, again))
    for option in (['--seed', '2'], ['--binarize', 'threshold'], ['--split', 'train']):
        other = bench.good(*base, *option).json()
        expect(other['elbo'] != plain['elbo'], '%s changes nothing' % ' '.join(option))
    expect(bench.good(*base, '--seed', '1', '--binarize', 'none').json() == plain,
           'the defaults are others than 1 and none')


def counts(bench):
    """info counts the examples of each class, and shows a run's last losses."""
    value = bench.good('info', 'in/labelled.idx', '--json').json()
    expect(value['labels'] == [inputs.N // 10] * 10, 'labels: %s' % value['labels'])
    value = bench.good('info', 'run', '--json').json()
    metrics, run_of = value.get('metrics', {}), value.get('run', {})
    expect(metrics.get('epoch') == 2 and run_of.get('config', {}).get('latent') == 2,
           'of the run: %s %s' % (metrics, run_of))


def shapes(bench):
    """--json says height, width and channels in this order."""
    bench.good('train', '--data', 'in/wide.npy', '--model', 'in/good.json', '--batch', '40',
               '--epochs', '1', '--out', 'wide')
    value = bench.good('sample', '--model', 'wide', '--n', '3', '--out', 'w.npy', '--json').json()
    expect(value['shape'] == [8, 10, 1] and value['n'] == 3, str(value))
    expect(read_npy(bench.path('w.npy'))[0] == (3, 8, 10, 1), 'the file has another shape')


def run(bench, tap):
    tap.run('a traversal is what the decoder makes of its codes', traverse, bench)
    tap.run('the ends and the points of an interpolation', interpolate, bench)
    tap.run('a part of the reconstructions', reconstruct, bench)
    tap.run('stochastic codes', stochastic, bench)
    tap.run('codes with labels', table_label, bench)
    tap.run('options of eval', eval_options, bench)
    tap.run('what info counts', counts, bench)
    tap.run('shapes of results', shapes, bench)
