"""Runs the parts of the quality harness, one after the other, and prints their figures in one table with the commands. It measures nothing itself."""
import argparse
import datetime as dt
import json
import os
import pathlib
import subprocess
import sys
import time

import common as q

HERE = pathlib.Path(__file__).resolve().parent
PARTS = ["incidents", "faultfree", "nulls", "bootstrap", "novel", "labelled", "anchors"]


def shell(*args):
    return subprocess.run(args, cwd=q.ROOT, capture_output=True, text=True).stdout.strip()


def machine():
    model = next((l.split(":", 1)[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "?") if os.path.exists("/proc/cpuinfo") else "?"
    return f"{os.cpu_count()} cores of {model}"


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("parts", nargs="*", metavar="PART", help=f"default: all of {' '.join(PARTS)}")
    o = p.parse_args()
    unknown = set(o.parts) - set(PARTS)
    if unknown:
        sys.exit(f"no part {', '.join(sorted(unknown))}; parts are {' '.join(PARTS)}")
    parts = o.parts or PARTS
    failed, took = [], {}
    for part in parts:
        print(f"\n## {part}\n", flush=True)
        (q.BUILD / "results" / f"{part}.json").unlink(missing_ok=True)
        began = time.time()
        if subprocess.run([sys.executable, HERE / f"{part}.py"]).returncode != 0:
            failed.append(part)
        took[part] = time.time() - began
    commit = shell("git", "describe", "--always", "--dirty", "--abbrev=7")
    print(f"\n## All figures: {dt.date.today()}, commit {commit}, {machine()}\n")
    rows = []
    for part in parts:
        path = q.BUILD / "results" / f"{part}.json"
        if path.exists():
            r = json.load(open(path))
            rows += [[measure, figure, f"`{r['command']}`", f"{took[part] / 60:.1f} min"] for measure, figure in r["rows"]]
    print(q.table(["measure", "result", "command", "took"], rows))
    if failed:
        sys.exit(f"failed: {' '.join(failed)}")


if __name__ == "__main__":
    main()
