"""Notebooks of the guide: plain sources, run when the site is built, shown with what they print, and to take along.

A source is a Python file in ``docs/notebooks`` whose cells begin with ``# %%``; cells that begin with
``# %% [markdown]`` are text, every line a comment; ``# !`` begins a line for the terminal. The first comment of a cell
of code names its picture.
"""

from __future__ import annotations

import base64
import hashlib
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tanshi.errors import TanshiError
from tanshi.simulator.guide.execute import ROOT, _environment

SOURCES = ROOT / "docs" / "notebooks"
KEPT = ROOT / ".cache" / "notebooks"
"""Executed notebooks, each until its source or the program changes."""
CELL = re.compile(r"^# %%[ \t]*(\[markdown\])?[ \t]*$", re.MULTILINE)
LONGEST = 240
"""Seconds that one notebook may take."""
ROOMS = ("agents", "equilibrium", "market", "numerics", "scenarios", "simulator")
_NOTHING = re.compile(r"\s*<pre[^>]*>\s*</pre>\s*")
"""What a bar of progress leaves when it is over."""
_STYLE = re.compile(r"<style scoped>.*?</style>", re.DOTALL)


class NotebookError(TanshiError, RuntimeError):
    """A notebook whose code fails."""

    exit_code = 1


@dataclass(frozen=True)
class Shown:
    """A notebook as a page: its Markdown, its pictures by name, and itself as a file."""

    markdown: str
    pictures: Mapping[str, bytes]
    file: str


def cells_of(source: str) -> Iterator[tuple[str, str]]:
    r"""Kind and text of every cell.

    Examples
    --------
    >>> list(cells_of("# %% [markdown]\n# # Title\n#\n# Text\n\n# %%\nprint(1)\n"))
    [('markdown', '# Title\n\nText'), ('code', 'print(1)')]
    """
    found = list(CELL.finditer(source))
    for mark, following in zip(found, [*found[1:], None], strict=True):
        body = source[mark.end() : following.start() if following else len(source)].strip("\n")
        if mark[1]:
            yield "markdown", "\n".join(re.sub(r"^# ?", "", line) for line in body.splitlines())
        else:
            yield "code", re.sub(r"^# !", "!", body, flags=re.MULTILINE)


def notebook_of(source: str) -> Any:
    """The notebook of a source, not run yet; the same source gives the same file."""
    from nbformat import v4

    cells = []
    for number, (kind, text) in enumerate(cells_of(source)):
        cell = v4.new_markdown_cell(text) if kind == "markdown" else v4.new_code_cell(text)
        cell["id"] = f"cell-{number}"
        cells.append(cell)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return v4.new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def executed(source: str, name: str, kept: Path | None = KEPT) -> Any:
    """The notebook of a source with what its cells print.

    Parameters
    ----------
    kept
        Folder of those executed before; None to run it in any case.

    Raises
    ------
    NotebookError
        Where a cell fails.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError
    from nbformat import v4

    place = None if kept is None else kept / f"{name}-{_digest(source)}.ipynb"
    if place is not None and place.is_file():
        return nbformat.read(place, as_version=4)
    notebook = notebook_of(source)
    checked = v4.new_code_cell("assert _exit_code == 0, 'a command of the cell above fails'")
    notebook.cells = [
        cell
        for own in notebook.cells
        for cell in ([own, checked.copy()] if own.source.startswith("!") or "\n!" in own.source else [own])
    ]
    with tempfile.TemporaryDirectory() as folder:
        where = {"metadata": {"path": folder}}
        client = NotebookClient(
            notebook, timeout=LONGEST, startup_timeout=LONGEST, kernel_name="python3", resources=where
        )
        try:
            client.execute(env=_environment())
        except (CellExecutionError, CellTimeoutError) as error:
            raise NotebookError("the notebook {name} fails:\n{error}", name=name, error=error) from error
    notebook.cells = [cell for cell in notebook.cells if cell.source != checked.source]
    notebook.metadata.pop("widgets", None)  # bars of progress
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # the time of day
        if cell.cell_type == "code":
            cell.outputs = _joined([output for output in cell.outputs if _is_said(output)])
    if place is not None:
        place.parent.mkdir(parents=True, exist_ok=True)
        for old in place.parent.glob(f"{name}-*.ipynb"):
            old.unlink()
        nbformat.write(notebook, place)
    return notebook


def _is_said(output: Any) -> bool:
    """Whether an output is the program's answer, and not its progress."""
    data = output.get("data", {})
    if output.get("name") == "stderr" or "application/vnd.jupyter.widget-view+json" in data:
        return False
    return not _NOTHING.fullmatch(str(data.get("text/html", "")))


def _joined(outputs: list[Any]) -> list[Any]:
    """Outputs in order, what was printed in one go as one."""
    out: list[Any] = []
    for output in outputs:
        if out and output.get("output_type") == out[-1].get("output_type") == "stream":
            out[-1]["text"] += output["text"]
        else:
            out.append(output)
    return out


def _digest(source: str) -> str:
    """Changes with the source and with any file of the program."""
    out = hashlib.sha256(source.encode())
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*")):
            if path.suffix in (".py", ".yaml", ".csv", ".npz", ".json") and path.is_file():
                state = path.stat()
                out.update(f"{path.relative_to(ROOT)} {state.st_size} {state.st_mtime_ns}\n".encode())
    return out.hexdigest()[:16]


def shown(notebook: Any, name: str) -> Shown:
    """An executed notebook as a page."""
    import nbformat

    parts: list[str] = []
    pictures: dict[str, bytes] = {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        for output in cell.outputs:
            data = output.get("data", {})
            if "image/png" in data:
                file = f"{name}_{len(pictures) + 1}.png"
                pictures[file] = base64.b64decode(data["image/png"])
                parts.append(f"![{_named(cell.source)}]({file})")
            elif "text/html" in data:
                parts.append(_html(str(data["text/html"])))
            elif text := output.get("text") or data.get("text/plain"):
                parts.append(
                    "```text\n" + "\n".join(line.rstrip() for line in str(text).rstrip().splitlines()) + "\n```"
                )
    first, _, rest = "\n\n".join(parts).partition("\n\n")
    link = f"[Download this notebook]({name}.ipynb), with what it printed when this site was built."
    return Shown(f"{first}\n\n{link}\n\n{rest}\n", pictures, nbformat.writes(notebook))


def _named(source: str) -> str:
    """The first comment of a cell."""
    found = re.search(r"^# (.+)$", source, re.MULTILINE)
    return found[1] if found else "What the cell draws"


def _html(text: str) -> str:
    """A table as one block of HTML, which an empty line would end."""
    lines = [line for line in _STYLE.sub("", text).splitlines() if line.strip()]
    body = "\n".join(lines).replace(' border="1"', "").replace(' style="text-align: right;"', "")
    return f'<div class="printed" markdown="0">\n{body}\n</div>'


def sources() -> dict[str, str]:
    """The sources by name, in order."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(SOURCES.glob("*.py"))}
