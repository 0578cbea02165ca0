"""What the words before a day tell: something is due by it, on it, from it on, or it is another paper's."""

from __future__ import annotations

import pytest

from slmdesk.text.deadlines.days import due_ends, named_days

pytestmark = pytest.mark.pure

OWN = (2026, 11, 3)


@pytest.mark.parametrize(
    ("language", "words", "expected"),
    [
        ("de", "bis spätestens Freitag, den 13. November", "by 2026-11-13"),
        ("de", "bis zum 1. Dezember 2026, 12 Uhr", "by 2026-12-01"),
        ("de", "vor dem 1. März", "before 2027-02-28"),
        ("de", "vor Ablauf des 30. November 2026", "by 2026-11-30"),
        ("de", "nicht vor dem 7. Dezember", "later 2026-12-07"),
        ("de", "frühestens ab dem 7. Dezember 2026", "later 2026-12-07"),
        ("de", "Ihr Schreiben vom 2. November 2026", "other 2026-11-02"),
        ("de", "am 12. November 2026 um 9 Uhr", "on 2026-11-12"),
        ("de", "zwischen dem 10. und 20. November 2026", "range 2026-11-20"),
        ("de", "vom 1. März bis zum 15. April 2027", "range 2027-04-15"),
        ("de", "am 10. und 20. November", "on 2026-11-10, on 2026-11-20"),
        ("de", "bis Ende Februar 2028", "by 2028-02-29"),
        ("de", "bis Monatsende", "by 2026-11-30"),
        ("de", "bis Ende 2027", "by 2027-12-31"),
        ("en", "by 5 pm on Friday 27 November 2026", "by 2026-11-27"),
        ("en", "on or before 13 November 2026", "by 2026-11-13"),
        ("en", "before 1 March 2027", "before 2027-02-28"),
        ("en", "before noon on 1 March 2027", "by 2027-03-01"),
        ("en", "will not be accepted before 1 December 2026", "later 2026-12-01"),
        ("en", "do not forget to pay before 1 December 2026", "before 2026-11-30"),
        ("en", "no earlier than 13 November", "later 2026-11-13"),
        ("en", "no later than 13 November", "by 2026-11-13"),
        ("en", "our letter of 2 November 2026", "other 2026-11-02"),
        ("en", "from 1 to 15 March 2027", "range 2027-03-15"),
        ("en", "by the last day of February 2027", "by 2027-02-28"),
        ("en", "by the end of next month", "by 2026-12-31"),
        ("en", "by the end of each month", ""),
        ("fr", "avant la fin du mois de février 2027", "by 2027-02-28"),
        ("fr", "avant le 05/12/2026", "before 2026-12-04"),
        ("fr", "avant le 5 décembre 2026 à 12 h", "by 2026-12-05"),
        ("fr", "ne seront pas possibles avant le 7 décembre 2026", "later 2026-12-07"),
        ("fr", "jusqu'au 27 novembre 2026 inclus", "by 2026-11-27"),
        ("fr", "entre le 9 et le 20 novembre 2026", "range 2026-11-20"),
        ("es", "antes del fin de febrero de 2027", "by 2027-02-28"),
        ("es", "a más tardar el 27 de noviembre de 2026", "by 2026-11-27"),
        ("es", "no se admitirán antes del 7 de diciembre de 2026", "later 2026-12-07"),
        ("es", "su carta del 2 de noviembre de 2026", "other 2026-11-02"),
        ("it", "entro la fine di febbraio 2027", "by 2027-02-28"),
        ("it", "non prima del 1 marzo 2027", "later 2027-03-01"),
        ("pt", "até 20 de novembro de 2026", "by 2026-11-20"),
        ("pt", "a partir de 1 de março de 2027", "later 2027-03-01"),
        ("nl", "uiterlijk op vrijdag 20 november 2026", "by 2026-11-20"),
        ("nl", "vóór 1 maart 2027", "before 2027-02-28"),
        ("pl", "do dnia 20 listopada 2026 r.", "by 2026-11-20"),
        ("pl", "nie wcześniej niż 1 marca 2027", "later 2027-03-01"),
        ("en", "by 03/04/2027", ""),
        ("en", "by the Friday before 1 December 2026", "later 2026-12-01"),
        ("en", "the hearing on 12 November 2026 has been cancelled", "other 2026-11-12"),
        ("en", "postponed from 12 November to 19 November 2026", "range 2026-11-19"),
        ("de", "statt am 12. November am 19. November 2026", "other 2026-11-12, on 2026-11-19"),
        ("de", "der Termin wird auf den 19. November 2026 verschoben", "on 2026-11-19"),
        ("de", "ab 9 Uhr am 12. November 2026", "on 2026-11-12"),
        ("de", "bis zum 31. März des Folgejahres", ""),
        ("de", "spaetestens 12. November 2026", "by 2026-11-12"),
        ("fr", "avant le vendredi 20 novembre, 17 heures", "by 2026-11-20"),
        ("es", "entre los días 1 y 20 de diciembre de 2026", "range 2026-12-20"),
        ("nl", "vóór vrijdag 20 november 2026, 12.00 uur", "by 2026-11-20"),
        ("de", "Sie dürfen die Anlage nicht bis zum 1. Februar 2027 betreiben", "later 2027-02-01"),
        ("de", "Bis zum 1. Februar 2027 werden keine Anträge angenommen", "later 2027-02-01"),
        ("de", "Geht bis zum 1. Februar 2027 keine Zahlung ein, klagen wir", "by 2027-02-01"),
        ("de", "Zahlen Sie nicht bis zum 1. Februar 2027, klagen wir", "by 2027-02-01"),
        ("de", "Da Sie nicht gezahlt haben, zahlen Sie bis zum 1. Februar 2027", "by 2027-02-01"),
        ("de", "vom 1. Dezember 2026 bis zum 1. Februar 2027 nehmen wir keine Anträge an", "other 2027-02-01"),
        ("en", "No changes, refunds or transfers will be made until 1 February 2027", "later 2027-02-01"),
        ("en", "not until 1 February 2027", "later 2027-02-01"),
        ("en", "If you do not reply until 1 February 2027, we close the file", "by 2027-02-01"),
        ("fr", "Le solde ne sera pas versé jusqu'au 1er février 2027", "later 2027-02-01"),
        ("fr", "Vous ne pouvez répondre que jusqu'au 1er février 2027", "by 2027-02-01"),
        ("es", "No se admitirán cambios hasta el 1 de febrero de 2027", "later 2027-02-01"),
        ("es", "No obstante, puede alegar hasta el 1 de febrero de 2027", "by 2027-02-01"),
        ("es", "no más tarde del 1 de febrero de 2027", "by 2027-02-01"),
        ("it", "Le domande non saranno accettate fino al 1 febbraio 2027", "later 2027-02-01"),
        ("pt", "Os pedidos não serão aceites até 1 de fevereiro de 2027", "later 2027-02-01"),
        ("nl", "U mag de woning niet betreden tot 1 februari 2027", "later 2027-02-01"),
        ("pl", "Wnioski nie będą przyjmowane do 1 lutego 2027", "later 2027-02-01"),
        ("pl", "nie później niż do 1 lutego 2027", "by 2027-02-01"),
    ],
)
def test_the_words_before_a_day_tell_what_it_is(language, words, expected) -> None:
    assert ", ".join(f"{day.role} {day.last}" for day in named_days(words, language, OWN)) == expected


def test_an_end_of_a_month_to_come_is_told_from_one_that_is_over_and_from_how_long_something_lasts() -> None:
    assert [day.day for day in due_ends("Der Betrag ist bis Monatsende fällig.", "de", OWN)] == [(2026, 11, 30)]
    assert not due_ends("Der Betrag war bis Ende Oktober 2026 fällig.", "de", OWN)
    assert not due_ends("Die Praxis ist bis Ende November 2026 geschlossen.", "de", OWN)
    assert not due_ends("Der Betrag ist bis Monatsende fällig.", "de", None)
