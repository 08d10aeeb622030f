"""The normal cloud: a number that is uncertain twice over, and how to read its three figures off a sample.

A drop x of the cloud (Ex, En, He) is drawn in two steps, En' from a normal with mean En and deviation He, and x
from a normal with mean Ex and deviation En'. Its certainty degree is exp(-(x - Ex)^2 / (2 En'^2)). The sample
has variance En^2 + He^2 and fourth central moment 9 (En^2 + He^2)^2 - 6 En^4.

References
----------
Li, D. and Du, Y. (2017): Artificial Intelligence with Uncertainty, 2nd ed., chapters 2 and 3. CRC Press.
Liu, C., Feng, M., Dai, X. and Li, D. (2004): A new algorithm of backward cloud. Journal of System Simulation
16(11): 2417-2420 (first moment; in Chinese).
Wang, G., Xu, C., Zhang, Q. and Wang, X. (2012): A multi-step backward cloud generator algorithm. Lecture Notes in
Computer Science 7413 (multi-step).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tanshi.agents.sinks.errors import Fault, SinksError
from tanshi.agents.streams import stream
from tanshi.errors import Message
from tanshi.market.orders import Floats


@dataclass(frozen=True)
class Cloud:
    """A normal cloud, all three in the unit of the number, here yuan/t.

    Attributes
    ----------
    expectation : float
        Ex, the centre.
    entropy : float
        En, how wide it is; not negative.
    hyper_entropy : float
        He, how thick; not negative. NaN where a backward generator finds none: the sample's tails are lighter
        than any normal cloud's of that width.
    """

    expectation: float
    entropy: float
    hyper_entropy: float

    def __post_init__(self) -> None:
        values = {"expectation": self.expectation, "entropy": self.entropy}
        faults = [Fault(n, "a finite number", str(v)) for n, v in values.items() if not np.isfinite(v)]
        pair = {"entropy": self.entropy, "hyper_entropy": self.hyper_entropy}
        faults += [Fault(n, "0 or more", str(v)) for n, v in pair.items() if v < 0]
        if faults:
            raise SinksError("There is no such cloud.", faults)


def drops(cloud: Cloud, number: int, seed: int = 2021, name: str = "cloud") -> tuple[Floats, Floats]:
    """Forward generator: drops and the certainty degree of each.

    Parameters
    ----------
    name
        Keys the stream, so that clouds drawn side by side are independent.

    Raises
    ------
    SinksError
        For fewer than one drop or a cloud without hyper-entropy.
    """
    if number < 1:
        raise SinksError("A cloud cannot be drawn.", [Fault("drops", "1 or more", str(number))])
    if not np.isfinite(cloud.hyper_entropy):
        raise SinksError("A cloud cannot be drawn.", [Fault("hyper_entropy", "a number", "none")])
    luck = stream(seed, name, "cloud drops")
    widths = luck.normal(cloud.entropy, cloud.hyper_entropy, number)
    far = luck.normal(0.0, 1.0, number)
    # The distance from the centre is |far| widths whatever their size, so that no width of 0 is divided by.
    return cloud.expectation + np.abs(widths) * far, np.exp(-(far**2) / 2)


def certainty(cloud: Cloud, values: Floats) -> Floats:
    """Expected certainty degree of values: that of a width En exactly."""
    if cloud.entropy == 0:
        return np.asarray(np.asarray(values) == cloud.expectation, np.float64)
    with np.errstate(over="ignore"):
        away = (np.asarray(values, np.float64) - cloud.expectation) / cloud.entropy
        return np.asarray(np.exp(-(away**2) / 2), np.float64)


def _sample(values: Floats) -> Floats:
    sample = np.asarray(values, np.float64).ravel()
    if len(sample) < 2 or not np.isfinite(sample).all():
        raise SinksError(
            "A cloud cannot be read off this sample.",
            [
                Fault(
                    "values",
                    "two or more finite numbers",
                    Message("{number_of_sample} values", number_of_sample=len(sample)),
                )
            ],
        )
    return sample


def by_first_moment(values: Floats) -> Cloud:
    """Backward generator from the mean absolute deviation: En = sqrt(pi/2) mean |x - Ex|, He^2 = S^2 - En^2."""
    sample = _sample(values)
    centre = float(sample.mean())
    entropy = float(np.sqrt(np.pi / 2) * np.abs(sample - centre).mean())
    return Cloud(centre, entropy, _root(float(sample.var(ddof=1)) - entropy**2))


def by_fourth_moment(values: Floats) -> Cloud:
    """Backward generator from the second and fourth moments: En^4 = (9 S^4 - m4) / 6, He^2 = S^2 - En^2.

    Where m4 passes 9 S^4 the tails are heavier than those of any normal cloud; En is then 0.
    """
    sample = _sample(values)
    centre = float(sample.mean())
    variance = float(sample.var(ddof=1))
    fourth = float(((sample - centre) ** 4).mean())
    squared = float(np.sqrt(max((9 * variance**2 - fourth) / 6, 0.0)))
    return Cloud(centre, float(np.sqrt(squared)), _root(variance - squared))


def by_steps(values: Floats, *, groups: int = 200, size: int | None = None, seed: int = 2021) -> Cloud:
    """Backward generator in several steps: from the variances of groups drawn with replacement.

    With Y the variance of a group, 2 En^2 = sqrt(4 (mean Y)^2 - 2 var Y) and He^2 = mean Y - En^2. This takes all
    scatter of the groups' variances for thickness, so that small groups give a large He and large groups a
    small one: He from here says as much about `size` as about the sample.

    Parameters
    ----------
    groups, size
        How many groups, 2 at least, and how large, 2 at least; by default half of the sample.
    """
    sample = _sample(values)
    each = max(2, len(sample) // 2) if size is None else size
    if groups < 2 or each < 2:
        raise SinksError(
            "A cloud cannot be read off in steps.",
            [Fault("groups, size", "2 or more each", f"{groups}, {each}")],
        )
    luck = stream(seed, "cloud", "backward steps")
    variances = sample[luck.integers(0, len(sample), (groups, each))].var(axis=1, ddof=1)
    mean = float(variances.mean())
    squared = float(np.sqrt(max(4 * mean**2 - 2 * float(variances.var(ddof=1)), 0.0))) / 2
    return Cloud(float(sample.mean()), float(np.sqrt(squared)), _root(mean - squared))


def _root(square: float) -> float:
    return float(np.sqrt(square)) if square >= 0 else float("nan")


#: Backward generators by name.
BACKWARD: Mapping[str, Callable[[Floats], Cloud]] = {
    "first moment": by_first_moment,
    "fourth moment": by_fourth_moment,
    "multi-step": by_steps,
}
