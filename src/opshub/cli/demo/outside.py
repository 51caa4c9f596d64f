"""What stands in the twins after the demo has written: read from them, not from the hub."""

from __future__ import annotations

from typing import Any

from opshub.cli.text import line
from opshub.sdk import plain_from_storage

__all__ = ["shown"]


def shown(made: Any) -> str:
    """The tracker's issues and the wiki page as lines of text."""
    lines = ["", "In the tracker now:"]
    for issue in sorted(made.twins["tracker"].state.present(), key=lambda issue: issue.number):
        labels = ", ".join(sorted(issue.labels))
        lines.append(f"  {issue.key:7} {issue.priority or '':8} {line(issue.summary)}  [{labels}]")
    page = made.twins["wiki"].contents[made.page]
    lines += ["", f"On the wiki page “{line(page['title'])}”:"]
    lines += [f"  {line(row)}" for row in plain_from_storage(page["body"]).splitlines() if row.strip()]
    return "\n".join(lines)
