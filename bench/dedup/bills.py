"""The propose-reason texts of PyPI korean-assembly-bills (CC-BY-4.0). Its source archive holds the data; the wheel does
not. Name the archive, or a folder with bill_texts.parquet, in ASSEMBLY_BILLS:

  pip download --no-deps --no-binary :all: korean-assembly-bills==0.1.0

(sha256 a00e9eb3d2f724d3c232c576074afe901bbf3a74871291e66e81b4afe1616a2f)
"""

import io
import os
import pathlib
import tarfile

def _table():
    import pyarrow.parquet

    place = pathlib.Path(os.environ.get("ASSEMBLY_BILLS", "korean_assembly_bills-0.1.0.tar.gz"))
    if place.is_dir():
        return pyarrow.parquet.read_table(place / "bill_texts.parquet", columns=["propose_reason"])
    with tarfile.open(place) as archive:
        member = next(m for m in archive if m.name.endswith("/bill_texts.parquet"))
        data = archive.extractfile(member).read()
    return pyarrow.parquet.read_table(io.BytesIO(data), columns=["propose_reason"])

def bills():
    """Texts in the order of the data set; empty where a bill has none."""
    return [text or "" for text in _table().column("propose_reason").to_pylist()]
