"""What CloudFront looks for in us-east-1 only: a certificate, a web ACL, and the delivery of access logs."""

from __future__ import annotations

from flashgen.edge.stack.bucket import deny_without_tls, private_bucket
from flashgen.edge.stack.intrinsics import Json, arn, attribute, policy_document, ref, resource, sub
from flashgen.edge.stack.options import UsEast1Options, resource_name

LOG_DAYS = 90
WINDOW_SECONDS = 60
"""The shortest span that a rate is counted over; a sale of minutes is over before a longer one acts:
https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based-high-level-settings.html"""

#: Without `cs(Cookie)`, which identifies buyers.
#: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html
LOG_FIELDS = (
    *("date", "time", "x-edge-location", "sc-bytes", "c-ip", "cs-method", "cs(Host)", "cs-uri-stem", "sc-status"),
    *("cs(Referer)", "cs(User-Agent)", "x-edge-result-type", "x-edge-request-id", "x-host-header", "cs-protocol"),
    *("cs-bytes", "time-taken", "ssl-protocol", "cs-protocol-version", "time-to-first-byte"),
    *("x-edge-detailed-result-type", "sc-content-type", "sc-content-len"),
)


def certificate_resources(options: UsEast1Options) -> Json:
    """A certificate that is issued when a DNS record proves whose the name is; the stack waits for that."""
    kind = "AWS::CertificateManager::Certificate"
    return {"Certificate": resource(kind, DomainName=options.alias, ValidationMethod="DNS")}


def web_acl_resources(options: UsEast1Options) -> Json:
    """A web ACL that lets everything through; a browser from whose address a flood of orders comes has to prove itself.

    Many phones share one address: a challenge lets their browsers through, and stops what is none.
    """
    name = resource_name(options.place)
    rule = {
        "Name": "orders",
        "Priority": 0,
        "Action": {"Challenge": {}},
        "Statement": {"RateBasedStatement": _orders_of_one_address(options.rate_limit)},
        "VisibilityConfig": _visibility(f"{name}-orders"),
    }
    acl = resource(
        "AWS::WAFv2::WebACL",
        Name=name,
        Scope="CLOUDFRONT",
        DefaultAction={"Allow": {}},
        Rules=[rule],
        VisibilityConfig=_visibility(name),
    )
    return {"WebAcl": acl}


def log_resources(options: UsEast1Options) -> Json:
    """Standard logging, version 2: into a bucket without ACLs, which the first version still needs.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html
    """
    return {**_log_bucket(), **_log_delivery(f"{resource_name(options.place)}-access", options.distribution)}


def _orders_of_one_address(limit: int) -> Json:
    path = {
        "ByteMatchStatement": {
            "FieldToMatch": {"UriPath": {}},
            "PositionalConstraint": "STARTS_WITH",
            "SearchString": "/o/",
            "TextTransformations": [{"Priority": 0, "Type": "URL_DECODE"}],
        }
    }
    return {
        "AggregateKeyType": "IP",
        "EvaluationWindowSec": WINDOW_SECONDS,
        "Limit": limit,
        "ScopeDownStatement": path,
    }


def _log_bucket() -> Json:
    expiry = {"Id": "expire", "Status": "Enabled", "ExpirationInDays": LOG_DAYS}
    policy = policy_document(_logs_are_delivered(), deny_without_tls("LogBucket"))
    return {
        "LogBucket": private_bucket(LifecycleConfiguration={"Rules": [expiry]}),
        "LogBucketPolicy": resource("AWS::S3::BucketPolicy", Bucket=ref("LogBucket"), PolicyDocument=policy),
    }


def _log_delivery(name: str, distribution: str) -> Json:
    """From the distribution, its source, to the bucket."""
    logged, bucket = arn("cloudfront", f"distribution/{distribution}"), attribute("LogBucket", "Arn")
    destination = resource(
        "AWS::Logs::DeliveryDestination", Name=name, DestinationResourceArn=bucket, OutputFormat="w3c"
    )
    return {
        "LogSource": resource("AWS::Logs::DeliverySource", Name=name, LogType="ACCESS_LOGS", ResourceArn=logged),
        "LogDestination": {**destination, "DependsOn": "LogBucketPolicy"},
        "LogDelivery": resource(
            "AWS::Logs::Delivery",
            DeliverySourceName=ref("LogSource"),
            DeliveryDestinationArn=attribute("LogDestination", "Arn"),
            RecordFields=list(LOG_FIELDS),
            S3SuffixPath="{yyyy}/{MM}/{dd}/{HH}",
        ),
    }


def _logs_are_delivered() -> Json:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html"""
    return {
        "Sid": "LogsAreDelivered",
        "Effect": "Allow",
        "Principal": {"Service": "delivery.logs.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": sub("${LogBucket.Arn}/*"),
        "Condition": {
            "StringEquals": {
                "aws:SourceAccount": ref("AWS::AccountId"),
                "s3:x-amz-acl": "bucket-owner-full-control",
            },
            "ArnLike": {"aws:SourceArn": arn("logs", "delivery-source:*", region="${AWS::Region}")},
        },
    }


def _visibility(name: str) -> Json:
    return {"CloudWatchMetricsEnabled": True, "MetricName": name, "SampledRequestsEnabled": True}
