"""Detectors of the field on the same recordings, in the same run: what do they find, at their customary thresholds and with as many alarms?

- drain3-z: Drain3 templates, counts per service and minute, the largest |z| over templates against all minutes before; 3 sigma
- pca: principal components of the same count vectors that hold 95 % of the variance, residual against the Q statistic at alpha .001
  (Jackson and Mudholkar 1979; Xu et al. 2009), fitted on the warm-up
- iforest: isolation forest on the same vectors (scikit-learn, contamination "auto"), fitted on the warm-up
- z-band: |x − avg_over_time(x[1d])| / stddev_over_time(x[1d]), EWMA: the same with exponential averages (0.1), as rules of Prometheus are
  written; the largest over a service's series; 3 sigma
- rcf: robust random cut forest (20 trees of 256 points; rrcf) on all series of a service together, on NAB with a shingle of 4;
  3 sigma of its own scores before
- logs+metrics: the larger of drain3-z's and z-band's rank among the windows of the judged day

Equal alarms: the threshold that gives as many alarmed service-windows on the judged day (TrainTicket), or as many alarmed sessions
of the mixed part (HDFS), as Driftlock has. That threshold is chosen with hindsight, which Driftlock's is not.
"""
import collections
import csv
import gzip
import json
import math
import multiprocessing
import os
import pathlib
import sys

import common as q
import labelled

try:
    import numpy as np
    import rrcf
    from drain3 import TemplateMiner
    from drain3.masking import MaskingInstruction
    from drain3.template_miner_config import TemplateMinerConfig
    from scipy.stats import norm
    from sklearn.decomposition import PCA
    from sklearn.ensemble import IsolationForest
    MISSING = ""
except ImportError as e:
    MISSING = str(e)

JUDGED = 1_674_950_400  # 2023-01-29
CUSTOM = {"drain3-z": 3, "pca": 1, "iforest": .5, "z-band": 3, "ewma": 3, "rcf": 3}
TREES, SIZE = 20, 256
LIMIT = 1e6  # of standard deviations, where the past did not move at all
JOBS = int(os.environ.get("QUALITY_JOBS", "2"))


def otlp(path, key):
    with gzip.open(path, "rt") as f:
        for line in f:
            for r in json.loads(line)[key]:
                yield {a["key"]: a["value"].get("stringValue") for a in r["resource"]["attributes"]}["service.name"], r


# Log vectors

def miner():
    c = TemplateMinerConfig()
    c.masking_instructions = [MaskingInstruction(p, name) for p, name in (
        (r"\d{2}:\d{2}:\d{2}\.\d{3}", "TIME"), (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
        (r"\b[0-9a-f]{16,32}\b", "HEX"), (r"\b\d+(\.\d+)*\b", "NUM"))]
    c.profiling_enabled = False
    return TemplateMiner(config=c)


def log_counts(files):
    """Counts by service and minute: {service: {minute: Counter of templates}}."""
    miners, found = {}, {}
    for path in files:
        for service, r in otlp(path, "resourceLogs"):
            m = miners.setdefault(service, miner())
            minutes = found.setdefault(service, {})
            for scope in r["scopeLogs"]:
                for record in scope["logRecords"]:
                    minute = int(record["timeUnixNano"]) // 60_000_000_000
                    cluster = m.add_log_message(record["body"]["stringValue"])["cluster_id"]
                    minutes.setdefault(minute, collections.Counter())[cluster] += 1
    return found


def drain_z(found):
    scores = {}
    for service, minutes in found.items():
        n, sums, squares = 0, collections.Counter(), collections.Counter()
        for minute in sorted(minutes):
            x, worst = minutes[minute], 0.0
            if n >= 5:
                for t in sums.keys() | x.keys():
                    mean = sums[t] / n
                    sd = math.sqrt(max(0, squares[t] / n - mean * mean) + 1 / n)
                    worst = max(worst, abs(x[t] - mean) / sd)
            scores[service, minute] = worst
            for t, c in x.items():
                sums[t] += c
                squares[t] += c * c
            n += 1
    return scores


def q_limit(eigenvalues):
    """The Q statistic's limit at alpha .001 for the variance that is left out."""
    t1, t2, t3 = (float((eigenvalues ** i).sum()) for i in (1, 2, 3))
    if t1 <= 1e-12 or t2 <= 1e-24:
        return 1e-6
    h = 1 - 2 * t1 * t3 / (3 * t2 * t2)
    z = norm.ppf(.999)
    return max(1e-6, t1 * (z * math.sqrt(2 * t2 * h * h) / t1 + 1 + t2 * h * (h - 1) / t1 ** 2) ** (1 / h))


class Components:
    """PCA's residual as a multiple of its limit."""

    def __init__(self, x):
        self.mean, self.sd = x.mean(0), x.std(0)
        self.sd[self.sd == 0] = 1
        p = PCA().fit((x - self.mean) / self.sd)
        k = int(np.searchsorted(np.cumsum(p.explained_variance_ratio_), .95)) + 1
        self.basis, self.limit = p.components_[:k], q_limit(p.explained_variance_[k:])

    def score(self, x):
        y = (x - self.mean) / self.sd
        rest = y - y @ self.basis.T @ self.basis
        return (rest ** 2).sum(1) / self.limit


class Forest:
    def __init__(self, x):
        self.forest = IsolationForest(n_estimators=100, random_state=1).fit(x)

    def score(self, x):
        return -self.forest.score_samples(x)


def fitted(found, model):
    scores = {}
    for service, minutes in found.items():
        past, judged = [m for m in sorted(minutes) if m * 60 < JUDGED], [m for m in sorted(minutes) if m * 60 >= JUDGED]
        if len(past) < 20 or not judged:
            continue
        known = {t: i for i, t in enumerate(sorted({t for m in past for t in minutes[m]}))}
        rows = np.zeros((len(past) + len(judged), len(known) + 1))
        for i, m in enumerate([*past, *judged]):
            for t, c in minutes[m].items():
                rows[i, known.get(t, len(known))] += c
        values = model(rows[: len(past)]).score(rows[len(past):])
        scores.update({(service, m): float(v) for m, v in zip(judged, values)})
    return scores


# Metric bands

def series(files):
    """Gauges by service, series and time: {service: {name: [(minute, value)]}}."""
    found = {}
    for path in files:
        for service, r in otlp(path, "resourceMetrics"):
            for m in r["scopeMetrics"][0]["metrics"]:
                for d in m["gauge"]["dataPoints"]:
                    found.setdefault(service, {}).setdefault(m["name"], []).append((int(d["timeUnixNano"]) / 6e10, float(d["asDouble"])))
    return found


def against(x, mean, sd):
    if sd > 1e-12 * max(1, abs(mean)):
        return min(LIMIT, abs(x - mean) / sd)
    return 0.0 if abs(x - mean) <= 1e-9 * max(1, abs(mean)) else LIMIT


def z_band(points, day=1440.0):
    """Against mean and standard deviation of the day before."""
    window, total, square, out = collections.deque(), 0.0, 0.0, []
    for t, x in points:
        while window and window[0][0] < t - day:
            _, y = window.popleft()
            total -= y
            square -= y * y
        n = len(window)
        out.append(against(x, total / n, math.sqrt(max(0, square / n - (total / n) ** 2))) if n >= 30 else 0.0)
        window.append((t, x))
        total += x
        square += x * x
    return out


def ewma(points, rate=.1):
    mean, var, out = None, 0.0, []
    for i, (_, x) in enumerate(points):
        if mean is None:
            mean = x
        out.append(against(x, mean, math.sqrt(var)) if i >= 30 else 0.0)
        d = x - mean
        mean += rate * d
        var = (1 - rate) * (var + rate * d * d)
    return out


def by_service(found, band):
    scores = {}
    for service, names in found.items():
        for points in names.values():
            points = sorted(points)
            for (t, _), s in zip(points, band(points)):
                key = service, int(t)
                scores[key] = max(scores.get(key, 0.0), s)
    return scores


def cut_forest(vectors):
    """Scores as standard deviations of the forest's own scores before."""
    np.random.seed(1)
    forest = [rrcf.RCTree() for _ in range(TREES)]
    n, total, square, out = 0, 0.0, 0.0, []
    for i, v in enumerate(vectors):
        score = 0.0
        for tree in forest:
            if len(tree.leaves) >= SIZE:
                tree.forget_point(i - SIZE)
            tree.insert_point(v, index=i)
            score += tree.codisp(i) / TREES
        out.append((score - total / n) / max(1e-9, math.sqrt(max(0, square / n - (total / n) ** 2))) if n >= 30 else 0.0)
        n, total, square = n + 1, total + score, square + score * score
    return out


def service_forest(names):
    times = sorted({t for points in names.values() for t, _ in points})
    columns = []
    for points in names.values():
        known, last, column = dict(points), points[0][1], []
        for t in times:
            last = known.get(t, last)
            column.append(last)
        columns.append(column)
    x = np.array(columns).T
    past = x[: max(30, sum(t * 60 < JUDGED for t in times))]
    sd = past.std(0)
    keep = sd > 0
    if not keep.any():
        return {}
    return {int(t): s for t, s in zip(times, cut_forest((x[:, keep] - past.mean(0)[keep]) / sd[keep]))}


def forests(found):
    with multiprocessing.Pool(JOBS) as pool:
        done = pool.map(service_forest, found.values(), chunksize=1)
    return {(service, t): s for service, scores in zip(found, done) for t, s in scores.items()}


# Scoring

def kept(name, make):
    """Anchors depend on the recordings alone, so they are measured once."""
    path = q.parts_of("anchors") / f"{q.digest(pathlib.Path(__file__).read_bytes(), name, q.DATA)}.json"
    if not path.exists():
        path.write_text(json.dumps(make()))
    return json.loads(path.read_text())


def flat(scores):
    return [[s, m, v] for (s, m), v in scores.items() if m * 60 >= JUDGED]


def trainticket():
    both = [[q.DATA / d / f"{kind}.otlp.jsonl.gz" for d in ("trainticket-warmup", "trainticket-2023-01-29")] for kind in ("logs", "metrics")]
    cache = {}

    def once(key, make):
        if key not in cache:
            cache[key] = make()
        return cache[key]

    counts = lambda: once("counts", lambda: log_counts(both[0]))
    gauges = lambda: once("gauges", lambda: series(both[1]))
    scores = {
        "drain3-z": kept("tt drain3-z", lambda: flat(drain_z(counts()))),
        "pca": kept("tt pca", lambda: flat(fitted(counts(), Components))),
        "iforest": kept("tt iforest", lambda: flat(fitted(counts(), Forest))),
        "z-band": kept("tt z-band", lambda: flat(by_service(gauges(), z_band))),
        "ewma": kept("tt ewma", lambda: flat(by_service(gauges(), ewma))),
        "rcf": kept("tt rcf", lambda: flat(forests(gauges()))),
    }
    ranks = {}
    for name in ("drain3-z", "z-band"):
        ordered = sorted(scores[name], key=lambda r: r[2])
        for i, (s, m, _) in enumerate(ordered):
            ranks[s, m] = max(ranks.get((s, m), 0), (i + 1) / len(ordered))
    scores["logs+metrics"] = [[s, m, v] for (s, m), v in ranks.items()]

    own, said = labelled.faults("after warm-up", labelled.files("trainticket-warmup", "*.gz"))
    alarms = int(said.split("\nanomalies ")[1].split(",")[0])
    rows = [["Driftlock, all signals", "--p 1e-3", alarms, *own[1].split(" / ")]]
    for name, values in scores.items():
        ordered = sorted(values, key=lambda r: -r[2])
        equal = ordered[min(alarms, len(ordered)) - 1][2]
        for how, level in (("customary", CUSTOM.get(name)), ("equal alarms", equal)):
            if level is None:
                continue
            chosen = [r for r in ordered if r[2] >= level]
            if how == "equal alarms":
                chosen = chosen[:alarms]
            path = q.parts_of("anchors") / "alarms.ndjson"
            with open(path, "w") as f:
                for service, minute, value in chosen:
                    stamp = q.dt.datetime.fromtimestamp(minute * 60 + 60, q.dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
                    f.write(json.dumps({"timestamp": stamp, "service": service, "stream_type": "anchor", "p_value": .001, "score": value}) + "\n")
            text = labelled.scored("faults_table.py", path, q.DATA / "trainticket-2023-01-29" / "faults.json")
            rows.append([name, f"{how} {level:.3g}", len(chosen), *labelled.figures(text)])
    return rows


def nab_forest(values):
    shingles = [values[max(0, i - 3): i + 1] for i in range(len(values))]
    return cut_forest(np.array([[s[0]] * (4 - len(s)) + list(s) for s in shingles]))


def nab():
    files = labelled.files("nab", "data/*/*.csv")
    loaded = {}
    for f in files:
        rows = [l.split(",") for l in f.read_text().strip().split("\n")[1:]]
        stamp = lambda s: q.dt.datetime.fromisoformat(s.strip()).replace(tzinfo=q.dt.timezone.utc).timestamp() / 60
        loaded["/".join(f.parts[-2:])] = [(stamp(r[0]), float(r[1])) for r in rows]

    def make(name):
        if name == "rcf":
            with multiprocessing.Pool(JOBS) as pool:
                return dict(zip(loaded, pool.map(nab_forest, [[v for _, v in p] for p in loaded.values()], chunksize=1)))
        return {k: {"z-band": z_band, "ewma": ewma}[name](p) for k, p in loaded.items()}

    rows = []
    own = labelled.kept("nab", files, "--level", "3.3", scores=True)
    for name, path in [("Driftlock", f"{own}.scores"), ("z-band", None), ("ewma", None), ("rcf", None)]:
        if path is None:
            path = q.parts_of("anchors") / f"nab-{name}.ndjson"
            with open(path, "w") as f:
                for source, values in kept(f"nab {name}", lambda: make(name)).items():
                    f.writelines(json.dumps({"source": source, "score": v, "anomaly": v >= CUSTOM[name]}) + "\n" for v in values)
        said = labelled.scored("nab_table.py", path, NAB_ROOT=f"{q.DATA / 'nab'}/")
        pick = lambda start: next(l for l in said.split("\n") if l.startswith(start)).split()
        for how in ("its own", "optimised"):
            w = pick(how)
            rows.append([name, {"its own": "own decisions" if name == "Driftlock" else "3 sigma", "optimised": "level by NAB's optimiser"}[how],
                         *(w[w.index(k) + 1] for k in ("standard", "low-FP", "low-FN"))])
    return rows


def hdfs():
    labels = list(csv.DictReader(open(q.DATA / "hdfs-sessions" / "labels.csv")))

    def make():
        vectors = {}
        for path in labelled.files("hdfs-sessions", "*.gz"):
            for _, r in otlp(path, "resourceLogs"):
                for record in r["scopeLogs"][0]["logRecords"]:
                    vectors.setdefault(record["traceId"], collections.Counter())[record["body"]["stringValue"]] += 1
        part = lambda p: [r["trace_id"] for r in labels if r["part"] == p]
        known = {t: i for i, t in enumerate(sorted({t for s in part("1-warmup") for t in vectors[s]}))}
        x = np.zeros((len(labels), len(known) + 1))
        for i, r in enumerate(labels):
            for t, c in vectors[r["trace_id"]].items():
                x[i, known.get(t, len(known))] += c
        first = np.array([r["part"] == "1-warmup" for r in labels])
        return {name: [float(v) for v in model(x[first]).score(x)] for name, model in (("pca", Components), ("iforest", Forest))}

    own = labelled.kept("hdfs", labelled.files("hdfs-sessions", "*.gz"), scores=True)
    hit = {s["trace_id"] for s in map(json.loads, open(f"{own}.scores")) if s.get("trace_id") and s.get("anomaly")}
    scores = kept("hdfs", make)
    mixed = [i for i, r in enumerate(labels) if r["part"] == "2-mixed"]
    alarms = sum(labels[i]["trace_id"] in hit for i in mixed)

    def row(name, how, flagged):
        true = sum(flagged[i] and labels[i]["anomalous"] == "1" for i in mixed)
        false = sum(flagged[i] and labels[i]["anomalous"] != "1" for i in mixed)
        missed = sum(not flagged[i] and labels[i]["anomalous"] == "1" for i in mixed)
        block = [flagged[i] for i, r in enumerate(labels) if r["part"] == "3-abnormal"]
        return [name, how, true, false, missed, f"{2 * true / max(1, 2 * true + false + missed):.3f}", f"{sum(block) / len(block):.3f}"]

    rows = [row("Driftlock", "own decisions", [r["trace_id"] in hit for r in labels])]
    for name, values in scores.items():
        rows.append(row(name, "customary", [v >= CUSTOM[name] for v in values]))
        level = sorted((values[i] for i in mixed), reverse=True)[max(1, alarms) - 1]
        rows.append(row(name, "equal alarms", [v >= level for v in values]))
    return rows


def main():
    if MISSING or not q.DATA.is_dir() or not q.BENCH.is_dir():
        q.result("anchors", [["anchors", "left out"]], f"left out: {MISSING or f'no {q.DATA} or no {q.BENCH}'}", "make bench-quality PARTS=anchors")
        return
    tt, n, h = trainticket(), nab(), hdfs()
    text = "\n\n".join([
        "TrainTicket after warm-up\n" + q.table(["detector", "threshold", "alarmed service-windows", "named", "first", "accused per fault", "far"], tt),
        "NAB\n" + q.table(["detector", "threshold", "standard", "low-FP", "low-FN"], n),
        "HDFS sessions, mixed part\n" + q.table(["detector", "threshold", "true", "false", "missed", "F1", "recall on the block"], h),
    ])
    best = max((r for r in tt[1:] if r[1].startswith("equal")), key=lambda r: (int(r[3]), int(r[4])))
    best_nab = max(n[2:], key=lambda r: float(r[2]))
    best_hdfs = max(h[1:], key=lambda r: float(r[5]))
    q.result("anchors", [
        [f"best anchor on TrainTicket with as many alarms ({best[0]}): named / first / accused / far", " / ".join(map(str, best[3:]))],
        [f"best anchor on NAB ({best_nab[0]}, {best_nab[1]}): standard / low-FP", " / ".join(best_nab[2:4])],
        [f"best anchor on HDFS ({best_hdfs[0]}, {best_hdfs[1]}): F1", best_hdfs[5]],
    ], text, "make bench-quality PARTS=anchors")


if __name__ == "__main__":
    sys.exit(main())
