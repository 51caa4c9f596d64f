"""What we write shows the text as it is: nothing in it takes effect at the vendor."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from opshub.sdk import (
    adf_from_plain,
    clean,
    escape_storage,
    plain_from_adf,
    plain_from_storage,
    plain_from_wiki,
    storage_from_plain,
    wiki_from_plain,
)

SCHEMA = Path(__file__).parents[3] / "shared/specs/atlassian-document-format.schema.json"
ORIGINS = ["https://acme.zendesk.com", "https://wiki.acme.test/wiki/"]

ATTACKS = [
    "<script>alert(1)</script>",
    '</p><ac:structured-macro ac:name="html"/>',
    "]]><ac:link><ri:user ri:account-id='7'/></ac:link>",
    "<![CDATA[x]]>",
    "&lt;b&gt; &amp; &#60; &nbsp;",
    "\"'><img src=x onerror=alert(1)>",
    "[~admin] [~accountid:7] @admin",
    "{html}<b>{html} {code}x{code} {panel}",
    "!https://evil.test/x.png! [x|https://evil.test]",
    "h1. Title\nbq. quote\n* item\n# item\n- item\n|| a || b ||\n----",
    "*bold* _it_ -del- +ins+ ^up^ ~down~ ??cite?? {{mono}}",
    "back\\slash \\\\ \\* (!) (y) (/)",
    "https://acme.zendesk.com/agent/tickets/7",
    "\x00\x0b\x1b\ud800\ufffe\uffff",
    "javascript:alert(1) https://evil.test https://acme.zendesk.com.evil.test/x",
    "https://acme.zendesk.com@evil.test/ https://acme.zendesk.com:99/ https://acme.zendesk.comx",
]

TEXTS = st.one_of(
    st.sampled_from(ATTACKS),
    st.text(max_size=80),
    st.lists(
        st.sampled_from([*ATTACKS, *"{}[]!*_-+^~?|#()\\&<>\"';: \n", "\n\n", "导", "h1.", "bq."]), max_size=12
    ).map("".join),
)


@functools.cache
def validator() -> Draft4Validator:
    """The vendor's own description of its documents."""
    if not SCHEMA.is_file():
        pytest.skip("the shared folder with the document schema is not beside the repository")
    return Draft4Validator(json.loads(SCHEMA.read_text()))


def kinds(node: Any) -> set[str]:
    """The kinds of all nodes and marks of a document."""
    found = {node["type"]} | {mark["type"] for mark in node.get("marks", ())}
    return found.union(*(kinds(child) for child in node.get("content", ())))


def shown(text: str) -> list[str]:
    """The words of a text, for comparing what is left of it; formats may treat spaces as they like."""
    return clean(text).replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd").split()


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_a_document_is_valid_and_holds_text_alone(text: str) -> None:
    document, linked = adf_from_plain(text), adf_from_plain(text, ORIGINS)

    validator().validate(document)
    validator().validate(linked)
    assert kinds(document) <= {"doc", "paragraph", "text", "hardBreak"}
    assert kinds(linked) <= {"doc", "paragraph", "text", "hardBreak", "link"}


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_a_document_shows_the_text_as_it_is(text: str) -> None:
    assert plain_from_adf(adf_from_plain(text)).split() == clean(text).split()


def test_paragraphs_and_lines_are_kept() -> None:
    document = adf_from_plain("a\nb\n\n\nc\n")

    first, second = document["content"]
    assert [node["type"] for node in first["content"]] == ["text", "hardBreak", "text"]
    assert second["content"] == [{"type": "text", "text": "c"}]
    assert storage_from_plain("a\nb\n\n\nc\n") == "<p>a<br/>b</p><p>c</p>"


def test_known_origins_become_links_and_others_do_not() -> None:
    text = (
        "see https://acme.zendesk.com/agent/tickets/7, https://wiki.acme.test/wiki/x?a=1&b=2 or "
        + ATTACKS[-2]
    )

    document = adf_from_plain(text + " " + ATTACKS[-1], ORIGINS)
    page = storage_from_plain(text + " " + ATTACKS[-1], ORIGINS)

    nodes = document["content"][0]["content"]
    links = [node["marks"][0]["attrs"]["href"] for node in nodes if "marks" in node]
    tree = ElementTree.fromstring(f"<x>{page}</x>")
    assert links == ["https://acme.zendesk.com/agent/tickets/7,", "https://wiki.acme.test/wiki/x?a=1&b=2"]
    assert [link.get("href") for link in tree.iter("a")] == links
    validator().validate(document)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_escaped_text_is_one_text_to_an_xml_parser(text: str) -> None:
    tree = ElementTree.fromstring(f'<x title="{escape_storage(text)}">{escape_storage(text)}</x>')

    assert list(tree) == []
    assert (tree.text or "").split() == [
        "".join(
            "\ufffd" if sign in "\ufffe\uffff" or 0xD800 <= ord(sign) < 0xE000 or ord(sign) < 32 else sign
            for sign in word
        )
        for word in text.split()
    ] or any(ord(sign) < 32 for sign in text)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_a_page_holds_paragraphs_and_shows_the_text_as_it_is(text: str) -> None:
    page = storage_from_plain(text)

    tree = ElementTree.fromstring(f"<x>{page}</x>")
    assert {child.tag for child in tree.iter()} <= {"x", "p", "br"}
    assert plain_from_storage(page).split() == shown(text)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_escaped_wiki_text_reads_as_the_text_itself(text: str) -> None:
    assert plain_from_wiki(wiki_from_plain(text)).split() == clean(text).split()


@pytest.mark.parametrize("text", ATTACKS)
def test_no_markup_survives_in_escaped_wiki_text(text: str) -> None:
    bare = wiki_from_plain(text).replace("&#92;", "")

    for sign in "{}[]!*_-+^~?|#()":
        assert bare.count(sign) - bare.count(f"&{sign}") == bare.count(f"\\{sign}")
