"""SQL that reads, writes, fetches or changes more than the tables of a batch."""

from __future__ import annotations

import os
from pathlib import Path

from tanshi.simulator.studies.query import QueryError, query
from tests.attack import room
from tests.attack.attempt import Case, Defect

GOOD = ("select count(*) from annual", "select * from periods limit 3", "with a as (select 1 as x) select x from a")
HARM = (
    *("copy annual to '{place}'", "copy (select 1) to '{place}' (format parquet)", "export database '{place}'"),
    *("create table x as select 1", "attach '{place}' as other", "install httpfs", "load httpfs", "pragma version"),
    *("set enable_external_access = true", "reset allowed_paths", "drop view annual", "insert into annual values (1)"),
    *("call pragma_version()", "checkpoint", "explain analyze copy annual to '{place}'", "prepare x as select 1"),
    *("select 1; copy annual to '{place}'", "vacuum", "use memory", "import database '{place}'", "detach memory"),
    *("set lock_configuration = false", "create view annual as select 1", "update annual set value = 0", "", ";", "--"),
)
PEEK = (
    *("select * from read_csv('{secret}')", "select * from read_text('{secret}')", "select * from '{secret}'"),
    *("select * from read_blob('{secret}')", "select * from glob('/etc/*')", "select content from read_text('/etc/*')"),
    *("select * from read_parquet('http://127.0.0.1:9/x')", "select * from 'https://example.org/x.csv'"),
    *("select getenv('HOME')", "from sniff_csv('{secret}')", "select * from read_json('{secret}')"),
    *("select * from parquet_metadata('{secret}')", "select * from read_csv('../../../../etc/passwd')"),
)


def attack(case: Case) -> None:
    """One question, dressed in whatever SQL allows."""
    dice = case.dice
    secret, place = case.folder / "secret.csv", case.folder / "written"
    secret.write_text("word\ntop secret\n", encoding="utf-8")
    kind = dice.choice(("good", "harm", "harm", "peek", "peek", "odd"))
    text = {"good": GOOD, "harm": HARM, "peek": PEEK, "odd": ("",)}[kind]
    sql = dice.choice(text).format(place=place, secret=secret)
    if kind == "odd":
        words = (
            "select",
            "from",
            "annual",
            "*",
            "(",
            ")",
            "'",
            "\0",
            "copy",
            "to",
            ";",
            "--",
            "/*",
            "1e999",
            "碳",
            '"',
        )
        sql = " ".join(dice.choice(words) for _ in range(dice.randrange(12)))
    dress = dice.randrange(6)
    if dress == 0:
        sql = f"/* a */ {sql} -- b"
    elif dress == 1:
        sql = sql.upper() if kind != "peek" else sql
    elif dress == 2 and kind == "peek":
        sql = f"select * from ({sql})"
    elif dress == 3:
        sql = sql.replace(" ", "\n\t")
    case.tried = f"{kind}: {sql!r}"
    folder = dice.choice((room.batch, room.sweep))()
    before = sorted(os.listdir(folder))
    try:
        answer = query(folder, sql)
    except QueryError:
        if kind == "good":
            raise Defect("a plain question was refused") from None
        answer = None
    if place.exists() or sorted(os.listdir(folder)) != before or Path("written").exists():
        raise Defect("the question wrote a file")
    if answer is not None and (kind == "harm" or "secret" in answer.to_string()):
        raise Defect(f"the question was answered: {answer.to_string()[:200]}")
    if answer is None:
        raise QueryError("refused")
