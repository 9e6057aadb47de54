"""`python -m flashgen`."""

import sys

from flashgen.cli.process import run

sys.exit(run())
