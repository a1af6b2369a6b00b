"""Labelled recordings: what the scorers beside them say of replay's output. Left out where the recordings are not.

TrainTicket at --p 1e-3, after a day of warm-up and cold; NAB at --level 3.3; HDFS sessions with nothing set.
"""
import sys

import common as q


def scored(script, *args, **env):
    p = q.command([sys.executable, q.BENCH / script, *args], stdout=q.subprocess.PIPE, cwd=q.BENCH, env={**q.os.environ, **env})
    return p.stdout.strip()


def kept(name, files, *flags, scores=False):
    """Replays once for each binary; the files are taken as they are."""
    key = q.digest(q.of_file(q.REPLAY), name, flags, *(f"{f} {f.stat().st_size}" for f in files))
    out = q.parts_of("labelled") / key
    if not (out.parent / f"{key}.ndjson").exists():
        q.replay(out, files, *flags, scores=scores)
    return out


def day(path, prefix):
    """The anomalies of the judged day alone."""
    out = f"{path}.{prefix}.ndjson"
    with open(out, "w") as f:
        f.writelines(line for line in open(f"{path}.ndjson") if q.json.loads(line)["timestamp"] >= prefix)
    return out


def files(folder, pattern):
    return sorted((q.DATA / folder).glob(pattern))


def faults(name, first):
    judged = files("trainticket-2023-01-29", "*.gz")
    out = kept(name, [*first, *judged], "--p", "1e-3")
    text = scored("faults_table.py", day(out, "2023-01-29"), q.DATA / "trainticket-2023-01-29" / "faults.json")
    n = text.split("all  ")[1].split("faults")[1].split()[0]
    return [f"TrainTicket {name}, {n} faults: named / first / accused per fault / far", " / ".join(figures(text))], f"TrainTicket {name}\n{text}"


def figures(text):
    """Named, first, accused per fault and far from any fault, of what faults_table.py prints."""
    total = next(l for l in text.split("\n") if l.startswith("all ")).split()
    accused = next(l for l in text.split("\n") if l.startswith("services accused")).split()[-1]
    far = next(l for l in text.split("\n") if "far from any fault" in l).split("fault ")[1].split(" over")[0]
    return [total[total.index("named") + 1], total[total.index("top-1") + 1], accused, far]


def main():
    rows, text = [], []
    if not q.DATA.is_dir() or not q.BENCH.is_dir():
        q.result("labelled", [], f"left out: no {q.DATA} or no {q.BENCH}", "")
        return
    for name, first in (("after warm-up", files("trainticket-warmup", "*.gz")), ("cold", [])):
        row, said = faults(name, first)
        rows.append(row)
        text.append(said)
    nab = kept("nab", files("nab", "data/*/*.csv"), "--level", "3.3", scores=True)
    said = scored("nab_table.py", f"{nab}.scores", "--level", "3.3", NAB_ROOT=f"{q.DATA / 'nab'}/")
    own = next(l for l in said.split("\n") if l.startswith("its own")).split()
    rows.append(["NAB at its own decisions, level 3.3: standard / low-FP / low-FN", " / ".join(own[own.index(k) + 1] for k in ("standard", "low-FP", "low-FN"))])
    text.append(f"NAB\n{said}")
    hdfs = kept("hdfs", files("hdfs-sessions", "*.gz"), scores=True)
    said = scored("sessions_table.py", f"{hdfs}.scores", q.DATA / "hdfs-sessions" / "labels.csv")
    rows.append(["HDFS sessions: F1 of the mixed part / recall on the abnormal block", f"{said.split('F1 ')[1]} / {said.split('block ')[1].split()[0]}"])
    text.append(f"HDFS\n{said}")
    q.result("labelled", rows, "\n\n".join(text), "make bench-quality PARTS=labelled")


if __name__ == "__main__":
    sys.exit(main())
