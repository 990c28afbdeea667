"""What is compared. Each group gives rows, as a list or one at a time; `targets` are what is asked of them."""
import pathlib
import shutil
import subprocess
import tempfile

from side_by_side import Failed, Peer, VaeCl, in_turn, medians, peak_memory, say, seconds_until

HERE = pathlib.Path(__file__).resolve().parent
PEERS = HERE / 'peers'

# name in `vae-cl bench`, what is asked, what it is, m, n, k, A transposed, B transposed, C accumulated
PRODUCTS = [
    ('encoder', 1.0, '128 x 400 x 784, bias, relu', 128, 400, 784, 0, 0, 0),
    ('decoder', 1.0, '128 x 784 x 400, bias', 128, 784, 400, 0, 0, 0),
    ('weight-gradient', 1.0, '784 x 400 x 128, weight gradient', 784, 400, 128, 1, 0, 0),
    ('encoder-1024', 1.0, '1024 x 400 x 784, bias, relu', 1024, 400, 784, 0, 0, 0),
    ('square-1024', 1.2, '1024 x 1024 x 1024', 1024, 1024, 1024, 0, 0, 0),
]
OF_PEAK = 0.85
# model, kind for the peers, batch, what is asked over PyTorch
TRAININGS = [('mnist-fc', 'fc', 128, 2.0), ('mnist-fc', 'fc', 1024, 1.3), ('mnist-conv', 'conv', 128, 1.5)]
OVER_TINYGRAD = 10
PYTHON_PEERS = [  # name, module, script, more words, environment, kinds of model
    ('PyTorch', 'torch', 'torch_vae.py', [], {}, ('fc', 'conv')),
    ('PyTorch compiled', 'torch', 'torch_vae.py', ['compile'], {}, ('fc', 'conv')),
    ('JAX', 'jax', 'jax_vae.py', [], {'JAX_PLATFORMS': 'cpu'}, ('fc',)),
    ('tinygrad on OpenCL', 'tinygrad', 'tinygrad_vae.py', [], {'DEV': 'CL', 'TRAINING': '1'}, ('fc', 'conv')),
]
HIDDEN = [400, 700, 1080, 1650, 2460]  # two layers of these in encoder and decoder: 1, 2, 4, 8, 16 million parameters
BELOW = 106.0  # nats an image of MNIST's test set


def row(what, target, unit, ours, against=None, peer=None, less=False, note=''):
    """`ours` and `peer` are numbers or None; the ratio is above 1 where ours is better."""
    ratio = None
    if ours and peer:
        ratio = peer / ours if less else ours / peer
    return {'what': what, 'target': target, 'unit': unit, 'ours': ours, 'against': against, 'peer': peer,
            'ratio': ratio, 'note': note}


class Comparison:
    """The settings, what is installed, and a folder for what is written meanwhile."""

    def __init__(self, args):
        self.args, self.work = args, pathlib.Path(tempfile.mkdtemp(prefix='vae-cl-compare-'))
        self.ours = VaeCl(args.vae_cl, args.device)
        self.versions, self.missing = {}, {}
        self.modules, self.running = {}, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for peer in self.running:
            peer.stop()
        shutil.rmtree(self.work, ignore_errors=True)

    def has_module(self, module):
        if module not in self.modules:
            done = subprocess.run([self.args.python, '-c', 'import ' + module], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, check=False)
            self.modules[module] = done.returncode == 0
        return self.modules[module]

    def start(self, name, command, env=None):
        """A peer, or None where it is not to be had; why not is noted."""
        say('  starting %s' % name)
        try:
            peer = Peer(command, env)
        except (Failed, OSError) as failure:
            self.missing[name] = str(failure)
            say('    %s: %s' % (name, failure))
            return None
        self.versions[name] = peer.version
        self.running.append(peer)
        return peer

    def start_python(self, kind, batch, names=None):
        peers = {}
        for name, module, script, words, env, kinds in PYTHON_PEERS:
            if kind not in kinds or (names and name not in names):
                continue
            if not self.has_module(module):
                self.missing[name] = 'no Python module ' + module
                continue
            peer = self.start(name, [self.args.python, str(PEERS / script), kind, str(batch), *words], env)
            if peer:
                peers[name] = peer
        return peers

    def stop(self, peers):
        for peer in peers:
            peer.stop()
            self.running.remove(peer)

    def folder(self):
        return tempfile.mkdtemp(dir=self.work)

    def data_words(self):
        return ['--data', self.args.data] if self.args.data else []


# ---- matrix products ----

def openblas(c):
    program = c.work / 'openblas_gemm'
    built = subprocess.run(['cc', '-O2', str(PEERS / 'openblas_gemm.c'), '-lopenblas', '-o', str(program)],
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if built.returncode:
        c.missing['OpenBLAS'] = 'its program does not build: %s' % built.stderr.strip().splitlines()[0][:160]
        return None
    return c.start('OpenBLAS', [str(program)])


def gemm(c):
    peer, rows = openblas(c), []
    for name, target, text, *numbers in PRODUCTS:
        contestants = {'ours': lambda name=name: c.ours.product(name, c.args.seconds)['gflops']}
        if peer:
            contestants['OpenBLAS'] = lambda numbers=numbers: peer.ask(*numbers, c.args.seconds)
        say('  %s' % text)
        m = medians(in_turn(contestants, c.args.rounds)[0])
        rows.append(row(text, '%.1f x' % target, 'GFLOP/s', m.get('ours'), 'OpenBLAS', m.get('OpenBLAS')))
    if peer:
        c.stop([peer])
    square = rows[-1]['ours']
    rows.append(row('1024 x 1024 x 1024, of the measured peak', '%.2f x' % OF_PEAK, 'GFLOP/s', square, 'fma peak', c.ours.peak))
    return rows


# ---- training ----

def better_of(m, names):
    found = [name for name in names if name in m]
    return max(found, key=m.get) if found else None


def training_rows(title, target, m):
    rows, torch = [], better_of(m, ('PyTorch', 'PyTorch compiled'))
    rows.append(row(title, '%.1f x the better PyTorch' % target, 'images/s', m.get('ours'), torch or 'PyTorch', m.get(torch)))
    for name in m:
        if name not in ('ours', torch):
            target = '%d x' % OVER_TINYGRAD if name.startswith('tinygrad') else '-'
            rows.append(row(title, target, 'images/s', m.get('ours'), name, m[name]))
    return rows


def training(c):
    presets, rows = c.ours.presets(), []
    for model, kind, batch, target in TRAININGS:
        title = '%s, batch %d' % (model, batch)
        if model not in presets:
            say('  %s: this vae-cl has no preset %s: left out' % (title, model))
            rows.append(row(title, '%.1f x the better PyTorch' % target, 'images/s', None, note='no such preset'))
            continue
        say('  %s' % title)
        peers = c.start_python(kind, batch, c.args.peers)
        contestants = {'ours': lambda: c.ours.training(model, batch, c.args.seconds)['images_per_second']}
        contestants.update((name, lambda peer=peer: peer.ask(c.args.seconds)) for name, peer in peers.items())
        rows += training_rows(title, target, medians(in_turn(contestants, c.args.rounds)[0]))
        c.stop(peers.values())
    return rows


# ---- another OpenCL implementation ----

def intel(c):
    done = subprocess.run([str(HERE.parent / 'ci' / 'runtimes'), '--env', 'intel'], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    lines = [line[7:].split('=', 1) for line in done.stdout.splitlines() if line.startswith('export ')]
    if done.returncode or not lines:
        c.missing['Intel\'s runtime'] = done.stderr.strip()[:160]
        return []
    other, rows = VaeCl(c.args.vae_cl, 'cpu', dict(lines)), []
    for name, text in (('encoder', PRODUCTS[0][2]), ('square-1024', PRODUCTS[4][2])):
        contestants = {'Intel': lambda name=name: other.product(name, c.args.seconds)['gflops'],
                       'ours': lambda name=name: c.ours.product(name, c.args.seconds)['gflops']}
        say('  %s' % text)
        m = medians(in_turn(contestants, c.args.rounds)[0])
        rows.append(row('Intel\'s runtime: ' + text, '0.8 - 1.3 x', 'GFLOP/s', m.get('Intel'), 'this driver', m.get('ours')))
    contestants = {'Intel': lambda: other.training('mnist-fc', 128, c.args.seconds)['images_per_second'],
                   'ours': lambda: c.ours.training('mnist-fc', 128, c.args.seconds)['images_per_second']}
    m = medians(in_turn(contestants, c.args.rounds)[0])
    rows.append(row('Intel\'s runtime: mnist-fc, batch 128', '0.8 - 1.3 x', 'images/s', m.get('Intel'), 'this driver', m.get('ours')))
    return rows


# ---- what a step costs ----

def parameters(hidden, latent=20):
    """Of 784-H-H-latent-H-H-784 with biases."""
    return (784 * hidden + hidden * hidden + 2 * hidden * latent + 2 * hidden + 2 * latent +
            latent * hidden + hidden * hidden + hidden * 784 + 2 * hidden + 784)


def scaling_points():
    for batch in (128, 256, 512, 1024, 2048, 4096):
        yield 'batch', batch, batch, []
    for latent in (2, 8, 32, 128, 512):
        yield 'latent', latent, 128, ['--latent', str(latent)]
    for hidden in HIDDEN:
        layers = 'dense %d relu, dense %d relu' % (hidden, hidden)
        yield 'million parameters', round(parameters(hidden) / 1e6, 1), 128, ['--encoder', layers, '--decoder', layers]


def scaling(c):
    contestants = {}
    for what, value, batch, words in scaling_points():
        contestants['%s %g' % (what, value)] = (
            lambda batch=batch, words=words: c.ours.training('mnist-fc', batch, c.args.seconds, *words)['gflops'])
    m, rows, smallest = medians(in_turn(contestants, c.args.rounds)[0]), [], {}
    for what, value, _, _ in scaling_points():
        gflops = m.get('%s %g' % (what, value))
        if gflops:
            smallest.setdefault(what, gflops)
            rows.append({'axis': what, 'value': value, 'gflops': gflops, 'cost': smallest[what] / gflops})
    return rows


# ---- whole processes ----

def mnist(c):
    title = 'cold process to a test -ELBO below %g on MNIST' % BELOW
    if not c.args.data:
        say('  %s: needs --data: left out' % title)
        return [row(title, '15 s', 's', None, note='no data at hand')]
    seed = [0, 0]

    def ours():
        seed[0] += 1
        words = ['train', *c.data_words(), '--model', 'mnist-fc', '--epochs', '30', '--seed', str(seed[0])]
        return seconds_until(c.ours.command(*words, '--out', c.folder() + '/run'), r' test ([0-9.]+) ', BELOW,
                             c.ours.environment())

    def torch():
        seed[1] += 1
        return seconds_until([c.args.python, str(PEERS / 'torch_mnist.py'), c.args.data, '30', str(seed[1])],
                             r'^test ([0-9.]+)', BELOW)
    contestants = {'ours': ours}
    if c.has_module('torch'):
        contestants['PyTorch'] = torch
    m = medians(in_turn(contestants, c.args.rounds)[0])
    return [row(title, '15 s', 's', m.get('ours'), 'PyTorch', m.get('PyTorch'), less=True)]


def startup(c):
    """From the start of the process to the end of the first step: nothing cached, then all of it."""
    def start(cache):
        words = ['train', *c.data_words(), '--limit', '1280', '--epochs', '1', '--test', 'none']
        return c.ours.run(*words, '--out', c.folder() + '/run', POCL_CACHE_DIR=cache,
                          XDG_CACHE_HOME=cache)['startup_seconds']
    kept = c.folder()
    contestants = {'first': lambda: start(c.folder()), 'second': lambda: start(kept)}
    start(kept)
    m = medians(in_turn(contestants, c.args.rounds)[0])
    return [row('first start ever, to the first step', '6 s', 's', m.get('first'), 'target', 6, less=True),
            row('second start, to the first step', '0.5 s', 's', m.get('second'), 'target', 0.5, less=True)]


def memory(c):
    title = 'peak resident memory of training mnist-fc on %s' % ('MNIST' if c.args.data else 'digits')

    def ours():
        words = ['train', *c.data_words(), '--epochs', '1', '--model', 'mnist-fc', '-q']
        return peak_memory(c.ours.command(*words, '--out', c.folder() + '/run'), c.ours.environment())
    contestants = {'ours': ours}
    if c.args.data and c.has_module('torch'):
        contestants['PyTorch'] = lambda: peak_memory([c.args.python, str(PEERS / 'torch_mnist.py'), c.args.data, '1', '1'])
    m = medians(in_turn(contestants, c.args.rounds)[0])
    return [row(title, '350 MB', 'MiB', m.get('ours'), 'PyTorch' if c.args.data else None, m.get('PyTorch'), less=True)]


# ---- GPUs ----

def gpu_row(model, batch, ours, peer=None):
    return row('GPU: %s, batch %d' % (model, batch), '1 x PyTorch', 'images/s', ours, 'PyTorch', peer)


def gpu_product_row(ours, peak):
    return row('GPU: 1024 x 1024 x 1024, of the measured peak', '-', 'GFLOP/s', ours, 'fma peak', peak)


def training_on_gpu(c, ours, model, kind, batch):
    contestants = {'ours': lambda: ours.training(model, batch, c.args.seconds)['images_per_second']}
    peer = c.has_module('torch') and c.start('PyTorch on the GPU', [
        c.args.python, str(PEERS / 'torch_vae.py'), kind, str(batch), 'cuda'])
    if peer:
        contestants['PyTorch'] = lambda: peer.ask(c.args.seconds)
    m = medians(in_turn(contestants, c.args.rounds)[0])
    if peer:
        c.stop([peer])
    return gpu_row(model, batch, m.get('ours'), m.get('PyTorch'))


def gpu(c):
    """On the GPU that --device names by its number, else on the first. A row at a time: time may be short there."""
    found = [d for d in c.ours.run('devices', device=False)['devices'] if d['usable'] and 'GPU' in d['type'].upper()]
    if not found:
        say('  no GPU is at hand: its rows stay empty')
        for r in [gpu_product_row(None, None), *(gpu_row(model, batch, None) for model, _, batch, _ in TRAININGS)]:
            yield {**r, 'target': '-', 'against': None, 'note': 'no GPU at hand'}
        return
    chosen = next((d for d in found if d['id'] == c.args.device), found[0])
    ours = VaeCl(c.args.vae_cl, chosen['id'])
    for model, kind, batch, _ in TRAININGS:
        yield training_on_gpu(c, ours, model, kind, batch)
    m = medians(in_turn({'ours': lambda: ours.product('square-1024', c.args.seconds)['gflops']}, c.args.rounds)[0])
    yield gpu_product_row(m.get('ours'), ours.peak)


GROUPS = {'gemm': gemm, 'training': training, 'intel': intel, 'scaling': scaling, 'mnist': mnist, 'startup': startup,
          'memory': memory, 'gpu': gpu}
