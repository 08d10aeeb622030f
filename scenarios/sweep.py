"""What a sweep's file may say: scenarios, varied parameters with their distributions, design, seeds and outputs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from tanshi.scenarios.fields import Group

Method = Literal["qmc", "lhs", "grid", "morris", "sobol"]
Pair = Annotated[list[float], Field(min_length=2, max_length=2)]
Triple = Annotated[list[float], Field(min_length=3, max_length=3)]

DISTRIBUTIONS = ("uniform", "loguniform", "triangular", "normal", "published", "values", "variants")


class Draw(Group):
    """How one parameter varies: exactly one distribution, and to which fields it applies."""

    title: Annotated[str, Field(max_length=80)] = ""
    """Name in tables and figures; by default the parameter's own."""
    fields: Annotated[list[str], Field(max_length=2000)] = Field(default_factory=list)
    """Fields that all take the drawn value, `*` for any name; by default the parameter's own path."""
    uniform: Pair | None = None
    """Lowest and highest value."""
    loguniform: Pair | None = None
    """Lowest and highest value, uniform in the logarithm."""
    triangular: Triple | None = None
    """Lowest, likeliest and highest value."""
    normal: Pair | None = None
    """Mean and standard deviation, cut at three standard deviations."""
    published: bool = False
    """true: uniform over the figure's own range in the economy's table."""
    values: Annotated[list[Any], Field(min_length=1, max_length=1000)] | None = None
    """Values, all equally likely."""
    variants: Annotated[dict[str, dict[str, Any]], Field(min_length=1, max_length=1000)] | None = None
    """Named sets of fields and values that change together, all equally likely."""
    levels: Annotated[int, Field(ge=2, le=1000)] | None = None
    """Values of a distribution that a grid takes, evenly spaced from end to end; by default the design's."""
    relative: bool = False
    """true: the drawn number multiplies what the scenario or the economy has there."""
    complement: str = ""
    """A field that takes 1 less the drawn value, such as the other strategy's share."""
    group: Annotated[str, Field(max_length=80)] = ""
    """morris, sobol: parameters of one group are moved together and have one index."""
    beyond_range: bool = False
    """true: a figure may leave its published range."""


class DesignSpec(Group):
    """Which points of the parameters' space are run."""

    method: Method = "qmc"
    """qmc: a scrambled Sobol sequence; lhs: Latin hypercube, which cannot grow; grid: every combination; morris:
    screening; sobol: shares of variance."""
    samples: Annotated[int, Field(ge=2, le=1_000_000)] = 64
    """qmc, lhs: points; morris: trajectories of (parameters + 1) points; sobol: a power of two N, giving
    N (parameters + 2) points."""
    second_order: bool = False
    """sobol: pairs of parameters too, with N (2 parameters + 2) points."""
    levels: Annotated[int, Field(ge=2, le=100)] = 4
    """Values of each parameter: of a grid, and of morris, where it must be even."""
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1
    """Seed of the design; another one draws other points."""


class Output(Group):
    """One number of a run that is analysed."""

    variable: str
    """Name of an annual variable, such as `Price|Carbon`, or `Compliance|Shortfall` and `Compliance|Penalty`."""
    year: int | None = None
    """Year of the value; by default the run's last."""
    over: Literal["year", "mean", "sum", "max"] = "year"
    """year: that year's value; mean, sum or max: over all years from the policy's start to that year."""
    against: str = ""
    """A scenario of the sweep: the change against it at the same point and seed, in %."""


def _outputs() -> dict[str, Output]:
    return {
        "price": Output(variable="Price|Carbon"),
        "volume": Output(variable="Carbon Market|Trading Volume"),
        "emissions": Output(variable="Emissions|CO2"),
        "cumulative_emissions": Output(variable="Emissions|CO2", over="sum"),
        "gdp": Output(variable="GDP|MER"),
    }


class Sweep(Group):
    """One sweep: every point of the design is run for every scenario and every seed."""

    title: Annotated[str, Field(max_length=200)] = ""
    """What the sweep asks, in a few words."""
    scenarios: Annotated[list[str], Field(min_length=1, max_length=100)]
    """Built-in names, or files beside the sweep's."""
    set: dict[str, Any] = Field(default_factory=dict)
    """Fields that hold for all runs, by dotted path, such as `firms.number: 200`."""
    parameters: Annotated[dict[str, Draw], Field(min_length=1, max_length=200)]
    """Dotted field of scenario or economy, or a name of your own with `fields` or `variants` -> how it varies."""
    constraints: Annotated[list[str], Field(max_length=50)] = Field(default_factory=list)
    """What must hold between drawn values, such as `price.floor <= price.ceiling`; other points are left out."""
    design: DesignSpec = DesignSpec()
    seeds: Annotated[list[Annotated[int, Field(ge=0, le=2**63 - 1)]], Field(min_length=1, max_length=10_000)] = Field(
        default_factory=lambda: [1]
    )
    """Seeds of the runs; every point has the same ones, so that points differ by their parameters alone."""
    outputs: Annotated[dict[str, Output], Field(min_length=1, max_length=100)] = Field(default_factory=_outputs)
    """Name -> the number of a run that is analysed."""
    levers: Annotated[list[str], Field(max_length=20)] = Field(default_factory=list)
    """stress: parameters that a policy sets; the others are uncertain."""
    targets: Annotated[list[str], Field(max_length=20)] = Field(default_factory=list)
    """stress: what a policy must keep, such as `price <= 300`."""
