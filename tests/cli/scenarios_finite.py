"""Models of finite weights whose results are not: an error that names them, and no file."""
import inputs
import models
from harness import Failure, expect

LARGE = 3e38
DATA = ['--data', 'in/small.npy']


def commands(model):
    """Each with a pattern of what it says, for a model whose weights are all too large."""
    return ((['eval', '--model', model, *DATA], "*the term 'recon' of example 0 is not finite*"),
            (['eval', '--model', model, *DATA, '--json'], "*the term 'recon' of example 0 is not finite*"),
            (['encode', '--model', model, *DATA], '*code of example 0 is not finite*'),
            (['encode', '--model', model, *DATA, '--stochastic'], '*code of example 0 *'),
            (['reconstruct', '--model', model, *DATA], '*of example 0 is not finite*'),
            (['interpolate', '--model', model, *DATA], '*of example 0 is not finite*'),
            (['sample', '--model', model], '*example of code [0-9]* is not finite*'),
            (['decode', '--model', model, '--in', 'codes.npy'], '*example of code [0-9]* is not finite*'),
            (['traverse', '--model', model], '*example of code [0-9]* is not finite*'))


def put(bench, **values):
    """A model with some tensors changed."""
    data = bench.path('run/model.safetensors').read_bytes()
    bench.path('large.safetensors').write_bytes(models.with_values(data, **values))
    return 'large.safetensors'


def too_large(bench):
    model = put(bench, encoder_0_weight=LARGE, latent_weight=LARGE, decoder_0_weight=LARGE,
                decoder_0_bias=LARGE, output_weight=([LARGE] * 64 + [-LARGE] * 64) * 4)
    bench.path('codes.npy').write_bytes(inputs.table([1.0, 2.0], 2))
    for command, report in commands(model):
        try:
            bench.bad(*command, status=(1,), report=[report, 'hint: *--lr*'])
        except Failure as failure:
            raise Failure('%s: %s' % (command[0], failure)) from None


def which_term(bench):
    """The error names the term; what does not go through it is as it should be."""
    model = put(bench, latent_bias=LARGE, decoder_0_weight=0)
    bench.bad('eval', '--model', model, *DATA, status=(1,), report=["*the term 'kl' of example 0 *"])
    bench.good('sample', '--model', model, '--n', '2', '--out', 'kl.npy')
    model = put(bench, output_bias=[LARGE] * 63 + [-LARGE], output_weight=0)
    report = ["*the term 'recon' of example 0 *"]
    bench.bad('eval', '--model', model, *DATA, status=(1,), report=report)
    bench.good('encode', '--model', model, *DATA, '--out', 'recon.npy')


def bound(bench):
    """One draw in many makes the logits inf - inf: all but the bound is finite."""
    row = [1e10] * 64 + [-1e10] * 64 + [0.0] * (6 * 64)
    model = put(bench, encoder_0_weight=0, latent_weight=0, latent_bias=0,
                decoder_0_weight=[1e38] * 2 + [0.0] * 14, decoder_0_bias=-2.5e38,
                output_weight=row, output_bias=0)
    command = ['eval', '--model', model, *DATA, '--limit', '2']
    result = bench.good(*command, '--json').json()
    expect(all(value is not None for value in result.values()), str(result))
    bench.good(*command, '--nll', '2')
    bench.bad(*command, '--nll', '1000', status=(1,), report=['*NLL of example 0 is not finite*'])
    bench.bad(*command, '--nll', '1000', '--json', status=(1,), report=['*NLL of example 0*'])


def ranges(bench):
    """Codes that no float32 holds."""
    for values in ('-1e39:1', '0:1e300'):
        bench.bad('traverse', '--model', 'run', '--range=' + values, status=(2,),
                  report=['*--range %s: *float32*' % values])


def run(bench, tap):
    tap.run('weights too large', too_large, bench)
    tap.run('the term that is not finite', which_term, bench)
    tap.run('the bound that is not finite', bound, bench)
    tap.run('a range beyond float32', ranges, bench)
