"""One thread around what is ours, and the user's own number of them after it."""

from __future__ import annotations

from importlib import import_module

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from tanshi.equilibrium import Activity, Commodity, Consumer, Endowment, Leaf, Model, Nest, solve, solve_by_steps
from tanshi.equilibrium.engine import compile_model
from tanshi.numerics.threads import one_thread

solving = import_module("tanshi.equilibrium.engine.solve")  # the module: its name is that of its function, too

ECONOMY = Model(
    commodities=(Commodity("X"), Commodity("L")),
    activities=(Activity("make", Leaf("X", 1.0), Nest(1.0, (Leaf("L", 1.0),))),),
    consumers=(Consumer("home", Nest(1.0, (Leaf("X", 1.0),)), (Endowment("L", 1.0),)),),
    numeraire="L",
)


def threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_blocks_within_blocks_hold_until_the_outer_one_ends() -> None:
    with threadpool_limits(2):
        with one_thread():
            with one_thread():
                assert threads() == {1}
            assert threads() == {1}
        assert threads() == {2}


def test_a_mistake_inside_gives_the_threads_back() -> None:
    with threadpool_limits(2):
        with pytest.raises(KeyError), one_thread():
            raise KeyError
        assert threads() == {2}
        with one_thread():
            assert threads() == {1}


@pytest.mark.parametrize("way", ["at once", "by steps"])
def test_an_equilibrium_is_solved_with_one_thread(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[int]] = []
    found = solving._found

    def watched(*given: object) -> object:
        seen.append(threads())
        return found(*given)

    monkeypatch.setattr(solving, "_found", watched)
    with threadpool_limits(2):
        compiled = compile_model(ECONOMY)
        solution = solve(compiled) if way == "at once" else solve_by_steps(compiled, compiled.default)
        assert solution.residual < 1e-10
        assert threads() == {2}
    assert seen == [{1}]
