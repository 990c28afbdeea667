"""Faults: how they are written down, and put into a text."""
import collections
import re
import sys

Fault = collections.namedtuple('Fault', 'number file what old new why')


class Problem(Exception):
    """What keeps a fault from being tried."""


def read_faults(path):
    faults, block = [], []
    lines = path.read_text(encoding='utf-8').splitlines()
    for line in [*(line for line in lines if not line.startswith('#')), '']:
        if line.strip():
            block.append(line)
        elif block:
            file, _, what = block[0].partition(': ')
            old = '\n'.join(line[2:] for line in block[1:] if line.startswith('- '))
            new = '\n'.join(line[2:] for line in block[1:] if line.startswith('+ '))
            why = ' '.join(line[2:] for line in block[1:] if line.startswith('? '))
            if not (what and old and new and all(l[:2] in ('- ', '+ ', '? ') for l in block[1:])):
                sys.exit('%s: not a fault: %s' % (path.name, ' / '.join(block)))
            faults.append(Fault(len(faults) + 1, file, what, old, new, why))
            block = []
    return faults


def planted(text, fault):
    """The file's text with the fault in it."""
    pattern = r'\s+'.join(re.escape(word) for word in fault.old.split())
    found = re.findall(pattern, text)
    if len(found) != 1:
        raise Problem('%s: %s: its text is there %d times' % (fault.file, fault.what, len(found)))
    return re.sub(pattern, lambda match: fault.new, text)


def chosen(faults, only):
    """By numbers, "3,7-9", by a folder or file, or by a part of the words."""
    if not only:
        return faults
    if re.fullmatch(r'[\d,-]+', only):
        wanted = set()
        for part in only.split(','):
            first, _, last = part.partition('-')
            wanted.update(range(int(first), int(last or first) + 1))
        return [fault for fault in faults if fault.number in wanted]
    place = only.rstrip('/') + '/'
    return [fault for fault in faults if (fault.file + '/').startswith(place) or only in fault.what]
