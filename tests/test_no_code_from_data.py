"""Row P4: no pickle, no eval, no shell, no cache of pickles, anywhere in the package."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "slmdesk"
MODULES = {"pickle", "cPickle", "_pickle", "dill", "shelve", "marshal", "joblib", "cloudpickle", "code", "codeop"}
CALLS = {"eval", "exec", "compile", "__import__"}
ATTRIBUTES = {
    ("os", "system"), ("os", "popen"), ("subprocess", "getoutput"), ("subprocess", "getstatusoutput"),
    ("numpy", "load"), ("np", "load"), ("torch", "load"), ("yaml", "load"),
}  # fmt: skip
NAMES = {"LlamaDiskCache", "LlamaRAMCache"}
WORDS = re.compile(
    rf"\b(?:{'|'.join((MODULES | NAMES) - {'code'})})\b|(?:import|from|,)\s+code\b|(?<![\w.])(?:{'|'.join(CALLS)})\b"
    r"|\.\s*(?:system|popen|getoutput|getstatusoutput|load)\b|\bshell\s*=|allow_pickle"
)
"""What a file must hold to be taken apart at all: most hold none of it."""


def findings(source: str) -> list[str]:
    """What of it could run code out of data."""
    hits: list[str] = []
    kinds = {ast.Import, ast.ImportFrom, ast.Call, ast.Attribute, ast.keyword}
    for node in (node for node in ast.walk(ast.parse(source)) if type(node) in kinds):
        match node:
            case ast.Import(names=names):
                hits += [each.name for each in names if each.name.split(".")[0] in MODULES]
            case ast.ImportFrom(module=module, names=names):
                hits += [module] if (module or "").split(".")[0] in MODULES else []
                hits += [each.name for each in names if each.name in NAMES]
            case ast.Call(func=ast.Name(id=name)) if name in CALLS:
                hits.append(name)
            case ast.Attribute(value=ast.Name(id=owner), attr=attribute) if (owner, attribute) in ATTRIBUTES:
                hits.append(f"{owner}.{attribute}")
            case ast.Attribute(attr=attribute) if attribute in NAMES:
                hits.append(attribute)
            case ast.keyword(arg="shell", value=value) if not (isinstance(value, ast.Constant) and not value.value):
                hits.append("shell=")
            case ast.keyword(arg="allow_pickle", value=ast.Constant(value=True)):
                hits.append("allow_pickle")
    return hits


@pytest.mark.pure
def test_p4_no_code_comes_out_of_data():
    sources = sorted(PACKAGE.rglob("*.py"))
    assert len(sources) > 20
    texts = {str(path.relative_to(PACKAGE)): path.read_text("utf-8") for path in sources}
    hits = {name: findings(text) for name, text in texts.items() if WORDS.search(text)}
    assert {name: what for name, what in hits.items() if what} == {}


@pytest.mark.pure
@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "eval('1')",
        "import subprocess\nsubprocess.run('x', shell=True)",
        "import os\nos.system('x')",
        "from llama_cpp import LlamaDiskCache",
        "llama_cpp.LlamaDiskCache()",
        "np.load('x', allow_pickle=True)",
    ],
)
def test_p4_the_control_finds_each(source):
    assert WORDS.search(source)
    assert findings(source)
