"""Tables of a web page, as exchanges and ministries hand them out under the ending of a workbook."""

from __future__ import annotations

from html.parser import HTMLParser


class _Page(HTMLParser):
    """Gathers the cells of a page's tables, the rows of all tables one below another."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._cell: list[str] | None = None
        self._span = 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self._cell = []
            said = dict(attrs).get("colspan") or "1"
            self._span = min(int(said), 1000) if said.isdigit() else 1
        elif tag == "br" and self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._cell is not None:
            if not self.rows:
                self.rows.append([])
            self.rows[-1] += [" ".join("".join(self._cell).split()), *[""] * (self._span - 1)]
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)


def cells_of_page(text: str) -> list[list[str]]:
    """Rows of cells of the tables in a web page; nothing where it holds none.

    Examples
    --------
    >>> cells_of_page("<table><tr><td>a</td><th colspan=2>b<br>c</th></tr></table>")
    [['a', 'b c', '']]
    """
    page = _Page()
    page.feed(text)
    page.close()
    return [row for row in page.rows if row]
