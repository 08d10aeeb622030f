"""The network g, fitted in torch on all markets together by weekly likelihood; a run reads the exported arrays.

The same rows, settings and seed give the same weights. How long to train is found on the last 15 % of each market's
rows, never shown before; then the network is trained once more on all rows for so many steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tanshi.simulator.drift.markets.likelihood import Weeks
from tanshi.simulator.drift.markets.memory import FEATURES
from tanshi.simulator.drift.markets.spread import STEEPEST, STILL, Network

HELD_OUT = 0.15


@dataclass(frozen=True)
class HeadConfig:
    """Settings of a training: units of the hidden layer, most and fewest steps, patience, AdamW's rates, members."""

    units: int = 8
    steps: int = 400
    fewest: int = 150
    patience: int = 60
    learning_rate: float = 2e-2
    weight_decay: float = 0.1
    members: int = 3
    seed: int = 0


@dataclass(frozen=True)
class Fitted:
    """A network, the steps that the held-out rows found best, and its mean log density there (nats a week)."""

    network: Network
    steps: int
    held_out: float


def fit_networks(
    weeks: Weeks, config: HeadConfig | None = None, progress: Callable[[int, int], None] | None = None
) -> list[Fitted]:
    """``members`` networks that differ by their seed."""
    config = config or HeadConfig()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        out = []
        for member in range(config.members):
            out.append(_fit(weeks, config, config.seed + member))
            if progress is not None:
                progress(member + 1, config.members)
        return out
    finally:
        torch.set_num_threads(threads)


def adapt_last_stage(network: Network, weeks: Weeks, config: HeadConfig | None = None) -> Network:
    """The network with its constants (spread, still weeks) fitted anew on the rows of one market; all else stays."""
    config = config or HeadConfig()
    head = _Head(config.units, config.seed).take(network)
    for name, parameter in head.named_parameters():
        parameter.requires_grad_(name == "offset")
    rows = _rows(weeks)
    optimiser = torch.optim.Adam([head.offset], lr=config.learning_rate)
    start = head.offset.detach().clone()
    for _ in range(config.fewest):
        optimiser.zero_grad()
        # As many weeks of doubt as the pool's scale gets: a short series moves the constants little.
        value = -head.log_density(rows).sum() / 2 + 26.0 * ((head.offset - start) ** 2).sum()
        value.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return head.export()


class _Head(torch.nn.Module):
    def __init__(self, units: int, seed: int) -> None:
        super().__init__()
        rng = np.random.default_rng(seed)

        def new(*shape: int, sd: float = 0.0) -> torch.nn.Parameter:
            return torch.nn.Parameter(torch.from_numpy(sd * rng.standard_normal(shape)))

        count = len(FEATURES)
        self.direct, self.offset = new(count, 2), torch.nn.Parameter(torch.tensor([0.0, -2.0], dtype=torch.float64))
        self.hidden, self.hidden_offset = new(count, units, sd=count**-0.5), new(units)
        self.out = new(units, 2)
        self.tails = torch.nn.Parameter(torch.tensor([0.5, -1.0], dtype=torch.float64))

    def log_density(self, rows: tuple[Tensor, ...]) -> Tensor:
        x, scale, change, gap = rows
        y = x @ self.direct + self.offset + torch.tanh(x @ self.hidden + self.hidden_offset) @ self.out
        freedom, gaps = self._tails()
        sigma = scale * torch.exp(y[:, 0].clamp(-STEEPEST, STEEPEST)) * gap ** (gaps / 2)
        moved = torch.distributions.StudentT(freedom, 0.0, sigma, validate_args=False).log_prob(change)  # type: ignore[no-untyped-call]
        rested = torch.distributions.Normal(0.0, STILL, validate_args=False).log_prob(change)  # type: ignore[no-untyped-call]
        odds = torch.nn.functional.logsigmoid
        return torch.logaddexp(odds(-y[:, 1]) + moved, odds(y[:, 1]) + rested)

    def _tails(self) -> tuple[Tensor, Tensor]:
        return 1.5 + 2.0 * torch.nn.functional.softplus(self.tails[0]), torch.sigmoid(self.tails[1])

    def take(self, network: Network) -> _Head:
        freedom, gaps = network.freedom, network.gaps
        tails = np.array([np.log(np.expm1((freedom - 1.5) / 2.0)), np.log(gaps / (1.0 - gaps))])
        with torch.no_grad():
            for name in ("direct", "offset", "hidden", "hidden_offset", "out"):
                setattr(self, name, torch.nn.Parameter(torch.from_numpy(getattr(network, name).copy())))
            self.tails.copy_(torch.from_numpy(tails))
        return self

    def export(self) -> Network:
        freedom, gaps = (float(x.detach()) for x in self._tails())
        names = ("direct", "offset", "hidden", "hidden_offset", "out")
        arrays = {name: getattr(self, name).detach().numpy().copy() for name in names}
        return Network.of({**arrays, "tails": np.array([freedom, gaps])})


def _fit(weeks: Weeks, config: HeadConfig, seed: int) -> Fitted:
    late = np.zeros(weeks.row.size, dtype=bool)
    for market in range(len(weeks.names)):
        own = np.flatnonzero(weeks.market == market)
        late[own[int((1.0 - HELD_OUT) * own.size) :]] = True
    steps, best, _ = _train(_Head(config.units, seed), weeks.some(~late), weeks.some(late), config, config.steps)
    _, _, head = _train(_Head(config.units, seed), weeks, None, config, steps)
    return Fitted(head.export(), steps, -best)


def _train(head: _Head, learn: Weeks, judge: Weeks | None, config: HeadConfig, steps: int) -> tuple[int, float, _Head]:
    rows, weight = _rows(learn), torch.from_numpy(learn.weight)
    held = None if judge is None else (_rows(judge), torch.from_numpy(judge.weight / judge.weight.mean()))
    optimiser = torch.optim.AdamW(head.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    best, best_step = float("inf"), 0
    for step in range(1, steps + 1):
        optimiser.zero_grad()
        value = -(weight * head.log_density(rows)).mean()
        value.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if held is None:
            continue
        with torch.no_grad():
            now = -float((held[1] * head.log_density(held[0])).mean())
        if now < best:
            best, best_step = now, step
        if step - best_step >= config.patience:
            break
    return max(best_step, config.fewest), best, head


def _rows(weeks: Weeks) -> tuple[Tensor, ...]:
    return tuple(
        torch.from_numpy(np.ascontiguousarray(x))
        for x in (weeks.memory.features(), weeks.memory.scale, weeks.change, weeks.gap)
    )
