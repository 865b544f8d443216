"""P8's baseline: the same rows in DuckDB's own file, written out or summed up by it.

duckdb_p8.py export|report SOURCE.csv FOLDER ROUNDS; prints lines of a name and the median's
seconds. The rows are loaded first, which does not count.
"""
import os
import statistics
import sys
import time

import duckdb

work, source, folder, rounds = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
native = os.path.join(folder, f"duckdb-{work}.db")
written = os.path.join(folder, "duckdb.out")
for stale in (native, native + ".wal", written):
    if os.path.exists(stale):
        os.remove(stale)
# Ids of digits stay texts.
IDS = ("mch_id", "mch_billno", "detail_id", "send_listid")
with open(source, encoding="utf-8-sig") as rows:
    columns = rows.readline().strip().split(",")
types = {name: "VARCHAR" for name in columns if name in IDS}
if work == "report":
    types |= {name: "BIGINT" for name in ("total_amount", "amount", "refund_amount")}
duck = duckdb.connect(native)
duck.execute(
    f"CREATE TABLE records AS SELECT * FROM read_csv('{source}', header = true, types = {types})"
)
duck.execute("CHECKPOINT")
MONTH = """
SELECT CAST(sent_at AS DATE) AS day, status, count(*), sum(total_amount), sum(amount),
       sum(refund_amount)
FROM records WHERE mch_id = '10000098' AND sent_at >= '2025-01-01' AND sent_at < '2025-02-01'
GROUP BY ALL ORDER BY ALL
"""
ALL = """
SELECT CAST(sent_at AS DATE) AS day, status, count(*), sum(total_amount), sum(amount),
       sum(refund_amount)
FROM records GROUP BY ALL ORDER BY ALL
"""
WORK = {
    "export": {
        "csv": f"COPY records TO '{written}' (FORMAT csv, HEADER)",
        "parquet": f"COPY records TO '{written}' (FORMAT parquet)",
    },
    "report": {"month": MONTH, "year": ALL},
}
for name, statement in WORK[work].items():
    if work == "report":
        duck.execute(statement).fetchall()
    seconds = []
    for _ in range(rounds):
        if os.path.exists(written):
            os.remove(written)
        began = time.perf_counter()
        duck.execute(statement).fetchall()
        seconds.append(time.perf_counter() - began)
    print(name, statistics.median(seconds))
duck.close()
for made in (native, written):
    if os.path.exists(made):
        os.remove(made)
