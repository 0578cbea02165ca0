"""An engine child of slmdesk with the echo engine: `python child.py engine`."""

import sys
from pathlib import Path

if __name__ == "__main__":
    tests = Path(__file__).resolve().parents[2]
    sys.path[:1] = [str(tests.parent), str(tests)]
    from fakes.echo.engine import EchoEngine

    from slmdesk.__main__ import leave_no_core
    from slmdesk.children.worker.main import run_worker

    leave_no_core()
    sys.exit(run_worker(sys.argv[1:], EchoEngine))
