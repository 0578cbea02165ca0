"""A person is told once where their history lies."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support")]


def test_a_synced_folder_is_named_once(start, model_file, paths):
    (paths.data.parent.parent / ".stfolder").mkdir(exist_ok=True)
    program = start()
    program.wait(lambda: any("Syncthing" in text for text in program.notices()))
    program.wait(lambda: program.frame.state.current.told_of_disk == "home.synced")
    program.close()
    again = start()
    again.wait(lambda: again.ask(lambda services: services.models.list()) is not None)
    from slmdesk.base.runtime.home_place import look_at_home

    looked = []
    again.bridge.follow(lambda services: look_at_home(services.service_thread, services.paths), looked.append)
    again.wait(lambda: looked)
    assert looked[0][0].code == "home.synced", "the control: it is found again"
    assert not any("Syncthing" in text for text in again.notices())


def test_a_fault_of_the_look_at_the_disk_is_said(start, monkeypatch):
    def fail(_paths):
        raise RuntimeError

    met = []
    monkeypatch.setattr("slmdesk.base.runtime.home_place.home_problems", fail)
    program = start(before=lambda program: program.bridge.problem_met.connect(met.append))
    program.wait(lambda: [problem.code for problem in met] == ["bug"])
