"""What CloudFormation says, in flashgen's words.

Codes: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

from flashgen.aws import errors as aws_errors
from flashgen.aws.errors import Codes, Meaning
from flashgen.errors import StoreError


class NotNow(StoreError):
    """A change set can be neither carried out nor deleted while it is being made."""


_CODES: Final[Codes] = {
    "ValidationError": Meaning(StoreError),
    "InvalidChangeSetStatus": Meaning(NotNow),
}


def explained(action: str, stack: str, region: str) -> AbstractContextManager[None]:
    """Turn what botocore raises into `StoreError`. `action` is IAM's, without `cloudformation:`."""
    arn = f"arn:aws:cloudformation:{region}:*:stack/{stack}/*"
    return aws_errors.explained(f"stack {stack}", f"cloudformation:{action}", arn, _CODES)
