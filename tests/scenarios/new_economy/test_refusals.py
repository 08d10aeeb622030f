"""What is wrong with an input-output table, or with a call, is named, every mistake with its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tanshi.equilibrium.province.accounts import Accounts
from tanshi.scenarios.economy import load_economy
from tanshi.scenarios.errors import UserError
from tanshi.scenarios.national.mapping import to_sectors
from tanshi.scenarios.national.mapping_file import read_mapping
from tanshi.scenarios.national.read import read_table
from tanshi.scenarios.national.sheet import address
from tanshi.scenarios.national.table import NationalTable
from tanshi.simulator.cli.app import main
from tanshi.simulator.own_region.layout import write_table
from tanshi.simulator.own_region.tokens import with_tokens
from tests.scenarios.new_economy.grids import (
    FIRST_COLUMN,
    column,
    complaints,
    grid_of,
    row,
    traded,
    write_grid,
)

# -- mistakes --------------------------------------------------------------------------------------------------


def test_all_mistakes_are_named_at_once_with_their_places(printed: NationalTable) -> None:
    grid = grid_of(printed)
    steel, hh = column(grid, "STEEL"), column(grid, "THC")
    grid[row(grid, "COAL")][steel] = "many"
    grid[row(grid, "AGR")][steel] = "-5"
    grid[row(grid, "CHEM")][hh] = "12 yuan"
    said = complaints(grid)
    assert any(address(row(grid, "COAL"), steel) in s and "a number" in s and "many" in s for s in said)
    assert any(address(row(grid, "AGR"), steel) in s and "at least 0" in s and "AGR" in s for s in said)
    assert any(address(row(grid, "CHEM"), hh) in s and "12 yuan" in s for s in said)


@pytest.mark.parametrize(
    ("heading", "word"),
    [("THC", "居民消费"), ("FU103", "政府消费"), ("FU201", "固定资本形成"), ("FU202", "存货增加")],
)
def test_a_missing_column_is_named_with_what_was_expected(printed: NationalTable, heading: str, word: str) -> None:
    grid = grid_of(printed)
    at = column(grid, heading)
    said = complaints([cells[:at] + cells[at + 1 :] for cells in grid])
    assert any("a column headed" in s and word in s for s in said)


@pytest.mark.parametrize(("code", "word"), [("VA001", "劳动者报酬"), ("VA002", "生产税净额"), ("VA004", "营业盈余")])
def test_a_missing_row_is_named_with_what_was_expected(printed: NationalTable, code: str, word: str) -> None:
    grid = grid_of(printed)
    del grid[row(grid, code)]
    assert any("a row headed" in s and word in s for s in complaints(grid))


def test_a_sector_without_its_row_is_named(printed: NationalTable) -> None:
    grid = grid_of(printed)
    del grid[row(grid, "PAPER")]
    assert any("a row for the sector of the column" in s and "PAPER" in s for s in complaints(grid))


def test_unbalanced_rows_and_columns_are_named_with_their_size(printed: NationalTable) -> None:
    grid = grid_of(printed)
    for at, more in (
        ((row(grid, "NMM"), column(grid, "CONS")), 100.0),
        ((row(grid, "MACH"), column(grid, "MACH")), 7.0),
    ):
        grid[at[0]][at[1]] = repr(float(grid[at[0]][at[1]]) + more)
    said = complaints(grid)
    assert len(said) == 4
    assert "row NMM" in said[0]
    assert "100 too much" in said[0]
    assert any("column CONS" in s and "100 too much" in s for s in said)


def test_one_flow_that_fits_neither_its_row_nor_its_column_is_one_message(printed: NationalTable) -> None:
    grid = grid_of(printed)
    at = (row(grid, "NMM"), column(grid, "CONS"))
    fits = float(grid[at[0]][at[1]])
    grid[at[0]][at[1]] = repr(fits + 100.0)
    said = complaints(grid)
    assert len(said) == 1
    assert f"a flow near {fits:.6g}" in said[0]


def test_a_row_of_zeros_is_named(printed: NationalTable) -> None:
    grid = grid_of(printed)
    at = row(grid, "AIR")
    grid[at][FIRST_COLUMN:] = ["0"] * len(grid[at][FIRST_COLUMN:])
    assert any("row AIR" in s and "a gross output above 0" in s for s in complaints(grid))


def test_the_unit_is_asked_for_where_the_table_does_not_say_it(printed: NationalTable) -> None:
    grid = grid_of(printed)
    grid[1] = ["table of the year"]
    assert "--unit wanyuan" in " ".join(complaints(grid))
    ten = read_table(write_grid(grid), "wanyuan")
    np.testing.assert_allclose(ten.output, printed.output * 1e-4)


def test_a_sector_that_the_mapping_does_not_know_is_named(printed: NationalTable, shanxi: Accounts) -> None:
    grid = grid_of(printed)
    for where in ((row(grid, "NMM"), 0), (row(grid, "NMM"), 1), (2, column(grid, "NMM")), (3, column(grid, "NMM"))):
        grid[where[0]][where[1]] = "量子"
    table = read_table(write_grid(grid))
    with pytest.raises(UserError, match=r"量子.*--map") as caught:
        to_sectors(table, shanxi.sectors)
    assert len(caught.value.problems) == 1


def test_mistakes_of_a_mapping_are_named_with_their_lines(shanxi: Accounts) -> None:
    path = Path("map.csv")
    path.write_text("code,sector,share\n01,AGR,0.5\n02,COLA,1\n03,OGAS,two\n", encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_mapping(path, shanxi.sectors)
    said = str(caught.value)
    assert "map.csv:2" in said
    assert "add up to 1" in said
    assert "map.csv:3" in said
    assert "Did you mean COAL?" in said
    assert "map.csv:4" in said
    assert "'two'" in said


def test_a_sector_of_the_model_that_gets_nothing_has_no_output(printed: NationalTable, shanxi: Accounts) -> None:
    path = Path("map.csv")
    lines = [f"{s},{'TRAN' if s == 'AIR' else s}" for s in shanxi.sectors]
    path.write_text("\n".join(["code,sector", *lines]), encoding="utf-8")
    whole, notes = with_tokens(to_sectors(printed, shanxi.sectors, path), load_economy("shanxi_2022"))
    assert 0.0 < whole.output["AIR"] < 1e-4 * printed.gdp()
    assert "AIR" in notes[0]


def no_file() -> list[str]:
    return ["new", "economy", "x_2022", "--table", "nothing.csv"]


def another_kind() -> list[str]:
    Path("table.pdf").write_text("", encoding="utf-8")
    return ["new", "economy", "x_2022", "--table", "table.pdf"]


def no_table() -> list[str]:
    Path("list.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    return ["new", "economy", "x_2022", "--table", "list.csv"]


def built_in_name() -> list[str]:
    return ["new", "economy", "shanxi_2022", "--table", "list.csv"]


def no_template() -> list[str]:
    return ["new", "economy", "x_2022", "--table", "list.csv", "--from", "shanxi"]


@pytest.mark.parametrize(
    ("command", "word"),
    [
        (no_file, "no such file"),
        (another_kind, "save it as .xlsx or .csv"),
        (no_table, "new table example.csv"),
        (built_in_name, "built in"),
        (no_template, "Did you mean shanxi_2022?"),
    ],
)
def test_a_wrong_call_ends_with_one_message_and_leaves_nothing(
    command: Callable[[], list[str]], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command()) == 2
    assert word in capsys.readouterr().err
    assert not Path("economies").exists()


def test_accounts_that_cannot_close_are_refused_and_nothing_is_written(
    printed: NationalTable, capsys: pytest.CaptureFixture[str]
) -> None:
    final = printed.final.copy()
    final["fixed_investment"] *= 0.01
    write_table(traded(replace(printed, final=final), printed.use, printed.value_added), Path("odd.csv"))
    assert main(["new", "economy", "odd_2022", "--table", "odd.csv"]) == 2
    assert "save more than is invested" in capsys.readouterr().err
    assert not list(Path().glob("economies/**/*"))
