"""Plans a load: how many cells and sequences a model gets, and how many of its layers a graphics card holds."""

from __future__ import annotations

from collections.abc import Callable

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.base.types import LoadSpec
from slmdesk.engine.llama.curve import CostCurve
from slmdesk.engine.llama.devices import Card
from slmdesk.engine.llama.library import Library
from slmdesk.engine.llama.memory import free_memory
from slmdesk.engine.llama.model import ON_PROCESSOR, ModelOutline, Placement, forecast_memory
from slmdesk.gguf.memory import KEPT_SEQUENCES, MOST_SEQUENCES, STATEFUL_SEQUENCES, choose_pool, estimate
from slmdesk.gguf.offload import card_needs
from slmdesk.gguf.read import GgufHeader

_FAR_TOO_MUCH = 1.3
"""Times the free memory: above it, the formula's estimate is enough to refuse; below, the library's sizes count."""


class Plan(Record):
    context_tokens: int
    cells: int
    sequences: int | None
    places: int
    placement: Placement = ON_PROCESSOR


def plan_load(
    library: Library,
    spec: LoadSpec,
    header: GgufHeader,
    on_work: Callable[[], None],
    card: Card | None = None,
    most_layers: int = 0,
) -> Plan:
    """Choose the memory; at most `most_layers` go onto the `card`.

    Raises KnownError `model.out_of_memory` when the model does not fit beside other programs.  With `spec.anyway` it
    gets exactly what was requested: then the system decides, and ends this child first.
    """
    limit = max(1, min(spec.context_tokens, header.context_length or spec.context_tokens))
    requested = spec.sequences or (CostCurve(spec.cost_curve).default_sequences() if spec.cost_curve else None)
    places = (requested or MOST_SEQUENCES) + KEPT_SEQUENCES
    asked = max(limit, spec.pool_tokens or limit)
    available = free_memory().available
    card_bytes = card.device.free_bytes if card and not card.device.is_integrated else 0
    rough = estimate(header, context_tokens=asked)
    if (
        rough.total > _FAR_TOO_MUCH * (available + card_bytes) and not spec.anyway
    ):  # allocating a pool that large alone takes minutes
        raise KnownError("model.out_of_memory", needed_bytes=rough.total, available_bytes=available)
    whole = Placement(card, header.layers + 1) if card else ON_PROCESSOR
    sketch = forecast_memory(library, spec.path, header, cells=asked, max_sequences=places, placement=whole)
    on_work()
    if sketch.keeps_state and not spec.sequences:
        requested, places = STATEFUL_SEQUENCES, 2 * STATEFUL_SEQUENCES
        sketch = forecast_memory(library, spec.path, header, cells=asked, max_sequences=places, placement=whole)
    layers, on_card = _on_card(header, sketch, card, asked, places, most_layers)
    in_pc = changed(sketch.parts, weights=sketch.parts.weights - (on_card if card_bytes else 0))
    if in_pc.total > available and not spec.anyway:
        raise KnownError("model.out_of_memory", needed_bytes=in_pc.total, available_bytes=available)
    cells = asked if spec.pool_tokens else choose_pool(limit, in_pc, available)
    if _on_card(header, sketch, card, cells, places, most_layers)[0] < layers:
        cells = asked  # a second context is not worth layers that the processor would have to do
    return Plan(limit, cells, requested, places, Placement(card, layers) if layers else ON_PROCESSOR)


def _on_card(
    header: GgufHeader, sketch: ModelOutline, card: Card | None, cells: int, places: int, most: int
) -> tuple[int, int]:
    if card is None:
        return 0, 0
    needs = card_needs(
        header,
        context_tokens=cells,
        sequences=places,
        batch=sketch.batch_tokens,
        compute_bytes=sketch.card_compute,
    )
    layers = min(most, needs.layers_within(card.device.free_bytes))
    copied = header.tensors.table_bytes if "output.weight" not in header.tensors.shapes else 0
    return layers, max(0, needs.bytes_of(layers) - sketch.card_compute - copied)
