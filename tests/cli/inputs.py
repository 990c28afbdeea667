"""Data sets for the tests of the command line, sound ones and broken ones, written to a folder."""
import gzip
import math
import pathlib
import struct
import zlib

CORPUS = pathlib.Path(__file__).resolve().parent.parent / 'fuzz' / 'corpus' / 'formats'
N, SIDE = 120, 8


def pixels(count, height, width):
    """Bars and blobs: enough structure to train on, the same in every run."""
    return bytes((255 if (x + n) % 4 == 0 or (y * 3 + n * n) % 7 == 0 else 20 * (n % 5)) & 255
                 for n in range(count) for y in range(height) for x in range(width))


def npy(descr, shape, values, order='False'):
    header = "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }" % (descr, order, shape)
    header += ' ' * (-(len(header) + 11) % 64) + '\n'
    return b'\x93NUMPY\x01\x00' + struct.pack('<H', len(header)) + header.encode() + values


def floats(values):
    return struct.pack('<%df' % len(values), *values)


def table(values, width):
    return npy('<f4', (len(values) // width, width), floats(values))


def idx(kind, dims, values):
    return bytes([0, 0, kind, len(dims)]) + struct.pack('>%dI' % len(dims), *dims) + values


def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def png(width, height, rows=None):
    """A grey PNG of `height` rows, of which `rows` are really there."""
    raw = b''.join(b'\0' + pixels(1, 1, width) for _ in range(height if rows is None else rows))
    header = struct.pack('>IIBBBBB', width, height, 8, 0, 0, 0, 0)
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', zlib.compress(raw)) +
            chunk(b'IEND', b''))


def huge_png():
    """Promises four exabytes of pixels."""
    header = struct.pack('>IIBBBBB', 2 ** 31 - 1, 2 ** 31 - 1, 8, 0, 0, 0, 0)
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) +
            chunk(b'IDAT', zlib.compress(bytes(1000))) + chunk(b'IEND', b''))


def good_sets():
    unit = [((i * 37) % 100) / 100 for i in range(N * SIDE * SIDE)]
    images = idx(8, (N, SIDE, SIDE), pixels(N, SIDE, SIDE))
    return {
        'small.npy': npy('|u1', (N, SIDE, SIDE), pixels(N, SIDE, SIDE)),
        'other.npy': npy('|u1', (N, SIDE, SIDE), bytes(255 - b for b in pixels(N, SIDE, SIDE))),
        'floats.npy': npy('<f4', (N, SIDE, SIDE), floats(unit)),
        'wide.npy': npy('|u1', (N, SIDE, SIDE + 2), pixels(N, SIDE, SIDE + 2)),
        'labelled.idx': images,
        'labelled-labels.idx': idx(8, (N,), bytes(n % 10 for n in range(N))),
        'packed.idx.gz': gzip.compress(images, mtime=0),
        'table.npy': table([math.sin(i) for i in range(N * 5)], 5),
        'five.npy': npy('|u1', (5, SIDE, SIDE), pixels(5, SIDE, SIDE)),
        'pictures/a/1.png': png(SIDE, SIDE),
        'pictures/a/2.png': png(SIDE, SIDE),
        'pictures/b/1.png': png(SIDE, SIDE),
    }


def bad_arrays():
    values = pixels(10, SIDE, SIDE)
    good = npy('|u1', (10, SIDE, SIDE), values)
    one = [0.5] * 64
    return {
        'empty.npy': b'',
        'none.npy': npy('|u1', (0, SIDE, SIDE), b''),
        'cut.npy': good[:-7],
        'cut-header.npy': good[:40],
        'lying.npy': npy('|u1', (10 ** 12, SIDE, SIDE), values),
        'overflow.npy': npy('|u1', (2 ** 62, 2 ** 62), values),
        'objects.npy': npy('|O', (10, SIDE, SIDE), values),
        'unclosed.npy': good.replace(b'}', b' '),
        'nan.npy': table(one * 9 + [math.nan] + one[1:], 64),
        'inf.npy': table(one * 9 + [math.inf] + one[1:], 64),
        'above.npy': table(one * 9 + [1.5] + one[1:], 64),
        'below.npy': table(one * 9 + [-0.01] + one[1:], 64),
        'cut.idx': idx(8, (10, SIDE, SIDE), values)[:-7],
        'cut-header.idx': idx(8, (10, SIDE, SIDE), values)[:9],
        'lying.idx': idx(8, (2 ** 31, 2 ** 15, 2 ** 15), values),
        'longer.idx': idx(8, (10, SIDE, SIDE), values + b'more'),
        'unknown.idx': idx(0x55, (10, SIDE, SIDE), values),
        'labels-only.idx': idx(8, (10,), bytes(10)),
        'none.idx': idx(8, (0, SIDE, SIDE), b''),
        'few.idx': idx(8, (10, SIDE, SIDE), values),
        'few-labels.idx': idx(8, (9,), bytes(9)),
        'cut.idx.gz': gzip.compress(idx(8, (10, SIDE, SIDE), values), mtime=0)[:-12],
        'text.npy': b'This is a text, and no array.\n',
    }


def bad_pictures():
    jpeg = (CORPUS / 'grey.jpg').read_bytes()
    return {
        'cut-png/1.png': png(SIDE, SIDE)[:-30],
        'lying-png/1.png': png(SIDE, SIDE, rows=3),
        'huge-png/1.png': huge_png(),
        'cut-jpeg/1.jpg': jpeg[:len(jpeg) // 2],
        'sizes/1.png': png(SIDE, SIDE),
        'sizes/2.png': png(SIDE, SIDE + 1),
        'no-pictures/readme.txt': b'Nothing to see.\n',
        'mnist/train-images-idx3-ubyte': idx(8, (10, SIDE, SIDE), pixels(10, SIDE, SIDE)),
        'mnist/train-labels-idx1-ubyte': idx(8, (11,), bytes(11)),
        'mnist/t10k-images-idx3-ubyte': idx(8, (5, SIDE, SIDE), pixels(5, SIDE, SIDE)),
        'mnist/t10k-labels-idx1-ubyte': idx(8, (5,), bytes(5)),
    }


def presets():
    return {
        'twice.json': b'{"latent": 3, "latent": 4}',
        'types.json': b'{"latent": {"of": 3}}',
        'words.json': b'{"latent": "many"}',
        'layers.json': b'{"encoder": ["dense 8 relu", 9]}',
        'key.json': b'{"latnet": 3}',
        'list.json': b'[1, 2]',
        'broken.json': b'{"latent": 3,',
        'deep.json': b'[' * 100000,
        'binary.json': bytes(range(256)),
        'good.json': b'{"encoder": ["dense 8 relu"], "latent": 2, "decoder": "dense 8 relu"}',
    }


def write(folder):
    """Writes all of them, and the empty folder 'empty-folder'."""
    for name, data in {**good_sets(), **bad_arrays(), **bad_pictures(), **presets()}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (folder / 'empty-folder').mkdir()
