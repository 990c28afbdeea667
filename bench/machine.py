"""What the measurements were made on."""
import datetime
import os
import platform
import re
import subprocess


def first_match(pattern, text, otherwise='unknown'):
    found = re.search(pattern, text, re.M)
    return found.group(1).strip() if found else otherwise


def read(path):
    try:
        with open(path, encoding='utf-8', errors='replace') as file:
            return file.read()
    except OSError:
        return ''


def vectors(flags):
    for flag, name in (('avx512f', 'AVX-512'), ('avx2', 'AVX2'), ('avx', 'AVX'), ('asimd', 'NEON')):
        if re.search(r'\b%s\b' % flag, flags):
            return name
    return 'no wide vectors'


def describe(ours, threads):
    """A dictionary of texts, for the report."""
    cpu = read('/proc/cpuinfo')
    devices = ours.run('devices', device=False)['devices']
    wanted = ours.run('bench', '--only', 'peak', '--seconds', '0.5')
    device = next((d for d in devices if d.get('name') == wanted['device']), {})
    release = first_match(r'^PRETTY_NAME="?([^"\n]*)', read('/etc/os-release'), platform.system())
    return {
        'date': datetime.date.today().isoformat(),
        'CPU': '%s, %d of %d cores used, %s' % (first_match(r'^model name\s*:\s*(.*)$', cpu, platform.processor()),
                                               threads, os.cpu_count(), vectors(cpu)),
        'system': '%s, Linux %s' % (release, platform.release()),
        'OpenCL device': '%s, float vectors of %s' % (wanted['device'], device.get('vector_width', '?')),
        'OpenCL driver': '%s %s' % (device.get('platform', '?'), device.get('driver', '?')),
        'fp32 peak, measured': '%.1f GFLOP/s' % wanted['peak_gflops'],
        'memory bandwidth, measured': '%.1f GB/s' % wanted['bandwidth_gbs'],
        'vae-cl': version(ours.program),
    }


def version(program):
    text = subprocess.run([program, '--version'], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    return '%s%s' % (text, ', commit ' + commit() if commit() else '')


def commit():
    """Of the checkout that this file is in; nothing outside one, or without git."""
    try:
        return subprocess.run(['git', '-C', os.path.dirname(os.path.abspath(__file__)), 'describe', '--always', '--dirty'],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout.strip()
    except OSError:
        return ''
