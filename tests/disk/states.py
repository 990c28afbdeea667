"""What a disk may hold after a power cut, from the journal of a program's calls (tests/disk/journal.h).

The disk is one that keeps what it must and drops what it may: of a file the content of its last fsync, and nothing of one
that was never synced; of the changes of names (made, renamed, removed) since their folder's last fsync any choice.
"""
import itertools
import os

FOLDER = 'folder'
ALL_CHOICES = 4  # of so many changes every choice is looked at, of more each alone and all but each


class File:
    def __init__(self, content):
        self.content = content  # bytes on the disk; FOLDER


class Change:
    """Names that change together: path -> the file of that name from now on, or None."""

    def __init__(self, names):
        self.names = names
        self.folders = {os.path.dirname(path) for path in names}


class Disk:
    """Follows the calls. Paths are relative to its root."""

    def __init__(self, root):
        self.root = str(root)
        self.kept = {'': File(FOLDER), **{path: File(data) for path, data in tree(root).items()}}
        self.pending = []  # changes of names that a power cut may undo

    def names(self, changes):
        names = dict(self.kept)
        for change in changes:
            names.update(change.names)
        return {path: file for path, file in names.items() if file is not None}

    def change(self, names):
        self.pending.append(Change(names))

    def sync(self, path, data):
        file = self.names(self.pending)[path]
        if data != FOLDER:
            file.content = data
            return
        done = [change for change in self.pending if change.folders == {path}]
        self.kept = self.names(done)
        self.pending = [change for change in self.pending if change not in done]

    def call(self, kind, one, two, data):
        file = self.names(self.pending).get(one)
        if kind in ('fsync', 'fdatasync'):
            self.sync(one, data)
        elif kind == 'create' or (kind.startswith('mkdir') and not file):
            self.change({one: File(b'' if kind == 'create' else FOLDER)})
        elif kind == 'truncate':
            file.content = b''
        elif kind.startswith('rename') and file:
            if file.content == FOLDER:
                raise NotImplementedError('a folder gets another name')
            self.change({one: None, two: file})
        elif kind.startswith('link') and file:
            self.change({two: file})
        elif kind.startswith(('unlink', 'remove', 'rmdir')) and file:
            self.change({one: None})

    def choices(self):
        n = len(self.pending)
        every = range(n)
        if n <= ALL_CHOICES:
            yield from itertools.product((False, True), repeat=n)
            return
        for at in every:
            yield [i <= at for i in every]
            yield [i == at for i in every]
            yield [i != at for i in every]
        yield [False] * n

    def states(self):
        """Each as path -> content; what lies in a folder that is lost is lost."""
        for choice in self.choices():
            names = self.names(change for change, made in zip(self.pending, choice) if made)
            state = {}
            for path in sorted(names):
                parent = os.path.dirname(path)
                if path and (not parent or parent in state):
                    state[path] = names[path].content
            yield state


def tree(root):
    """Path -> content of all that lies below a folder."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in folders:
            found[os.path.relpath(os.path.join(folder, name), root)] = FOLDER
        for name in files:
            path = os.path.join(folder, name)
            with open(path, 'rb') as file:
                found[os.path.relpath(path, root)] = file.read()
    return found


def write_tree(root, state):
    os.makedirs(root)
    for path in sorted(state):
        if state[path] == FOLDER:
            os.mkdir(os.path.join(root, path))
        else:
            with open(os.path.join(root, path), 'wb') as file:
                file.write(state[path])


def read_calls(journal, root):
    """The calls of the journal: (kind, path, path, content)."""
    def relative(path):
        path = os.path.relpath(os.path.normpath(path), root) if path else None
        return '' if path == '.' else path

    def content(name):
        if name in ('', FOLDER):
            return name or None
        with open(os.path.join(journal, name), 'rb') as file:
            return file.read()
    with open(os.path.join(journal, 'calls'), encoding='utf-8') as lines:
        for line in lines:
            kind, one, two, name = line.rstrip('\n').split('\t')
            yield kind, relative(one), relative(two), content(name)
