"""One real engine with the starter model for all tests of this room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from children.engine.asking import LINEAR, Model, OpenModel

from slmdesk.base.types import LoadedModel, LoadSpec
from slmdesk.children.engine.llama import engine as engine_room
from slmdesk.children.engine.llama import loading
from slmdesk.children.engine.llama.cards import best_card
from slmdesk.children.engine.llama.engine import LlamaEngine
from slmdesk.children.engine.llama.vocabulary import Vocabulary, open_vocabulary

Load = Callable[..., LoadedModel]


@pytest.fixture(scope="session")
def load(starter_model: Path) -> Load:
    """Loads a file into an engine, as if all had been measured of it.

    What a load reads of the starter model's file is read once: contexts are new, but weights and words are shared.
    """

    open_weights, forecast_memory = loading.open_weights, loading.forecast_memory

    @cache
    def weights_of(path: str) -> loading.WeightFile:
        shared = open_weights(engine_room.load_library(), path, loading.check_model_file(path), lambda _: True)
        shared.close = lambda: None  # type: ignore[method-assign]
        return shared

    header, words = cache(loading.check_model_file), cache(loading.Vocabulary)
    forecasts: dict[tuple[object, ...], loading.ModelOutline] = {}

    def forecast(library, path, header, **sizes):
        key = (path, *sizes.values())
        if key not in forecasts:
            forecasts[key] = forecast_memory(library, path, header, **sizes)
        return forecasts[key]

    def it(engine: LlamaEngine, path: Path, **spec) -> LoadedModel:
        known = {"cost_curve": LINEAR, "template_checked": True, "behaves": True}
        with pytest.MonkeyPatch.context() as patch:
            if path == starter_model:
                patch.setattr(engine_room, "check_model_file", header)
            if path == starter_model and best_card() is None:
                patch.setattr(loading, "forecast_memory", forecast)
                patch.setattr(loading, "open_weights", lambda _library, path, *_: weights_of(path))
                patch.setattr(loading, "Vocabulary", words)
            return engine.load(LoadSpec(str(path), **known | spec), lambda _: True)

    return it


@pytest.fixture
def open_model(load: Load) -> Iterator[OpenModel]:
    """Load a file into an engine of its own; closed after the test."""
    engines: list[LlamaEngine] = []

    def it(path: Path, **spec) -> Model:
        engines.append(LlamaEngine())
        return Model(engines[-1], load(engines[-1], path, **spec))

    yield it
    for engine in engines:
        engine.close()


@pytest.fixture(scope="module")
def vocabulary(starter_model: Path) -> Iterator[Vocabulary]:
    """The words of the real model."""
    with open_vocabulary(starter_model) as opened:
        yield opened


@pytest.fixture(scope="module")
def engine() -> Iterator[LlamaEngine]:
    """One with nothing loaded, for all tests of a file."""
    engine = LlamaEngine()
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def shared_engine() -> Iterator[LlamaEngine]:
    engine = LlamaEngine()
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def starter(shared_engine: LlamaEngine, starter_model: Path, load: Load) -> Model:
    """The real model, loaded once: something of what other tests asked may be in its memory."""
    return Model(shared_engine, load(shared_engine, starter_model, context_tokens=4096))


@pytest.fixture
def fresh_starter(shared_engine: LlamaEngine, starter_model: Path, load: Load) -> Iterator[Model]:
    """The real model with nothing in its memory."""
    fresh = Model(shared_engine, load(shared_engine, starter_model, context_tokens=4096))
    yield fresh
    shared_engine.unload(fresh.info.handle)
