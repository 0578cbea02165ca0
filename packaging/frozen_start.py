"""Runs before the frozen program: llama-cpp-python imports diskcache for a cache that nothing here makes."""

import sys
from types import ModuleType

sys.modules["diskcache"] = ModuleType("diskcache")
