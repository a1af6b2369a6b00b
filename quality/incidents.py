"""Ten kinds of incident × five seeds on twenty generated services: are they found on the right service, by default configuration?

Two hours of history, the incident in the last ten minutes. The service of kind k (from 0, in the order of `synthetic --help`) and
seed s (1 to 5) is number 7·(5k + s − 1) mod 20 in the order of `synthetic --help`; where nobody calls it (retry-storm@gateway) the next.
Found: an anomaly on that service whose window overlaps the incident. First: the earliest window in which anything is said within the
incident accuses that service by its smallest p. Accused: other services said to be the cause of something in the incident.
Before: anomalies in the 110 minutes before it, which are false.
"""
import argparse
import concurrent.futures
import statistics
import sys

import common as q

LAST = 600


def help_lists():
    """Kinds and services as the generator itself lists them."""
    text = q.subprocess.run([str(q.SYNTHETIC), "--help"], capture_output=True, text=True, check=True).stdout
    services = text.split("Services: ")[1].split("\n")[0].split(", ")
    block = text.split("Incidents (")[1].split("\n\n")[0].split("\n")[1:]
    return [line.split()[0] for line in block], services


def chosen(kinds, services, kind, seed):
    i = 7 * (5 * kinds.index(kind) + seed - 1) % len(services)
    if kind == "retry-storm" and i == 0:
        i = 1
    return services[i]


def judge(kind, service, seed):
    flags = ["--history", "2h", "--end", q.END, "--seed", seed, "--incident", f"{kind}@{service}", "--incident-last", f"{LAST}s"]
    said, labels, windows = q.generated("incidents", flags)
    if not any(a["service"] == service and a["t1"] > q.time(q.END) - LAST for a in said):
        windows = q.generated("incidents", flags, scored=True)[2]  # how near it came
    end = q.time(q.END)
    start = end - LAST
    during = [a for a in said if a["t1"] > start and a["t0"] < end]
    before = [a for a in said if a["t1"] <= start]
    own = [a for a in during if a["service"] == service]
    blamed = {q.cause(a) for a in during}
    named = service in {a["service"] for a in during} or service in blamed
    first = False
    if during:
        earliest = min(a["t1"] for a in during)
        first = q.cause(min((a for a in during if a["t1"] == earliest), key=lambda a: a["p_value"])) == service
    best = min((p for s, t, p in windows if s == service and t + 60 > start), default=1.0)
    return {
        "kind": kind, "service": service, "seed": seed, "found": bool(own), "named": named, "first": first,
        "wrong": sorted(blamed - {service}), "before": before, "during": during, "delay": min((a["t1"] for a in own), default=0) - start,
        "best": best, "statements": len(during), "changes": [l for l in labels if l.get("ordinary") and q.time(l["end_time"]) > start - 300],
    }


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--seeds", default="1,2,3,4,5")
    p.add_argument("--kinds", default="")
    p.add_argument("--jobs", type=int, default=2)
    o = p.parse_args()
    kinds, services = help_lists()
    asked = o.kinds.split(",") if o.kinds else kinds
    seeds = [int(s) for s in o.seeds.split(",")]
    cases = [(k, chosen(kinds, services, k, s), s) for k in asked for s in seeds]
    with concurrent.futures.ThreadPoolExecutor(o.jobs) as pool:
        done = list(pool.map(lambda c: judge(*c), cases))

    rows, text = [], []
    for k in [*asked, "all"]:
        mine = [d for d in done if k in ("all", d["kind"])]
        found = [d for d in mine if d["found"]]
        delay = statistics.median(d["delay"] for d in found) if found else 0
        rows.append([k, len(mine), len(found), sum(d["first"] for d in mine), f"{sum(len(d['wrong']) for d in mine) / len(mine):.2f}",
                     f"{delay:.0f} s" if found else "-", f"{sum(d['statements'] for d in mine) / len(mine):.1f}", sum(len(d["before"]) for d in mine)])
    text.append(q.table(["kind", "incidents", "found on the service", "named first", "other services accused", "median time to detect", "statements", "false before"], rows))
    for d in done:
        if d["found"] and not d["wrong"] and not d["before"]:
            continue
        what = [] if d["found"] else [f"MISSED, best p of the service {d['best']:.1e}"]
        if d["wrong"]:
            what.append("also accused " + ", ".join(d["wrong"]))
        text.append(f"- {d['kind']}@{d['service']} seed {d['seed']}: {'; '.join(what) or 'found'}")
        for l in d["changes"]:
            text.append(f"  - {l['fault']} of {l['service']} at {q.clock(q.time(l['inject_time']))}")
        shown = set()
        for a in [*d["before"], *[a for a in d["during"] if q.cause(a) != d["service"]]]:
            if a["service"] not in shown or a in d["before"]:
                shown.add(a["service"])
                text.append(f"  - {'false before' if a in d['before'] else 'wrong'} {q.clock(a['t0'])} {a['service']} p {a['p_value']:.1e} ({q.channels(a)}): {q.sentence(a)}")
    n = len(done)
    q.result("incidents", [
        [f"{len(asked)} incident kinds × {len(seeds)} seeds: found on the right service", f"{sum(d['found'] for d in done)} of {n}"],
        ["the right service named first", f"{sum(d['first'] for d in done)} of {n}"],
        ["other services accused per incident", f"{sum(len(d['wrong']) for d in done) / n:.2f}"],
        ["false alarms before the incidents (a seed's history is the same for all kinds)",
         f"{len({(d['seed'], a['id']) for d in done for a in d['before']})} in {len(seeds) * 110 / 60:.1f} h"],
    ], "\n".join(text), "make bench-quality PARTS=incidents")


if __name__ == "__main__":
    sys.exit(main())
