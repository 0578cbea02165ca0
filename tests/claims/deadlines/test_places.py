"""Whose law and holidays hold for a paper, and who wrote it."""

from __future__ import annotations

import pytest

from slmdesk.claims.deadlines.places import office_of, place_of

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("words", "language", "place"),
    [
        ("Finanzamt Augsburg-Stadt\n86150 Augsburg\n\nFrau Adler\n80331 München", "de", "DE-BY"),
        ("Amtsgericht Hamburg\n20355 Hamburg", "de", "DE-HH"),
        ("Landgericht Köln, an Frau Adler, 60313 Frankfurt am Main", "de", "DE"),
        ("12345 Kleinstadt, an Frau Adler, 50667 Köln", "de", "DE"),
        ("Sehr geehrte Frau Adler, in Köln ist es schön.", "de", "DE"),
        ("Magistrat der Stadt Wien, A-1010 Wien", "de", ""),
        ("EUIPO, Beschwerdekammer, Unionsmarke 018", "de", ""),
        ("Freistaat Sachsen, Landesamt", "de", "DE-SN"),
        ("Land Sachsen-Anhalt", "de", "DE-ST"),
        ("HM Revenue and Customs\nBX9 1AS", "en", "GB-ENG"),
        ("Sheriff Court, Edinburgh EH1 1LB", "en", ""),
        ("Dear Ms Adler, please pay.", "en", ""),
        ("Préfecture du Rhône, République française", "fr", "FR"),
        ("Ville de Bruxelles", "fr", ""),
        ("Ayuntamiento de Madrid, 28001 Madrid", "es", "ES"),
        ("Ciudad de México", "es", ""),
        ("Gentile signora", "it", ""),
    ],
)
def test_a_place_is_named_only_where_it_is_certain(words, language, place) -> None:
    assert place_of(words, language) == place


@pytest.mark.parametrize(
    ("words", "language", "office"),
    [
        ("Finanzamt Köln, Bescheid über Einkommensteuer", "de", "tax"),
        ("Jobcenter Leipzig, Bescheid nach dem SGB II", "de", "social"),
        ("Ordnungsamt, Bußgeldbescheid", "de", "criminal"),
        ("Stadt Köln. Gegen diesen Bescheid kann Widerspruch erhoben werden.", "de", "authority"),
        ("Landgericht Köln, Urteil", "de", "court"),
        ("Sehr geehrte Frau Adler", "de", "private"),
        ("In the County Court at Leeds", "en", "court"),
        ("Juzgado de Primera Instancia", "es", "court"),
        ("Ayuntamiento de Madrid", "es", "authority"),
    ],
)
def test_who_wrote_is_told_by_the_words(words, language, office) -> None:
    assert office_of(words, language) == office
