"""The engine on llama.cpp: the only importer of llama_cpp."""
