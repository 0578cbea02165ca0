"""Searching with filters: what the Hub filters, what is filtered here, and that what was left out is counted."""

from __future__ import annotations

import pytest
from fakes.fake_hub import Fault
from fakes.recorder import result_of
from fakes.split_gguf import split
from fakes.tiny_gguf import tiny_bert, tiny_llama, tiny_projector, write

from slmdesk.base.error_sentences import KINDS
from slmdesk.base.errors import KnownError
from slmdesk.base.paths import find_paths, make_folders
from slmdesk.base.policy import FEATURES
from slmdesk.base.runtime.messages import Problem, problem_for
from slmdesk.models.online import hub as searching
from slmdesk.models.online.cards import ReadableCard
from slmdesk.models.online.hub import Filters, RepoJudged, parameters_in

pytestmark = pytest.mark.process
HUGE, SMALL = {"total": 400_000_000_000}, {"total": 1_000_000}


@pytest.fixture
def recorder(hub, opened):
    return opened(model=False)


def asked(recorder, request):
    return result_of(recorder.services, lambda: request(recorder.services))


def read(recorder, search, **more):
    return asked(recorder, lambda services: services.hub.read_search(search, **more))


def begin(recorder, words="tiny", **filters):
    return recorder.services.hub.begin_search(words, Filters(**filters))


def names(page) -> list[str]:
    return [hit.repo.id.partition("/")[2] for hit in page.found]


def fill(hub, count: int, **about) -> None:
    for number in range(count):
        hub.add(f"some/tiny-{number}", {"tiny.Q4_K_M.gguf": b"x"}, downloads=1000 - number, **about)


def requests(hub) -> int:
    return len([request for request in hub.seen if request.path == "/api/models"])


def test_more_goes_on_where_it_was_and_asks_nothing_twice(recorder, hub) -> None:
    fill(hub, 45)
    search = begin(recorder)
    assert len(names(read(recorder, search, limit=10))) == 10
    page = read(recorder, search, limit=20)
    assert (len(page.found), page.may_be_more, requests(hub)) == (20, True, 1)
    page = read(recorder, search, limit=50)
    assert (len(set(names(page))), page.may_be_more) == (45, False)


def test_what_is_too_large_is_passed_over_and_counted(recorder, hub) -> None:
    fill(hub, 60, gguf=HUGE)
    for number in range(5):
        hub.add(f"some/tiny-small-{number}", {"tiny.Q4_K_M.gguf": b"x"}, downloads=5 - number, gguf=SMALL)
    hub.add("some/tiny-says-nothing", {"tiny.gguf": b"x"}, downloads=0)
    search = begin(recorder, fits=True)
    page = read(recorder, search, limit=10)
    assert names(page) == [*(f"tiny-small-{number}" for number in range(5)), "tiny-says-nothing"]
    assert (page.too_large, page.may_be_more) == (60, False)
    before = requests(hub)
    shown = read(recorder, search, limit=10, with_too_large=True)
    assert (len(shown.found), shown.too_large, requests(hub)) == (10, 0, before)
    assert {hit.fit for hit in shown.found} == {"too_large"}


def test_reading_on_is_bounded(recorder, hub, monkeypatch) -> None:
    monkeypatch.setattr(searching, "MOST_LOOKED_AT", 100)
    fill(hub, 300, gguf=HUGE)
    page = read(recorder, begin(recorder, fits=True), limit=10)
    assert (page.found, page.may_be_more) == ((), False)
    assert 100 <= page.too_large < 150
    assert requests(hub) <= 4


def test_a_server_that_turns_in_a_circle_is_left(recorder, hub) -> None:
    fill(hub, 3, gguf=HUGE)
    hub.api_fault = Fault(headers={"link": f'<{hub.endpoint}/api/models?cursor=0>; rel="next"'})
    page = read(recorder, begin(recorder, fits=True), limit=10)
    assert (page.found, page.too_large, page.may_be_more) == ((), 3, False)
    assert requests(hub) <= 3


def test_permissive_licences(recorder, hub) -> None:
    hub.add("some/tiny-free", {"tiny.Q4_0.gguf": b"x"}, license="mit")
    hub.add("some/tiny-bound", {"tiny.Q4_0.gguf": b"x"}, license="llama3.2")
    page = read(recorder, begin(recorder, license="permissive"))
    assert (names(page), page.other_licence) == (["tiny-free"], 1)
    page = read(recorder, begin(recorder, license="llama3.2"))
    assert (names(page), page.other_licence) == (["tiny-bound"], 0)


def test_with_files_the_real_sizes_decide(recorder, hub) -> None:
    hub.add("some/tiny-liar", {"tiny.Q4_0.gguf": b"x"}, gguf=SMALL, downloads=999).lies["tiny.Q4_0.gguf"] = {
        "size": 1 << 45
    }
    hub.add("some/tiny-right", {"tiny.Q4_0.gguf": b"x" * 1000})
    page = read(recorder, begin(recorder, fits=True), limit=1, with_files=True)
    assert (names(page), page.too_large) == (["tiny-right"], 1)
    assert not page.found[0].is_about


def test_a_failure_in_the_middle_keeps_what_was_read(recorder, hub) -> None:
    fill(hub, 45)
    search = begin(recorder)
    read(recorder, search, limit=20)
    hub.api_faults = [Fault(status=500)]
    assert isinstance(read(recorder, search, limit=30), Problem)
    assert len(read(recorder, search, limit=45).found) == 45


@pytest.mark.pure
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("Qwen/Qwen2.5-1.5B-Instruct-GGUF", 1_500_000_000),
        ("x/Mixtral-8x7B-Instruct", 56_000_000_000),
        ("x/smollm2-135m", 135_000_000),
        ("7B/name", 0),
        ("x/phi-2", 0),
        ("x/model-v1.5bit", 0),
        ("x/" + "9" * 90 + "B", 0),
    ],
)
def test_the_size_in_a_name(name, count) -> None:
    assert parameters_in(name) == count


def repo(recorder, name):
    return asked(recorder, lambda services: services.hub.offered(name))


def judge(recorder, name):
    offered = repo(recorder, name)
    file = offered.files[0].name
    return asked(recorder, lambda services: services.hub.judge(offered.source, file))


def card(recorder, name):
    offered = repo(recorder, name)
    return asked(recorder, lambda services: services.hub.card(offered.source))


def test_one_header_judges_all_files(recorder, hub) -> None:
    data = tiny_llama().data
    stored = hub.add("some/tiny", {"tiny.Q4_K_M.gguf": data, "tiny.Q8_0.gguf": b"x", "mmproj-f16.gguf": b"x"})
    stored.lies["tiny.Q8_0.gguf"] = {"size": 1 << 45}
    offered = repo(recorder, "some/tiny")
    assert [file.name for file in offered.files] == ["tiny.Q8_0.gguf", "tiny.Q4_K_M.gguf"]
    assert offered.recommended.name == "tiny.Q4_K_M.gguf"
    assert offered.others == (f"mmproj-f16.gguf: {KINDS['projector']}",)
    request = lambda services: services.hub.judge(offered.source, "tiny.Q4_K_M.gguf")  # noqa: E731
    judged = asked(recorder, request)
    assert isinstance(judged, RepoJudged)
    assert {name: fit.verdict for name, fit in judged.fits.items()} == {
        "tiny.Q4_K_M.gguf": "fits", "tiny.Q8_0.gguf": "too_large",
    }  # fmt: skip
    assert judged.fits["tiny.Q4_K_M.gguf"].memory.weights == len(data) + 1  # with its projector
    assert {file.eyes_bytes for file in offered.files} == {1}
    assert (judged.kind, judged.has_chat_template, judged.most_tokens > 0) == ("model", True, True)
    assert hub.sent <= len(data)


def test_a_model_in_parts_is_judged_by_its_first(recorder, hub) -> None:
    parts = split(tiny_llama().data, 2)
    hub.add("some/big", {f"big-Q8_0-{number:05}-of-00002.gguf": part for number, part in enumerate(parts, 1)})
    judged = judge(recorder, "some/big")
    assert [fit.memory.weights for fit in judged.fits.values()] == [sum(map(len, parts))]


def test_what_cannot_chat_is_said_when_it_is_opened(recorder, hub) -> None:
    hub.add("some/bert", {"bert.F16.gguf": tiny_bert().data})
    assert judge(recorder, "some/bert").kind == "encoder"
    hub.add("some/eyes", {"eyes.F16.gguf": tiny_projector().data})
    assert judge(recorder, "some/eyes").code == "model.wrong_kind"


def test_a_quantization_in_a_link_shows_that_file_alone(recorder, hub) -> None:
    hub.add("some/tiny", {"tiny.Q4_K_M.gguf": b"x", "tiny.Q8_0.gguf": b"xx"})
    link = recorder.services.hub.link_in("hf.co/some/tiny:q8_0")
    offered = asked(recorder, lambda services: services.hub.offered(link.repo, quantization=link.quantization))
    assert [file.name for file in offered.files] == ["tiny.Q8_0.gguf"]


def test_the_card_comes_without_its_front_matter(recorder, hub) -> None:
    hub.add("some/tiny", {"tiny.Q4_0.gguf": b"x", "README.md": b"---\nlicense: mit\n---\n<h1>Tiny</h1>"})
    assert card(recorder, "some/tiny") == ReadableCard("# Tiny", is_cut=False)
    hub.add("some/bare", {"tiny.Q4_0.gguf": b"x"})
    before = len(hub.seen)
    assert card(recorder, "some/bare") == ReadableCard("", is_cut=False)
    assert len(hub.seen) == before + 1, "no card is asked for where there is none"


def test_the_token_goes_along_for_gated_repositories_alone(recorder, hub, monkeypatch) -> None:
    monkeypatch.setenv("HF_TOKEN", hub.token)
    hub.add("some/gated", {"tiny.Q4_0.gguf": tiny_llama().data, "README.md": b"# Gated"}, gated=True)
    hub.add("some/open", {"tiny.Q4_0.gguf": tiny_llama().data, "README.md": b"# Open"})
    assert card(recorder, "some/gated").text == "# Gated"
    assert isinstance(judge(recorder, "some/gated"), RepoJudged)
    assert card(recorder, "some/open").text == "# Open"
    with_token = {request.path.split("/resolve")[0] for request in hub.seen if "authorization" in request.headers}
    assert with_token <= {"/some/gated", "/api/models/some/gated"}
    assert "/some/gated" in with_token


@pytest.fixture
def hidden(opened):
    """Services with these features hidden."""

    def hidden_of(*names: str):
        paths = find_paths()
        make_folders(paths)
        paths.policy_file.write_text(f"[features]\nhidden = {list(names)}\n".replace("'", '"'))
        return opened(model=False).services

    return hidden_of


REQUESTS = {
    "hub.search": [lambda s, _p: s.hub.begin_search("x")],
    "hub.download": [lambda s, _p: s.downloads.start("a/b")],
    "models.import": [lambda s, p: s.models.import_file(p), lambda s, _p: s.finding.find()],
    "models.formats": [
        lambda s, _p: s.formats.make(None, "Q8_0"), lambda s, _p: s.formats.use("x", copy=True),
    ],
    "settings.network": [lambda s, _p: s.network.change(proxy="none")],
    "token": [lambda s, _p: s.tokens.keep("hf_x", "ask")],
}  # fmt: skip


def test_every_feature_is_tried_here() -> None:
    assert REQUESTS.keys() | {"microphone"} == FEATURES.keys()  # tests/documents/voice tries that one


@pytest.mark.parametrize("feature", sorted(REQUESTS))
def test_a_hidden_feature_is_refused_by_name(hidden, tmp_path, feature) -> None:
    services = hidden(feature)
    for request in REQUESTS[feature]:
        with pytest.raises(KnownError) as err:
            services.service_thread.call(lambda request=request: request(services, tmp_path / "x"))
        assert err.value.code == "feature.hidden"
        assert FEATURES[feature] in problem_for(err.value).sentence


def test_the_organisations_own_models_are_there_all_the_same(home, opened, tmp_path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    write(shared / "ours.gguf", tiny_llama())
    paths = find_paths()
    make_folders(paths)
    paths.policy_file.write_text(f'[features]\nhidden = ["models.import"]\n[models]\nfolder = "{shared}"\n')
    recorder = opened(model=False)
    assert result_of(recorder.services, lambda: recorder.services.models.adopt(only_shared=True)) == 1
