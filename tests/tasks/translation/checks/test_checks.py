"""The checks of translations against pairs made by hand: what is right stays unmarked, what was altered is seen."""

from __future__ import annotations

import tomllib
from collections import Counter
from itertools import permutations
from pathlib import Path

import pytest

from slmdesk.base.text.tagged import Tags
from slmdesk.base.text.terms import term_flags
from slmdesk.base.translation import Term
from slmdesk.tasks.translation.answers import with_same_end
from slmdesk.tasks.translation.checks import flags_of

pytestmark = pytest.mark.pure
GOLDEN = Path(__file__).parents[3] / "golden"
PAIRS = tomllib.loads((GOLDEN / "translations.toml").read_text("utf-8"))["pair"]
HELD_OUT = tomllib.loads((GOLDEN / "translations_held_out.toml").read_text("utf-8"))["pair"]
LIMITS = tomllib.loads((GOLDEN / "limits.toml").read_text("utf-8"))["sentence"]


def kinds(source, target, before, after):
    flags = flags_of(source, target, source_language=before, target_language=after, tags=Tags())
    return {flag.kind for flag in flags}


@pytest.mark.parametrize(
    ("pairs", "half", "marked", "unseen"),
    [
        (PAIRS, 0, 1, {"name": 7, "negation": 2}),
        (PAIRS, 1, 1, {"name": 9, "negation": 1}),
        (HELD_OUT, 0, 1, {"length": 1}),
        (HELD_OUT, 1, 0, {"name": 4}),
    ],
    ids=["golden, open", "golden, aside", "held out, open", "held out, aside"],
)
def test_right_translations_are_hardly_marked_and_altered_ones_nearly_all(pairs, half, marked, unseen):
    chosen = pairs[half::2]
    false = [pair["target"] for pair in chosen if kinds(pair["source"], pair["target"], pair["from"], pair["to"])]
    missed = Counter(
        kind
        for pair in chosen
        for kind, old, new in pair["wrong"]
        if not kinds(pair["source"], pair["target"].replace(old, new), pair["from"], pair["to"])
    )
    assert (len(false), dict(missed)) == (marked, unseen)


@pytest.mark.parametrize(
    ("half", "unseen"),
    [
        (0, {"condition": 112, "exception": 56}),
        (1, {"condition": 56, "exception": 56, "negation": 56, "only": 56}),
    ],
    ids=["open", "aside"],
)
def test_of_what_limits_a_sentence_may_and_must_and_negations_are_compared(half, unseen):
    missed = Counter()
    for sentence in LIMITS[half::2]:
        for before, after in permutations((language for language in sentence if language != "kind"), 2):
            source, (right, wrong) = sentence[before][0], sentence[after]
            assert not kinds(source, right, before, after), (source, right)
            missed[sentence["kind"]] += not kinds(source, wrong, before, after)
    assert dict(+missed) == unseen


@pytest.mark.parametrize(
    ("source", "target", "requested"),
    [
        ("The tenant pays.", "Der Mieter zahlt.", []),
        ("The tenants pay.", "Die Mieter zahlen.", []),
        ("The tenant pays.", "Der Pächter zahlt.", ["glossary", "forbidden"]),
        ("The deposit of the tenant.", "Die Kautionen des Mieters.", []),
        ("The deposit of the tenant.", "Die Sicherheit des Mieters.", ["glossary"]),
        ("We use slmdesk here.", "Wir benutzen slmdesk hier.", []),
        ("We use slmdesk here.", "Wir benutzen das Programm hier.", ["glossary"]),
        ("The ten ants eat.", "Die zehn Ameisen essen.", []),
    ],
)
def test_terms_are_used_with_any_ending(source, target, requested):
    terms = [Term("tenant", "Mieter", ("Pächter",)), Term("deposit", "Kaution"), Term("slmdesk", "", keeps=True)]
    assert [flag.kind for flag in term_flags(source, target, "en", "de", terms)] == requested


@pytest.mark.parametrize(
    ("source", "target", "marked"),
    [
        ("You can't open it.", "Sie können es nicht öffnen.", False),
        ("You can't open it.", "Sie können es öffnen.", True),
        ("Smoking is forbidden.", "Rauchen ist nicht erlaubt.", False),
        ("The input is invalid.", "Die Eingabe ist nicht gültig.", False),
        ("Nobody had an accident.", "Jemand hatte einen Unfall.", True),
        ("It is the only way.", "Es ist der einzige Weg.", False),
        ("Invoice no. 7 is paid.", "Rechnung Nr. 7 ist bezahlt.", False),
    ],
)
def test_denials_said_otherwise_are_no_faults(source, target, marked):
    flags = flags_of(source, target, source_language="en", target_language="de", tags=Tags())
    assert ("negation" in {flag.kind for flag in flags}) is marked


def test_capital_letters_make_no_names_of_titles_and_shouting():
    for source, target in (
        ("General Terms and Conditions of Sale", "Allgemeine Verkaufsbedingungen"),
        ("§ 2 Probation Period", "§ 2 Probezeit"),
        ("3.2 Working Hours", "3.2 Arbeitszeit"),
        ("If FILE is missing, read from there.", "Wenn DATEI fehlt, wird von dort gelesen."),
    ):
        assert not flags_of(source, target, source_language="en", target_language="de", tags=Tags())


@pytest.mark.parametrize(
    ("source", "target", "language", "kinds"),
    [
        ("You can ring us from 9 am to 4 pm.", "Vous pouvez nous appeler de 9h à 16h.", "fr", set()),
        ("You can ring us from 9 am to 4 pm.", "Vous pouvez nous appeler de 9h à 17h.", "fr", {"date"}),
        ("Open from 7.30 a.m. to 6 p.m.", "Geöffnet von 7.30 bis 18 Uhr.", "de", set()),
        ("Open from 7.30 a.m. to 6 p.m.", "Geöffnet von 7.30 bis 20 Uhr.", "de", {"date"}),
        ("Open from 8 a.m. to 3 p.m.", "Abierto de 8 a 15 horas.", "es", set()),
        ("Open from 8 a.m. to 3 p.m.", "Abierto de 8 a 17 horas.", "es", {"date"}),
        ("He takes the Saturday shift.", "Er übernimmt die Samstagsschicht.", "de", set()),
        ("He takes the Saturday shift.", "Er übernimmt die Sonntagsschicht.", "de", {"date"}),
        ("The budget for 2027/28 is fixed.", "Il bilancio per il 2027/2028 è stabilito.", "it", set()),
        ("The budget for 2027/28 is fixed.", "Il bilancio per il 2027/2029 è stabilito.", "it", {"date"}),
    ],
)
def test_times_and_years_written_otherwise_are_no_faults(source, target, language, kinds):
    flags = flags_of(source, target, source_language="en", target_language=language, tags=Tags())
    assert {flag.kind for flag in flags} == kinds


def test_a_changed_time_or_date_is_told_once_beside_its_own_counterpart():
    languages = {"source_language": "de", "target_language": "en", "tags": Tags()}
    source, target = "Von 9 bis 21 Uhr am 3. Mai, nicht am 5. Juni.", "From 9 a.m. to 8 p.m. on 4 May, not on 6 June."
    told = [("8 p.m.", "21 Uhr"), ("4 May", "3. Mai"), ("6 June", "5. Juni")]
    assert [(flag.text, flag.detail) for flag in flags_of(source, target, **languages)] == told
    lost = flags_of("Am 5. Juni und am 3. Mai.", "On 3 May.", **languages)
    assert [(flag.text, flag.detail) for flag in lost] == [("5. Juni", "missing")]
    assert not flags_of("Die Sitzung endet um 12:00 Uhr.", "The meeting ends at noon.", **languages)
    assert flags_of("Die Sitzung endet um 12:00 Uhr.", "The meeting ends at midnight.", **languages)


def test_a_month_behind_an_elision_is_found():
    languages = {"source_language": "fr", "target_language": "en", "tags": Tags()}
    assert not flags_of("Nous attendons le loyer d'octobre.", "We are waiting for the rent for October.", **languages)
    assert not flags_of("La crue date d’août 2026.", "The flood dates from August 2026.", **languages)
    changed = flags_of("Nous attendons le loyer d'octobre.", "We are waiting for the rent for August.", **languages)
    assert [(flag.text, flag.detail) for flag in changed] == [("August", "octobre")]


def test_a_name_behind_an_elision_is_found():
    source, target = "Il est payé par l'Agence de l'eau.", "It is paid by the Water Agency."
    assert not flags_of(source, target, source_language="fr", target_language="en", tags=Tags())


def test_a_pair_of_tags_around_nothing_is_seen():
    flags = flags_of(
        "The <1>old</1> house", "Das <1></1>alte Haus", source_language="en", target_language="de", tags=Tags((1,))
    )
    assert [(flag.kind, flag.text, flag.detail) for flag in flags] == [("formatting", "1", "empty")]


@pytest.mark.parametrize(
    ("source", "target", "requested"),
    [
        ("Other options:", "Andere Optionen", "Andere Optionen:"),
        ("Other options:", "Andere Optionen.", "Andere Optionen:"),
        ("Contents of the package", "Inhalt des Pakets.", "Inhalt des Pakets"),
        ("the list, see p. 5", "die Liste, siehe S. 5.", "die Liste, siehe S. 5."),
        ("at 5 p.m", "um 17 Uhr u.a.", "um 17 Uhr u.a."),
        ("It is late.", "Es ist spät.", "Es ist spät."),
        ("Is it late?", "Ist es spät", "Ist es spät"),
        ("A:", ".", "."),
    ],
)
def test_a_heading_and_a_colon_end_as_they_did(source, target, requested):
    assert with_same_end(source, target) == requested


def test_an_option_of_a_command_is_kept():
    options = {"source_language": "en", "target_language": "de", "tags": Tags()}
    assert [flag.kind for flag in flags_of("-g [folder]", "-[-]", **options)] == ["placeholder"]
    assert not flags_of(
        "A well-known e-mail, with -ss or not.", "Eine wohlbekannte E-Mail, mit -ss oder nicht.", **options
    )


def test_a_term_excuses_words_left_in_the_source_language_only_where_it_stands():
    source, target = "It must be taken twice a day.", "Es muss twice a day genommen werden."

    def kinds(term):
        flags = flags_of(source, target, source_language="en", target_language="de", tags=Tags(), terms=[term])
        return [flag.kind for flag in flags]

    assert "untranslated" in kinds(Term("once or twice a year", "ein- bis zweimal im Jahr"))
    assert "untranslated" not in kinds(Term("twice a day", "", keeps=True))


@pytest.mark.parametrize(("words", "flagged"), [("The house is red.", True), ("New York Times", False), ("OK", False)])
def test_a_short_sentence_that_stayed_as_it_was_is_named_and_a_name_is_not(words, flagged):
    flags = flags_of(words, words, source_language="en", target_language="de", tags=Tags())
    assert [flag.kind for flag in flags] == (["untranslated"] if flagged else [])


@pytest.mark.parametrize(
    ("wanted", "target", "is_used"),
    [
        ("Vermieterin", "Der Vermieter zahlt.", False),
        ("Vermieterin", "Die Vermieterin zahlt.", True),
        ("Vermieterin", "Die Vermieterinnen zahlen.", True),
        ("Vermieter", "Die Vermieterin zahlt.", False),
        ("Vermieter", "Den Vermietern wird gezahlt.", True),
        ("Mieterin", "Die Vermieterin zahlt.", False),
        ("Mieter", "Der Vermieter zahlt.", False),
    ],
)
def test_a_term_for_a_person_has_its_gender(wanted, target, is_used):
    flags = term_flags("The party pays.", target, "en", "de", [Term("party", wanted)])
    assert [flag.kind for flag in flags] == ([] if is_used else ["glossary"])


@pytest.mark.parametrize(
    ("languages", "source", "target", "wrong"),
    [
        ("de-en", "Zu zwei Dritteln und zu einem Drittel.", "By two-thirds and by one-third.", []),
        ("de-en", "Ein Drittel der Miete.", "A quarter of the rent.", ["Drittel"]),
        ("de-en", "Zwei Fünftel der Anteile.", "Two-sevenths of the shares.", ["sevenths"]),
        ("de-en", "Die zweite Rate am dritten Tag.", "The second instalment on the third day.", []),
        ("de-en", "Die zweite Rate am dritten Tag.", "The second instalment on the fourth day.", ["fourth day"]),
        ("de-en", "Am einundzwanzigsten Tag.", "On the twenty-first day.", []),
        ("fr-de", "Un cinquième et deux tiers du prix.", "Ein Fünftel und zwei Drittel des Preises.", []),
        ("fr-en", "Trois quarts du prix.", "Two thirds of the price.", ["Two"]),
        ("en-es", "The rights of third parties in the fourth year.", "Derechos de terceros en el cuarto año.", []),
        ("en-es", "Castles of the twelfth century.", "Castillos del siglo XII.", []),
        ("en-it", "A sixth of the members.", "Un sesto dei membri.", []),
        (
            "en-pl",
            "Two thirds of the members, the rights of third parties.",
            "Dwie trzecie członków, prawa osób trzecich.",
            [],
        ),
        ("en-pl", "The fifteenth day.", "Szesnasty dzień.", ["Szesnasty dzień"]),
    ],
)
def test_ordinals_and_fractions_in_words_are_numbers(languages, source, target, wrong):
    before, _, after = languages.partition("-")
    flags = flags_of(source, target, source_language=before, target_language=after, tags=Tags())
    assert [flag.text for flag in flags] == wrong


@pytest.mark.parametrize(
    ("source", "target", "named"),
    [
        ("Yes ☒ no ☐", "Ja ☒ nein ☐", []),
        ("Yes ☒ no ☐", "Ja nein", [("☒", "missing"), ("☐", "missing")]),
        ("Yes ☐", "Ja ☒", [("☐", "missing"), ("☒", "added")]),
        ("Turn it by 90°, then wait.", "Drehen Sie es um 90 Grad, dann warten Sie.", [("°", "missing")]),
        ("Turn it by 90°, then wait.", "Drehen Sie es um 90 °, dann warten Sie.", []),
        ("The angle is at most 90°.", "Der Winkel darf höchstens 90° betragen.", []),
        ("Du 1° au 5 mai", "Vom 1. bis 5. Mai", []),
        ("Length 5 ± 1 and width ≤ 3", "Länge 5 und Breite ≤ 3", [("±", "missing")]),
    ],
)
def test_signs_that_a_translation_loses_are_named(source, target, named):
    flags = flags_of(source, target, source_language="en", target_language="de", tags=Tags())
    assert [(flag.text, flag.detail) for flag in flags if flag.kind == "placeholder"] == named
