"""What an organisation hides is done by no service, whoever asks."""

from __future__ import annotations

import pytest
from fakes.recorder import result_of
from fakes.tiny_gguf import tiny_llama, write

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import find_paths, make_folders
from slmdesk.base.policy import FEATURES
from slmdesk.runtime.messages import problem_for

pytestmark = pytest.mark.process


@pytest.fixture
def hidden(opened):
    """Services with these features hidden."""

    def one(*names: str):
        paths = find_paths()
        make_folders(paths)
        paths.policy_file.write_text(f"[features]\nhidden = {list(names)}\n".replace("'", '"'))
        return opened(model=False).services

    return one


REQUESTS = {
    "hub.search": [lambda s, _p: s.searching.begin("x")],
    "hub.download": [lambda s, _p: s.downloads.start("a/b")],
    "models.import": [lambda s, p: s.models.import_file(p), lambda s, _p: s.finding.find()],
    "models.packs": [
        lambda s, p: s.packs.unpack(p), lambda s, p: s.packs.contents(p), lambda s, p: s.packs.pack(["x"], p),
    ],
    "models.compare": [lambda s, _p: s.comparing.begin(None)],
    "models.formats": [
        lambda s, _p: s.formats.measure(None), lambda s, _p: s.formats.measure_without_layers(None),
        lambda s, _p: s.formats.make(None, "Q8_0"), lambda s, _p: s.formats.use("x", copy=True),
    ],
    "settings.network": [lambda s, _p: s.network.change(proxy="none")],
    "token": [lambda s, _p: s.tokens.keep("hf_x", "ask")],
}  # fmt: skip


def test_every_feature_is_tried_here() -> None:
    assert REQUESTS.keys() == FEATURES.keys()


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


def test_names_of_another_version_are_named_and_others_hold(hidden) -> None:
    services = hidden("token", "telepathy")
    policy = services.settings.policy
    assert policy.hidden == {"token"}
    assert [(problem.code, problem.args_for_people["key"]) for problem in policy.problems] == [
        ("policy.key", "features.hidden: telepathy")
    ]
    assert not policy.forced, "nothing else changes"


def test_a_list_that_is_none_forces_offline(hidden) -> None:
    paths = find_paths()
    make_folders(paths)
    services = hidden("token")
    assert "offline" not in services.settings.policy.forced
    from slmdesk.base.policy import load_policy

    paths.policy_file.write_text('[features]\nhidden = "token"\n')
    assert load_policy([paths.policy_file]).forced["offline"] is True
