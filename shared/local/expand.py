"""Prints template.yaml with its `Fn::ForEach` loops written out, as JSON: every tool reads this form, and CloudFormation gets it.

The SAM CLI expands loops too, but not inside `Events`, and it puts the parameters' defaults in place of the parameters.

A loop over a parameter is CloudFormation's to write out, unless the parameter is given here.

usage: expand.py template.yaml [Parameter=value,value ...]
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


def expanded(node, mappings, given):
    """A part of a template with its loops written out and its mappings looked up."""
    if isinstance(node, list):
        return [expanded(each, mappings, given) for each in node]
    if not isinstance(node, dict):
        return node
    if list(node) == ["Fn::FindInMap"]:
        name, row, column, *otherwise = node["Fn::FindInMap"]
        return mappings[name][row].get(column, *(default["DefaultValue"] for default in otherwise))
    if list(node) == ["Fn::Sub"] and isinstance(node["Fn::Sub"], str) and "${" not in node["Fn::Sub"]:
        return node["Fn::Sub"]
    written = {}
    for key, value in node.items():
        for name, part in turns(key, value, mappings, given):
            if name in written:
                raise ValueError(f"{name} is there twice")
            written[name] = part
    return written


def turns(key, value, mappings, given):
    """The entries that an entry stands for: itself, or those of every turn of a loop."""
    if not key.startswith(LOOP):
        yield key, expanded(value, mappings, given)
        return
    identifier, collection, body = value
    items = expanded(collection, mappings, given)
    if isinstance(items, dict):
        items = given.get(items["Ref"])
    if items is None:
        yield key, [identifier, collection, expanded(body, mappings, given)]
        return
    for item in items:
        yield from expanded(replaced(body, identifier, item), mappings, given).items()


def expand(text, **given):
    """A template's text as a template without loops, but for those over parameters whose list is not given."""
    template = yaml.load(text, Loader)
    mappings = template.pop("Mappings", {})
    template = expanded(template, mappings, given)
    if isinstance(template["Transform"], list) and LOOP not in json.dumps(template):
        [template["Transform"]] = [name for name in template["Transform"] if name != EXTENSIONS]
    return template


if __name__ == "__main__":
    lists = dict(argument.split("=", 1) for argument in sys.argv[2:])
    lists = {name: [item for item in text.split(",") if item] for name, text in lists.items()}
    json.dump(expand(Path(sys.argv[1]).read_text(), **lists), sys.stdout, indent=1)
