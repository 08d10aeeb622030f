"""What we take of Mesa's page. Solara finds fault with the hooks of that page, once, as it is imported; it works."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from mesa.visualization import Slider, SolaraViz
    from mesa.visualization.utils import force_update, update_counter

__all__ = ["Slider", "SolaraViz", "force_update", "update_counter"]
