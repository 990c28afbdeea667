"""tinygrad's training steps of the presets mnist-fc and mnist-conv, for bench/compare: tinygrad_vae.py fc|conv BATCH

With DEV=CL TRAINING=1 in the environment it uses the OpenCL device that vae-cl uses.
"""
import importlib.metadata
import sys

import numpy
from tinygrad import Device, Tensor, TinyJit, nn

import serve


class Dense:
    latent = 20

    def __init__(self):
        self.encoder, self.heads = nn.Linear(784, 400), nn.Linear(400, 40)
        self.decoder, self.output = nn.Linear(20, 400), nn.Linear(400, 784)

    def encode(self, x):
        return self.heads(self.encoder(x).relu())

    def decode(self, z):
        return self.output(self.decoder(z).relu())


class Convolutional:
    latent = 16

    def __init__(self):
        self.conv = [nn.Conv2d(1, 32, 4, 2, 1), nn.Conv2d(32, 64, 4, 2, 1)]
        self.encoder, self.heads = nn.Linear(3136, 256), nn.Linear(256, 32)
        self.decoder = [nn.Linear(16, 256), nn.Linear(256, 3136)]
        self.deconv = [nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ConvTranspose2d(32, 1, 4, 2, 1)]

    def encode(self, x):
        maps = self.conv[1](self.conv[0](x.reshape(-1, 1, 28, 28)).relu()).relu()
        return self.heads(self.encoder(maps.flatten(1)).relu())

    def decode(self, z):
        maps = self.decoder[1](self.decoder[0](z).relu()).relu().reshape(-1, 64, 7, 7)
        return self.deconv[1](self.deconv[0](maps).relu()).flatten(1)


def negative_elbo(model, x):
    heads = model.encode(x)
    mean, log_variance = heads[:, :model.latent], heads[:, model.latent:]
    y = model.decode(mean + Tensor.randn(*mean.shape) * (0.5 * log_variance).exp())
    recon = (y.maximum(0) - y * x + (1 + (-y.abs()).exp()).log()).sum()
    kl = -0.5 * (1 + log_variance - mean * mean - log_variance.exp()).sum()
    return (recon + kl) / x.shape[0]


def main(kind, batch):
    data, model = serve.examples(batch), Dense() if kind == 'fc' else Convolutional()
    optimiser = nn.optim.Adam(nn.state.get_parameters(model), lr=1e-3)
    rng = numpy.random.default_rng(2)

    @TinyJit
    def step(x):
        optimiser.zero_grad()
        loss = negative_elbo(model, x)
        loss.backward()
        optimiser.step()
        return loss.realize()

    def epoch():
        for part in numpy.split(rng.permutation(len(data)), len(data) // batch):
            loss = step(Tensor(data[part]).realize())
        loss.item()
        return len(data) // batch
    version = importlib.metadata.version('tinygrad')
    serve.serve('tinygrad %s on %s' % (version, Device.DEFAULT), batch, epoch)


if __name__ == '__main__':
    main(sys.argv[1], int(sys.argv[2]))
