"""What an admin says of a Confluence site."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from opshub.sdk import Settings, Visibility

__all__ = ["ConfluenceSettings"]


class ConfluenceSettings(Settings):
    """Settings of one Confluence site, Cloud or Data Center."""

    url: str
    """Address of the site, such as `https://acme.atlassian.net`; with the context path where there is one."""

    deployment: Literal["cloud", "datacenter"] = "cloud"
    """`cloud`, or `datacenter` for a Confluence of your own (Data Center or Server)."""

    email: str = ""
    """Cloud: the account that the API token belongs to."""

    token: SecretStr
    """Cloud: an API token of that account. Data Center: a personal access token."""

    spaces: tuple[str, ...] = ()
    """Keys of the spaces to read: `["FEED", "CS"]`."""

    cql: str = ""
    """Which pages to read, instead of or within `spaces`: `label = "feedback"`. Without `order by`."""

    blogposts: bool = False
    """Whether to read blog posts too."""

    visibility: Visibility = Visibility.INTERNAL
    """Who may read pages without restrictions; a page with restrictions, or below one, is `restricted`."""

    page: str = ""
    """Id of the page that receives the ranked list; it is the number in the page's address."""

    section: str = Field(default="opshub", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$")
    """Name of the hub's section on that page; two lists on one page need two names."""

    webhook_secrets: tuple[SecretStr, ...] = ()
    """Data Center: secrets of the webhook; two while the old one is being replaced."""

    @field_validator("page")
    @classmethod
    def _page(cls, value: str) -> str:
        if value and not re.fullmatch(r"\d{1,19}", value):
            raise ValueError("give the page's id, which is the number in its address")
        return value

    @field_validator("cql")
    @classmethod
    def _cql(cls, value: str) -> str:
        if re.search(r"\border\s+by\b", value, re.IGNORECASE):
            raise ValueError("leave `order by` out: the hub needs its own order")
        return value

    @model_validator(mode="after")
    def _enough(self) -> ConfluenceSettings:
        if self.deployment == "cloud" and not self.email:
            raise ValueError("Confluence Cloud needs `email`: the account that the API token belongs to")
        if not (self.spaces or self.cql or self.page):
            raise ValueError('spaces: name the spaces to read, as in spaces = ["FEED"], or set cql or page')
        return self
