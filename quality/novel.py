"""One ERROR line never seen before among 1,000 and more records of a minute, after 400 minutes without it: is that window's p ≤ 1e-3?

Each trial has logs of its own: 400 minutes drawn from recorded or generated logs by the stationary bootstrap (blocks of mean length
10), then a minute with the line added at a random place, then two more. Recorded: all services as one stream, minutes of at least
1,000 records. Generated: the frontend at 15 requests a second, another seed of the generator each trial.
"""
import argparse
import pathlib
import sys

import common as q
import minutes as m

AFTER, BLOCK, LEAST = 400, 10, 1000
START = 1_772_409_600 * 1_000_000_000


def trial(name, found, k):
    key = q.digest(q.of_file(q.REPLAY), name, k, AFTER, pathlib.Path(m.__file__).read_bytes())
    kept = q.parts_of("novel") / f"{key}.windows"
    if not kept.exists():
        recording = q.parts_of("novel") / f"{key}.jsonl.gz"
        r = m.seeded("novel", name, k)
        w = m.Writer(recording)
        for i, (at, block) in enumerate(m.stationary(r, len(found), AFTER + 3, BLOCK)):
            records = m.error_line(r, found[at]) if i == AFTER else found[at]
            w.minute("base", START + i * m.MINUTE, records, f"{k} {block}")
        w.close()
        q.replay(kept.with_suffix(""), [recording], "--p", "1e-3", windows=True)
        recording.unlink()
    at = START // 1_000_000_000 + AFTER * 60
    said = [a for a in q.anomalies(kept.with_suffix(".ndjson")) if a["t0"] == at]
    return next((p for _, t, p in q.windows(kept) if t == at), 1.0), said


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--trials", type=int, default=10, help="of each kind of base")
    o = p.parse_args()
    rows, notes, all_found = [], [], []
    for name in ("recorded", "generated"):
        ps = []
        if name == "recorded":
            files = m.warmup()
            if not files:
                notes.append(f"{name}: left out, {q.DATA} has no trainticket-warmup")
                continue
            base = [x for x in m.cut(files, merge="base")["base"] if len(x) >= LEAST]
        for k in range(o.trials):
            if name == "generated":
                base = [x for x in m.cut(m.calm(100 + k, 15), keep={"frontend"}, merge="base")["base"] if len(x) >= LEAST]
            pv, said = trial(name, base, k)
            ps.append(pv)
            if pv > 1e-3:
                notes.append(f"- {name} {k}: p {pv:.1e}")
            elif said and "log_new" not in [c["name"] for c in said[0]["channels"] if c["p_value"] <= 1e-3]:
                notes.append(f"- {name} {k}: p {pv:.1e} for another reason ({q.channels(said[0])})")
        hit = sum(p <= 1e-3 for p in ps)
        all_found += ps
        rows.append([name, len(ps), hit, f"{sorted(ps)[len(ps) // 2]:.1e}", f"{max(ps):.1e}"])
    n, hit = len(all_found), sum(p <= 1e-3 for p in all_found)
    text = "\n".join([q.table(["logs", "trials", "p ≤ 1e-3", "median p", "largest p"], rows), *notes])
    q.result("novel", [["one novel ERROR line among 1,000+ records after 400 windows: p ≤ 1e-3", f"{hit} of {n} ({100 * hit / n:.0f} %)"]], text,
             "make bench-quality PARTS=novel")


if __name__ == "__main__":
    sys.exit(main())
