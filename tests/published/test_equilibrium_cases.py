"""Published equilibria, value by value, stated on the engine as an outside user would state them."""

from __future__ import annotations

from math import prod

import pytest

from tanshi.equilibrium import (
    Activity,
    Compiled,
    Consumer,
    Endowment,
    Leaf,
    Model,
    Nest,
    Solution,
    Tax,
    compile_model,
    solve,
)

# -- two by two with taxes ---------------------------------------------------------------------------------
# Rutherford's TwoByTwo_Scalar_wTax in GAMS/MPSGE. Numbers: MPSGE.jl, test/MPSGEresults.xlsx, sheet
# TwoxTwowOTax, with test/test_twobytwo_wTaxes.jl (commit ff9113f, MIT, (c) 2024 Mitch Phillipson), to 11
# digits; the GAMS values carry the noise of the PATH solver, about 1e-9.

ROWS = (
    "X", "Y", "U", "PX", "PY", "PU", "PL", "PK", "RA", "SX", "SY",
    "DXL", "DXK", "DYL", "DYK", "SU", "DUX", "DUY", "DU", "CWI",
)  # fmt: skip
COLUMNS: dict[str, tuple[float, ...]] = {
    "benchmark": (1, 1, 1, 1, 1, 1, 1, 1, 150, 100, 50, 50, 50, 20, 30, 150, 100, 50, 150, 150),
    "RA=157": (
        1.0488088482, 1.0388601183, 1.0454820636, 0.99795751, 1.0075145327, 1.0011330687, 0.9515151513,
        1.0466666667, 157, 100, 50, 52.440442415, 47.673129457, 21.177057061, 28.877805077, 150,
        100.3182058, 49.683306602, 149.99999999, 156.82230953,
    ),
    "PX=1": (
        1.0488088482, 1.0388601183, 1.0454820636, 1, 1.0095765828, 1.003182058, 0.9534625892, 1.0488088482,
        157.32132723, 100, 50, 52.440442409, 47.673129462, 21.177057058, 28.87780508, 150, 100.3182058,
        49.683306603, 150.0, 156.82230954,
    ),
    "PL=1": (
        1.0488088482, 1.0388601183, 1.0454820636, 1.0488088481, 1.0588528529, 1.0521462187, 1, 1.0999999999,
        164.99999999, 100, 50, 52.440442406, 47.673129465, 21.177057057, 28.877805081, 150, 100.3182058,
        49.683306603, 150.0, 156.82230953,
    ),
    "Otax=.1": (
        1.0116855689, 1.1123672179, 1.0441905629, 1.1709323695, 1.0649499204, 1.1344819829, 1, 1.1105769136,
        177.69230689, 100, 50, 52.69195654, 47.445571661, 21.298998374, 28.767478569, 150, 96.887063027,
        53.264569586, 149.99999987, 156.6285843,
    ),
    "Otax=.2": (
        0.968848111, 1.1971014528, 1.0396347414, 1.324597022, 1.0720338858, 1.2344078852, 1, 1.1229166445,
        192.49999801, 100, 50, 52.983880674, 47.184161828, 21.440677637, 28.640608912, 150, 93.191201905,
        57.57317476, 149.99999971, 155.94521091,
    ),
    "Otax=.5": (
        0.7888106377, 1.5521999427, 0.9884720496, 2.1692292538, 1.1023780275, 1.7310667629, 1, 1.1763888889,
        256.66666667, 100, 50, 54.230731345, 46.099322985, 22.04756055, 28.112591965, 150, 79.801005814,
        78.515115492, 150.0, 148.27080744,
    ),
    "Otax=.9": (
        0.2653299832, 2.5753333517, 0.565981241, 11.608186766, 1.1959616792, 5.4418764732, 1, 1.3474999999,
        461.99999998, 100, 50, 58.040933829, 43.073049227, 23.919233584, 26.626234048, 150, 46.879642643,
        227.51048665, 150.0, 84.897186155,
    ),
    "Itax=.1": (
        1.0341394698, 1.0671374602, 1.0450238395, 1.1375534151, 1.1023780244, 1.1257053102, 1, 1.1763888814,
        176.45833271, 100, 50, 51.70697336, 48.349377996, 22.047560466, 28.112592037, 150, 98.958457272,
        51.058043852, 149.99999992, 156.75357584,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def two_by_two() -> Compiled:
    labour = Leaf("PL", 50, taxes=(Tax(0.0, "RA"),))
    good = Leaf("PX", 100, taxes=(Tax(0.0, "RA"),))
    return compile_model(
        Model(
            activities=(
                Activity("X", good, Nest(1, (labour, Leaf("PK", 50)))),
                Activity("Y", Leaf("PY", 50), Nest(1, (Leaf("PL", 20), Leaf("PK", 30)))),
                Activity("U", Leaf("PU", 150), Nest(1, (Leaf("PX", 100), Leaf("PY", 50)))),
            ),
            consumers=(Consumer("RA", Leaf("PU", 150), (Endowment("PL", 70), Endowment("PK", 80))),),
            numeraire="PL",
        )
    )


@pytest.mark.parametrize("column", COLUMNS)
def test_two_by_two_with_taxes_gives_every_published_value(two_by_two: Compiled, column: str) -> None:
    p = two_by_two.default.copy()
    if column != "benchmark":
        p.endowment[two_by_two.endow_at[("RA", "PL", "")]] = 77
    output_tax, input_tax = (
        int(i) for i in (two_by_two.leaf_at[("X", "output", "PX")], two_by_two.leaf_at[("X", "inputs", "PL")])
    )
    kind, _, size = column.partition("=")
    if kind in ("Otax", "Itax"):
        p.tax_rate[two_by_two.tax_leaf == (output_tax if kind == "Otax" else input_tax)] = float(size)
    solution = solve(two_by_two, p, iterations=0 if column == "benchmark" else 60, tolerance=1e-12)
    # in two columns another price is the unit of account: prices and income are stated in it
    unit = {"RA=157": solution.income["RA"] / 157, "PX=1": solution.price["PX"]}.get(column, 1.0)
    found = {
        **solution.level,
        **{name: value / unit for name, value in (*solution.price.items(), *solution.income.items())},
        "SX": solution.unit("X", "PX", "output"),
        "SY": solution.unit("Y", "PY", "output"),
        "SU": solution.unit("U", "PU", "output"),
        "DXL": solution.unit("X", "PL"),
        "DXK": solution.unit("X", "PK"),
        "DYL": solution.unit("Y", "PL"),
        "DYK": solution.unit("Y", "PK"),
        "DUX": solution.unit("U", "PX"),
        "DUY": solution.unit("U", "PY"),
        "DU": solution.unit("RA", "PU", "demand"),
        "CWI": 150 * solution.real["RA"],
    }
    assert found == pytest.approx(dict(zip(ROWS, COLUMNS[column], strict=True)), rel=1e-6)


# -- the standard model of Hosoe, Gasawa and Hashimoto ------------------------------------------------------
# Hosoe, N., Gasawa, K. and Hashimoto, H. (2010), Textbook of Computable General Equilibrium Modelling,
# chapter 6;
# GAMS model library stdcge. Levels: CONOPT's solution of GAMSPy's models/stdcge/stdcge.py (commit a52c8ce,
# MIT,
# (c) 2024 GAMS). Utility 25.508490012515818 and 26.092634381288686 are the published ones.

GOODS = ("BRD", "MLK")
BASE: dict[str, tuple[float, ...]] = {
    "Y": (35, 55), "F CAP": (20, 30), "F LAB": (15, 25), "X BRD": (21, 8), "X MLK": (17, 9), "Z": (73, 72),
    "Xp": (20, 30), "Xg": (19, 14), "Xv": (16, 15), "E": (8, 4), "M": (13, 11), "Q": (84, 85), "D": (70, 72),
    "pf": (1, 1), "py": (1, 1), "pz": (1, 1), "pq": (1, 1), "pe": (1, 1), "pm": (1, 1), "pd": (1, 1),
    "epsilon": (1,), "Sp": (17,), "Sg": (2,), "Td": (23,), "Tz": (5, 4), "Tm": (1, 2), "UU":
    (25.508490012515818,),
}  # fmt: skip
ABOLITION: dict[str, tuple[float, ...]] = {
    "Y": (35.75911375081604, 54.24087749582824), "F CAP": (20.42600508803892, 29.57399491196108),
    "F LAB": (15.333112114907648, 24.66688788509235), "X BRD": (21.45546825048962, 7.88958218121138),
    "X MLK": (17.368712393253503, 8.875779953862803), "Z": (74.58329439455915, 71.00623963090243),
    "Xp": (20.392191577977805, 30.75298523287434), "Xg": (17.698430196318952, 13.111165521010903),
    "Xv": (16.616222079973845, 15.661583941663498), "E": (9.434320186281765, 4.498323787209214),
    "M": (12.859343007247805, 13.073300966243178), "Q": (84.05189428597158, 85.77022704266506),
    "D": (70.20392330344669, 70.43256050244501), "pf": (1.000888298971077, 1.0),
    "py": (1.0005075028078605, 1.0004844289507846), "pz": (0.9892600756013583, 0.99528644949285),
    "pq": (0.9812515693462605, 0.975996468491327), "pe": (1.0628242213819283, 1.0628242213819283),
    "pm": (1.0628242213819283, 1.0628242213819283), "pd": (0.9801280144708968, 0.9912576978306963),
    "epsilon": (1.0628242213819283,), "Sp": (17.008389490282394,), "Sg": (1.8280644637588415,),
    "Td": (23.011350486852646,), "Tz": (5.0535805103671185, 3.9261971185599647), "Tm": (0.0, 0.0),
    "UU": (26.092634381288686,),
}  # fmt: skip


@pytest.fixture(scope="module")
def hosoe() -> Compiled:
    b = {key: dict(zip(GOODS, values, strict=True)) for key, values in BASE.items() if len(values) == 2}
    makers, armington = [], []
    for j in GOODS:
        tax = (Tax(b["Tz"][j] / (b["E"][j] + b["D"][j]), "GOV"),)
        goods = tuple(Leaf(f"Q_{i}", b[f"X {i}"][j]) for i in GOODS)
        value_added = Nest(1, (Leaf("CAP", b["F CAP"][j]), Leaf("LAB", b["F LAB"][j])), name="Y")
        output = Nest(2, (Leaf("FX", b["E"][j], taxes=tax), Leaf(f"D_{j}", b["D"][j], taxes=tax)))
        makers.append(Activity(f"Z_{j}", output, Nest(0, (*goods, value_added), name="Z")))
        imports = Leaf("FX", b["M"][j], taxes=(Tax(b["Tm"][j] / b["M"][j], "GOV"),))
        armington.append(
            Activity(f"Q_{j} made", Leaf(f"Q_{j}", b["Q"][j]), Nest(2, (imports, Leaf(f"D_{j}", b["D"][j]))))
        )

    def basket(key: str) -> Nest:
        return Nest(1, tuple(Leaf(f"Q_{j}", b[key][j]) for j in GOODS))

    consumers = (
        Consumer(
            "HOH",
            basket("Xp"),
            (Endowment("CAP", 50), Endowment("LAB", 40)),
            {"GOV": 23 / 90, "INV": 17 / 90},
        ),
        Consumer("GOV", basket("Xg"), (), {"INV": 2 / 35}),
        Consumer("INV", basket("Xv"), (Endowment("FX", 12),)),
    )
    return compile_model(Model((*makers, *armington), consumers, numeraire="LAB"))


def _hosoe_levels(s: Solution, tariff: float) -> dict[str, tuple[float, ...]]:
    net = {j: 1 - BASE["Tz"][k] / (BASE["E"][k] + BASE["D"][k]) for k, j in enumerate(GOODS)}
    made = {j: BASE["Z"][k] * s.level[f"Z_{j}"] for k, j in enumerate(GOODS)}
    bought = {j: BASE["Q"][k] * s.level[f"Q_{j} made"] for k, j in enumerate(GOODS)}
    sales = {
        j: s.flow(f"Z_{j}", "FX", "output") * s.price["FX"] + s.flow(f"Z_{j}", f"D_{j}", "output") * s.price[f"D_{j}"]
        for j in GOODS
    }
    tax = {j: (1 - net[j]) * sales[j] for j in GOODS}
    paid = {
        j: tariff * BASE["Tm"][k] / BASE["M"][k] * s.price["FX"] * s.flow(f"Q_{j} made", "FX")
        for k, j in enumerate(GOODS)
    }
    eaten = {j: s.flow("HOH", f"Q_{j}", "demand") for j in GOODS}
    table = {
        "Y": [BASE["Y"][k] * s.level[f"Z_{j}"] for k, j in enumerate(GOODS)],
        **{f"F {h}": [s.flow(f"Z_{j}", h) for j in GOODS] for h in ("CAP", "LAB")},
        **{f"X {i}": [s.flow(f"Z_{j}", f"Q_{i}") for j in GOODS] for i in GOODS},
        "Z": made.values(),
        "Xp": eaten.values(),
        "Xg": [s.flow("GOV", f"Q_{j}", "demand") for j in GOODS],
        "Xv": [s.flow("INV", f"Q_{j}", "demand") for j in GOODS],
        "E": [s.flow(f"Z_{j}", "FX", "output") for j in GOODS],
        "M": [s.flow(f"Q_{j} made", "FX") for j in GOODS],
        "Q": bought.values(),
        "D": [s.flow(f"Q_{j} made", f"D_{j}") for j in GOODS],
        "pf": [s.price["CAP"], s.price["LAB"]],
        "py": [s.index(f"Z_{j}", "Y") for j in GOODS],
        "pz": [s.index(f"Z_{j}", "Z") for j in GOODS],
        "pq": [s.price[f"Q_{j}"] for j in GOODS],
        "pe": [s.price["FX"]] * 2,
        "pm": [s.price["FX"]] * 2,
        "pd": [s.price[f"D_{j}"] for j in GOODS],
        "epsilon": [s.price["FX"]],
        "Sp": [17 / 90 * s.income["HOH"]],
        "Sg": [2 / 35 * s.income["GOV"]],
        "Td": [23 / 90 * s.income["HOH"]],
        "Tz": tax.values(),
        "Tm": paid.values(),
        "UU": [prod(x**a for x, a in zip(eaten.values(), (0.4, 0.6), strict=True))],
    }
    return {key: tuple(values) for key, values in table.items()}


@pytest.mark.parametrize(("tariff", "expected"), [(1.0, BASE), (0.0, ABOLITION)], ids=["base", "no tariff"])
def test_hosoe_standard_model_gives_every_level(
    hosoe: Compiled, tariff: float, expected: dict[str, tuple[float, ...]]
) -> None:
    p = hosoe.default.copy()
    imported = [hosoe.leaf_at[(f"Q_{j} made", "inputs", "FX")] for j in GOODS]
    for leaf in imported:
        p.tax_rate[hosoe.tax_leaf == leaf] *= tariff
    found = _hosoe_levels(solve(hosoe, p, tolerance=1e-12), tariff)
    assert list(found) == list(expected)
    for key, values in expected.items():
        assert found[key] == pytest.approx(values, rel=1e-8, abs=1e-12), key
