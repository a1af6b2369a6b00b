package detect

// silenceState is what a snapshot keeps of the search for silent streams.
type silenceState struct {
	Swept   uint64
	Said    bool
	Signals [signals]gapState
}

type gapState struct {
	Past              pastGaps
	Run, Since, Ended uint64
}

type pastGaps struct{ Windows, Begun, Continued, Ended float64 }

func (q *silence) save() silenceState {
	s := silenceState{Swept: q.swept, Said: q.said}
	for sig := range q.signals {
		g := &q.signals[sig]
		s.Signals[sig] = gapState{
			Past: pastGaps{g.past.windows, g.past.begun, g.past.continued, g.past.ended}, Run: g.run, Since: g.since, Ended: g.ended,
		}
	}
	return s
}

func (q *silence) load(s *silenceState) {
	q.swept, q.said, q.moved = s.Swept, s.Said, q.d.wall()
	for sig := range q.signals {
		g := &s.Signals[sig]
		q.signals[sig] = signalGap{
			past: gaps{g.Past.Windows, g.Past.Begun, g.Past.Continued, g.Past.Ended}, run: g.Run, since: g.Since, ended: g.Ended,
		}
	}
}
