"""What ``tanshi sinks --set name=value`` can change, and the check of every range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, get_type_hints

import numpy as np

from tanshi.agents.sinks.bargaining import Policy, is_defined, lowest_tax
from tanshi.agents.sinks.choice import Instruments
from tanshi.agents.sinks.distance import Choices
from tanshi.agents.sinks.errors import Fault, SinksError
from tanshi.agents.sinks.parametric import Properties
from tanshi.agents.sinks.supply import Forestry
from tanshi.agents.sinks.survey import Design
from tanshi.errors import Message
from tanshi.scenarios.errors import Problem, UserError, did_you_mean


@dataclass(frozen=True)
class Settings:
    """What ``--set name=value`` can change.

    Attributes
    ----------
    omega_s, omega_d, subsidy
        Eq. 7: offset share, tax rate, subsidy (yuan/t).
    sink_price, tax, reduction
        Eq. 3: price of a tonne of sink and tax on a tonne still emitted (yuan/t), share of emissions that must go.
    level, expected_price
        Bids: level of the market and expected allowance price, yuan/t.
    method, direction, strong, ties, translation, monotone_outputs, monotone_inputs, null_joint, output_unit
        Shadow prices, as in `tanshi.agents.sinks.distance.Choices` and `tanshi.agents.sinks.parametric.Properties`.
    frontier
        Columns, with commas, whose every combination has a frontier of its own; ``all`` for one frontier; by
        default sector and year where the units have them.
    noise, replications
        Band: relative error of output and CO2, and how often it is drawn; 0 replications leave the band out.
    survey_noise, inefficiency
        Of the made-up survey.
    potential, median_cost, spread
        Forestry supply (assumed): t a year, yuan/t, standard deviation of the logarithm.
    drops, seed
        Drops of a cloud and seed of every draw.
    """

    omega_s: float = 0.05
    omega_d: float = 0.01
    subsidy: float = 20.0
    sink_price: float = 30.0
    tax: float = 0.0
    reduction: float = 0.05
    level: float = 60.0
    expected_price: float = 70.0
    method: str = "parametric"
    direction: str = "1,1"
    strong: bool = False
    ties: str = "middle"
    translation: bool = True
    monotone_outputs: bool = True
    monotone_inputs: bool = True
    null_joint: bool = False
    output_unit: float = 10_000.0
    frontier: str = ""
    noise: float = 0.05
    replications: int = 20
    survey_noise: float = 0.0
    inefficiency: float = 0.05
    potential: float = 10e6
    median_cost: float = 60.0
    spread: float = 0.6
    drops: int = 2000
    seed: int = 2021

    @property
    def policy(self) -> Policy:
        """Eq. 7's instruments."""
        return Policy(self.omega_s, self.omega_d, self.subsidy)

    @property
    def instruments(self) -> Instruments:
        """Eq. 3's instruments."""
        return Instruments(self.sink_price, self.omega_s, self.tax, self.subsidy)

    @property
    def forestry(self) -> Forestry:
        """The supply curve."""
        return Forestry(self.potential, self.median_cost, self.spread)

    @property
    def design(self) -> Design:
        """Of the made-up survey."""
        return Design(self.seed, inefficiency=self.inefficiency, noise=self.survey_noise)

    @property
    def choices(self) -> Choices:
        """How shadow prices are estimated."""
        try:
            parts = [float(part) for part in self.direction.split(",")]
            one, two = parts
        except ValueError:
            if self.direction != "own":
                fault = Fault("direction", "two numbers such as 1,1 or the word own", repr(self.direction))
                raise SinksError("Shadow prices cannot be estimated in this way.", [fault]) from None
        properties = Properties(self.translation, self.monotone_outputs, self.monotone_inputs, self.null_joint)
        return Choices(
            self.method,  # type: ignore[arg-type]
            "own" if self.direction == "own" else (one, two),
            properties,
            self.strong,
            self.ties,  # type: ignore[arg-type]
            self.output_unit,
        )


def read_settings(texts: Sequence[str]) -> Settings:
    """Read ``name=value`` texts over the defaults, and check every range.

    Raises
    ------
    UserError
        For an unknown name, a value of another kind or outside its range.
    """
    kinds = get_type_hints(Settings)
    given: dict[str, Any] = {}
    problems = []
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or name not in kinds:
            near = name if name in kinds else ""
            hint = (
                Message("Give it a value: {name}=VALUE.", name=near)
                if near
                else did_you_mean(name, sorted(kinds)) or Message("The names are {names}.", names=", ".join(kinds))
            )
            problems.append(Problem("name=value with a name of the list", repr(text), "--set", hint=hint))
            continue
        try:
            given[name] = _value(kinds[name], value)
        except ValueError as error:
            problems.append(Problem(str(error), repr(value), "--set", field=name))
    if problems:
        raise UserError("The settings cannot be read.", problems)
    settings = replace(Settings(), **given)
    faults: list[Fault] = []
    for make in ("policy", "instruments", "forestry", "choices", "design"):
        try:
            getattr(settings, make)
        except SinksError as error:
            faults += error.faults
    for name, good, expected in (
        ("reduction", 0 <= settings.reduction <= 1, "a share from 0 to 1"),
        ("level", 0 <= settings.level < np.inf, "yuan/t, 0 or more"),
        ("expected_price", 0 <= settings.expected_price < np.inf, "yuan/t, 0 or more"),
        ("noise", 0 <= settings.noise <= 0.5, "0 to 0.5"),
        ("replications", settings.replications == 0 or settings.replications >= 2, "0, or 2 or more"),
        ("drops", 1 <= settings.drops <= 1_000_000, "1 to 1,000,000"),
        ("seed", settings.seed >= 0, "0 or more"),
    ):
        if not good:
            faults.append(Fault(name, expected, str(getattr(settings, name))))
    if not faults and not is_defined(settings.omega_s, settings.omega_d, settings.subsidy):
        least = lowest_tax(settings.omega_s, settings.subsidy)
        expected = Message(
            "a tax rate of {least:.4g} or more, from where on eq. 7 stays below the highest abatement cost", least=least
        )
        faults.append(Fault("omega_d", expected, f"{settings.omega_d:g}"))
    if faults:
        names = {"offset_share": "omega_s"}
        found = [Problem(f.expected, f.got, "--set", field=names.get(f.column, f.column)) for f in faults]
        raise UserError("The settings are outside their range.", dict.fromkeys(found))
    return settings


def _value(kind: type, text: str) -> object:
    if kind is bool:
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if text.casefold() not in words:
            raise ValueError("true or false")
        return words[text.casefold()]
    try:
        number = kind(text)
    except ValueError:
        raise ValueError({int: "a whole number", float: "a number"}[kind]) from None
    if kind is float and not np.isfinite(number):
        raise ValueError("a finite number")
    return number
