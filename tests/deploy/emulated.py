"""The template as the emulator can deploy it. It reads no OpenAPI `Body` of an HTTP API, so that is written out as the
routes, integrations and authorizers it stands for; and it leaves number parameters texts, so those are
filled in; everything else is what AWS's translator makes of template.yaml."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "template"))
import translate

METHODS = ("get", "post", "put", "delete", "patch")


def deployable(text, parameters):
    """A SAM template's text as a CloudFormation template without a Body."""
    template = translate.translated(text, parameters)
    resources = template["Resources"]
    apis = {name: resource for name, resource in resources.items() if resource["Type"] == "AWS::ApiGatewayV2::Api"}
    for name, api in apis.items():
        body = api["Properties"].pop("Body")
        api["Properties"] |= {"Name": body["info"]["title"], "ProtocolType": "HTTP"}
        schemes = body["components"]["securitySchemes"]
        resources |= authorizers(name, schemes) | routes(name, body["paths"], schemes)
    return template | {"Resources": with_numbers(resources, numbers(template, parameters))}


def numbers(template, parameters):
    """The parameters that are numbers, as numbers."""
    declared = template["Parameters"].items()
    return {name: int(parameters.get(name, parameter.get("Default")))
            for name, parameter in declared if parameter["Type"] == "Number"}


def with_numbers(node, values):
    """What refers to a number, with that number in place of the reference: the emulator would take it for a text."""
    if isinstance(node, list):
        return [with_numbers(item, values) for item in node]
    if isinstance(node, dict):
        reference = node.get("Ref") if len(node) == 1 else None
        return values[reference] if reference in values else {key: with_numbers(item, values) for key, item in node.items()}
    return node


def authorizers(api, schemes):
    """An authorizer for every scheme that verifies tokens."""
    return {
        f"{api}{scheme}": {
            "Type": "AWS::ApiGatewayV2::Authorizer",
            "Properties": {
                "ApiId": {"Ref": api},
                "Name": scheme,
                "AuthorizerType": "JWT",
                "IdentitySource": [definition["x-amazon-apigateway-authorizer"]["identitySource"]],
                "JwtConfiguration": {
                    "Issuer": definition["x-amazon-apigateway-authorizer"]["jwtConfiguration"]["issuer"],
                    "Audience": definition["x-amazon-apigateway-authorizer"]["jwtConfiguration"]["audience"],
                },
            },
        }
        for scheme, definition in schemes.items()
        if "x-amazon-apigateway-authorizer" in definition
    }


def routes(api, paths, schemes):
    """A route and its integration for every operation."""
    written = {}
    for path, operations in paths.items():
        for method in METHODS:
            if method not in operations:
                continue
            operation = operations[method]
            # A logical id has letters and digits only: /console/{file+} is ConsoleFile.
            name = f"{api}{method.title()}{''.join(word.title() for word in re.findall('[A-Za-z0-9]+', path))}"
            integration = operation["x-amazon-apigateway-integration"]
            written[f"{name}Integration"] = {
                "Type": "AWS::ApiGatewayV2::Integration",
                "Properties": {
                    "ApiId": {"Ref": api},
                    "IntegrationType": "AWS_PROXY",
                    "IntegrationUri": integration["uri"],
                    "PayloadFormatVersion": integration["payloadFormatVersion"],
                },
            }
            written[name] = {
                "Type": "AWS::ApiGatewayV2::Route",
                "Properties": {
                    "ApiId": {"Ref": api},
                    "RouteKey": f"{method.upper()} {path}",
                    "Target": {"Fn::Sub": "integrations/${" + name + "Integration}"},
                    **security(api, operation, schemes),
                },
            }
    return written


def security(api, operation, schemes):
    """How a route's callers prove who they are."""
    [requirement] = operation["security"]
    [scheme] = requirement
    if scheme == "NONE":
        # Anybody may call: the page, and whether the service is well.
        return {"AuthorizationType": "NONE"}
    if "x-amazon-apigateway-authorizer" in schemes[scheme]:
        return {"AuthorizationType": "JWT", "AuthorizerId": {"Ref": f"{api}{scheme}"}}
    return {"AuthorizationType": "AWS_IAM"}
