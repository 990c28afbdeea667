"""Opening data needs no more memory than a fifth beyond what they are."""
import gzip
import json
import random
import shutil

import inputs
import models
from harness import expect

MIB = 1 << 20
SHARE = 1.2
SIDE = 64  # of images in arrays
PICTURE = 128
LAYERS = ['--encoder', 'dense 4 relu', '--decoder', 'dense 4 relu', '--latent', '2', '--batch',
          '100', '--limit', '100', '--epochs', '1', '--no-tune', '-q']


def noise(size):
    """Bytes that gzip makes no smaller."""
    return random.Random(1).randbytes(MIB) * (size // MIB)


def arrays(size):
    """Files of `size` bytes of values each."""
    count, values = size // SIDE ** 2, noise(size)
    images = inputs.idx(8, (count, SIDE, SIDE), values)
    return {
        'plain.idx': images,
        'noise.idx.gz': gzip.compress(images, 1),
        'zeros.idx.gz': gzip.compress(inputs.idx(8, (count, SIDE, SIDE), bytes(size)), 1),
        'bytes.npy': inputs.npy('|u1', (count, SIDE, SIDE), values),
        'columns.npy': inputs.npy('|u1', (count, SIDE, SIDE), values, order='True'),
        'doubles.npy': inputs.npy('<f8', (count // 8, SIDE, SIDE), bytes(size)),
        'floats.npy.gz': gzip.compress(inputs.npy('<f4', (count // 4, SIDE, SIDE), bytes(size)), 1),
    }


def folders(size):
    """Folders of `size` bytes of pixels each: two equal parts; grey pictures, one with colour."""
    half = inputs.idx(8, (size // 2 // SIDE ** 2, SIDE, SIDE), noise(size // 2))
    found = {'parts/%s-images-idx3-ubyte' % part: half for part in ('train', 't10k')}
    pixels = PICTURE ** 2
    grey = b'P5 %d %d 255\n' % (PICTURE, PICTURE) + noise(MIB)[:pixels]
    colour = b'P6 %d %d 255\n' % (PICTURE, PICTURE) + noise(MIB)[:3 * pixels]
    for i in range(size // pixels):
        found['grey/%04d.pgm' % i] = grey
    for i in range(size // pixels // 3):
        found['colour/%04d.pgm' % i] = grey
    found['colour/9999.ppm'] = colour
    return found


def write(folder, files):
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def opening(bench, make, size):
    folder = bench.path('large')
    write(folder, make(size))
    least = bench.peak('info', 'in/small.npy')
    try:
        for name in sorted(path.name for path in folder.iterdir()):
            used = bench.peak('info', 'large/' + name) - least
            expect(used < SHARE * size / MIB,
                   '%s: %.1f MiB for %d MiB of data' % (name, used, size / MIB))
    finally:
        shutil.rmtree(folder)


def training(bench):
    """Training and test part together. Compilers of kernels need some tens of MiB more or less."""
    size = 160 * MIB
    bench.good('train', '--data', 'in/small.npy', *LAYERS, '--out', 'warm')
    least = bench.peak('train', '--data', 'in/small.npy', *LAYERS, '--out', 'little')
    path = bench.path('large.idx')
    path.write_bytes(inputs.idx(8, (size // 64, SIDE // 8, SIDE // 8), noise(size)))
    try:
        for command in (['--data', 'large.idx', *LAYERS, '--out', 'much'],
                        ['--resume', 'much', '--epochs', '2']):
            used = bench.peak('train', *command) - least
            expect(used < SHARE * size / MIB + 50,
                   '%s: %.1f MiB for %d MiB of data' % (command, used, size / MIB))
    finally:
        path.unlink()


def long_header(bench):
    """A model file whose header alone is larger than most models: refused, not parsed."""
    data = bench.path('run/checkpoint.safetensors').read_bytes()
    header, body = models.split(data)
    header['__metadata__']['crc32'] = '0' * 8  # to be made anew
    text = json.dumps(header, separators=(',', ':')).encode()
    shutil.copytree(bench.path('run'), bench.path('header'))
    for length, good in ((8 * MIB, True), (8 * MIB + 8, False)):
        whole = models.join(text.ljust(length), body)
        for name in ('model', 'checkpoint'):
            bench.path('header/%s.safetensors' % name).write_bytes(whole)
        for command in (['info', 'header'], ['sample', '--model', 'header', '--out', 'h.npy'],
                        ['train', '--resume', 'header', '--epochs', '3']):
            if good:
                bench.good(*command)
            else:
                bench.bad(*command, report=['*header has %d bytes*' % length])
    shutil.rmtree(bench.path('header'))


def run(bench, tap):
    tap.run('memory for array files', opening, bench, arrays, 16 * MIB)
    tap.run('memory for folders', opening, bench, folders, 16 * MIB)
    tap.run('memory in training', training, bench)
    tap.run('a model with a long header', long_header, bench)
