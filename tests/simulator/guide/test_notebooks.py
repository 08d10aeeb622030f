"""The notebooks of the guide: their sources are read, run, shown and kept; a cell that fails stops the build.

Those of the guide itself are run by `make docs`.
"""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from tanshi.simulator.guide.execute import ROOT
from tanshi.simulator.guide.notebooks import NotebookError, cells_of, executed, notebook_of, shown, sources
from tanshi.simulator.guide.site import FROM_ROOT, links_from_root

SOURCE = """\
# %% [markdown]
# # A title
#
# Some text.

# %%
import matplotlib.pyplot as plt
import pandas as pd

# !echo said in the terminal
print(6 * 7)
pd.DataFrame({"a": [1, 2]})

# %%
# A straight line
figure, axes = plt.subplots()
axes.plot([0, 1])
plt.show()
"""


def test_a_notebook_is_run_and_becomes_a_page_and_a_file(tmp_path: Path) -> None:
    made = executed(SOURCE, "line", tmp_path)
    page = shown(made, "line")
    assert page.markdown.startswith("# A title\n\n[Download this notebook](line.ipynb)")
    assert "said in the terminal" in page.markdown
    assert "```text\nsaid in the terminal\n42\n```" in page.markdown
    assert "<td>2</td>" in page.markdown
    assert "![A straight line](line_1.png)" in page.markdown
    assert page.pictures["line_1.png"].startswith(b"\x89PNG")
    file = nbformat.reads(page.file, as_version=4)
    nbformat.validate(file)
    assert [cell.source for cell in file.cells] == [cell.source for cell in notebook_of(SOURCE).cells]
    assert len(list(tmp_path.glob("line-*.ipynb"))) == 1
    assert shown(executed(SOURCE, "line", tmp_path), "line") == page  # the second time as it was kept


@pytest.mark.parametrize("cell", ["1 / 0", "# !exit 3"])
def test_a_cell_that_fails_stops_the_build(cell: str) -> None:
    with pytest.raises(NotebookError, match="bad"):
        executed(f"# %%\n{cell}\n", "bad", None)


def test_the_notebooks_of_the_guide_are_in_its_navigation_with_a_title_and_small() -> None:
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    listed = (ROOT / "docs/notebooks/index.md").read_text(encoding="utf-8")
    assert len(sources()) == 10
    for name, source in sources().items():
        assert f"notebooks/{name}.md" in settings
        assert f"({name}.md)" in listed
        kind, text = next(cells_of(source))
        assert kind == "markdown"
        assert text.startswith("# ")
        assert "simulate(" not in source or "periods_per_year" in source, name


def test_pages_of_the_root_come_with_links_that_lead_somewhere() -> None:
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} | set(FROM_ROOT)
    for source in FROM_ROOT.values():
        text = links_from_root((ROOT / source).read_text(encoding="utf-8"), "https://x.invalid/r")
        assert text.startswith("# ")
        for target in [part.split(")")[0].split("#")[0] for part in text.split("](")[1:]]:
            assert target in pages or target == "" or "://" in target, (source, target)
