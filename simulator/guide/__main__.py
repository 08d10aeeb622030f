"""``python -m tanshi.simulator.guide`` makes every generated page and picture of the guide anew, or those named."""

from __future__ import annotations

import sys

from tanshi.numerics.threads import use_one_thread

use_one_thread()

from tanshi.simulator.guide.pages import main  # noqa: E402

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
