package detect

import (
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
)

// version is what is known of a service's versions: which one runs, and the deploy that brought it. It belongs to the
// sequencer.
//
// While a deploy rolls, pods of both versions report. The one that ran before does not count as new until it was away for
// the windows after which a signal counts as inactive; then it is a deploy again, a rollback.
type version struct {
	running  string
	previous string
	from     string // of the deploy; to is what runs
	at       uint64 // first record of the version that runs, ns; 0: no deploy seen
	seen     uint64 // newest window of the previous version
}

// deployWindow is for how long after a deploy anomalies of the service carry its label, and lasting changes are adopted
// sooner.
const deployWindow = 30 * time.Minute

// note tells whether this is a deploy: a version that did not run. The first version seen is none.
func (v *version) note(name string, window, timeNs, away uint64) bool {
	switch {
	case name == "":
		return false
	case v.running == "":
		v.running = name
		return false
	case name == v.running:
		if v.at != 0 {
			v.at = min(v.at, timeNs)
		}
		return false
	case name == v.previous && window <= v.seen+away:
		v.seen = max(v.seen, window)
		return false
	}
	v.from, v.previous, v.running, v.at, v.seen = v.running, v.running, name, timeNs, window
	return true
}

// deployed tells whether a window, from start to end, lies within the time after a deploy.
func (v *version) deployed(start, end uint64) bool {
	return v.at != 0 && v.at < end && start < v.at+uint64(deployWindow)
}

// label is the deploy that a window comes after, or nil.
func (v *version) label(start, end uint64) *anomaly.Deploy {
	if !v.deployed(start, end) {
		return nil
	}
	return &anomaly.Deploy{From: v.from, To: v.running, At: at(v.at)}
}
