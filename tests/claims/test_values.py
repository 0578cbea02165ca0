import time
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.claims.judge import missing
from slmdesk.claims.types import Mark
from slmdesk.claims.values import is_among, quantities_of, values_of

pytestmark = pytest.mark.pure

SOURCE = (
    "On 3 March 2024 Acme Inc. and Beta GmbH signed a contract for $1,234.50. The supplier shall not charge late fees "
    "of 5 % within thirty days. The system is stable. Sales rose from 10 to 12 million euros."
)


def kinds(sentence: str, source: str = SOURCE, language: str = "") -> list[str]:
    return [flag.kind for flag in missing(sentence, [source], language)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Acme Inc. signed the contract on March 3, 2024 for 1.234,50 USD.",
        "The contract of 2024-03-03 is worth 1 234,5 dollars.",
        "On 03.03.2024 Acme and Beta GmbH signed.",
        "Late fees of 5 percent shall not be charged within 30 days.",
        "Sales rose to 12,000,000 EUR.",
    ],
)
def test_what_the_source_says_in_another_form_is_no_miss(sentence: str) -> None:
    assert not missing(sentence, [SOURCE])


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("Acme Inc. signed the contract for $1,243.50.", "amount"),
        ("Acme Inc. signed the contract on 4 March 2024.", "date"),
        ("Acme Inc. and Gamma GmbH signed a contract.", "name"),
        ("Late fees of 6 % are not charged.", "percent"),
        ("The supplier shall not charge late fees within thirty weeks.", "unit"),
        ("The supplier shall not charge late fees within 31 days.", "period"),
    ],
)
def test_each_kind_of_miss_has_its_name(sentence: str, kind: str) -> None:
    assert kind in kinds(sentence)


INSPECTED = "Inspected on 23 September 2025, 9:15 to 12:40, unannounced. The second inspection is by 31 October."


@pytest.mark.parametrize(
    ("sentence", "source", "language", "expected"),
    [
        ("9:15 to 12:40.", INSPECTED, "en", []),
        ("9:15 to 12:45.", INSPECTED, "en", ["date"]),
        ("Cold store 2 may be inspected by 31 October.", f"Cold store 2 has faults. {INSPECTED}", "en", []),
        ("Inspected on 2 May.", INSPECTED, "en", ["date"]),
        ("inspected on 2 may 2025", INSPECTED, "en", ["date"]),
        ("inspected on the 2nd of may", INSPECTED, "en", ["date"]),
        ("Inspecté le 2 mai.", "Inspecté le 3 mai.", "fr", ["date"]),
        ("Geprüft am 2. Mai.", "Geprüft am 3. Mai.", "de", ["date"]),
        ("Inspeccionado el 2 may.", "Inspeccionado el 3 may.", "es", ["date"]),
        ("Die Prüfung ist am 3.4. bei uns.", "Prüfung 3.4., Bericht", "de", []),
        ("Die Prüfung ist am 3.4. bei uns.", "Prüfung 13.4., Bericht", "de", ["date"]),
        ("The sample had 0.52 µg/mL.", "The finding was confirmed at 0.52 µg/mL.", "en", []),
        ("It costs 1.50 euros.", "Tickets are sold at 1.50 euros.", "en", []),
        ("Der Anstieg betrug 3.20 Prozent.", "Die Miete stieg um 3.20 Prozent.", "de", []),
        ("Sales of 5.40 million euros.", "Sales stood at 5.40 million euros.", "en", []),
        ("Le prix est de 2.50 €.", "Vendu à 2.50 € pièce.", "fr", []),
        ("It begins at 8.15 in the hall.", "Begins at 7.15 in the hall.", "en", ["date"]),
    ],
)  # fmt: skip
def test_times_and_months_are_read_as_people_read_them(sentence, source, language, expected) -> None:
    assert kinds(sentence, source, language) == expected


@pytest.mark.parametrize(
    ("sentence", "source", "instead"),
    [
        ("Der Saldo beträgt 45,00 EUR.", "Saldo am Ende: 45,00- EUR", "45,00- EUR"),
        ("Der Saldo beträgt -45 EUR.", "Saldo am Ende: 45 EUR", "45 EUR"),
        ("The balance is 45.00 Cr", "Saldo am Ende: 45,00 S", "45,00 S"),
        ("The balance is -1,234.56 euros.", "Der Saldo beträgt 1.234,56- Euro.", None),
        ("The balance is (45.00) EUR", "Le solde est de moins 45 EUR.", None),
        ("The balance is 45.00 Dr", "Saldo am Ende: 45,00 Soll", None),
        ("Miete 900 EUR", "Miete – 900 EUR", None),
    ],
)
def test_a_lost_or_added_sign_is_a_miss(sentence: str, source: str, instead: str | None) -> None:
    assert next((flag.detail for flag in missing(sentence, [source])), None) == instead


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("3", "Delivered on 3 March.", True),
        ("4", "Delivered on 3 March.", False),
        ("3 March", "Delivered on the 3.", False),
        ("5 p.m.", "From 5 to 7 p.m.", True),
        ("6 p.m.", "From 5 to 7 p.m.", False),
        ("12:00", "It opens at noon.", True),
        ("3 km", "Delivered on 3 March.", False),
        ("18", "Of oxygen-18.", True),
        ("75 %", "Statute-75-percent threshold.", True),
        ("INV-2024-7", "Invoice INV 2024/7, oxygen-7.", False),
        ("2 weeks", "Within 14 days.", True),
        ("2 weeks", "Within 15 days.", False),
        ("20 miles", "It is 32 km away.", True),
    ],
)
def test_a_value_is_in_a_text_in_whatever_form(value: str, text: str, expected: bool) -> None:
    (said,) = values_of(value, "en")
    assert is_among(said, values_of(text, "en")) is expected


def test_a_version_at_the_end_of_a_sentence_is_no_day() -> None:
    assert not missing("Die Version ist TLS 1.3.", ["Verwendet wird TLS 1.3 oder TLS 1.2."], "de")


def test_a_code_stands_in_a_text_that_writes_it_with_blanks() -> None:
    assert not missing("Pay to DE89370400440532013000.", ["IBAN DE89 3704 0044 0532 0130 00"], "en")


def test_what_may_be_no_value_cannot_be_confused_with_others() -> None:
    assert [value.text for value in quantities_of("2. On Monday one of § 5 pays 40 EUR.", "en")] == ["40 EUR"]


def test_a_flag_says_where_it_is_and_what_the_source_has() -> None:
    assert missing("Sales rose to 12 billion euros.", [SOURCE]) == (
        Mark("amount", "12 billion euros", 14, 30, "12 million euros"),
    )


@given(st.text(max_size=200), st.text(max_size=200), st.sampled_from(["", "en", "de", "pl", "xx"]))
def test_no_text_breaks_it_and_every_flag_is_in_the_sentence(sentence: str, source: str, language: str) -> None:
    for flag in missing(sentence, [source], language):
        assert flag.text == sentence[flag.start : flag.end]


def test_a_sentence_takes_some_milliseconds_at_the_most() -> None:
    missing("Warm.", [SOURCE * 4])
    took = []
    for number in range(50):
        started = time.thread_time()
        missing(f"Acme Inc. signed the contract on March 3, 2024 for {number} USD and no more.", [SOURCE * 4])
        took.append(time.thread_time() - started)
    assert sorted(took)[25] < 0.02, "a millisecond is asked; what grows with the square takes far more"


def judged(name: str, half: int) -> tuple[int, dict[str, int]]:
    """How many right sentences are marked, and of each kind how many altered ones are not."""
    cases = tomllib.loads((Path(__file__).parents[1] / "golden" / name).read_text("utf-8"))["case"][half::2]
    alarms = sum(bool(missing(text, [case["source"]], case["language"])) for case in cases for text in case["right"])
    missed: Counter[str] = Counter()
    for case in cases:
        for line in case["altered"]:
            kind, _, sentence = line.partition(": ")
            missed[kind] += not missing(sentence, [case["source"]], case["language"])
    return alarms, dict(+missed)


@pytest.mark.parametrize(
    ("name", "half", "expected"),
    [
        ("checks.toml", 0, (0, {"negation": 21, "condition": 9, "name": 1})),
        ("checks.toml", 1, (0, {"negation": 20, "condition": 7, "name": 2})),
        ("checks_held_out.toml", 0, (0, {"negation": 7, "name": 2})),
        ("checks_held_out.toml", 1, (1, {"negation": 6})),
    ],
)
def test_altered_values_are_found_and_true_ones_left_alone(name, half, expected) -> None:
    assert judged(name, half) == expected
