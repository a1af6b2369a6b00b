package detect

import "github.com/driftlock/driftlock/internal/cbad"

// perSpan has the core judge how many log records the window had for the spans that the service had in it, and adds what is odd
// to what the logs said. It takes both signals, so it comes when both have closed the window.
func (m *models) perSpan(v *verdict) {
	if !v.present[logs] || !v.present[traces] || m.streams[logs].model == nil {
		return
	}
	l, t, st := &v.signals[logs], &v.signals[traces], m.streams[logs].model
	w := l.window
	w.Incomplete = w.Incomplete || t.window.Incomplete
	w.InstanceChanged = w.InstanceChanged || t.window.InstanceChanged
	w.Partial = w.Partial || t.window.Partial
	w.Deployed = w.Deployed || t.window.Deployed
	counted := 0.0
	for _, sv := range []*signalVerdict{l, t} {
		for _, c := range sv.Channels {
			if c.Kind == cbad.LogCount || c.Kind == cbad.TraceCount {
				counted += c.Statistic
			}
		}
	}
	now := &m.beside
	if err := st.PerSpan(w, l.Records, t.Records, counted, now); err != nil {
		m.refused(logs, "judge records beside spans", err)
		return
	}
	if now.Adopted && !l.Adopted {
		l.Adopted = true
		m.d.counters.signals[logs].adopted.Add(1)
	}
	if len(now.Channels) == 0 {
		return
	}
	basis, err := st.Basis(nil)
	if err != nil {
		m.refused(logs, "fetch basis", err)
		return
	}
	items, err := st.Items()
	if err != nil {
		m.refused(logs, "fetch items", err)
		return
	}
	l.basis, l.items = joinLists(l.basis, basis), joinLists(l.items, items)
	l.Channels = append(l.Channels, now.Channels...)
	l.Bits += now.Bits
	n := float64(len(l.Channels))
	l.P = min(l.P, n*now.P, 1)
	l.PFloor = min(l.PFloor, n*now.PFloor, 1)
}

// joinLists makes one JSON array of two as the core writes them.
func joinLists(a, b []byte) []byte {
	const empty = len("[]")
	if len(a) <= empty {
		return append(a[:0], b...)
	}
	if len(b) <= empty {
		return a
	}
	return append(append(a[:len(a)-1], ','), b[1:]...)
}
