"""The words of input-output tables: headings of national statistics in Chinese and English, codes, units.

References
----------
National Bureau of Statistics of China (2020). Input-Output Tables of China 2018.
"""

from __future__ import annotations

import unicodedata

UNITS = {"wanyuan": 1e-4, "yi": 1.0}
"""Money units and how much of a yi yuan (10^8 yuan) they are; wan yuan are 10^4 yuan."""
UNIT_WORDS = {
    "wanyuan": ("单位万元", "万元", "10000yuan", "10thousandyuan", "wanyuan"),
    "yi": ("单位亿元", "亿元", "100millionyuan", "108yuan", "yiyuan"),
}
COLUMNS: dict[str, tuple[str, ...]] = {
    "intermediate": ("TIU", "中间使用合计", "中间使用", "中间需求合计",
                     "total intermediate use", "intermediate use"),
    "rural": ("FU101", "农村居民消费", "农村居民消费支出", "农村居民",
              "rural household consumption", "rural households"),
    "urban": ("FU102", "城镇居民消费", "城镇居民消费支出", "城镇居民",
              "urban household consumption", "urban households"),
    "household": ("THC", "居民消费", "居民消费支出", "居民消费合计", "居民消费小计", "居民消费支出合计",
                  "居民消费支出小计", "household consumption", "households", "household"),
    "government": ("FU103", "政府消费", "政府消费支出", "government consumption", "government"),
    "consumption": ("TC", "最终消费", "最终消费支出", "最终消费合计", "最终消费支出合计", "final consumption"),
    "fixed_investment": ("FU201", "固定资本形成", "固定资本形成总额", "gross fixed capital formation",
                         "fixed capital formation", "fixed investment"),
    "stocks": ("FU202", "存货增加", "存货变动", "changes in inventories", "inventory", "stocks"),
    "capital_formation": ("GCF", "资本形成", "资本形成总额", "资本形成总额合计", "gross capital formation"),
    "export": ("EX", "出口", "exports", "export"),
    "outflow": ("OF", "流出", "省外流出", "国内省外流出", "调出", "省外调出", "调往省外",
                "outflow", "domestic outflow"),
    "net_outflow": ("净流出", "净出口", "货物和服务净流出", "net outflow", "net exports"),
    "final": ("TFU", "最终使用合计", "最终使用", "total final use", "final use"),
    "import": ("IM", "进口", "imports", "import"),
    "inflow": ("IF", "流入", "省外流入", "国内省外流入", "调入", "省外调入", "外省调入",
               "inflow", "domestic inflow"),
    "other": ("ERR", "其他", "其它", "误差", "误差项", "others", "other", "statistical discrepancy"),
    "output": ("GO", "TO", "总产出", "gross output", "total output"),
}  # fmt: skip
ROWS: dict[str, tuple[str, ...]] = {
    "intermediate": ("TII", "中间投入合计", "中间投入", "total intermediate inputs", "intermediate inputs"),
    "labour": ("VA001", "劳动者报酬", "labour compensation", "compensation of employees", "labor compensation"),
    "production_tax": ("VA002", "生产税净额", "net production tax", "net taxes on production"),
    "depreciation": ("VA003", "固定资产折旧", "depreciation", "depreciation of fixed capital",
                     "consumption of fixed capital"),
    "surplus": ("VA004", "营业盈余", "operating surplus"),
    "value_added": ("TVA", "增加值合计", "增加值", "total value added", "value added"),
    "output": ("TI", "总投入", "total input", "total inputs", "gross output"),
}  # fmt: skip
TOTALS = ("合计", "小计", "总计", "total", "subtotal", "代码", "code", "codes")
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
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def named(words: tuple[str, ...]) -> str:
    """The Chinese and the English of several names of one thing."""
    chinese = next((w for w in words if not w.isascii()), "")
    english = next((w for w in words if w.isascii() and not w.isupper()), words[0])
    return f"{chinese} ({english})" if chinese else english


def _roles(words: dict[str, tuple[str, ...]]) -> dict[str, str]:
    return {fold(word): role for role, names in words.items() for word in names}


COLUMN_ROLES, ROW_ROLES, TOTAL_WORDS = _roles(COLUMNS), _roles(ROWS), {fold(word) for word in TOTALS}
