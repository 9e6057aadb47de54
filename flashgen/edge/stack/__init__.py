"""The sale's own bucket and CDN as a CloudFormation template, made from the same data as the local edge."""
