#!/usr/bin/env python3
"""Tests the API from outside: schemathesis asks the built collector whatever its OpenAPI document allows and forbids.

usage: tests/api/run.py [SCHEMATHESIS OPTION...]

It needs bin/driftlock, Go (to seed a store) and Python 3.10 or newer with venv and pip; the packages of requirements.txt go into
build/ beside this file. Where Python or the packages are not to be had, it says so and passes, since neither is needed to use
Driftlock; in a GitHub workflow it fails. The cases are the same in every run.
"""

import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = HERE / "build"
SECRET = "correct-horse-battery"
OPTIONS = [
    "--phases", "examples,coverage,fuzzing,stateful", "--checks", "all", "--max-examples", "100", "--seed", "1",
    "--generation-deterministic", "--continue-on-failure", "--no-color",
]


def left_out(why, how):
    """Nothing can be tested here: loud, and an error where a build must be complete."""
    line = "!" * 80
    print(f"{line}\nThe API was NOT tested from outside: {why}\n    {how}\n{line}", file=sys.stderr)
    sys.exit(1 if os.environ.get("GITHUB_ACTIONS") else 0)


def schemathesis():
    """The program, installed once for each content of requirements.txt."""
    if sys.version_info < (3, 10):
        left_out(f"Python 3.10 or newer is needed (this is {sys.version.split()[0]})", "install it by your package manager")
    requirements = HERE / "requirements.txt"
    venv = BUILD / ("venv-" + hashlib.sha256(requirements.read_bytes()).hexdigest()[:12])
    program = venv / "bin" / "schemathesis"
    if (venv / "ready").exists():
        return program
    shutil.rmtree(BUILD, ignore_errors=True)
    BUILD.mkdir()
    made = subprocess.run([sys.executable, "-m", "venv", venv], capture_output=True, text=True)
    if made.returncode:
        left_out("Python cannot make a virtual environment", "Debian and Ubuntu: apt-get install python3-venv\n" + made.stderr)
    pip = [venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", requirements]
    got = subprocess.run(pip, capture_output=True, text=True)
    if got.returncode:
        left_out("the packages of tests/api/requirements.txt cannot be had", "is the package index reachable?\n" + got.stderr[-2000:])
    (venv / "ready").touch()
    return program


def free_port():
    with socket.socket() as s:
        s.bind(("localhost", 0))
        return s.getsockname()[1]


def wait_until_ready(collector, url, log):
    for _ in range(300):
        if collector.poll() is not None:
            sys.exit(f"bin/driftlock ended with {collector.returncode}:\n{log.read_text()[-4000:]}")
        try:
            with urllib.request.urlopen(url + "/readyz", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    sys.exit(f"bin/driftlock is not ready after 30 s:\n{log.read_text()[-4000:]}")


def look_for_secrets(url, token):
    """The configuration is shown without what is secret in collector.yaml, as the collector itself hands it over."""
    request = urllib.request.Request(url + "/v1/config", headers={"Authorization": "Bearer " + token})
    with urllib.request.urlopen(request, timeout=10) as answer:
        shown = answer.read().decode()
    if SECRET in shown or "otlp_http" not in shown:
        sys.exit(f"GET /v1/config shows a secret, or nothing:\n{shown}")


def main():
    program = schemathesis()
    binary = pathlib.Path(os.environ.get("DRIFTLOCK", ROOT / "bin" / "driftlock"))
    if not binary.exists():
        sys.exit(f"{binary} is not there; run `make collector`")
    with tempfile.TemporaryDirectory(prefix="driftlock-api-") as folder:
        db = os.path.join(folder, "driftlock.db")
        seeded = subprocess.run(["go", "run", "./tests/api/seed", "-db", db], cwd=ROOT, check=True, capture_output=True, text=True)
        keys = json.loads(seeded.stdout)
        port = free_port()
        url = f"http://localhost:{port}"
        env = dict(os.environ, API_TEST_DB=db, API_TEST_PORT=str(port), API_TEST_TOKEN=keys["admin"]["token"], API_TEST_KEY=keys["admin"]["id"],
                   SCHEMATHESIS_HOOKS="hooks", PYTHONPATH=str(HERE), PYTHONDONTWRITEBYTECODE="1",
                   API_TEST_SECRET=SECRET)
        log = pathlib.Path(folder, "collector.log")
        with log.open("w") as out:
            collector = subprocess.Popen([binary, "--config", HERE / "collector.yaml"], env=env, stdout=out, stderr=out)
        try:
            wait_until_ready(collector, url, log)
            look_for_secrets(url, keys["admin"]["token"])
            command = [program, "--config-file", HERE / "schemathesis.toml", "run", url + "/openapi.json", *OPTIONS, *sys.argv[1:]]
            code = subprocess.run(command, env=env, cwd=BUILD).returncode
            if collector.poll() is not None:
                print(f"bin/driftlock ended with {collector.returncode}", file=sys.stderr)
                code = 1
            if code:
                print(f"\nThe end of the collector's log:\n{log.read_text()[-4000:]}", file=sys.stderr)
        finally:
            collector.send_signal(signal.SIGTERM)
            try:
                collector.wait(20)
            except subprocess.TimeoutExpired:
                collector.kill()
    sys.exit(code)


if __name__ == "__main__":
    main()
