"""How tests start the program as a person does."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SLMDESK = [sys.executable, str(ROOT / "main.py")]
