package detect

import "github.com/driftlock/driftlock/internal/cbad"

// silenceState is what a snapshot keeps of the search for silent streams.
type silenceState struct {
	Swept   uint64
	Said    bool
	Signals [signals]gapState
}

type gapState struct {
	Past              cbad.Gaps
	Run, Since, Ended uint64
}

func (q *silence) save() silenceState {
	s := silenceState{Swept: q.swept, Said: q.said}
	for sig := range q.signals {
		g := &q.signals[sig]
		s.Signals[sig] = gapState{Past: g.past, Run: g.run, Since: g.since, Ended: g.ended}
	}
	return s
}

func (q *silence) load(s *silenceState) {
	q.swept, q.said, q.moved = s.Swept, s.Said, q.d.wall()
	for sig := range q.signals {
		g := &s.Signals[sig]
		q.signals[sig] = signalGap{past: g.Past, run: g.Run, since: g.Since, ended: g.Ended}
	}
}
