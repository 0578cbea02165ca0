"""Loaded by every Python of `make coverage`: a child in its sandbox may write down which lines it ran."""

import json
import os
from pathlib import Path

REACH = "SLMDESK_MAY_OPEN"  # slmdesk.children.reach.REACH_VARIABLE: nothing may import that as early as this

if (given := os.environ.get(REACH)) and (kept := os.environ.get("COVERAGE_FILE")):
    reach = json.loads(given)
    reach["write"] = [*reach.get("write", ()), str(Path(kept).parent)]
    os.environ[REACH] = json.dumps(reach)
