"""Whether a webhook that comes in is signed as Standard Webhooks has it (https://www.standardwebhooks.com)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError


def is_signed(keys: Iterable[bytes], headers: Mapping[str, str], body: bytes) -> bool:
    """Whether one of `keys` signed `body`, which is JSON, five minutes ago at most."""
    return any(_is_signed(key, headers, body) for key in keys)


def _is_signed(key: bytes, headers: Mapping[str, str], body: bytes) -> bool:
    # Only an end without an exception is a good signature: the library raises ValueError, too, for a header field that
    # it cannot read.
    try:
        Webhook(key).verify(body, dict(headers))
    except (WebhookVerificationError, ValueError, RecursionError):
        return False
    return True
