"""Runs contestants in turn: ours as processes of vae-cl, the peers as programs that stay alive and wait to be asked."""
import json
import os
import re
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time

READY = 900  # seconds that a peer may take to compile and to warm up


class Failed(Exception):
    """A contestant could not be measured; the text says why."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip()[:160] if lines else 'no message'


class Peer:
    """A program that prints its version when it is ready, and answers lines."""

    def __init__(self, command, env=None):
        self.log = tempfile.TemporaryFile('w+')
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
                                        bufsize=0, env=dict(os.environ, **(env or {})))
        self.rest = b''
        try:
            self.version = self.line(READY)
        except Failed:
            self.stop()
            raise

    def line(self, timeout):
        end = time.monotonic() + timeout
        while b'\n' not in self.rest:
            if not select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]:
                raise Failed('no answer after %d s' % timeout)
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                self.log.seek(0)
                raise Failed(last_line(self.log.read()))
            self.rest += data
        line, _, self.rest = self.rest.partition(b'\n')
        return line.decode().strip()

    def ask(self, *words):
        try:
            self.process.stdin.write((' '.join(str(w) for w in words) + '\n').encode())
        except BrokenPipeError:
            raise Failed('it has ended') from None
        return float(self.line(READY))

    def stop(self):
        self.process.kill()
        self.process.wait()
        for file in (self.process.stdin, self.process.stdout, self.log):
            file.close()


def in_turn(contestants, rounds):
    """Asks each contestant once a round. Returns lists of values; one that fails drops out with its reason."""
    values, failures = {name: [] for name in contestants}, {}
    for number in range(rounds):
        for name, measure in contestants.items():
            if name in failures:
                continue
            try:
                values[name].append(measure())
                say('    round %d/%d  %-40s %12.2f' % (number + 1, rounds, name, values[name][-1]))
            except Failed as failure:
                failures[name] = str(failure)
                say('    %s: %s' % (name, failure))
    return {name: v for name, v in values.items() if name not in failures}, failures


def medians(values):
    return {name: statistics.median(v) for name, v in values.items()}


class VaeCl:
    """Our program. `env` chooses another OpenCL implementation; the fastest peak seen is kept."""

    def __init__(self, program, device, env=None):
        self.program, self.device, self.env, self.peak = program, device, env or {}, 0.0

    def command(self, *words, device=True):
        return [self.program, *words, *(['--device', self.device] if device else [])]

    def environment(self, **more):
        return dict(os.environ, **self.env, **more)

    def run(self, *words, device=True, **env):
        done = subprocess.run(self.command(*words, '--json', '-q', device=device), env=self.environment(**env),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise Failed(last_line(done.stderr))
        return json.loads(done.stdout)

    def bench(self, seconds, *words):
        result = self.run('bench', '--seconds', str(seconds), *words)
        self.peak = max(self.peak, result['peak_gflops'])
        return result

    def product(self, name, seconds):
        return self.bench(seconds, '--only', 'gemm', '--product', name)['gemm'][0]

    def training(self, model, batch, seconds, *words):
        return self.bench(seconds, '--only', 'training', '--model', model, '--batch', str(batch), *words)['training'][0]

    def presets(self):
        text = subprocess.run([self.program, 'train', '--help'], stdout=subprocess.PIPE, text=True, check=True).stdout
        return re.search(r'^Presets for --model: (.*)$', text, re.M).group(1).split()


def seconds_until(command, pattern, bound, env=None):
    """Seconds from the start of a process to the first line, on either output, whose number is below `bound`."""
    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
    lines = []
    try:
        for line in process.stdout:
            lines.append(line)
            found = re.search(pattern, line)
            if found and float(found.group(1)) < bound:
                return time.monotonic() - begun
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    raise Failed(last_line(''.join(lines)))


def peak_memory(command, env=None):
    """MiB resident at most, of a process that must succeed."""
    with tempfile.TemporaryFile('w+') as log:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log, env=env)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            log.seek(0)
            raise Failed(last_line(log.read()))
    return usage.ru_maxrss / 1024
