"""Any scenario can stand beside any other, what firms left unsurrendered is said, and all of it in Chinese as well."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fontTools.ttLib import TTFont
from rich.console import Console

from tanshi.language import speak
from tanshi.scenarios.errors import UserError
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.views.charts.style import KNOWN, looks
from tanshi.simulator.views.compliance import compliance_of, compliance_words
from tanshi.simulator.views.reports.han import font_face
from tanshi.simulator.views.reports.report import report_html
from tanshi.simulator.views.table import columns, reference_of, rows, summarise, terminal_table
from tanshi.simulator.views.words import plain_words, sentences
from tests.simulator.made_up import batch, run


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    speak("en")


def own(name: str = "auctioned") -> RunResult:
    made = run("S4")
    return replace(made, scenario=name, annual=made.annual.assign(scenario=name))


def settled(result: RunResult, *rows: dict[str, float]) -> RunResult:
    return replace(result, meta={**result.meta, "settlements": list(rows)})


def test_a_scenario_of_ones_own_is_laid_beside_another_without_s1() -> None:
    said = sentences([run("S5"), own()])
    assert not any(line.startswith("Against") for line in said["S5"])
    assert said["auctioned"][-1].startswith("Against S5 in 2030: the price is ")
    assert "% to S5" in columns(summarise([run("S5"), own()]))[-1]


def test_any_scenario_can_be_the_reference_and_differences_turn_their_sign() -> None:
    one, two = summarise([run("S1"), run("S5")], "S5"), summarise([run("S1"), run("S5")], "S1")
    assert one[1].gdp_loss is None
    assert two[0].gdp_loss is None
    assert one[0].gdp_loss is not None
    assert two[1].gdp_loss is not None
    assert (1 - one[0].gdp_loss) * (1 - two[1].gdp_loss) == pytest.approx(1.0)
    assert "Against S5 in 2030" in plain_words([run("S1"), run("S5")], reference="S5")
    assert "Against S5 in 2030" in report_html([run("S1"), run("S5")], pictures={}, reference="S5")


def test_a_run_by_itself_is_compared_with_nothing_and_has_its_gdp_in_yuan() -> None:
    (alone,) = summarise([run("S5")])
    assert columns([alone])[-1] == "GDP\n2030\nbn yuan"
    assert "Against" not in plain_words([run("S5")])


def test_every_column_of_the_table_is_the_runs_own_number_in_the_unit_of_its_head() -> None:
    def number(cell: str) -> float:
        return float(cell.replace(",", "").replace("−", "-").lstrip(">"))

    alone, names = run("S5"), ("Price|Carbon", "Carbon Market|Trading Volume", "Emissions|CO2", "Energy Consumption")
    price, volume, emissions, energy = (alone.series(name) for name in names)
    gdp, base = alone.series("GDP|MER")[2030], run("S1").series("GDP|MER")[2030]
    told = {
        "Price\n2025\nyuan/t": price[2025], "Price\n2030\nyuan/t": price[2030], "Volume\n2030\nMt": volume[2030],
        "CO₂\n2022\nMt": emissions[2022], "CO₂\n2030\nMt": emissions[2030],
        "CO₂\nchange\n%": 100.0 * (emissions[2030] / emissions[2022] - 1.0), "CO₂\npeak\nyear": emissions.idxmax(),
        "Energy\n2030\nMtce": energy[2030], "GDP\n2030\nbn yuan": gdp,
    }  # fmt: skip
    summaries = summarise([alone])
    (row,) = rows(summaries)
    assert columns(summaries) == ["Scenario", *told]
    assert [number(cell) for cell in row[1:]] == pytest.approx(list(told.values()), abs=0.05)
    beside = summarise([run("S1"), alone])
    assert columns(beside)[-1] == "GDP\n2030\n% to S1"
    assert number(rows(beside)[1][-1]) == pytest.approx(100.0 * (gdp / base - 1.0), abs=0.005) != 0.0


def test_a_reference_that_is_not_there_is_told_with_what_is() -> None:
    with pytest.raises(UserError, match=r"expected one of S1, S5, got S9"):
        reference_of(["S1", "S5"], "S9")


def test_tonnes_left_unsurrendered_are_said_with_their_year_and_price() -> None:
    short = settled(
        run("S5"),
        {"year": 2023, "owed_t": 100e6, "shortfall_t": 0, "penalty_yuan": 0.0, "borrowed_t": 0},
        {"year": 2024, "owed_t": 100e6, "shortfall_t": 50e6, "penalty_yuan": 50e9, "borrowed_t": 2e6},
    )
    missed, advance = compliance_words([short])
    assert "left 50.00 of 200.00 Mt (25.0 %) unsurrendered in 2023–2024" in missed
    assert "in 2024 (50.0 %), and paid 50.00 billion yuan" in missed
    assert "2.00 Mt in advance" in advance


def test_scenarios_that_complied_share_one_sentence_and_a_few_tonnes_are_told_in_tonnes() -> None:
    year = {"year": 2023, "owed_t": 100e6, "shortfall_t": 0, "penalty_yuan": 0.0}
    few = {"year": 2023, "owed_t": 100e6, "shortfall_t": 12, "penalty_yuan": 12e3}
    runs = [settled(run("S1"), year), settled(run("S4"), year), settled(run("S5"), few)]
    assert compliance_words(runs) == [
        "Compliance: firms of S5 left 12 t of 100.00 Mt unsurrendered in 2023–2023, and paid 0.01 million yuan of"
        " penalties.",
        "Compliance: every tonne owed was surrendered in S1 and S4.",
    ]


def test_a_shortfall_that_no_share_would_show_is_told_in_tonnes() -> None:
    (said,) = compliance_words(
        [settled(run("S5"), {"year": 2023, "owed_t": 500e6, "shortfall_t": 20_400, "penalty_yuan": 20.4e6})]
    )
    assert "left 20,400 t of 500.00 Mt" in said
    assert "20.40 million yuan" in said
    years = [{"year": year, "owed_t": 100e6, "shortfall_t": 0, "penalty_yuan": 0.0} for year in range(2023, 2031)]
    years[0] |= {"shortfall_t": 90_000, "penalty_yuan": 90e6}
    (said,) = compliance_words([settled(run("S5"), *years)])
    assert "left 90,000 t of 800.00 Mt" in said, "0.09 % of its year, and of all years 0.0"


def test_seeds_count_as_their_mean_and_a_market_without_obligations_says_nothing() -> None:
    one = settled(run("S5"), {"year": 2023, "owed_t": 100e6, "shortfall_t": 10e6, "penalty_yuan": 10e9})
    two = settled(run("S5", 2), {"year": 2023, "owed_t": 300e6, "shortfall_t": 0, "penalty_yuan": 0.0})
    found = compliance_of([one, two])
    assert found is not None
    assert (found.owed, found.short, found.penalty) == (200.0, 5.0, 5.0)
    assert compliance_words([settled(run("S5"), {"year": 2023, "surplus_t": 1.0})]) == []


def test_in_chinese_no_english_word_is_left_in_words_table_or_headings() -> None:
    speak("zh")
    few = {"year": 2023, "owed_t": 100e6, "shortfall_t": 12e6, "penalty_yuan": 12e9, "borrowed_t": 1e6}
    runs = [replace(r, parameters={**r.parameters, "title": "Power trades"}) for r in batch()]
    stream = io.StringIO()
    Console(file=stream, width=80).print(terminal_table(runs))
    page = report_html(runs, pictures={})
    heads = " ".join(re.findall(r"<h2>(.*?)</h2>", page))
    said = [plain_words(runs, {"S9": "0"}), *compliance_words([settled(run("S5"), few)]), stream.getvalue(), heads]
    assert set(re.findall(r"[A-Za-z]{3,}", " ".join(said))) <= {"GDP", "Mtce"}
    assert max(map(len, stream.getvalue().splitlines())) <= 80
    assert '<html lang="zh-Hans">' in page


def test_beside_a_long_name_no_number_loses_a_digit() -> None:
    def printed(name: str) -> list[str]:
        stream = io.StringIO()
        named = [replace(r, scenario=name, annual=r.annual.assign(scenario=name)) for r in (run("S5"),)]
        Console(file=stream, width=80).print(terminal_table(named))
        return re.findall(r"[−+>]?\d[\d,.]*…?", stream.getvalue().replace(name, ""))

    assert printed("Inner Mongolia, with the others") == printed("x")


def test_numbers_do_not_depend_on_the_language() -> None:
    def numbers() -> list[str]:
        return sorted(re.findall(r"\d[\d,.]*\d", plain_words([run("S1"), run("S5")])))

    english = numbers()
    speak("zh")
    assert numbers() == english


def test_a_scenario_keeps_its_colour_and_marker_whatever_stands_beside_it_and_all_differ() -> None:
    alone = looks(KNOWN)
    for names in (["S5"], ["S5", "S1"], ["mine", "S4", "yours"], [*reversed(KNOWN), "mine", "yours", "third"]):
        found = looks(names)
        assert {name: found[name] for name in names if name in KNOWN} == {n: alone[n] for n in names if n in KNOWN}
        assert len(set(found.values())) == len(names)


def test_a_report_holds_the_font_of_its_chinese_signs_and_the_same_bytes_each_time() -> None:
    speak("zh")
    page = report_html([run("S1"), run("S5")], pictures={})
    found = re.search(
        r'font-family: "Tanshi Han"; font-weight: 100 900; src: url\(data:font/ttf;base64,([^)]+)\)', page
    )
    assert found is not None
    signs = {ord(sign) for sign in page if 0x4E00 <= ord(sign) <= 0x9FFF}
    assert signs
    assert signs <= set(TTFont(io.BytesIO(base64.b64decode(found[1]))).getBestCmap())
    assert page == report_html([run("S1"), run("S5")], pictures={})
    assert font_face("no sign of Chinese") == ""
