"""What forbids that feedback joins an idea unasked: only one of two texts denies, or they name other numbers."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from opshub.matching.pairs import Piece
from opshub.matching.terms import is_cjk

__all__ = ["guards"]

_DENIALS = frozenset(
    "not no never none nor neither noth nobodi without cannot cant wont dont didnt doesnt doesn don didn isn "
    "isnt wasn wasnt aren arent weren werent couldn couldnt wouldn wouldnt shouldn shouldnt hasn hasnt haven havent "
    "hadn hadnt ain unable unabl".split()
)
"""English words that deny, as terms; "n't" is cut off by the apostrophe and leaves what stands before it."""

_CUT_OFF = "t"
_BEFORE_IT = frozenset("can won".split())

_HAN_DENIALS = ("不", "没", "無", "无", "别", "未", "莫", "勿")
_HAN_NEUTRAL = (
    *(
        "能不能 可不可以 是不是 有没有 会不会 要不要 行不行 好不好 对不对 可不可 该不该 用不用 想不想 得不得 愿不愿意 "
        "知不知道 不好意思 不客气 不仅 不但 不过 不管 不论 不同 不断 差不多 了不起 特别 分别 区别 个别 级别 类别 性别 "
        "识别 别的 别人 无论 无线 未来 没关系 对不起"
    ).split(),
)
"""Questions and words that hold such a character and deny nothing."""

_NUMBER = re.compile(r"(\d+[^\W\d_]{0,3}|[^\W\d_]{1,8}\d+)\Z")
_NUMBER_WORDS = dict(
    zip(
        "two thre four five six seven eight nine ten twic".split(),
        "2 3 4 5 6 7 8 9 10 2".split(),
        strict=True,
    )
)
"""Terms of the smallest numbers in words; "one" is too often no number."""


def guards(one: Piece, other: Piece) -> tuple[str, ...]:
    """The names of what speaks against attaching, in a fixed order; titles are compared where both have one."""
    titled = bool(one.title and other.title)
    mine, theirs = (one.title, other.title) if titled else (one.terms, other.terms)
    found = []
    if _denies(mine) != _denies(theirs):
        found.append("negation")
    here, there = _numbers(mine), _numbers(theirs)
    if here - there and there - here:
        found.append("numbers")
    return tuple(found)


@lru_cache(maxsize=256)
def _denies(terms: tuple[str, ...]) -> bool:
    if not _DENIALS.isdisjoint(terms):
        return True
    if any(after == _CUT_OFF and term in _BEFORE_IT for term, after in pairwise(terms)):
        return True
    text = "".join(term for term in terms if len(term) == 1 and is_cjk(term))
    for neutral in _HAN_NEUTRAL if text else ():
        text = text.replace(neutral, " ")
    return any(sign in text for sign in _HAN_DENIALS)


@lru_cache(maxsize=256)
def _numbers(terms: tuple[str, ...]) -> frozenset[str]:
    """Numbers alone, with a unit or behind a name (``10``, ``5gb``, ``ios17``), and the smallest in words."""
    found = (_NUMBER_WORDS.get(term, term) for term in terms)
    return frozenset(term for term in found if _NUMBER.match(term))
