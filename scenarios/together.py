"""Several economies in one carbon market: what holds in all, what in one alone, and what such a market cannot have."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Annotated, Any, Protocol

from pydantic import ValidationError

from tanshi.errors import Message
from tanshi.scenarios.errors import Problem, UserError, did_you_mean, shorten
from tanshi.scenarios.fields import in_unit, refuse

Economies = Annotated[list[str], in_unit("-", "setting", max_length=64)]
"""Names of economies, or paths of their folders."""
OfEconomies = Annotated[dict[str, dict[str, Any]], in_unit("-", "assumed")]
"""From an economy to what holds in it alone."""
OF_ONE = (
    *("coverage", "sectors", "cap", "allocation", "figures", "firms", "closure", "dynamics", "carbon_tax"),
    *("banking.opening", "offsets.potential", "offsets.median_cost", "offsets.spread", "offsets.kinds"),
    "new_entrants",
)
"""What may be said of one economy alone; all else is the market's."""


class Several(Protocol):
    """A scenario of several economies, as far as this room looks at it."""

    name: str
    economies: list[str]
    by_economy: dict[str, dict[str, Any]]
    seed: int

    def member(self, economy: str) -> Any:
        """The scenario of one of them."""
        ...

    def model_dump(self, *, mode: str, exclude: Any) -> dict[str, Any]:
        """All fields as plain data."""
        ...


AS_ELSEWHERE = "what the schema allows"
"""What is expected of a field of one economy: the reader of files says it in the words of the field itself."""


def seed_of(seed: int, economy: str) -> int:
    """Seed of the firms of one economy: by its name, so that others beside it change no draw of theirs."""
    digest = hashlib.sha256(f"{seed} {economy}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def member_values(scenario: Several, economy: str) -> dict[str, Any]:
    """The fields of a scenario of one economy of several, what holds in it alone laid over what holds in all.

    Its firms have draws of their own, so that the market is not one province three times over.
    """
    values = scenario.model_dump(mode="json", exclude={"economies", "by_economy", "economy", "seed"})
    _lay(values, scenario.by_economy.get(economy, {}))
    seed = scenario.seed if len(scenario.economies) == 1 else seed_of(scenario.seed, economy)
    return values | {"economy": economy, "seed": seed}


def _lay(under: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(under.get(key), dict) and key != "figures":
            _lay(under[key], value)
        else:
            under[key] = {**under[key], **value} if key == "figures" else value


def check_together(scenario: Several, unheard_of: Mapping[str, bool]) -> None:
    """Refuse several economies where they cannot trade with one another.

    Parameters
    ----------
    unheard_of
        Fields of which such a market knows nothing yet, and whether the scenario says something in them.

    Raises
    ------
    PydanticCustomError
        Naming the field.
    """
    names = scenario.economies
    for name in names:
        if names.count(name) > 1:
            hint = "An economy is one member of the market; another policy for it is another scenario."
            raise refuse("each economy once", Message("{name} twice", name=name), "economies", hint)
    regions = [_region(name) for name in names]
    for name, region in zip(names, regions, strict=True):
        if regions.count(region) > 1:
            hint = "Tables tell members of the market apart by their region."
            raise refuse("economies of different regions", Message("{name} beside another of it", name=name),
                         "economies", hint)  # fmt: skip
    for name, said in scenario.by_economy.items():
        at = f"by_economy.{name}"
        if not names:
            hint = "Name the economies that trade together in economies, or say it in the scenario itself."
            raise refuse("several economies", "one", at, hint)
        if name not in names:
            expected = Message("one of the scenario's economies: {names}", names=", ".join(names))
            raise refuse(expected, shorten(name), at, did_you_mean(name, names))
        _check_fields(said, at)
    if names:
        _check_possible(unheard_of)
    for name in names:
        _check_member(scenario, name)
        _check_tonnes(scenario, name)


def _check_tonnes(scenario: Several, economy: str) -> None:
    """Refuse a cap in tonnes that is said once for all: nobody could tell whose they are."""
    own = scenario.by_economy.get(economy, {}).get("cap")
    said = isinstance(own, Mapping) and "tonnes" in own
    if len(scenario.economies) > 1 and not said and scenario.member(economy).cap.tonnes is not None:
        hint = "Such as by_economy: {shanxi: {cap: {tonnes: {2023: 500}}}, ...}; the market's cap is their sum."
        got = Message("none of {economy}", economy=economy)
        raise refuse("the tonnes of each economy in by_economy", got, "cap.tonnes", hint)


def refuse_several(scenario: Several) -> None:
    """Refuse a scenario of several provinces where one is looked at.

    Raises
    ------
    UserError
        Naming the economies.
    """
    if scenario.economies:
        hint = "Give --set economies=[NAME], or name a run of one province."
        problem = Problem("one economy", ", ".join(scenario.economies), field="economies", hint=hint)
        raise UserError("This looks at one province, and the scenario '{name}' is of several.", [problem],
                        name=scenario.name)  # fmt: skip


def _region(economy: str) -> str:
    """What an economy is called without its year, which tables call its region."""
    return re.sub(r"[_\-\s]+\d+$", "", PurePath(economy).name).casefold()


def _check_fields(said: Mapping[str, Any], at: str) -> None:
    groups = {field.split(".")[0] for field in OF_ONE}
    for group, inside in said.items():
        whole, parts = group in OF_ONE, [field for field in OF_ONE if field.startswith(f"{group}.")]
        strange = [] if whole or not isinstance(inside, Mapping) else [k for k in inside if f"{group}.{k}" not in parts]
        if group not in groups or strange:
            field = ".".join([group, *strange[:1]])
            hint = "What the market has in common is said once, for all."
            expected = Message("what an economy may have of its own: {fields}", fields=", ".join(OF_ONE))
            raise refuse(expected, shorten(field), f"{at}.{field}", hint)
        if not isinstance(inside, Mapping):
            raise refuse(Message("a group of fields of {group}", group=group), shorten(inside), f"{at}.{group}")


def _check_possible(unheard_of: Mapping[str, bool]) -> None:
    """Refuse what a market of several provinces does not have yet, each by its name."""
    for field, said in unheard_of.items():
        if said:
            hint = "Leave it out, or run the economies one by one."
            expected = Message("no {field} where several provinces trade in one market", field=field)
            raise refuse(expected, "both", field, hint)


def _check_member(scenario: Several, economy: str) -> None:
    """Refuse what is wrong in one economy alone, where it is said."""
    try:
        scenario.member(economy)
    except ValidationError as error:
        item = error.errors(include_url=False)[0]
        context, path = item.get("ctx", {}), ".".join(str(step) for step in item["loc"])
        at, hint = path, ""
        if item["type"] == "several_fields":
            at, expected, got, hint = (str(context[name]) for name in ("at", "expected", "got", "hint"))
        elif item["type"] == "extra_forbidden":
            expected, got = "a field that scenarios have", shorten(path)
        else:
            expected, got = AS_ELSEWHERE, shorten(item["input"])
        said = at.split(".")[0] in scenario.by_economy.get(economy, {})
        raise refuse(expected, got, f"by_economy.{economy}.{at}" if said else at, hint) from error
