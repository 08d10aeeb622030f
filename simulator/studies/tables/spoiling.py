"""Tables and price files written in every way people write them, and spoilt in every way they break."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tanshi.scenarios.national.table import NationalTable
from tanshi.simulator.own_region.layout import grid

Cells = list[list[str]]
UNITS: tuple[tuple[str, float], ...] = (
    ("单位：元", 1.0), ("单位：千元", 1e3), ("单位：万元", 1e4), ("单位：十万元", 1e5), ("单位：百万元", 1e6),
    ("单位：千万元", 1e7), ("单位：亿元", 1e8), ("单位：十亿元", 1e9), ("单位: 人民币万元", 1e4),
    ("（单位：１００万元）", 1e6),
    ("Unit: yuan", 1.0), ("Unit: thousand yuan", 1e3), ("Unit: 10,000 yuan", 1e4), ("Unit: million yuan", 1e6),
    ("Million CNY", 1e6), ("Unit: 100 million yuan", 1e8), ("CNY billion", 1e9), ("unit: 10^8 yuan", 1e8),
    ("RMB 10 thousand", 1e4), ("In billions of yuan", 1e9),
)  # fmt: skip
"""Heads of a table, and yuan in the unit that they name."""


@dataclass(frozen=True)
class Written:
    """A file as written.

    Parameters
    ----------
    content
        Its bytes.
    suffix
        Its ending.
    truth
        What it says, in the same order; None where it was spoilt so that nobody can say.
    how
        What was done, for a report.
    """

    content: bytes
    suffix: str
    truth: pd.Series | None
    how: str


def written_table(table: NationalTable, rng: np.random.Generator) -> Written:
    """A table in a unit, layout, notation and encoding drawn at random; a third of them spoilt after that."""
    how: list[str] = []
    head, yuan = UNITS[rng.integers(len(UNITS))]
    how.append(head)
    rows = [[str(c) if isinstance(c, str) else float(c) * 1e8 / yuan for c in row] for row in grid(table)]
    width = max(len(row) for row in rows)
    digits = int(rng.choice([0, 2, 4, 9]))
    smallest = float(np.abs(table.output.to_numpy()).min()) * 1e8 / yuan
    digits = max(digits, int(np.ceil(5.0 - np.log10(max(smallest, 1e-9)))))
    write, told = _notation(rng, digits)
    how.append(told)
    cells = [[c if isinstance(c, str) else write(c) for c in row] + [""] * (width - len(row)) for row in rows]
    cells[1][0] = head
    if rng.random() < 0.1:
        cells[1][0], head = "", ""
        how.append("no unit")
    for change, chance in ((_banner, 0.3), (_code_and_name, 0.3), (_numbers_row, 0.2), (_turned, 0.15), (_notes, 0.3)):
        if rng.random() < chance:
            cells = change(cells, rng)
            how.append(change.__name__.strip("_"))
    truth: pd.Series | None = table.output if head else None
    if rng.random() < 1 / 3:
        cells, what = _spoilt(cells, rng)
        how.append(what)
    content, suffix, told = _stored(cells, rng, ";" if "," in told else None)
    how.append(told)
    if rng.random() < 0.05:
        content, what = _damaged(content, rng)
        how.append(what)
        truth = None
    return Written(content, suffix, truth, ", ".join(how))


def _notation(rng: np.random.Generator, digits: int) -> tuple[Callable[[float], str], str]:
    """How numbers are written, and a name for it."""
    style = str(rng.choice(["1234.5", "1,234.5", "1 234.5", "1.234,5", "1 234,5", "1'234.5", "１２３４.5"]))
    minus = str(rng.choice(["-1", "−1", "(1)", "1-"]))
    nothing = str(rng.choice(["0", "", "-", ":", "..", "n.a.", "—", "…"]))

    def write(value: float) -> str:
        if value == 0.0:
            return nothing
        text = f"{abs(value):,.{digits}f}"
        if float(text.replace(",", "")) == 0.0:
            return nothing
        comma, point = {"1234.5": ("", "."), "1,234.5": (",", "."), "1 234.5": ("\u00a0", "."), "1.234,5": (".", ","),
                        "1 234,5": ("\u202f", ","), "1'234.5": ("'", "."), "１２３４.5": ("", ".")}[style]  # fmt: skip
        text = text.replace(",", "\0").replace(".", point).replace("\0", comma)
        if style == "１２３４.5":
            text = text.translate({ord(str(k)): chr(0xFF10 + k) for k in range(10)})
        return minus.replace("1", text) if value < 0 else text

    return write, f"{style} {minus} {nothing!r}"


def _banner(cells: Cells, rng: np.random.Generator) -> Cells:
    row = [""] * len(cells[0])
    row[2], row[len(row) // 2 + 3] = "中间使用", "最终使用"
    return [*cells[:2], row, *cells[2:]]


def _code_and_name(cells: Cells, rng: np.random.Generator) -> Cells:
    return [[("" if i > 3 else row[0]), f"{row[0]} {row[1]}".strip() if i > 3 else row[1], *row[2:]]
            for i, row in enumerate(cells)]  # fmt: skip


def _numbers_row(cells: Cells, rng: np.random.Generator) -> Cells:
    top = next(i for i, row in enumerate(cells) if "TIU" in row) + 1
    counted = ["", "", *(str(k + 1) for k in range(len(cells[0]) - 2))]
    return [*cells[:top], counted, *cells[top:]]


def _turned(cells: Cells, rng: np.random.Generator) -> Cells:
    return [list(row) for row in zip(*cells, strict=True)]


def _notes(cells: Cells, rng: np.random.Generator) -> Cells:
    note = ["注：本表按当年生产者价格计算", *[""] * (len(cells[0]) - 1)]
    return [*cells, [""] * len(cells[0]), note]


def _spoilt(cells: Cells, rng: np.random.Generator) -> tuple[Cells, str]:
    """One thing made wrong: a cell, a row, a column, a heading."""
    kind = int(rng.integers(7))
    i, j = int(rng.integers(len(cells))), int(rng.integers(len(cells[0])))
    out = [list(row) for row in cells]
    if kind == 0:
        out[i][j] = str(rng.choice(["abc", "#REF!", "12x", "1..2", "1,2,3", "NaN", "inf", "=A1", "九"]))
        return out, f"cell {i},{j} = {out[i][j]}"
    if kind == 1:
        return [row for k, row in enumerate(out) if k != i], f"without row {i}"
    if kind == 2:
        return [[c for k, c in enumerate(row) if k != j] for row in out], f"without column {j}"
    if kind == 3:
        out[i] = list(out[int(rng.integers(len(out)))])
        return out, f"row {i} twice another"
    if kind == 4:
        out[i][j] = out[i][j] + "0"
        return out, f"a nought behind cell {i},{j}"
    if kind == 5:
        return out[: max(2, i)], f"cut after row {i}"
    other = int(rng.integers(len(out[0])))
    for row in out:
        row[j], row[other] = row[other], row[j]
    return out, f"columns {j} and {other} changed places"


def _stored(cells: Cells, rng: np.random.Generator, separator: str | None) -> tuple[bytes, str, str]:
    mark = str(separator or rng.choice([",", ";", "\t", "|"]))
    encoding = str(rng.choice(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"]))
    out = io.StringIO()
    csv.writer(out, delimiter=mark, lineterminator=str(rng.choice(["\n", "\r\n"]))).writerows(cells)
    suffix = str(rng.choice([".csv", ".txt"]))
    return out.getvalue().encode(encoding), suffix, f"{mark!r} {encoding}"


def _damaged(content: bytes, rng: np.random.Generator) -> tuple[bytes, str]:
    if rng.random() < 0.5:
        cut = int(rng.integers(1, len(content)))
        return content[:cut], f"cut at byte {cut}"
    raw = bytearray(content)
    for k in rng.integers(len(raw), size=20):
        raw[k] = int(rng.integers(256))
    return bytes(raw), "20 bytes changed"


# -- prices ----------------------------------------------------------------------------------------------------

DATES: tuple[str, ...] = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y年%m月%d日", "%d-%b-%Y", "%b %d, %Y",
    "%Y-%m-%dT17:00:00+02:00", "%Y-%m-%d 15:00", "excel",
)  # fmt: skip
HEADS: tuple[tuple[str, str], ...] = (
    ("date", "close"), ("Date", "Close"), ("日期", "收盘价"), ("交易日期", "成交均价"), ("DATE", "Settlement"),
    ("Trade Date", "Price"), ("时间", "价格"),
)  # fmt: skip


def written_prices(rng: np.random.Generator) -> Written:
    """Closes of two or more years in a form drawn at random; a third of them spoilt after that."""
    days = pd.bdate_range("2021-07-19", periods=int(rng.integers(400, 700)))
    prices = np.round(50.0 * np.exp(np.cumsum(rng.normal(0.0, 0.02, len(days)))), 2)
    form, heads = str(rng.choice(DATES)), HEADS[rng.integers(len(HEADS))]
    comma = bool(rng.random() < 0.25)
    epoch = pd.Timestamp("1899-12-30")
    shown = [str((d - epoch).days) if form == "excel" else d.strftime(form) for d in days]
    numbers = [f"{p:.2f}".replace(".", ",") if comma else f"{p:.2f}" for p in prices]
    cells = [list(heads), *([a, b] for a, b in zip(shown, numbers, strict=True))]
    how = [form, str(heads), "comma" if comma else "point"]
    if rng.random() < 0.4:
        cells = [[*row, "100"] if i else [*row, "volume"] for i, row in enumerate(cells)]
    if rng.random() < 0.3:
        cells = [["# closes, yuan/t", *[""] * (len(cells[0]) - 1)], *cells]
    truth: pd.Series | None = pd.Series(prices, index=days)
    if rng.random() < 0.3:
        cells = [cells[0], *cells[:0:-1]] if not cells[0][0].startswith("#") else [*cells[:2], *cells[:1:-1]]
    if rng.random() < 1 / 3:
        cells, what = _spoilt(cells, rng)
        how.append(what)
    content, suffix, told = _stored(cells, rng, ";" if comma else None)
    how.append(told)
    if rng.random() < 0.05:
        content, what = _damaged(content, rng)
        how.append(what)
        truth = None
    return Written(content, suffix, truth, ", ".join(how))
