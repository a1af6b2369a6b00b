package detect

import "github.com/driftlock/driftlock/internal/cbad"

// warmth is how far a stream's warm-up is, as its newest verdict said.
type warmth struct {
	Seen, Needed uint32 // windows; Needed is of the last verdict before it was ready, later ones do not say
	Ready        bool
	PFloor       float64 // what its past alone supports
}

func (w *warmth) take(v *cbad.Verdict) {
	w.Ready, w.Seen, w.PFloor = v.Ready, v.WarmupSeen, v.PFloor
	if !v.Ready {
		w.Needed = v.WarmupNeeded
	}
}

// state is the stream's, as window items say it.
func (w *warmth) state() string {
	switch {
	case w.Ready:
		return "ready"
	case w.Seen == 0:
		return "new"
	}
	return "warming"
}
