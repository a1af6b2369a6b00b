"""What the parts of the quality harness share: running the two binaries, keeping their output, printing tables. It measures nothing."""
import collections
import datetime as dt
import hashlib
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("QUALITY_BUILD", ROOT / "quality" / "build"))
DATA = pathlib.Path(os.environ.get("QUALITY_DATA", ROOT / ".." / "shared" / "data"))
BENCH = pathlib.Path(os.environ.get("QUALITY_BENCH", ROOT / ".." / "shared" / "bench"))
SYNTHETIC = pathlib.Path(os.environ.get("QUALITY_SYNTHETIC", ROOT / "bin" / "synthetic"))
REPLAY = pathlib.Path(os.environ.get("QUALITY_REPLAY", ROOT / "bin" / "replay"))

# Generated histories end here: a fixed time, so that each run sees the same telemetry.
END = "2026-03-02T12:00:00Z"


def digest(*parts):
    h = hashlib.sha256()
    for p in parts:
        h.update(p if isinstance(p, bytes) else str(p).encode())
        h.update(b"\0")
    return h.hexdigest()[:16]


_of_file = {}


def of_file(path):
    """A file's hash, so that results are made anew when a binary or an input changes."""
    path = pathlib.Path(path)
    key = (str(path), path.stat().st_mtime_ns, path.stat().st_size)
    if key not in _of_file:
        with open(path, "rb") as f:
            _of_file[key] = hashlib.file_digest(f, "sha256").hexdigest()
    return _of_file[key]


def command(args, **kwargs):
    p = subprocess.run([str(a) for a in args], stderr=subprocess.PIPE, text=True, **kwargs)
    if p.returncode != 0:
        sys.exit(f"{' '.join(map(str, args))}\nended with {p.returncode}: {p.stderr.strip()[-2000:]}")
    return p


def parts_of(name):
    d = BUILD / name
    d.mkdir(parents=True, exist_ok=True)
    return d


def replay(out, files, *flags, scores=False, windows=False):
    """Runs replay and leaves OUT.ndjson, with scores OUT.scores, and with windows OUT.windows: of the scores the service-windows alone."""
    args = [REPLAY, "--quiet", *flags]
    if scores or windows:
        args += ["--scores", f"{out}.scores.part"]
    with open(f"{out}.ndjson.part", "w") as f:
        command([*args, *files], stdout=f)
    if windows:
        with open(f"{out}.windows", "w") as f:
            f.writelines(line for line in open(f"{out}.scores.part") if _is_window(line))
    if scores:
        os.replace(f"{out}.scores.part", f"{out}.scores")
    elif windows:
        os.remove(f"{out}.scores.part")
    os.replace(f"{out}.ndjson.part", f"{out}.ndjson")


def _is_window(line):
    """Neither a request nor a single point, whose start is its end. Lines are many, so they are not parsed for this."""
    if '"trace_id"' in line:
        return False
    start = line.find('"start":"') + 9
    end = line.find('"end":"') + 7
    return line[start:line.find('"', start)] != line[end:line.find('"', end)]


def generated(part, flags, scored=False):
    """Judges a generated history and keeps what was said, and if asked the p of every window, which takes longer. The history itself goes, since it is made again in seconds; QUALITY_KEEP=1 keeps it."""
    made = parts_of(part) / digest(of_file(SYNTHETIC), flags)
    out = parts_of(part) / digest(of_file(SYNTHETIC), of_file(REPLAY), flags)
    recording, labels = made.with_suffix(".jsonl.gz"), made.with_suffix(".labels")
    if not out.with_suffix(".windows" if scored else ".ndjson").exists():
        if not recording.exists():
            part = made.with_suffix(".part.gz")
            command([SYNTHETIC, "--quiet", *flags, "--labels", labels, "--output", part])
            os.replace(part, recording)
        replay(out, [recording], windows=scored)
        if not os.environ.get("QUALITY_KEEP"):
            recording.unlink()
    return anomalies(f"{out}.ndjson"), json.load(open(labels)), windows(f"{out}.windows") if scored else []


def time(text):
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() if "." not in text else _fractional(text)


def _fractional(text):
    head, fraction = text.rstrip("Z").split(".")
    return dt.datetime.fromisoformat(head + "+00:00").timestamp() + float("0." + fraction)


def clock(seconds):
    return dt.datetime.fromtimestamp(seconds, dt.timezone.utc).strftime("%H:%M")


def anomalies(path):
    """Anomalies in the order in which they were stated, with start and end as seconds."""
    found = []
    for line in open(path):
        a = json.loads(line)
        a["t0"], a["t1"] = time(a["window_start"]), time(a["timestamp"])
        found.append(a)
    return found


def windows(path):
    """Judged service-windows: (service, start, p)."""
    rows = []
    for line in open(path):
        s = json.loads(line)
        rows.append((s["service"], time(s["start"]), s["p_value"]))
    return rows


def cause(a):
    """The service that an anomaly accuses: its cause where one is named, else its own."""
    return a.get("cause") or a["service"]


def sentence(a, length=230):
    text = a["glass_box_explanation"].split("\n")[0]
    return text if len(text) <= length else text[: length - 1] + "…"


def channels(a):
    rows = sorted(a.get("channels") or [], key=lambda c: c["p_value"])
    return ", ".join(f"{c['name']} {c['p_value']:.1e}" for c in rows[:4])


def table(head, rows):
    """A Markdown table."""
    rows = [[str(c) for c in r] for r in rows]
    width = [max(len(str(r[i])) for r in [head, *rows]) for i in range(len(head))]
    line = lambda r: "| " + " | ".join(str(c).ljust(w) for c, w in zip(r, width)) + " |"
    return "\n".join([line(head), "|" + "|".join("-" * (w + 2) for w in width) + "|", *map(line, rows)])


def result(part, rows, text, command_line):
    """Keeps a part's figures for the table at the end: rows of (measure, figure)."""
    (BUILD / "results").mkdir(parents=True, exist_ok=True)
    with open(BUILD / "results" / f"{part}.json", "w") as f:
        json.dump({"part": part, "rows": rows, "text": text, "command": command_line}, f, indent=1)
    print(text, flush=True)


Counter = collections.Counter
