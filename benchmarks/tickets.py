"""Tickets as a help desk exports them: English with some Chinese, words as frequent as in real text, by seed.

A page is what Zendesk's cursor export answers with: a thousand tickets of about two kilobytes, and beside them the
people and organizations that they name. The same seed and day give the same bytes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import accumulate
from typing import Any

import orjson

__all__ = ["PAGE", "Desk"]

PAGE = 1000
"""Tickets on a page; Zendesk's own maximum."""

YEAR = timedelta(days=360)
PEOPLE, ORGANIZATIONS = 20_000, 2_000
REPEATED = 0.03
"""The share of tickets that say, word for word, what another one said."""

ENGLISH = (
    "the to and i a is it of in we for on that this not you our with have when but be can are my as from an or at "
    "do if so was no all has there your they get need would please after which user account team page report "
    "export data file list email ticket error time customer issue change new one only still already same other use "
    "work open close save click see find show update import filter search view settings button field number date "
    "order invoice payment plan price project board task comment label status field mobile browser app version "
    "screen window load slow fast fail message warning permission role admin group dashboard chart table column row "
    "excel csv pdf download upload attach image video link share public private password login sign token webhook "
    "integration api sync calendar notification reminder template form survey rating review feedback idea roadmap "
    "priority sprint backlog release deploy crash freeze blank missing wrong duplicate delete restore archive undo "
    "history audit log backup language translation timezone currency tax refund cancel renew upgrade trial license "
    "seat enterprise business security vulnerability phishing breach outage unusable competitor switch love great "
    "thanks thank perfect dark mode keyboard shortcut drag drop zoom print copy paste format font color theme icon "
    "menu sidebar header footer tooltip modal dialog toast banner widget embed iframe script console network timeout "
    "retry cache cookie session browser safari chrome firefox edge windows mac linux android ios tablet phone"
).split()

CHINESE = (
    "的 我 了 是 不 在 有 我们 这个 和 就 都 也 到 要 可以 没有 用户 客户 希望 "
    "能 支持 功能 问题 时候 现在 导出 导入 数据 报表 文件 列表 页面 打开 保存 删除 "
    "点击 显示 搜索 筛选 设置 权限 管理员 账号 登录 密码 邮件 通知 提醒 日历 项目 "
    "任务 看板 优先级 需求 版本 更新 升级 续费 退款 发票 价格 套餐 很慢 卡顿 闪退 "
    "崩溃 报错 失败 错误 空白 丢失 重复 无法使用 接口 同步 集成 机器人 模板 表单 问卷 "
    "评分 评价 反馈 感谢 好用 喜欢 手机 电脑 浏览器 快捷键 深色模式 字体 颜色 语言 "
    "翻译 时区 附件 图片 视频 下载 上传 链接 分享 团队 部门 审批 流程 字段 自定义 "
    "统计 图表 表格 一列 一行 每天 每周 每月 "
).split()

SYLLABLES = (
    "ab ac al am an ar as ba be bo ca ce co da de di do el en er fa fi ga ge ha he il in is ka la le li lo ma me mi "
    "mo na ne no or pa pe po ra re ri ro sa se si so ta te ti to ul un va ve vi wa za"
).split()

TAGS = "billing bug export feature_request how_to integration login mobile performance question vip".split()


class _Words:
    """A vocabulary whose n-th word is used 1/n as often as its first."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.weights = list(accumulate(1 / (rank + 2.7) for rank in range(len(words))))

    def draw(self, dice: random.Random, count: int) -> list[str]:
        return dice.choices(self.words, cum_weights=self.weights, k=count)


class Desk:
    """A help desk with so many tickets, the newest of them a day before ``today``."""

    def __init__(self, count: int, *, seed: int, today: datetime) -> None:
        self.count = count
        self.seed = seed
        self.begin = today.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - YEAR
        self.step = (YEAR - timedelta(days=1)) / count

    @cached_property
    def _english(self) -> _Words:
        dice = random.Random(self.seed)
        coined = {"".join(dice.choices(SYLLABLES, k=dice.choice((2, 3, 3, 4)))) for _ in range(20_000)}
        return _Words([*dict.fromkeys(ENGLISH), *sorted(coined - {*ENGLISH})])

    @cached_property
    def _chinese(self) -> _Words:
        return _Words(list(dict.fromkeys(CHINESE)))

    def pages(self) -> Iterator[bytes]:
        """The export from its beginning, page by page."""
        for number in range(self.pages_in_all):
            yield orjson.dumps(self._page(number))

    @property
    def pages_in_all(self) -> int:
        """How many pages there are."""
        return -(-self.count // PAGE)

    def _page(self, number: int) -> dict[str, Any]:
        first = number * PAGE
        tickets = [self._ticket(at) for at in range(first, min(first + PAGE, self.count))]
        people = sorted({ticket["requester_id"] for ticket in tickets})
        organizations = sorted({ticket["organization_id"] for ticket in tickets})
        return {
            "tickets": tickets,
            "users": [self._person(one) for one in people],
            "organizations": [self._organization(one) for one in organizations],
            "after_url": f"https://desk.example/api/v2/incremental/tickets/cursor.json?cursor={number + 1}",
            "after_cursor": str(number + 1),
            "before_cursor": None,
            "end_of_stream": number + 1 == self.pages_in_all,
        }

    def _ticket(self, at: int) -> dict[str, Any]:
        dice = random.Random(f"{self.seed}:{at}")
        subject, text = self._text(dice)
        moment = f"{self.begin + self.step * at:%Y-%m-%dT%H:%M:%SZ}"
        person = 1 + int(PEOPLE * dice.random() ** 2)
        organization = 1 + person % ORGANIZATIONS
        number = 100_001 + at
        return {
            "url": f"https://desk.example/api/v2/tickets/{number}.json",
            "id": number,
            "external_id": None,
            "via": {
                "channel": dice.choice(("web", "email", "api", "mobile")),
                "source": {"from": {}, "to": {}, "rel": None},
            },
            "created_at": moment,
            "updated_at": moment,
            "generated_timestamp": int((self.begin + self.step * at).timestamp()),
            "type": dice.choice(("question", "incident", "problem", "task")),
            "subject": subject,
            "raw_subject": subject,
            "description": text,
            "priority": dice.choice((None, "low", "normal", "high", "urgent")),
            "status": dice.choice(("new", "open", "pending", "solved", "closed")),
            "recipient": None,
            "requester_id": person,
            "submitter_id": person,
            "assignee_id": 900_000 + person % 40,
            "organization_id": organization,
            "group_id": 360_000 + person % 7,
            "collaborator_ids": [],
            "follower_ids": [],
            "email_cc_ids": [],
            "forum_topic_id": None,
            "problem_id": None,
            "has_incidents": False,
            "is_public": True,
            "due_at": None,
            "tags": sorted(set(dice.choices(TAGS, k=dice.randrange(4)))),
            "custom_fields": [
                {"id": 360_001, "value": dice.choice(TAGS)},
                {"id": 360_002, "value": dice.randrange(1000)},
                {"id": 360_003, "value": None},
            ],
            "satisfaction_rating": {"score": dice.choices(("unoffered", "good", "bad"), (8, 1, 1))[0]},
            "sharing_agreement_ids": [],
            "fields": [],
            "followup_ids": [],
            "ticket_form_id": 360_000_001,
            "brand_id": 360_000_002,
            "allow_channelback": False,
            "allow_attachments": True,
            "from_messaging_channel": False,
            "comment_count": 1 + dice.randrange(3),
        }

    def _text(self, dice: random.Random) -> tuple[str, str]:
        if dice.random() < REPEATED:
            dice = random.Random(f"{self.seed}:repeated:{dice.randrange(200)}")
        chinese = dice.random()
        if chinese < 0.15:
            text = self._said(dice, dice.randrange(60, 210), self._chinese, "")
            return self._said(dice, 6, self._chinese, ""), text
        text = self._said(dice, dice.randrange(60, 250), self._english, " ")
        if chinese < 0.2:
            text += "\n" + self._said(dice, 30, self._chinese, "")
        return self._said(dice, 6, self._english, " "), text

    def _said(self, dice: random.Random, count: int, words: _Words, gap: str) -> str:
        """Sentences of about a dozen words."""
        drawn = words.draw(dice, count)
        end = ". " if gap else "。"
        return end.join(gap.join(drawn[at : at + 12]) for at in range(0, count, 12)) + end.strip()

    def _person(self, number: int) -> dict[str, Any]:
        name = " ".join(
            part.title() for part in random.Random(f"{self.seed}:p{number}").choices(SYLLABLES, k=2)
        )
        return {
            "id": number,
            "name": name,
            "email": f"person{number}@customer{number % ORGANIZATIONS}.example",
            "role": "end-user",
            "locale": "en-US",
            "time_zone": "UTC",
            "created_at": "2020-01-01T00:00:00Z",
            "updated_at": "2020-01-01T00:00:00Z",
            "active": True,
            "verified": True,
        }

    def _organization(self, number: int) -> dict[str, Any]:
        return {
            "id": number,
            "name": f"Customer {number}",
            "domain_names": [f"customer{number}.example"],
            "organization_fields": {
                "plan": ("free", "business", "enterprise")[number % 3],
                "arr": number * 10,
            },
            "created_at": "2020-01-01T00:00:00Z",
            "updated_at": "2020-01-01T00:00:00Z",
            "tags": [],
        }
