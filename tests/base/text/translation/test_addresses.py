from __future__ import annotations

import pytest

from slmdesk.tasks.translation.preserved import is_address, is_firm

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    "text",
    [
        "Hauptstraße 12", "Am Alten Postweg 3a, 20099 Hamburg", "Berliner Straße 101", "D-60311 Frankfurt am Main",
        "14, rue des Forges", "14 bis, rue des Forges, 69003 Lyon", "Calle Mayor 3, 28013 Madrid", "Via Roma, 12",
        "3 Mill Lane", "3 Mill Lane, Ipswich IP4 1AB",
    ],
)  # fmt: skip
def test_an_address(text):
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "Die Hauptstraße ist gesperrt.", "Der Weg ist 3 km lang", "Lease of the workshop at 3 Mill Lane", "12000 Euro",
        "2025 Annual Report", "3 Drawers", "Ring 3 times", "Kapitel 12", "Unsere Kanzlei in der Hauptstraße 12",
    ],
)  # fmt: skip
def test_no_address(text):
    assert not is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "Ashcombe Holdings Ltd", "Brückner Hausverwaltung GmbH & Co. KG", "Lohmann und Söhne AG",
        "Électricité Durand SARL",
    ],
)  # fmt: skip
def test_a_firm(text):
    assert is_firm(text)


@pytest.mark.parametrize(
    "text", ["The firm is a Ltd", "Ltd", "Unser Partner, die Lohmann GmbH, liefert.", "Contract with Ashcombe"]
)
def test_no_firm(text):
    assert not is_firm(text)
