"""A firm as Mesa sees it: an agent that is a view of one row of the population."""

from __future__ import annotations

from typing import Any

import mesa

from tanshi.agents.population import Population


def _number(column: str, doc: str) -> Any:
    """Return a property that reads and writes one cell of a column, as a plain number."""

    def read(firm: Firm) -> Any:
        # A plain number: a view into the array would rewrite what a data collector has already recorded.
        return getattr(firm.population, column)[firm.row].item()

    def write(firm: Firm, value: float) -> None:
        getattr(firm.population, column)[firm.row] = value

    return property(read, write, doc=doc)


class Firm(mesa.Agent):  # type: ignore[misc]
    """One firm; holds no data of its own.

    Decisions are made for the whole population at once, so a firm has no step. AgentSet, DataCollector and
    visualisation read and write the population through it.

    Parameters
    ----------
    model : mesa.Model
    population : Population
    row : int
    """

    def __init__(self, model: mesa.Model, population: Population, row: int) -> None:
        super().__init__(model)
        self.population = population
        self.row = row

    @property
    def sector(self) -> str:
        """Name of the firm's sector."""
        return self.population.sectors[int(self.population.sector[self.row])]

    @property
    def strategy(self) -> str:
        """Name of the firm's bidding strategy."""
        return self.population.strategies[int(self.population.strategy[self.row])]

    @strategy.setter
    def strategy(self, name: str) -> None:
        if name not in self.population.strategies:
            known = ", ".join(self.population.strategies)
            raise ValueError(f"firm: strategy {name!r} is not among the population's: {known}")
        self.population.strategy[self.row] = self.population.strategies.index(name)

    output_share = _number("output_share", "Share of the sector's output at the start.")
    intensity = _number("intensity", "Emissions per output relative to the sector's other firms.")
    cost = _number("cost", "Abatement cost relative to the sector's other firms.")
    discount_rate = _number("discount_rate", "Per year.")
    share = _number("share", "Share of the sector's emissions before output shocks.")
    shock = _number("shock", "Log output shock.")
    expected_price = _number("expected_price", "Expected price at the compliance date, yuan/t.")
    emissions = _number("emissions", "Tonnes of CO2 this year to date.")
    holdings = _number("holdings", "Allowances held after the last period, registry units.")


def enrol(model: mesa.Model, population: Population) -> list[Firm]:
    """Return one agent for each row, registered with the model in the population's order."""
    return [Firm(model, population, row) for row in range(len(population))]


def release(model: mesa.Model) -> None:
    """Let a finished model be forgotten.

    Mesa 3.3 numbers agents from a table on the class that keeps every model ever made alive. Versions without
    that table need nothing.
    """
    numbering = getattr(mesa.Agent, "_ids", None)
    if isinstance(numbering, dict):
        numbering.pop(model, None)
