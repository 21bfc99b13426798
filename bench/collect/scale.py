"""What `twin collect` costs as a folder grows: scale.py BIN [DOCUMENTS...]   (default 1000 10000 100000)

For each size: a folder of small files (half Korean, Markdown and HTML), `twin collect` into a fresh project, again with
nothing changed, and again after one file changed. Prints one JSON line each: CPU seconds (user and system, children
included), milliseconds per document, peak resident memory.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SENTENCES = [
    "The server keeps every version of a note, and a crash in the middle loses none of them.",
    "서버는 글의 모든 판을 보관하므로 중간에 멈추어도 아무것도 잃지 않는다.",
    "We measured it twice on two cores and wrote the figures down as they were.",
    "두 코어에서 두 번 재어 보고 나온 값을 그대로 적어 두었다.",
]


def text(number):
    paragraphs = []
    for p in range(3 + number % 4):
        first = (number * 31 + p * 7) % len(SENTENCES)
        words = [SENTENCES[(first + i * (1 + number % 3)) % len(SENTENCES)] for i in range(3)]
        paragraphs.append(" ".join(words) + f" ({number}.{p})")
    return paragraphs


def write(folder, number, note=""):
    place = folder / f"{number % 100:02d}"
    place.mkdir(parents=True, exist_ok=True)
    if number % 2:
        body = "\n\n".join(text(number))
        (place / f"{number}.md").write_text(f"# Note {number}{note}\n\n{body}\n")
    else:
        body = "".join(f"<p>{p}</p>" for p in text(number))
        page = f"<!doctype html><html><head><title>Note {number}{note}</title></head><body><article><h1>Note {number}</h1>{body}</article></body></html>"
        (place / f"{number}.html").write_text(page)


# Run in a process that has no other children, so that their figures are not mixed.
MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""


def measure(command):
    """CPU seconds and peak megabytes."""
    done = subprocess.run([sys.executable, "-c", MEASURE, *command], capture_output=True, text=True)
    code, seconds, kilobytes = done.stdout.split()
    if code not in ("0", "3"):
        sys.exit(done.stderr)
    return float(seconds), int(kilobytes) / 1024


def main():
    twin = str(pathlib.Path(sys.argv[1]) / "twin")
    for count in [int(n) for n in sys.argv[2:]] or [1_000, 10_000, 100_000]:
        home = pathlib.Path(tempfile.mkdtemp(prefix="twin-scale-"))
        try:
            for number in range(count):
                write(home / "writing", number)
            (home / "twin.yaml").write_text(
                "name: scale\nauthors: [{name: Mina Park}]\nsources:\n  - {type: folder, path: writing, category: articles}\n"
            )
            os.sync()
            shown = {"documents": count}
            collect = [twin, "--home", str(home), "-q", "collect"]
            first, memory = measure(collect)
            shown |= {"first_cpu_s": round(first, 2), "first_ms_each": round(1e3 * first / count, 3), "first_peak_mb": round(memory)}
            again, memory = measure(collect)
            shown |= {"again_cpu_s": round(again, 3), "again_share": round(again / first, 4), "again_peak_mb": round(memory)}
            write(home / "writing", 1, " changed")
            changed, memory = measure(collect)
            shown |= {"one_changed_cpu_s": round(changed, 3), "one_changed_share": round(changed / first, 4), "one_changed_peak_mb": round(memory)}
            print(json.dumps(shown), flush=True)
        finally:
            shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
