"""Prints template.yaml with its `Fn::ForEach` loops written out, as JSON: every tool reads this form, and CloudFormation gets it.

The SAM CLI expands loops too, but not inside `Events`, and it puts the parameters' defaults in place of the parameters.

usage: expand.py template.yaml
"""

import json
import re
import sys
from pathlib import Path

import yaml

LOOP = "Fn::ForEach::"
EXTENSIONS = "AWS::LanguageExtensions"


class Loader(yaml.SafeLoader):
    """Reads YAML with CloudFormation's short forms: `!Ref Api` as `{"Ref": "Api"}`."""


def long_form(loader, name, node):
    """An intrinsic function in its long form."""
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        value = value.split(".", 1) if name == "GetAtt" else value
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


Loader.add_multi_constructor("!", long_form)
# A date is a text in CloudFormation.
Loader.add_constructor("tag:yaml.org,2002:timestamp", Loader.construct_yaml_str)


def replaced(node, identifier, item):
    """A loop's body with an item in place of the loop's identifier."""
    if isinstance(node, list):
        return [replaced(each, identifier, item) for each in node]
    if isinstance(node, str):
        return node.replace(f"${{{identifier}}}", item).replace(f"&{{{identifier}}}", re.sub("[^A-Za-z0-9]", "", item))
    if node == {"Ref": identifier}:
        return item
    if isinstance(node, dict):
        return {replaced(key, identifier, item): replaced(value, identifier, item) for key, value in node.items()}
    return node


def expanded(node, mappings):
    """A part of a template with its loops written out and its mappings looked up."""
    if isinstance(node, list):
        return [expanded(each, mappings) for each in node]
    if not isinstance(node, dict):
        return node
    if list(node) == ["Fn::FindInMap"]:
        name, row, column, *otherwise = node["Fn::FindInMap"]
        return mappings[name][row].get(column, *(default["DefaultValue"] for default in otherwise))
    if list(node) == ["Fn::Sub"] and isinstance(node["Fn::Sub"], str) and "${" not in node["Fn::Sub"]:
        return node["Fn::Sub"]
    written = {}
    for key, value in node.items():
        for name, part in turns(key, value, mappings):
            if name in written:
                raise ValueError(f"{name} is there twice")
            written[name] = part
    return written


def turns(key, value, mappings):
    """The entries that an entry stands for: itself, or those of every turn of a loop."""
    if not key.startswith(LOOP):
        yield key, expanded(value, mappings)
        return
    identifier, collection, body = value
    for item in expanded(collection, mappings):
        yield from expanded(replaced(body, identifier, item), mappings).items()


def expand(text):
    """A template's text as a template without loops."""
    template = yaml.load(text, Loader)
    mappings = template.pop("Mappings", {})
    if isinstance(template["Transform"], list):
        [template["Transform"]] = [name for name in template["Transform"] if name != EXTENSIONS]
    return expanded(template, mappings)


if __name__ == "__main__":
    json.dump(expand(Path(sys.argv[1]).read_text()), sys.stdout, indent=1)
