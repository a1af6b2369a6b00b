package detect

import "github.com/driftlock/driftlock/internal/cbad"

// verdict is what the streams of a service said about one window.
type verdict struct {
	window  uint64
	present [signals]bool
	signals [signals]signalVerdict
}

type signalVerdict struct {
	cbad.Verdict
	window   cbad.Window // as it was closed
	unscored uint64
	callers  []uint64 // services whose calls the spans answered
	evidence []byte
	items    []byte
	basis    []byte // of the channels; the memory is reused
}

// verdict finds or makes the verdict of a window. Judged ones are reused: their slices are worth keeping.
func (m *models) verdict(window uint64) *verdict {
	for _, v := range m.verdicts {
		if v.window == window {
			return v
		}
	}
	v := m.spare
	m.spare = nil
	if v == nil {
		v = &verdict{}
	}
	v.window, v.present = window, [signals]bool{}
	m.verdicts = append(m.verdicts, v)
	return v
}

// adopted tells whether a lasting change of a stream became the new normal with this window.
func (v *verdict) adopted() bool {
	for s := range signals {
		if v.present[s] && v.signals[s].Adopted {
			return true
		}
	}
	return false
}

func (v *verdict) take(s signal) *signalVerdict {
	v.present[s] = true
	sv := &v.signals[s]
	sv.evidence, sv.items, sv.callers = nil, nil, nil
	return sv
}

// remove takes a verdict out to be judged, or returns nil.
func (m *models) remove(window uint64) *verdict {
	for i, v := range m.verdicts {
		if v.window == window {
			m.verdicts = append(m.verdicts[:i], m.verdicts[i+1:]...)
			return v
		}
	}
	return nil
}

// strongest is the signal of the smallest channel p.
func (v *verdict) strongest() (signal, cbad.Channel) {
	best, at := cbad.Channel{P: 2, PFloor: 1}, signals
	for s := range signals {
		if !v.present[s] {
			continue
		}
		if at == signals {
			at = s
		}
		for _, c := range v.signals[s].Channels {
			if c.P < best.P {
				best, at = c, s
			}
		}
	}
	return at, best
}
