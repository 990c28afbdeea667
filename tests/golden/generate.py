#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the golden files beside it: losses, gradients and training curves of small models, by PyTorch in double precision.

    python3 -m venv env && env/bin/pip install torch numpy && env/bin/python tests/golden/generate.py

The files are in the repository: run this only to change them. Everything that goes in (weights, data, noise, constants) is
rounded to float32 first, so that both sides compute from the same numbers; what comes out is rounded to float32 at the end.
A file holds
    __metadata__    config: the keys of our configuration; shape: of an example
    x (B, D), eps (B K, Z)      K samples an example
    labels (B)                  with a condition
    param/NAME, grad/NAME       of each parameter in our layout, weights (in, out) or (height, width, image, map)
    recon (B), kl (B)           per example, in nats; or what else the objective reports
    curve/recon (T), curve/kl (T) ...  batch means before each of T - 1 optimiser steps, and after the last
    curve/eps (N, B K, Z)           their noise: of point t, number t % N
    after/recon (B) ...             with dropout or batchnorm: what the trained model gives for x and eps in use
    after/NAME                      and the running averages then
Dropout draws with seed 0; in the pass that gives the gradients, and at the first point of the curve, the step is 1.
Gradients of elbo are those of mean(recon) + beta * sum over latents of max(free_bits, batch mean of KL).
"""
import json
import math
import pathlib
import struct

import numpy as np
import torch
import torch.nn.functional as F

STEPS = 10
LIMIT = 64 << 10  # bytes a file
KINK = 1e-5       # no pre-activation may be nearer to the kink of relu and its like

CASES = {
    'adam': dict(shape=[6, 5, 1], batch=9, latent=4, encoder='dense 20 relu', decoder='dense 20 relu',
                 likelihood='bernoulli', optimiser='adam', lr=0.01),
    'adamw': dict(shape=[1, 23, 1], batch=7, latent=3, likelihood='gaussian', sigma=0.7, beta=4.0,
                  encoder='dense 19 gelu, dense 17 silu, dense 13 tanh',
                  decoder='dense 11 softplus, dense 17 selu, dense 19 elu',
                  optimiser='adamw', lr=0.003, **{'weight-decay': 0.1}),
    'sgd': dict(shape=[5, 5, 1], batch=11, latent=6, likelihood='bernoulli', beta=0.5, **{'free-bits': 0.5},
                encoder='dense 18 leaky_relu, dense 12 sigmoid', decoder='dense 12 silu, dense 18 gelu',
                optimiser='sgd', lr=0.01, momentum=0.9),
    'clip': dict(shape=[3, 4, 2], batch=5, latent=7, likelihood='gaussian', sigma=0.25, beta=2.0,
                 encoder='dense 18 selu, dense 12 gelu', decoder='dense 12 tanh, dense 18 leaky_relu',
                 optimiser='sgd', lr=0.01, momentum=0.5, clip=1.5, **{'weight-decay': 0.01}),
    'ae': dict(shape=[4, 4, 2], batch=6, latent=3, objective='ae', likelihood='squared',
               encoder='dense 16 elu, dense 9 softplus', decoder='dense 9 sigmoid, dense 16 identity',
               optimiser='adam', lr=0.02, clip=0.5, **{'weight-decay': 0.02}),
    'ae_bernoulli': dict(shape=[1, 33, 1], batch=8, latent=2, objective='ae', likelihood='bernoulli',
                         encoder='dense 31 silu', decoder='dense 31 selu', optimiser='sgd', lr=0.05, momentum=0.0),
    'linear': dict(shape=[1, 9, 1], batch=12, latent=5, encoder='', decoder='', likelihood='gaussian', sigma=1.5,
                   optimiser='adamw', lr=0.05, beta1=0.5, beta2=0.9, eps=1e-3),
    # Sums over more than 256 inputs, and over more than 256 examples: our sums are made in chunks of that length.
    'wide': dict(shape=[17, 17, 1], batch=5, latent=2, encoder='dense 9 relu', decoder='dense 9 tanh',
                 likelihood='bernoulli', beta=3.0, optimiser='adam', lr=0.005),
    'tall': dict(shape=[1, 6, 1], batch=270, latent=2, encoder='dense 7 gelu', decoder='dense 7 elu',
                 likelihood='gaussian', sigma=0.5, optimiser='adam', lr=0.01, noise_steps=2),
    # What is (nearly) linear before batchnorm has biases without effect, whose gradients are rounding errors: none is here.
    'norm': dict(shape=[4, 3, 2], batch=9, latent=3, likelihood='bernoulli', optimiser='adam', lr=0.01,
                 encoder='batchnorm elu, dense 17 tanh, batchnorm gelu, residual [dense 9 gelu, layernorm silu, dense 17] relu',
                 decoder='dense 13 silu, layernorm gelu, dense 12 tanh, batchnorm, residual [residual [dense 5 tanh, dense 12], layernorm elu]'),
    'dropout': dict(shape=[1, 15, 1], batch=8, latent=4, likelihood='gaussian', sigma=0.8, optimiser='adamw', lr=0.01,
                    encoder='dropout 0.2, dense 21 tanh, dropout 0.5', decoder='residual [dropout 0.3, dense 4 elu], dense 14 gelu, dropout 0.1',
                    **{'weight-decay': 0.05}),
    'pool': dict(shape=[8, 6, 3], batch=5, latent=6, likelihood='bernoulli', optimiser='adam', lr=0.01,
                 encoder='avgpool k3 s2, residual [batchnorm tanh], maxpool k2 s1, dense 9 elu',
                 decoder='dense 6 elu, upsample 4, maxpool k3 s1, avgpool k2, layernorm, dense 7 elu, upsample 2, avgpool'),
    # Paddings that are not the same on both sides of a picture, kernels beyond strides and the other way round.
    'conv': dict(shape=[9, 8, 2], batch=6, latent=3, likelihood='bernoulli', optimiser='adam', lr=0.01,
                 encoder='conv 5 k4 s2 tanh, conv 6 k3x2 s2x1 p1x0 gelu, dense 9 elu',
                 decoder='dense 8 tanh, dense 24 gelu, reshape 3 2 4, deconv 5 k3x4 s1x2 p1x1 silu, conv 4 k1x2 p0x1 softplus',
                 output='deconv k5x3 s3x2 p1x2 o0x1'),
    'rows': dict(shape=[1, 14, 2], batch=7, latent=4, likelihood='gaussian', sigma=0.6, optimiser='adamw', lr=0.01,
                 encoder='conv1d 5 k5 s2 silu, residual [conv1d 5 k3 tanh, conv1d 5 k1] gelu, dense 6 relu',
                 decoder='dense 28 elu, reshape 1 7 4, conv1d 3 k4 s1 p2 silu', output='conv1d k3 s1 p4', **{'weight-decay': 0.02}),
}
# Objectives of several samples; k of them are in the text.
CASES.update({
    'iwae': dict(shape=[1, 11, 1], batch=5, latent=3, likelihood='bernoulli', objective='iwae k=4', optimiser='adam', lr=0.01,
                 encoder='dense 9 tanh, dense 7 elu', decoder='dense 8 tanh'),
    'iwae_gaussian': dict(shape=[3, 3, 1], batch=6, latent=2, likelihood='gaussian sigma=0.6', objective='iwae k=3', optimiser='adamw',
                          encoder='conv 3 k2 silu, dense 6 gelu', decoder='dense 7 silu', lr=0.01, **{'weight-decay': 0.05}),
    'dreg': dict(shape=[1, 11, 1], batch=5, latent=3, likelihood='bernoulli', objective='dreg k=4', optimiser='adam', lr=0.01,
                 encoder='dense 9 tanh, dense 7 elu', decoder='dense 8 tanh'),
    'mog': dict(shape=[1, 10, 1], batch=6, latent=3, likelihood='bernoulli', prior='mog 5', beta=1.5, optimiser='adam', lr=0.02,
                encoder='dense 9 tanh', decoder='dense 8 elu'),
    'mog_iwae': dict(shape=[1, 7, 1], batch=4, latent=17, likelihood='gaussian', prior='mog 2', objective='iwae k=3', sigma=0.8,
                     optimiser='adam', lr=0.01, encoder='dense 9 tanh', decoder='dense 8 elu'),
    'vamp': dict(shape=[4, 3, 1], batch=5, latent=3, likelihood='bernoulli', prior='vamp 4', optimiser='adam', lr=0.02,
                 encoder='conv 2 k3 tanh, layernorm, dense 7 elu', decoder='dense 8 elu'),
    'sigma_auto': dict(shape=[1, 19, 1], batch=6, latent=3, likelihood='gaussian sigma=auto', optimiser='adam', lr=0.02,
                       encoder='dense 9 tanh', decoder='dense 8 elu'),
    'sigma_auto_iwae': dict(shape=[1, 5, 1], batch=4, latent=3, likelihood='gaussian sigma=auto', objective='iwae k=3', optimiser='sgd',
                            encoder='dense 9 tanh', decoder='dense 8 elu', lr=0.02),
    'sigma_learned': dict(shape=[1, 19, 1], batch=6, latent=3, likelihood='gaussian sigma=learned', optimiser='adam', lr=0.02,
                          encoder='dense 9 tanh', decoder='dense 8 elu'),
    'sigma_learned_conv': dict(shape=[4, 5, 3], batch=4, latent=3, likelihood='gaussian sigma=learned', optimiser='adam', lr=0.02,
                               encoder='dense 9 tanh', decoder='dense 40 elu, reshape 4 5 2', output='conv k3', objective='iwae k=2'),
    'factor': dict(shape=[1, 11, 1], batch=7, latent=4, likelihood='bernoulli', objective='factor gamma=3 units=9 layers=2 lr=0.02',
                   optimiser='sgd', lr=0.02, encoder='dense 9 tanh', decoder='dense 8 tanh'),
})
# Encoder and decoder are told labels: behind the values of x and z, or the channels of each pixel.
CASES.update({
    'condition': dict(shape=[1, 10, 1], batch=9, latent=3, likelihood='bernoulli', condition='one-hot', classes=4, optimiser='adam', lr=0.01,
                      encoder='dense 11 tanh', decoder='dense 9 silu'),
    'condition_embed': dict(shape=[5, 4, 2], batch=7, latent=3, likelihood='gaussian sigma=0.7', objective='iwae k=3', condition='embed 3', classes=5,
                            encoder='residual [conv 5 k3 tanh] gelu, avgpool, dense 8 elu', decoder='dense 9 tanh', optimiser='adamw', lr=0.01,
                            **{'weight-decay': 0.05}),
})
PIXEL_LAYERS = ('conv', 'deconv', 'conv1d', 'maxpool', 'avgpool', 'upsample')
DEFAULTS = dict(objective='elbo', prior='normal', output='dense', condition='none', classes=0, sigma=1.0, beta=1.0, momentum=0.9, beta1=0.9, beta2=0.999, eps=1e-8, clip=0.0,
                **{'free-bits': 0.0, 'weight-decay': 0.0})
CONSTANTS = ('sigma', 'beta', 'free-bits', 'lr', 'momentum', 'beta1', 'beta2', 'eps', 'weight-decay', 'clip')
WITH_KINK = {'relu', 'leaky_relu', 'elu', 'selu'}
ACTIVATIONS = {
    'identity': lambda x: x, 'relu': F.relu, 'leaky_relu': F.leaky_relu, 'elu': F.elu, 'selu': F.selu, 'gelu': F.gelu,
    'silu': F.silu, 'tanh': torch.tanh, 'sigmoid': torch.sigmoid, 'softplus': F.softplus,
}


def rounded(values):
    """As float32 rounds them, in double."""
    return torch.tensor(np.asarray(values, dtype=np.float32).astype(np.float64))


def layers(text):
    """[(words, activation, layers in brackets)]"""
    found, depth, start = [], 0, 0
    for end, letter in enumerate(text + ','):
        depth += (letter == '[') - (letter == ']')
        if letter == ',' and depth == 0 and text[start:end].strip():
            head, _, rest = text[start:end].partition('[')
            inner, _, tail = rest.rpartition(']')
            words = (head + tail).split()
            activation = words.pop() if words[-1] in ACTIVATIONS else 'identity'
            found.append((words, activation, layers(inner)))
        start = end + 1 if letter == ',' and depth == 0 else start
    return found


def philox_uniform(stream, step, rows, cols):
    """Philox4x32-10 (Salmon et al. 2011) with key 0: word col % 4 of the block (col / 4, row, step, stream), upper 24 bits."""
    row, col = (part.astype(np.uint64) for part in np.mgrid[:rows, :cols])
    low, key = np.uint64(0xFFFFFFFF), [0, 0]
    c = [col // np.uint64(4), row, np.full_like(row, step), np.full_like(row, stream)]
    for _ in range(10):
        first, second = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [second >> np.uint64(32) ^ c[1] ^ np.uint64(key[0]), second & low, first >> np.uint64(32) ^ c[3] ^ np.uint64(key[1]), first & low]
        key = [(key[0] + 0x9E3779B9) % 2 ** 32, (key[1] + 0xBB67AE85) % 2 ** 32]
    return np.choose(col.astype(int) % 4, c) // np.uint64(256) / 2.0 ** 24


def sees_pixels(found):
    """Does the first layer that says something of it take pixels?"""
    for words, _, inner in found:
        if inner and sees_pixels(inner) is not None:
            return sees_pixels(inner)
        if words[0] in (*PIXEL_LAYERS, 'dense', 'reshape'):
            return words[0] in PIXEL_LAYERS
    return None


def words_of(text):
    """'iwae k=4': its name, and a dict of its options"""
    name, *words = text.split()
    return name, dict(word.split('=') for word in words)


class Node:
    """A layer at its place: makes its parameters, and runs."""

    def __init__(self, model, name, words, activation, inner, shape, rng):
        self.model, self.name, self.words, self.activation, self.in_shape = model, name, words, activation, shape
        self.inner = model.stack(name, inner, shape, rng) if inner else []
        self.shape = getattr(self, 'make_' + words[0])(shape, rng)

    def make_dense(self, shape, rng):
        units, width = int(self.words[1]), math.prod(shape)
        self.parameter('weight', rng.normal(0, 1.3 / math.sqrt(width), (width, units)))
        self.parameter('bias', rng.normal(0, 0.3, units))
        return [1, units, 1]

    def make_conv(self, shape, rng):
        self.kernel, self.stride, self.pad, self.extra = (self.pair(letter) for letter in 'kspo')
        if self.words[0] == 'conv1d':
            self.kernel[0], self.stride[0], self.pad[0] = 1, 1, 0
        channels, turned = int(self.words[1]), self.words[0] == 'deconv'
        image, maps = (channels, shape[2]) if turned else (shape[2], channels)
        size = self.kernel[0] * self.kernel[1]
        self.parameter('weight', rng.normal(0, 1.3 / math.sqrt(size * shape[2]), (*self.kernel, image, maps)))
        self.parameter('bias', rng.normal(0, 0.3, channels))
        with torch.no_grad():
            made = self.images(torch.zeros(1, math.prod(shape), dtype=torch.float64), self.convolve)
        pixels = made.shape[1] // channels
        height = (shape[0] - 1) * self.stride[0] - 2 * self.pad[0] + self.kernel[0] + self.extra[0] if turned else \
            (shape[0] + 2 * self.pad[0] - self.kernel[0]) // self.stride[0] + 1
        return [height, pixels // height, channels]

    make_deconv = make_conv1d = make_conv

    def pair(self, letter):
        """What the layer's words say, else our defaults."""
        for word in self.words[2:]:
            if word[0] == letter:
                return ([int(part) for part in word[1:].split('x')] * 2)[:2]
        if letter == 'p':
            return [max(0, k - s + 1) // 2 for k, s in zip(self.pair('k'), self.pair('s'))]
        return {'k': [3, 3], 's': [1, 1], 'o': [0, 0]}[letter]

    def convolve(self, y):
        run = F.conv_transpose2d if self.words[0] == 'deconv' else F.conv2d
        more = dict(output_padding=self.extra) if self.words[0] == 'deconv' else {}
        return run(y, self.own('weight').permute(3, 2, 0, 1), self.own('bias'), self.stride, self.pad, **more)

    def make_reshape(self, shape, rng):
        return [int(word) for word in self.words[1:]]

    def make_batchnorm(self, shape, rng):
        features = shape[1] if shape[0] == shape[2] == 1 else shape[2]
        self.make_affine(features, rng)
        self.model.state[self.name + '.running_mean'] = rounded(rng.normal(0, 1, features))
        self.model.state[self.name + '.running_var'] = rounded(rng.uniform(0.5, 2, features))
        return shape

    def make_layernorm(self, shape, rng):
        self.make_affine(math.prod(shape), rng)
        return shape

    def make_affine(self, n, rng):
        self.parameter('weight', rng.uniform(0.5, 2, n))
        self.parameter('bias', rng.normal(0, 0.5, n))

    def make_dropout(self, shape, rng):
        self.stream = 64 + self.model.streams
        self.model.streams += 1
        return shape

    def make_residual(self, shape, rng):
        return shape

    def make_maxpool(self, shape, rng):
        size, stride = self.window()
        return [(shape[0] - size) // stride + 1, (shape[1] - size) // stride + 1, shape[2]]

    make_avgpool = make_maxpool

    def make_upsample(self, shape, rng):
        factor = int(self.words[1])
        return [shape[0] * factor, shape[1] * factor, shape[2]]

    def parameter(self, suffix, values):
        self.model.parameters['%s.%s' % (self.name, suffix)] = rounded(values).requires_grad_(True)

    def own(self, suffix):
        name = '%s.%s' % (self.name, suffix)
        return self.model.parameters[name] if name in self.model.parameters else self.model.state[name]

    def window(self):
        numbers = [int(word.lstrip('ks')) for word in self.words[1:]] or [2]
        return numbers[0], numbers[-1]

    def run(self, y):
        pre = getattr(self, 'run_' + self.words[0])(y)
        if self.activation in WITH_KINK:
            assert pre.abs().min() > KINK, 'too near a kink: choose another seed'
        return ACTIVATIONS[self.activation](pre)

    def run_dense(self, x):
        return x @ self.own('weight') + self.own('bias')

    def run_conv(self, x):
        return self.images(x, self.convolve)

    run_deconv = run_conv1d = run_conv

    def run_reshape(self, x):
        return x

    def run_batchnorm(self, x):
        columns = x.reshape(-1, len(self.own('bias')))
        return F.batch_norm(columns, self.own('running_mean'), self.own('running_var'), self.own('weight'), self.own('bias'),
                            self.model.training, 0.1, float(np.float32(1e-5))).reshape(x.shape)

    def run_layernorm(self, x):
        return F.layer_norm(x, x.shape[1:], self.own('weight'), self.own('bias'), float(np.float32(1e-5)))

    def run_dropout(self, x):
        p = float(np.float32(self.words[1]))
        if not self.model.training:
            return x
        return x * torch.tensor(np.where(philox_uniform(self.stream, self.model.step, *x.shape) < p, 0, 1 / (1 - p)))

    def run_residual(self, x):
        return x + self.model.run(self.inner, x)

    def images(self, x, run):
        return run(x.reshape([len(x)] + self.in_shape).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).reshape(len(x), -1)

    def run_maxpool(self, x):
        return self.images(x, lambda y: F.max_pool2d(y, *self.window()))

    def run_avgpool(self, x):
        return self.images(x, lambda y: F.avg_pool2d(y, *self.window()))

    def run_upsample(self, x):
        return self.images(x, lambda y: F.interpolate(y, scale_factor=int(self.words[1]), mode='nearest'))


class Model:
    def __init__(self, case, rng):
        self.case = case
        self.parameters = {}  # in the order of our files
        self.state = {}       # running averages
        self.streams, self.step, self.training = 0, 1, True
        data, latent = math.prod(case['shape']), case['latent']
        self.objective, self.options = words_of(case['objective'])
        self.likelihood, likelihood_options = words_of(case['likelihood'])
        self.sigma = likelihood_options.get('sigma', case['sigma'])
        self.outputs = 2 if self.sigma == 'learned' else 1
        if self.sigma == 'auto':
            self.parameters['likelihood.log_variance'] = rounded([[-0.5]]).requires_grad_(True)
        self.samples = int(self.options.get('k', 1))
        self.prior = case['prior'].split()
        if self.prior[0] == 'mog':
            self.parameters['prior.components'] = rounded(rng.normal(0, 0.7, (int(self.prior[1]), 2 * latent))).requires_grad_(True)
        if self.prior[0] == 'vamp':
            self.parameters['prior.pseudo_inputs'] = rounded(rng.normal(0, 1, (int(self.prior[1]), data))).requires_grad_(True)
        heads = latent * (1 if self.objective == 'ae' else 2)
        shape, told = case['shape'], self.make_condition(case, rng)
        self.in_pixels = sees_pixels(layers(case['encoder']))
        if told:
            shape = [*shape[:2], shape[2] + told] if self.in_pixels else [1, data + told, 1]
        self.encoder = self.stack('encoder', layers(case['encoder']), shape, rng)
        self.encoder += [self.last('latent', heads, self.encoder, shape, rng)]
        self.decoder = self.stack('decoder', layers(case['decoder']), [1, latent + told, 1], rng)
        [(words, activation, _)] = layers(case['output'])
        words = [words[0], str(self.outputs * (data if words[0] == 'dense' else case['shape'][2])), *words[1:]]
        shape = self.decoder[-1].shape if self.decoder else [1, latent + told, 1]
        self.decoder += [Node(self, 'output', words, activation, [], shape, rng)]
        if self.objective == 'factor':
            units, depth = self.options['units'], int(self.options['layers'])
            hidden = [(['dense', units], 'leaky_relu', [])] * depth
            self.discriminator = self.stack('discriminator', hidden, [1, latent, 1], rng)
            self.discriminator += [Node(self, 'discriminator.logit', ['dense', '1'], 'identity', [], self.discriminator[-1].shape, rng)]
        self.pixels = words[0] != 'dense'
        assert not self.pixels or self.decoder[-1].shape == case['shape'][:2] + [case['shape'][2] * self.outputs]

    def make_condition(self, case, rng):
        """How many numbers go behind x and z; self.labels are set by who has them."""
        self.condition, *width = case['condition'].split()
        if self.condition == 'embed':
            self.parameters['condition.weight'] = rounded(rng.normal(0, 1, (case['classes'], int(width[0])))).requires_grad_(True)
        return {'none': 0, 'one-hot': case['classes'], 'embed': int((width or [0])[0])}[self.condition]

    def told(self, rows, pixels):
        """What is put behind each of so many rows, or of their pixels: (rows, pixels, numbers)"""
        numbers = F.one_hot(self.labels, self.case['classes']).double()
        if self.condition == 'embed':
            numbers = self.parameters['condition.weight'][self.labels]
        return numbers.repeat_interleave(rows // len(numbers), 0)[:, None, :].expand(-1, pixels, -1)

    def encode(self, x):
        pixels = math.prod(self.case['shape'][:2]) if self.in_pixels else 1
        if self.condition != 'none':
            x = torch.cat([x.reshape(len(x), pixels, -1), self.told(len(x), pixels)], 2).reshape(len(x), -1)
        return self.run(self.encoder, x)

    def decode(self, z):
        return self.run(self.decoder, z if self.condition == 'none' else torch.cat([z, self.told(len(z), 1)[:, 0]], 1))

    def stack(self, prefix, hidden, shape, rng):
        """Nodes, with parameters larger than the usual initial ones, so that nothing is nearly linear."""
        nodes = []
        for i, (words, activation, inner) in enumerate(hidden):
            nodes.append(Node(self, '%s.%d' % (prefix, i), words, activation, inner, shape, rng))
            shape = nodes[-1].shape
        return nodes

    def last(self, name, units, nodes, shape, rng):
        return Node(self, name, ['dense', str(units)], 'identity', [], nodes[-1].shape if nodes else shape, rng)

    def run(self, nodes, y):
        for node in nodes:
            y = node.run(y)
        return y

    def scale(self, y):
        """Means and standard deviations of a Gaussian likelihood."""
        if self.sigma == 'auto':
            return y, torch.exp(0.5 * self.parameters['likelihood.log_variance'])
        if self.sigma != 'learned':
            return y, float(np.float32(self.sigma))
        channels = self.case['shape'][2] if self.pixels else y.shape[1] // 2
        mean, logvar = y.reshape(len(y), -1, 2 * channels).chunk(2, dim=2)
        return mean.reshape(len(y), -1), torch.exp(0.5 * logvar).reshape(len(y), -1)

    def log_likelihood(self, x, y):
        """log p(x|z) (rows), or what stands for it"""
        if self.likelihood == 'bernoulli':
            return -F.binary_cross_entropy_with_logits(y, x, reduction='none').sum(1)
        if self.likelihood == 'gaussian':
            y, sigma = self.scale(y)
            return torch.distributions.Normal(y, sigma).log_prob(x).sum(1)
        return -((x - y) ** 2).sum(1)

    def terms(self, x, eps):
        """What the objective reports, each (B), and what is minimised."""
        return getattr(self, 'terms_' + self.objective)(x, eps)

    def terms_ae(self, x, eps):
        recon = -self.log_likelihood(x, self.decode(self.encode(x)))
        return {'recon': recon, 'kl': torch.zeros_like(recon)}, recon.mean()

    def terms_elbo(self, x, eps):
        mu, logvar = self.encode(x).chunk(2, dim=1)
        z = mu + torch.exp(0.5 * logvar) * eps
        recon = -self.log_likelihood(x, self.decode(z))
        if self.prior != ['normal']:
            kl = torch.distributions.Normal(mu, torch.exp(0.5 * logvar)).log_prob(z).sum(1) - self.log_prior(z)
            return {'recon': recon, 'kl': kl}, recon.mean() + self.case['beta'] * kl.mean()
        kl = 0.5 * (mu ** 2 + logvar.exp() - 1 - logvar)
        self.a_latent = a_latent = kl.mean(0)
        least = self.case['free-bits']
        if least > 0:
            assert (a_latent - least).abs().min() > 1e-3 * least, 'too near the free bits: choose another seed'
            a_latent = a_latent.clamp(min=least)
        return {'recon': recon, 'kl': kl.sum(1)}, recon.mean() + self.case['beta'] * a_latent.sum()

    def draws(self, x, eps):
        """x, q, z for each sample"""
        x = x.repeat_interleave(self.samples, 0)
        mu, logvar = self.encode(x[::self.samples]).repeat_interleave(self.samples, 0).chunk(2, dim=1)
        return x, (mu, logvar), mu + torch.exp(0.5 * logvar) * eps

    def log_prior(self, z):
        if self.prior == ['normal']:
            return torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(1)
        if self.prior[0] == 'vamp':
            heads = self.run(self.encoder, torch.sigmoid(self.parameters['prior.pseudo_inputs']))
        else:
            heads = self.parameters['prior.components']
        mu, logvar = heads.chunk(2, dim=1)
        each = torch.distributions.Normal(mu, torch.exp(0.5 * logvar)).log_prob(z[:, None]).sum(2)
        return torch.logsumexp(each, 1) - math.log(len(mu))

    def log_weights(self, x, q, z):
        normal = torch.distributions.Normal
        log_q = normal(q[0], torch.exp(0.5 * q[1])).log_prob(z).sum(1)
        return (self.log_likelihood(x, self.decode(z)) + self.log_prior(z) - log_q).reshape(-1, self.samples)

    def terms_iwae(self, x, eps):
        bound = torch.logsumexp(self.log_weights(*self.draws(x, eps)), 1) - math.log(self.samples)
        return {'bound': bound}, -bound.mean()


    def terms_factor(self, x, eps):
        """Each part has its own loss; what is returned has the gradients of both."""
        mu, logvar = self.encode(x).chunk(2, dim=1)
        z = mu + torch.exp(0.5 * logvar) * eps
        recon = -self.log_likelihood(x, self.decode(z))
        kl = 0.5 * (mu ** 2 + logvar.exp() - 1 - logvar).sum(1)
        order = np.argsort(philox_uniform(64 + self.streams, self.step, *z.shape), axis=0, kind='stable')
        permuted = torch.gather(z.detach(), 0, torch.tensor(order))
        codes = self.run(self.discriminator, z.detach())
        loss = 0.5 * (F.softplus(-codes) + F.softplus(self.run(self.discriminator, permuted)))[:, 0]
        own = {name: p for name, p in self.parameters.items() if name.startswith('discriminator')}
        for p in own.values():
            p.requires_grad_(False)
        tc = self.run(self.discriminator, z)[:, 0]
        for p in own.values():
            p.requires_grad_(True)
        minimised = recon.mean() + self.case['beta'] * kl.mean() + float(self.options['gamma']) * tc.mean() + loss.mean()
        return {'recon': recon, 'kl': kl, 'tc': tc, 'discriminator': loss}, minimised

    def terms_dreg(self, x, eps):
        """Eq. 8 of Tucker et al. (2019), each parameter from a bound of its own: that of the decoder is iwae's."""
        x, q, z = self.draws(x, eps)
        log_w = self.log_weights(x, [part.detach() for part in q], z)
        share = torch.softmax(log_w, 1).detach()
        bound = torch.logsumexp(log_w, 1) - math.log(self.samples)
        z.register_hook(lambda gradient: gradient * share.reshape(-1, 1))
        return {'bound': bound}, -bound.mean()


def optimiser(case, parameters):
    common = dict(lr=case['lr'], weight_decay=case['weight-decay'])
    if case['optimiser'] == 'sgd':
        return torch.optim.SGD(parameters, momentum=case['momentum'], **common)
    kind = torch.optim.Adam if case['optimiser'] == 'adam' else torch.optim.AdamW
    return kind(parameters, betas=(case['beta1'], case['beta2']), eps=case['eps'], **common)


def curve(model, x, noise):
    """Means of all terms before each step, and after the last."""
    parameters = list(model.parameters.values())
    second = [p for name, p in model.parameters.items() if name.startswith('discriminator')]
    first = [p for name, p in model.parameters.items() if not name.startswith('discriminator')]
    steps, points, clipped = [optimiser(model.case, first)], [], 0
    if second:
        steps.append(torch.optim.Adam(second, lr=float(np.float32(model.options['lr'])), betas=[float(np.float32(b)) for b in (0.5, 0.9)]))
    for i in range(STEPS + 1):
        model.step = i + 1
        terms, minimised = model.terms(x, noise[i % len(noise)])
        points.append([term.mean().item() for term in terms.values()])
        for step in steps:
            step.zero_grad()
        minimised.backward()
        if model.case['clip'] > 0:
            clipped += torch.nn.utils.clip_grad_norm_(parameters, model.case['clip']) > model.case['clip']
        for step in steps if i < STEPS else []:
            step.step()
    assert clipped == 0 or clipped > STEPS / 2
    return dict(zip(terms, np.array(points).T))


def write(path, tensors, metadata):
    """As the `safetensors` package does, but always in the same order."""
    header, data = {'__metadata__': metadata}, b''
    for name, tensor in tensors.items():
        values = np.ascontiguousarray(tensor, dtype='<f4').tobytes()
        header[name] = {'dtype': 'F32', 'shape': list(np.shape(tensor)), 'data_offsets': [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    assert 8 + len(text) + len(data) <= LIMIT, '%s has %d bytes' % (path.name, len(text) + len(data))
    path.write_bytes(struct.pack('<Q', len(text)) + text + data)


def generate(name, case, seed):
    config = {key: value for key, value in case.items() if key not in ('shape', 'noise_steps')}
    case = {**DEFAULTS, **case}
    case.update((key, float(np.float32(case[key]))) for key in CONSTANTS)
    rng = np.random.default_rng(seed)
    model = Model(case, rng)
    rows, data, latent = case['batch'], math.prod(case['shape']), case['latent']
    x = rounded(rng.random((rows, data)) ** 2 if model.likelihood == 'bernoulli' else rng.normal(0, 1, (rows, data)))
    eps = rounded(rng.normal(0, 1, (rows * model.samples, latent)))
    noise = rounded(rng.normal(0, 1, (case.get('noise_steps', STEPS + 1), rows * model.samples, latent)))
    if model.condition != 'none':
        model.labels = torch.tensor(rng.integers(0, case['classes'], rows))
    start = {k: v.clone() for k, v in model.state.items()}
    terms, minimised = model.terms(x, eps)
    if case['free-bits'] > 0:
        assert model.a_latent.min() < case['free-bits'] < model.a_latent.max(), 'free bits must hold for some latents, not for all'
    minimised.backward()
    values = {k: v.detach() for k, v in {'x': x, 'eps': eps, **terms}.items()}
    if model.condition != 'none':
        values['labels'] = model.labels
    values.update(('param/' + k, v.detach().clone()) for k, v in model.parameters.items())
    values.update(('param/' + k, v) for k, v in start.items())
    values.update(('grad/' + k, v.grad.clone()) for k, v in model.parameters.items())
    for k, v in model.state.items():
        v.copy_(start[k])
    values['curve/eps'] = noise
    points = curve(model, x, noise)
    values.update(('curve/' + k, v) for k, v in points.items())
    model.training = False
    if model.state or model.streams:
        values.update(('after/' + k, v.detach()) for k, v in model.terms(x, eps)[0].items())
        values.update(('after/' + k, v) for k, v in model.state.items())
    path = pathlib.Path(__file__).resolve().parent / (name + '.safetensors')
    write(path, values, {'config': json.dumps(config), 'shape': json.dumps(case['shape'])})
    print('%-14s %6d bytes, terms add up to %.4f -> %.4f' % (name, path.stat().st_size, *sum(points.values())[[0, -1]]))


for number, (title, settings) in enumerate(CASES.items()):
    generate(title, settings, 1000 + number)
