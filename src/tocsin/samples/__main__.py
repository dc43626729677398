"""`python -m tocsin.samples FOLDER` makes every sample server there."""

import sys
from pathlib import Path

from tocsin import samples

for name in samples.names():
    sys.stdout.write(f"{samples.build(name, Path(sys.argv[1]))}\n")
