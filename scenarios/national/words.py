"""The words of input-output tables: headings of national statistics in Chinese and English, and their codes.

References
----------
National Bureau of Statistics of China (2020). Input-Output Tables of China 2018.
"""

from __future__ import annotations

import unicodedata

COLUMNS: dict[str, tuple[str, ...]] = {
    "intermediate": ("TIU", "中间使用合计", "中间使用", "中间需求合计", "中间需求", "中间消耗合计", "total intermediate use",
                     "intermediate use", "intermediate demand", "total intermediate demand", "intermediate consumption"),
    "rural": ("FU101", "农村居民消费", "农村居民消费支出", "农村居民", "rural household consumption", "rural households",
              "rural_cons"),
    "urban": ("FU102", "城镇居民消费", "城镇居民消费支出", "城镇居民", "城市居民消费", "城市居民",
              "urban household consumption", "urban households", "urban_cons"),
    "household": ("THC", "居民消费", "居民消费支出", "居民消费合计", "居民消费小计", "居民消费支出合计", "居民",
                  "居民消费支出小计", "household consumption", "households", "household", "private consumption",
                  "hh_cons_total", "HFCE", "P3_S14", "P3S14", "household final consumption expenditure",
                  "final consumption expenditure by households", "final consumption by households",
                  "final consumption expenditure of households", "household expenditure", "personal consumption"),
    "npish": ("NPISH", "P3_S15", "P3S15", "npish final consumption", "为住户服务的非营利机构消费",
              "final consumption expenditure by non-profit organisations serving households (NPISH)",
              "non-profit institutions serving households", "final consumption expenditure of npish"),
    "government": ("FU103", "政府消费", "政府消费支出", "政府", "公共消费", "社会消费", "government consumption",
                   "government", "gov_cons", "GGFC", "P3_S13", "P3S13", "public consumption",
                   "final consumption expenditure by government", "government final consumption expenditure",
                   "general government final consumption", "final consumption expenditure of general government",
                   "general government", "government expenditure", "final consumption by government"),
    "consumption": ("TC", "最终消费", "最终消费支出", "最终消费合计", "最终消费支出合计", "消费合计", "总消费",
                    "final consumption", "final_cons_total", "total final consumption", "final consumption expenditure"),
    "fixed_investment": ("FU201", "固定资本形成", "固定资本形成总额", "固定资产形成", "固定资本", "固定资产投资",
                         "gross fixed capital formation", "fixed capital formation", "fixed investment", "GFCF", "P51G",
                         "P51"),
    "stocks": ("FU202", "存货增加", "存货变动", "库存增加", "库存变动", "存货", "changes in inventories", "inventory",
               "change in inventories", "inventory change", "change in stocks", "stock changes", "increase in stocks",
               "stocks", "inventories", "INVNT", "P52", "P5M", "P52_P53", "P52P53", "inventory changes", "stock change",
               "changes in inventories and valuables", "changes in stocks", "increase in inventories"),
    "valuables": ("P53", "贵重物品净获得", "changes in valuables", "acquisitions less disposals of valuables", "valuables"),
    "capital_formation": ("GCF", "资本形成", "资本形成总额", "资本形成总额合计", "资本形成合计", "P5", "P5G",
                          "gross capital formation", "cap_form_total", "capital formation", "total investment"),
    "export": ("EX", "出口", "出口合计", "出口总额", "国外出口", "exports", "export", "export_foreign", "EXPO", "P6",
               "exports of goods and services", "total exports", "foreign exports", "exports (fob)", "export abroad"),
    "export_part": ("exports intra eu fob", "exports extra eu fob", "exports to eu", "exports intra eu",
                    "exports extra eu", "货物出口", "服务出口", "goods exports", "services exports", "P61", "P62",
                    "exports to eu members", "exports to third countries", "direct purchases by non-residents",
                    "CONS_NONRES", "DPABR", "CONS_ABR"),
    "outflow": ("OF", "流出", "省外流出", "国内省外流出", "国内流出", "调出", "省外调出", "调往省外", "流往省外", "省际流出",
                "市外流出", "区外流出", "国内区外流出", "国内市外流出", "outflow_domestic", "流出省外", "省际调出",
                "outflow", "domestic outflow", "interprovincial outflow", "outflow to other provinces",
                "inter-provincial outflow", "interregional outflow"),
    "net_outflow": ("净流出", "净出口", "货物和服务净流出", "净调出", "货物和服务净出口", "net outflow", "net exports",
                    "net export", "trade balance", "净流出合计"),
    "final": ("TFU", "最终使用合计", "最终使用", "最终需求", "最终产品合计", "total final use", "final use",
              "final demand", "total final demand", "final_use_total", "final uses at basic prices", "total final uses"),
    "total_use": ("TU", "总使用", "使用合计", "总需求", "total use", "total demand", "total uses", "total use at basic prices"),
    "import": ("IM", "进口", "进口合计", "进口总额", "国外进口", "减进口", "imports", "import", "import_foreign",
               "less imports", "imports (cif)", "imports of goods and services", "total imports", "P7", "IMPO",
               "imports cif", "import from abroad", "减：进口", "进口(-)"),
    "import_part": ("imports intra eu cif", "imports extra eu cif", "imports intra eu", "imports extra eu",
                    "进口关税", "import duties", "tariffs", "customs duties", "货物进口", "服务进口"),
    "inflow": ("IF", "流入", "省外流入", "国内省外流入", "国内流入", "调入", "省外调入", "外省调入", "省际流入", "市外流入",
               "区外流入", "国内区外流入", "国内市外流入", "流入省内", "inflow_domestic", "省际调入", "国内调入",
               "inflow", "domestic inflow", "interprovincial inflow", "inflow from other provinces",
               "inter-provincial inflow", "interregional inflow", "less inflow", "减流入"),
    "other": ("ERR", "其他", "其它", "误差", "误差项", "统计误差", "平衡项", "误差及其他", "others", "other", "error",
              "statistical discrepancy", "statistical error", "errors", "discrepancy", "errors and omissions"),
    "output": ("GO", "TO", "总产出", "产出合计", "总产值", "产出", "总产出合计", "gross output", "total output", "output",
               "gross_output", "OUTPUT", "P1", "output at basic prices", "total domestic output", "domestic output",
               "total output at basic prices", "x", "production", "gross output at basic prices"),
    "supply": ("TS_BP", "总供给", "total supply", "supply at basic prices", "total supply at basic prices"),
}  # fmt: skip
ROWS: dict[str, tuple[str, ...]] = {
    "intermediate": ("TII", "中间投入合计", "中间投入", "中间消耗合计", "中间消耗", "total intermediate inputs",
                     "intermediate inputs", "total intermediate input", "intermediate consumption", "P2",
                     "total intermediate consumption", "intermediate input", "total intermediate use",
                     "total use of products", "intermediate consumption at purchasers' prices",
                     "total intermediate consumption at purchasers prices", "total", "intermediate use"),
    "labour": ("VA001", "劳动者报酬", "labour_comp", "劳动报酬", "雇员报酬", "工资", "labour compensation", "compensation of employees",
               "labor compensation", "compensation of labour", "compensation of labor", "D1", "LABR", "wages",
               "employee compensation", "labour", "labor"),
    "wages": ("D11", "wages and salaries", "工资及工资性收入", "工资和薪金"),
    "contributions": ("D12", "employers' social contributions", "employers social contributions", "社会保险", "福利费"),
    "production_tax": ("VA002", "生产税净额", "net_prod_tax", "净生产税", "生产税", "net production tax", "net taxes on production",
                       "taxes on production", "other net taxes on production", "D29X39", "D29_M_D39", "OTXS",
                       "other taxes less other subsidies on production", "other taxes less subsidies on production",
                       "net indirect taxes", "indirect taxes", "taxes less subsidies on production",
                       "other taxes on production net", "production taxes (net)", "taxes on production (net)",
                       "other taxes less subsidies on production"),
    "product_tax": ("D21X31", "D21_M_D31", "TLS", "TXS", "TXS_INT_FNL", "taxes less subsidies on products",
                    "taxes less subsidies on intermediate and final products", "net taxes on products", "产品税净额",
                    "taxes minus subsidies on products", "taxes on products less subsidies", "product taxes",
                    "taxes less subsidies"),
    "depreciation": ("VA003", "固定资产折旧", "固定资本折旧", "折旧", "固定资产消耗", "固定资本消耗", "depreciation",
                     "depreciation of fixed capital", "consumption of fixed capital", "depreciation of fixed assets",
                     "P51C", "K1", "capital consumption", "capital consumption allowance"),
    "surplus": ("VA004", "营业盈余", "op_surplus", "经营盈余", "营业盈余净额", "operating surplus", "operating surplus, net",
                "net operating surplus", "B2A3N", "B2N", "operating surplus and mixed income, net", "利润和税金",
                "net operating surplus and mixed income", "net mixed income", "mixed income", "混合收入"),
    "gross_surplus": ("GOPS", "B2A3G", "B2G", "gross operating surplus", "operating surplus, gross", "营业盈余总额", "总营业盈余",
                      "gross operating surplus and mixed income", "operating surplus and mixed income, gross",
                      "gross operating surplus and gross mixed income", "capital compensation"),
    "value_added": ("TVA", "增加值合计", "增加值", "增加值总额", "total value added", "value added", "total value-added",
                    "VALU", "VA", "B1G", "gross value added", "value added at basic prices", "GVA", "最初投入合计", "最初投入",
                    "gross value added at basic prices", "total primary inputs", "primary inputs"),
    "import_use": ("imports of products", "use of imported products, cif", "use of imported products", "imported inputs",
                   "进口品投入", "进口品投入合计", "imports (cif)", "imported intermediate inputs", "P7"),
    "output": ("TI", "总投入", "投入合计", "总投入合计", "total input", "total inputs", "gross output", "output", "OUTPUT",
               "OUT", "P1", "output at basic prices", "total output", "GO", "total inputs (=outputs)", "total outlays"),
    "imports": ("imports", "imports cif", "进口"),
    "supply": ("TS_BP", "supply at basic prices", "total supply", "total supply at basic prices", "总供给"),
}  # fmt: skip
PARTS = {"export_part": "export", "import_part": "import", "npish": "household", "valuables": "stocks"}
"""Columns that are parts of another one."""
ROW_PARTS = {"wages": "labour", "contributions": "labour"}
NOT_READ = ("intermediate", "consumption", "capital_formation", "final", "total_use", "supply")
"""Columns that are sums of others; consumption is read where its parts are not told."""
DOMESTIC = ("国产品", "国内产品", "国内", "国内生产", "本地产品", "省内产品", "省内", "domestic", "dom", "national", "国内品",
            "domestic products", "domestic output", "国内产品中间使用", "国内产品中间投入", "中间投入国内产品", "d")  # fmt: skip
IMPORTED = ("进口品", "进口产品", "进口", "进口商品", "省外产品", "调入产品", "imports", "imported", "imp", "import", "流入产品",
            "imported products", "进口产品中间使用", "进口品中间投入", "进口产品中间投入", "中间投入进口产品", "m")  # fmt: skip
BOTH = ("合计", "总计", "tot", "total", "全部", "dom+imp", "all")
TOTALS = ("合计", "小计", "总计", "total", "subtotal", "sum", "total use of products", "all sectors", "全部", "合  计")
CODE_WORDS = ("代码", "编码", "序号", "部门代码", "code", "codes", "no", "nr", "number", "编号", "行号", "投入产出代码")
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


COLUMN_ROLES, ROW_ROLES = _roles(COLUMNS), _roles(ROWS)
TOTAL_WORDS = frozenset(fold(word) for word in TOTALS)
CODE_FOLDS = frozenset(fold(word) for word in CODE_WORDS)
ORIGINS = (
    {fold(w): "domestic" for w in DOMESTIC} | {fold(w): "imported" for w in IMPORTED} | {fold(w): "both" for w in BOTH}
)
