"""Each objective, prior and learned scale: trained, evaluated, sampled from, continued, and what is refused."""
import json

from harness import expect
from scenarios_misc import read_npy
from scenarios_old import tensors
from scenarios_runs import same_files

SMALL = ['--data', 'digits', '--limit', '300', '--encoder', 'dense 12 relu', '--decoder', 'dense 12 relu', '--latent', '3',
         '--batch', '50', '--no-tune']
KINDS = {
    'iwae': ['--objective', 'iwae k=3'],
    'dreg': ['--objective', 'dreg k=3'],
    'factor': ['--objective', 'factor gamma=2 units=8 layers=2', '--optimiser', 'sgd momentum=0.5', '--lr', '0.001'],
    'mog': ['--prior', 'mog 4', '--warmup', '1'],
    'vamp': ['--prior', 'vamp 5', '--objective', 'iwae k=2'],
    'auto': ['--likelihood', 'gaussian sigma=auto'],
    'learned': ['--likelihood', 'gaussian sigma=learned', '--optimiser', 'adam beta1=0.8'],
}
TERMS = {'iwae': ['bound'], 'dreg': ['bound'], 'vamp': ['bound'], 'factor': ['recon', 'kl', 'tc', 'discriminator']}
TENSOR = {'mog': 'prior.components', 'vamp': 'prior.pseudo_inputs', 'auto': 'likelihood.log_variance',
          'factor': 'discriminator.logit.weight'}


def used(bench, name):
    """Terms have names, and what is made of the model is finite and of its shape."""
    result = bench.good('train', *SMALL, *KINDS[name], '--epochs', '2', '--json', '--out', 'm-' + name).json()
    found = [key for key in result if key.startswith('test_') and key != 'test_loss']
    expect(found == ['test_' + term for term in TERMS.get(name, ['recon', 'kl'])], str(result))
    lines = bench.path('m-%s/metrics.jsonl' % name).read_text(encoding='ascii').splitlines()
    expect(json.loads(lines[-1])['test_loss'] == result['test_loss'], lines[-1])
    value = bench.good('eval', '--model', 'm-' + name, '--limit', '100', '--nll', '8', '--json').json()
    expect(abs(value['elbo'] + value['recon'] + value['kl']) < 1e-3 * abs(value['elbo']), str(value))
    expect(value['nll'] <= -value['elbo'] + 1, str(value))
    bench.good('sample', '--model', 'm-' + name, '--n', '5', '--out', name + '.npy')
    expect(read_npy(bench.path(name + '.npy'))[0] == (5, 28, 28, 1), 'shape of the samples')
    option, text = KINDS[name][:2]
    expect(bench.good('info', 'm-' + name, '--json').json()['spec'][option.lstrip('-')] == text, 'info')
    if name in TENSOR:
        expect(TENSOR[name] in tensors(bench.path('m-%s/model.safetensors' % name)), TENSOR[name])


def continued(bench, name):
    """Stopped after an epoch and continued, a run has the bits of one that was not."""
    bench.good('train', *SMALL, *KINDS[name], '--epochs', '1', '--out', 'h-' + name)
    bench.good('train', '--resume', 'h-' + name, '--epochs', '2')
    same_files(bench, 'm-' + name, 'h-' + name)


def short_forms(bench):
    """A flat key and an option of the choice are the same."""
    for name, options in (('flat', ['--likelihood', 'gaussian', '--sigma', '0.3', '--beta', '2']),
                          ('words', ['--likelihood', 'gaussian sigma=0.3', '--objective', 'elbo beta=2'])):
        bench.good('train', *SMALL, *options, '--epochs', '1', '--out', name)
    one, other = (bench.path(name + '/metrics.jsonl').read_text(encoding='ascii').split('"seconds"')[0]
                  for name in ('flat', 'words'))
    expect(one == other, one + other)


def refused(bench):
    for options, report in (
            (['--objective', 'iwae k=0'], ['*iwae: k: 0 is outside 1 to 1000*']),
            (['--objective', 'iwae n=3'], ["*iwae: unknown option 'n'*"]),
            (['--objective', 'iwea'], ["*no objective is called 'iwea'*", "hint: *'iwae'*"]),
            (['--prior', 'mog x'], ["*mog: components: 'x' is not a whole number*"]),
            (['--prior', 'mog 4', '--objective', 'ae'], ["*a model 'ae' has no prior: 'mog 4' is none for it*"]),
            (['--prior', 'mog 4', '--free-bits', '0.1'], ["*free bits are for the prior 'normal'*"]),
            (['--prior', 'vamp 4', '--encoder', 'dropout 0.1, dense 9'], ['*dropout is for rows of examples*']),
            (['--prior', 'vamp 4', '--condition', 'one-hot'], ["*the prior 'vamp 4' goes without --condition*"]),
            (['--likelihood', 'gaussian sigma=often'], ["*sigma: 'often' is neither a number, auto nor learned*"]),
            (['--likelihood', 'gaussian sigma=0'], ['*sigma: 0 is outside*'])):
        bench.bad('train', *SMALL, *options, '--out', 'x', report=report)


def run(bench, tap):
    for name in KINDS:
        tap.run('models: %s is used' % name, used, bench, name)
        tap.run('models: %s is continued' % name, continued, bench, name)
    tap.run('models: short forms', short_forms, bench)
    tap.run('models: what is refused', refused, bench)
