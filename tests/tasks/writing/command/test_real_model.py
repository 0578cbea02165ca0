"""The real starter model corrects badly: it only suggests, and changes no number unmarked."""

from __future__ import annotations

import re

import pytest

pytestmark = [pytest.mark.model, pytest.mark.soak]
TEXT = "We recieved 1,450 euros on 12 March.\n\nRoom 308 have two key, and 26 guest is waiting since 9.30.\n"


def test_no_number_is_changed_unmarked(run, starter_model, measured_before) -> None:
    run("models", "import", str(starter_model), "--link", real=True).ok()
    shape = run("write", "--as", "correct", "--language", "en", "--json", stdin=TEXT, real=True).json
    assert re.findall(r"\d[\d.,]*\d|\d", shape["text"]) == ["1,450", "12", "308", "26", "9.30"]
    touched = [change for change in shape["changes"] if re.search(r"\d", change["from"] + change["to"])]
    assert all(not change["made"] for change in touched)
