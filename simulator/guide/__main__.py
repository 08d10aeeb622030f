"""``python -m simulator.guide`` makes every generated page and picture of the guide anew; words choose among them."""

from __future__ import annotations

import sys

from simulator.threads import use_one_thread

use_one_thread()

from simulator.guide.pages import main  # noqa: E402

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
