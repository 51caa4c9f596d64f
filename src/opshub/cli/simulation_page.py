"""The page of ``rules simulate``: one file, no script, light and dark; everything from outside is escaped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from opshub.cli.text import line
from opshub.cli.view import number

__all__ = ["page"]

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5d6778; --line: #d9dee7; --paper: #fbfcfe; --card: #fff;
  --up: #0a7a4b; --down: #b3261e; --mark: #2f5bd3; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #9aa4b5; --line: #323a48; --paper: #14181f;
  --card: #1b212b; --up: #57c796; --down: #ff8a80; --mark: #8fb0ff; } }
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 15px/1.55 system-ui, "Segoe UI", "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC",
  sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.05rem; margin: 2.2rem 0 .6rem; }
p { margin: .2rem 0; color: var(--soft); overflow-wrap: anywhere; } b.big { color: var(--ink); font-size: 1.15rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; background: var(--card); }
th, td { text-align: left; vertical-align: top; padding: .4rem .7rem; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.p { white-space: nowrap; }
td.t { overflow-wrap: anywhere; min-width: 14rem; } .up { color: var(--up); } .down { color: var(--down); }
ul { margin: .3rem 0 .2rem; padding-left: 1.1rem; color: var(--soft); font-size: .92em; }
li.up, li.down { list-style: none; margin-left: -1rem; } .rule { color: var(--mark); }
@media print { body { max-width: none; } }
"""


def page(value: Mapping[str, Any]) -> str:
    """The whole page."""
    at = f" as of {_text(value['at'])}" if value["at"] else ""
    changed, ideas = value["changed"], value["ideas"]
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>opshub: what new rules would change</title><style>{_STYLE}</style></head><body>",
        "<h1>What new rules would change</h1>",
        f"<p>current: {_text(', '.join(value['current']))}</p><p>new: {_text(', '.join(value['new']))}{at}</p>",
        f'<p><b class="big">{changed:,} of {ideas:,} ideas change</b></p>',
        *_tables(value),
        *_moved(value["moved"], changed),
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _tables(value: Mapping[str, Any]) -> Iterator[str]:
    rules = [(row["rule"], row["begins"], row["ends"]) for row in value["rules"]]
    yield from _table("Rules", ("rule", "begins to hold", "ends"), rules)
    for title, key, nothing in (("Bands", "bands", "no band"), ("Routes", "routes", "inbox")):
        rows = [(row["before"] or nothing, row["after"] or nothing, row["ideas"]) for row in value[key]]
        yield from _table(title, ("from", "to", "ideas"), rows)
    tags = [(row["tag"], row["gain"], row["lose"]) for row in value["tags"]]
    yield from _table("Tags", ("tag", "get it", "lose it"), tags)
    goals = [(row["goal"], row["gain"], row["lose"]) for row in value["goals"]]
    yield from _table("Goals", ("goal", "begin to support it", "no longer do"), goals)
    matches = [(row["match"] or "no block any more", row["pieces"]) for row in value["matches"]]
    yield from _table("Feedback that moves at the next sync", ("match block", "pieces that move"), matches)
    names = ("connection", "field", "current", "new", "differ")
    heads = ("connection", "field", "current rules", "new rules", "differ")
    writes = [tuple(row[name] for name in names) for row in value["writes"]]
    yield from _table("What would be written", heads, writes)


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    if not rows:
        return
    numeric = [isinstance(cell, int) for cell in rows[0]]
    yield f'<h2>{_text(title)}</h2><div class="scroll"><table><tr>'
    yield "".join(f"<th{_class(n)}>{_text(head)}</th>" for head, n in zip(heads, numeric, strict=True))
    for row in rows:
        cells = (f"<td{_class(n)}>{_cell(cell)}</td>" for cell, n in zip(row, numeric, strict=True))
        yield f"</tr><tr>{''.join(cells)}"
    yield "</tr></table></div>"


def _class(numeric: bool) -> str:
    return ' class="n"' if numeric else ""


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else _text(value)


def _moved(rows: Sequence[Mapping[str, Any]], changed: int) -> Iterator[str]:
    if not rows:
        return
    more = f" ({len(rows)} of {changed:,})" if changed > len(rows) else ""
    yield f'<h2>Ideas that change, the farthest first{more}</h2><div class="scroll"><table>'
    yield '<tr><th>idea</th><th class="n">rank</th><th class="n">priority</th><th>band</th><th>route</th></tr>'
    for row in rows:
        before, after = row["before"], row["after"]
        way = "up" if after["priority"] > before["priority"] else "down"
        reasons = "".join(_reason(reason) for reason in row["reasons"] if reason["rule"] != "bands")
        yield f'<tr><td class="t"><b>{_text(row["idea"])}</b> {_text(row["title"])}<ul>{reasons}</ul></td>'
        yield f'<td class="n">{_pair(before["rank"], after["rank"])}</td>'
        yield f'<td class="n {way}">{_pair(number(before["priority"]), number(after["priority"]))}</td>'
        yield f'<td class="p">{_pair(before["band"] or "–", after["band"] or "–")}</td>'
        yield f"<td>{_pair(before['route'] or 'inbox', after['route'] or 'inbox')}</td></tr>"
    yield "</table></div>"


def _reason(reason: Mapping[str, str]) -> str:
    way, sign = ("up", "+") if reason["change"] == "appears" else ("down", "−")
    because = f" because {_text(reason['because'])}" if reason["because"] else ""
    own = reason["effect"].startswith(f"{reason['rule']} = ")
    rule = "" if own else f' <span class="rule">{_text(reason["rule"])}</span>'
    return f'<li class="{way}">{sign} {_text(reason["effect"])}{because}{rule}</li>'


def _pair(before: object, after: object) -> str:
    return _text(before) if before == after else f"{_text(before)} → {_text(after)}"


def _text(value: object) -> str:
    """A text on one line that no browser takes for anything else, and that cannot reorder what stands around it."""
    return escape(line(str(value)))
