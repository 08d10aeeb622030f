"""A picture on the page."""
# mypy: disable-error-code="attr-defined, no-untyped-call, untyped-decorator, misc"

from __future__ import annotations

import solara

from tanshi.simulator.views.live.tabs import Shown


@solara.component
def Picture(shown: Shown, subject: object, *news: object) -> None:
    """A picture of a run or a game, drawn again when one of ``news`` is another object."""
    html = solara.use_memo(lambda: shown.html(subject), [shown, subject, *news])
    solara.HTML(tag="figure", unsafe_innerHTML=html)
