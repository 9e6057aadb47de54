"""Print the N-th command of the README's first section of commands, as a reader would paste it."""

import re
import sys
from pathlib import Path

readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
commands = re.findall(r"^```console\n(.+?)\n```$", readme, re.MULTILINE | re.DOTALL)
print(commands[int(sys.argv[1]) - 1])
