"""Words that tell whether a dot ends a sentence, of the languages in which that is looked at more closely."""

from __future__ import annotations

from slmdesk.base.record import Record


class SentenceWords(Record):
    """Of one language; abbreviations are without their last dot.

    Small letters stand for small and large ones, an entry with a large letter for itself alone.
    """

    leads: frozenset[str]
    """Abbreviations that never end a sentence: titles, "z. B."."""
    numbered: frozenset[str]
    """Abbreviations, or other words, that do not end one if a figure follows: "pag. 14", "12 jan. 2025"."""
    measures: frozenset[str]
    """Abbreviations that seldom end one.  What follows begins a sentence only if it is one of `starters`."""
    and_so_on: frozenset[str]
    """Abbreviations that end a sentence when a word with a large letter follows."""
    starters: frozenset[str]

    @property
    def is_known(self) -> bool:
        return bool(self.starters)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _of(*words: str) -> SentenceWords:
    return SentenceWords(*map(_set, words))


UNKNOWN = _of("", "", "", "", "")

WORDS: dict[str, SentenceWords] = {
    "en": _of(
        "Mr Mrs Ms Messrs Dr Prof St Rev Hon Capt Lt Col Gen Sgt Maj Gov Sen Rep Pres Mt Ft e.g i.e viz cf v vs",
        "Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun hrs hr mins min "
        "cl cls para paras ss pt",
        "approx ca incl excl",
        "etc",
        "the a an this that these those it he she we they you i there here in on at by for from to if when while after "
        "before as but and or so then thus however please all no not our your their his her its my both each every "
        "such what who whom why how where which do does did is are was were has have had can could may must shall "
        "should will would with without within under over since until unless although because once only otherwise "
        "also another any some many most neither nobody nothing none one two several during between yes let nor",
    ),
    "de": _of(
        "dr prof dipl ing Mag hr fr frl st jur med phil rer nat habil z.b d.h i.a i.v u.a v.a i.d.r z.t m.e u.u "
        "vgl inkl exkl zzgl abzgl bzw ggf ca lt gem betr bspw sog mind einschl zuzügl Hrn Fa ehem evtl insb",
        "jan jän feb mär apr jun jul aug sep sept okt nov dez Nr Abs Ziff Art Az Tel Buchst lit min sek",
        "mio mrd tsd std stk",
        "usw etc usf",
        "der die das dem den des ein eine einen einem einer eines dieser diese dieses diesen diesem jeder jede jedes "
        "alle alles beide er sie es wir ihr ich du man wer was wann wo wie warum weshalb wieso woher wohin welche "
        "welcher welches mein meine dein deine sein seine seinen seiner ihre ihren ihrem ihrer unser unsere unserer "
        "euer eure kein keine keiner in im an am auf aus bei beim bis durch für gegen hinter mit nach neben ohne seit "
        "über um unter von vom vor während wegen zu zum zur zwischen ab laut trotz gemäß dabei dadurch dafür dagegen "
        "daher damit danach daneben daran darauf daraus darin darüber darum darunter davon davor dazu deshalb "
        "deswegen dann dort da hier hierzu hierfür heute morgen gestern jetzt nun bald bisher bislang zuerst zunächst "
        "zuletzt schließlich außerdem zudem ferner auch aber oder und denn doch jedoch sondern sonst andernfalls "
        "allerdings dennoch trotzdem somit also so solange sobald sofern soweit falls wenn weil obwohl dass ob als "
        "bevor nachdem nur noch nicht nie niemand jemand nichts etwas viele einige mehrere manche andere bitte ja nein "
        "herr frau leider ist sind war waren hat haben hatte hatten wird werden wurde wurden kann können konnte "
        "muss müssen soll sollen darf dürfen will wollen möchte gibt bleibt vielen danke vielleicht",
    ),
    "fr": _of(
        "M MM Mme Mmes Mlle Mlles Me Mgr Dr Pr Prof St Ste p.ex c.-à-d c.à.d env tél Vve boul bd",
        "janv févr avr juill sept oct nov déc art al n p pp fig tabl vol chap par min sec",
        "",
        "etc",
        "le la les l' un une des du ce cet cette ces c' ceci cela il elle ils elles on nous vous je j' tu son sa ses "
        "mon ma mes notre nos votre vos leur leurs dans en à au aux de d' pour par sur sous avec sans si mais et ou "
        "donc or car puis ensuite après avant selon cependant toutefois merci veuillez aucun aucune tout tous toute "
        "toutes chaque qui que qu' quand quel quelle comme lors lorsque depuis pendant y ne n' pas personne rien "
        "est-ce où pourquoi comment voici voilà sinon ainsi alors aussi enfin entre chez dès plusieurs certains "
        "certaines deux trois faute sauf passé prière bien oui non",
    ),
    "es": _of(
        "sr sra srta sres sras D Dª Dña dr dra prof profa ing lic arq fdo ilmo excmo sto sta p.ej ej avda av núm "
        "nro vid",
        "ene abr may jun jul ago sept oct nov dic pág págs apdo art tel min seg",
        "aprox",
        "etc",
        "el la los las lo un una unos unas este esta estos estas ese esa eso esto aquel aquella él ella ellos ellas "
        "usted ustedes nosotros yo tú su sus mi mis tu nuestro nuestra nuestros nuestras en a al de del por para con "
        "sin sobre entre hasta desde según si pero y e o u ni no cuando como donde porque aunque mientras también "
        "tampoco además después antes luego entonces así ya hoy mañana ayer aquí allí todo toda todos todas cada "
        "ningún ninguna nadie nada algo alguien algunos algunas varios muchos quien quienes que qué cuál cuándo cómo "
        "dónde se le les nos me te ha han hay es son está están fue fueron sólo solo tras durante sí",
    ),
    "it": _of(
        "sig sigg dott avv ing prof geom rag arch egr gent spett on mons p.es ad.es cfr Dr S",
        "gen feb mar apr mag giu lug ago sett ott nov dic art artt pag pagg n nn co lett cap par fig vol tel min sec",
        "ca",
        "ecc",
        "il lo la i gli le l' un uno una un' questo questa questi queste quello quella quelli ciò egli ella esso essi "
        "lui lei loro noi voi io tu suo sua suoi sue mio mia nostro nostra nostri nostre vostro vostra in nel nella "
        "nei nelle nell' a al alla ai alle all' di del della dei delle dell' da dal dalla dall' per con senza su sul "
        "sulla fra tra se ma e ed o oppure non quando come dove perché poiché mentre anche inoltre dopo prima poi "
        "quindi così già oggi domani ieri qui lì tutto tutta tutti tutte ogni nessun nessuno niente nulla qualcuno "
        "alcuni alcune molti chi che cosa quale si ci vi mi ti ha hanno è sono era c' solo secondo durante entro sì no",
    ),
    "nl": _of(
        "dhr mevr mw mr dr drs ir ing prof st fam jhr bijv d.w.z o.a m.n m.b.t i.v.m t.a.v incl excl vgl zgn ca",
        "jan feb mrt apr jun jul aug sept okt nov dec art lid nr blz tel min sec",
        "mln mld",
        "enz etc",
        "de het een dit dat deze die er hij zij ze wij we u ik jij je jullie men zijn haar hun ons onze uw mijn in op "
        "aan bij van voor met zonder naar over onder tussen door uit tot te na sinds tijdens als indien wanneer toen "
        "maar en of want dus dan daarna daarom daar hier nu ook echter toch bovendien vervolgens anders alle alles "
        "elke elk ieder iedere geen niet niemand niets iemand iets wie wat waar waarom hoe welke welk is zijn was "
        "waren heeft hebben had wordt worden werd kan kunnen moet moeten mag zal wil wilt graag omdat hoewel zodra "
        "volgens beide veel sommige alleen nog al",
    ),
    "pl": _of(
        "dr prof mgr inż hab ul al pl św np tzn tj zob ks płk Sz",
        "stycz lut kwiet czerw lip sierp wrzes paźdz listop grudz art ust nr tel str min sek",
        "mln mld tys",
        "itp itd etc",
        "w we na z ze do od po za przy dla o u nad pod przed między bez przez nie jest są był była było to ten ta te "
        "tego tej tych tam tu on ona ono oni my wy ja ty jego jej ich nasz nasza nasze wasz mój moja pan pani państwo "
        "proszę prosimy jeśli jeżeli gdy kiedy ale i a oraz lub albo więc zatem jednak także również potem następnie "
        "każdy każda każde wszystkie wszyscy żaden nikt nic ktoś coś kto co gdzie dlaczego jak który która które czy "
        "tak już jeszcze tylko dziś jutro wczoraj według podczas ponieważ bo aby",
    ),
}

LETTERED = _set(
    "annex appendix schedule exhibit plan vitamin class type option building block room part section house "
    "annexe vitamine classe groupe bloc allegato vitamina gruppo tipo anexo grupo bijlage groep klasse załącznik typ "
    "grupa in en w server serveur servidor"
)
"""Behind these a single letter is no initial of a name."""

MONTHS = _set("januar jänner februar feber märz april mai juni juli august september oktober november dezember")
"""German ones."""

BEFORE_ORDINAL = _set(
    "im in ins am an zum zur vom beim als der die das dem den des ein eine einen einem einer eines jeder jede jeden "
    "jedem jedes dieser diese diesen diesem dieses sein seine seinen seinem seiner ihr ihre ihren ihrem ihrer unser "
    "unsere unseren unserem unserer mein meine meinen meinem meiner dein deine deinen deinem deiner kein keine"
)
"""German words before a number with a dot that is an ordinal if a noun follows."""
