"""An identity the first paper's numbers imply, and whether physical data leave room for it.

All scenarios start from one 2022. If S5 peaks in 2028, it stands above 2022 then, so that 1.38 Gt is more than the
level of 2022 and S1, at 1.79 Gt, has risen by more than 1.79/1.38 - 1 = 29.7 %. Energy rises by 272/219 - 1 = 24.2 %,
so that CO2 per energy must rise by more than 4.4 % while clean power is being built.

Energy consumption as statistics count it is E = F + (N - X) e: fossil energy F, non-fossil power N and net power
export X, both at the coal equivalent e. With E printed, N planned and X bounded, F follows, and with the carbon of
coal in every tonne of it the most CO2 there can be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tanshi.errors import Message, row_of, said
from tanshi.language import say
from tanshi.scenarios.economy import Figures
from tanshi.simulator.results.bands import MIDDLE, quantile
from tanshi.simulator.studies.reproduction.runs import Runs

ENERGY = (219.0, 272.0)
"""Printed energy consumption of S1 in 2022 and 2030, Mtce."""
S1_2030, S5_PEAK = 1.79, 1.38
"""Printed emissions, Gt."""
FIRST, LAST = 2022, 2030
PROCESS_GROWTH = 2.0
"""Process CO2 of 2030 against 2022 in the most generous case: cement output would have to double."""


@dataclass(frozen=True)
class Case:
    """The most CO2 that printed energy can carry, under one reading of clean power and exports.

    Attributes
    ----------
    built, how
        What is built of clean power, and how exports go on, in words.
    clean_twh, export_twh
        In the last year.
    most
        Largest rise of CO2 since the first year, fraction.
    planned
        Whether clean power follows the province's plan.
    """

    built: str
    how: str
    clean_twh: float
    export_twh: float
    most: float
    planned: bool

    @property
    def name(self) -> str:
        """The case in words."""
        return row_of([self.built, self.how])


@dataclass(frozen=True)
class Identity:
    """What the printed numbers ask, what the runs give, and what physical data leave room for; fractions.

    Attributes
    ----------
    needed_co2, needed_energy, needed_ratio
        Rise from 2022 to 2030 that the print asks of S1.
    ours_co2, ours_energy, ours_ratio
        What S1 does here, median over the seeds.
    cases
        Bounds on the rise of CO2.
    needed_export_twh
        Net power export that would close the gap with planned clean power.
    export_growth
        Yearly growth of exports that was last observed.
    """

    needed_co2: float
    needed_energy: float
    needed_ratio: float
    ours_co2: float
    ours_energy: float
    ours_ratio: float
    cases: tuple[Case, ...]
    needed_export_twh: float
    export_2022_twh: float
    export_growth: float

    @property
    def excluded(self) -> bool:
        """Whether no case with planned clean power reaches what the print asks."""
        return max(case.most for case in self.cases if case.planned) < self.needed_co2

    @property
    def sentence(self) -> str:
        """One sentence for the claims that depend on it."""
        most = max(case.most for case in self.cases if case.planned)
        if not self.excluded:
            return f"The plan of clean power leaves room for it: CO2 could rise by up to {100 * most:.1f} %."
        return (
            f"The printed numbers together ask CO2 to rise by {100 * self.needed_co2:.1f} %; with the clean power"
            f" planned in February 2026, which the paper could not know, {100 * most:.1f} % is the most at the"
            f" printed energy."
        )

    def words(self) -> list[str]:
        """The identity in sentences, as printed first."""
        planned = [case for case in self.cases if case.planned]
        most = max(planned, key=lambda case: case.most)
        other = max((case for case in self.cases if not case.planned), key=lambda case: case.most, default=None)
        yearly = (self.needed_export_twh / self.export_2022_twh) ** (1 / (LAST - FIRST)) - 1
        out = [
            say(
                "From a common {first}, a peak of S5 at {peak} Gt in 2028 and {end} Gt of S1 in {last} mean that S1's"
                " emissions rise by more than {co2:.1f} % while its energy rises by {energy:.1f} %: CO2 per energy must"
                " rise by more than {ratio:.1f} %.",
                first=FIRST,
                peak=S5_PEAK,
                end=S1_2030,
                last=LAST,
                co2=100 * self.needed_co2,
                energy=100 * self.needed_energy,
                ratio=100 * self.needed_ratio,
            ),
            say(
                "Here S1's emissions change by {co2:+.1f} %, its energy by {energy:+.1f} %, its CO2 per energy by"
                " {ratio:+.1f} %.",
                co2=100 * self.ours_co2,
                energy=100 * self.ours_energy,
                ratio=100 * self.ours_ratio,
            ),
            say(
                "With the clean power that the province plans ({clean:.0f} TWh in {last}), power exports of {sent:.0f}"
                " TWh ({how}), the carbon of raw coal in all fossil energy and process CO2 doubled, the printed"
                " {energy:.0f} Mtce carry at most {most:+.1f} % of CO2 against {first}.",
                clean=most.clean_twh,
                last=LAST,
                sent=most.export_twh,
                how=said(most.how),
                energy=ENERGY[1],
                most=100 * most.most,
                first=FIRST,
            ),
            say(
                "To reach {co2:.1f} % exports would have to be {sent:.0f} TWh in {last}, {times:.1f} times those of"
                " {first}, {yearly:.1f} % more every year; the last growth observed is {growth:.1f} %.",
                co2=100 * self.needed_co2,
                sent=self.needed_export_twh,
                last=LAST,
                times=self.needed_export_twh / self.export_2022_twh,
                first=FIRST,
                yearly=100 * yearly,
                growth=100 * self.export_growth,
            ),
        ]
        if other is not None:
            out.append(
                say(
                    "If no clean plant were built after the last one counted ({clean:.0f} TWh), the bound would be"
                    " {most:+.1f} %.",
                    clean=other.clean_twh,
                    most=100 * other.most,
                )
            )
        verdict = say("The plan does not exclude the printed numbers taken together.")
        if self.excluded:
            verdict = say(
                "The plan of February 2026, which is no datum and which the paper could not know, would exclude the"
                " printed numbers taken together: on data, claims that rest on them are called not jointly"
                " reproducible. Without the plan they hold together, as the column of the paper's assumptions shows."
            )
        return [*out, verdict]


def identity(hybrid: Runs, figures: Figures, line_growth: float) -> Identity:
    """Work the identity out.

    Parameters
    ----------
    hybrid
        Holds S1 from 2022 to 2030.
    figures
        Of the economy: clean power, exports, fuels, process CO2.
    line_growth
        Assumed yearly growth of the outgoing lines.

    Raises
    ------
    OutOfReach
        Where the runs do not reach 2030.
    """

    def rise(variable: str) -> float:
        change = hybrid.at("S1", variable, LAST) / hybrid.at("S1", variable, FIRST) - 1
        return float(quantile(change, MIDDLE))

    co2 = float(quantile(hybrid.at("S1", "emissions", FIRST), MIDDLE))
    equivalent = figures.value("parameters", "coal_equivalent_mtce_per_twh")
    export = figures.value("controls", "power_export_net")
    process = float(figures.process_co2["mt"].sum())
    coal = float(figures.fuels.set_index("fuel").loc["Raw_Coal", "tco2_per_tce"])  # type: ignore[arg-type]
    path = figures.nonfossil_path.set_index("year")
    plan = float(path["twh"].loc[LAST])
    counted = path[path["status"].isin(("verified", "recalled", "derived"))]
    growth = _export_growth(figures)
    years = LAST - FIRST
    exports = {
        Message("exports as in {year}", year=FIRST): export,
        Message("lines grow by {rate:g} % a year", rate=100 * line_growth): export * (1 + line_growth) ** years,
        Message("exports go on growing by {rate:.1f} % a year", rate=100 * growth): export * (1 + growth) ** years,
    }

    def bound(clean: float, sent: float) -> float:
        fossil = ENERGY[1] - equivalent * clean + equivalent * sent
        return (fossil * coal + PROCESS_GROWTH * process) / co2 - 1

    cases = []
    for planned, clean, built in (
        (True, plan, Message("planned clean power")),
        (False, float(counted["twh"].iloc[-1]), Message("clean power stays as in {year}", year=int(counted.index[-1]))),
    ):
        cases += [Case(built, how, clean, sent, bound(clean, sent), planned) for how, sent in exports.items()]
    needed = S1_2030 / S5_PEAK - 1
    energy = ENERGY[1] / ENERGY[0] - 1
    fossil = ((1 + needed) * co2 - PROCESS_GROWTH * process) / coal
    return Identity(
        needed_co2=needed,
        needed_energy=energy,
        needed_ratio=(1 + needed) / (1 + energy) - 1,
        ours_co2=rise("emissions"),
        ours_energy=rise("energy"),
        ours_ratio=rise("emissions/energy"),
        cases=tuple(cases),
        needed_export_twh=(fossil - ENERGY[1]) / equivalent + plan,
        export_2022_twh=export,
        export_growth=growth,
    )


def _export_growth(figures: Figures) -> float:
    """Yearly growth of the power sent out between the last two years counted."""
    facts = figures.macro_facts
    sent = facts[facts["variable"] == "Power sent out of province"].copy()
    sent["year"] = sent["year"].astype(int)
    sent = sent.sort_values("year")
    value = sent["value"].astype(float).to_numpy()
    year = sent["year"].to_numpy()
    return float((value[-1] / value[-2]) ** (1.0 / float(np.diff(year)[-1])) - 1.0)
