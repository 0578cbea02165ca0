"""The engine on llama.cpp: the only importer of llama_cpp."""

from slmdesk.engine.llama.engine import LlamaEngine

__all__ = ["LlamaEngine"]
