"""Pictures in prompts, with tiny models of four families: read as llama.cpp reads them, kept, told where broken."""

from __future__ import annotations

import base64
import ctypes
import hashlib

import numpy as np
import pytest
from children.engine.asking import GREEDY, LINEAR
from fakes import tiny_vision
from fakes.tiny_gguf import tiny_projector, write

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.types import ChatMessage, LoadSpec, Picture, Role, TextPart
from slmdesk.children.engine.interface import Finished, Request, RequestFailed
from slmdesk.children.engine.llama.engine import LlamaEngine
from slmdesk.children.engine.llama.library import load_library
from slmdesk.children.engine.llama.sight import run_of, runs_in

pytestmark = pytest.mark.model
FAMILIES = {
    "gemma": tiny_vision.gemma3,
    "qwen": tiny_vision.qwen25vl,
    "smolvlm": tiny_vision.smolvlm,
    "paddleocr": tiny_vision.paddleocr,
}
EVERY = [
    pytest.param("gemma", marks=pytest.mark.soak),
    "qwen",
    pytest.param("paddleocr", marks=pytest.mark.soak),
    pytest.param("smolvlm", marks=pytest.mark.soak),
]
MOST = 8


def picture(width: int = 70, height: int = 50, seed: int = 0) -> Picture:
    data = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8).tobytes()
    return Picture(width, height, base64.b64encode(data).decode(), hashlib.sha256(data).hexdigest())


def asking(text: str, *pictures: Picture) -> ChatMessage:
    return ChatMessage(Role.USER, (TextPart(text),), pictures)


class Seeing:
    """A tiny model that sees, loaded."""

    def __init__(self, model, projector, **spec) -> None:
        self.path, self.engine = model, LlamaEngine()
        known = {"cost_curve": LINEAR, "template_checked": True, "behaves": True, "context_tokens": 1024}
        given = LoadSpec(str(model), projector=str(projector), **known | spec)
        self.handle = self.engine.load(given, lambda _: True).handle

    def ask(self, *messages: ChatMessage, most: int = MOST, **more) -> Finished | RequestFailed:
        sampling = changed(GREEDY, max_tokens=most)
        [*_, end] = self.engine.generate([Request("a", self.handle, messages, sampling=sampling, **more)])
        assert isinstance(end, Finished | RequestFailed)
        return end


@pytest.fixture
def seeing(tmp_path):
    made: list[Seeing] = []

    def make(family: str, **spec) -> Seeing:
        made.append(Seeing(*FAMILIES[family](tmp_path), **spec))
        return made[-1]

    yield make
    for seer in made:
        seer.engine.close()


def read_by_the_library(path, projector, prompt: str, shown: Picture) -> tuple[str, int]:
    """What llama.cpp's own helper makes of a prompt with a picture: the words that follow, and its number of tokens."""
    from llama_cpp import mtmd_cpp as mtmd

    api = load_library().api
    params = api.llama_model_default_params()
    params.n_gpu_layers = 0
    model = api.llama_model_load_from_file(str(path).encode(), params)
    wanted = api.llama_context_default_params()
    wanted.n_ctx, wanted.n_batch, wanted.n_ubatch, wanted.n_threads, wanted.n_threads_batch = 1024, 512, 512, 1, 1
    context = api.llama_init_from_model(model, wanted)
    given = mtmd.mtmd_context_params_default()
    given.use_gpu, given.image_max_tokens = False, 1024 if "qwen" in path.name else -1
    eyes = mtmd.mtmd_init_from_file(str(projector).encode(), model, given)
    data = base64.b64decode(shown.data)
    bitmap = mtmd.mtmd_bitmap_init(shown.width, shown.height, (ctypes.c_uint8 * len(data)).from_buffer_copy(data))
    raw, chunks = prompt.encode(), mtmd.mtmd_input_chunks_init()
    text = mtmd.mtmd_input_text(raw, len(raw), False, True)
    assert mtmd.mtmd_tokenize(eyes, chunks, ctypes.byref(text), (ctypes.c_void_p * 1)(bitmap), 1) == 0
    at = ctypes.c_int32(0)
    assert mtmd.mtmd_helper_eval_chunks(eyes, context, chunks, 0, 0, 512, True, ctypes.byref(at)) == 0
    vocab, out, position = api.llama_model_get_vocab(model), bytearray(), at.value
    size = api.llama_vocab_n_tokens(vocab)
    batch = api.llama_batch_init(1, 0, 1)
    for _ in range(MOST):
        token = int(np.argmax(np.ctypeslib.as_array(api.llama_get_logits_ith(context, -1), (size,))))
        if api.llama_vocab_is_eog(vocab, token):
            break
        piece = ctypes.create_string_buffer(64)
        length = api.llama_token_to_piece(vocab, token, piece, 64, 0, False)
        out += piece.raw[:length]
        batch.n_tokens, batch.token[0], batch.pos[0], batch.n_seq_id[0], batch.logits[0] = 1, token, position, 1, 1
        batch.seq_id[0][0] = 0
        assert api.llama_decode(context, batch) == 0
        position += 1
    count = mtmd.mtmd_helper_get_n_tokens(chunks)
    api.llama_batch_free(batch)
    mtmd.mtmd_input_chunks_free(chunks)
    mtmd.mtmd_bitmap_free(bitmap)
    mtmd.mtmd_free(eyes)
    api.llama_free(context)
    api.llama_model_free(model)
    return out.decode("utf-8", "replace"), count


@pytest.mark.parametrize("family", EVERY)
def test_a_picture_is_read_as_the_library_reads_it_and_kept(family: str, seeing, tmp_path) -> None:
    seer, shown = seeing(family), picture()
    question = asking("hello", shown)
    rendered = seer.engine.render(seer.handle, (question,))
    first = seer.ask(question)
    assert isinstance(first, Finished), first
    before, behind = rendered.text.split("hello")
    prompt = f"{before}<__media__>hello{behind}"
    words, count = read_by_the_library(seer.path, FAMILIES[family](tmp_path)[1], prompt, shown)
    assert rendered.tokens == count
    assert first.answer.text == words[: len(first.answer.text)]
    assert len(words) <= len(first.answer.text) + 1  # half a character at the limit is left out
    assert first.answer.usage.prompt_tokens == rendered.tokens
    other = seer.ask(asking("other words", shown)).answer
    assert other.usage.cached_tokens >= rendered.tokens - len("hello<|im_end|>|im_start|>assistant  ")
    changed_picture = seer.ask(asking("hello", picture(seed=1))).answer
    assert changed_picture.usage.cached_tokens < 30
    assert seer.ask(question).answer.text == first.answer.text


@pytest.mark.parametrize("family", EVERY)
def test_a_state_knows_its_picture_and_goes_on(family: str, seeing, tmp_path) -> None:
    seer, shown = seeing(family), picture()
    question = asking("hello", shown)
    told = seer.ask(question).answer
    said = ChatMessage(Role.ASSISTANT, (TextPart(told.text),))
    follow = (question, said, asking("and then"))
    state = seer.engine.state_of(seer.handle, (question, said))
    assert state is not None
    assert runs_in(np.frombuffer(state.tokens, "<i4").tolist())
    continued = seer.ask(*follow).answer
    two = seeing(family)
    read = two.engine.restore(two.handle, state.tokens, lambda: bytes(state.data))
    assert read == len(state.tokens) // 4
    restored = two.ask(question, said, asking("and then", *())).answer
    assert restored.text == continued.text
    assert restored.usage.cached_tokens >= read - 2


@pytest.mark.parametrize("family", EVERY)
def test_requests_with_pictures_are_answered_beside_others(family: str, seeing) -> None:
    seer, alone = seeing(family), {}
    messages = {"x": asking("hello", picture()), "y": asking("hello", picture(30, 40, 2), picture()), "z": asking("no")}
    for key, message in messages.items():
        alone[key] = seer.ask(message).answer.text
    two = seeing(family)
    sampling = changed(GREEDY, max_tokens=MOST)
    requests = [Request(key, two.handle, (message,), sampling=sampling) for key, message in messages.items()]
    together = {event.key: event.answer for event in two.engine.generate(requests) if isinstance(event, Finished)}
    assert together.keys() == messages.keys()
    assert all(answer.text[:1] == alone[key][:1] for key, answer in together.items())


def test_a_broken_or_wrong_projector_is_said_and_words_are_still_read(tmp_path) -> None:
    model, right = tiny_vision.gemma3(tmp_path)
    wrong = tiny_vision.qwen25vl(tmp_path)[1]
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(right.read_bytes()[:-4000])
    strange = write(tmp_path / "strange.gguf", tiny_projector())
    narrow = write(tmp_path / "narrow.gguf", tiny_vision.gemma3_projector(width=48))
    for path, code in (
        (wrong, "projector.other_model"), (cut, "projector.unusable"), (strange, "projector.unusable"),
        (narrow, "projector.other_model"), (tmp_path / "gone.gguf", "projector.unusable"), ("", "model.blind"),
    ):  # fmt: skip
        seer = Seeing(model, path)
        outcome = seer.ask(asking("hello", picture()))
        assert isinstance(outcome, RequestFailed)
        assert outcome.code == code, (path, outcome)
        with pytest.raises(KnownError, match=code.replace(".", r"\.")):
            seer.engine.render(seer.handle, (asking("hello", picture()),))
        assert isinstance(seer.ask(asking("hello")), Finished)
        seer.engine.close()


def test_pixels_that_are_none_are_refused(seeing) -> None:
    seer = seeing("gemma")
    shown = picture()
    for data in (shown.data[:400], "no base64!", base64.b64encode(b"x").decode()):
        outcome = seer.ask(asking("hello", changed(shown, data=data)))
        assert isinstance(outcome, RequestFailed)
        assert outcome.code == "request.invalid"
    assert seer.ask(asking("hello", changed(shown, data=""))).code == "projector.unusable"  # only counted
    long = seer.ask(asking("hello", picture(4000, 4)))
    assert isinstance(long, Finished)
    many = [picture(seed=seed) for seed in range(40)]
    assert seer.ask(asking("hello", *many)).code == "context.full"


def test_a_picture_nobody_waits_for_any_more_is_not_read_on(seeing) -> None:
    seer = seeing("qwen", context_tokens=8192)
    sampling = changed(GREEDY, max_tokens=MOST)
    large = [picture(1000, 1000, seed) for seed in range(6)]
    stream = seer.engine.generate([Request("a", seer.handle, (asking("hello", *large),), sampling=sampling)])
    next(stream)  # it is being read
    encoded = seer.engine.model(seer.handle).projector.kept
    stream.close()
    assert isinstance(seer.ask(asking("hello")), Finished)
    assert len(encoded) < len(large)
    assert isinstance(seer.ask(asking("hello", picture())), Finished)


def test_pictures_are_found_among_tokens() -> None:
    stretch, two = run_of(12, 4, b"a"), run_of(6, 6, b"b")
    assert stretch != run_of(12, 4, b"c")
    tokens = [1, 2, *stretch, *two, 3]
    assert [tuple(run) for run in runs_in(tokens)] == [(2, 12, 4), (14, 6, 6)]
    assert runs_in([1, 2, 3]) == ()
    with pytest.raises(KnownError):
        run_of(2, 2, b"a")
