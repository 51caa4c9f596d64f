"""What an admin may say about a Zendesk connection."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import AwareDatetime, Field, SecretStr

from opshub.sdk import Settings

__all__ = ["ZendeskSettings"]


class ZendeskSettings(Settings):
    """Settings of one Zendesk account."""

    url: str
    """Address of the account, such as `https://acme.zendesk.com`."""

    email: str = ""
    """The admin that the API token belongs to; leave it out where `token` is an OAuth access token."""

    token: SecretStr
    """API token, from Admin Center > Apps and integrations > APIs > Zendesk API."""

    since: AwareDatetime | None = None
    """Tickets whose last change is older than this stay out; with offset, such as `2025-01-01T00:00:00Z`."""

    comments: bool = True
    """Whether to fetch what follows the first comment: one more request for each changed ticket that has more."""

    emails: bool = False
    """Whether to keep the e-mail addresses of those who wrote."""

    jira_links: bool = True
    """Whether to ask the Zendesk–Jira integration for the issues that a ticket is linked to."""

    key_fields: tuple[int, ...] = ()
    """Ids of custom ticket fields in which people note issue keys or addresses."""

    names: Mapping[str, int] = Field(default_factory=dict)
    """Names under which custom ticket fields are kept: `names = {area = 360001}`. Others are `custom_fields.ID`."""

    plan_field: str = "plan"
    """Key of the organization field that holds the customer's plan."""

    arr_field: str = "arr"
    """Key of the organization field that holds the customer's revenue a year."""

    webhook_secrets: tuple[SecretStr, ...] = ()
    """Signing secrets of the webhook; two while the old one is being replaced."""
