"""Compares a CloudFormation template with what cfn-lint and the model of CloudFront's API know.

    python tests/cloudfront_model.py TEMPLATE
    python tests/cloudfront_model.py --batch BATCH    an InvalidationBatch, with the model alone

cfn-lint checks the template as CloudFormation does, and is some weeks behind: its finding of a property that
the API's model has is printed, and is no failure. Whatever else is found ends the program with status 1.
"""

import gzip
import json
import pathlib
import re
import subprocess
import sys

import botocore

MODEL = pathlib.Path(botocore.__file__).parent / "data/cloudfront/2020-05-31/service-2.json.gz"
SHAPES = json.loads(gzip.decompress(MODEL.read_bytes()))["shapes"]

# Properties of CloudFormation that have another name in the API, apart from capital letters.
NAMES = {"IPV6Enabled": "IsIPV6Enabled", "OriginCustomHeaders": "CustomHeaders"}
# Members that the API requires, and CloudFormation adds by itself.
ADDED = {"CallerReference", "Quantity", "Comment"}
INTRINSICS = {"Ref", "Fn::Sub", "Fn::GetAtt", "Fn::If"}
CONFIGS = {
    "AWS::CloudFront::Distribution": "DistributionConfig",
    "AWS::CloudFront::CachePolicy": "CachePolicyConfig",
    "AWS::CloudFront::ResponseHeadersPolicy": "ResponseHeadersPolicyConfig",
    "AWS::CloudFront::Function": "FunctionConfig",
}


def main():
    file = sys.argv[-1]
    template = json.loads(pathlib.Path(file).read_text())
    faults = []
    if sys.argv[1] == "--batch":
        compare("batch", template, "InvalidationBatch", faults)
        return end(faults)
    for name, resource in template["Resources"].items():
        config = CONFIGS[resource["Type"]]
        compare(name, resource["Properties"][config], config, faults)
    for unknown in findings_of_cfn_lint(file, faults):
        print(f"cfn-lint does not know {unknown}")
    end(faults)


def end(faults):
    if faults:
        sys.exit("\n".join(faults))
    print("as the API has it")


def findings_of_cfn_lint(file, faults):
    command = [pathlib.Path(sys.executable).parent / "cfn-lint", "--format", "json", "--", file]
    found = subprocess.run(command, capture_output=True, text=True)
    for finding in json.loads(found.stdout or "[]"):
        property = re.search(r"^Additional properties are not allowed \('(\w+)' was unexpected\)", finding["Message"])
        if property and any(property[1] in shape.get("members", {}) for shape in SHAPES.values()):
            yield property[1]
        else:
            faults.append(f"cfn-lint: {finding['Rule']['Id']} {finding['Message']} {finding['Location']['Path']}")
    if found.stderr:
        faults.append(found.stderr)


def compare(place, value, shape_name, faults):
    if isinstance(value, dict) and INTRINSICS & value.keys():
        for branch in value.get("Fn::If", [])[1:]:
            compare(place, branch, shape_name, faults)
        return
    shape = SHAPES[shape_name]
    fault = lambda text: faults.append(f"{place}: {text}")
    match shape["type"]:
        case "structure" if isinstance(value, list):
            # A list of CloudFormation is a structure with `Quantity` and `Items`.
            items = shape["members"].get("Items")
            if items is None:
                return fault(f"{shape_name} is no list")
            compare(place, value, items["shape"], faults)
        case "structure" if isinstance(value, dict):
            compare_members(place, value, shape, faults)
        case "list" if isinstance(value, list):
            for index, item in enumerate(value):
                compare(f"{place}[{index}]", item, shape["member"]["shape"], faults)
        case "string" if isinstance(value, str):
            if "enum" in shape and value not in shape["enum"]:
                fault(f"{value!r} is not one of {shape['enum']}")
        case "boolean" if isinstance(value, bool):
            pass
        case "integer" | "long" if isinstance(value, int) and not isinstance(value, bool):
            pass
        case other:
            fault(f"{value!r} is no {other}")


def compare_members(place, value, shape, faults):
    members = {name.lower(): name for name in shape["members"]}
    seen = set()
    for name, inner in value.items():
        if name == "CachedMethods":
            # The API has it within `AllowedMethods`.
            compare(f"{place}.{name}", inner, "CachedMethods", faults)
            continue
        member = members.get(NAMES.get(name, name).lower())
        if member is None:
            faults.append(f"{place}: the API does not know {name}")
            continue
        seen.add(member)
        compare(f"{place}.{name}", inner, shape["members"][member]["shape"], faults)
    for member in set(shape.get("required", [])) - seen - ADDED:
        faults.append(f"{place}: {member} is missing")


main()
