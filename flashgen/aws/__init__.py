"""Every question to AWS but S3: CloudFront, CloudFormation, STS, secrets."""
