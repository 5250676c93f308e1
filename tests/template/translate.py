"""Prints a SAM template as the CloudFormation template that AWS's own translator makes of it, as JSON.

usage: translate.py EXPANDED-TEMPLATE [Parameter=value ...]
"""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from boto3.session import Session
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator


def with_uploads(template):
    """The template with places in S3 where it names folders: the translator wants to see uploads."""
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        for name in ("CodeUri", "ContentUri"):
            if name in properties and not str(properties[name]).startswith("s3://"):
                properties[name] = "s3://bucket/key"
    return template


def translated(text, parameters):
    """A SAM template's text as a CloudFormation template."""
    translator = Translator({}, Parser(), boto_session=Session(region_name=os.environ["AWS_DEFAULT_REGION"]))
    return translator.translate(with_uploads(yaml_parse(text)), parameters)


if __name__ == "__main__":
    given = dict(argument.split("=", 1) for argument in sys.argv[2:])
    json.dump(translated(Path(sys.argv[1]).read_text(), given), sys.stdout, indent=1)
