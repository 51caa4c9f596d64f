"""What an admin wants to know of a Jira connection before relying on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from opshub.sdk import Finding, MissingError, PermissionDeniedError
from opshub_connectors.jira.jql import bounded
from opshub_connectors.jira.naming import titled
from opshub_connectors.jira.settings import JiraSettings
from opshub_connectors.jira.site import Site

__all__ = ["findings"]

LINKS = "remotelinks"


def findings(
    site: Site, settings: JiraSettings, owned: Sequence[str], declared: Iterable[str]
) -> Iterator[Finding]:
    """Account, query, permissions, every field that is read or written, and where issues are made."""
    yield Finding.of("sign in", lambda: _account(site))
    yield Finding.of("query", lambda: _query(site, settings))
    needed = ["BROWSE_PROJECTS"]
    needed += ["EDIT_ISSUES"] if any(name != LINKS for name in owned) else []
    needed += ["LINK_ISSUES"] if LINKS in owned else []
    yield Finding.of("permissions", lambda: _permissions(site, needed, ""))
    for name in owned:
        if name != LINKS:
            yield Finding.of(f"write {name}", partial(_owned, site, name))
    for name in declared:
        yield Finding.of(f"read {name}", partial(_field, site, name))
    if settings.project:
        project = settings.project
        yield Finding.of(f"project {project}", lambda: _permissions(site, ["CREATE_ISSUES"], project))
        yield Finding.of(f"make issues in {project}", lambda: _kind(site, settings))


def _account(site: Site) -> str:
    zone = site.zone
    told = f"times in {zone.key}" if zone else "without a time zone: pulls begin twelve hours early"
    return f"{site.account.get('displayName') or 'an account without a name'}, {told}"


def _query(site: Site, settings: JiraSettings) -> str:
    jql = bounded(settings.query, None, "updated ASC")
    if not site.cloud:
        return f"{site.numbered_page(jql, ['id'], 0, 1)['total']} issues"
    site.parse(jql)
    count = site.count(bounded(settings.query, None, "id ASC"))
    return "understood" if count is None else f"about {count} issues"


def _permissions(site: Site, names: Sequence[str], project: str) -> str:
    lacking = [name for name, given in site.may(*names, project=project).items() if not given]
    if lacking:
        raise PermissionDeniedError(
            f"the account lacks {', '.join(lacking)}{f' in {project}' if project else ''}",
            hint="a Jira admin grants it under Project settings > Permissions",
        )
    return ", ".join(names)


def _owned(site: Site, name: str) -> str:
    """A field that is written is called by its id."""
    ident, title = titled(site, name)
    if ident != name:
        raise MissingError(
            f"no field of this Jira has the id {name}", hint=f"did you mean {ident} ({title})?"
        )
    return title


def _field(site: Site, name: str) -> str:
    ident, title = titled(site, name)
    return title if ident == name else f"{title} ({ident})"


def _kind(site: Site, settings: JiraSettings) -> str:
    known = site.issue_types(settings.project)
    if settings.issue_type in known:
        return settings.issue_type
    raise MissingError(
        f"{settings.project} has no type {settings.issue_type!r} that the account may make",
        hint=f"set issue_type to one of: {', '.join(known)}"
        if known
        else "ask a Jira admin for CREATE_ISSUES",
    )
