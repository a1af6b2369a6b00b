package episode

import (
	"cmp"
	"slices"
	"sync/atomic"
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
)

// Judged is one service's window as it was judged. Hashes name services in Callers and in the call graph.
type Judged struct {
	Service    string
	Hash       uint64
	Start, End uint64 // ns since 1970
	P          float64
	Evidence   Evidence
	Callers    []uint64 // services whose calls the window's spans answered
	Adopted    bool     // a lasting change became the new normal with this window
	Alone      bool     // belongs to no system, as a series from a file
	Statement  *anomaly.Anomaly
}

// Evidence is how odd a window is, in decades (−log10 of a p-value), altogether and in parts. Time is the own time of a
// service's spans, which is not its own where spans of its callees are missing.
type Evidence struct {
	All       float64
	Own       float64 // what the service's own work shows: its time, its resources, calls it never made
	Rest      float64 // all but the time on the way to it, which its callers can bring about
	Volume    float64 // that there is less than usual
	Less      float64 // Volume, and metrics that fell
	Busy      float64 // all but Less and proportions of lines and calls, which follow who asks
	Timeless  float64 // all but Time
	Resources float64 // Own but Time
}

func (e *Evidence) most(o Evidence) {
	e.All, e.Own, e.Rest = max(e.All, o.All), max(e.Own, o.Own), max(e.Rest, o.Rest)
	e.Less, e.Busy = max(e.Less, o.Less), max(e.Busy, o.Busy)
	e.Volume, e.Timeless, e.Resources = max(e.Volume, o.Volume), max(e.Timeless, o.Timeless), max(e.Resources, o.Resources)
}

// Said is a statement with what it does not carry itself.
type Said struct {
	*anomaly.Anomaly
	Hash     uint64   // of the service
	Explains []string // services that name this one as their cause
	CauseP   float64  // p-value of the cause where it is too large to be stated by itself; else 0
}

// Config is what a tracker needs to know.
type Config struct {
	anomaly.Origin
	Window time.Duration
}

// How windows are tied together, in windows.
const (
	endAfter  = 5  // normal windows in a row that end an episode
	lostAfter = 60 // windows of the others without one of the service that end it, too
	active    = 5  // a service that was judged in as many is waited for
	together  = 5  // episodes that call one another and begin so close are one incident
	atOnce    = 1  // as much, where no spans tell who calls whom
	lookback  = 5  // windows for which a cause that is normal again still counts
)

// odd is the evidence in decades at which a service is odd enough to explain another, if something was stated of it.
const odd = 3

// Limits of what is remembered; what was used least recently goes first.
const (
	maxServices = 16384
	maxEpisodes = 4096
	maxHeld     = 1024
	maxMembers  = 64
)

// Stats counts since New. It may be read at any time.
type Stats struct {
	Episodes, Incidents uint64 // begun
	Evicted             uint64 // services, episodes, members and calls forgotten at a limit
	HeldShort           uint64 // statements made before the other services were judged, for want of room
}

// Tracker follows the services of one detector. It is not safe for concurrent use, Stats apart.
type Tracker struct {
	cfg    Config
	window uint64
	state  State

	services map[uint64]*service
	open     map[uint64]*episode
	stats    struct{ episodes, incidents, evicted, heldShort atomic.Uint64 }
	out      []Said
}

// service is what is remembered of a service.
type service struct {
	Name   string
	Hash   uint64
	Last   uint64 // start of the newest judged window
	Run    run
	Calls  []edge // to other services
	Called bool   // by another service
}

// run is a row of odd windows, stated or not, with gaps shorter than what ends an episode.
type run struct {
	Since, Last uint64   // starts of the first and the newest of them
	Most        Evidence // of each part
}

// New makes a tracker.
func New(cfg Config) *Tracker {
	t := &Tracker{cfg: cfg, window: uint64(max(cfg.Window, 1))}
	_ = t.index() // nothing is not damaged
	return t
}

// Stats returns the counters.
func (t *Tracker) Stats() Stats {
	return Stats{t.stats.episodes.Load(), t.stats.incidents.Load(), t.stats.evicted.Load(), t.stats.heldShort.Load()}
}

// Take takes windows in the order in which they were judged and returns what may be said now, which is valid until the
// next call. A statement waits until the other services have judged the same window or one of them the next, so that
// all that a window shows can be seen together.
func (t *Tracker) Take(j *Judged) []Said {
	t.out = t.out[:0]
	t.hear(j)
	if j.Start > t.state.Newest {
		t.advance(j.Start)
	} else if j.Start == t.state.Newest {
		t.state.AtNewest++
	}
	if j.Statement != nil {
		t.hold(j)
	}
	t.release(t.state.Newest)
	if j.Statement == nil {
		t.normal(j)
	}
	if t.state.AtNewest >= t.state.Expected {
		t.release(t.state.Newest + 1)
	}
	return t.out
}

// Release returns all that is held back, as at the end of the data.
func (t *Tracker) Release() []Said {
	t.out = t.out[:0]
	t.release(^uint64(0))
	return t.out
}

// hear remembers a window and who called.
func (t *Tracker) hear(j *Judged) {
	s := t.service(j.Hash, j.Service)
	if s.Last < j.Start {
		s.Last = j.Start
		if j.Evidence.All >= odd {
			if s.Run.Last+endAfter*t.window < j.Start {
				s.Run = run{Since: j.Start}
			}
			s.Run.Last = j.Start
			s.Run.Most.most(j.Evidence)
		}
	}
	for _, caller := range j.Callers {
		if caller != j.Hash {
			s.Called = true
			t.calls(caller, j.Hash, j.Start)
		}
	}
}

func (t *Tracker) service(hash uint64, name string) *service {
	s := t.services[hash]
	if s == nil {
		if len(t.services) >= maxServices {
			t.forgetService()
		}
		s = &service{Hash: hash}
		t.services[hash] = s
		t.state.Services = append(t.state.Services, s)
	}
	if name != "" {
		s.Name = name
	}
	return s
}

// forgetService makes room: the service judged longest ago goes, of equals the one known longest.
func (t *Tracker) forgetService() {
	at := first(t.state.Services, func(s *service) uint64 { return s.Last })
	delete(t.services, t.state.Services[at].Hash)
	t.state.Services = slices.Delete(t.state.Services, at, at+1)
	t.stats.evicted.Add(1)
}

// first is the place of the smallest, of equals the one that stands first.
func first[T any](list []T, time func(T) uint64) int {
	at := 0
	for i := range list {
		if time(list[i]) < time(list[at]) {
			at = i
		}
	}
	return at
}

// advance moves on to a window that no service was judged in before.
func (t *Tracker) advance(start uint64) {
	t.state.Newest, t.state.AtNewest, t.state.Expected = start, 1, 0
	for _, s := range t.state.Services {
		if s.Last+active*t.window >= start {
			t.state.Expected++
		}
	}
	for i := 0; i < len(t.state.Episodes); i++ {
		if e := t.state.Episodes[i]; e.Judged+lostAfter*t.window < start && !t.holding(e.Hash) {
			t.end(e, lost, e.Judged+t.window, 1)
			i--
		}
	}
}

// held is a statement that waits for the other services.
type held struct {
	Judged *Judged
	Order  uint64
}

func (t *Tracker) hold(j *Judged) {
	if len(t.state.Held) >= maxHeld {
		t.stats.heldShort.Add(uint64(len(t.state.Held)))
		t.release(^uint64(0))
	}
	t.state.Order++
	t.state.Held = append(t.state.Held, held{j, t.state.Order})
}

func (t *Tracker) holding(hash uint64) bool {
	return slices.ContainsFunc(t.state.Held, func(h held) bool { return h.Judged.Hash == hash })
}

// release says what is held of windows that start before the given time, window by window.
func (t *Tracker) release(before uint64) {
	if len(t.state.Held) == 0 {
		return
	}
	slices.SortFunc(t.state.Held, func(a, b held) int {
		return cmp.Or(cmp.Compare(a.Judged.Start, b.Judged.Start), cmp.Compare(a.Order, b.Order))
	})
	all := t.state.Held
	n := 0
	for n < len(all) && all[n].Judged.Start < before {
		m := n
		for m < len(all) && all[m].Judged.Start == all[n].Judged.Start {
			m++
		}
		t.state.Held = all[m:] // what is judged below sees only what waits still
		t.stateWindow(all[n:m])
		n = m
	}
	kept := slices.Clone(all[n:])
	t.state.Held = kept
}

// stateWindow states one window of all its odd services.
func (t *Tracker) stateWindow(group []held) {
	episodes := make([]*episode, len(group))
	for i := range group {
		episodes[i] = t.continued(group[i].Judged)
	}
	causes := make([]*service, len(group))
	for i := range group { // all before any is noted, so that their order says nothing
		causes[i] = t.cause(episodes[i], group[i].Judged.Start)
	}
	for i, c := range causes {
		e := episodes[i]
		if e.Cause, e.CauseHash = "", 0; c != nil {
			e.Cause, e.CauseHash = c.Name, c.Hash
		}
		t.remember(e)
	}
	for i := range group {
		t.say(episodes[i], group[i].Judged)
	}
}
