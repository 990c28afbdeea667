"""Missing devices, full disks, too little memory, hostile models, odd names."""
import os
import pathlib
import resource

import inputs
import models
from harness import Failure, expect

LAYERS = ['--encoder', 'dense 8 relu', '--decoder', 'dense 8 relu', '--latent', '2']
TRAIN = ['train', '--data', 'in/small.npy', '--batch', '40', '--epochs', '2', *LAYERS]
WIDE = ['train', '--data', 'in/small.npy', '--batch', '40', '--epochs', '2', '--encoder',
        'dense 16384 relu', '--decoder', 'dense 8 relu', '--latent', '2']
MIB = 1 << 20
DISK = 2 * MIB  # more than drivers write to compile a kernel, less than the results


def vendors():
    """The files that name the drivers at hand."""
    folder = pathlib.Path(os.environ.get('OCL_ICD_VENDORS') or '/etc/OpenCL/vendors')
    return sorted(folder.glob('*.icd')) if folder.is_dir() else [folder]


def no_device(bench):
    folder = bench.path('no-drivers')
    folder.mkdir()
    env = {'OCL_ICD_VENDORS': str(folder), 'OCL_ICD_FILENAMES': ''}
    for command in (['devices'], TRAIN, ['sample', '--model', 'run']):
        bench.bad(*command, status=(3,), env=env,
                  report=['*no usable OpenCL device*', 'hint: *pocl-opencl-icd*'])
    result = bench.run(['devices', '--json'], env=env)
    result.check_status(3)
    expect(result.json() == {'devices': []}, str(result))


def broken_drivers(bench):
    """What is no driver does not hide those that are."""
    usual = [d['name'] for d in bench.good('devices', '--json').json()['devices'] if d['usable']]
    folder = bench.path('drivers')
    folder.mkdir()
    (folder / '0.icd').write_bytes(b'/nowhere/libmissing.so\n')
    (folder / '1.icd').write_bytes(b'')
    (folder / '2.icd').write_bytes(bytes(range(128, 256)) + b'\n')  # a 0 byte crashes ocl-icd 2.3.1
    (folder / '3.icd').write_text(str(bench.path('in/text.npy')) + '\n', encoding='utf-8')
    (folder / '4.icd').write_text('This is a text.\nOf two lines.\n', encoding='utf-8')
    (folder / '5.icd').write_bytes(b'libm.so.6\n')
    for file in vendors():
        (folder / ('x' + file.name)).write_bytes(file.read_bytes())
    env = {'OCL_ICD_VENDORS': str(folder)}
    result = bench.good('devices', '--json', env=env)
    found = [d['name'] for d in result.json()['devices'] if d['usable']]
    expect(found == usual, 'usable devices: %s\n%s' % (found, result))
    bench.good('sample', '--model', 'run', '--n', '1', '--out', 'driver.npy', env=env)


def model_commands(path):
    return (['eval', '--model', path, '--data', 'in/small.npy'], ['sample', '--model', path],
            ['encode', '--model', path, '--data', 'in/small.npy'])


def bad_models(bench, make):
    """`info` may show them, but must not crash; what uses a model refuses them."""
    data = bench.path('run/model.safetensors').read_bytes()
    path = bench.path('bad.safetensors')
    for i, (name, content) in enumerate(make(data).items()):
        if name in ('long-name',):
            continue
        path.write_bytes(content)
        try:
            command = model_commands(path.name)[i % 3]
            bench.bad(*command, status=(1,), report=['*bad.safetensors*'])
            info = bench.run(['info', path.name])
            expect(info.status in (0, 1), 'info fails\n%s' % info)
            if info.status:
                info.check_report(['*bad.safetensors*'])
        except Failure as failure:
            raise Failure('%s: %s' % (name, failure)) from None
    path.unlink()


def memory(bench):
    """What cannot fit is refused before it is tried, and the report says what would fit."""
    (bench.path('in') / 'many.npy').write_bytes(inputs.npy('|u1', (1 << 21, 2), bytes(2 << 21)))
    many = ['train', '--data', 'in/many.npy', '--test', 'none', '--epochs', '1']
    wide = ['--encoder', 'dense 65536 relu', '--decoder', 'dense 65536 relu', '--latent', '2']
    result = bench.bad(*many, *wide, '--batch', '1048576', status=(1,),
                       report=['*MiB*', 'hint: *--batch [0-9]* would fit'])
    fits = int(result.err.split('--batch ')[-1].split()[0])
    expect(0 < fits < 1048576, str(result))
    for encoder in ('dense 16777216 relu, dense 16777216 relu', 'dense 16777216 relu, dense 64'):
        bench.bad(*TRAIN, '--encoder', encoder, status=(1,), report=['*parameters*device*'])
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    expect(used < 1500, 'a command used %d MiB' % used)
    bench.bad('sample', '--model', 'run', '--n', '10000000', '--out', 'big.npy', status=(1,),
              memory=2200 * MIB, report=['*memory*'])


def full_disk(bench):
    """Writing ends before the file does."""
    many = ['sample', '--model', 'run', '--n', '61440']  # of whole batches: kernels as before
    bench.good('sample', '--model', 'run', '--n', '256', '--out', 'whole.npy')
    for name in ('full.npy', 'full.csv', 'full.png', 'full.idx', 'full.idx.gz'):
        bench.bad(*many, '--out', name, status=(1,), file_size=DISK, report=['*cannot write*'])
    bench.bad(*many, '--out', 'keep.npy', '--force', status=(1,), file_size=DISK,
              report=['*cannot write*'])
    bench.good(*WIDE, '--out', 'warm')
    bench.bad(*WIDE, '--out', 'full', status=(1,), file_size=DISK, report=['*cannot write*'])
    bench.bad(*WIDE, status=(1,), file_size=DISK, report=['*cannot write*'])


def full_disk_later(bench):
    """The disk fills up while a run goes on: what it had stays, and it continues later."""
    bench.good(*WIDE, '--out', 'filling')
    before = bench.snapshot()
    more = ['train', '--resume', 'filling', '--epochs', '3']
    result = bench.run(more, file_size=DISK)
    result.check_status(1)
    result.check_report(['*cannot write*'])
    for name in ('model', 'checkpoint'):
        name = 'filling/%s.safetensors' % name
        expect(bench.snapshot()[name] == before[name], '%s has changed' % name)
    expect(bench.new_files(before) == set(), 'new: %s' % bench.new_files(before))
    bench.good(*more)


def full_output(bench):
    """Results that nobody received are no success."""
    with open('/dev/full', 'wb') as full:
        for command in (['devices'], ['eval', '--model', 'run', '--json'], ['info', 'run'],
                        ['train', '--help']):
            result = bench.run(command, stdout=full)
            result.check_status(1)
            result.check_report(['*standard output*'])
        for command in (['--help'], ['--version']):
            bench.run(command, stdout=full).check_status(1)


def diverging(bench):
    """Numbers that are no longer finite stop the training."""
    result = bench.bad(*TRAIN, '--likelihood', 'gaussian', '--optimiser', 'sgd', '--lr', '1e9',
                       '--set', 'sigma=1e-6', '--epochs', '50', '--out', 'diverging', status=(1,),
                       report=['*not finite*', 'hint: *--lr*'])
    expect('step' in result.err or 'epoch' in result.err, str(result))


def odd_names(bench):
    """Names of any bytes: one line, no control characters, and valid JSON."""
    long = 'x' * 5000
    for name in ('two\nlines', 'bell\x07\x1b[31m', long, os.fsdecode(b'\xff\xfe')):
        bench.bad('train', '--data', name)
        bench.bad('eval', '--model', name)
        bench.bad('train', '--' + name)
        bench.bad('train', '--data', 'in/small.npy', '--encoder', 'dense 8 ' + name, '--batch',
                  '40')
        bench.bad('train', '--model', name)
        bench.bad('train', '--set', name)
        bench.bad('train', '--set', 'latent=' + name)
        bench.bad('sample', '--model', 'run', '--device', name, status=(3,))
        bench.bad('info', name)
        bench.run([name]).check_status(2)
    result = bench.good('sample', '--model', 'run', '--n', '1', '--json', '--out',
                        os.fsdecode(b'odd\xff.npy'))
    expect(result.json()['n'] == 1, str(result))
    bench.good(*TRAIN, '--out', os.fsdecode(b'odd\xff'), '--json').json()
    os.rename(bench.path('in/five.npy'), bench.path(os.fsdecode(b'in/five\xff.npy')))
    odd = os.fsdecode(b'in/five\xff.npy')
    bench.good('info', odd, '--json').json()
    bench.good('train', '--data', odd, '--split', 'all', '--test', 'none', '--batch', '5',
               '--epochs', '1', *LAYERS, '--out', 'odd')
    bench.good('eval', '--model', 'odd', '--data', odd, '--split', 'all')


def devices_as_files(bench):
    """A file without an end is not read to its end."""
    for command in (['eval', '--model', '/dev/zero'], ['train', '--data', '/dev/zero'],
                    ['train', '--model', '/dev/zero'], ['info', '/dev/zero']):
        bench.bad(*command, memory=3000 * MIB, report=['*/dev/zero*'])


def no_cache(bench):
    """Where the cache should be there is a file: an error only for who wants to write there."""
    folder = bench.path('blocked')
    folder.mkdir()
    (folder / 'vae-cl').write_bytes(b'')
    env = {'XDG_CACHE_HOME': str(folder)}
    bench.bad('tune', '--shapes', '8x8x8', env=env, status=(1,), report=['vae-cl: tune: *blocked*'])
    bench.good('train', '--data', 'in/small.npy', '--model', 'in/good.json', '--batch', '40',
               '--epochs', '1', '--out', 'no-cache', env=env)
    bench.bad('tune', '--shapes', '8x8x8', env={'XDG_CACHE_HOME': '', 'HOME': ''}, status=(2,),
              report=['vae-cl: tune: *', 'hint: *XDG_CACHE_HOME*'])


def run(bench, tap):
    tap.run('no device', no_device, bench)
    tap.run('broken drivers', broken_drivers, bench)
    tap.run('broken models', bad_models, bench, models.broken)
    tap.run('hostile models', bad_models, bench, models.hostile)
    tap.run('too little memory', memory, bench)
    tap.run('a full disk', full_disk, bench)
    tap.run('a disk that fills up', full_disk_later, bench)
    tap.run('full standard output', full_output, bench)
    tap.run('numbers that are not finite', diverging, bench)
    tap.run('odd names', odd_names, bench)
    tap.run('no cache', no_cache, bench)
    tap.run('files without an end', devices_as_files, bench)
