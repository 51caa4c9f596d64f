"""The load's source by the Singer SDK: one REST stream, nested values as JSON texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.pagination import BaseAPIPaginator

TEXTS = (
    "url external_id created_at updated_at type subject raw_subject description priority status recipient due_at via "
    "collaborator_ids follower_ids email_cc_ids tags custom_fields satisfaction_rating sharing_agreement_ids fields "
    "followup_ids"
).split()
NUMBERS = (
    "generated_timestamp requester_id submitter_id assignee_id organization_id group_id forum_topic_id problem_id "
    "ticket_form_id brand_id comment_count"
).split()
FLAGS = "has_incidents is_public allow_channelback allow_attachments from_messaging_channel".split()


class ExportPaginator(BaseAPIPaginator[Any]):
    """Cursor pages that name their end apart from the cursor."""

    def has_more(self, response: Any) -> bool:
        return not response.json()["end_of_stream"]

    def get_next(self, response: Any) -> Any:
        return response.json()["after_cursor"]


class Tickets(RESTStream[Any]):
    """The ticket export."""

    name = "tickets"
    path = "/api/v2/incremental/tickets/cursor.json"
    records_jsonpath = "$.tickets[*]"
    primary_keys = ("id",)
    replication_key = "generated_timestamp"
    is_sorted = True
    schema = th.PropertiesList(
        th.Property("id", th.IntegerType, required=True),
        *(th.Property(name, th.StringType) for name in TEXTS),
        *(th.Property(name, th.IntegerType) for name in NUMBERS),
        *(th.Property(name, th.BooleanType) for name in FLAGS),
    ).to_dict()

    @property
    def url_base(self) -> str:
        return str(self.config["url"])

    def get_new_paginator(self) -> ExportPaginator:
        return ExportPaginator(None)

    def get_url_params(self, context: Any, next_page_token: Any) -> dict[str, Any]:
        start = self.get_starting_replication_key_value(context) or 0
        place = {"cursor": next_page_token} if next_page_token else {"start_time": start}
        return {**place, "per_page": 1000, "include": "users,organizations,comment_count"}

    def post_process(self, row: dict[str, Any], context: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return {
            name: json.dumps(value) if isinstance(value, list | dict) else value
            for name, value in row.items()
        }


class DeskTap(Tap):
    """The tap."""

    name = "tap-desk"
    config_jsonschema = th.PropertiesList(th.Property("url", th.StringType, required=True)).to_dict()

    def discover_streams(self) -> list[Tickets]:
        return [Tickets(self)]


if __name__ == "__main__":
    DeskTap.cli()
