"""Trains what the preset mnist-fc is on MNIST in PyTorch, for bench/compare.

    torch_mnist.py FOLDER EPOCHS SEED    prints the test set's -ELBO after each epoch
"""
import gzip
import pathlib
import sys

import numpy
import torch

import torch_vae


def images(folder, name):
    for path in (pathlib.Path(folder) / name, pathlib.Path(folder) / (name + '.gz')):
        if path.exists():
            data = gzip.open(path).read() if path.suffix == '.gz' else path.read_bytes()
            pixels = numpy.frombuffer(data, numpy.uint8, offset=16).reshape(-1, 784)
            return torch.from_numpy(pixels.astype(numpy.float32) / 255)
    sys.exit('%s: there is no %s' % (folder, name))


def main(folder, epochs, seed, batch=128):
    torch_vae.set_up()
    torch.manual_seed(seed)
    train, test = (images(folder, part + '-images-idx3-ubyte') for part in ('train', 't10k'))
    model = torch_vae.Dense()
    step = torch_vae.make_step(model)
    for _ in range(epochs):
        for part in torch.randperm(len(train)).split(batch):
            step(train[part])
        with torch.no_grad():
            total = sum(torch_vae.negative_elbo(model, x).item() for x in test.split(batch))
        print('test %.3f' % (total / len(test)), flush=True)


if __name__ == '__main__':
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
