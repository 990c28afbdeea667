"""What needs more than a command and its output: help of every command, contents of files, bits."""
import ast
import gzip
import re
import struct

from harness import expect

TRAIN_NUMBERS = ('epochs', 'steps', 'train_loss', 'test_loss', 'test_recon', 'test_kl', 'seconds',
                 'images_per_second', 'startup_seconds')


def read_npy(path):
    """The shape and the floats of a little-endian float32 array."""
    data = path.read_bytes()
    size = struct.unpack('<H', data[8:10])[0]
    header = ast.literal_eval(data[10:10 + size].decode())
    expect(header['descr'] == '<f4' and not header['fortran_order'], 'header %s' % header)
    values = data[10 + size:]
    return header['shape'], struct.unpack('<%df' % (len(values) // 4), values)


def png_size(path):
    data = path.read_bytes()
    expect(data[:8] == b'\x89PNG\r\n\x1a\n', '%s is no PNG' % path.name)
    return struct.unpack('>II', data[16:24])


def command_names(bench):
    text = bench.good('--help').out
    return re.findall(r'^  ([a-z]+) ', text.split('Commands:')[1].split('Example:')[0], re.M)


def helps(bench):
    names = command_names(bench)
    expect(len(names) >= 11, 'commands: %s' % names)
    for name in names:
        for option in ('--help', '-h'):
            result = bench.good(name, option)
            expect(not result.err, 'standard error is not empty\n%s' % result)
            usage, text = result.out.split('\n', 1)
            expect(usage.startswith('Usage: vae-cl %s' % name), 'no usage\n%s' % result)
            expect('\nExample:\n  vae-cl %s' % name in text, 'no example\n%s' % result)
            for wanted in (*re.findall('--([a-z-]+)', usage), 'device', 'json', 'seed', 'help'):
                expect('\n  --%s ' % wanted in text, 'no --%s\n%s' % (wanted, result))


def unknown_commands(bench):
    for word, near in (('trian', 'train'), ('evla', 'eval'), ('device', 'devices')):
        result = bench.run([word])
        result.check_status(2)
        expect(result.error_lines() == ["vae-cl: unknown command '%s'" % word,
                                        "hint: did you mean 'vae-cl %s'?" % near], str(result))
    bench.run(['xylophone']).check_status(2)
    bench.run(['']).check_status(2)
    expect('Usage' in bench.run([]).out, 'no usage without arguments')
    bench.run([]).check_status(2)


def digits(bench):
    """The built-in set from training to samples; also the contract of --json."""
    layers = ['--encoder', 'dense 32 relu', '--decoder', 'dense 32 relu', '--latent', '4']
    run = bench.good('train', '--limit', '256', '--epochs', '1', *layers, '--out', 'digits',
                     '--json')
    value = run.json()
    for key in TRAIN_NUMBERS:
        expect(isinstance(value[key], (int, float)), '%s is no number\n%s' % (key, run))
    expect(value['epochs'] == 1 and value['steps'] == 2 and value['out'] == 'digits', str(run))
    expect(abs(value['test_loss'] - value['test_recon'] - value['test_kl']) < 1e-3, str(run))
    expect(value['device'] and value['gemm'], str(run))
    value = bench.good('eval', '--model', 'digits', '--limit', '64', '--nll', '8', '--json').json()
    expect(value['n'] == 64, 'n is %s' % value['n'])
    expect(abs(value['elbo'] + value['recon'] + value['kl']) < 1e-3, 'elbo %s' % value)
    expect(0 <= value['active_units'] <= 4, 'active units %s' % value)
    expect(abs(value['bits_per_dim'] - value['nll'] / 784 / 0.6931471805599453) < 1e-6,
           'bits/dim %s' % value)
    bench.good('sample', '--model', 'digits', '--n', '4', '--out', 'digits.png')
    expect(png_size(bench.path('digits.png'))[0] >= 2 * 28, 'the grid is too narrow')


def contents(bench):
    """Files hold what the command says."""
    bench.good('sample', '--model', 'run', '--n', '6', '--out', 'c.npy')
    shape, values = read_npy(bench.path('c.npy'))
    expect(shape == (6, 8, 8, 1), 'shape %s' % (shape,))
    expect(all(0 <= v <= 1 for v in values), 'probabilities outside 0..1')
    bench.good('sample', '--model', 'run', '--n', '6', '--out', 'c.csv')
    rows = bench.path('c.csv').read_text(encoding='ascii').splitlines()
    numbers = [[float(v) for v in row.split(',')] for row in rows if row[0].isdigit()]
    flat = [struct.unpack('<f', struct.pack('<f', v))[0] for row in numbers for v in row]
    expect(tuple(flat) == values, 'the .csv differs from the .npy')
    bench.good('sample', '--model', 'run', '--n', '6', '--out', 'c.idx.gz')
    data = gzip.decompress(bench.path('c.idx.gz').read_bytes())
    expect(data[:16] == bytes([0, 0, 8, 3]) + struct.pack('>III', 6, 8, 8), 'header %r' % data[:16])
    expect(all(abs(b - 255 * v) <= 0.5001 for b, v in zip(data[16:], values)), 'bytes differ')


def round_trip(bench):
    """encode, then decode, is reconstruct; the batch does not matter."""
    bench.good('encode', '--model', 'run', '--split', 'all', '--out', 'z.npy')
    shape, _ = read_npy(bench.path('z.npy'))
    expect(shape == (120, 2), 'shape %s' % (shape,))
    bench.good('decode', '--model', 'run', '--in', 'z.npy', '--out', 'x.npy')
    bench.good('reconstruct', '--model', 'run', '--split', 'all', '--n', '120', '--out', 'y.npy')
    expect(bench.path('x.npy').read_bytes() == bench.path('y.npy').read_bytes(), 'they differ')
    bench.good('encode', '--model', 'run', '--data', 'in/labelled.idx', '--out', 'z.csv')
    rows = bench.path('z.csv').read_text(encoding='ascii').splitlines()
    expect(all(row.count(',') == 2 for row in rows), 'codes and a label are 3 columns')


def seeds(bench):
    for name, seed in (('s1.npy', '5'), ('s2.npy', '5'), ('s3.npy', '6')):
        bench.good('sample', '--model', 'run', '--n', '3', '--seed', seed, '--out', name)
    one, two, three = (bench.path('s%d.npy' % i).read_bytes() for i in (1, 2, 3))
    expect(one == two, 'the same seed gives other samples')
    expect(one != three, 'another seed gives the same samples')


def devices(bench):
    listed = bench.good('devices', '--json').json()['devices']
    default = [d for d in listed if d['default']]
    expect(len(default) == 1 and default[0]['usable'], 'default: %s' % default)
    for spec in (default[0]['id'], default[0]['name'][:12]):
        result = bench.good('sample', '--model', 'run', '--n', '1', '--out', 'd.npy', '--force',
                            env={'VAE_CL_DEVICE': spec})
        expect(default[0]['name'] in result.err, 'the device is not named\n%s' % result)
    bench.bad('sample', '--model', 'run', status=(3,), env={'VAE_CL_DEVICE': 'nonexistent'})


def benchmark(bench):
    """Rows have their keys, and shares are of the peak that is given beside them."""
    result = bench.good('bench', '--json', '--seconds', '0.02', '--product', 'heads', '--model',
                        'in/good.json', '--batch', '20', '-q').json()
    gemm, training, peak = result['gemm'], result['training'], result['peak_gflops']
    expect([set(row) for row in gemm] == [{'name', 'm', 'n', 'k', 'gflops', 'peak_share'}] and
           [set(row) for row in training] == [{'model', 'batch', 'images_per_second', 'gflops',
                                               'launches_per_step', 'peak_share'}],
           'rows: %s %s' % (gemm, training))
    expect(gemm[0]['name'] == 'heads' and (gemm[0]['m'], gemm[0]['n'], gemm[0]['k']) ==
           (128, 40, 400) and training[0]['batch'] == 20, 'rows: %s %s' % (gemm, training))
    expect(result['bandwidth_gbs'] == max(result['bandwidth'].values()) > 0, 'bandwidth: %s' %
           result['bandwidth'])
    for row in gemm + training:
        expect(row['gflops'] > 0 and abs(row['peak_share'] * peak / row['gflops'] - 1) < 1e-6,
               'of a peak of %s: %s' % (peak, row))


def benchmark_shape(bench):
    """A preset is timed on examples of its own shape: of 64 x 64 x 3 here, by the work per image."""
    row = bench.good('bench', '--json', '--seconds', '0.02', '--only', 'training', '--model',
                     'celeb64-conv', '--encoder', 'dense 8 relu', '--decoder', 'dense 8 relu',
                     '--output', 'dense', '-q').json()['training'][0]
    size, hidden, latent = 64 * 64 * 3, 8, 128
    work = 2 * size * hidden + 3 * (hidden * 2 * latent + latent * hidden + hidden * size)
    expect(abs(row['gflops'] * 1e9 / row['images_per_second'] / (2 * work) - 1) < 1e-6, str(row))


def metrics(bench):
    """A line an epoch; the run's configuration can be trained again."""
    lines = bench.path('run/metrics.jsonl').read_text(encoding='utf-8').splitlines()
    expect(len(lines) == 2 and '"epoch":2' in lines[1].replace(' ', ''), 'metrics: %s' % lines)
    sizes = [png_size(bench.path('run/%s.png' % name)) for name in ('samples', 'reconstructions')]
    expect(all(w >= 64 and h >= 8 for w, h in sizes), 'pictures of %s' % sizes)


def run(bench, tap):
    tap.run('every command has help', helps, bench)
    tap.run('unknown commands', unknown_commands, bench)
    tap.run('digits, from training to samples', digits, bench)
    tap.run('what is written', contents, bench)
    tap.run('encode and decode', round_trip, bench)
    tap.run('seeds', seeds, bench)
    tap.run('choosing a device', devices, bench)
    tap.run('the run folder', metrics, bench)
    tap.run('benchmark', benchmark, bench)
    tap.run('a preset of another shape', benchmark_shape, bench)
