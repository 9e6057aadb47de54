"""CloudFormation's functions and the shapes that its resources share, as JSON has them."""

from __future__ import annotations

from typing import Any

#: A part of a template: what `json` takes.
Json = dict[str, Any]


def ref(resource: str) -> Json:
    """What a resource is called: of most kinds its id or name."""
    return {"Ref": resource}


def attribute(resource: str, name: str) -> Json:
    """One of a resource's attributes."""
    return {"Fn::GetAtt": [resource, name]}


def resource(kind: str, **properties: Any) -> Json:
    """A resource of a type such as `AWS::S3::Bucket`."""
    return {"Type": kind, "Properties": properties}


def policy_document(*statements: Json) -> Json:
    """An IAM policy, of a bucket or to attach."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def sub(text: str) -> Json | str:
    """`text` with its `${Resource}` and `${AWS::Region}` filled in by CloudFormation."""
    return {"Fn::Sub": text} if "${" in text else text


def arn(service: str, rest: str, *, region: str = "", account: str = "${AWS::AccountId}") -> Json | str:
    """`arn:<partition>:<service>:<region>:<account>:<rest>` in the stack's partition (China and GovCloud differ)."""
    return sub(f"arn:${{AWS::Partition}}:{service}:{region}:{account}:{rest}")
