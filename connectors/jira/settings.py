"""Settings of one Jira site."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr, field_validator, model_validator

from opshub.sdk import Settings
from opshub_connectors.jira.jql import problem

__all__ = ["JiraSettings"]


class JiraSettings(Settings):
    """Settings of one Jira site, Cloud or Data Center."""

    url: str
    """Address of the site, such as `https://acme.atlassian.net`; with the context path where there is one."""

    deployment: Literal["cloud", "datacenter"] = "cloud"
    """`cloud`, or `datacenter` for a Jira of your own (Data Center or Server)."""

    email: str = ""
    """Cloud: the account that the API token belongs to."""

    token: SecretStr
    """Cloud: API token, from id.atlassian.com > Security. Data Center: personal access token, from the profile."""

    query: str
    """Which issues, in JQL: `project = FEED`. It must restrict something; an ORDER BY in it is not used."""

    project: str = ""
    """Key of the project in which issues are made for ideas, where the route names none."""

    issue_type: str = "Task"
    """Name of the type of the issues that are made."""

    customers: bool = False
    """Whether customers read the issues of service desks: their texts then count as `customer`, not `internal`."""

    emails: bool = False
    """Whether to keep the e-mail addresses of reporters and commenters, where Jira shows them."""

    webhook_secrets: tuple[SecretStr, ...] = ()
    """Secrets of the webhook, from System > WebHooks; two while the old one is being replaced."""

    @field_validator("query")
    @classmethod
    def _restricts(cls, query: str) -> str:
        if (wrong := problem(query)) is not None:
            raise ValueError(wrong)
        return query.strip()

    @model_validator(mode="after")
    def _has_account(self) -> JiraSettings:
        if self.deployment == "cloud" and not self.email:
            raise ValueError("Jira Cloud needs `email`: the account that the API token belongs to")
        return self
