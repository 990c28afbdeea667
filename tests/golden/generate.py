#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the golden files beside it: losses, gradients and training curves of small models, by PyTorch in double precision.

    python3 -m venv env && env/bin/pip install torch numpy && env/bin/python tests/golden/generate.py

The files are in the repository: run this only to change them. Everything that goes in (weights, data, noise, constants) is
rounded to float32 first, so that both sides compute from the same numbers; what comes out is rounded to float32 at the end.
A file holds
    __metadata__    config: the keys of our configuration; shape: of an example
    x (B, D), eps (B, Z)
    param/NAME, grad/NAME       of each parameter in our layout, weights (in, out)
    recon (B), kl (B)           per example, in nats
    curve/recon (T), curve/kl (T)   batch means before each of T - 1 optimiser steps, and after the last
    curve/eps (N, B, Z)             their noise: of point t, number t % N
Gradients are those of mean(recon) + beta * sum over latents of max(free_bits, batch mean of KL).
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
}
DEFAULTS = dict(objective='elbo', sigma=1.0, beta=1.0, momentum=0.9, beta1=0.9, beta2=0.999, eps=1e-8, clip=0.0,
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
    return [(int(units), activation) for _, units, activation in (part.split() for part in text.split(',') if part.strip())]


class Model:
    def __init__(self, case, rng):
        self.case = case
        self.parameters = {}  # in the order of our files
        data, latent = math.prod(case['shape']), case['latent']
        heads = latent * (2 if case['objective'] == 'elbo' else 1)
        self.encoder = self.stack('encoder', layers(case['encoder']), data, 'latent', heads, rng)
        self.decoder = self.stack('decoder', layers(case['decoder']), latent, 'output', data, rng)

    def stack(self, prefix, hidden, width, last, outputs, rng):
        """[(name, activation)], with parameters larger than the usual initial ones, so that nothing is nearly linear."""
        nodes = []
        for i, (units, activation) in enumerate(hidden + [(outputs, 'identity')]):
            name = last if i == len(hidden) else '%s.%d' % (prefix, i)
            self.parameters[name + '.weight'] = rounded(rng.normal(0, 1.3 / math.sqrt(width), (width, units)))
            self.parameters[name + '.bias'] = rounded(rng.normal(0, 0.3, units))
            nodes.append((name, activation))
            width = units
        for parameter in self.parameters.values():
            parameter.requires_grad_(True)
        return nodes

    def run(self, nodes, y):
        for name, activation in nodes:
            pre = y @ self.parameters[name + '.weight'] + self.parameters[name + '.bias']
            if activation in WITH_KINK:
                assert pre.abs().min() > KINK, 'too near a kink: choose another seed'
            y = ACTIVATIONS[activation](pre)
        return y

    def losses(self, x, eps):
        """recon (B), kl (B, Z)"""
        case = self.case
        z, kl = self.run(self.encoder, x), torch.zeros(len(x), case['latent'], dtype=torch.float64)
        if case['objective'] == 'elbo':
            mu, logvar = z.chunk(2, dim=1)
            z = mu + torch.exp(0.5 * logvar) * eps
            kl = 0.5 * (mu ** 2 + logvar.exp() - 1 - logvar)
        y = self.run(self.decoder, z)
        if case['likelihood'] == 'bernoulli':
            recon = F.binary_cross_entropy_with_logits(y, x, reduction='none')
        elif case['likelihood'] == 'gaussian':
            recon = -torch.distributions.Normal(y, case['sigma']).log_prob(x)
        else:
            recon = (x - y) ** 2
        return recon.sum(1), kl

    def objective(self, recon, kl):
        a_latent, least = kl.mean(0), self.case['free-bits']
        if least > 0:
            assert (a_latent - least).abs().min() > 1e-3 * least, 'too near the free bits: choose another seed'
            a_latent = a_latent.clamp(min=least)
        return recon.mean() + self.case['beta'] * a_latent.sum()


def optimiser(case, parameters):
    common = dict(lr=case['lr'], weight_decay=case['weight-decay'])
    if case['optimiser'] == 'sgd':
        return torch.optim.SGD(parameters, momentum=case['momentum'], **common)
    kind = torch.optim.Adam if case['optimiser'] == 'adam' else torch.optim.AdamW
    return kind(parameters, betas=(case['beta1'], case['beta2']), eps=case['eps'], **common)


def curve(model, x, noise):
    """Means of recon and kl before each step, and after the last."""
    parameters = list(model.parameters.values())
    step, points, clipped = optimiser(model.case, parameters), [], 0
    for i in range(STEPS + 1):
        recon, kl = model.losses(x, noise[i % len(noise)])
        points.append((recon.mean().item(), kl.sum(1).mean().item()))
        step.zero_grad()
        model.objective(recon, kl).backward()
        if model.case['clip'] > 0:
            clipped += torch.nn.utils.clip_grad_norm_(parameters, model.case['clip']) > model.case['clip']
        if i < STEPS:
            step.step()
    assert clipped == 0 or clipped > STEPS / 2
    return np.array(points).T


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
    x = rounded(rng.random((rows, data)) ** 2 if case['likelihood'] == 'bernoulli' else rng.normal(0, 1, (rows, data)))
    eps = rounded(rng.normal(0, 1, (rows, latent)))
    noise = rounded(rng.normal(0, 1, (case.get('noise_steps', STEPS + 1), rows, latent)))
    recon, kl = model.losses(x, eps)
    if case['free-bits'] > 0:
        assert kl.mean(0).min() < case['free-bits'] < kl.mean(0).max(), 'free bits must hold for some latents, not for all'
    model.objective(recon, kl).backward()
    values = {k: v.detach() for k, v in {'x': x, 'eps': eps, 'recon': recon, 'kl': kl.sum(1)}.items()}
    values.update(('param/' + k, v.detach().clone()) for k, v in model.parameters.items())
    values.update(('grad/' + k, v.grad.clone()) for k, v in model.parameters.items())
    values['curve/eps'] = noise
    values['curve/recon'], values['curve/kl'] = curve(model, x, noise)
    path = pathlib.Path(__file__).resolve().parent / (name + '.safetensors')
    write(path, values, {'config': json.dumps(config), 'shape': json.dumps(case['shape'])})
    print('%-14s %6d bytes, loss %.4f -> %.4f' % (name, path.stat().st_size, *(values['curve/recon'] + values['curve/kl'])[[0, -1]]))


for number, (title, settings) in enumerate(CASES.items()):
    generate(title, settings, 1000 + number)
