"""The promises that every connector keeps: one subclass a connector, and the suite is there.

Promises about a capability that the connector lacks are not collected at all.
"""

from __future__ import annotations

from typing import Any

from opshub.errors import PluginError
from opshub.sdk import Connector, Counts, Creates, Publishes, Reads, Receives, Reports, Rewinds, Writes
from opshub.testing.conduct_promises import ConductPromises
from opshub.testing.failure_promises import FailurePromises
from opshub.testing.pull_promises import PullPromises
from opshub.testing.record_promises import RecordPromises
from opshub.testing.report_promises import ReportPromises
from opshub.testing.write_promises import WritePromises

__all__ = ["ConnectorContract"]

NEEDS: dict[str, tuple[type[Any], ...]] = {
    "test_a_census_lists_every_id": (Counts,),
    "test_a_census_that_breaks_off_raises": (Counts,),
    "test_a_created_item_is_found_by_its_marker": (Creates,),
    "test_a_lost_answer_to_a_creation_leaves_one_item_to_find": (Creates,),
    "test_a_lost_answer_to_a_write_is_an_unknown_outcome": (Writes,),
    "test_a_lost_write_is_an_unknown_outcome_and_not_repeated": (Writes,),
    "test_a_marker_that_two_items_carry_is_found": (Creates,),
    "test_a_rewound_pull_brings_everything_since": (Rewinds,),
    "test_a_stale_write_is_refused_where_items_carry_a_version": (Writes,),
    "test_a_webhook_wakes_only_with_the_right_signature": (Receives,),
    "test_a_write_is_there_and_is_done_once": (Writes,),
    "test_an_own_write_comes_back_as_it_was_written": (Writes,),
    "test_another_list_has_another_fingerprint": (Publishes,),
    "test_junk_gives_no_unsound_points": (Reports,),
    "test_points_are_pure_and_repeatable": (Reports,),
    "test_points_are_sound_and_each_signal_stands_once": (Reports,),
    "test_points_hold_no_secret": (Reports,),
    "test_reading_leaves_out_what_is_missing": (Reads,),
    "test_some_points_are_reported": (Reports,),
    "test_the_same_list_twice_is_the_same_document": (Publishes,),
    "test_what_was_published_has_its_fingerprint": (Publishes,),
    "test_writing_twice_equals_writing_once": (Writes,),
}
"""Promises that belong to a capability."""

NEED_A_VENDOR = frozenset(
    {
        "test_a_census_that_breaks_off_raises",
        "test_a_check_reports_every_failure_and_raises_none",
        "test_a_failure_amid_the_pages_is_no_end",
        "test_a_lost_answer_to_a_creation_leaves_one_item_to_find",
        "test_a_lost_answer_to_a_write_is_an_unknown_outcome",
        "test_a_lost_write_is_an_unknown_outcome_and_not_repeated",
        "test_a_repeated_token_is_noticed",
        "test_a_rewound_pull_brings_everything_since",
        "test_a_write_is_there_and_is_done_once",
        "test_an_expired_cursor_is_called_that",
        "test_every_error_status_becomes_the_right_error",
        "test_every_form_of_429_is_a_wait",
        "test_no_change_is_missed_for_showing_late",
        "test_no_change_slips_between_two_pulls",
        "test_the_same_list_twice_is_the_same_document",
        "test_trouble_on_the_wire_becomes_our_error",
        "test_trouble_that_passes_is_lived_through",
        "test_what_is_internal_stays_inside",
        "test_writing_twice_equals_writing_once",
    }
)
"""Promises about the wire, or proven by what the vendor received."""

NEED_FRESH = frozenset(
    {
        "test_a_rewound_pull_brings_everything_since",
        "test_no_change_is_missed_for_showing_late",
        "test_no_change_slips_between_two_pulls",
    }
)
"""Promises that change the vendor's state, which recorded answers cannot."""

NEED_INTERNAL = frozenset(
    {"test_the_internal_text_is_among_the_records", "test_what_is_internal_stays_inside"}
)


class ConnectorContract(
    PullPromises, RecordPromises, ReportPromises, FailurePromises, WritePromises, ConductPromises
):
    """The whole contract; ``Trial`` says what a subclass sets.

    A class that sets ``kind`` is a connector's own; ``waived`` names promises that cannot hold, with the
    reason.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        unknown = [name for name in cls.waived if not hasattr(ConnectorContract, name)]
        if unknown or not all(cls.waived.values()):
            raise TypeError(
                f"{cls.__name__}.waived: each names a promise and a reason, not {unknown or 'nothing'}"
            )
        if hasattr(cls, "kind"):
            for name in _left_out(cls):
                # The test runner does not collect what cannot be called.
                setattr(cls, name, None)


def promises() -> list[str]:
    """The names of all promises."""
    return sorted(name for name in dir(ConnectorContract) if name.startswith("test_"))


def _left_out(cls: type[ConnectorContract]) -> set[str]:
    left_out = set(cls.waived)
    if not cls.serves():
        left_out |= NEED_A_VENDOR
    if cls.answers:
        left_out |= NEED_FRESH
    if not cls.internal:
        left_out |= NEED_INTERNAL
    try:
        connector = cls.connector_class()
    except PluginError:
        # Its promises will all say so, which a failed collection would not.
        return left_out
    return left_out | {
        name for name, needs in NEEDS.items() if not all(_has(connector, need) for need in needs)
    }


def _has(connector: type[Connector[Any]], capability: type[Any]) -> bool:
    names = {name for base in capability.__mro__ for name in vars(base) if not name.startswith("_")}
    return all(callable(getattr(connector, name, None)) for name in names)
