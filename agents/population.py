"""The population: every firm a row, every attribute an array, firms lying sector by sector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt

from tanshi.agents.curves import divided, efforts, left_and_response
from tanshi.agents.streams import Draws
from tanshi.errors import Message, TanshiError
from tanshi.market.apportion import apportion
from tanshi.market.orders import Floats, Ints


class PopulationError(TanshiError, ValueError):
    """A population that cannot be built or a saved one that does not fit together."""


_BY_SECTOR = ("start", "effort")


@dataclass
class Population:
    """Firms of all sectors.

    Attributes
    ----------
    sectors : tuple[str, ...]
    start : (sectors + 1,) int64
        Rows start[i] .. start[i + 1] - 1 are the firms of sector i.
    sector : (firms,) int64
        Sector of each firm.
    output_share : (firms,) float
        Share of the sector's output at the start, adding up to 1 in each sector.
    intensity : (firms,) float
        Emissions per output relative to other firms of the sector.
    cost : (firms,) float
        Abatement cost relative to other firms of the sector: twice the cost, half the response to a price.
    discount_rate : (firms,) float
        Per year.
    strategy : (firms,) int64
        Place in `strategies`.
    strategies : tuple[str, ...]
    share : (firms,) float
        Share of the sector's emissions before output shocks, adding up to 1; moves as firms abate.
    potential : (firms,) float
        The same where nobody abates (`tanshi.agents.curves`).
    effort : (sectors,) float
        How far each sector's firms have come along their abatement curves; 0 at the frozen baseline.
    horizon : (firms,) int64
        Years ahead that the firm looks; 0 for this year only.
    belief : (firms,) float
        The price it expects over the one that its plan gives.
    kind : (firms,) int64
        Class of plant within the sector (`tanshi.agents.plants`); 0 where it has none.
    benchmark : (firms,) float
        Allowances per output over its sector's; 1 where all have one benchmark.
    shock : (firms,) float
        Log output shock.
    expected_price : (firms,) float
        Yuan/t at the compliance date.
    emissions : (firms,) float
        Tonnes of CO2 this year to date.
    holdings : (firms,) int64
        Allowances in the registry, copied here after every period for whoever watches the firms.
    quote : (firms,) float
        Last quote of firms that learn (`strategies.zip`), yuan/t; negative before the first.
    momentum : (firms,) float
        Last move of that quote, yuan/t.
    """

    sectors: tuple[str, ...]
    start: Ints
    sector: Ints
    output_share: Floats
    intensity: Floats
    cost: Floats
    discount_rate: Floats
    strategy: Ints
    strategies: tuple[str, ...]
    share: Floats
    shock: Floats
    expected_price: Floats = field(default_factory=lambda: np.zeros(0))
    emissions: Floats = field(default_factory=lambda: np.zeros(0))
    holdings: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    quote: Floats = field(default_factory=lambda: np.zeros(0))
    momentum: Floats = field(default_factory=lambda: np.zeros(0))
    potential: Floats = field(default_factory=lambda: np.zeros(0))
    effort: Floats = field(default_factory=lambda: np.zeros(0))
    horizon: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    belief: Floats = field(default_factory=lambda: np.zeros(0))
    kind: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    benchmark: Floats = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        n = len(self.sector)
        if not len(self.potential):
            self.potential, self.effort = self.share.copy(), np.zeros(len(self.sectors))
        if not len(self.belief):
            self.horizon, self.belief = np.zeros(n, np.int64), np.ones(n)
        if not len(self.kind):
            self.kind, self.benchmark = np.zeros(n, np.int64), np.ones(n)
        if not len(self.expected_price):
            self.expected_price, self.emissions = np.zeros(n), np.zeros(n)
            self.holdings = np.zeros(n, np.int64)
        if not len(self.quote):
            self.quote, self.momentum = np.full(n, -1.0), np.zeros(n)
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, np.ndarray) and item.name not in _BY_SECTOR and value.shape != (n,):
                raise PopulationError(
                    "population: {name} has shape {shape}, expected ({n},)", name=item.name, shape=value.shape, n=n
                )

    def __len__(self) -> int:
        return len(self.sector)

    @property
    def counts(self) -> Ints:
        """Firms in each sector."""
        return np.diff(self.start)

    def total(self, values: Floats) -> Floats:
        """Add firms up to their sectors along the last axis: (..., firms) to (..., sectors)."""
        return np.asarray(np.add.reduceat(values, self.start[:-1], axis=-1), np.float64)

    def normalised(self, weights: Floats) -> Floats:
        """Scale weights so that they add up to 1 in each sector."""
        return divided(np.asarray(weights, np.float64), self.total(weights), self.start)

    def shares(self, ratio: Floats | None = None) -> tuple[Floats, Floats]:
        """Return each firm's share of its sector's emissions and of its sector's response to the price.

        Both under the period's output shocks and on the firms' own abatement curves (`tanshi.agents.curves`); both add
        up to 1 in each sector, so firms add up to the sector exactly.

        Parameters
        ----------
        ratio : (sectors,) float
            Emissions of each sector over its frozen baseline's; by default where the firms have come to.
        """
        self._check_ratio(ratio)
        calm = self.potential if not self.shock.any() else self.potential * np.exp(self.shock)
        weight = self.normalised(calm)
        effort = self.effort
        if ratio is not None:
            effort = efforts(weight, self.cost, self.start, np.asarray(ratio, np.float64), self.effort)
        left, response = left_and_response(weight, self.cost, self.sector, effort)
        return self.normalised(left), self.normalised(response)

    def _check_ratio(self, ratio: Floats | None) -> None:
        if ratio is not None and np.shape(ratio) != (len(self.sectors),):
            raise PopulationError(
                "population: ratios have shape {shape}, expected ({number_of_sectors},)",
                shape=np.shape(ratio),
                number_of_sectors=len(self.sectors),
            )

    def draws(self, seed: int, period: int) -> Draws:
        """Return this population's random draws in a period."""
        return Draws(seed, self.sectors, self.counts, period)

    def move_shocks(self, draws: Draws, sigma: float, persistence: float, months: float = 1.0) -> None:
        """Move log output shocks on by some months of an AR(1).

        Parameters
        ----------
        draws : Draws
        sigma : float
            Long-run standard deviation of the shock; it does not depend on how many periods a year has.
        persistence : float
            Autocorrelation over one month, 0 to 1.
        months : float
        """
        kept = persistence**months
        self.shock = kept * self.shock + sigma * np.sqrt(1.0 - kept**2) * draws.normal("output shock")[:, 0]

    def respond(self, ratio: Floats) -> None:
        """Move along the abatement curves to where the sectors emit what the economy says.

        Parameters
        ----------
        ratio : (sectors,) float
            Emissions of each sector over its frozen baseline's, at the settled price.
        """
        self._check_ratio(ratio)
        weight = self.normalised(self.potential * np.exp(self.shock))
        self.effort = efforts(weight, self.cost, self.start, np.asarray(ratio, np.float64), self.effort)
        left, _ = left_and_response(self.potential, self.cost, self.sector, self.effort)
        self.share = self.normalised(left)

    def copy(self) -> Population:
        """Return the same firms once more, with columns of their own."""
        twin = object.__new__(type(self))  # what has been checked once needs no second look
        for name, value in self.__dict__.items():
            twin.__dict__[name] = value.copy() if isinstance(value, np.ndarray) else value
        return twin

    def state(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return all attributes as plain arrays."""
        return {item.name: np.array(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def restore(cls, state: Mapping[str, npt.NDArray[np.generic]]) -> Population:
        """Return the population whose `state` this is."""
        values = {item.name: np.array(state[item.name]) for item in fields(cls)}
        names = {key: tuple(str(name) for name in values.pop(key)) for key in ("sectors", "strategies")}
        return cls(**names, **values)  # type: ignore[arg-type]


def firm_counts(total: int, weights: Mapping[str, float], minimum: int = 2) -> dict[str, int]:
    """Divide a number of firms over sectors.

    Every sector gets the minimum; the rest is apportioned to the weights by largest remainder.

    Raises
    ------
    PopulationError
        If there are too few firms for the minimum.

    Examples
    --------
    >>> firm_counts(10, {"ELEC": 3.0, "STEEL": 1.0})
    {'ELEC': 7, 'STEEL': 3}
    """
    if total < minimum * len(weights):
        raise PopulationError(
            "population: {total} firms are too few; {number_of_weights} sectors need at least {minimum} each",
            total=total,
            number_of_weights=len(weights),
            minimum=minimum,
        )
    rest = apportion(total - minimum * len(weights), np.array(list(weights.values()), np.float64))
    return {sector: minimum + int(extra) for sector, extra in zip(weights, rest, strict=True)}


def build(
    counts: Mapping[str, int],
    seed: int,
    *,
    size_sigma: float | Mapping[str, float] = 1.0,
    intensity_sigma: float | Mapping[str, float] = 0.2,
    cost_sigma: float | Mapping[str, float] = 0.5,
    discount_rate: float = 0.05,
    discount_sigma: float = 0.0,
    belief_sigma: float = 0.0,
    horizon: int = 0,
    horizon_spread: float = 0.0,
    strategies: Mapping[str, float] | None = None,
) -> Population:
    """Draw a population.

    Parameters
    ----------
    counts : mapping of sector to number of firms, each at least 1
    seed : int
        The run's seed.
    size_sigma, intensity_sigma, cost_sigma
        Standard deviations of log output, log emissions per output and log abatement cost within a sector; one for
        all, or by sector.
    discount_rate, discount_sigma : float
        Per year: the typical firm's, and the standard deviation of its logarithm.
    belief_sigma : float
        Standard deviation of the logarithm of the price that a firm expects over the one its plan gives.
    horizon : int
        Years ahead that the most far-sighted firms look.
    horizon_spread : float
        Part of these years over which horizons spread evenly downwards, 0 to 1.
    strategies : mapping of strategy to share of firms
        All truthful by default. Each sector has the shares by largest remainder; who plays what is drawn.

    Raises
    ------
    PopulationError
    """
    for sector, count in counts.items():
        if count < 1:
            raise PopulationError(
                "population: {sector} has {count} firms, expected at least 1", sector=sector, count=count
            )
    given = {"size": size_sigma, "intensity": intensity_sigma, "cost": cost_sigma}
    spread = {name: _by_sector(name, sigma, counts) for name, sigma in given.items()}
    mix = {"truthful": 1.0} if strategies is None else strategies
    sizes = np.array(list(counts.values()), np.int64)
    start = np.concatenate(([0], np.cumsum(sizes)))
    member = np.repeat(np.arange(len(sizes)), sizes)
    draws = Draws(seed, tuple(counts), sizes, 0)
    ticket = draws.uniform("strategy")[:, 0]
    strategy = np.zeros(len(member), np.int64)
    for first, last in zip(start[:-1].tolist(), start[1:].tolist(), strict=True):
        seats = np.repeat(np.arange(len(mix)), apportion(last - first, np.array(list(mix.values()), np.float64)))
        strategy[first + np.argsort(ticket[first:last], kind="stable")] = seats
    population = Population(
        sectors=tuple(counts),
        start=start,
        sector=member,
        output_share=np.exp(spread["size"][member] * draws.normal("size")[:, 0]),
        intensity=np.exp(spread["intensity"][member] * draws.normal("intensity")[:, 0]),
        cost=np.exp(spread["cost"][member] * draws.normal("abatement cost")[:, 0]),
        discount_rate=discount_rate * _spread(draws, Message("discount rate"), discount_sigma),
        strategy=strategy,
        strategies=tuple(mix),
        share=np.ones(len(member)),
        shock=np.zeros(len(member)),
        horizon=_horizons(draws, horizon, horizon_spread, len(member)),
        belief=_spread(draws, Message("belief"), belief_sigma),
    )
    population.output_share = population.normalised(population.output_share)
    population.share = population.normalised(population.output_share * population.intensity)
    population.potential = population.share.copy()
    return population


def _by_sector(name: str, sigma: float | Mapping[str, float], counts: Mapping[str, int]) -> Floats:
    """Dispersions in the order of the sectors, refusing negative ones and those that are not finite."""
    values = [float(sigma[s]) if isinstance(sigma, Mapping) else float(sigma) for s in counts]
    for sector, value in zip(counts, values, strict=True):
        if not 0.0 <= value < np.inf:
            raise PopulationError(
                "population: the {name} dispersion of {sector} is {value}, expected 0 or more",
                name=name,
                sector=sector,
                value=value,
            )
    return np.array(values)


def _spread(draws: Draws, purpose: str, sigma: float) -> Floats:
    """Log-normal factors with median 1, (firms,); without a spread exactly 1."""
    if not 0.0 <= sigma < np.inf:
        raise PopulationError(
            "population: the {purpose} dispersion is {sigma}, expected 0 or more", purpose=purpose, sigma=sigma
        )
    return np.exp(sigma * draws.normal(purpose)[:, 0]) if sigma else np.ones(int(draws.counts.sum()))


def _horizons(draws: Draws, longest: int, spread: float, firms: int) -> Ints:
    """Years ahead by firm: evenly spread over the last part of the longest horizon, at least 1 where anybody plans."""
    if longest < 0 or not 0.0 <= spread <= 1.0:
        raise PopulationError(
            "population: horizon {longest} and its spread {spread}: expected 0 or more, and 0 to 1",
            longest=longest,
            spread=spread,
        )
    if longest == 0 or spread == 0.0:
        return np.full(firms, longest, np.int64)
    luck = draws.uniform("horizon")[:, 0]
    return np.maximum(longest - np.floor(luck * (spread * longest + 1.0)).astype(np.int64), 1)
