package detect

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/driftlock/driftlock/internal/canonical"
)

// sequencerState is what a snapshot keeps of the sequencer; spans and names have records of their own.
// state_test.go compares these types with those they stand for: a new field must be kept here, or listed there as no state.
type sequencerState struct {
	NewestSeen uint64
	Made       uint64 // services so far
	Services   []serviceState
	// The least recently used order: services' hashes, the most recently used first.
	Probation, Protected []uint64
	Hours                map[int64]int // of the budget
	NewestHour           int64
	Silence              silenceState
	LendingDue           uint64
}

type serviceState struct {
	Name     string
	Hash     uint64
	Index    uint64
	Resource canonical.Resource
	Rows     bool
	Signals  [signals]streamState
	Judged   uint64
	Waiting  []uint64
	Changes  changesState
	Version  versionState
	Hour     int64
	Windows  int
}

type streamState struct {
	Seen     bool
	Newest   uint64
	Last     uint64
	Closed   uint64
	Open     []windowState
	Late     uint64
	Present  uint64
	Lag      uint64
	Ended    bool
	Idle     bool
	Replicas []replicaState
}

// windowState is an open window; the spans that it holds are part of the service's record.
type windowState struct {
	Start      uint64
	Records    uint64
	Unscored   uint64
	Incomplete bool
	Pending    uint64
}

type changesState struct{ Newest, Bits uint64 }

type versionState struct {
	Running, Previous, From string
	At, Seen                uint64
}

type replicaState struct{ Hash, Seen uint64 }

// saveSequencer copies the sequencer's state. Under the sequencer's mutex.
func (d *Detector) saveSequencer() sequencerState {
	s := sequencerState{
		NewestSeen: d.newestSeen, Made: d.registry.made, NewestHour: d.budget.newest,
		Services:  make([]serviceState, 0, len(d.registry.services)),
		Probation: d.registry.probation.hashes(), Protected: d.registry.protected.hashes(),
		Hours: make(map[int64]int, len(d.budget.hours)), Silence: d.silence.save(), LendingDue: d.lending.due,
	}
	for hour, n := range d.budget.hours {
		s.Hours[hour] = n
	}
	for _, v := range d.registry.services {
		s.Services = append(s.Services, v.save())
	}
	slices.SortFunc(s.Services, func(a, b serviceState) int { return cmp.Compare(a.Index, b.Index) })
	return s
}

func (s *service) save() serviceState {
	out := serviceState{
		Name: s.name, Hash: s.hash, Index: s.index, Resource: *s.resource, Rows: s.rows,
		Judged: s.judged, Waiting: slices.Clone(s.waiting), Changes: changesState{s.changes.newest, s.changes.bits}, Hour: s.hour, Windows: s.windows,
	}
	out.Version = versionState{s.version.running, s.version.previous, s.version.from, s.version.at, s.version.seen}
	for sig := range s.signals {
		out.Signals[sig] = s.signals[sig].save()
	}
	return out
}

func (s *stream) save() streamState {
	out := streamState{
		Seen: s.seen, Newest: s.newest, Last: s.last, Closed: s.closed, Late: s.late, Present: s.present, Lag: s.lag, Ended: s.ended, Idle: s.idle,
	}
	for i := range s.open {
		w := &s.open[i]
		out.Open = append(out.Open, windowState{
			Start: w.start, Records: w.records, Unscored: w.unscored, Incomplete: w.incomplete, Pending: w.pending,
		})
	}
	for i := range s.replicas.used {
		out.Replicas = append(out.Replicas, replicaState{s.replicas.hashes[i], s.replicas.seen[i]})
	}
	return out
}

func (s *segment) hashes() []uint64 {
	var out []uint64
	for v := s.front; v != nil; v = v.next {
		out = append(out, v.hash)
	}
	return out
}

// loadSequencer fills an empty sequencer. An error leaves it empty.
func (d *Detector) loadSequencer(s *sequencerState) error {
	r := newRegistry()
	r.made = s.Made
	for i := range s.Services {
		v, err := d.loadService(&s.Services[i])
		if err != nil {
			return fmt.Errorf("service %q: %w", s.Services[i].Name, err)
		}
		if r.services[v.hash] != nil || v.index >= s.Made {
			return fmt.Errorf("service %q is there twice", v.name)
		}
		r.services[v.hash] = v
		r.streams += v.streamCount()
	}
	listed := 0
	for _, from := range []struct {
		segment *segment
		hashes  []uint64
	}{{&r.probation, s.Probation}, {&r.protected, s.Protected}} {
		for _, hash := range slices.Backward(from.hashes) {
			v := r.services[hash]
			if v == nil || v.segment != nil {
				return fmt.Errorf("the order of use lists %x, which is not a service or listed twice", hash)
			}
			from.segment.push(v)
			listed++
		}
	}
	if listed != len(r.services) {
		return fmt.Errorf("the order of use lists %d services of %d", listed, len(r.services))
	}
	pending := uint64(0)
	for _, v := range r.services {
		for i := range v.signals {
			for j := range v.signals[i].open {
				pending += v.signals[i].open[j].pending
			}
		}
	}
	d.registry, d.pending, d.newestSeen = r, pending, s.NewestSeen
	d.budget.newest = s.NewestHour
	d.silence.load(&s.Silence)
	d.lending.due = s.LendingDue
	for hour, n := range s.Hours {
		d.budget.hours[hour] = n
	}
	return nil
}

func (d *Detector) loadService(s *serviceState) (*service, error) {
	res := s.Resource
	v := &service{
		name: s.Name, hash: s.Hash, index: s.Index, resource: &res, rows: s.Rows,
		judged: s.Judged, waiting: s.Waiting, changes: changes{s.Changes.Newest, s.Changes.Bits}, hour: s.Hour, windows: s.Windows,
	}
	v.version = version{running: s.Version.Running, previous: s.Version.Previous, from: s.Version.From, at: s.Version.At, seen: s.Version.Seen}
	if s.Hash != res.ServiceHash || !rising(s.Waiting) {
		return nil, fmt.Errorf("its windows are not in order, or its resource is another's")
	}
	for sig := range s.Signals {
		if err := d.loadStream(&v.signals[sig], &s.Signals[sig]); err != nil {
			return nil, fmt.Errorf("%s: %w", signalNames[sig], err)
		}
	}
	v.worker = d.workers[v.hash%uint64(len(d.workers))]
	v.models = newModels(d, v)
	return v, nil
}

func (d *Detector) loadStream(into *stream, s *streamState) error {
	*into = stream{
		seen: s.Seen, newest: s.Newest, last: s.Last, closed: s.Closed, late: s.Late, present: s.Present, lag: s.Lag, ended: s.Ended, idle: s.Idle,
		arrival: d.wall(), // the wall clock begins anew
	}
	for i := range s.Open {
		w := &s.Open[i]
		if w.Start%d.duration != 0 || w.Start > maxTime || w.Start < s.Closed || (i > 0 && w.Start <= s.Open[i-1].Start) {
			return fmt.Errorf("window %d cannot be open", w.Start)
		}
		into.open = append(into.open, openWindow{
			start: w.Start, records: w.Records, unscored: w.Unscored, incomplete: w.Incomplete, pending: w.Pending,
		})
	}
	if len(s.Replicas) > maxReplicas {
		return fmt.Errorf("%d replicas, at most %d are remembered", len(s.Replicas), maxReplicas)
	}
	into.replicas.used = len(s.Replicas)
	for i, r := range s.Replicas {
		into.replicas.hashes[i], into.replicas.seen[i] = r.Hash, r.Seen
	}
	return nil
}

func rising(times []uint64) bool {
	for i := 1; i < len(times); i++ {
		if times[i] <= times[i-1] {
			return false
		}
	}
	return true
}
