"""Runs that are stopped, killed, continued, and started side by side."""
import json
import os
import shutil
import signal
import time

import models
from harness import Failure, Result, expect

SMALL = ['--data', 'in/small.npy', '--model', 'in/good.json']
SHORT = [*SMALL, '--batch', '40']  # an epoch takes no time
LONG = [*SMALL, '--batch', '1', '--checkpoint-every', '10']


def wait_for(process, condition, text):
    end = time.monotonic() + 60
    while not condition():
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            out, err = process.communicate()
            raise Failure('%s: waited in vain\n%s%s' % (text, out, err))
        time.sleep(0.005)


def stop(bench, command, condition, number):
    """Starts a training, waits until it is under way, and sends it a signal, which whoever started
    the tests may have ignored: nohup does."""
    def obey():
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
    process = bench.start(command, preexec_fn=obey)
    wait_for(process, condition, ' '.join(command))
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return Result(list(command), process.returncode, out, err)


def has(bench, *names):
    return lambda: all(bench.path(name).exists() for name in names)


def metrics(bench, folder):
    """Epochs done, without losses' timing."""
    lines = bench.path(folder + '/metrics.jsonl').read_text(encoding='utf-8').splitlines()
    lines = [json.loads(line) for line in lines]
    return [{k: v for k, v in line.items() if k not in ('seconds', 'images_per_second')}
            for line in lines]


def same_files(bench, one, two):
    for name in ('model.safetensors', 'checkpoint.safetensors'):
        contents = [bench.path(folder + '/' + name).read_bytes() for folder in (one, two)]
        expect(contents[0] == contents[1],
               '%s of %s and %s differ' % (name, one, two))
    expect(metrics(bench, one) == metrics(bench, two), 'metrics of %s and %s differ' % (one, two))


def leftovers(bench, folder):
    return [name for name in os.listdir(bench.path(folder)) if '.tmp' in name]


def check_stopped(bench, result, folder, number=signal.SIGINT):
    result.check_status(128 + number)
    result.check_report(['vae-cl: train: stopped *', 'hint: vae-cl train --resume ' + folder])
    expect(has(bench, folder + '/checkpoint.safetensors', folder + '/model.safetensors')(),
           'there is no checkpoint\n%s' % result)
    expect(not leftovers(bench, folder), 'left over: %s' % leftovers(bench, folder))


def interrupt_short(bench):
    """Ctrl-C between epochs that are over in no time."""
    command = ['train', *SHORT, '--epochs', '1000000', '--out', 'short']
    result = stop(bench, command, has(bench, 'short/checkpoint.safetensors'), signal.SIGINT)
    check_stopped(bench, result, 'short')
    epochs = str(len(metrics(bench, 'short')) + 2)
    bench.good('train', '--resume', 'short', '--epochs', epochs)
    bench.good('train', *SHORT, '--epochs', epochs, '--out', 'short-whole')
    same_files(bench, 'short', 'short-whole')


def interrupt_long(bench):
    """Ctrl-C, a friendly kill, or a terminal that is closed, within an epoch."""
    for number, folder in ((signal.SIGINT, 'long'), (signal.SIGTERM, 'term'),
                           (signal.SIGHUP, 'hup'), (signal.SIGXCPU, 'xcpu')):
        command = ['train', '--limit', '6000', '--batch', '2', '--encoder', 'dense 8 relu',
                   '--decoder', 'dense 8 relu', '--latent', '2', '--epochs', '9', '--test', 'none',
                   '--checkpoint-every', '50', '--out', folder]
        result = stop(bench, command, has(bench, folder + '/checkpoint.safetensors'), number)
        check_stopped(bench, result, folder, number)


def ignored(bench):
    """A run under nohup outlives its terminal, and any run the reader of its log."""
    command = ['train', *LONG, '--epochs', '2', '--out', 'nohup']
    process = bench.start(command, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    wait_for(process, has(bench, 'nohup/checkpoint.safetensors'), 'nohup')
    process.stderr.close()
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)
    expect(process.returncode == 0, 'exit %d' % process.returncode)


def catches(process, number):
    """Does it handle this signal by now? On a busy machine a start takes seconds."""
    with open('/proc/%d/status' % process.pid, encoding='ascii') as status:
        caught = [line.split()[1] for line in status if line.startswith('SigCgt:')]
    return bool(caught and int(caught[0], 16) >> (number - 1) & 1)


def interrupt_eval(bench):
    command = ['eval', '--model', 'run', '--nll', '1000000', '--json']
    process = bench.start(command)
    wait_for(process, lambda: catches(process, signal.SIGINT), ' '.join(command))
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    result = Result(command, process.returncode, out, err)
    result.check_status(130)
    expect(not out, 'standard output is not empty\n%s' % result)


def killed(bench):
    """kill -9 at any moment leaves a folder to continue from, with the same bits in the end."""
    whole = ['train', *LONG, '--epochs', '3']
    bench.good(*whole, '--out', 'killed-whole')
    command = [*whole, '--out', 'killed']
    result = stop(bench, command, has(bench, 'killed/checkpoint.safetensors'), signal.SIGKILL)
    result.check_status(-signal.SIGKILL)
    for _ in range(2):
        stop(bench, ['train', '--resume', 'killed'], lambda: time.sleep(0.6) is None,
             signal.SIGKILL)
    bench.good('train', '--resume', 'killed')
    same_files(bench, 'killed', 'killed-whole')


def extend(bench):
    """A finished run continues with more epochs, and says so when there is nothing to do."""
    bench.good('train', *SHORT, '--epochs', '1', '--out', 'extend')
    before = bench.snapshot()
    result = bench.good('train', '--resume', 'extend')
    expect('1 epoch' in result.err, 'it is not said that nothing is left to do\n%s' % result)
    bench.check_unchanged(before, result)
    bench.good('train', '--resume', 'extend', '--epochs', '3')
    bench.good('train', *SHORT, '--epochs', '3', '--out', 'extend-whole')
    same_files(bench, 'extend', 'extend-whole')
    expect(json.loads(bench.path('extend/config.json').read_text(encoding='utf-8'))
           ['config']['epochs'] == 3, 'config.json still says 1 epoch')


def limited(bench):
    """A run on a part of the data finds that part again."""
    options = ['--limit', '50', '--split', 'all', '--test', 'none']
    bench.good('train', *SHORT, *options, '--epochs', '1', '--out', 'part')
    bench.good('train', '--resume', 'part', '--epochs', '2')
    bench.good('train', *SHORT, *options, '--epochs', '2', '--out', 'part-whole')
    same_files(bench, 'part', 'part-whole')


def side_by_side(bench):
    """Two trainings started at once never share a folder."""
    started = [bench.start(['train', *SHORT, '--epochs', '1', '-q']) for _ in range(3)]
    outs = []
    for process in started:
        out, err = process.communicate(timeout=60)
        expect(process.returncode == 0 and not err, 'exit %d\n%s' % (process.returncode, err))
        outs.append(out.strip())
    expect(len(set(outs)) == 3, 'folders: %s' % outs)


def refused(bench, folder, *report):
    """Resuming it fails and leaves everything as it is."""
    bench.bad('train', '--resume', folder, '--epochs', '9', report=report)


def swapped(bench):
    """The checkpoint of another run."""
    others = {'other-size': ['--encoder', 'dense 9 relu'], 'other-latent': ['--latent', '3'],
              'other-optimiser': ['--optimiser', 'sgd'], 'other-likelihood': ['--beta', '2']}
    bench.good('train', *SHORT, '--epochs', '1', '--out', 'own')
    for name, options in others.items():
        bench.good('train', *SHORT, '--epochs', '1', *options, '--out', name)
        shutil.copytree(bench.path('own'), bench.path('swapped-' + name))
        shutil.copy(bench.path(name + '/checkpoint.safetensors'), bench.path('swapped-' + name))
        refused(bench, 'swapped-' + name, '*checkpoint*')


def damaged(bench):
    """Every file of a run folder broken in turn."""
    own = bench.path('run/checkpoint.safetensors').read_bytes()
    checkpoints = {**models.broken(own), **models.hostile(own)}
    del checkpoints['long-name']
    for key, value in (('epoch', '-1'), ('epoch', '7'), ('epoch', '18446744073709551615'),
                       ('epoch_step', '4000000000'), ('recon_sum', 'nan'), ('kl_sum', ''),
                       ('optimiser', 'adamant')):
        checkpoints[key + value] = models.with_metadata(own, **{key: value})
    shutil.copytree(bench.path('run'), bench.path('damaged'))
    for name, data in checkpoints.items():
        bench.path('damaged/checkpoint.safetensors').write_bytes(data)
        try:
            refused(bench, 'damaged')
        except Failure as failure:
            raise Failure('checkpoint %s: %s' % (name, failure)) from None


def damaged_texts(bench):
    shutil.copytree(bench.path('run'), bench.path('texts'))
    config = bench.path('texts/config.json')
    good = config.read_bytes()
    for bad in (b'', b'{', b'[]', b'{}', b'{"config": 3}', b'{"config": {}, "config": {}}',
                b'{"config": {"latent": [1]}}', bytes(range(256)), b'[' * 100000, good[:-5],
                good.replace(b'"count"', b'"cuont"')):
        config.write_bytes(bad)
        refused(bench, 'texts', '*config.json*')
    config.write_bytes(good)


def damaged_metrics(bench):
    """Any byte of a line but the times; then the way out that the hint names."""
    shutil.copytree(bench.path('run'), bench.path('lines'))
    path = bench.path('lines/metrics.jsonl')
    good = path.read_bytes()
    end = good.index(b'"seconds"')
    bad = [good[:i] + bytes([good[i] ^ 1 << i % 8]) + good[i + 1:] for i in range(0, end, 7)]
    first, second = good.splitlines(keepends=True)
    bad += [b'', first, second + first, first + first, good[:-1], b'\n' + good, b' ' + good,
            good.replace(b'"seconds":', b'"seconds":-'), good.replace(b'seconds', b'secunds')]
    for content in bad:
        path.write_bytes(content)
        refused(bench, 'lines', '*metrics.jsonl*damaged*', 'hint: delete it*')
    path.unlink()
    result = bench.good('train', '--resume', 'lines')
    expect('made again' in result.err, str(result))
    expect(metrics(bench, 'lines') == metrics(bench, 'run'), 'other losses')
    bench.good('train', '--resume', 'lines', '--epochs', '3')


def flipped(bench):
    """One bit of a checkpoint, anywhere; then the checkpoint before leads to the same bits."""
    shutil.copytree(bench.path('run'), bench.path('bits'))
    path = bench.path('bits/checkpoint.safetensors')
    good = path.read_bytes()
    for i in range(0, len(good), len(good) // 60 + 1):
        path.write_bytes(good[:i] + bytes([good[i] ^ 1 << i % 8]) + good[i + 1:])
        refused(bench, 'bits', '*checkpoint.safetensors*', 'hint: delete it*previous*')
    path.unlink()
    result = bench.good('train', '--resume', 'bits')
    expect('the checkpoint before' in result.err, str(result))
    same_files(bench, 'bits', 'run')
    expect(path.read_bytes() == good, 'another checkpoint')


def lacking(bench):
    """What a finished run lacks, or holds from an earlier step, is made again."""
    bench.good('train', '--data', 'in/small.npy', '--model', 'in/good.json', '--batch', '40',
               '--epochs', '1', '--out', 'early')
    names = ('model.safetensors', 'samples.png', 'reconstructions.png')
    shutil.copytree(bench.path('run'), bench.path('lacking'))
    for make in (lambda name: bench.path('lacking/' + name).unlink(),
                 lambda name: shutil.copy(bench.path('early/' + name), bench.path('lacking'))):
        for name in names:
            make(name)
        bench.good('train', '--resume', 'lacking')
        for name in names:
            expect(bench.path('lacking/' + name).read_bytes() ==
                   bench.path('run/' + name).read_bytes(), '%s is another' % name)


def no_checkpoint(bench):
    """A run that died before its first checkpoint begins again; one that has lost it does not."""
    for lines in (0, 1, 2):
        folder = 'young%d' % lines
        shutil.copytree(bench.path('run'), bench.path(folder))
        for path in bench.path(folder).iterdir():
            if path.name != 'config.json':
                path.unlink()
        text = bench.path('run/metrics.jsonl').read_text(encoding='utf-8')
        if lines:
            bench.path(folder + '/metrics.jsonl').write_text(
                ''.join(text.splitlines(keepends=True)[:lines]), encoding='utf-8')
        bench.bad('train', *SHORT, '--out', folder, report=['*', 'hint: *--resume ' + folder + '*'])
        if lines == 2:
            refused(bench, folder, '*no checkpoint*')
        else:
            result = bench.good('train', '--resume', folder)
            expect('from the beginning' in result.err, str(result))
            same_files(bench, folder, 'run')


def locked(bench):
    """A second training into the folder is refused at once, and harms nothing."""
    command = ['train', *LONG, '--epochs', '1000', '--out', 'locked']
    process = bench.start(command)
    wait_for(process, has(bench, 'locked/checkpoint.safetensors'), 'locked')
    for other in (['train', *SHORT, '--out', 'locked'], ['train', '--resume', 'locked']):
        result = bench.run(other)
        result.check_status(1)
        result.check_report(['*locked*in use by process %d' % process.pid])
    expect(process.poll() is None, 'the first one has ended')
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    expect(process.returncode == 143, 'exit %d' % process.returncode)
    expect(not {'lock', *leftovers(bench, 'locked')} & {*os.listdir(bench.path('locked'))},
           str(os.listdir(bench.path('locked'))))


def run(bench, tap):
    tap.run('stopped between short epochs', interrupt_short, bench)
    tap.run('stopped within an epoch', interrupt_long, bench)
    tap.run('signals that are ignored', ignored, bench)
    tap.run('an evaluation stopped', interrupt_eval, bench)
    tap.run('killed', killed, bench)
    tap.run('continued with more epochs', extend, bench)
    tap.run('continued on a part of the data', limited, bench)
    tap.run('three at once', side_by_side, bench)
    tap.run('the checkpoint of another run', swapped, bench)
    tap.run('a damaged checkpoint', damaged, bench)
    tap.run('a damaged config.json', damaged_texts, bench)
    tap.run('a damaged metrics.jsonl', damaged_metrics, bench)
    tap.run('a flipped bit', flipped, bench)
    tap.run('what is lacking is made again', lacking, bench)
    tap.run('a locked folder', locked, bench)
    tap.run('no checkpoint', no_checkpoint, bench)
