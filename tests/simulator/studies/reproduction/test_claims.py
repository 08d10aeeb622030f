"""The claims' files are whole, and what they say was printed is what was printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tanshi.agents.sinks import published
from tanshi.scenarios.errors import UserError
from tanshi.simulator.studies.reproduction.claims import CLAIMS, COLUMNS, all_claims, choose_claims, read_claims
from tanshi.simulator.studies.reproduction.rules import RULES
from tanshi.simulator.studies.reproduction.runs import VARIABLES, WORDS

PRINTED = {
    # Huo et al. (2026), section 3.
    "huo-16": 219.0, "huo-17": 272.0, "huo-36": 99.12, "huo-37": 183.54,
    "huo-43": 1.79, "huo-48": 2028.0, "huo-49": 1.38,
    # Yang et al. (2021), abstract and section 5.
    "yang-01": 89.0, "yang-02": 2759.0, "yang-03": 631.0, "yang-04": 556.0, "yang-05": 575.0, "yang-06": 305.0,
    "yang-07": 456.0, "yang-08": 877.0, "yang-09": 715.0, "yang-62": 556.0, "yang-63": 575.0, "yang-77": 27.76,
    "yang-78": 83.27, "yang-79": 10.84,
}  # fmt: skip
HEAD = ",".join(COLUMNS) + "\n"


def test_every_claim_has_an_id_of_its_own_and_a_rule_that_exists() -> None:
    claims = all_claims()
    assert len({claim.id for claim in claims}) == len(claims)
    assert [claim.id for claim in claims if claim.rule not in RULES] == []


def test_every_rule_judges_some_claim() -> None:
    assert set(RULES) == {claim.rule for claim in all_claims()}


def test_every_variable_of_a_claim_has_a_name_and_words() -> None:
    for claim in all_claims():
        if variable := claim.get("variable"):
            assert set(variable.split("/")) <= set(VARIABLES), claim.id
            assert variable in WORDS, claim.id


def test_a_claim_without_a_rule_says_why_it_cannot_be_tested() -> None:
    for claim in all_claims():
        if claim.rule == "none":
            assert claim.note, claim.id
            assert claim.use == "outside", claim.id


def test_printed_values_are_those_of_the_papers() -> None:
    known = {claim.id: claim for claim in all_claims()}
    assert {name: known[name].published for name in PRINTED} == PRINTED


def test_every_cell_of_the_second_papers_tables_is_a_claim() -> None:
    counts = {n: sum(c.id.startswith(f"yang-t{n}") for c in all_claims()) for n in range(1, 6)}
    assert counts == {1: 12, 2: 2 * 36, 3: 36, 4: 9, 5: 12}
    table3 = sorted(c.value for c in all_claims() if c.id.startswith("yang-t3"))
    assert table3 == sorted(published.demand_prices()["demand_price"])


def test_every_paragraph_of_the_first_papers_results_has_claims() -> None:
    claims = read_claims(CLAIMS / "huo_2026.csv")
    assert {"Figure 3", "Figure 4", "Figure 5", "Figure 6", "Table 1"} <= {claim.place for claim in claims}
    assert {"Abstract", "3", "4.1"} <= {claim.section for claim in claims}
    assert {claim.use for claim in claims} == {"calibrated", "held-out", "by construction", "outside"}


def test_calibrated_claims_are_the_targets_of_the_calibration_and_what_they_imply() -> None:
    path = CLAIMS.parent / "calibration" / "paper.yaml"
    targets = YAML(typ="safe").load(path.read_text(encoding="utf-8"))["targets"]
    claims = read_claims(CLAIMS / "huo_2026.csv")
    calibrated = {c.published for c in claims if c.use == "calibrated" and not c.claim.startswith("(implied)")}
    chosen = {2028.0}  # the year of the peak: the middle span of the cap was chosen for it
    assert calibrated == {target["value"] for target in targets.values() if target["year"] > 2022} | chosen
    held_out = {(c.get("variable"), c.get("year")) for c in claims if c.use == "held-out"}
    assert not held_out & {("energy", "2030"), ("price", "2025"), ("price", "2030")}


def test_an_unknown_claim_is_refused_with_the_nearest_id() -> None:
    with pytest.raises(UserError, match="Did you mean huo-"):
        choose_claims(["huo-1x"])
    assert [claim.id for claim in choose_claims(["huo-17", "huo-02", "huo-17"])] == ["huo-17", "huo-02"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("huo-01,3,238,text,figure,held-out,Said.,,,none,,,", "kind: expected one of number, order"),
        ("huo-01,3,238,text,order,guess,Said.,,,none,,,", "use: expected one of calibrated"),
        ("huo-01,3,238,text,number,held-out,Said.,,,level,,,", "the printed value of a number"),
        ("huo-01,3,238,text,order,held-out,Said.,,,order,variable,,", "arguments: expected name=value"),
        ("huo-01,3,238,text,order,held-out,,,,order,,,", "claim: expected a text"),
        ("who-01,3,238,text,order,held-out,Said.,,,order,,,", "an id that begins with huo or yang"),
        ("huo-01,3,last,text,order,held-out,Said.,,,order,,,", "page: expected a number"),
    ],
)
def test_a_mistake_in_a_claim_is_told_with_its_line(tmp_path: Path, row: str, expected: str) -> None:
    path = tmp_path / "claims.csv"
    path.write_text(HEAD + row + "\n")
    with pytest.raises(UserError) as caught:
        read_claims(path)
    assert "claims.csv:2" in str(caught.value)
    assert expected in str(caught.value)


def test_a_claim_named_twice_and_missing_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "claims.csv"
    row = "huo-01,3,238,text,order,held-out,Said.,,,order,,,\n"
    path.write_text(HEAD + row + row)
    with pytest.raises(UserError, match="huo-01 twice"):
        read_claims(path)
    path.write_text("id,claim\n")
    with pytest.raises(UserError, match="id, section, page"):
        read_claims(path)


def test_a_claim_that_is_no_number_has_no_value() -> None:
    claim = next(c for c in all_claims() if c.id == "huo-02")
    with pytest.raises(ValueError, match="huo-02 has no printed value"):
        _ = claim.value
