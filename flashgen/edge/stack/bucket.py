"""The bucket that holds a sale: private, versioned, read by one distribution only."""

from __future__ import annotations

from typing import Any

from flashgen.addresses import BucketAddress
from flashgen.edge.stack.intrinsics import Json, arn, attribute, policy_document, ref, resource, sub
from flashgen.layout import PRIVATE_FOLDER, host_key, manifest_key, mark_key, passes_key
from flashgen.store.s3.bucket import PUBLIC_ACCESS_BLOCKS

#: How long a replaced or deleted version can be brought back.
NONCURRENT_DAYS = 30
#: For an upload in parts that was never finished.
ABORT_UPLOADS_DAYS = 7

#: What several people, or gates, change: each write says which state it follows.
CONDITIONAL = ("*/unlock.*.js", manifest_key("*"), mark_key("*"), passes_key("*"), host_key())

# RetainExceptOnCreate: a stack that could not be created leaves no bucket behind to stand in the way of the next try;
# from then on the bucket stays whatever happens to the stack.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
_KEPT = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}


def bucket_resources(place: BucketAddress) -> Json:
    """The bucket and its policy."""
    return {
        "Bucket": private_bucket(
            BucketName=place.bucket,
            VersioningConfiguration={"Status": "Enabled"},
            LifecycleConfiguration={"Rules": [_lifecycle()]},
        ),
        "BucketPolicy": resource(
            "AWS::S3::BucketPolicy",
            Bucket=ref("Bucket"),
            PolicyDocument=policy_document(
                *_distribution_reads(place),
                _nobody_reads_private(),
                _nobody_overwrites_unseen(place),
                deny_without_tls("Bucket"),
            ),
        ),
    }


def private_bucket(**properties: Any) -> Json:
    """A bucket that only its policy opens: no public access, no ACLs, encrypted with S3's keys."""
    encryption = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    bucket = resource(
        "AWS::S3::Bucket",
        PublicAccessBlockConfiguration=dict.fromkeys(PUBLIC_ACCESS_BLOCKS, True),
        OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        BucketEncryption={"ServerSideEncryptionConfiguration": [encryption]},
        **properties,
    )
    return {**bucket, **_KEPT}


def deny_without_tls(bucket: str) -> Json:
    """A statement for the policy of the bucket with this name in the template."""
    return {
        "Sid": "NobodyWithoutTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [attribute(bucket, "Arn"), sub(f"${{{bucket}.Arn}}/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _lifecycle() -> Json:
    return {
        "Id": "old-versions",
        "Status": "Enabled",
        "NoncurrentVersionExpiration": {"NoncurrentDays": NONCURRENT_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": ABORT_UPLOADS_DAYS},
    }


def _distribution_reads(place: BucketAddress) -> list[Json]:
    """What is public; and it may list: without that right S3 answers 403 for what is missing, which no CDN keeps, so
    that each visitor of a mistyped link would reach the bucket. The index function turns `/`, which would show the
    list, into `/index.html`."""
    ours = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Condition": {"StringEquals": {"AWS:SourceArn": arn("cloudfront", "distribution/${Distribution}")}},
    }
    objects = sub(f"${{Bucket.Arn}}/{place.key('*')}")
    return [
        {"Sid": "DistributionReads", **ours, "Action": "s3:GetObject", "Resource": objects},
        {"Sid": "MissingIsNotForbidden", **ours, "Action": "s3:ListBucket", "Resource": attribute("Bucket", "Arn")},
    ]


def _nobody_overwrites_unseen(place: BucketAddress) -> Json:
    """Two who write at the same time: one wins, the other is told. Here the bucket says so itself, also to `aws s3 cp`
    and to whoever owns the account. Copies and uploads in parts carry no condition, and are refused too:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html"""
    return {
        "Sid": "NobodyOverwritesUnseen",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": [sub(f"${{Bucket.Arn}}/{place.key(pattern)}") for pattern in CONDITIONAL],
        "Condition": {"Null": {"s3:if-match": "true", "s3:if-none-match": "true"}},
    }


def _nobody_reads_private() -> Json:
    """Manifests, journals and what gates need. A denial outweighs every permission, also one that is added later."""
    return {
        "Sid": "DistributionReadsNothingPrivate",
        "Effect": "Deny",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:*",
        "Resource": [sub("${Bucket.Arn}/" + folder + PRIVATE_FOLDER + "/*") for folder in ("", "*/")],
    }
