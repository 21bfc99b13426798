#!/usr/bin/env python3
"""Writes docs/configuration.md from the program's own descriptions: scripts/write-config-docs.py [TWIN]"""

import json
import pathlib
import subprocess
import sys
import tempfile

REPO = pathlib.Path(__file__).resolve().parents[1]
TWIN = sys.argv[1] if len(sys.argv) > 1 else str(REPO / "build/release/bin/twin")

HEAD = """\
# twin.yaml

The only file a user must know. Values come, each winning over the one before, from the defaults below, from
`twin.yaml`, from the environment (`TWIN_SERVE_PORT` is `serve.port`) and from `--set key=value`.
`twin config show` prints every resolved value with its origin; unknown keys and wrong types are errors that name file
and line. This page is written by `scripts/write-config-docs.py`.

```yaml
name: my-twin
authors:
  - name: Your Name
    aliases: [you@example.org]      # as in commits
sources:
  - {type: folder, path: ../blog, category: articles}
  - {type: git, path: ../project, category: repositories}
  - {type: feed, url: https://example.org/feed.xml, category: posts}
```

Relative paths are relative to the folder of `twin.yaml`.

Categories (`categories/*.yaml`, own ones in the project's `categories/`) say how content of a kind is cleaned, chunked,
turned into training data and weighted in retrieval.
"""


def values(yaml):
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "twin.yaml").write_text(yaml)
        shown = subprocess.run(
            [TWIN, "--home", folder, "config", "show", "--json"],
            capture_output=True,
            text=True,
            check=True,
            env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
        )
        return json.loads(shown.stdout.strip().splitlines()[-1])


def table(rows, prefix=""):
    lines = ["| key | default | meaning |", "|---|---|---|"]
    for row in rows:
        key = row["key"][len(prefix) :]
        lines.append(f"| `{key}` | `{row['value']}` | {row['doc']} |".replace("| `` |", "| |"))
    return "\n".join(lines) + "\n"


def main():
    plain = values("name: x\n")
    text = HEAD + "\n## Keys\n\n" + table([v for v in plain if v["key"] != "name"])
    for source, location in (("folder", "path: /tmp"), ("git", "path: /tmp"), ("feed", "url: https://example.org/feed")):
        rows = values(f"name: x\nsources:\n  - {{type: {source}, category: posts, {location}}}\n")
        own = [v for v in rows if v["key"].startswith("sources.0.") and v["key"] != "sources.0.type"]
        text += f"\n## sources: type: {source}\n\n" + table(own, "sources.0.")
    (REPO / "docs" / "configuration.md").write_text(text)


main()
