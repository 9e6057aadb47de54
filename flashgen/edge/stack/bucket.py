"""The bucket that holds a sale: private, versioned, read by one distribution only."""

from __future__ import annotations

from flashgen.edge.stack.intrinsics import Json, arn, attribute, ref, sub
from flashgen.edge.stack.options import Place
from flashgen.layout import PRIVATE_FOLDER

#: How long a replaced or deleted version can be brought back.
NONCURRENT_DAYS = 30
#: An upload in parts that nobody finished.
ABORT_UPLOADS_DAYS = 7

# RetainExceptOnCreate: a stack that could not be created leaves no bucket behind to stand in the way of the next try;
# from then on the bucket stays whatever happens to the stack.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
_KEPT = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}


def bucket_resources(place: Place) -> Json:
    """The bucket and its policy."""
    return {
        "Bucket": private_bucket(
            {
                "BucketName": place.bucket,
                "VersioningConfiguration": {"Status": "Enabled"},
                "LifecycleConfiguration": {"Rules": [_lifecycle()]},
            }
        ),
        "BucketPolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": ref("Bucket"),
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [_distribution_reads(place), _nobody_reads_private(place), deny_without_tls("Bucket")],
                },
            },
        },
    }


def private_bucket(properties: Json) -> Json:
    """A bucket that nobody reads without a policy that says so: no public access, no ACLs, encrypted by S3's keys."""
    return {
        "Type": "AWS::S3::Bucket",
        **_KEPT,
        "Properties": {
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
            **properties,
        },
    }


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


def _distribution_reads(place: Place) -> Json:
    """The account too: a distribution's id alone could be somebody else's one day (the confused deputy)."""
    return {
        "Sid": "DistributionReads",
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": sub(f"${{Bucket.Arn}}/{place.key('*')}"),
        "Condition": {
            "StringEquals": {
                "AWS:SourceArn": arn("cloudfront", "distribution/${Distribution}"),
                "AWS:SourceAccount": ref("AWS::AccountId"),
            }
        },
    }


def _nobody_reads_private(place: Place) -> Json:
    """Manifests, journals and what gates need. A denial outweighs every permission, also one that is added later."""
    return {
        "Sid": "DistributionReadsNothingPrivate",
        "Effect": "Deny",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:*",
        "Resource": [sub("${Bucket.Arn}/" + folder + PRIVATE_FOLDER + "/*") for folder in ("", "*/")],
    }
