"""Progress on a terminal: one line, whatever the width, and after a resize."""
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

from harness import Failure, TIMEOUT, expect

REDRAW = '\r\x1b[K'
TRAIN = ['train', '--data', 'in/small.npy', '--model', 'in/good.json', '--batch', '20', '--no-tune']


def set_width(terminal, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))


class Terminal:
    """The program with its standard error on a terminal of so many columns."""

    def __init__(self, bench, columns, command):
        self.master, slave = pty.openpty()
        set_width(slave, columns)
        self.process = subprocess.Popen([bench.program, *command], cwd=bench.folder, env=bench.env,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=slave, start_new_session=True)
        os.close(slave)
        self.text = ''

    def read(self, updates=None):
        """On until so many more updates are seen, or to the end."""
        deadline, wanted = time.monotonic() + TIMEOUT, updates and self.drawn() + updates
        while wanted is None or self.drawn() < wanted:
            if not select.select([self.master], [], [], max(0, deadline - time.monotonic()))[0]:
                self.process.kill()
                raise Failure('no end after %d s\n%r' % (TIMEOUT, self.text[-500:]))
            try:
                data = os.read(self.master, 4096)
            except OSError:  # the other end is closed
                return
            self.text += data.decode()

    def drawn(self):
        return self.text.count('%')

    def close(self):
        os.close(self.master)
        self.process.kill()
        return self.process.wait()


def bars(text):
    """The bars alone: what is drawn over, not what is printed for good."""
    drawn = [part.split('\n')[0] for part in text.split(REDRAW)[1:]]
    return [part for part in drawn if '%' in part]


def widths(bench):
    for columns in (200, 80, 40, 20, 8):
        terminal = Terminal(bench, columns, [*TRAIN, '--epochs', '4', '--out',
                                             'columns-%d' % columns])
        terminal.read()
        expect(terminal.process.wait(TIMEOUT) == 0 and terminal.close() == 0, terminal.text)
        drawn = [part.split('\n')[0] for part in terminal.text.split(REDRAW)[1:]]
        drawn = [part for part in drawn if part.startswith('epoch') and '(recon' not in part]
        expect(len(drawn) >= 4, '%d columns: no bars\n%r' % (columns, terminal.text))
        longest = max(len(part) for part in drawn)
        expect(longest < columns, '%d columns: a bar of %d\n%r' % (columns, longest, drawn[:3]))
        for words, least in (('%', 20), ('loss', 40), ('images/s', 80), ('s left', 80), ('[=', 80)):
            shown = any(words in part for part in drawn)
            expect(shown or columns < least, '%d columns without "%s"\n%r' % (columns, words, drawn))


def resize(bench):
    """Narrower while it runs, and wider again."""
    terminal = Terminal(bench, 100, [*TRAIN, '--epochs', '100000', '--out', 'resized'])
    try:
        for columns in (100, 40, 100, 30):
            set_width(terminal.master, columns)
            terminal.read(updates=80)  # those on their way, a buffer of them
            terminal.text = ''
            terminal.read(updates=40)
            longest = max(len(part) for part in bars(terminal.text)[:-1])
            expect(longest < columns, '%d columns: a bar of %d' % (columns, longest))
            expect(columns < 100 or longest > 40, 'a bar of %d in 100 columns' % longest)
    finally:
        terminal.close()


def run(bench, tap):
    tap.run('widths of terminals', widths, bench)
    tap.run('a terminal that is resized', resize, bench)
