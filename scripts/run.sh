#!/usr/bin/env bash
# Starts a collector on this machine and shows it an incident.
# usage: scripts/run.sh          two hours of a small shop's telemetry, the last ten minutes with
#                                an incident, then light live traffic until Ctrl-C
#        LIVE=0 scripts/run.sh   the collector alone, with the state of its last run
set -euo pipefail
cd "$(dirname "$0")/.."

api=http://localhost:8080
log=data/driftlock.log
collector='' synthetic=''

# Stops what was started here, by its id, the traffic first. A second Ctrl-C is not needed:
# the collector ends by itself within seconds.
stop() {
  trap '' INT TERM
  for pid in $synthetic $collector; do
    kill -TERM "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  synthetic='' collector=''
}
trap 'echo; echo "stopping"; stop; exit 0' INT TERM
trap stop EXIT

# http PATH: the body of a GET, without needing curl; fails unless the status is 200.
http() {
  local status line
  exec 3<>"/dev/tcp/localhost/8080" || return 1
  printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$1" >&3
  read -r _ status _ <&3
  while IFS= read -r line <&3 && [ "$line" != $'\r' ]; do :; done
  cat <&3
  exec 3>&-
  [ "$status" = 200 ]
}

# await SECONDS WHAT COMMAND...: waits until the command succeeds, as long as the collector lives.
await() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until ("$@") >/dev/null 2>&1; do
    if ! kill -0 "$collector" 2>/dev/null; then
      printf 'the collector stopped; the end of %s:\n' "$log" >&2
      tail -n 15 "$log" >&2
      exit 1
    fi
    if [ "$SECONDS" -ge "$end" ]; then
      printf 'waited in vain for %s; %s may say why\n' "$what" "$log" >&2
      return 1
    fi
    sleep 0.2
  done
}

has_anomaly() { http '/v1/anomalies?service=checkout&limit=1' | grep -q '"id"'; }

scripts/preflight.sh build
scripts/preflight.sh ports
binaries=(bin/driftlock)
[ "${LIVE:-1}" = 0 ] || binaries+=(bin/synthetic)
make --no-print-directory "${binaries[@]}"

mkdir -p data
# The generated two hours begin anew, so must what was learnt of them: to the last run's state they would all be late.
[ "${LIVE:-1}" = 0 ] || rm -rf data/state
export HOSTNAME # bash knows it but keeps it to itself; the configuration names this machine by it
bin/driftlock --config config/local.yaml >"$log" 2>&1 &
collector=$!
await 30 "$api/readyz" http /readyz || exit 1

cat <<TEXT

Driftlock runs (its log: $log).
  OTLP      localhost:4317 (gRPC), localhost:4318 (HTTP)
  API       $api
  health    http://localhost:13133
TEXT

if [ "${LIVE:-1}" != 0 ]; then
  printf '\nSending two hours of a shop of services; checkout fails in the last ten minutes.\n'
  bin/synthetic --endpoint localhost:4317 --rate 10 --history 2h --incident errors@checkout --incident-last 10m &
  synthetic=$!
  wait "$synthetic" || { echo "bin/synthetic failed: the lines above say why" >&2; exit 1; }
  await 60 'an anomaly of checkout' has_anomaly || true
  # The rate of the history: another one would be an anomaly of its own.
  bin/synthetic --endpoint localhost:4317 --live --rate 10 --quiet >>data/synthetic.log 2>&1 &
  synthetic=$!
  printf '\nLight live traffic goes on (its log: data/synthetic.log).\n'
fi

cat <<TEXT

Look at
  $api/v1/anomalies
  $api/v1/streams
  curl -s '$api/v1/anomalies?service=checkout&limit=1' | python3 -m json.tool

Ctrl-C stops everything.
TEXT

# Whichever ends first: the traffic may, the collector must not.
wait "$collector" || { status=$?; tail -n 15 "$log" >&2; exit "$status"; }
