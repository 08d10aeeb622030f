"""How far the flow misses the state after the next jumps, on rows it was not trained on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tanshi.language import say, translate
from tanshi.simulator.drift.flow import Flow, Mode
from tanshi.simulator.drift.state import KINDS, PRICE, Array, Context, active, kind_of
from tanshi.simulator.drift.trajectories import Index, Trajectories, new_year, reversion
from tanshi.simulator.drift.weights import Weights
from tanshi.simulator.machine.terminal import flush_left, flush_right


def skill_table(
    weights: Weights, data: Trajectories, rows: Index, training_pairs: Index, substeps: int
) -> dict[str, Array]:
    """Errors (steps ahead, kind) over windows `rows` of `none`, `ou`, `neural` and `ou_trajectories`.

    `ou_trajectories` is an OU whose price rate, too, is fitted on the trajectories (`training_pairs`): the
    harder one to beat, since the historical rate is not the simulator's.
    """
    free = weights.rate_ou.copy()
    free[0] = reversion(data, training_pairs)[0]
    modes: tuple[Mode, ...] = ("none", "ou", "neural")
    table: dict[str, Array] = {mode: shooting_errors(weights, mode, data, rows, substeps) for mode in modes}
    table["ou_trajectories"] = shooting_errors(replace(weights, rate_ou=free), "ou", data, rows, substeps)
    return table


def shooting_errors(weights: Weights, mode: Mode, data: Trajectories, rows: Index, substeps: int = 2) -> Array:
    """Root mean squared error (length, 3) of the state by steps ahead and kind, from the in-loop flow itself.

    Errors are in logarithms, over covered components. Mode `none` predicts that the state stays, reference
    included. Steps of emissions and output at New Year are jumps and judged by nobody. A kind without covered
    components gives NaN.
    """
    length = rows.shape[1] - 1
    flow = Flow(weights, mode)
    total, count = np.zeros((length, len(KINDS))), np.zeros((length, len(KINDS)))
    kinds = np.eye(len(KINDS))[kind_of(weights.size)]
    start = rows[:, 0]
    labels = np.column_stack([np.round(data.t[rows[:, :2]], 6), data.covered[start]])
    _, group = np.unique(labels, axis=0, return_inverse=True)
    for g in range(int(group.max()) + 1 if group.size else 0):
        block = rows[group.ravel() == g]
        covered = data.covered[block[0, 0]]
        weight = active(covered)[:, None] * kinds
        r = data.r[block[:, 0]]
        for j in range(length):
            here, there = block[:, j], block[:, j + 1]
            context = Context(covered, *data.market[here].T)
            r = flow.path(r, float(data.t[here[0]]), float(data.t[there[0]]), context, substeps)[-1]
            if mode == "none":
                r[:, PRICE] += (data.star[here] - data.star[there])[:, PRICE]
            r[:, PRICE + 1 :] += (data.star[here] - data.star[there])[:, PRICE + 1 :]
            judged = np.ones_like(r)
            turn = new_year(data, here, there)
            judged[turn, PRICE + 1 :] = 0.0  # quantities jump there: the flow goes on from where they land
            r[turn, PRICE + 1 :] = data.r[there][turn, PRICE + 1 :]
            total[j] += ((r - data.r[there]) ** 2 @ weight).sum(axis=0)
            count[j] += (judged @ weight).sum(axis=0)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.sqrt(total / count))


def render_skill(errors: dict[str, Array]) -> str:
    """The skill table as text: root mean squared error in logarithms, by kind and periods ahead."""
    labels = {
        "none": say("no drift"), "ou": "OU", "ou_trajectories": say("OU fitted on the paths"), "neural": say("network"),
    }  # fmt: skip
    ahead = next(iter(errors.values())).shape[0]
    shown = sorted({0, ahead // 2, ahead - 1})
    lines = [say("Error of the state after the next jumps, held-out years (root mean square of logarithms)")]
    for kind, name in enumerate(KINDS):
        heads = "".join(flush_right(say("{steps} ahead", steps=step + 1), 10) for step in shown)
        lines.append(flush_left(translate(name), 26) + heads)
        lines += [
            f"  {flush_left(label, 24)}" + "".join(f"{errors[mode][step, kind]:>10.4f}" for step in shown)
            for mode, label in labels.items()
        ]
    return "\n".join(lines)
