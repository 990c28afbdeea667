"""Model files that are not what they should be, made from a sound one."""
import json
import math
import struct
import zlib


def split(data):
    """The header as an object, and the tensors' bytes."""
    size = struct.unpack('<Q', data[:8])[0]
    return json.loads(data[8:8 + size]), data[8 + size:]


def join(header, body):
    """A checkpoint's checksum is made anew: it is not what is to be wrong."""
    if isinstance(header, bytes):
        text = header
    else:
        if 'crc32' in header.get('__metadata__', {}):
            header['__metadata__']['crc32'] = '0' * 8
        text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    text = struct.pack('<Q', len(text)) + text
    digits = b'%08x' % zlib.crc32(text + body)
    return text.replace(b'"crc32":"00000000"', b'"crc32":"' + digits + b'"') + body


def with_spec(data, **changes):
    """Keys of the model's description changed; None removes one."""
    header, body = split(data)
    spec = json.loads(header['__metadata__']['spec'])
    for key, value in changes.items():
        spec[key.replace('_', '-')] = value
        if value is None:
            del spec[key]
    header['__metadata__']['spec'] = json.dumps(spec)
    return join(header, body)


def with_metadata(data, **changes):
    header, body = split(data)
    header['__metadata__'].update(changes)
    return join(header, body)


def first_tensor(header):
    return min((name for name in header if name != '__metadata__'),
               key=lambda name: header[name]['data_offsets'])


def with_tensor(data, **changes):
    """The first tensor's entry changed."""
    header, body = split(data)
    header[first_tensor(header)].update(changes)
    return join(header, body)


def renamed(data):
    header, body = split(data)
    header['not.a.parameter'] = header.pop(first_tensor(header))
    return join(header, body)


def with_values(data, **values):
    """Tensors filled with numbers, by name with '_' for '.': one for all of it, or a list."""
    header, body = split(data)
    body = bytearray(body)
    for name, value in values.items():
        begin, end = header[name.replace('_', '.')]['data_offsets']
        count = (end - begin) // 4
        numbers = value if isinstance(value, list) else [value] * count
        body[begin:end] = struct.pack('<%df' % count, *numbers)
    return join(header, bytes(body))


def hostile(data):
    """Descriptions that ask for more than any device has."""
    return {
        'latent': with_spec(data, latent=10 ** 9),
        'latent-negative': with_spec(data, latent=-1),
        'latent-real': with_spec(data, latent=2.5),
        'wide-shape': with_spec(data, shape=[2 ** 24, 2 ** 24, 1]),
        'wrapping-shape': with_spec(data, shape=[2 ** 24, 2 ** 24, 2 ** 16]),
        'negative-shape': with_spec(data, shape=[-8, -8, 1]),
        'no-shape': with_spec(data, shape=None),
        'other-shape': with_spec(data, shape=[4, 4, 1]),
        'wide-layer': with_spec(data, encoder='dense 16777216 relu'),
        'two-wide-layers': with_spec(data, encoder='dense 16777216 relu, dense 16777216 relu'),
        # 65536 x 2^48 values wrap around a 64-bit count.
        'wrapping-layers': with_spec(data, encoder=', '.join(['dense 16777216 relu'] * 65600)),
        'many-layers': with_spec(data, encoder=', '.join(['dense 1'] * 3000)),
        'layer': with_spec(data, encoder='dens 8 relu'),
        'activation': with_spec(data, encoder='dense 8 rellu'),
        'likelihood': with_spec(data, likelihood='bernouli'),
        'unknown-key': with_spec(data, nonsense=1),
        'sigma': with_spec(data, sigma=0),
        'long-name': with_spec(data, name='x' * 100000),
    }


def broken(data):
    """Files that are no whole safetensors file, or none of this program's."""
    header, body = split(data)
    nan = struct.pack('<f', math.nan)
    return {
        'empty': b'',
        'short': data[:7],
        'cut': data[:-9],
        'cut-header': data[:100],
        'longer': data + bytes(4),
        'header-size': struct.pack('<Q', 2 ** 63) + data[8:],
        'header-size-small': struct.pack('<Q', 5) + data[8:],
        'garbage': bytes(range(256)) * 8,
        'deep': join(b'{"a":' * 50000, b''),
        'array': join(b'[]', b''),
        'no-metadata': join({k: v for k, v in header.items() if k != '__metadata__'}, body),
        'metadata-number': with_metadata(data, steps=5),
        'no-steps': with_metadata(data, steps='some'),
        'version': with_metadata(data, version='2'),
        'spec-text': with_metadata(data, spec='{"latent": '),
        'spec-list': with_metadata(data, spec='[]'),
        'dtype': with_tensor(data, dtype='F16'),
        'offsets': with_tensor(data, data_offsets=[0, 2 ** 62]),
        'offsets-back': with_tensor(data, data_offsets=[64, 0]),
        'offsets-none': with_tensor(data, data_offsets=[]),
        'tensor-shape': with_tensor(data, shape=[1, 1]),
        'tensor-shape-wrap': with_tensor(data, shape=[2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1]),
        'tensor-shape-text': with_tensor(data, shape='8'),
        'missing': renamed(data),
        'escape': with_tensor(data, dtype='\x1b[31m\n\x07'),
        'nan': join(header, nan + body[4:]),
        'inf': join(header, body[:4] + struct.pack('<f', math.inf) + body[8:]),
    }
