"""`python -m flashgen`."""

import sys

from flashgen.cli.main import run

sys.exit(run())
