"""Prints how the resources of two templates differ, as AWS's translator makes them of the templates; nothing where they are equal.

usage: compare.py OLD-TEMPLATE NEW-TEMPLATE, each as expand.py prints it
"""

import sys
from pathlib import Path

import translate

SECTIONS = ("Parameters", "Conditions", "Resources", "Outputs")


def leaves(node, path):
    """Path and value of every plain value below a part of a template."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    if not children:
        yield path, node
    for key, child in children:
        yield from leaves(child, f"{path}.{key}")


def differences(old, new):
    """A line for every value that only one of the templates has."""
    values = [dict(leaf for section in SECTIONS for leaf in leaves(template[section], section)) for template in (old, new)]
    for path in sorted(values[0].keys() | values[1].keys()):
        before, after = (repr(side[path]) if path in side else "-" for side in values)
        if before != after:
            yield f"{path}: {before} -> {after}"


if __name__ == "__main__":
    old, new = (translate.translated(Path(name).read_text(), {}) for name in sys.argv[1:])
    print(*differences(old, new), sep="\n")
