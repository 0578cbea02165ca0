"""One real engine with the starter model for all tests of this room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from engine.asking import LINEAR, Model, OpenModel

from slmdesk.core.types import LoadSpec
from slmdesk.engine.llama import LlamaEngine


@pytest.fixture
def open_model() -> Iterator[OpenModel]:
    """Load a file into an engine of its own; closed after the test."""
    engines: list[LlamaEngine] = []

    def load(path: Path, **spec) -> Model:
        engine = LlamaEngine()
        engines.append(engine)
        info = engine.load(
            LoadSpec(str(path), **{"cost_curve": LINEAR, "template_checked": True, "flash": True} | spec),
            lambda _: True,
        )
        return Model(engine, info)

    yield load
    for engine in engines:
        engine.close()


@pytest.fixture(scope="session")
def shared_engine() -> Iterator[LlamaEngine]:
    engine = LlamaEngine()
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def starter(shared_engine: LlamaEngine, starter_model: Path) -> Iterator[Model]:
    """The real model, loaded once for the tests of a file: something of what they asked may be in its memory."""
    yield from _loaded(shared_engine, starter_model)


@pytest.fixture
def fresh_starter(shared_engine: LlamaEngine, starter_model: Path) -> Iterator[Model]:
    """The real model, freshly loaded, with nothing in its memory."""
    yield from _loaded(shared_engine, starter_model)


def _loaded(engine: LlamaEngine, path: Path) -> Iterator[Model]:
    spec = LoadSpec(str(path), cost_curve=LINEAR, template_checked=True, context_tokens=4096, flash=True)
    info = engine.load(spec, lambda _: True)
    yield Model(engine, info)
    engine.unload(info.handle)
