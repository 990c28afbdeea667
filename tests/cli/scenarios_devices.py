"""Which device is meant, drivers that are broken or lie, caches that cannot be written.

The faults of drivers are those of tests/driver: FAKE_DRIVER says which. It is a GPU, and stands
before the real drivers.
"""
import pathlib

from harness import Failure, expect
from scenarios_failures import LAYERS, MIB, vendors

SAMPLE = ['sample', '--model', 'run', '--n', '1', '--force', '--out', 'd.npy']
TRAIN = ['train', '--data', 'in/small.npy', '--batch', '40', '--epochs', '1', '--no-tune', *LAYERS]

OPEN = [*TRAIN, '--batch', '1000000']  # opens the device, finds the batch too large


def drivers(bench, name, real=True):
    """A folder of drivers: the fake one and, with `real`, the others."""
    folder = bench.path(name)
    folder.mkdir()
    fake = pathlib.Path(bench.program).parents[2] / 'tests/driver/fake_driver.so'
    expect(fake.is_file(), 'there is no %s' % fake)
    (folder / '0.icd').write_text('%s\n' % fake, encoding='utf-8')
    for file in vendors() if real else ():
        (folder / ('x' + file.name)).write_bytes(file.read_bytes())
    return {'OCL_ICD_VENDORS': str(folder)}


def names(bench, env):
    """A device is P:D, gpu or cpu, or a part of a name; never a digit in one."""
    two = dict(env, FAKE_DRIVER='many context')  # the error then says which device was chosen
    for number in ('0', '1', '2', '16', '-1', '1:', ':1', '0.1'):
        bench.bad(*SAMPLE, '--device=' + number, env=two, status=(2,),
                  report=["*device '%s': a number alone names no device*" % number,
                          "hint: *0:0 'Fake GPU 1', 0:1 'Fake GPU 2'*"])
    for word, chosen in (('0:0', '0:0'), ('0:2', '0:2'), ('gpu', '0:0'), ('GPU', '0:0'),
                         ('fake gpu 1', '0:0'), ('Fake GPU 2', '0:1'), ('U 2', '0:1')):
        bench.bad(*SAMPLE, '--device', word, env=two, status=(1,),
                  report=["*device %s 'Fake GPU *" % chosen])
    for word in ('fake', 'Fake GPU', 'FAKE PLATFORM'):
        bench.bad(*SAMPLE, '--device', word, env=two, status=(2,),
                  report=["*device '%s': more than one*" % word, 'hint: *0:0 *0:1 *'])
    bench.bad(*SAMPLE, '--device', '0:9', env=two, status=(3,),
              report=['*there is no device 0:9', "hint: *0:0 'Fake GPU 1'*"])
    for word in ('cpu', 'CPU', 'Cpu'):
        result = bench.good(*SAMPLE, '--device', word, env=two)
        expect('Fake' not in result.err, 'the GPU was taken\n%s' % result)


def variable(bench, env):
    """What is wrong with $VAE_CL_DEVICE is said of it."""
    two = dict(env, FAKE_DRIVER='many context')
    for value, status in (('1', 2), ('fake', 2), ('0:9', 3), ('nonexistent', 3)):
        bench.bad(*SAMPLE, env=dict(two, VAE_CL_DEVICE=value), status=(status,),
                  report=['*VAE_CL_DEVICE=%s: *' % value])
    result = bench.bad(*SAMPLE, '--device', '1', env=dict(two, VAE_CL_DEVICE='cpu'), status=(2,))
    expect('VAE_CL_DEVICE' not in result.err, 'the option is given\n%s' % result)


def broken(bench, env, alone):
    """A driver that fails is named, and what else there is."""
    for fault in ('context', 'queue', 'program', 'build', 'kernel', 'launch', 'build log'):
        bench.bad(*SAMPLE, env=dict(env, FAKE_DRIVER=fault), status=(1,),
                  report=["*device 0:0 'Fake GPU 1': *", 'hint: *--device cpu*'])
        result = bench.bad(*SAMPLE, env=dict(alone, FAKE_DRIVER=fault), status=(1,),
                           report=["*device 0:0 'Fake GPU 1': *"])
        expect('--device cpu' not in result.err, 'there is no CPU\n%s' % result)
    bench.good(*SAMPLE, '--device', 'cpu', env=dict(env, FAKE_DRIVER='context'))


def unusable(bench, env, alone):
    """A platform without devices is not the same as none; a device that is no use says why."""
    for command in (['devices'], TRAIN, [*SAMPLE, '--device', 'gpu'],
                    [*SAMPLE, '--device', 'fake']):
        for fault, why in (('none', 'the platform has no device'), ('aligned', 'alignment')):
            report = ['*no usable OpenCL device was found: *Fake *%s*' % why, 'hint: *']
            if command == ['devices']:
                result = bench.run(command, env=dict(alone, FAKE_DRIVER=fault))
                result.check_status(3)
                result.check_report(report)
            else:
                bench.bad(*command, env=dict(alone, FAKE_DRIVER=fault), status=(3,), report=report)
    bench.bad(*SAMPLE, '--device', 'fake', env=dict(env, FAKE_DRIVER='aligned'), status=(3,),
              report=["*matches 'fake': 0:0 'Fake GPU 1': *alignment*"])
    bench.good(*SAMPLE, env=dict(env, FAKE_DRIVER='aligned'))


def lies(bench, env):
    """Counts and sizes that cannot be are not believed."""
    for fault in ('many', 'numbers', 'endless', 'many numbers endless'):
        faulty = dict(env, FAKE_DRIVER=fault)
        result = bench.good('devices', '--json', env=faulty)
        found = [d for d in result.json()['devices'] if d['id'].startswith('0:')]
        expect(len(found) == (4 if 'many' in fault else 1), '%d devices\n%s' % (len(found), result))
        expect(all(d.get('compute_units', 0) <= 65536 for d in found), str(result))
        bench.good('devices', env=faulty)
        # A device that computes nothing gives what it likes, but a result or an error.
        result = bench.run(SAMPLE, env=faulty)
        expect(result.status in (0, 1), 'exit status %d\n%s' % (result.status, result))
    for fault in ('log build', 'binary', 'endless build'):
        result = bench.run(SAMPLE, env=dict(env, FAKE_DRIVER=fault), memory=3000 * MIB)
        expect(result.status in (0, 1), 'exit status %d\n%s' % (result.status, result))


def only_pocl(bench):
    """A folder that names pocl's driver alone."""
    folder = bench.path('only-pocl')
    folder.mkdir()
    found = [file for file in vendors() if 'pocl' in file.name]
    if not found:
        raise Failure('pocl is needed')
    (folder / 'pocl.icd').write_bytes(found[0].read_bytes())
    return {'OCL_ICD_VENDORS': str(folder)}


def caches(bench, env):
    """pocl works wherever its cache cannot be written, and nothing stays of what it is given."""
    bare = bench.without('POCL_CACHE_DIR', 'XDG_CACHE_HOME', 'HOME')
    temporary = bench.path('temporary')
    temporary.mkdir()
    bench.path('file').write_bytes(b'')
    bench.path('home').mkdir()
    env = dict(env, TMPDIR=str(temporary))
    home = {'HOME': str(bench.path('home'))}
    for place in ({'HOME': '/proc/nowhere'}, {**home, 'XDG_CACHE_HOME': 'file'}, {},
                  {'POCL_CACHE_DIR': '/proc/nowhere'}, {'POCL_CACHE_DIR': ''}):
        result = bare.bad(*OPEN, env=dict(env, **place), status=(2,))
        expect("pocl's cache" in result.err and 'POCL_CACHE_DIR' in result.err, str(result))
        bare.good('devices', env=dict(env, **place))
    bare.good(*SAMPLE, '-q', env=dict(env, HOME='/proc/nowhere'))
    expect(not list(temporary.iterdir()), 'left behind: %s' % list(temporary.iterdir()))
    result = bare.run(OPEN, env=dict(env, **home))
    expect('cache' not in result.err, 'a home is enough\n%s' % result)
    # No cache for who names a relative folder, says the specification of that variable.
    bench.good('tune', '--shapes', '8x8x8', '--seconds', '0.1',
               env=dict(env, XDG_CACHE_HOME='relative', **home))
    expect(not bench.path('relative').exists(), 'a relative cache')
    expect(bench.path('home/.cache/vae-cl').is_dir(), 'no cache at home')


def full_cache(bench, env):
    """Where no disk has room for compilers, that is said, whatever they say."""
    bench.good(*SAMPLE, env=env)
    result = bench.run(SAMPLE, env=env, file_size=MIB // 2)
    expect("pocl's cache" in result.err and 'POCL_CACHE_DIR' in result.err, str(result))


def limits(bench, env):
    """Drivers that cannot be loaded are there: what keeps them out is said."""
    result = bench.run(['devices'], env=env, files=(4, 4))
    result.check_status(3)
    result.check_report(['*no usable OpenCL device*', 'hint: *files*ulimit -n*'])
    bench.bad(*SAMPLE, env=env, files=(4, 4), status=(3,), report=['*', 'hint: *ulimit -n*'])
    bench.good(*SAMPLE, env=env, files=(10, 400))
    bench.bad(*SAMPLE, env=env, memory=150 * MIB, status=(3,), report=['*', 'hint: *ulimit -v*'])


def run(bench, tap):
    env, alone = drivers(bench, 'with-fake'), drivers(bench, 'only-fake', real=False)
    pocl = only_pocl(bench)
    tap.run("devices' names", names, bench, env)
    tap.run('the variable', variable, bench, env)
    tap.run('a broken driver', broken, bench, env, alone)
    tap.run('no use', unusable, bench, env, alone)
    tap.run('a lying driver', lies, bench, env)
    tap.run('caches', caches, bench, pocl)
    tap.run('a full cache', full_cache, bench, pocl)
    tap.run('limits', limits, bench, pocl)
