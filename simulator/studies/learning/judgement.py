"""Does the drift earn its place: forecasts, closed loop and coverage on scenarios and years it was not trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tanshi.simulator.drift.flow import Flow
from tanshi.simulator.drift.forecast import forecast, new_year_steps
from tanshi.simulator.drift.history import PriceHistory
from tanshi.simulator.drift.mean_reversion import PriceFit, fit_price
from tanshi.simulator.drift.preparation import TrainingError
from tanshi.simulator.drift.state import KINDS, Array, Context, active, kind_of
from tanshi.simulator.drift.trajectories import Trajectories, read_trajectories, reversion, windows
from tanshi.simulator.drift.weights import Weights, load, load_ensemble
from tanshi.simulator.studies.batches.batch import Progress
from tanshi.simulator.studies.calibration.scores import Scores, block_interval, crps, dress, scored
from tanshi.simulator.studies.learning.closed_loop import closed_loop
from tanshi.simulator.studies.learning.held_out import WEEKLY, held_out
from tanshi.simulator.studies.learning.training import market_history, pooled_trajectories, training_scenarios

if TYPE_CHECKING:
    from tanshi.simulator.drift.recovery import Recovery

WEEKS = (1, 4, 13, 52)
METHODS = ("persistence", "interpolation", "OU", "OU + season", "network")


@dataclass(frozen=True)
class Judgement:
    """Everything the page reports.

    Attributes
    ----------
    skill
        Method, set (held-out scenarios or years), kind, weeks, rmse, crps, and skill against persistence and
        against OU + season with 90 % intervals.
    bands
        Kind, weeks, shares of outcomes inside the raw and the dressed band.
    gaps
        Scenario, mode, kind, gap with intervals of the difference against none.
    market
        Method, months, rmse, crps of the real price.
    loop
        Scenario, mode and what the flow counted.
    recovery
        Known dynamics.
    card
        The weights' card.
    """

    skill: pd.DataFrame
    bands: pd.DataFrame
    gaps: pd.DataFrame
    market: pd.DataFrame
    loop: pd.DataFrame
    recovery: Sequence[Recovery]
    fit: PriceFit
    card: Mapping[str, object]

    @property
    def supported(self) -> str:
        """The drift mode that the evidence supports."""
        t = self.skill
        short = t[(t["set"] == "held-out scenarios") & (t["kind"] == "price") & (t["method"] == "network")]
        beats = bool((short.loc[short["weeks"] <= 4, "against_ou_low"].to_numpy(dtype=float) > 0).all())
        if beats and self.surely_smaller("neural"):
            return "neural"
        return "ou" if self.surely_smaller("ou") else "none"

    def surely_smaller(self, mode: str, kind: str = "price") -> bool:
        """Whether the gap before the jumps is smaller than without drift, with the whole of its interval."""
        g = self.gaps
        row = g[(g["scenario"] == "all") & (g["kind"] == kind) & (g["mode"] == mode)]
        return bool((row["change_high"].to_numpy(dtype=float) < 0).all())


def evaluate(weights: Path, work: Path, *, seeds: int = 2, progress: Progress | None = None) -> Judgement:
    """Judge the weights in a folder.

    Parameters
    ----------
    weights
        Folder as `train` leaves it: the ensemble, and below ``split`` weights that saw no late year.
    work
        Folder of the training's runs; the runs made here go beside them and are kept.
    seeds
        Runs of each held-out scenario and mode in the closed loop.
    """
    from tanshi.simulator.drift.recovery import SYSTEMS, recover

    ensemble, early = load_ensemble(weights), load(weights / "split")
    training = read_trajectories(pooled_trajectories(training_scenarios(2), work / "runs", progress))
    unseen = read_trajectories(
        pooled_trajectories(held_out(52, 31, names=WEEKLY), work / "evaluation" / "weekly", progress)
    )
    weekly_training = _weekly(training)
    late = float(_split_end(ensemble[0]))
    plain = _Competitors.fitted(weekly_training, np.inf)
    young = _Competitors.fitted(weekly_training, late)
    report = progress or (lambda name, done, total: None)
    sets = {
        "held-out scenarios": (unseen, ensemble, plain, -np.inf, np.inf),
        "held-out years": (_join(unseen, weekly_training), [early], young, late, np.inf),
    }
    skill, bands = [], []
    for number, (label, (data, members, rivals, after, _)) in enumerate(sets.items()):
        report("forecasts", number, len(sets))
        spread = _forecast_errors(weekly_training, members, rivals, -np.inf, late, stride=8)
        found = _forecast_errors(data, members, rivals, after, np.inf, stride=2)
        skill.append(_skill(found, spread).assign(set=label))
        if len(members) > 1:
            bands.append(_bands(found, spread).assign(set=label))
    report("forecasts", len(sets), len(sets))
    gaps, loop = closed_loop(weights, work, seeds, progress)
    history = market_history("shanxi_2022")
    recovered = []
    for number, system in enumerate(SYSTEMS):
        report("known dynamics", number, len(SYSTEMS))
        recovered.append(recover(system))
    report("known dynamics", len(SYSTEMS), len(SYSTEMS))
    return Judgement(
        skill=pd.concat(skill, ignore_index=True),
        bands=pd.concat(bands, ignore_index=True) if bands else pd.DataFrame(),
        gaps=gaps,
        market=real_price_skill(history),
        loop=loop,
        recovery=recovered,
        fit=fit_price(history),
        card=ensemble[0].card,
    )


# -- forecasts -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Competitors:
    """What the network has to beat, fitted on the weekly training runs.

    Attributes
    ----------
    ou
        Weights whose mode `ou` reverts at the rates of these runs, without season.
    step
        (17,) and (17, 3) factor and seasonal terms of one week, by least squares.
    """

    ou: Weights
    factor: Array
    season: Array

    @classmethod
    def fitted(cls, data: Trajectories, until: float) -> _Competitors:
        from tanshi.simulator.drift.weights import untrained

        pairs = windows(data, 1, 1, until=until)
        ou = replace(untrained(data.sectors), rate_ou=reversion(data, pairs, held=False))
        size = ou.size
        factor, season = np.ones(size), np.zeros((size, 3))
        mask = active(data.covered[pairs[:, 0]])
        t = data.t[pairs[:, 0]]
        calendar = np.column_stack([np.ones(t.size), np.cos(2 * np.pi * t), np.sin(2 * np.pi * t)])
        for k in range(size):
            on = mask[:, k]
            if on.sum() < 50:
                continue
            design = np.column_stack([data.r[pairs[on, 0], k], calendar[on]])
            found = np.linalg.lstsq(design, data.r[pairs[on, 1], k], rcond=None)[0]
            factor[k], season[k] = float(np.clip(found[0], 0.0, 1.0)), found[1:]
        return cls(ou, factor, season)

    def seasonal(self, r: Array, times: Array) -> Array:
        """Residuals (n + 1, 17) from ``r`` (17,) at the times, OU + season."""
        out = [r]
        for t in times[:-1]:
            pull = self.season @ np.array([1.0, np.cos(2 * np.pi * t), np.sin(2 * np.pi * t)])
            out.append(self.factor * out[-1] + pull)
        return np.array(out)


@dataclass(frozen=True)
class _Errors:
    """Forecast errors: ``miss[method]`` (origins, horizons, 17), NaN where nothing is covered or known.

    ``members`` (members, origins, horizons, 17) are those of each network; ``block`` numbers half-years of runs.
    """

    miss: dict[str, Array]
    members: Array
    block: NDArray[np.int64]


def _forecast_errors(
    data: Trajectories, members: Sequence[Weights], rivals: _Competitors, after: float, until: float, stride: int
) -> _Errors:
    miss: dict[str, list[Array]] = {m: [] for m in METHODS}
    each: list[Array] = []
    blocks = []
    longest = max(WEEKS)
    flows = [Flow(w, "neural") for w in members]
    ou = Flow(rivals.ou, "ou")
    for run in range(data.runs):
        rows = np.flatnonzero(data.run == run)
        t = data.t[rows]
        nodes = _annual_nodes(t, data.star[rows])
        for start in range(0, len(rows) - 1, stride):
            last = min(start + longest, len(rows) - 1)
            span = rows[start : last + 1]
            ahead = [w for w in WEEKS if start + w <= last]
            same = data.regime[span] == data.regime[span[0]]
            if not same.all() or not ahead or data.regime[span[0]] < 2:
                continue
            if t[start] <= after or t[start + ahead[0]] > until:
                continue
            times, star = data.t[span], data.star[span]
            z = star + data.r[span]
            covered = data.covered[span[0]]
            context = Context(covered, *(float(x) for x in data.market[span[0]]))
            cap = data.market[span, 1]
            # between two announcements a forecast is one path; all members go through it side by side
            per_year = round(1 / (times[1] - times[0]))
            earlier = rows[np.maximum(np.arange(start, last + 1) - per_year, 0)]
            steps = new_year_steps(times, star, data.star[earlier])
            paths = np.stack(
                [forecast(f, z[:1], times, star, context, tightness=cap, yearly=steps)[:, 0] for f in flows]
            )
            r0 = z[0] - star[0]
            found = {
                "persistence": np.broadcast_to(z[0], z.shape),
                "interpolation": np.column_stack([np.interp(times, nodes[0], column) for column in nodes[1].T]),
                "OU": star + np.concatenate([r0[None], _ou(ou, r0, times)]),
                "OU + season": star + rivals.seasonal(r0, times),
                "network": paths.mean(axis=0),
            }
            off = ~active(covered)

            def at(path: Array, z: Array = z, off: NDArray[np.bool_] = off, ahead: list[int] = ahead) -> Array:
                out = np.full((len(WEEKS), z.shape[1]), np.nan)
                for n, weeks in enumerate(WEEKS):
                    if weeks in ahead:
                        out[n] = z[weeks] - path[weeks]
                out[:, off] = np.nan
                return out

            for method, path in found.items():
                miss[method].append(at(path))
            each.append(np.stack([at(p) for p in paths]))
            blocks.append(run * 1000 + int(2 * (t[start] - 2000)))
    if not blocks:
        raise TrainingError("no forecast can be judged: the runs are too short")
    return _Errors({m: np.array(v) for m, v in miss.items()}, np.stack(each, axis=1), np.array(blocks, dtype=np.int64))


def _ou(flow: Flow, r0: Array, times: Array) -> Array:
    decay = np.exp(-flow.weights.rate_ou * (times[1:] - times[0])[:, None])
    return np.asarray(decay * r0)


def _annual_nodes(t: Array, star: Array) -> tuple[Array, Array]:
    """Mid-years and the equilibria there: the reference path goes through them."""
    years = np.unique(np.floor(t + 1e-9)) + 0.5
    inside = years[(years >= t[0]) & (years <= t[-1])]
    return inside, np.column_stack([np.interp(inside, t, star[:, k]) for k in range(star.shape[1])])


def _skill(found: _Errors, spread: _Errors) -> pd.DataFrame:
    rows = []
    rng = np.random.default_rng(0)
    for kind, name in enumerate(KINDS):
        on = kind == kind_of(found.members.shape[-1])
        for n, weeks in enumerate(WEEKS):
            scores: dict[str, Scores] = {}
            for method in METHODS:
                dressing = dress(spread.miss[method][:, n][:, on])
                scores[method] = scored(found.miss[method][:, n][:, on], dressing)
            for method, own in scores.items():
                row: dict[str, object] = {"kind": name, "weeks": weeks, "method": method, "forecasts": own.count}
                row |= {"rmse": own.rmse, "crps": own.mean_crps}
                for label, rival in (("persistence", "persistence"), ("ou", "OU + season")):
                    low, high = block_interval(own, scores[rival], found.block, rng)
                    row[f"against_{label}"] = 1.0 - own.mean_crps / scores[rival].mean_crps
                    row[f"against_{label}_low"], row[f"against_{label}_high"] = low, high
                    row[f"rmse_against_{label}"] = 1.0 - own.rmse / scores[rival].rmse
                rows.append(row)
    return pd.DataFrame(rows)


def _bands(found: _Errors, spread: _Errors) -> pd.DataFrame:
    rows = []
    for kind, name in enumerate(KINDS):
        on = kind == kind_of(found.members.shape[-1])
        for n, weeks in enumerate(WEEKS):
            members = found.members[:, :, n][:, :, on]
            known = ~np.isnan(members[0])
            raw = (members.min(axis=0) <= 0) & (members.max(axis=0) >= 0)  # the outcome is where the error is 0
            dressing = dress(spread.miss["network"][:, n][:, on])
            low, high = np.quantile(dressing, [0.1, 0.9])
            miss = found.miss["network"][:, n][:, on]
            inside = (miss >= low) & (miss <= high)
            rows.append(
                {"kind": name, "weeks": weeks, "raw": float(raw[known].mean()), "dressed": float(inside[known].mean())}
            )
    return pd.DataFrame(rows)


# -- in the loop ---------------------------------------------------------------------------------------------


# -- the real market -----------------------------------------------------------------------------------------


def real_price_skill(history: PriceHistory, months: Sequence[int] = (1, 3, 12), least: int = 24) -> pd.DataFrame:
    """Rolling forecasts of the real monthly price by persistence, OU and OU + season, each fitted on the past alone.

    The level to which the price reverts is the mean of the last twelve months; the season is refitted each month.
    """
    step = history.step
    per_month = max(1, round(1 / 12 / step))
    x = np.log1p(history.price)
    miss: dict[str, dict[int, list[float]]] = {m: {h: [] for h in months} for m in ("persistence", "OU", "OU + season")}
    year = max(1, round(1 / step))
    fit: PriceFit | None = None
    for origin in range(max(least * per_month, 2 * year), len(x) - 1):
        if fit is None or history.year[origin] != history.year[origin - 1]:
            past = replace(
                history, t=history.t[: origin + 1], year=history.year[: origin + 1], price=history.price[: origin + 1]
            )
            fit = fit_price(past, draws=300)
        level = float(x[origin - year + 1 : origin + 1].mean())
        now, t0 = x[origin] - level, float(history.t[origin])
        for h in months:
            if origin + h * per_month >= len(x):
                continue
            ahead = h * per_month * step
            target = float(x[origin + h * per_month])
            revert = float(np.exp(-fit.rate * ahead))
            s = np.linspace(0.0, ahead, 25)
            pull = fit.season[0] * np.cos(2 * np.pi * (t0 + s)) + fit.season[1] * np.sin(2 * np.pi * (t0 + s))
            season = float(np.trapezoid(np.exp(-fit.rate * (ahead - s)) * pull, s))
            miss["persistence"][h].append(target - x[origin])
            miss["OU"][h].append(target - level - revert * now)
            miss["OU + season"][h].append(target - level - revert * now - season)
    rows = []
    for method, found in miss.items():
        for h, values in found.items():
            if len(values) < 3:
                continue
            own = np.array(values)
            base = np.array(miss["persistence"][h])
            rows.append(
                {
                    "method": method, "months": h, "forecasts": own.size,
                    "rmse": float(np.sqrt((own**2).mean())),
                    "crps": float(crps(own, own).mean()),
                    "against_persistence": 1.0 - float(np.sqrt((own**2).mean()) / np.sqrt((base**2).mean())),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


# -- rows ----------------------------------------------------------------------------------------------------


def _weekly(data: Trajectories) -> Trajectories:
    keep = data.market[:, -1] < 1.5 / 52
    _, run = np.unique(data.run[keep], return_inverse=True)
    return replace(
        data, run=run.astype(np.intp), t=data.t[keep], r=data.r[keep], star=data.star[keep],
        covered=data.covered[keep], market=data.market[keep], regime=data.regime[keep], runs=int(run.max()) + 1,
    )  # fmt: skip


def _join(a: Trajectories, b: Trajectories) -> Trajectories:
    both: dict[str, Any] = {
        f: np.concatenate([getattr(a, f), getattr(b, f)]) for f in ("t", "r", "star", "covered", "market", "regime")
    }
    run = np.concatenate([a.run, b.run + a.runs])
    return replace(a, run=run, scenarios=(*a.scenarios, *b.scenarios), runs=a.runs + b.runs, **both)


def _split_end(weights: Weights) -> float:
    split = weights.card.get("split", {})
    if not isinstance(split, Mapping) or "validation_until" not in split:
        raise TrainingError("the weights' card names no split of their training rows; train them again")
    return float(split["validation_until"])
