"""Runs before the frozen program."""

import sys
from types import ModuleType

sys.dont_write_bytecode = True  # what is beside the source of a few libraries would be files too many
sys.modules["diskcache"] = ModuleType("diskcache")  # llama-cpp-python imports it for a cache that nothing here makes
