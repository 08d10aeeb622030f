"""What MkDocs asks of us while it builds the guide: the version, pages of the repository's root, executed notebooks."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from tanshi.simulator.guide.execute import ROOT
from tanshi.simulator.guide.notebooks import executed, shown, sources
from tanshi.simulator.guide.pages import STUDIED, WRITTEN
from tanshi.simulator.views.charts.style import HAN_FILE
from tanshi.version import __version__

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

FROM_ROOT = {
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "code_of_conduct.md": "CODE_OF_CONDUCT.md",
    "security.md": "SECURITY.md",
}
"""Pages that stand in the repository's root, where people look for them first."""
MADE = ("calibration", "drift_skill", "reproduction", "reproduction_huo", "reproduction_yang", "licences", "benchmarks")
"""Pages that a command writes, besides those of `tanshi.simulator.guide.pages`: nobody edits them by hand."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Say the version on every page, and where the repository is, as `pyproject.toml` says."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    config.repo_url = project["urls"]["Repository"].rstrip("/") + "/"
    config.repo_name = "Repository"
    config.edit_uri = "edit/main/docs/"
    config.site_name = f"{config.site_name} {__version__}"
    config.copyright = f"Tanshi {__version__}, MIT licence"
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages of the root, and the notebooks with what they print."""
    from mkdocs.structure.files import File

    for page, source in FROM_ROOT.items():
        text = links_from_root((ROOT / source).read_text(encoding="utf-8"), str(config.repo_url or ""))
        files.append(File.generated(config, page, content=text))
    files.append(File.generated(config, f"fonts/{HAN_FILE.name}", content=HAN_FILE.read_bytes()))
    for name, source in sources().items():
        made = shown(executed(source, name), name)
        files.append(File.generated(config, f"notebooks/{name}.md", content=made.markdown))
        files.append(File.generated(config, f"notebooks/{name}.ipynb", content=made.file))
        for picture, content in made.pictures.items():
            files.append(File.generated(config, f"notebooks/{picture}", content=content))
    return files


def on_page_context(context: Any, *, page: Page, config: MkDocsConfig, nav: Any) -> Any:
    """Offer no link to edit what nobody writes by hand; a page of the root is edited there, a notebook's source too."""
    repo = str(config.repo_url or "").rstrip("/")
    name = page.file.src_uri
    if name in FROM_ROOT:
        page.edit_url = f"{repo}/edit/main/{FROM_ROOT[name]}"
    elif name.startswith("notebooks/") and name != "notebooks/index.md":
        page.edit_url = f"{repo}/edit/main/docs/{name.removesuffix('.md')}.py"
    elif name.removesuffix(".md") in {*WRITTEN, *STUDIED, *MADE}:
        page.edit_url = None
    return context


def on_page_content(html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let long names break where their parts meet, and nowhere else, so that tables fit their column."""
    return with_places_to_break(html)


def with_places_to_break(html: str) -> str:
    """HTML whose code within a line may go on in the next after a dot, underscore, slash, bar, comma or equals sign.

    Examples
    --------
    >>> with_places_to_break("<p><code>firms.horizon_spread</code></p><pre><code>a.b</code></pre>")
    '<p><code>firms.<wbr>horizon_<wbr>spread</code></p><pre><code>a.b</code></pre>'
    """

    def opened(found: re.Match[str]) -> str:
        text = re.sub(r"(&#124;|&amp;|&[a-z]+;|[._/|,=])(?=[^\s<])", lambda m: _break(m[1]), found[2])
        return found[1] + text + found[3]

    parts = re.split(r"(<pre.*?</pre>)", html, flags=re.DOTALL)
    inline = re.compile(r"(<code[^>]*>)([^<]*)(</code>)")
    return "".join(part if part.startswith("<pre") else inline.sub(opened, part) for part in parts)


def _break(sign: str) -> str:
    return sign if sign.startswith("&") and sign != "&#124;" else f"{sign}<wbr>"


def links_from_root(text: str, repo: str) -> str:
    """Links of a page of the repository's root as they are in the guide.

    Examples
    --------
    >>> links_from_root("[a](docs/b.md#c) [d](LICENSE) [e](https://f.org) [g](CONTRIBUTING.md)", "https://x.org/r")
    '[a](b.md#c) [d](https://x.org/r/blob/main/LICENSE) [e](https://f.org) [g](contributing.md)'
    """
    known = {source: page for page, source in FROM_ROOT.items()}

    def put(found: re.Match[str]) -> str:
        target = found[1]
        if re.match(r"(https?:|mailto:|#)", target):
            return found[0]
        if target in known:
            return f"]({known[target]})"
        if target.startswith("docs/"):
            return f"]({target.removeprefix('docs/')})"
        return f"]({repo.rstrip('/')}/blob/main/{target})"

    return re.sub(r"\]\(([^)\s]+)\)", put, text)
