"""tinygrad's training steps of the preset mnist-fc, for bench/compare: tinygrad_vae.py fc BATCH

With DEV=CL TRAINING=1 in the environment it uses the OpenCL device that vae-cl uses.
"""
import importlib.metadata
import sys

import numpy
from tinygrad import Device, Tensor, TinyJit, nn

import serve


class Dense:
    def __init__(self):
        self.encoder, self.heads = nn.Linear(784, 400), nn.Linear(400, 40)
        self.decoder, self.output = nn.Linear(20, 400), nn.Linear(400, 784)

    def negative_elbo(self, x):
        heads = self.heads(self.encoder(x).relu())
        mean, log_variance = heads[:, :20], heads[:, 20:]
        z = mean + Tensor.randn(*mean.shape) * (0.5 * log_variance).exp()
        y = self.output(self.decoder(z).relu())
        recon = (y.maximum(0) - y * x + (1 + (-y.abs()).exp()).log()).sum()
        kl = -0.5 * (1 + log_variance - mean * mean - log_variance.exp()).sum()
        return (recon + kl) / x.shape[0]


def main(batch):
    data, model = serve.examples(batch), Dense()
    optimiser = nn.optim.Adam(nn.state.get_parameters(model), lr=1e-3)
    rng = numpy.random.default_rng(2)

    @TinyJit
    def step(x):
        optimiser.zero_grad()
        loss = model.negative_elbo(x)
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
    main(int(sys.argv[2]))
