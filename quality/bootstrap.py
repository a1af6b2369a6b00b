"""Real logs in which nothing lasts: the stationary bootstrap of the recorded warm-up logs, and of generated ones. How often is p small?

Minutes of one service are drawn in blocks of geometric length (mean 10), each service for itself (Politis and Romano 1994), until there
are 700; the first 100 windows of a service do not count. What is out of the ordinary in the recording comes back at a steady rate,
so a calibrated p is at or below 1e-2 in one window of a hundred all the same.
"""
import argparse
import json
import pathlib
import sys

import common as q
import minutes as m

MINUTES, SKIP, BLOCK = 700, 100, 10
START = 1_772_409_600 * 1_000_000_000  # 2026-03-02, a whole minute


def run(name, base, seed):
    key = q.digest(q.of_file(q.REPLAY), name, seed, MINUTES, BLOCK, pathlib.Path(m.__file__).read_bytes())
    kept = q.parts_of("bootstrap") / f"{key}.windows"
    if not kept.exists():
        recording = q.parts_of("bootstrap") / f"{key}.jsonl.gz"
        w = m.Writer(recording)
        plans = {s: m.stationary(m.seeded(name, seed, s), len(found), MINUTES, BLOCK) for s, found in base.items()}
        for i in range(MINUTES):
            for s, plan in plans.items():
                at, block = plan[i]
                w.minute(s, START + i * m.MINUTE, base[s][at], f"{seed} {block}")
        w.close()
        q.replay(kept.with_suffix(""), [recording], windows=True)
        recording.unlink()
    first = START // 1_000_000_000
    return [p for _, t, p in q.windows(kept) if t >= first + SKIP * 60]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--seeds", default="1,2,3")
    o = p.parse_args()
    bases = {"recorded": m.warmup(), "generated": m.calm(31, 5, "2h")}
    rows, figures, notes = [], [], []
    for name, files in bases.items():
        if not files:
            notes.append(f"{name}: left out, {q.DATA} has no trainticket-warmup")
            continue
        base = {s: found for s, found in m.cut(files).items() if len(found) >= 30}
        ps = []
        for seed in o.seeds.split(","):
            ps += run(name, base, seed)
        ratio = [sum(p <= level for p in ps) / len(ps) / level for level in (1e-2, 1e-3)]
        rows.append([name, len(base), len(ps), *(f"{x:.2f}" for x in ratio)])
        figures.append([f"stationary bootstrap of {name} logs: realised/nominal at 1e-2, 1e-3", " / ".join(f"{x:.2f}" for x in ratio)])
    text = "\n".join([q.table(["logs", "services", "service-windows", "realised/nominal at 1e-2", "at 1e-3"], rows), *notes])
    q.result("bootstrap", figures, text, "make bench-quality PARTS=bootstrap")


if __name__ == "__main__":
    sys.exit(main())
