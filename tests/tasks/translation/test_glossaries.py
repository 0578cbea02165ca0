"""Glossaries and memories of other programs, good ones and bad ones, through the real reader child."""

from __future__ import annotations

import queue

import pytest
from fakes.recorder import result_of

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.runtime import service
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.translation import Forms, Origin, Term
from slmdesk.tasks.translation.glossaries import ImportRequest, check_term, sorted_out
from slmdesk.tasks.translation.types import GlossariesChanged

pytestmark = [pytest.mark.process, pytest.mark.quick]


@pytest.fixture
def services(opened):
    return opened(turned=True).calls


def imported(services, path, progressed=lambda report: None, **request):
    wanted = ImportRequest(path, **request)
    return result_of(services.of, lambda: services.glossaries.import_file(wanted).listen(progressed))


def remembered(services, path, **request):
    return services.memory.import_file(path, **request)


def written(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.mark.parametrize(
    ("name", "data", "code", "words"),
    [
        ("a.csv", "Kind,Word,Wort\nx,deposit,Kaution\n", "glossary.no_columns", "“Kind”, “Word”, “Wort”"),
        ("a.csv", "", "glossary.empty", "a.csv"),
        ("a.csv", "en,de\n", "glossary.empty", "a.csv"),
        ("a.csv", "en,de\n,x\n,y\n", "glossary.empty", "a.csv"),
        ("a.csv", "source,target\na,b\n", "glossary.no_languages", "which languages"),
        ("a.csv", "en,de,fr\na,b,c\n", "glossary.no_columns", "“en”, “de”, “fr”"),
        ("a.tbx", '<?xml version="1.0"?><martif><text><body/></text></martif>', "document.unknown_format", ".tbx"),
        ("a.pdf", b"%PDF-1.4 nothing", "glossary.no_columns", "a.pdf"),
    ],
)  # fmt: skip
def test_of_a_file_that_is_no_glossary_nothing_is_kept_and_why_is_said(services, tmp_path, name, data, code, words):
    result = imported(services, written(tmp_path, name, data))
    assert isinstance(result, Problem), result
    assert (result.code, words in result.sentence) == (code, True), result
    assert services.glossaries.all() == []


BOMB = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 11))


@pytest.mark.parametrize("entities", ['<!ENTITY x SYSTEM "file:///etc/hostname">', f'<!ENTITY l0 "lol">{BOMB}'])
def test_entities_are_refused_at_once(services, tmp_path, entities):
    head = f'<?xml version="1.0"?><!DOCTYPE a [{entities}]>'
    result = remembered(services, written(tmp_path, "a.tmx", f"{head}<tmx><body><x>&x;&l10;</x></body></tmx>"))
    assert isinstance(result, Problem)
    assert result.code in ("document.bomb", "document.damaged")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252", "utf-16-le"])
def test_letters_are_right_whatever_the_encoding(opened, tmp_path, encoding):
    recorder = opened(model=False)
    text = "en;de\nnotice;Kündigung\ndwelling;Wohnstätte\nfee;Gebühr für Müll\n"
    result = imported(recorder.calls, written(tmp_path, "a.csv", text.encode(encoding)))
    terms = recorder.calls.store.terms.of_glossary(result.glossary.id)
    assert [term.target for term in terms] == ["Kündigung", "Wohnstätte", "Gebühr für Müll"]
    assert recorder.of(GlossariesChanged)


def test_duplicates_and_contradictions_are_counted_kept_and_marked(opened, tmp_path):
    recorder = opened(model=False)
    rows = "tenant,Mieter\ntenant,Mieter\nTenant,mieter\ntenant,Bewohner\n,x\nrent,Miete\n"
    result = imported(recorder.calls, written(tmp_path, "a.csv", f"English,German\n{rows}"))
    assert (result.kept, result.duplicates, result.contradictions, result.skipped) == (3, 2, ("tenant",), 1)
    assert result.first_skipped == "row 6"
    page = recorder.calls.glossaries.page(result.glossary.id)
    assert page.counts.contradicting == {"tenant"}
    into = imported(recorder.calls, written(tmp_path, "b.csv", f"English,German\n{rows}"), into=result.glossary.id)
    assert (into.kept, into.duplicates) == (0, 5)


def test_a_file_read_twice_makes_one_glossary_and_its_new_terms_come_to_it(opened, tmp_path):
    services = opened(model=False).calls
    path = written(tmp_path, "law.csv", "English,German\ntenant,Mieter\n")
    first = imported(services, path)
    again = imported(services, path)
    assert (first.was_there, again.was_there, again.kept, again.duplicates) == (False, True, 0, 1)
    written(tmp_path, "law.csv", "English,German\ntenant,Bewohner\nrent,Miete\n")
    more = imported(services, path)
    assert (more.glossary.id, more.kept, more.contradictions) == (first.glossary.id, 2, ("tenant",))
    named = imported(services, path, name="Other")
    legal = imported(services, path, domain="legal")
    polish = imported(services, written(tmp_path, "law.csv", "English,Polish\nrent,czynsz\n"))
    others = [reading.glossary.id for reading in (named, legal, polish)]
    assert not any(reading.was_there for reading in (named, legal, polish))
    assert len({first.glossary.id, *others}) == 4
    services.glossaries.change(first.glossary.id, is_active=False)
    assert not imported(services, written(tmp_path, "law.csv", "English,German\ntenant,Mieter\n")).was_there


def test_columns_are_read_as_a_person_says(opened, tmp_path):
    recorder = opened(model=False)
    path = written(tmp_path, "a.csv", "Kind,Wort,Word\nx,Kaution,deposit\n")
    columns = {"source": 2, "target": 1, "note": 0}
    result = imported(recorder.calls, path, source="en", target="de", columns=columns, skips_first=True)
    terms = recorder.calls.store.terms.of_glossary(result.glossary.id)
    assert [(term.source, term.target, term.note) for term in terms] == [("deposit", "Kaution", "x")]


def test_a_csv_file_gives_back_what_it_was_made_of(opened, tmp_path):
    recorder = opened(model=False)
    services = recorder.calls
    terms = [
        Term("tenant & co", "Mieter <x>", ("Pächter", "Bewohner"), note="a\tb"),
        Term("PDF", "", keeps=True, minds_case=True, forms=Forms.EXACT),
        Term("=sum", "'x"),
        Term("ACME;=cmd|1", "-5", ("+a", "-b")),
    ]
    made = services.glossaries.add("Ä/B", "en", "de", "legal")
    services.glossaries.add_terms(made.id, terms)
    path = written(tmp_path, "a.csv", services.of.glossaries.export(made.id))
    back = imported(services, path, source="en", target="de", name="back").glossary
    kept = services.store.terms.of_glossary(back.id)
    assert [changed(term, n=0) for term in kept] == terms


@pytest.mark.parametrize("count", [4_000, pytest.param(200_000, marks=pytest.mark.soak)])
def test_very_many_rows_come_in_while_others_have_their_turn(opened, tmp_path, monkeypatch, count):
    monkeypatch.setattr(service, "SLICE_S", 0.0)
    recorder = opened(model=False)
    rows = "".join(f"term number {at},Begriff {at}\n" for at in range(count))
    path = written(tmp_path, "a.csv", f"en,de\n{rows}")
    reports, order = [], []

    def progressed(report):
        order.append("rows")
        reports.append(report)
        recorder.services.service_thread.post(lambda: order.append("another"))

    result = imported(recorder.calls, path, progressed)
    assert "another" in order[: -order[::-1].index("rows") - 1], "others are served before the last report"
    assert result.kept == count
    assert [report.done for report in reports] == [*range(200, count + 1, 200), *range(500, count + 1, 500)]
    assert [report.total for report in reports] == [0] * (count // 200) + [count] * (count // 500)
    assert result.glossary.is_active
    page = recorder.calls.glossaries.page(result.glossary.id, words=f"number {count - 1}")
    assert [term.target for term in page.terms] == [f"Begriff {count - 1}"]


TMX = '<?xml version="1.0"?><tmx version="1.4"><header srclang="en"/><body>{}</body></tmx>'


def unit(**said):
    return "<tu>" + "".join(f'<tuv xml:lang="{code}"><seg>{text}</seg></tuv>' for code, text in said.items()) + "</tu>"


def test_a_memory_of_more_languages_wants_to_know_which_and_counts_what_it_leaves_out(opened, tmp_path):
    recorder = opened(model=False)
    services = recorder.calls
    units = unit(en="tree", de="Baum", fr="arbre") + unit(en="tree", de="Bäume") + unit(en="house")
    path = written(tmp_path, "a.tmx", TMX.format(units))
    asked = remembered(services, path)
    assert (asked.code, "en, de, fr" in asked.sentence) == ("glossary.more_languages", True)
    done = remembered(services, path, source="en", target="de")
    assert (done.kept, done.skipped, done.first_skipped, done.contradictions) == (1, 1, "unit 3", ("tree",))
    again = remembered(services, path, source="en", target="de")
    assert (again.kept, again.duplicates, again.replaced) == (0, 1, 0)
    torn = written(tmp_path, "torn.tmx", TMX.format(unit(en="sun", de="Sonne") * 3)[:-40])
    assert remembered(services, torn).first_skipped == "the end of the file, which breaks off"
    odd = written(tmp_path, "odd.tmx", TMX.format(unit(qq="sun", zz="Sonne")))
    assert remembered(services, odd).code == "language.unknown"
    half = written(tmp_path, "half.tmx", TMX.format(unit(en="sun")))
    assert remembered(services, half, source="en", target="de").code == "glossary.empty"
    empty = remembered(services, written(tmp_path, "empty.tmx", TMX.format("")))
    assert (empty.kept, empty.skipped, empty.duplicates) == (0, 0, 0)


def test_a_memory_goes_out_in_pieces_and_comes_back_whole(opened, tmp_path):
    recorder = opened(model=False)
    services = recorder.calls
    pairs = [(f"sentence <{at}> & more", f"Satz {at}\x0b") for at in range(1_200)]
    services.store.memory.remember("en", "de", pairs, origin=Origin.PERSON)
    services.store.memory.remember("en", "de", [("guess", "x")], origin=Origin.MODEL)
    out = tmp_path / "out.tmx"
    assert services.memory.export_file(out) == out
    assert "guess" not in out.read_text()
    done = remembered(services, out, domain="legal")
    assert (done.kept, done.skipped) == (1_200, 0)


def test_sentences_alike_are_found_and_another_domain_counts_less(opened):
    services = opened(model=False).calls
    services.store.memory.remember("en", "de", [("The rent is due on Monday.", "a")], origin=Origin.PERSON)
    legal = [("The rent is due on Monday.", "b")]
    services.store.memory.remember("en", "de", legal, domain="legal", origin=Origin.PERSON)
    pairs = services.memory.alike("en", "de", "The rent is due on Sunday.", "legal")
    assert [pair.target for pair, _ in pairs] == ["a", "b"] or [pair.target for pair, _ in pairs] == ["b", "a"]
    assert pairs[0][1] == pairs[1][1]
    pairs = services.memory.alike("en", "de", "The rent is due on Sunday.", "")
    assert [pair.target for pair, _ in pairs] == ["a", "b"]
    assert not services.memory.alike("en", "fr", "The rent is due on Sunday.", "")
    assert not services.memory.alike("en", "de", "Something else entirely is due.", "")


def test_a_glossary_of_a_domain_holds_for_its_texts_alone_and_names_for_all(opened):
    services = opened(model=False).calls
    law = services.glossaries.add("Law", "en", "de", "legal")
    services.glossaries.add_term(law.id, Term("party", "Partei"))
    names = services.glossaries.keep_list()
    services.glossaries.add_term(names.id, Term("Kowalska", "", keeps=True))

    def sources(*request):
        return {term.source for term in services.translations.terms(*request)}

    assert sources("en", "de", "legal") == {"party", "Kowalska"}
    assert sources("en", "de", "everyday") == {"Kowalska"}
    assert sources("fr", "pl", "legal") == {"Kowalska"}


@pytest.mark.pure
def test_what_is_no_term_is_refused_by_a_code():
    for term, code in (
        (Term(" ", "x"), "glossary.no_source"),
        (Term("a", ""), "glossary.no_translation"),
        (Term("a", "b", keeps=True), "glossary.keeps_and_translates"),
        (Term("a" * 501, "b"), "glossary.too_long"),
    ):
        with pytest.raises(KnownError) as met:
            check_term(term)
        assert met.value.code == code
    assert check_term(Term(" a  b ", "c", ("d", " ", "d"))) == Term("a b", "c", ("d",))
    assert sorted_out([Term("a", "b")], [Term("A", "B"), Term("A", "c", minds_case=True)])[1:] == (1, ())


def test_a_long_glossary_is_forgotten_bit_by_bit_and_comes_back_whole(opened, monkeypatch):
    monkeypatch.setattr(service, "SLICE_S", 0.0)
    recorder = opened(model=False)
    services = recorder.calls
    terms = [Term(f"term {at}", f"Wort {at}") for at in range(1_700)]
    made = services.glossaries.add("Long", "en", "de")
    services.glossaries.add_terms(made.id, terms)
    order, received = [], queue.SimpleQueue()

    def ended(result):
        order.append("forgotten")
        received.put(result)

    def begin():
        services.glossaries.forget(made.id).then(ended)
        services.of.service_thread.post(lambda: order.append("another"))
        assert services.glossaries.all() == [], "it is listed no more"
        assert list(services.translations.terms("en", "de")) == [], "nor obeyed by halves"
        with pytest.raises(KnownError, match=r"glossary\.unknown"):
            services.glossaries.forget(made.id)

    services.of.service_thread.call(begin)
    gone = received.get(timeout=90)
    assert order == ["another", "forgotten"], "others are served meanwhile"
    assert services.store.glossaries.all() == []
    back = services.glossaries.restore(gone)
    assert (back.id, back.terms, back.is_active) == (made.id, 1_700, True)
    kept = services.store.terms.of_glossary(made.id)
    assert [entry.source for entry in kept] == [term.source for term in terms]


def test_a_glossary_that_cannot_be_forgotten_is_listed_again(opened, monkeypatch):
    services = opened(model=False).calls
    made = services.glossaries.add("Leases", "en", "de")

    def fail(*_given):
        raise KnownError("store.full")

    with monkeypatch.context() as patched:
        patched.setattr(services.of.store.terms, "forget_some", fail)
        result = services.glossaries.forget(made.id)
    assert isinstance(result, Problem)
    assert result.code == "store.full"
    assert [glossary.id for glossary in services.glossaries.all()] == [made.id]
