"""P8's baseline: the same rows in DuckDB's own file, written out and summed up by it.

Prints lines of a name and the medians' seconds. The table is loaded once and kept.
"""
import os
import statistics
import sys
import time

import duckdb

source, folder, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
native = os.path.join(folder, "duckdb.db")
loading = native + ".loading"
if not os.path.exists(native):
    for stale in (loading, loading + ".wal"):
        if os.path.exists(stale):
            os.remove(stale)
    fresh = duckdb.connect(loading)
    types = {name: "VARCHAR" for name in ("mch_id", "mch_billno", "detail_id")}
    fresh.execute(
        "CREATE TABLE records AS SELECT * FROM "
        f"read_csv('{source}', header = true, types = {types})"
    )
    fresh.close()
    os.rename(loading, native)
duck = duckdb.connect(native)
parquet = os.path.join(folder, "duckdb.parquet")
csv = os.path.join(folder, "duckdb.csv")
MONTH = """
SELECT CAST(sent_at AS DATE) AS day, status, count(*), sum(total_amount), sum(amount), sum(refund_amount)
FROM {table} WHERE mch_id = '10000098' AND sent_at >= '2025-01-01' AND sent_at < '2025-02-01'
GROUP BY ALL ORDER BY ALL
"""
ALL = """
SELECT CAST(sent_at AS DATE) AS day, status, count(*), sum(total_amount), sum(amount), sum(refund_amount)
FROM {table} GROUP BY ALL ORDER BY ALL
"""
WORK = {
    "csv": f"COPY records TO '{csv}' (HEADER)",
    "parquet": f"COPY records TO '{parquet}' (FORMAT parquet)",
    "month": MONTH.format(table="records"),
    "month_parquet": MONTH.format(table=f"'{parquet}'"),
    "all": ALL.format(table="records"),
}
for name, statement in WORK.items():
    if not name.startswith(("csv", "parquet")):
        duck.execute(statement).fetchall()
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        duck.execute(statement).fetchall()
        seconds.append(time.perf_counter() - began)
    print(name, statistics.median(seconds))
rows = duck.execute("SELECT count(*) FROM records").fetchone()[0]
print("rows", rows)
for name in (csv, parquet):
    os.remove(name)
