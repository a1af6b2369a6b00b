package detect

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/driftlock/driftlock/internal/anomaly"
)

// town is some services that log a few dozen lines a minute each, run through the real core at a fixed level.
type town struct {
	t        *testing.T
	d        *Detector
	l        *listener
	services []string
	// lines that a service writes in a minute; nil: 40 on average
	lines func(service string, minute int, r *rand.Rand) int
	// change alters a payload before it is sent
	change func(service string, minute int, ld plog.Logs)
	r      *rand.Rand
}

func newTown(t *testing.T, set Settings, services ...string) *town {
	t.Helper()
	cfg := DefaultConfig()
	cfg.OnOverload, cfg.Level.P = Block, 1e-4
	l := &listener{}
	d, err := New("test", cfg, set, l)
	require.NoError(t, err)
	require.NoError(t, d.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, d.Shutdown(context.Background())) })
	return &town{t: t, d: d, l: l, services: services, r: rand.New(rand.NewPCG(7, 7))}
}

// run sends the minutes in [from, to), ten seconds at a time.
func (w *town) run(from, to int) {
	w.t.Helper()
	for minute := from; minute < to; minute++ {
		share := map[string]int{}
		for _, s := range w.services {
			n := 30 + w.r.IntN(21)
			if w.lines != nil {
				n = w.lines(s, minute, w.r)
			}
			share[s] = n
		}
		for part := range 6 {
			for _, s := range w.services {
				n := share[s]/6 + min(max(share[s]%6-part, 0), 1)
				if n == 0 {
					continue
				}
				at := make([]float64, n)
				for i := range at {
					at[i] = float64(60*minute+10*part) + 9.9*float64(i)/float64(n)
				}
				ld := logsAt(s, at...)
				for _, lr := range ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
					lr.Body().SetStr("request served") // how many is all that varies
				}
				if w.change != nil {
					w.change(s, minute, ld)
				}
				require.NoError(w.t, w.d.ConsumeLogs(w.t.Context(), ld))
			}
		}
	}
}

// accused are the services that something was said of, each with the minute of its first anomaly.
func (w *town) accused() map[string]int {
	w.t.Helper()
	require.NoError(w.t, w.d.Flush(w.t.Context()))
	out := map[string]int{}
	for _, a := range w.l.anomalies {
		minute := int(a.WindowStart.Sub(epoch).Minutes())
		if first, ok := out[a.Service]; !ok || minute < first {
			out[a.Service] = minute
		}
	}
	return out
}

func resourceOf(ld plog.Logs) pcommon.Map { return ld.ResourceLogs().At(0).Resource().Attributes() }

var five = []string{"front", "cart", "pay", "mail", "stock"}

func TestSilenceIsFoundWithinTwoWindows(t *testing.T) {
	w := newTown(t, replaying(), five...)
	w.run(0, 150)
	w.services = slices.DeleteFunc(slices.Clone(five), func(s string) bool { return s == "pay" })
	w.run(150, 190)
	assert.Equal(t, map[string]int{"pay": 151}, w.accused())
	first := w.l.anomalies[0]
	assert.Equal(t, anomaly.KindSilence, first.Kind)
	assert.Regexp(t, `^no log lines since 14:30 UTC, usual \d\d(\.\d)? a minute$`, first.Reasons[0].Text)
	said := 0
	for _, a := range w.l.anomalies {
		if a.Episode.Ended == nil {
			said++
		}
	}
	assert.LessOrEqual(t, said, int(DefaultConfig().Quarantine.AdoptAfter), "a service that is off is not said for ever")
}

func TestAllServicesTogetherAreOneGap(t *testing.T) {
	w := newTown(t, replaying(), five...)
	w.run(0, 150)
	w.services = five[:1]
	w.run(150, 160)
	w.services = five
	w.run(160, 200)
	assert.Len(t, w.accused(), 1)
	var gaps []*anomaly.Anomaly
	for _, a := range w.l.anomalies {
		if a.Episode.Ended == nil {
			gaps = append(gaps, a)
		}
	}
	require.Len(t, gaps, 1, "one statement")
	assert.Equal(t, Pipeline, gaps[0].Service)
	assert.Equal(t, anomaly.KindGap, gaps[0].Kind)
	assert.Regexp(t, "no log lines of most services since 14:30 UTC", gaps[0].Explanation)
	assert.Zero(t, w.d.Stats().Signals[logs].Late, "what came after the gap was taken in")
}

func TestThroughputDropIsFound(t *testing.T) {
	w := newTown(t, replaying(), five...)
	w.lines = func(s string, minute int, r *rand.Rand) int {
		if s == "pay" && minute >= 150 {
			return 6 + r.IntN(5)
		}
		return 30 + r.IntN(21)
	}
	w.run(0, 156)
	assert.Equal(t, map[string]int{"pay": 151}, w.accused())
}

func TestRegularPausesAndNightsAreNoSilence(t *testing.T) {
	w := newTown(t, replaying(), append(slices.Clone(five), "cron", "weekly")...)
	w.lines = func(s string, minute int, r *rand.Rand) int {
		day := 1 + 0.6*math.Sin(2*math.Pi*float64(minute)/1440)
		switch {
		case s == "cron" && minute%10 != 0, s == "weekly" && minute%400 > 3:
			return 0
		case s == "stock":
			return int(6 * day * r.Float64())
		default:
			return int(day * float64(30+r.IntN(21)))
		}
	}
	w.run(0, 2000)
	assert.Empty(t, w.accused())
}

// The streams of a batch of files may come one after the other: nothing of the later ones is taken for silent and lost.
func TestStreamsFarBehindLoseNothing(t *testing.T) {
	w := newTown(t, replaying(), "front", "cart")
	w.run(0, 120)
	w.services = []string{"pay"}
	w.run(0, 120)
	assert.Empty(t, w.accused())
	assert.Zero(t, w.d.Stats().Signals[logs].Late)
}

func TestPodReplacedIsNeitherSilenceNorAnomaly(t *testing.T) {
	for name, gap := range map[string]int{"overlapping": 0, "a minute later": 1} {
		w := newTown(t, replaying(), five...)
		w.change = func(s string, minute int, ld plog.Logs) {
			pod := s + "-1"
			if minute >= 150+gap && (s == "pay" || s == "cart") {
				pod = s + "-2"
			}
			resourceOf(ld).PutStr("k8s.pod.name", pod)
		}
		w.lines = func(s string, minute int, r *rand.Rand) int {
			switch {
			case (s == "pay" || s == "cart") && gap > 0 && minute == 150:
				return 0
			case s == "pay" && minute == 150+gap: // starting up
				return 8
			default:
				return 30 + r.IntN(21)
			}
		}
		w.run(0, 170)
		assert.Empty(t, w.accused(), name)
	}
}

// A grace covers what start-ups do, and nothing else.
func TestAFaultRightAfterADeployIsFoundAndLabelled(t *testing.T) {
	w := newTown(t, replaying(), five...)
	w.change = func(s string, minute int, ld plog.Logs) {
		version := "1.0"
		if s == "pay" && minute >= 150 {
			version = "1.1"
		}
		resourceOf(ld).PutStr("service.version", version)
		resourceOf(ld).PutStr("k8s.pod.name", s+version)
		if s == "pay" && minute >= 151 {
			for _, lr := range ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
				lr.Body().SetStr("cannot read the new table")
				lr.SetSeverityNumber(17)
			}
		}
	}
	w.run(0, 160)
	require.Equal(t, map[string]int{"pay": 151}, w.accused())
	deploy := w.l.anomalies[0].Deploy
	require.NotNil(t, deploy)
	assert.Equal(t, anomaly.Deploy{From: "1.0", To: "1.1", At: epoch.Add(150 * time.Minute)}, *deploy)
}

func TestVersions(t *testing.T) {
	const minute = uint64(time.Minute)
	var v version
	note := func(name string, m uint64) bool { return v.note(name, m*minute, m*minute+1, 5*minute) }
	assert.False(t, note("", 1))
	assert.False(t, note("a", 1), "the first")
	assert.Nil(t, v.label(minute, 2*minute))
	assert.True(t, note("b", 10))
	for m := uint64(10); m < 20; m++ {
		assert.False(t, note("a", m) || note("b", m), "the deploy rolls")
	}
	assert.Equal(t, &anomaly.Deploy{From: "a", To: "b", At: at(10*minute + 1)}, v.label(10*minute, 11*minute))
	assert.NotNil(t, v.label(39*minute, 40*minute))
	assert.Nil(t, v.label(41*minute, 42*minute), "after half an hour")
	assert.Nil(t, v.label(9*minute, 10*minute), "before it")
	assert.True(t, note("a", 60), "a rollback")
	assert.Equal(t, "b", v.label(60*minute, 61*minute).From)
}

func TestChangesOfSeveralWindows(t *testing.T) {
	var c changes
	assert.False(t, c.in(0, 60))
	for _, window := range []uint64{600, 720, 660, 6000} {
		c.note(window, 60)
	}
	assert.True(t, c.in(6000, 60))
	assert.False(t, c.in(720, 60), "forgotten after 64 windows")
	c.note(5940, 60)
	assert.Equal(t, []bool{false, true, true, false}, []bool{c.in(5880, 60), c.in(5940, 60), c.in(6000, 60), c.in(6060, 60)})
}

func TestANewServiceIsAnnouncedAndNoAlarm(t *testing.T) {
	w := newTown(t, replaying(), five...)
	w.run(0, 150)
	w.services = append(slices.Clone(five), "ads")
	w.run(150, 160)
	assert.Empty(t, w.accused())
	assert.EqualValues(t, 6, w.d.Stats().StreamsBegun)
	at := slices.IndexFunc(w.l.windows, func(i *anomaly.Window) bool { return i.Service == "ads" })
	assert.Equal(t, "new", w.l.windows[at].Streams[0].State)
}

// Live, when nothing comes any more, the wall clock says that time goes on.
func TestEverythingSilentIsAGapOnTheWallClock(t *testing.T) {
	now := epoch
	w := newTown(t, Settings{Clock: func() time.Time { return now }}, five...)
	for minute := range 120 {
		now = epoch.Add(time.Duration(minute+1) * time.Minute)
		w.run(minute, minute+1)
	}
	for range 10 {
		now = now.Add(time.Minute)
		w.d.closeIdle(w.d.cfg.idleTimeout())
	}
	assert.Equal(t, []string{Pipeline}, slices.Collect(func(yield func(string) bool) {
		for s := range w.accused() {
			if !yield(s) {
				return
			}
		}
	}))
}
