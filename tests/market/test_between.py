"""Trade between registries: each exact by itself, what they owe one another nothing, vintages kept."""

from __future__ import annotations

import numpy as np
import pytest

from tanshi.market.between import Numbering, check_between, exchange_between, settle_between
from tanshi.market.ledger import OverdrawnError, RegistryError
from tanshi.market.registry import Registry
from tanshi.market.venue import Fills


def books() -> list[Registry]:
    """Two provinces of two firms, a government and a mirror each: the first has old allowances, the second new ones."""
    found = [Registry(4, 2023, 3, mirror=3) for _ in range(2)]
    found[0].issue([0, 1], [10, 4], 2023)
    found[0].issue([0], [5], 2024)
    found[1].issue([0, 1], [7, 9], 2024)
    return found


def fills(*rows: tuple[int, int, int, int]) -> Fills:
    buyer, seller, quantity, price = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    return Fills(buyer, seller, quantity, price)


def test_an_allowance_crosses_the_border_with_its_vintage_and_is_paid_for() -> None:
    registries = books()
    # accounts of the second province are numbered from 4 on
    settle_between(registries, fills((4, 0, 12, 50), (1, 5, 3, 50), (1, 0, 1, 50)), [2, 2])
    assert registries[1].holdings[:, 0].tolist() == [10, 7 + 2, 0]  # the oldest first: ten of 2023, two of 2024
    assert registries[0].holdings[:, 1].tolist() == [4, 1 + 3, 0]  # at home one of 2024, from abroad three of 2024
    assert registries[0].holdings[:, 3].tolist() == [10, 2 - 3, 0]
    assert registries[1].holdings[:, 3].tolist() == [-10, 3 - 2, 0]
    assert registries[0].cash.tolist() == [13 * 50, -4 * 50, 0, 3 * 50 - 12 * 50]
    for registry in registries:
        registry.check()
        assert (registry.rebuilt() == registry._balances).all()
        assert (Registry.restore(registry.state()).holdings == registry.holdings).all()
    check_between(registries)


def test_what_a_venue_keeps_of_a_price_stays_with_the_government_of_the_buyer() -> None:
    registries = books()
    some = fills((4, 0, 2, 50), (1, 0, 1, 50))  # one abroad, one at home; sellers get 40 of 50
    settle_between(registries, Fills(some.buyer, some.seller, some.quantity, some.price, np.array([40, 40])), [2, 2])
    assert registries[0].cash.tolist() == [3 * 40, -50, 10, -2 * 40]
    assert registries[1].cash.tolist() == [-2 * 50, 0, 2 * 10, 2 * 40]
    check_between(registries)


def test_random_trade_between_three_registries_stays_exact() -> None:
    rng = np.random.default_rng(5)
    registries = [Registry(9, 2023, 2, mirror=8) for _ in range(3)]
    for registry in registries:
        registry.issue(np.arange(8), rng.integers(5, 50, 8), 2023)
        registry.issue(np.arange(8), rng.integers(5, 50, 8), 2024)
    issued = sum(int(r.totals()["issued"].sum()) for r in registries)
    for _ in range(200):
        first = Numbering.of(registries).first[:-1]
        own = np.concatenate([first[k] + np.arange(8) for k in range(3)])
        held = np.concatenate([r.held[:8] for r in registries])
        sellers = rng.choice(24, 6, replace=False)
        quantity = rng.integers(0, held[sellers] + 1)
        kept = quantity > 0
        buyers = rng.choice(24, 6)
        some = Fills(own[buyers[kept]], own[sellers[kept]], quantity[kept], rng.integers(1, 90, int(kept.sum())))
        settle_between(registries, some, [7, 7, 7])
        check_between(registries)
        for registry in registries:
            registry.check()
        assert sum(int(r.held[:8].sum()) for r in registries) == issued


def test_who_lacks_an_old_vintage_gets_it_of_another_province_for_a_young_one() -> None:
    registries = books()
    # The second province's first firm owes 6 t for 2023 and has 2024's alone; the first province has 14 t of 2023.
    firms, due = [np.array([0, 1]), np.array([0, 1])], [np.array([8, 1]), np.array([6, 0])]
    moved = exchange_between(registries, 2023, firms, due)
    assert moved == [0, 5]  # 2 and 3 t can be spared of the two
    assert registries[1].holdings[:, 0].tolist() == [5, 2, 0]
    assert registries[0].holdings[0, :2].tolist() == [8, 1]
    assert registries[0].held[:2].tolist() == [15, 4]  # one for one: nobody holds more or fewer
    assert registries[1].held[:2].tolist() == [7, 9]
    check_between(registries)


def test_what_went_abroad_is_nobodys_to_give_in_exchange_at_home() -> None:
    registries = books()
    settle_between(registries, fills((4, 0, 12, 50)), [2, 2])  # all ten old ones of the first firm went abroad
    # There they serve their owner; the second firm there owes 6 t for 2023, and three can be spared at home.
    firms, due = [np.array([0, 1]), np.array([0, 1])], [np.array([0, 1]), np.array([10, 6])]
    assert exchange_between(registries, 2023, firms, due) == [0, 3]
    assert registries[0].holdings[0].tolist() == [0, 1, 0, 13]
    check_between(registries)


def test_random_exchange_between_three_registries_leaves_nobody_fewer_and_as_many_covered_as_can_be() -> None:
    rng = np.random.default_rng(7)
    for _ in range(100):
        registries = [Registry(7, 2023, 3, mirror=6) for _ in range(3)]
        for registry in registries:
            for vintage in (2023, 2024, 2025):
                registry.issue(np.arange(6), rng.integers(0, 20, 6), vintage)
        firms = [rng.permutation(5)[: rng.integers(1, 6)] for _ in registries]
        due = [rng.integers(0, 40, len(who)) for who in firms]
        held = [registry.held[:6].copy() for registry in registries]

        def valid(registry: Registry) -> np.ndarray:
            return registry.holdings[:2, :6].sum(axis=0)

        needed = [np.bincount(who, owed, 6).astype(int) for who, owed in zip(firms, due, strict=True)]
        was = {id(registry): valid(registry) for registry in registries}
        spare = sum(int(np.maximum(valid(r) - n, 0).sum()) for r, n in zip(registries, needed, strict=True))
        asked = sum(
            int(np.minimum(np.maximum(n - valid(r), 0), r.holdings[2, :6]).sum())
            for r, n in zip(registries, needed, strict=True)
        )
        assert sum(exchange_between(registries, 2024, firms, due)) == min(spare, asked)
        check_between(registries)
        for registry, before, owed in zip(registries, held, needed, strict=True):
            registry.check()
            assert (registry.held[:6] == before).all()
            assert (registry.holdings[:, :6] >= 0).all()
            assert (valid(registry) >= owed)[was[id(registry)] >= owed].all()  # nobody gave what it owed


def test_who_lacks_what_it_sold_stops_everything() -> None:
    registries = books()
    before = [registry.holdings for registry in registries]
    with pytest.raises(OverdrawnError):
        settle_between(registries, fills((4, 0, 2, 50), (0, 5, 10, 50)), [2, 2])
    assert all((registry.holdings == was).all() for registry, was in zip(registries, before, strict=True))


def test_a_registry_without_a_mirror_trades_with_nobody() -> None:
    with pytest.raises(RegistryError, match="mirror"):
        settle_between([Registry(2, 2023, 1), *books()], fills((0, 1, 1, 1)), [1, 2, 2])
    plain = Registry(2, 2023, 1)
    with pytest.raises(RegistryError, match="mirrors"):
        plain.receive([0], [1], [2023])


def test_what_went_abroad_does_not_expire_at_home() -> None:
    from tanshi.market.compliance import expire_beyond

    registries = books()
    settle_between(registries, fills((4, 0, 12, 50)), [2, 2])
    ended = [expire_beyond(registry, np.zeros(4, np.int64), 2024) for registry in registries]
    assert ended[0].tolist() == [3, 4, 0, 0]
    assert ended[1].tolist() == [19, 9, 0, 0]
    check_between(registries)
