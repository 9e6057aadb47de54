"""A real browser: the machine's Chromium, which knows no host but this one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


@contextmanager
def launched() -> Iterator[Browser]:
    """Run it without a window. Without Chromium the test is skipped, or fails where `CI` is set."""
    path = shutil.which("chromium")
    if path is None:
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing("no chromium on the PATH: apt-get install chromium")
    with sync_playwright() as playwright:
        # Chromium's sandbox does not start as root, which is what containers run tests as.
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS), chromium_sandbox=os.geteuid() != 0)
        yield browser
        browser.close()
