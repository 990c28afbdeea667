#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads a model that vae-cl has trained with nothing but numpy, decodes with it, and compares with `vae-cl decode`.

    read_model.py VAE-CL        the path of the program

Prints TAP. Skips where there is no numpy. The `safetensors` package reads the files where it is there, else 10 lines here.
"""
import json
import math
import os
import struct
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print('1..0 # SKIP there is no numpy (Debian: python3-numpy)')
    sys.exit(0)

LIMIT = 1e-5
MODELS = {
    'bernoulli': ['--encoder', 'dense 30 relu', '--decoder', 'dense 20 gelu, dense 30 relu', '--latent', '5'],
    'gaussian': ['--likelihood', 'gaussian', '--encoder', 'dense 20 tanh', '--decoder', 'dense 20 selu, dense 15 softplus'],
    'autoencoder': ['--objective', 'ae', '--encoder', 'dense 20 silu', '--decoder', 'dense 20 elu, dense 9 leaky_relu, dense 9 silu'],
    'linear': ['--encoder', '', '--decoder', '', '--latent', '3'],
}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


ACTIVATIONS = {
    'identity': lambda x: x,
    'relu': lambda x: np.maximum(x, 0),
    'leaky_relu': lambda x: np.where(x > 0, x, 0.01 * x),
    'elu': lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    'selu': lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0))),
    'gelu': lambda x: x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2))),
    'silu': lambda x: x * sigmoid(x),
    'tanh': np.tanh,
    'sigmoid': sigmoid,
    'softplus': lambda x: np.log1p(np.exp(x)),
}


def parse(path):
    """(metadata, {name: array}) of a .safetensors file."""
    with open(path, 'rb') as file:
        data = file.read()
    start = 8 + struct.unpack('<Q', data[:8])[0]
    header = json.loads(data[8:start])
    metadata = header.pop('__metadata__')
    return metadata, {name: np.frombuffer(data, '<f4', math.prod(entry['shape']), start + entry['data_offsets'][0])
                      .reshape(entry['shape']) for name, entry in header.items()}


def load(path):
    metadata, tensors = parse(path)
    try:
        from safetensors.numpy import load_file
    except ImportError:
        return metadata, tensors
    theirs = load_file(path)
    assert theirs.keys() == tensors.keys() and all(np.array_equal(theirs[name], tensors[name]) for name in tensors)
    return metadata, theirs


def decode(path, z):
    metadata, tensors = load(path)
    spec = json.loads(metadata['spec'])
    names = ['decoder.%d' % i for i, layer in enumerate(spec['decoder'].split(',')) if layer.strip()] + ['output']
    words = [layer.split() for layer in spec['decoder'].split(',') if layer.strip()]
    activations = [word[2] if len(word) > 2 else 'identity' for word in words]
    activations.append('sigmoid' if spec['likelihood'] == 'bernoulli' else 'identity')
    y = z.astype(np.float64)
    for name, activation in zip(names, activations):
        y = ACTIVATIONS[activation](y @ tensors[name + '.weight'].astype(np.float64) + tensors[name + '.bias'])
    return y.reshape([len(z)] + spec['shape'])


def run(program, *arguments):
    done = subprocess.run([program, *arguments, '--quiet'], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError('%s: %s' % (' '.join(arguments), done.stderr.strip()))


def check(program, folder, options):
    """The worst relative error of what vae-cl decodes."""
    model, codes, decoded = (os.path.join(folder, name) for name in ('run', 'z.npy', 'x.npy'))
    run(program, 'train', '--data', 'digits', '--limit', '120', '--epochs', '1', '--batch', '20', '--test', 'none', '--out', model, *options)
    model = os.path.join(model, 'model.safetensors')
    latent = json.loads(parse(model)[0]['spec'])['latent']
    z = np.random.default_rng(1).normal(size=(7, latent)).astype(np.float32)
    np.save(codes, z)
    run(program, 'decode', '--model', model, '--in', codes, '--out', decoded)
    want, got = decode(model, z), np.load(decoded)
    assert got.shape == want.shape or got.reshape(want.shape).shape == want.shape, 'shape %s, not %s' % (got.shape, want.shape)
    return np.linalg.norm(got.reshape(want.shape) - want) / np.linalg.norm(want)


def main(program):
    failed = 0
    print('1..%d' % len(MODELS))
    for number, (name, options) in enumerate(MODELS.items(), 1):
        try:
            with tempfile.TemporaryDirectory() as folder:
                error = check(program, folder, options)
            what = 'error %.2g' % error
        except (AssertionError, KeyError, RuntimeError, ValueError) as problem:
            error, what = math.inf, repr(problem)
        failed += not error <= LIMIT
        print('%sok %d %s' % ('' if error <= LIMIT else 'not ', number, name))
        print('# ' + what, flush=True)
    return failed != 0


sys.exit(main(sys.argv[1]))
