package episode

import (
	"cmp"
	"slices"

	"github.com/driftlock/driftlock/internal/anomaly"
)

// incident is a set of episodes that belong together, of which one is open at least.
type incident struct {
	ID      string
	Started uint64
	Members []member
}

type member struct {
	Service string
	Hash    uint64
	Started uint64
	Decades float64
	Cause   string
	Open    bool
}

// join puts a new episode into the incidents it is connected with, which thereby become one, or into one of its own.
func (t *Tracker) join(e *episode) {
	m := member{Service: e.Service, Hash: e.Hash, Started: e.Started, Decades: e.Decades, Open: true}
	var found []*incident
	if !e.Alone {
		for _, in := range t.state.Incidents {
			if slices.ContainsFunc(in.Members, func(o member) bool { return o.Open && t.belongs(e, o) }) {
				found = append(found, in)
			}
		}
	}
	if len(found) == 0 {
		in := &incident{
			ID: anomaly.NewID(t.cfg.ComponentID, e.Service, "incident", at(e.Started), t.cfg.ConfigHash), Started: e.Started, Members: []member{m},
		}
		t.state.Incidents = append(t.state.Incidents, in)
		t.stats.incidents.Add(1)
		e.Incident = in.ID
		return
	}
	into := slices.MinFunc(found, func(a, b *incident) int { return cmp.Or(cmp.Compare(a.Started, b.Started), cmp.Compare(a.ID, b.ID)) })
	for _, in := range found {
		if in == into {
			continue
		}
		into.Members = append(into.Members, in.Members...)
		for _, o := range t.state.Episodes {
			if o.Incident == in.ID {
				o.Incident = into.ID
			}
		}
		t.state.Incidents = slices.DeleteFunc(t.state.Incidents, func(o *incident) bool { return o == in })
	}
	into.Members = append(into.Members, m)
	for len(into.Members) > maxMembers { // those that are over go first
		at := max(0, slices.IndexFunc(into.Members, func(o member) bool { return !o.Open }))
		into.Members = slices.Delete(into.Members, at, at+1)
		t.stats.evicted.Add(1)
	}
	e.Incident = into.ID
}

// belongs tells whether a new episode and a member of an incident have to do with each other.
func (t *Tracker) belongs(e *episode, m member) bool {
	return e.Hash != m.Hash && t.Connected(e.Hash, e.Started, m.Hash, m.Started)
}

// Connected tells whether what begins at two times on two services, or on one, may be one thing.
func (t *Tracker) Connected(a uint64, aStart uint64, b uint64, bStart uint64) bool {
	gap := max(aStart, bStart) - min(aStart, bStart)
	return gap <= together*t.window && t.near(a, b, gap)
}

// Inside tells whether a window of a service, if it is odd, may be part of an episode that is open.
func (t *Tracker) Inside(service, start uint64) bool {
	return slices.ContainsFunc(t.state.Episodes, func(e *episode) bool {
		return !e.Alone && start >= e.Started && t.near(service, e.Hash, start-e.Started)
	})
}

// near tells whether two services have to do with each other: by calls, or by time alone where spans do not show any.
func (t *Tracker) near(a, b, gap uint64) bool {
	if a == b {
		return true
	}
	if t.inGraph(a) && t.inGraph(b) {
		return t.related(a, b)
	}
	return gap <= atOnce*t.window
}

func (t *Tracker) incident(id string) *incident {
	if i := slices.IndexFunc(t.state.Incidents, func(in *incident) bool { return in.ID == id }); i >= 0 {
		return t.state.Incidents[i]
	}
	return nil
}

// remember brings a member up to date.
func (t *Tracker) remember(e *episode) {
	in := t.incident(e.Incident)
	if in == nil {
		return
	}
	for i := range in.Members {
		if m := &in.Members[i]; m.Open && m.Hash == e.Hash {
			m.Decades, m.Cause = e.Decades, e.Cause
		}
	}
}

// leave marks a member as over; the last one ends the incident.
func (t *Tracker) leave(e *episode) {
	in := t.incident(e.Incident)
	if in == nil {
		return
	}
	open := 0
	for i := range in.Members {
		m := &in.Members[i]
		if m.Hash == e.Hash {
			m.Open = false
		}
		if m.Open {
			open++
		}
	}
	if open == 0 {
		t.state.Incidents = slices.DeleteFunc(t.state.Incidents, func(o *incident) bool { return o == in })
	}
}

// named lists an incident's services, the likeliest cause first: those that explain most of the others, then those that
// nothing explains, then the rest, each by its evidence.
func (t *Tracker) named(id string) []string {
	in := t.incident(id)
	if in == nil {
		return nil
	}
	type rank struct {
		name     string
		explains int
		root     bool
		decades  float64
	}
	var all []*rank
	find := func(name string) *rank {
		for _, r := range all {
			if r.name == name {
				return r
			}
		}
		r := &rank{name: name, root: true}
		all = append(all, r)
		return r
	}
	for _, m := range in.Members {
		r := find(m.Service)
		r.decades = max(r.decades, m.Decades)
		if m.Cause != "" {
			r.root = false
			find(m.Cause).explains++
		}
	}
	slices.SortFunc(all, func(a, b *rank) int {
		first := func(r *rank) int {
			if r.root {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(first(a), first(b)), cmp.Compare(b.explains, a.explains), cmp.Compare(b.decades, a.decades), cmp.Compare(a.name, b.name))
	})
	names := make([]string, 0, len(all))
	for _, r := range all {
		names = append(names, r.name)
	}
	return names
}

// explainedBy lists the services of the incident that name this one as their cause.
func (t *Tracker) explainedBy(e *episode) (names []string) {
	if in := t.incident(e.Incident); in != nil {
		for _, m := range in.Members {
			if m.Cause == e.Service && !slices.Contains(names, m.Service) {
				names = append(names, m.Service)
			}
		}
	}
	slices.Sort(names)
	return names
}
