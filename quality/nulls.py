"""Series in which nothing happens: how often is a single point's p at or below 1e-2 and 1e-3, as a multiple of that?

Ten kinds of null, 20 series of 20,000 points a minute apart each, replayed as CSV files; the p is that of a point (`replay --scores`).
All points count, the first ones too. Beside the mean over the series: the largest of the 20, since one bad series is what someone sees.
"""
import argparse
import json
import math
import pathlib
import random
import sys

import common as q

START = 1_767_225_600  # 2026-01-01, a Thursday
DAY = 1440


def poisson(r, mean):
    if mean > 30:
        return max(0, round(r.gauss(mean, math.sqrt(mean))))
    limit, product, n = math.exp(-mean), r.random(), 0
    while product > limit:
        product *= r.random()
        n += 1
    return n


def season(i):
    return math.sin(2 * math.pi * i / DAY)


def gaussian(r, n):
    return [r.gauss(0, 1) for _ in range(n)]


def daily_season(r, n):
    return [10 * season(i) + r.gauss(0, 1) for i in range(n)]


def ar1(r, n):
    x, out = 0.0, []
    for _ in range(n):
        x = .95 * x + r.gauss(0, 1)
        out.append(x)
    return out


def random_walk(r, n):
    x, out = 0.0, []
    for _ in range(n):
        x += r.gauss(0, 1)
        out.append(x)
    return out


def counter_as_rate(r, n):
    return [poisson(r, 200 * (1 + .3 * season(i))) / 60 for i in range(n)]


def bursty_poisson(r, n):
    out, left = [], 0
    for _ in range(n):
        if left == 0 and r.random() < .004:
            left = r.randint(3, 15)
        out.append(poisson(r, 40 if left else 4))
        left = max(0, left - 1)
    return out


def lognormal(r, n):
    return [r.lognormvariate(0, 1) for _ in range(n)]


def student_t3(r, n):
    return [r.gauss(0, 1) / math.sqrt(r.gammavariate(1.5, 2) / 3) for _ in range(n)]


def rare_steps(r, n):
    x, out = 10.0, []
    for _ in range(n):
        if r.random() < 1 / 1000:
            x = 10 + r.gauss(0, 3)
        out.append(x)
    return out


def raw_counter(r, n):
    x, out = 0, []
    for _ in range(n):
        x = 0 if r.random() < 1 / 5000 else x + poisson(r, 200)
        out.append(x)
    return out


NULLS = {
    "gaussian": gaussian, "daily season": daily_season, "AR(1) .95": ar1, "random walk": random_walk, "counter as rate": counter_as_rate,
    "bursty Poisson": bursty_poisson, "lognormal": lognormal, "Student-t3": student_t3, "constant with rare steps": rare_steps,
    "raw cumulative counter": raw_counter,
}
CONTINUOUS = {"gaussian", "daily season", "AR(1) .95", "random walk", "counter as rate", "lognormal", "Student-t3"}


def series(name, k, n):
    """The file of one null series, made once."""
    path = q.parts_of("nulls") / f"{name.replace(' ', '-')}-{n}-{k}.csv"
    if not path.exists():
        values = NULLS[name](random.Random(f"{name} {k}"), n)
        text = "timestamp,value\n" + "".join(f"{START + 60 * i},{v:.7g}\n" for i, v in enumerate(values))
        path.write_text(text)
    return path


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--series", type=int, default=20)
    p.add_argument("--points", type=int, default=20_000)
    o = p.parse_args()
    rows, within, worst = [], 0, []
    for name in NULLS:
        files = [series(name, k, o.points) for k in range(o.series)]
        source = pathlib.Path(__file__).read_bytes()
        kept = q.parts_of("nulls") / (q.digest(q.of_file(q.REPLAY), source, name, o.series, o.points) + ".json")
        if not kept.exists():
            out = q.parts_of("nulls") / "run"
            q.replay(out, files, scores=True)
            hits = {str(f): [0, 0, 0, 0] for f in files}
            for line in open(f"{out}.scores"):
                s = json.loads(line)
                h = hits[s["source"]]
                for i, level in enumerate((1e-2, 1e-3, 1e-4)):
                    h[i] += s["p_value"] <= level
                h[3] += 1
            kept.write_text(json.dumps(list(hits.values())))
            pathlib.Path(f"{out}.scores").unlink()
        hits = json.loads(kept.read_text())
        n = sum(h[3] for h in hits)
        ratio = [sum(h[i] for h in hits) / n / level for i, level in enumerate((1e-2, 1e-3, 1e-4))]
        top = [max(h[i] / h[3] for h in hits) / level for i, level in enumerate((1e-2, 1e-3))]
        ok = all(x <= 2 for x in ratio[:2]) and (name not in CONTINUOUS or all(x >= .5 for x in ratio[:2]))
        within += ok
        worst.append((max(ratio[:2]), name))
        rows.append([name, *(f"{x:.2f}" for x in ratio), *(f"{x:.2f}" for x in top), "" if ok else "outside"])
    text = q.table(["null", "at 1e-2", "at 1e-3", "at 1e-4", "worst series at 1e-2", "at 1e-3", "≤ 2, continuous ≥ 0.5"], rows)
    low = min((float(min(r[1:3], key=float)), r[0]) for r in rows if r[0] in CONTINUOUS)
    q.result("nulls", [
        [f"{len(NULLS)} nulls, realised/nominal at 1e-2 and 1e-3: within ≤ 2 (continuous also ≥ 0.5)", f"{within} of {len(NULLS)}"],
        ["highest; lowest of the continuous", f"{max(worst)[0]:.2f} ({max(worst)[1]}); {low[0]:.2f} ({low[1]})"],
    ], text, "make bench-quality PARTS=nulls")


if __name__ == "__main__":
    sys.exit(main())
