"""One thread around what is ours, and the user's own number of them after it."""

from __future__ import annotations

from importlib import import_module

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from tanshi.equilibrium import compile_model, solve, solve_by_steps
from tanshi.numerics.threads import one_thread
from tests.equilibrium.engine.two_by_two import economy

solving = import_module("tanshi.equilibrium.engine.solve")  # the module: its name is that of its function, too


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
        compiled = compile_model(economy())
        solution = solve(compiled) if way == "at once" else solve_by_steps(compiled, compiled.default)
        assert solution.residual < 1e-10
        assert threads() == {2}
    assert seen == [{1}]
