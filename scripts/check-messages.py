#!/usr/bin/env python3
"""Every message for the user has a Korean translation with the same placeholders.

Collects the string literals that are first argument of tr(…) in src/, and compares them with po/ko.yaml, whose
entries are `"English": "Korean"`, one a line, both in double quotes (a subset of YAML that json.loads reads).

  check-messages.py            list what is missing, differs or is no longer used; exit 1 when there is any
  check-messages.py --missing  print only the missing ones, in the form of po/ko.yaml
"""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LITERAL = r'"(?:[^"\\\n]|\\.)*"'
CALL = re.compile(r'\btr\(\s*((?:' + LITERAL + r'\s*)+)')
COMMENT = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/', re.S)
PLACEHOLDER = re.compile(r'\{\{|\}\}|\{[^{}]*\}')
ENTRY = re.compile(r'(' + LITERAL + r'):\s+(' + LITERAL + r')\s*(?:#.*)?$')


def without_comments(text):
    """Comments become blanks of the same length, so that line numbers stay."""
    def blank(match):
        found = match.group()
        return found if found.startswith('"') else re.sub(r'[^\n]', ' ', found)
    return COMMENT.sub(blank, text)


def messages():
    """English text → where it stands first."""
    found = {}
    for path in sorted((ROOT / 'src').rglob('*')):
        if path.suffix not in ('.h', '.cpp') or path.name.endswith('_test.cpp'):
            continue
        text = without_comments(path.read_text(encoding='utf-8'))
        for call in CALL.finditer(text):
            parts = re.findall(LITERAL, call.group(1))
            english = ''.join(json.loads(part.replace("\\'", "'")) for part in parts)
            line = text.count('\n', 0, call.start()) + 1
            found.setdefault(english, f'{path.relative_to(ROOT)}:{line}')
    return found


def catalogue(problems):
    entries = {}
    path = ROOT / 'po' / 'ko.yaml'
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        where = f'{path.relative_to(ROOT)}:{number}'
        if not line.strip() or line.lstrip().startswith('#'):
            continue
        match = ENTRY.fullmatch(line.strip())
        if not match:
            problems.append(f'{where}: not of the form "English": "Korean"')
            continue
        english, korean = json.loads(match.group(1)), json.loads(match.group(2))
        if english in entries:
            problems.append(f'{where}: stands here twice: {match.group(1)}')
        entries[english] = (korean, where)
    return entries


def placeholders(text):
    """What the arguments are bound to. Korean may change their order only by numbering all of them."""
    fields = [f for f in PLACEHOLDER.findall(text) if f not in ('{{', '}}')]
    numbered = [f for f in fields if re.match(r'\{\d', f)]
    if numbered and len(numbered) == len(fields):
        return {int(re.match(r'\{(\d+)', f).group(1)): re.sub(r'^\{\d+', '{', f) for f in fields}
    return dict(enumerate(fields))


def main():
    problems = []
    source, entries = messages(), catalogue(problems)
    missing = [english for english in source if english not in entries]
    if '--missing' in sys.argv[1:]:
        for english in missing:
            print(f'{json.dumps(english, ensure_ascii=False)}: ""')
        return 0
    for english in missing:
        problems.append(f'{source[english]}: no translation of {json.dumps(english, ensure_ascii=False)}')
    for english, (korean, where) in entries.items():
        if english not in source:
            problems.append(f'{where}: no longer used: {json.dumps(english, ensure_ascii=False)}')
        elif placeholders(english) != placeholders(korean):
            problems.append(f'{where}: other placeholders than {json.dumps(english, ensure_ascii=False)}')
        elif not korean.strip():
            problems.append(f'{where}: empty translation')
    for problem in problems:
        print(problem)
    print(f'{len(source)} messages, {len(problems)} problems', file=sys.stderr)
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
