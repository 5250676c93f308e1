"""Prints what `sam deploy` uploads: of each function the zip's size, which is what counts for Lambda, and the binary's.

usage: sizes.py .aws-sam/build ARCHITECTURE
"""

import io
import sys
import zipfile
from pathlib import Path


def zipped(folder):
    """The size of a folder as a zip."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.write(path, path.relative_to(folder))
    return len(file.getvalue()) / 1e6


def main(build, architecture):
    total = 0.0
    binaries = sorted(Path(build).glob("*/bootstrap"))
    for binary in binaries:
        size = zipped(binary.parent)
        total += size
        print(f"{binary.parent.name:18} {architecture}  zip {size:5.2f} MB  binary {binary.stat().st_size / 1e6:5.2f} MB")
    print(f"{len(binaries)} functions  zips {total:.2f} MB")
    if not binaries:
        sys.exit(f"{build} holds no function")


if __name__ == "__main__":
    main(*sys.argv[1:])
