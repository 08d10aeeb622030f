"""Matrices from files of four kinds, and the standard model that they become."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.lib import NumpyVersion

from tanshi.equilibrium import Counterfactual, ModelError, Solution, solve
from tanshi.equilibrium.sam import Accounts, read_sam, standard_model

# Hosoe, Gasawa and Hashimoto (2010), Textbook of Computable General Equilibrium Modelling, chapter 6.
HOSOE = """,BRD,MLK,CAP,LAB,IDT,TRF,HOH,GOV,INV,EXT
BRD,21,8,,,,,20,19,16,8
MLK,17,9,,,,,30,14,15,4
CAP,20,30,,,,,,,,
LAB,15,25,,,,,,,,
IDT,5,4,,,,,,,,
TRF,1,2,,,,,,,,
HOH,,,50,40,,,,,,
GOV,,,,,9,3,23,,,
INV,,,,,,,17,2,,12
EXT,13,11,,,,,,,,
"""
ACCOUNTS = Accounts(
    goods=("BRD", "MLK"),
    factors=("CAP", "LAB"),
    consumers=("HOH", "GOV", "INV"),
    world="EXT",
    output_tax=("IDT",),
    tariff=("TRF",),
    numeraire="LAB",
)


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    file = tmp_path / "hosoe.csv"
    file.write_text(HOSOE, encoding="utf-8")
    return file


def to_long(sam: pd.DataFrame, file: Path) -> Path:
    long = sam.stack()
    long[long != 0].rename_axis(["row", "column"]).reset_index(name="value").to_csv(file, index=False)
    return file


def to_xlsx(sam: pd.DataFrame, file: Path) -> Path:
    file = file.with_suffix(".xlsx")
    with pd.ExcelWriter(file) as writer:
        totals = pd.concat([sam, sam.sum().to_frame("Total").T])
        totals.to_excel(writer, sheet_name="SAM")
        pd.DataFrame({"source": ["Hosoe"]}).to_excel(writer, sheet_name="notes")
    return file


def to_gdx(sam: pd.DataFrame, file: Path) -> Path:
    transfer, base = pytest.importorskip("gams.transfer"), pytest.importorskip("gamspy_base")
    container = transfer.Container(system_directory=base.directory)
    accounts = transfer.Set(container, "u", records=list(sam.index))
    records = sam.stack().reset_index()
    transfer.Parameter(container, "SAM", [accounts, accounts], records=records[records[0] != 0])
    transfer.Parameter(container, "other", records=1.0)
    container.write(str(file.with_suffix(".gdx")))
    return file.with_suffix(".gdx")


def to_har(sam: pd.DataFrame, file: Path) -> Path:
    harpy = pytest.importorskip("harpy")
    sets = [{"name": "U", "dim_type": "Set", "dim_desc": list(sam.index)} for _ in range(2)]
    header = harpy.HeaderArrayObj.HeaderArrayFromData(
        "SAM", sam.to_numpy(dtype=np.float32), "SAM", "social accounting matrix", sets=sets
    )
    har = harpy.HarFileObj()
    har.addHeaderArrayObj(header)
    har.writeToDisk(str(file.with_suffix(".har")))
    return file.with_suffix(".har")


@pytest.mark.filterwarnings("ignore::DeprecationWarning:harpy")
@pytest.mark.parametrize(
    ("write", "symbol"),
    [(to_long, None), (to_xlsx, "SAM"), (to_gdx, "SAM"), (to_har, None)],
    ids=["long", "xlsx", "gdx", "har"],
)
def test_the_same_matrix_is_read_from_every_kind_of_file(
    csv: Path, tmp_path: Path, write: Callable[[pd.DataFrame, Path], Path], symbol: str | None
) -> None:
    sam = read_sam(csv)
    file = write(sam, tmp_path / "again.csv")
    if write is to_har and NumpyVersion(np.__version__) >= "2.5.0":
        with pytest.raises(ModelError, match=r"again\.har' harpy3 needs NumPy before 2\.5"):
            read_sam(file)
        return
    again = read_sam(file, symbol)
    assert again.loc[sam.index, sam.columns].to_numpy() == pytest.approx(sam.to_numpy())


def test_hosoes_standard_model_in_ten_lines_gives_the_published_utilities(csv: Path) -> None:
    model = standard_model(read_sam(csv), ACCOUNTS)

    def utility(s: Solution) -> float:
        return s.flow("HOH", "BRD bought") ** 0.4 * s.flow("HOH", "MLK bought") ** 0.6

    base = solve(model, iterations=0)
    assert base.residual < 1e-14
    assert utility(base) == pytest.approx(25.508490012515818, rel=1e-12)
    free = Counterfactual(model).tax("BRD bought", "foreign exchange", 0).tax("MLK bought", "foreign exchange", 0)
    assert utility(free.solve()) == pytest.approx(26.092634381288686, rel=1e-9)


def test_industries_that_make_several_goods_stand_in_accounts_of_their_own(csv: Path) -> None:
    """Split from their goods, the industries make the same economy; a by-product only moves where goods come from."""
    joint = read_sam(csv)
    names = [*joint.index, "A_BRD", "A_MLK"]
    sam = pd.DataFrame(0.0, index=names, columns=names)
    sam.loc[joint.index, joint.columns] = joint
    for good in ("BRD", "MLK"):
        for row in ("BRD", "MLK", "CAP", "LAB", "IDT"):
            sam.loc[row, f"A_{good}"], sam.loc[row, good] = joint.loc[row, good], 0.0
        sam.loc[f"A_{good}", good] = sam[f"A_{good}"].sum()
    accounts = replace(ACCOUNTS, industries=("A_BRD", "A_MLK"))

    def shocked(table: pd.DataFrame, parts: Accounts) -> dict[str, float]:
        case = Counterfactual(standard_model(table, parts)).endow("HOH", "CAP", 55)
        return dict(case.solve().price)

    assert shocked(sam, accounts) == pytest.approx(shocked(joint, ACCOUNTS), rel=1e-9)
    sam.loc["A_BRD", "MLK"] += 5
    sam.loc["A_BRD", "BRD"] -= 5
    sam.loc["MLK", "HOH"] += 5
    sam.loc["BRD", "HOH"] -= 5
    assert solve(standard_model(sam, accounts), iterations=0).residual < 1e-12


def test_a_subsidy_written_as_a_negative_tax_is_refused_with_its_cell_and_says_how_to_write_it(csv: Path) -> None:
    text = HOSOE.replace("IDT,5,4", "IDT,5,-4").replace("MLK,17,9,,,,,30", "MLK,17,9,,,,,22")
    csv.write_text(text.replace("GOV,,,,,9,3,23", "GOV,,,,,1,3,31"), encoding="utf-8")
    with pytest.raises(ModelError, match=r"the cell \(IDT, MLK\) is -4: a negative flow is written as"):
        standard_model(read_sam(csv), ACCOUNTS)


NO_HAR = "needs NumPy before 2" if NumpyVersion(np.__version__) >= "2.5.0" else "'sam.har' is no HAR file"


@pytest.mark.filterwarnings("ignore::DeprecationWarning:harpy")
@pytest.mark.parametrize(
    ("kind", "module", "message"),
    [
        (".xlsx", "openpyxl", "'sam.xlsx' is no XLSX workbook"),
        (".har", "harpy", NO_HAR),
        (".gdx", "gams.transfer", "'sam.gdx'"),
    ],
)
def test_a_file_that_is_not_what_it_is_called_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], kind: str, module: str, message: str
) -> None:
    pytest.importorskip(module)
    file = tmp_path / f"sam{kind}"
    file.write_bytes(b"nothing of the kind")
    with pytest.raises(ModelError, match=message):
        read_sam(file)
    assert "File " not in capfd.readouterr().err  # of a stack that somebody printed


def test_a_table_of_one_cell_is_no_matrix(csv: Path) -> None:
    csv.write_text("account", encoding="utf-8")
    with pytest.raises(ModelError, match="holds no account"):
        read_sam(csv)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("CAP,20,30", "CAP,21,30", "does not balance: account '(BRD|CAP)' receives .* and pays"),
        ("CAP,20,30", "CAP,twenty,30", "row 'CAP', column 'BRD': 'twenty' is no number"),
        ("CAP,20,30", "KAP,20,30", "not square: '(CAP|KAP)' stands among the rows or the columns alone"),
        ("MLK,17,9", "BRD,17,9", "account 'BRD' in more than one row"),
    ],
)
def test_a_matrix_that_is_none_is_refused_with_its_cell_or_account(csv: Path, old: str, new: str, message: str) -> None:
    csv.write_text(HOSOE.replace(old, new), encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        read_sam(csv)


def test_files_that_are_not_there_or_of_another_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no file"):
        read_sam(tmp_path / "sam.csv")
    (tmp_path / "sam.txt").write_text("")
    with pytest.raises(ModelError, match=r"is of no kind .*\.csv, \.xlsx, \.gdx or \.har"):
        read_sam(tmp_path / "sam.txt")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"goods": ("BRD", "MILK")}, "no account 'MILK': did you mean 'MLK'"),
        ({"tariff": ()}, "accounts without a part: TRF"),
        ({"factors": ("CAP", "LAB", "BRD")}, "account 'BRD' has two parts"),
        ({"numeraire": "FX"}, "numeraire 'FX' is no factor"),
        ({"output_tax": ("TRF",), "tariff": ("IDT",)}, "no place for .*cell of"),
    ],
)
def test_descriptions_that_do_not_fit_the_matrix_are_refused(
    csv: Path, change: dict[str, tuple[str, ...]], message: str
) -> None:
    sam = read_sam(csv)
    if "output_tax" in change:
        sam.loc["LAB", "HOH"], sam.loc["HOH", "LAB"] = 5.0, 45.0
        change = {}
    with pytest.raises(ModelError, match=message):
        standard_model(sam, replace(ACCOUNTS, **change))  # type: ignore[arg-type]
