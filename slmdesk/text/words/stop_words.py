"""Stop words of eight languages, left out when passages are searched for a question.

Short lists of our own: articles, pronouns, auxiliaries, prepositions and question words, folded as text.folding does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from slmdesk.text.words.folding import query_pieces

_EN = """a an the and or but if of in on at by for from to into with without about as than then so that this these
those there here it its he she they them his her their we us our you your i my me is are was were be been being am
do does did done has have had having can could may might must shall should will would not no nor what which who whom
whose when where why how much many any some all each every such only own same also very just between through during
before after above below up down out off over under again once both few more most other tell say said says please
give explain describe mention mentioned according document text page s t"""
_DE = """der die das des dem den ein eine einer eines einem einen und oder aber wenn in im an am auf bei beim fur
von vom zu zum zur mit ohne uber als wie so dass dieser diese dieses diesem diesen jener jene es er sie ihr ihre
ihrer ihrem ihren sein seine seiner seinem seinen wir uns unser unsere ich mein meine mir mich du dein deine ist
sind war waren wird werden wurde wurden worden hat haben hatte hatten kann konnen konnte darf durfen muss mussen
soll sollen will wollen nicht kein keine keinen was welche welcher welches welchen wer wem wen wessen wann wo warum
wieviel viele alle jeder jede jedes nur auch sehr noch schon zwischen durch wahrend vor nach unter aus um bis gegen
man sich nennt steht dokument text seite"""
_FR = """le la les l un une des du de d et ou mais si dans en au aux a par pour avec sans sur sous que qui quoi dont
ou ce cet cette ces il elle ils elles on nous vous je tu mon ma mes ton ta tes son sa ses notre nos votre vos leur
leurs est sont etait etaient etre ete ai as ont avait avaient avoir peut peuvent doit doivent fait faire ne pas plus
non quel quelle quels quelles quand comment pourquoi combien tout tous toute toutes chaque aussi tres entre pendant
avant apres chez vers se s y n qu j c document texte page dit"""
_ES = """el la los las un una unos unas y o pero si de del en al a por para con sin sobre que quien quienes cual
cuales cuando donde como cuanto cuanta cuantos cuantas porque este esta estos estas ese esa esos esas aquel lo le
les se su sus mi mis tu tus nos nuestro nuestra yo ella ellos ellas es son era eran ser sido fue fueron esta estan
estaba hay ha han habia haber puede pueden debe deben hace hacer no ni mas muy tambien entre durante antes despues
desde hasta todo todos toda todas cada documento texto pagina dice"""
_IT = """il lo la i gli le un uno una e o ma se di del dello della dei degli delle in nel nella nei nelle al allo
alla ai alle da dal dalla con senza su sul sulla per che chi cui quale quali quando dove come quanto quanta quanti
quante perche questo questa questi queste quello quella quelli quelle lui lei loro noi voi io mio mia suo sua suoi
sue nostro e sono era erano essere stato ha hanno aveva avere puo possono deve devono fa fare non piu molto anche
tra fra durante prima dopo ogni tutto tutti tutta tutte si ci documento testo pagina dice"""
_PT = """o a os as um uma uns umas e ou mas se de do da dos das em no na nos nas ao aos por pelo pela para com sem
sobre que quem qual quais quando onde como quanto quanta quantos quantas porque este esta estes estas esse essa isso
aquele ele ela eles elas seu sua seus suas meu minha nos nosso nossa eu e sao era eram ser sido foi foram esta estao
ha tem tinha ter pode podem deve devem faz fazer nao mais muito tambem entre durante antes depois desde ate todo
todos toda todas cada documento texto pagina diz"""
_NL = """de het een en of maar als in op aan bij voor van naar tot met zonder over dan zo dat dit deze die er hier
hij zij ze het hun haar zijn wij we ons onze jij je jouw ik mijn mij is was waren ben bent word wordt worden werd
werden heeft hebben had hadden kan kunnen kon mag mogen moet moeten zal zullen wil willen niet geen wat welke welk
wie wiens wanneer waar waarom hoe hoeveel veel alle elke ieder iedere alleen ook zeer nog al tussen door tijdens
voor na onder uit om tegen men zich document tekst pagina staat zegt te"""
_PL = """i a oraz lub ale jesli w we na o od do z ze za po przy dla bez nad pod przez przed miedzy jak jako niz ze
to ten ta te tego tej tych tym ktory ktora ktore ktorych kto co czym kiedy gdzie dlaczego czy ile jaki jaka jakie
jest sa byl byla bylo byly byc zostal zostala zostaly ma maja mial miec moze moga musi musza nalezy nie ani on ona
ono oni one jego jej ich my wy ja moj twoj swoj sie tylko takze rowniez bardzo juz jeszcze kazdy kazda kazde
wszystkie wszystko dokument tekst strona mowi"""

STOP_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        code: frozenset(words.split())
        for code, words in (
            ("en", _EN), ("de", _DE), ("fr", _FR), ("es", _ES), ("it", _IT), ("pt", _PT), ("nl", _NL), ("pl", _PL),
        )
    }
)  # fmt: skip
"""By ISO 639-1."""

_ASKING = """amount amounts amounting cost costs costing price long much high large big number total date year
hoch lang betragt betragen betrag kostet kosten preis dauert dauer lange lautet nummer datum gilt jahr montant coute
cout prix duree numero annee importe cuesta precio durada fecha costa prezzo durata data kosztuje cena wynosi kwota
kost bedraagt prijs"""
ASKING_WORDS = frozenset(_ASKING.split())
"""Folded words that ask for a value, or stand beside one, and do not say what of."""


def stop_words_of(words: Sequence[str]) -> frozenset[str]:
    """The stop words of the language that most of these words belong to; empty where no list has any."""
    hits = {code: sum(word in known for word in words) for code, known in STOP_WORDS.items()}
    best = max(hits, key=lambda code: hits[code])
    return STOP_WORDS[best] if hits[best] else frozenset()


def search_words(question: str) -> list[str]:
    pieces = list(dict.fromkeys(piece for run in query_pieces(question) for piece in run))
    small = stop_words_of(pieces)
    return [piece for piece in pieces if piece not in small]
