"""python -m faxline: the command line."""

import sys

from faxline.cli import main

sys.exit(main())
