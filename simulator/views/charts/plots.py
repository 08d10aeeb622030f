"""Every figure of some runs by its name: the same code for notebooks, the report and the gallery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tanshi.errors import Message
from tanshi.language import mark, say, translate
from tanshi.scenarios.errors import Problem, UserError
from tanshi.simulator.results.tables import RunResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEVERAL = {
    "price": mark("carbon price by year, a line a scenario"),
    "volume": mark("trading volume by year"),
    "emissions": mark("CO2 emissions by year"),
    "energy": mark("energy consumption by year"),
    "price_by_period": mark("price of every market period"),
}
ONE = {
    "clearing": mark("demand and supply at one clearing (year, period)"),
    "network": mark("who traded with whom (year)"),
    "matrix": mark("trade from sector to sector (year)"),
    "abatement": mark("marginal abatement cost curves"),
    "firms": mark("how firms differ (year)"),
    "energy_flows": mark("from fuel to use, a Sankey diagram (year)"),
    "phase": mark("phase portrait of the drift (year, period, sector)"),
}
FIGURES = SEVERAL | ONE


class Plots:
    """Figures of some runs.

    The first five show all runs; of the others each shows one run, by default the last scenario's first seed.

    Parameters
    ----------
    runs
        In the order of their colours.
    """

    def __init__(self, runs: Sequence[RunResult]) -> None:
        self._runs = list(runs)

    def __repr__(self) -> str:
        return (
            say("Figures:") + "\n" + "\n".join(f"  plot.{name}()  {translate(what)}" for name, what in FIGURES.items())
        )

    def price(self) -> Figure:
        """Carbon price by year."""
        return self._annual("price")

    def volume(self) -> Figure:
        """Trading volume by year."""
        return self._annual("volume")

    def emissions(self) -> Figure:
        """CO2 emissions by year."""
        return self._annual("emissions")

    def energy(self) -> Figure:
        """Energy consumption by year."""
        return self._annual("energy")

    def price_by_period(self) -> Figure:
        """Price of every market period."""
        from tanshi.simulator.views.charts.figures import price_figure, source_line

        return price_figure(self._runs, source_line(self._runs))

    def clearing(self, year: int | None = None, period: int = 1, scenario: str | None = None) -> Figure:
        """Demand and supply of one auction; the run is replayed up to it."""
        from tanshi.simulator.views.charts.clearing import clearing_figure

        return clearing_figure(self._one(scenario), year, period)

    def network(self, year: int | None = None, scenario: str | None = None) -> Figure:
        """Who traded with whom."""
        from tanshi.simulator.views.charts.network import network_figure

        return network_figure(self._one(scenario), year)

    def matrix(self, year: int | None = None, scenario: str | None = None) -> Figure:
        """Trade from sector to sector."""
        from tanshi.simulator.views.charts.network import matrix_figure

        return matrix_figure(self._one(scenario), year)

    def abatement(self, scenario: str | None = None) -> Figure:
        """Marginal abatement cost curves of the eight sectors."""
        from tanshi.simulator.views.charts.abatement import abatement_figure

        return abatement_figure(self._one(scenario))

    def firms(self, year: int | None = None, scenario: str | None = None) -> Figure:
        """How firms differ."""
        from tanshi.simulator.views.charts.firms import firms_figure

        return firms_figure(self._one(scenario), year)

    def energy_flows(self, year: int | None = None, scenario: str | None = None) -> Figure:
        """Energy from fuel to use; the run is replayed up to the end of the year."""
        from tanshi.simulator.views.charts.energy_flows import energy_figure

        return energy_figure(self._one(scenario), year)

    def phase(
        self, year: int | None = None, period: int = 1, sector: str = "ELEC", scenario: str | None = None
    ) -> Figure:
        """Phase portrait of the drift."""
        from tanshi.simulator.views.charts.phase import phase_figure

        return phase_figure(self._one(scenario), year, period, sector)

    def _annual(self, name: str) -> Figure:
        from tanshi.simulator.views.charts.figures import ANNUAL_FIGURES, annual_figure, source_line

        spec = next(spec for spec in ANNUAL_FIGURES if spec.name == name)
        return annual_figure(self._runs, spec, source_line(self._runs))

    def _one(self, scenario: str | None) -> RunResult:
        if not self._runs:
            raise UserError("There is nothing to draw.", [Problem("a finished run", "none")])
        names = list(dict.fromkeys(run.scenario for run in self._runs))
        wanted = names[-1] if scenario is None else scenario
        if wanted not in names:
            raise UserError(
                "There is no such scenario among the results.",
                [Problem(Message("one of {names}", names=", ".join(names)), wanted)],
            )
        return next(run for run in self._runs if run.scenario == wanted)
