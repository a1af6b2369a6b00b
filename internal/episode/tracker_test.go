package episode

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
)

const minute = uint64(time.Minute)

func newTracker() *Tracker {
	return New(Config{Origin: anomaly.Origin{ComponentID: "driftlockcbad", ConfigHash: "hash"}, Window: time.Minute})
}

// epoch is some minute.
const epoch = 1_700_000_040 * uint64(time.Second)

// judge makes a window; p above 1e-3 is normal. The evidence is all of the kind that can come from below.
func judge(service string, window int, p float64, callers ...string) *Judged {
	start := epoch + uint64(window)*minute
	d := max(0, -math.Log10(p))
	j := &Judged{Service: service, Hash: hash(service), Start: start, End: start + minute, P: p, Evidence: Evidence{All: d, Rest: d, Timeless: d, Busy: d}}
	for _, c := range callers {
		j.Callers = append(j.Callers, hash(c))
	}
	if p <= 1e-3 {
		j.Statement = &anomaly.Anomaly{
			ID: anomaly.NewID("driftlockcbad", service, "logs", at(start), "hash"), Timestamp: at(start + minute), WindowStart: at(start),
			Service: service, StreamType: anomaly.Logs, Kind: anomaly.KindAnomaly, PValue: p, Level: 1e-3,
		}
	}
	return j
}

func hash(name string) (h uint64) {
	for _, c := range name {
		h = h*31 + uint64(c)
	}
	return h + 1
}

// story runs windows through a tracker and says in short what came out: service, window, revision, and what there is to it.
type story struct {
	t        *testing.T
	said     []string
	all      []*anomaly.Anomaly
	explains [][]string
	track    *Tracker
}

func tell(t *testing.T, js ...*Judged) *story {
	t.Helper()
	s := &story{t: t, track: newTracker()}
	s.more(js...)
	return s
}

func (s *story) more(js ...*Judged) {
	for _, j := range js {
		s.hear(s.track.Take(j))
	}
}

func (s *story) release() *story {
	s.hear(s.track.Release())
	return s
}

func (s *story) hear(list []Said) {
	for _, a := range list {
		e := a.Episode
		text := fmt.Sprintf("%s %d r%d w%d", a.Service, (uint64(a.WindowStart.UnixNano())-epoch)/minute, e.Revision, e.Windows)
		if e.Ended != nil {
			text += fmt.Sprintf(" ended %d", (uint64(e.Ended.UnixNano())-epoch)/minute)
		}
		if a.Cause != "" {
			text += " by " + a.Cause
		}
		s.said = append(s.said, text)
		s.all = append(s.all, a.Anomaly)
		s.explains = append(s.explains, a.Explains)
	}
}

func TestConsecutiveWindowsAreOneEpisode(t *testing.T) {
	t.Parallel()
	var js []*Judged
	for w, p := range []float64{.5, 1e-4, 1e-6, .5, .5, .5, .5, 1e-5, .5, .5, .5, .5, .5, .5, 1e-4, .5} {
		js = append(js, judge("pay", w, p))
	}
	s := tell(t, js...).release()
	assert.Equal(t, []string{
		"pay 1 r1 w1", "pay 2 r2 w2", "pay 7 r3 w3", "pay 12 r4 w3 ended 8", "pay 14 r1 w1",
	}, s.said, "four normal windows do not end it, five do, once")
	first := s.all[0]
	for _, a := range s.all[:4] {
		assert.Equal(t, first.ID, a.Episode.ID, "the id of the first statement")
		assert.Equal(t, first.WindowStart, a.Episode.Started)
		assert.Equal(t, first.IncidentID, a.IncidentID)
		assert.Equal(t, []string{"pay"}, a.IncidentServices)
	}
	assert.NotEqual(t, first.Episode.ID, s.all[4].Episode.ID)
	assert.NotEqual(t, first.IncidentID, s.all[4].IncidentID)
	assert.Equal(t, 1e-6, s.all[2].Episode.PeakP)
	assert.Equal(t, at(epoch+2*minute), s.all[2].Episode.Peak)
	over := s.all[3]
	assert.Equal(t, .5, over.PValue, "the window that showed it is normal")
	assert.Equal(t, at(epoch+12*minute), over.WindowStart)
	assert.Contains(t, over.Explanation, "pay: back to normal since 22:22:00 UTC; 3 windows from 22:15:00 UTC on were unusual.")
	_, err := over.ToLogs()
	require.NoError(t, err)
	st := s.track.Stats()
	assert.EqualValues(t, 2, st.Episodes)
	assert.EqualValues(t, 2, st.Incidents)
}

func TestALastingChangeEndsWhenItIsAdopted(t *testing.T) {
	t.Parallel()
	js := []*Judged{judge("pay", 0, 1e-9), judge("pay", 1, 1e-9), judge("pay", 2, .5), judge("pay", 3, .5)}
	js[1].Adopted = true
	s := tell(t, js...)
	assert.Equal(t, []string{"pay 0 r1 w1", "pay 1 r2 w2", "pay 2 r3 w2 ended 2"}, s.said)
	assert.Contains(t, s.all[2].Explanation, "is its new normal")
}

func TestAServiceThatIsHeardOfNoMoreEndsItsEpisode(t *testing.T) {
	t.Parallel()
	s := tell(t, judge("pay", 0, 1e-9), judge("shop", 0, .5))
	for w := 1; w < 70; w++ {
		s.more(judge("shop", w, .5))
	}
	assert.Equal(t, []string{"pay 0 r1 w1", "pay 1 r2 w1 ended 1"}, s.said)
	assert.Contains(t, s.all[1].Explanation, "nothing more has come from it")

	alone := tell(t, judge("pay", 0, 1e-9), judge("pay", 100, 1e-9)).release()
	assert.Equal(t, []string{"pay 0 r1 w1", "pay 1 r2 w1 ended 1", "pay 100 r1 w1"}, alone.said)
}

// A statement waits for the others, but for one window at most.
func TestStatementsWaitForTheOthers(t *testing.T) {
	t.Parallel()
	s := tell(t, judge("a", 0, .5), judge("b", 0, .5), judge("a", 1, 1e-4))
	assert.Empty(t, s.said, "b has not judged the window")
	s.more(judge("b", 1, 1e-5))
	assert.Equal(t, []string{"a 1 r1 w1", "b 1 r1 w1"}, s.said)
	s.more(judge("a", 2, 1e-4))
	assert.Len(t, s.said, 2)
	s.more(judge("a", 3, .5))
	assert.Len(t, s.said, 3, "b is behind: its window is not waited for longer")
	s.more(judge("b", 2, 1e-4))
	assert.Equal(t, "b 2 r2 w2", s.said[3], "what comes late goes at once")
	s.more(judge("b", 9, .5), judge("b", 10, 1e-6))
	assert.Equal(t, "b 10 r3 w3", s.said[len(s.said)-1], "a is not active any more; windows without data are not normal ones")
}

// The shop's calls: gateway → checkout → payment; a batch job without spans; mail is called by nobody here.
func calls(window int) []*Judged {
	return []*Judged{judge("gateway", window, .5), judge("checkout", window, .5, "gateway"), judge("payment", window, .5, "checkout"), judge("batch", window, .5)}
}

func TestVictimsNameTheirCause(t *testing.T) {
	t.Parallel()
	s := tell(t, calls(0)...)
	s.more(judge("gateway", 1, 1e-5), judge("checkout", 1, 1e-8, "gateway"), judge("payment", 1, 1e-9, "checkout"), judge("batch", 1, .5))
	assert.Equal(t, []string{"gateway 1 r1 w1 by payment", "checkout 1 r1 w1 by payment", "payment 1 r1 w1"}, s.said, "the lowest, also through others")
	for _, a := range s.all {
		assert.Equal(t, s.all[0].IncidentID, a.IncidentID)
		assert.Equal(t, []string{"payment", "checkout", "gateway"}, a.IncidentServices, "the cause first, then by evidence")
	}
	assert.Equal(t, [][]string{nil, nil, {"checkout", "gateway"}}, s.explains)
	s.more(judge("gateway", 2, .5), judge("checkout", 2, 1e-8, "gateway"), judge("payment", 2, .5, "checkout"), judge("batch", 2, .5))
	assert.Equal(t, "checkout 2 r2 w2 by payment", s.said[3], "also when the cause recovers first")
}

func TestWhatExplainsAndWhatDoesNot(t *testing.T) {
	t.Parallel()
	said := func(change func(checkout, payment *Judged)) string {
		checkout, payment := judge("checkout", 1, 1e-8, "gateway"), judge("payment", 1, 1e-9, "checkout")
		change(checkout, payment)
		s := tell(t, calls(0)...)
		s.more(judge("gateway", 1, .5), checkout, payment, judge("batch", 1, .5))
		s.release()
		return strings.Join(s.said, ", ")
	}
	both := "checkout 1 r1 w1, payment 1 r1 w1"
	assert.Equal(t, "checkout 1 r1 w1 by payment, payment 1 r1 w1", said(func(_, _ *Judged) {}))
	assert.Equal(t, both, said(func(c, _ *Judged) { c.Evidence.Own = 9.5 }), "the upper one's own work is odder")
	assert.Equal(t, "checkout 1 r1 w1 by payment, payment 1 r1 w1", said(func(c, _ *Judged) { c.Evidence.Own = 5 }), "retries take time, too")
	assert.Equal(t, both, said(func(c, p *Judged) { c.Evidence.All, p.Evidence.All = 300, 5 }), "too little to explain so much")
	assert.Equal(t, "checkout 1 r1 w1 by payment, payment 1 r1 w1", said(func(c, _ *Judged) { c.Evidence.All, c.Evidence.Own = 300, 8 }), "enough is enough")
	assert.Equal(t, both, said(func(c, p *Judged) { c.Evidence.All, c.Evidence.Own, p.Evidence.All = 300, 300, 5 }))
	assert.Equal(t, "checkout 1 r1 w1 by payment, payment 1 r1 w1",
		said(func(c, p *Judged) { c.Evidence.All, c.Evidence.Own, p.Evidence.All, p.Evidence.Volume = 300, 300, 5, 5 }), "missing spans make callers look slow")
	assert.Equal(t, "checkout 1 r1 w1, payment 1 r1 w1 by checkout", said(func(c, p *Judged) { c.Evidence.Own, p.Evidence.Rest = 4, 1 }), "a slow caller makes the way look slow")
	assert.Equal(t, "checkout 1 r1 w1 by payment, payment 1 r1 w1", said(func(c, p *Judged) { c.Evidence.Own, p.Evidence.Rest = 2, 1 }), "a long way fails callers, too")
	assert.Equal(t, "checkout 1 r1 w1 by payment", said(func(_, p *Judged) { p.Statement, p.Evidence.All = nil, 5 }), "odd, if not stated")
	assert.Equal(t, "checkout 1 r1 w1", said(func(_, p *Judged) { p.Statement, p.Evidence.All = nil, 3.9 }), "one of those around is so odd by chance")
	assert.Equal(t, "checkout 1 r1 w1 by payment, payment 1 r1 w1", said(func(c, p *Judged) { c.Evidence.All, p.Evidence.All = 4, 3.1 }))

	late := tell(t, calls(0)...)
	for w := 1; w < 4; w++ {
		p := .5
		if w == 3 {
			p = 1e-12
		}
		late.more(judge("gateway", w, .5), judge("checkout", w, 1e-8, "gateway"), judge("payment", w, p, "checkout"), judge("batch", w, .5))
	}
	assert.Equal(t, []string{"checkout 1 r1 w1", "checkout 2 r2 w2", "checkout 3 r3 w3", "payment 3 r1 w1"}, late.said, "what comes later is no cause")
	assert.Equal(t, late.all[2].IncidentID, late.all[3].IncidentID, "but belongs to it")
}

// Who does less makes those below do less: the highest is meant, and not the one that is most unusual for it.
func TestLessDemandComesFromAbove(t *testing.T) {
	t.Parallel()
	said := func(change func(gateway, checkout, payment *Judged)) []string {
		g, c, p := judge("gateway", 1, 1e-4), judge("checkout", 1, 1e-5, "gateway"), judge("payment", 1, 1e-9, "checkout")
		for _, j := range []*Judged{g, c, p} {
			j.Evidence.Volume, j.Evidence.Less, j.Evidence.Busy = j.Evidence.All, j.Evidence.All, 0
		}
		change(g, c, p)
		s := tell(t, calls(0)...)
		s.more(g, c, p, judge("batch", 1, .5))
		return s.said
	}
	assert.Equal(t, []string{"gateway 1 r1 w1", "checkout 1 r1 w1 by gateway", "payment 1 r1 w1 by gateway"}, said(func(_, _, _ *Judged) {}))
	assert.Equal(t, []string{"gateway 1 r1 w1", "checkout 1 r1 w1 by gateway", "payment 1 r1 w1"},
		said(func(_, _, p *Judged) { p.Evidence.Busy = 8 }), "it is not only asked less, and makes nobody ask less")
	assert.Equal(t, []string{"gateway 1 r1 w1 by checkout", "checkout 1 r1 w1", "payment 1 r1 w1 by checkout"},
		said(func(g, _, _ *Judged) { g.Evidence.Volume, g.Evidence.Less, g.Evidence.Busy = 0, 0, 4 }), "the highest that does less, not the lowest")
	assert.Equal(t, []string{"gateway 1 r1 w1 by payment", "checkout 1 r1 w1 by payment", "payment 1 r1 w1"},
		said(func(g, c, _ *Judged) {
			g.Evidence.Volume, c.Evidence.Volume, g.Evidence.Busy, c.Evidence.Busy = 0, 0, 4, 5
			g.Evidence.Less, c.Evidence.Less = 0, 0
		}), "silence itself fails callers")
}

// Whoever is sent to a cause must not be sent on from there.
func TestCausesAreFollowedToTheirEnd(t *testing.T) {
	t.Parallel()
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}} {
		// The gateway is far odder than payment, so payment does not explain it by itself; checkout does, which payment explains.
		g, c, p := judge("gateway", 1, 1e-12), judge("checkout", 1, 1e-6, "gateway"), judge("payment", 1, 1e-4, "checkout")
		s := tell(t, calls(0)...)
		all := []*Judged{g, c, p}
		for _, i := range order {
			s.more(all[i])
		}
		s.more(judge("batch", 1, .5))
		assert.ElementsMatch(t, []string{"gateway 1 r1 w1 by payment", "checkout 1 r1 w1 by payment", "payment 1 r1 w1"}, s.said)
		// What explained it recovered; what checkout says of payment holds, too.
		s.more(judge("gateway", 2, 1e-12), judge("checkout", 2, .5, "gateway"), judge("payment", 2, .5, "checkout"), judge("batch", 2, .5))
		assert.Equal(t, "gateway 2 r2 w2 by payment", s.said[3])
	}
}

// Of services that explain each other in turn the oddest is meant, and no other one is told so.
func TestTheOddestOfARingIsMeant(t *testing.T) {
	t.Parallel()
	// payment is asked less, for checkout does less; but checkout does other things, too, which payment explains.
	c, p := judge("checkout", 1, 1e-5, "gateway"), judge("payment", 1, 1e-9, "checkout")
	p.Evidence.Volume, p.Evidence.Less, p.Evidence.Busy = 9, 9, 0
	c.Evidence.Less, c.Evidence.Busy = 3.5, 5
	s := tell(t, calls(0)...)
	s.more(judge("gateway", 1, .5), c, p, judge("batch", 1, .5))
	assert.Equal(t, []string{"checkout 1 r1 w1 by payment", "payment 1 r1 w1"}, s.said)
}

func TestAnUnstatedCauseSaysHowOddItIs(t *testing.T) {
	t.Parallel()
	track := newTracker()
	payment := judge("payment", 1, 1e-5, "checkout")
	payment.Statement = nil
	var said []Said
	for _, j := range append(calls(0), judge("checkout", 1, 1e-8, "gateway"), payment, judge("gateway", 1, .5), judge("batch", 1, .5)) {
		said = append(said, track.Take(j)...)
	}
	require.Len(t, said, 1)
	assert.Equal(t, "payment", said[0].Cause)
	assert.InDelta(t, 1e-5, said[0].CauseP, 1e-9)
}

// Services that call each other in a ring name one another at most once, and the search ends.
func TestRing(t *testing.T) {
	t.Parallel()
	s := tell(t, judge("a", 0, .5, "b"), judge("b", 0, .5, "c"), judge("c", 0, .5, "a"))
	s.more(judge("a", 1, 1e-6, "b"), judge("b", 1, 1e-7, "c"), judge("c", 1, 1e-6, "a"))
	assert.Len(t, s.said, 3)
}

func TestIncidentsDoNotGlueWhatIsUnrelated(t *testing.T) {
	t.Parallel()
	incidents := func(js ...*Judged) (n int) {
		s := tell(t, append(calls(0), judge("shipping", 0, .5, "gateway"))...)
		s.more(js...)
		s.release()
		seen := map[string]bool{}
		for _, a := range s.all {
			if a.Episode.Ended == nil {
				seen[a.IncidentID] = true
			}
		}
		return len(seen)
	}
	assert.Equal(t, 1, incidents(judge("gateway", 1, 1e-6), judge("payment", 5, 1e-6)), "one calls the other, if through others")
	assert.Equal(t, 2, incidents(judge("gateway", 1, 1e-6), judge("payment", 7, 1e-6)), "too late")
	assert.Equal(t, 2, incidents(judge("shipping", 1, 1e-6), judge("payment", 1, 1e-6)), "neighbours that do not call each other")
	assert.Equal(t, 1, incidents(judge("batch", 1, 1e-6), judge("payment", 2, 1e-6)), "at once, where no spans tell")
	assert.Equal(t, 2, incidents(judge("batch", 1, 1e-6), judge("payment", 3, 1e-6)))
	assert.Equal(t, 1, incidents(judge("shipping", 1, 1e-6), judge("payment", 1, 1e-6), judge("gateway", 2, 1e-6), judge("gateway", 3, .5), judge("shipping", 3, 1e-6), judge("payment", 3, 1e-6))-1,
		"what joins two makes them one: the statements before keep theirs")
	file := judge("a.csv", 1, 1e-6)
	file.Alone = true
	assert.Equal(t, 2, incidents(judge("batch", 1, 1e-6), file), "a file is no part of a system")
}

// random is a life of services that call each other, with faults.
func random(seed uint64, windows int) []*Judged {
	r := rand.New(rand.NewPCG(seed, 7))
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	var js []*Judged
	for w := range windows {
		for i, name := range names {
			if r.IntN(10) == 0 {
				continue // nothing came
			}
			p := .5
			if r.IntN(12) == 0 {
				p = math.Pow(10, -2-8*r.Float64())
			}
			j := judge(name, w, p)
			j.Evidence.Own = r.Float64() * j.Evidence.All
			for c := range i {
				if r.IntN(4) == 0 {
					j.Callers = append(j.Callers, hash(names[c]))
				}
			}
			j.Adopted = r.IntN(40) == 0
			js = append(js, j)
		}
	}
	return js
}

// Whatever comes in, each stated window goes out once, revisions rise by one, and an episode ends once at most.
func TestEveryStatementGoesOutOnce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		js := random(seed, 200)
		want := 0
		for _, j := range js {
			if j.Statement != nil {
				want++
			}
		}
		s := tell(t, js...).release()
		got := 0
		revision := map[string]uint32{}
		over := map[string]bool{}
		for _, a := range s.all {
			e := a.Episode
			require.False(t, over[e.ID], "said after its end")
			require.Equal(t, revision[e.ID]+1, e.Revision)
			revision[e.ID] = e.Revision
			if e.Ended != nil {
				over[e.ID] = true
			} else {
				got++
			}
			require.NotEqual(t, a.Service, a.Cause)
			require.Contains(t, a.IncidentServices, a.Service)
			_, err := a.ToLogs()
			require.NoError(t, err)
		}
		require.Equal(t, want, got)
		require.Empty(t, s.track.state.Held)
	}
}

// A tracker that is saved and restored at any point says the same as one that went on.
func TestRestoredSaysTheSame(t *testing.T) {
	t.Parallel()
	want := tell(t, random(3, 60)...).release()
	js := random(3, 60)
	for cut := 1; cut < len(js); cut += 37 {
		s := tell(t, random(3, 60)[:cut]...)
		data, err := json.Marshal(s.track.State())
		require.NoError(t, err)
		var state State
		require.NoError(t, json.Unmarshal(data, &state))
		s.track = newTracker()
		require.NoError(t, s.track.Restore(state))
		s.more(random(3, 60)[cut:]...)
		s.release()
		require.Equal(t, want.said, s.said, "cut at %d", cut)
	}
}

func TestDamagedStatesAreRefused(t *testing.T) {
	t.Parallel()
	good := func() State {
		s := tell(t, random(3, 30)...)
		s.track.state.Held = append(s.track.state.Held, held{judge("a", 100, 1e-6), 1})
		return s.track.state
	}
	require.NoError(t, newTracker().Restore(good()))
	for want, damage := range map[string]func(*State){
		"a service is missing":   func(s *State) { s.Services[0] = nil },
		"there twice or calls":   func(s *State) { s.Services = append(s.Services, s.Services[0]) },
		"an episode is missing":  func(s *State) { s.Episodes[0] = nil },
		"an incident is missing": func(s *State) { s.Incidents[0] = &incident{} },
		"a statement that is":    func(s *State) { s.Held[0].Judged = nil },
		"more than the limits":   func(s *State) { s.Held = make([]held, maxHeld+1) },
	} {
		s, tr := good(), newTracker()
		damage(&s)
		require.ErrorContains(t, tr.Restore(s), want)
		require.Empty(t, tr.state, "nothing of it is kept")
		tr.Take(judge("a", 1, 1e-6))
		require.Len(t, tr.Release(), 0+1-1, "and it works")
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	tr := newTracker()
	for i := range maxEpisodes + 10 {
		j := judge(fmt.Sprint("s", i), 1+i/100, 1e-6)
		tr.Take(j)
	}
	tr.Release()
	assert.Len(t, tr.state.Episodes, maxEpisodes)
	assert.Len(t, tr.open, maxEpisodes)
	for i := range maxHeld + 2 {
		tr.Take(judge(fmt.Sprint("held", i), 100, 1e-6))
		tr.state.Expected = 1 << 20
	}
	assert.LessOrEqual(t, len(tr.state.Held), maxHeld)
	assert.Positive(t, tr.Stats().HeldShort)
	for i := range maxServices + 10 {
		tr.Take(judge(fmt.Sprint("t", i), 200, .5))
	}
	assert.Len(t, tr.state.Services, maxServices)
	assert.Len(t, tr.services, maxServices)
	tr = newTracker()
	for i := range maxEdges + 10 {
		tr.Take(judge(fmt.Sprint("u", i), 201, .5, "hub"))
	}
	assert.Len(t, tr.services[hash("hub")].Calls, maxEdges)
	assert.Positive(t, tr.Stats().Evicted)

	// All of one incident.
	tr = newTracker()
	for i := range 2 * maxMembers {
		tr.Take(judge(fmt.Sprint("v", i), 1, 1e-6))
	}
	for _, a := range tr.Release() {
		assert.LessOrEqual(t, len(a.IncidentServices), maxMembers)
	}
	assert.Len(t, tr.state.Incidents, 1)
}
