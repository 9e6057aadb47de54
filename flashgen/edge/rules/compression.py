"""What an edge compresses: text of 1,000 to 10,000,000 bytes, as CloudFront does.

Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html
"""

from __future__ import annotations

import gzip
import re

SMALLEST_BYTES = 1_000
LARGEST_BYTES = 10_000_000

_TEXT = re.compile(r"text/.+|application/(javascript|json|xml|.+\+(json|xml))|image/svg\+xml|font/(otf|ttf)")
_CODING = re.compile(r"\s*(gzip|x-gzip|\*)\s*(?:;\s*q=([0-9.]+)\s*)?", re.IGNORECASE)


def is_compressible(content_type: str, body_bytes: int) -> bool:
    """Whether the edge compresses a body of that type and size for viewers who accept it."""
    kind = content_type.partition(";")[0].strip().lower()
    return SMALLEST_BYTES <= body_bytes <= LARGEST_BYTES and _TEXT.fullmatch(kind) is not None


def gzipped(body: bytes) -> bytes:
    """The body in gzip, without a time in it: same bytes in, same bytes out."""
    return gzip.compress(body, compresslevel=6, mtime=0)


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether a viewer takes gzip (RFC 9110, 12.5.3). What names `gzip` counts more than `*`."""
    weights: dict[str, float] = {}
    for part in accept_encoding.split(","):
        if found := _CODING.fullmatch(part):
            weights[found[1].lower().removeprefix("x-")] = _weight(found[2])
    return weights.get("gzip", weights.get("*", 0)) > 0


def _weight(text: str | None) -> float:
    try:
        return 1 if text is None else float(text)
    except ValueError:
        return 0
