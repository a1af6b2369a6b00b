"""Recorded logs cut into whole minutes, and recordings put together from such minutes. It judges nothing."""
import gzip
import hashlib
import json
import random

import common as q

MINUTE = 60_000_000_000


def cut(files, keep=None, merge=None):
    """Log records by service and minute: {service: [[(offset in ns, text of the other fields, trace id), …], …]} in order of time.

    keep chooses services; merge is the one service name that all get. Minutes of a recording that has gaps follow one another.
    """
    found = {}
    for path in files:
        with (gzip.open if str(path).endswith(".gz") else open)(path, "rt") as f:
            for line in f:
                if not line.startswith('{"resourceLogs"'):
                    continue
                for rl in json.loads(line)["resourceLogs"]:
                    attributes = {a["key"]: a["value"].get("stringValue") for a in rl["resource"]["attributes"]}
                    service = attributes["service.name"]
                    if keep and service not in keep:
                        continue
                    minutes = found.setdefault(merge or service, {})
                    for scope in rl["scopeLogs"]:
                        for r in scope["logRecords"]:
                            at = int(r.pop("timeUnixNano"))
                            r.pop("observedTimeUnixNano", None)
                            r.pop("spanId", None)
                            trace = r.pop("traceId", "")
                            minutes.setdefault(at // MINUTE, []).append((at % MINUTE, json.dumps(r, separators=(",", ":"), ensure_ascii=False)[1:-1], trace))
    return {s: [sorted(m, key=lambda x: x[0]) for _, m in sorted(minutes.items())] for s, minutes in sorted(found.items())}


def stationary(r, n, length, mean):
    """Indices of the stationary bootstrap (Politis and Romano 1994): blocks of geometric length, wrapped around; with the block's number."""
    out, at, block = [], 0, -1
    while len(out) < length:
        if block < 0 or r.random() < 1 / mean:
            at, block = r.randrange(n), block + 1
        out.append((at % n, block))
        at += 1
    return out


class Writer:
    """OTLP/JSON lines, one service and minute each. Traces of each block get ids of their own, since minutes come more than once."""

    def __init__(self, path):
        self.file = gzip.open(path, "wt", compresslevel=1)

    def minute(self, service, start, records, salt):
        ids = {"": ""}
        rows = []
        for offset, rest, trace in records:
            if trace not in ids:
                ids[trace] = ',"traceId":"' + hashlib.md5(f"{trace} {service} {salt}".encode()).hexdigest() + '"'
            at = start + offset
            rows.append(f'{{"timeUnixNano":"{at}","observedTimeUnixNano":"{at}",{rest}{ids[trace]}}}')
        self.file.write('{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"' + service
                        + '"}}]},"scopeLogs":[{"scope":{},"logRecords":[' + ",".join(rows) + "]}]}]}\n")

    def close(self):
        self.file.close()


def error_line(r, records):
    """An ERROR record that no base has, at a random place of the minute and in the request that is under way there."""
    text = r.choice([
        "java.lang.OutOfMemoryError: unable to create native thread", "certificate of peer expired 3 minutes ago, handshake refused",
        "disk quota exceeded while appending to journal", "deadlock detected, transaction rolled back by server",
        "schema registry rejected payload: incompatible reader", "checksum mismatch in block, refusing to serve it",
        "leader lost lease, stepping down", "clock moved backwards, refusing to issue identifiers",
        "licence check failed: seat limit reached", "cannot decrypt column: key version unknown",
    ])
    offset, _, trace = records[r.randrange(len(records))]
    line = json.dumps({"body": {"stringValue": text}, "severityText": "ERROR", "severityNumber": 17}, separators=(",", ":"))[1:-1]
    return sorted([*records, (offset + 1, line, trace)], key=lambda x: x[0])


def seeded(*parts):
    return random.Random(" ".join(map(str, parts)))


def warmup():
    """The recorded warm-up logs, where they are."""
    path = q.DATA / "trainticket-warmup" / "logs.otlp.jsonl.gz"
    return [path] if path.exists() else []


def calm(seed, rate, history="1h"):
    """The logs of a stretch of the generated shop without deploys, its spans and metrics left out."""
    path = q.parts_of("bases") / f"{q.digest(q.of_file(q.SYNTHETIC), seed, rate, history)}.jsonl"
    if not path.exists():
        whole = path.with_suffix(".part")
        q.command([q.SYNTHETIC, "--quiet", "--history", history, "--end", q.END, "--seed", seed, "--rate", rate,
                   "--deploys-per-day", 0, "--churn-per-day", 0, "--output", whole])
        with open(f"{path}.part", "w") as f:
            f.writelines(line for line in open(whole) if line.startswith('{"resourceLogs"'))
        whole.unlink()
        q.os.replace(f"{path}.part", path)
    return [path]
