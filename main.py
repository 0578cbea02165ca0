"""Start slmdesk: the window without arguments, else the command line, else a child process (--worker ROLE)."""

import sys

from slmdesk.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
