"""The words of input-output tables: headings of national statistics in Chinese and English, and their codes.

References
----------
National Bureau of Statistics of China (2020). Input-Output Tables of China 2018.
"""

from __future__ import annotations

import csv
import unicodedata
from pathlib import Path

HEADINGS = Path(__file__).with_name("headings.csv")


_SIMPLE = str.maketrans(
    "總產業農電氣費資進間勞動報酬營餘舊額務漁鹽煉燒鋼鐵機儀傳輸運倉儲郵計軟體設備廢棄紙製飲煙織絲綢鑄壓銅鋁鎳勘測畫樂衛與險證貿轉單萬億國內庫變專業屬劃構後勝輕際車",
    "总产业农电气费资进间劳动报酬营余旧额务渔盐炼烧钢铁机仪传输运仓储邮计软体设备废弃纸制饮烟织丝绸铸压铜铝镍勘测画乐卫与险证贸转单万亿国内库变专业属划构后胜轻际车",
)
"""Traditional characters of headings and sectors, and the simplified ones."""


def _read(place: str) -> dict[str, tuple[str, ...]]:
    with HEADINGS.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["place"] == place]
    return {row["role"]: tuple(row["words"].split("|")) for row in rows}


COLUMNS = _read("column")
ROWS = _read("row")
PARTS = {"export_part": "export", "import_part": "import", "npish": "household", "valuables": "stocks"}
"""Columns that are parts of another one."""
ROW_PARTS = {"wages": "labour", "contributions": "labour"}
NOT_READ = ("intermediate", "consumption", "capital_formation", "final", "total_use", "supply")
"""Columns that are sums of others; consumption is read where its parts are not told."""
FINAL = ("household", "government", "fixed_investment", "stocks")
TRADE = ("export", "outflow", "import", "inflow", "net_outflow", "other")
VALUE_ADDED = ("labour", "production_tax", "depreciation", "surplus")
NOT_NEGATIVE = ("household", "government", "fixed_investment", "export", "outflow", "output", "labour", "depreciation")


def fold(text: str) -> str:
    """A label without case, spaces and punctuation.

    Examples
    --------
    >>> fold(" 石油、炼焦产品和核燃料加工品 ") == fold("石油，炼焦产品和核燃料加工品"), fold("FU 101")
    (True, 'fu101')
    """
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum()).translate(_SIMPLE)


def named(words: tuple[str, ...]) -> str:
    """The Chinese and the English of several names of one thing."""
    chinese = next((w for w in words if not w.isascii()), "")
    english = next((w for w in words if w.isascii() and not w.isupper()), words[0])
    return f"{chinese} ({english})" if chinese else english


def _roles(words: dict[str, tuple[str, ...]]) -> dict[str, str]:
    return {fold(word): role for role, names in words.items() for word in names}


COLUMN_ROLES, ROW_ROLES, ORIGINS = _roles(COLUMNS), _roles(ROWS), _roles(_read("origin"))
TOTAL_WORDS = frozenset(fold(word) for word in _read("sum")[""])
CODE_FOLDS = frozenset(fold(word) for word in _read("code")[""])
