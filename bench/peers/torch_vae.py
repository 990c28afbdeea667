"""PyTorch's training steps of vae-cl's presets, for bench/compare.

    torch_vae.py fc|conv BATCH [compile] [cuda]
"""
import os
import sys

import torch
from torch import nn
from torch.nn import functional

import serve


class Dense(nn.Module):
    """The preset mnist-fc: 784-400-20 and back."""

    def __init__(self):
        super().__init__()
        self.encoder, self.heads = nn.Linear(784, 400), nn.Linear(400, 40)
        self.decoder, self.output = nn.Linear(20, 400), nn.Linear(400, 784)

    def encode(self, x):
        return self.heads(functional.relu(self.encoder(x)))

    def decode(self, z):
        return self.output(functional.relu(self.decoder(z)))


class Convolutional(nn.Module):
    """The preset mnist-conv: 32 and 64 channels of 4 x 4 by steps of 2, dense 256, latent 16."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 64, 4, 2, 1), nn.ReLU(),
            nn.Flatten(), nn.Linear(64 * 49, 256), nn.ReLU(), nn.Linear(256, 32))
        self.decoder = nn.Sequential(
            nn.Linear(16, 256), nn.ReLU(), nn.Linear(256, 64 * 49), nn.ReLU(),
            nn.Unflatten(1, (64, 7, 7)), nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ReLU(),
            nn.ConvTranspose2d(32, 1, 4, 2, 1), nn.Flatten())

    def encode(self, x):
        return self.encoder(x.view(-1, 1, 28, 28))

    def decode(self, z):
        return self.decoder(z)


def negative_elbo(model, x):
    """Summed over pixels, latents and examples."""
    mean, log_variance = model.encode(x).chunk(2, 1)
    z = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
    recon = functional.binary_cross_entropy_with_logits(model.decode(z), x, reduction='sum')
    return recon - 0.5 * torch.sum(1 + log_variance - mean * mean - log_variance.exp())


def make_step(model, compiled=False):
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    loss_of = torch.compile(negative_elbo) if compiled else negative_elbo

    def step(x):
        optimiser.zero_grad(set_to_none=True)
        loss = loss_of(model, x) / len(x)
        loss.backward()
        optimiser.step()
        return loss
    return step


def set_up():
    torch.manual_seed(0)
    torch.set_flush_denormal(True)  # random data teach nothing: moments fade, and subnormal numbers are slow
    torch.set_num_threads(int(os.environ.get('OMP_NUM_THREADS', '2')))


def main(kind, batch, *words):
    set_up()
    device = 'cuda' if 'cuda' in words else 'cpu'
    data = torch.from_numpy(serve.examples(batch)).to(device)
    step = make_step({'fc': Dense, 'conv': Convolutional}[kind]().to(device), 'compile' in words)

    def epoch():
        order = torch.randperm(len(data), device=device)
        for part in order.split(batch):
            loss = step(data[part])
        loss.item()
        return len(data) // batch
    serve.serve('PyTorch ' + torch.__version__, batch, epoch)


if __name__ == '__main__':
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
