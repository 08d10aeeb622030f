"""One thread for every test process, as in every run."""

from simulator.threads import use_one_thread

use_one_thread()
