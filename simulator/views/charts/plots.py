"""Every figure of some runs by its name: the same code for notebooks, the report and the gallery."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tanshi.errors import Message
from tanshi.language import mark, say, translate
from tanshi.scenarios.errors import Problem, UserError
from tanshi.simulator.results.tables import RunResult
from tanshi.simulator.views.charts.printing import USUAL, Printing, printed
from tanshi.simulator.views.charts.style import save_all, show_in_notebooks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEVERAL = {
    "price": mark("carbon price by year, a line a scenario"),
    "volume": mark("trading volume by year"),
    "emissions": mark("CO2 emissions by year"),
    "energy": mark("energy consumption by year"),
    "price_by_period": mark("price of every market period"),
    "gdp": mark("gross domestic product by year"),
    "cumulative": mark("CO2 emissions added up over the years"),
    "power_price": mark("price of electricity by year"),
    "cost": mark("cost of carbon policy by year"),
    "revenue": mark("public revenue from the carbon market by year"),
    "emissions_by_sector": mark("CO2 emissions stacked by sector, a panel a scenario"),
    "generation": mark("power generation by kind of plant"),
    "cap_and_bank": mark("allowances, emissions and bank"),
    "cost_by_sector": mark("cost of carbon policy by sector"),
    "incidence": mark("who gains and who loses against a reference"),
    "price_fan": mark("carbon price over the seeds"),
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

    Those of ``SEVERAL`` show all runs; of the others each shows one run, by default the last scenario's first seed.

    Parameters
    ----------
    runs
        In the order of their colours.
    """

    def __init__(self, runs: Sequence[RunResult]) -> None:
        self._runs = list(runs)
        show_in_notebooks()

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

    def gdp(self) -> Figure:
        """Gross domestic product by year."""
        return self._annual("gdp")

    def cumulative(self) -> Figure:
        """CO2 emissions added up over the years."""
        return self._annual("cumulative")

    def power_price(self) -> Figure:
        """Price of electricity by year."""
        return self._annual("power_price")

    def cost(self) -> Figure:
        """Cost of carbon policy by year."""
        return self._annual("cost")

    def revenue(self) -> Figure:
        """Public revenue from the carbon market by year."""
        return self._annual("revenue")

    def emissions_by_sector(self) -> Figure:
        """CO2 emissions stacked by sector."""
        return self._balance("emissions_by_sector")

    def generation(self) -> Figure:
        """Power generation by kind of plant."""
        return self._balance("generation")

    def cap_and_bank(self) -> Figure:
        """Allowances of the year, emissions of those who trade, and the bank."""
        return self._balance("cap_and_bank")

    def cost_by_sector(self) -> Figure:
        """Cost of carbon policy by sector in the last year."""
        return self._balance("cost_by_sector")

    def incidence(self, reference: str | None = None) -> Figure:
        """Change of what the last year yields against a reference, by whose it is."""
        return self._balance("incidence", reference)

    def price_fan(self) -> Figure:
        """The carbon price over the seeds."""
        return self._balance("price_fan")

    def save(
        self,
        folder: Path | str,
        names: Sequence[str] = (),
        *,
        size: tuple[float, float] = USUAL,
        dpi: int = 150,
        title: bool = True,
        source: bool = True,
    ) -> list[Path]:
        """Write figures for print: each as PNG, SVG and PDF, with its numbers as CSV.

        Parameters
        ----------
        names
            Which of them; by default those of all runs that can be drawn.
        size
            Width and height, cm.
        dpi
            Resolution of the PNGs.
        title, source
            Whether the title stands above a figure, and who made it below.

        Raises
        ------
        UserError
            For a figure that there is none of.
        """
        from tanshi.simulator.views.charts.figures import draw_figures

        unknown = [name for name in names if name not in FIGURES]
        if unknown:
            known = Message("some of {names}", names=", ".join(FIGURES))
            raise UserError("There is no such figure.", [Problem(known, ", ".join(unknown))])
        written: list[Path] = []
        with printed(Printing(size, dpi, title, source)):
            drawn = {name: getattr(self, name)() for name in names} or draw_figures(self._runs, whole=True)
            for name, figure in drawn.items():
                written += save_all(figure, folder, name)
        return written

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
        from tanshi.simulator.views.charts.figures import ANNUAL_FIGURES, MORE_FIGURES, annual_figure, source_line

        spec = next(spec for spec in (*ANNUAL_FIGURES, *MORE_FIGURES) if spec.name == name)
        return annual_figure(self._runs, spec, source_line(self._runs))

    def _balance(self, name: str, reference: str | None = None) -> Figure:
        from tanshi.simulator.views.charts.balances import draw_balances
        from tanshi.simulator.views.charts.figures import source_line

        drawn = draw_balances(self._runs, source_line(self._runs), reference)
        if name not in drawn:
            needed = Message("several seeds") if name == "price_fan" else Message("two scenarios that differ")
            raise UserError("There is nothing to draw.", [Problem(needed, Message("{n} runs", n=len(self._runs)))])
        return drawn[name]

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
