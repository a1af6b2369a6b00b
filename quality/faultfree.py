"""Fault-free telemetry of twenty generated services with season, jobs, deploys and replaced pods: what is said all the same?

A day a seed, default configuration. A statement is one printed anomaly; statements of one episode, and episodes of one incident, are
counted once in the columns of that name where the anomalies carry the ids. Each is listed with the deploys and replaced pods around it.
With --rates, beside it the share of service-windows at or below p 1e-2 and 1e-3 after the first four hours.
"""
import argparse
import sys

import common as q

WARM = 4 * 3600


def distinct(said, key):
    return len({key(a) or a["id"] for a in said})


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--seeds", default="21,22")
    p.add_argument("--hours", type=int, default=24)
    p.add_argument("--deploys-per-day", type=float, default=6)
    p.add_argument("--churn-per-day", type=float, default=10)
    p.add_argument("--rates", action="store_true", help="how often p is small, too; takes twice as long")
    o = p.parse_args()
    rows, text, totals = [], [], [0, 0, 0]
    for seed in o.seeds.split(","):
        said, labels, windows = q.generated("faultfree", [
            "--history", f"{o.hours}h", "--end", q.END, "--seed", seed, "--deploys-per-day", o.deploys_per_day, "--churn-per-day", o.churn_per_day], scored=o.rates)
        first = min((t for _, t, _ in windows), default=0)
        late = [p for _, t, p in windows if t >= first + min(WARM, o.hours * 900)]
        rate = lambda level: f"{sum(p <= level for p in late) / len(late) / level:.2f}" if late else "-"
        counts = [len(said), distinct(said, lambda a: (a.get("episode") or {}).get("id")), distinct(said, lambda a: a.get("incident_id"))]
        totals = [a + b for a, b in zip(totals, counts)]
        changes = q.Counter(l["fault"] for l in labels)
        rows.append([seed, f"{changes['deploy']} / {changes['churn']}", *counts, len(windows), rate(1e-2), rate(1e-3)])
        for a in said:
            near = [l for l in labels if -120 <= a["t1"] - q.time(l["inject_time"]) <= 900]
            text.append(f"- seed {seed} {q.clock(a['t0'])} {a.get('kind', 'anomaly')} {a['service']} p {a['p_value']:.1e} ({q.channels(a)}): {q.sentence(a)}"
                        + "".join(f"\n  - {l['fault']} of {l['service']} at {q.clock(q.time(l['inject_time']))}" for l in near))
    days = len(rows) * o.hours / 24
    head = ["seed", "deploys / churn", "statements", "episodes", "incidents", "service-windows", "realised/nominal at 1e-2", "at 1e-3"]
    q.result("faultfree", [
        [f"{days:g} fault-free days of 20 services: false alarms (statements / episodes / incidents)", " / ".join(map(str, totals))],
    ], "\n".join([q.table(head, rows), *text]), "make bench-quality PARTS=faultfree")


if __name__ == "__main__":
    sys.exit(main())
