import pytest

from slmdesk.claims.finders.names import beginnings, foreign_names

pytestmark = pytest.mark.pure

SOURCE = "Joanna Lis and Acme Inc. met the council of Rivermouth on Monday."


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("It was signed by Clara Mendoza in Leeds.", "en", ["Clara Mendoza", "Leeds"]),
        ("Yesterday the council met on Friday.", "en", []),
        ("Acme’s council met.", "en", []),
        ("Według Joanny Lis.", "pl", []),
        ("¿Cuándo firmó Acme?", "es", []),
        ("Gewählt wurde Heike Winter.", "de", ["Heike Winter"]),
        ("Gewählt wurde die neue Vorsitzende.", "de", []),
        ("Er kam auf Ihrer Bitte zurück.", "de", []),
    ],
)
def test_names_that_the_source_lacks_are_found(text: str, language: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in foreign_names(text, beginnings(SOURCE), language)] == expected
