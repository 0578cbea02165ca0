"""The engine on llama.cpp: the only package that imports llama_cpp."""

from slmdesk.children.engine.llama.engine import LlamaEngine

__all__ = ["LlamaEngine"]
