#!/usr/bin/env python3
"""Who may include whom, and the rules for headers. Exit 1 with file:line for each breach.

Layers (DESIGN.md): core < stores, models < feature | training | inference < evaluation < ops < cli.
A room includes itself and the rooms below it; rooms of one layer do not include each other.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SRC = ROOT / 'src'
LAYERS = [['core'], ['stores', 'models'], ['feature', 'training', 'inference'], ['evaluation'], ['ops'], ['cli']]
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
# Heavy to compile (seconds per file): only in .cpp files.
HEAVY = {'nlohmann/json.hpp', 'httplib.h'}
# libtorch belongs to twin-train alone: `twin` starts fast and links nothing heavy.
TRAINER = 'training/trainer/'
TORCH = re.compile(r'^(torch|ATen|c10)/')
# So do these, each to the folder of the module or program that carries it.
CONFINED = {'stores/warehouse/mongo/': re.compile(r'^(mongoc|bson)/'), 'stores/parquet/': re.compile(r'^(arrow|parquet)/'),
            'models/encoder/': re.compile(r'^oneapi/')}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def allowed(room, other):
    return room == other or LEVEL[other] < LEVEL[room]


def check_include(path, number, quote, target, room):
    where = f'src/{path}:{number}'
    if path.endswith('.h') and target in HEAVY:
        yield f'{where}: <{target}> in a header: include it in the .cpp only'
    if TORCH.match(target) and not path.startswith(TRAINER):
        yield f'{where}: <{target}> outside {TRAINER}'
    for folder, headers in CONFINED.items():
        if headers.match(target) and not path.startswith(folder):
            yield f'{where}: <{target}> outside {folder}'
        if quote == '"' and target.startswith(folder) and not path.startswith(folder):
            yield f'{where}: "{target}": only what is built of {folder} includes it'
    if quote != '"':
        return
    other = target.split('/')[0]
    if other not in LEVEL:
        yield f'{where}: "{target}": include files of ours by their path below src/'
    elif not (SRC / target).is_file():
        yield f'{where}: "{target}" does not exist'
    elif not allowed(room, other):
        yield f'{where}: {room} must not include {other} ("{target}")'
    elif target.startswith(TRAINER) and not path.startswith(TRAINER):
        yield f'{where}: "{target}": only twin-train itself includes {TRAINER}'


def check_file(file):
    path = file.relative_to(SRC).as_posix()
    room = path.split('/')[0]
    lines = file.read_text(encoding='utf-8').splitlines()
    if room not in LEVEL:
        yield f'src/{path}:1: no room of this name; add it to {pathlib.Path(__file__).name} and DESIGN'
        return
    if file.suffix == '.h':
        if not lines or not lines[0].startswith('//'):
            yield f'src/{path}:1: a header begins with a comment that says what it is for'
        if '#pragma once' not in lines:
            yield f'src/{path}:1: no #pragma once'
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if match:
            yield from check_include(path, number, match.group(1), match.group(2), room)


def main():
    files = sorted(f for f in SRC.rglob('*') if f.suffix in ('.h', '.cpp'))
    breaches = [breach for file in files for breach in check_file(file)]
    print('\n'.join(breaches) if breaches else f'{len(files)} files, layers in order')
    return 1 if breaches else 0


if __name__ == '__main__':
    sys.exit(main())
