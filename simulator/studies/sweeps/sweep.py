"""A sweep: every point of a design for every scenario and seed, each run in its own folder, gone on with when killed.

All points have the same seeds (common random numbers), and a firm's draws depend on its seed, sector and number alone,
so that two points differ by their parameters and by nothing else. A run is known by its id: a sweep that grows, or
is put in another's place, computes what is not there yet and nothing twice (`tanshi.simulator.studies.sweeps.growth`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import ValidationError

from tanshi.errors import Message
from tanshi.scenarios.draws import drawn as drawn_at
from tanshi.scenarios.draws import unit_of, vary
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.figures import catalogue
from tanshi.scenarios.schema import Scenario
from tanshi.scenarios.sweep_load import Plan, load_sweep, plan_from
from tanshi.simulator.machine.disk import table_bytes, write_file
from tanshi.simulator.results.columns import about
from tanshi.simulator.results.reading import read_json
from tanshi.simulator.studies.batches.batch import fill_folder
from tanshi.simulator.studies.batches.execute import Outcome, Progress
from tanshi.simulator.studies.sweeps.design import Drawn, points_of
from tanshi.simulator.studies.sweeps.growth import VARIABLES, check_growth
from tanshi.simulator.studies.sweeps.outputs import check_outputs

PLAN = "sweep.json"
DESIGN = "design.parquet"
FIRST_SEED = 1
"""The seed of a run whose name says none."""


class Points(Mapping[str, Scenario]):
    """The runs of a sweep by the name of their folder, made when asked for: a million take little memory."""

    def __init__(self, plan: Plan, unit: NDArray[np.float64]) -> None:
        self.plan, self.unit = plan, unit
        self.base = {scenario.name: scenario for scenario in plan.scenarios}
        self.original = {
            name: {path: figure.value for path, figure in catalogue(scenario.economy).items()}
            for name, scenario in self.base.items()
        }
        self.place: dict[str, tuple[str, int, int]] = {}
        for name in self.base:
            for point in range(len(unit)):
                for seed in plan.spec.seeds:
                    # The same however many points and seeds there are, so that a sweep can grow.
                    folder = f"{name}-p{point + 1}" + (f"-seed{seed}" if seed != FIRST_SEED else "")
                    self.place[folder] = (name, point, seed)

    def __getitem__(self, folder: str) -> Scenario:
        name, point, seed = self.place[folder]
        base = self.base[name]
        values, overrides = drawn_at(self.plan.factors, self.unit[point].tolist(), base, self.original[name])
        try:
            return vary(base, {**overrides, "seed": seed})
        except ValidationError as error:
            item: dict[str, Any] = dict(error.errors(include_url=False)[0])
            context = item.get("ctx", {})
            shown = ", ".join(f"{key} = {value}" for key, value in values.items())
            hint = Message(
                "So drawn: {shown}. Points that cannot be are left out by a constraint, such as"
                " constraints: ['price.floor <= price.ceiling'].",
                shown=shown,
            )
            problem = Problem(
                str(context.get("expected") or item["msg"]), str(context.get("got") or item["input"]),
                field=str(context.get("at") or ".".join(str(x) for x in item["loc"])),
                hint=hint,
            )  # fmt: skip
            raise UserError(
                "Point {point} of the sweep makes no scenario of {name}.", [problem], point=point + 1, name=name
            ) from error

    def __iter__(self) -> Iterator[str]:
        return iter(self.place)

    def __len__(self) -> int:
        return len(self.place)


@dataclass(frozen=True)
class Sweeping:
    """A sweep and the points it comes to."""

    plan: Plan

    @cached_property
    def drawn(self) -> Drawn:
        """The design's points, and how many the constraints left out."""
        return points_of(self.plan.spec.design, self.plan.factors, self.plan.constraints)

    @property
    def unit(self) -> NDArray[np.float64]:
        """(points, parameters), in [0, 1]."""
        return self.drawn.unit

    @cached_property
    def runs(self) -> Points:
        """Every run by the name of its folder."""
        return Points(self.plan, self.unit)

    def design_table(self, folders: Mapping[str, str] | None = None) -> pd.DataFrame:
        """One row a run: folder, scenario, point from 1, seed, each parameter's value, and ``u:`` its place in [0, 1].

        A value that is no number (a word, a variant's name) makes its column text.

        Parameters
        ----------
        folders
            Name of a run to its folder, where they differ.
        """
        plan, unit = self.plan, self.unit
        columns: dict[str, list[Any]] = {}
        for n, factor in enumerate(plan.factors):
            drawn_values = [factor.quantile(float(u)) for u in unit[:, n]]
            numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in drawn_values)
            columns[factor.name] = [float(v) if numbers else str(v) for v in drawn_values]
        points = [place[1] for place in self.runs.place.values()]
        table = pd.DataFrame(
            {
                "run": list(self.runs.place) if folders is None else [folders[name] for name in self.runs.place],
                "scenario": [place[0] for place in self.runs.place.values()],
                "point": [point + 1 for point in points],
                "seed": [place[2] for place in self.runs.place.values()],
            }
        )
        for name, values in columns.items():
            table[name] = [values[point] for point in points]
        for n, factor in enumerate(plan.factors):
            table[f"u:{factor.name}"] = unit[points, n]
        return table


def open_sweep(reference: str | Path, overrides: Mapping[str, object] | None = None) -> Plan:
    """A sweep from its file, by its ready-made name, or from a folder that already holds one.

    Raises
    ------
    SweepError
        As `load_sweep`.
    """
    if (Path(reference) / PLAN).is_file():
        return read_plan(Path(reference))
    return check_outputs(load_sweep(reference, VARIABLES, overrides))


def read_plan(folder: Path) -> Plan:
    """The sweep that a folder holds.

    Raises
    ------
    StoreError
        Where it holds none.
    """
    return plan_from(
        read_json(folder / PLAN, Message("{folder} holds no sweep: cannot read {file}", folder=folder, file=PLAN)),
        VARIABLES,
    )


def run_sweep(
    plan: Plan,
    out: Path,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
) -> Outcome:
    """Run a sweep into ``out``, go on with it, or let it grow; writes the plan and the design beside the runs.

    What the folder holds of the sweep already is kept, byte by byte: fewer points, seeds, scenarios or other outputs
    do not matter.

    Raises
    ------
    UserError
        Where a point makes no scenario; before anything runs.
    RunExists, FolderInUse, StudyStopped
        As `tanshi.simulator.studies.batches.batch.fill_folder`.
    """
    sweeping = Sweeping(plan)
    if not overwrite and (out / PLAN).is_file():
        check_growth(read_plan(out), plan, out)
    text = json.dumps(plan.as_data(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def begin(folders: Mapping[str, str]) -> None:
        write_file(out / PLAN, text.encode("utf-8"))
        table = sweeping.design_table(folders)
        drawn = {f.name: {"unit": unit_of(f), "meaning": f"drawn: {f.title}"} for f in plan.factors}
        write_file(out / DESIGN, table_bytes(table, "design", about(map(str, table.columns)) | drawn))

    return fill_folder(
        sweeping.runs,
        out,
        overwrite=overwrite,
        progress=progress,
        workers=workers,
        scheduler=scheduler,
        begin=begin,
        reuse=True,
        whole=True,
    )
