"""The words of the page: what both families stand on, what use was made of claims, how they are grouped."""

from __future__ import annotations

from tanshi.language import mark

TITLE = mark("Both papers, claim by claim")
FAMILIES = (
    (
        mark("Clean power"),
        mark("grows by 2 % a year from 2022; no plan"),
        mark("the paper has no path; the rate is ours"),
        mark("as observed to 2023, from capacity to 2025, then the province's plan of February 2026"),
    ),
    (
        mark("Construction"),
        mark("buys what it bought in 2022"),
        mark("nothing observed after the paper's time"),
        mark("buys 6 % less cement a year, as from 2022 to 2024"),
    ),
    (
        mark("Energy efficiency (AEEI)"),
        mark("1 % a year, in power too"),
        mark("printed; no sector is excepted"),
        mark("1 %, in power 0.3 %: priors, one year does not determine them"),
    ),
    (mark("Productivity"), mark("calibrated to 272 Mtce in 2030"), mark("ours"), mark("fitted to GDP of 2023")),
    (
        mark("Capital"),
        mark("one stock, fully used, mobile"),
        mark("eq. 19, section 2.5"),
        mark("vintage: what is installed stays"),
    ),
    (
        mark("Prices outside"),
        mark("given"),
        mark("sections 2.2 and 2.5"),
        mark("other provinces buy less where it is dearer"),
    ),
    (mark("Limits on plant"), mark("coke, metals, cement: policies of 2019 to 2022"), mark("ours"), mark("the same")),
    (
        mark("S1's cap"),
        mark("falls by 0.5 % a year against the frozen baseline"),
        mark("policy continued; the rate is the benchmarks'"),
        mark("the same"),
    ),
    (
        mark("S4's and S5's cap"),
        mark("by year; two of three spans calibrated, one chosen for the year of the peak"),
        mark("eq. 13; no path is printed"),
        mark("1 % a year, the upper end of the benchmarks' yearly change; stated"),
    ),
    (mark("Market clearing"), mark("every year by itself"), mark("eq. 14"), mark("firms look 20 years ahead and bank")),
    (
        mark("Allowances"),
        mark("S4 and S5 sell 5 % from 2026 and 10 % from 2029; paper-S5-free gives all away, as Table 1 reads"),
        mark("section 3: from wholly free to partly paid; how much: ours"),
        mark("free; S5-paid sells as much beside"),
    ),
)
"""What the families stand on, and whose each assumption of the paper's family is."""
USE_WORDS = {
    "calibrated": mark(
        "on the paper's assumptions a target of 'calibrate paper', or chosen with the print in view, so that agreement"
        " shows that it can be reached, no more; on data nothing of the paper is a target"
    ),
    "held-out": mark("never used to calibrate"),
    "by construction": mark("put in, so that agreement shows nothing"),
    "outside": mark("nothing computed here could bear it out"),
}
USE_NAMES = {
    "calibrated": mark("calibrated"),
    "held-out": mark("held-out"),
    "by construction": mark("by construction"),
    "outside": mark("outside"),
}
GROUPS = {
    "huo": (
        (mark("Abstract"), ("Abstract",)),
        (mark("Set-up: sections 1 and 2, Table 1"), ("1.1", "2.3", "2.4", "2.5", "Table 1")),
        (mark("Figure 3: energy consumption"), ("Figure 3",)),
        (mark("Figure 4: trading volume"), ("Figure 4",)),
        (mark("Figure 5: carbon price"), ("Figure 5",)),
        (mark("Figure 6: emissions"), ("Figure 6", "Figures 3 and 6")),
        (mark("Traditional model and hybrid"), ("hybrid",)),
        (mark("Conclusions (4.1)"), ("4.1",)),
    ),
    "yang": (
        (mark("Abstract"), ("Abstract",)),
        (mark("Theory: sections 1.1 to 1.3"), ("1.1", "1.2.2", "1.3")),
        (mark("Abatement costs: section 2"), ("2",)),
        (mark("Demand prices: section 3"), ("3.1", "3.2.1", "3.2.2")),
        (mark("Policies: section 4"), ("4.1", "4.2")),
        (mark("Conclusions and discussion: section 5"), ("5.1", "5.2")),
    ),
}
