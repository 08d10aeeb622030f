"""A wider market in a scenario's file: what may be said of it, and what is refused with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tanshi.scenarios.errors import UserError
from tanshi.scenarios.facts.observed import observed_table, observed_years
from tanshi.scenarios.load import load_scenario
from tanshi.scenarios.schema import Scenario


def read(folder: Path, link: str, **changes: Any) -> Scenario:
    file = folder / "mine.yaml"
    file.write_text(f"extends: S1\nname: mine\nmarket:\n  link: {link}\n", encoding="utf-8")
    return load_scenario(file, {key.replace("__", "."): value for key, value in changes.items()})


@pytest.mark.parametrize(
    ("link", "line", "words"),
    [
        ("{to: price}", 4, "market.link.price: expected a price for a link to one, got none"),
        ("{to: price, price: {2025: 60}}", 4, "expected a value for every year from 2023 on, got none for 2023"),
        ("{to: price, observed: eu}", 4, "market.link.observed: expected china or null, got the text 'eu'"),
        ("{to: price, price: 60, observed: china}", 4, "one statement of the price outside"),
        ("{to: price, price: 60, growth: 0.1}", 4, "Write it into the path"),
        ("{to: price, price: 5000}", 4, "expected prices between 0 and 1000 yuan/t, got 5000 in 2023"),
        ("{to: supply, cap: 4900}", 4, "the rest of the nation's emissions and cap by year, got no emissions"),
        ("{to: supply, cap: {2024: 9}, emissions: 9}", 4, "market.link.cap: expected a value for every year"),
        ("{price: 60}", 4, "Set market.link.to to price, or leave the field out"),
        ("{to: supply, emissions: 9, cap: 9, price: 60}", 4, "a link to price where this is said"),
        ("prize", 4, "Did you mean price?"),
    ],
)
def test_what_is_wrong_with_a_link_is_told_once_and_with_its_line(
    tmp_path: Path, link: str, line: int, words: str
) -> None:
    with pytest.raises(UserError) as told:
        read(tmp_path, link)
    message = str(told.value)
    assert "1 problem." in message
    assert f"mine.yaml:{line}: " in message
    assert words in message


def test_a_market_without_its_marginal_trade_has_no_room_for_one_who_is_always_marginal(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a venue that serves the marginal trader"):
        read(tmp_path, "{to: price, price: 60}", market__venue="mcafee")


def test_who_says_where_a_link_goes_says_it_anew(tmp_path: Path) -> None:
    linked = read(tmp_path, "{to: price, observed: china, growth: 0.02}")
    assert linked.market.link.open
    closed = read(tmp_path, "{to: price, observed: china, growth: 0.02}", market__link="closed")
    assert closed.market.link == load_scenario("S1").market.link
    other = read(tmp_path, "{to: price, observed: china}", market__link={"to": "price", "price": 50.0})
    assert (other.market.link.observed, other.market.link.price_at(2028)) == (None, 50.0)


def test_a_link_is_written_out_and_read_again(tmp_path: Path) -> None:
    linked = read(tmp_path, "{to: supply, emissions: {2023: 4900, growth: 0.01}, cap: 4800}")
    assert Scenario.model_validate(linked.model_dump(mode="json")) == linked


def test_the_observed_price_is_of_2022_and_grows_from_its_last_year_on(tmp_path: Path) -> None:
    link = read(tmp_path, "{to: price, observed: china, growth: 0.03}").market.link
    known = observed_years("china")
    last = max(known)
    assert [link.price_at(year) for year in known] == [row.mean for row in known.values()]
    assert link.price_at(last + 2) == pytest.approx(known[last].mean * 1.03**2, rel=1e-12)
    assert link.price_at(min(known) - 1) is None
    assert known[2024].mean > 95.96  # prices have fallen since 2022: a yuan of 2024 buys more than one of 2022


def test_every_observed_year_has_its_source_and_its_turnover() -> None:
    table = observed_table()
    assert table["source"].str.len().min() > 20
    assert set(table["status"]) == {"verified"}
    mean = table["turnover_yi_yuan"] * 100 / table["volume_mt"]
    assert (mean / table["mean"] - 1).abs().max() < 0.005
