"""JAX's training steps of the preset mnist-fc, for bench/compare: jax_vae.py fc BATCH"""
import sys

import jax
import numpy
from jax import numpy as jnp

import serve

SHAPES = {'encoder': (784, 400), 'heads': (400, 40), 'decoder': (20, 400), 'output': (400, 784)}


def initial(key):
    return {name: (jax.random.uniform(k, shape, minval=-shape[0] ** -0.5, maxval=shape[0] ** -0.5),
                   jnp.zeros(shape[1]))
            for (name, shape), k in zip(SHAPES.items(), jax.random.split(key, len(SHAPES)))}


def dense(layer, x):
    return x @ layer[0] + layer[1]


def negative_elbo(p, x, key):
    mean, log_variance = jnp.split(dense(p['heads'], jax.nn.relu(dense(p['encoder'], x))), 2, 1)
    z = mean + jax.random.normal(key, mean.shape) * jnp.exp(0.5 * log_variance)
    y = dense(p['output'], jax.nn.relu(dense(p['decoder'], z)))
    recon = jnp.sum(jnp.maximum(y, 0) - y * x + jnp.log1p(jnp.exp(-jnp.abs(y))))
    kl = -0.5 * jnp.sum(1 + log_variance - mean * mean - jnp.exp(log_variance))
    return (recon + kl) / len(x)


def adam(p, g, m, v, t):
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
    scale_m, scale_v = 1 / (1 - 0.9 ** t), 1 / (1 - 0.999 ** t)
    p = jax.tree.map(lambda p, m, v: p - 1e-3 * m * scale_m / (jnp.sqrt(v * scale_v) + 1e-8),
                     p, m, v)
    return p, m, v


def step(state, x):
    p, m, v, t, key = state
    key, noise = jax.random.split(key)
    loss, g = jax.value_and_grad(negative_elbo)(p, x, noise)
    return (*adam(p, g, m, v, t), t + 1, key), loss


def main(batch):
    data = serve.examples(batch)
    p = initial(jax.random.key(0))
    zeros = jax.tree.map(jnp.zeros_like, p)
    state = (p, zeros, jax.tree.map(jnp.zeros_like, p), jnp.float32(1), jax.random.key(1))
    run = jax.jit(step, donate_argnums=0)
    rng = numpy.random.default_rng(2)

    def epoch():
        nonlocal state
        for part in numpy.split(rng.permutation(len(data)), len(data) // batch):
            state, loss = run(state, data[part])
        loss.block_until_ready()
        return len(data) // batch
    serve.serve('JAX ' + jax.__version__, batch, epoch)


if __name__ == '__main__':
    main(int(sys.argv[2]))
