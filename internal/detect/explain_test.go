package detect

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/canonical"
	"github.com/driftlock/driftlock/internal/cbad"
	"github.com/driftlock/driftlock/internal/episode"
)

// judged makes a judgement by hand: logs with one new error line, traces with a slow call, a combined p of 2e-5.
func judged(t *testing.T) *judgement {
	t.Helper()
	d, err := New("test", DefaultConfig(), replaying(), &listener{})
	require.NoError(t, err)
	operation, caller := d.names.Enter("GET /pay"), d.names.Enter("front")
	encode := func(items ...cbad.Item) []byte {
		data, err := json.Marshal(items)
		require.NoError(t, err)
		return data
	}
	v := &verdict{present: [signals]bool{logs: true, traces: true}}
	v.signals[logs] = signalVerdict{
		Verdict: cbad.Verdict{P: 1e-5, Bits: 30, Channels: []cbad.Channel{{Kind: cbad.LogNew, P: 1e-5, PFloor: 0.01}}},
		items: encode(cbad.Item{
			Channel: cbad.LogNew, Bits: 20, Template: "card gateway <*> refused", Observed: 12, Severity: 17, TraceIDs: []string{"aa", "bb"},
		}),
	}
	v.signals[traces] = signalVerdict{
		Verdict: cbad.Verdict{P: 1e-3, Bits: 12.5, Channels: []cbad.Channel{{Kind: cbad.TraceNet, P: 1e-3, PFloor: 0.01}}},
		items: encode(
			cbad.Item{Channel: cbad.TraceNet, Bits: 11, ID: operation, Context: caller, Observed: 2.5e9, Expected: 4e6},
			cbad.Item{Channel: cbad.TraceDuration, Bits: 1.5, Observed: 3e6, Expected: 1e6},
		),
	}
	j := &judgement{m: &models{d: d, service: &service{name: "pay"}}, v: v, level: 1e-3}
	j.start, j.end = uint64(epoch.UnixNano()), uint64(epoch.Add(time.Minute).UnixNano())
	j.p, j.decades = j.m.combine(v)
	j.signal, j.channel = v.strongest()
	return j
}

func TestAnomalySaysWhatWhereWhenAndHowSure(t *testing.T) {
	j := judged(t)
	a := j.anomaly(&canonical.Resource{Attributes: map[string]string{"service.name": "pay"}})
	a.Explanation = j.m.d.explain(episode.Said{Anomaly: a})
	assert.Equal(t, strings.Join([]string{
		"pay: ERROR log line never written before, 12 times: “card gateway <*> refused”, in the minute from 2024-05-01 12:00:00 UTC. " +
			"A window this odd is expected once in 34,000 windows (p 3e-05; its history alone supports p 0.01, the rest is extrapolated). Logs and traces agree.",
		"The window cost 42.5 bits more than usual, 20.0 of them for what is said first; the rest:",
		"- calls from front to “GET /pay” lose 2.5s in network or queue, usual 4ms (11.0 bits)",
		"- all operations together take 3ms, usual 1ms (1.5 bits)",
		"- and what is too small to list (10.0 bits)",
	}, "\n"), a.Explanation)
	assert.Equal(t, anomaly.Logs, a.StreamType)
	assert.Equal(t, []anomaly.Signal{anomaly.Logs, anomaly.Traces}, a.Signals)
	assert.InDelta(t, 1.5*2.0/(1e5+1e3), a.PValue, 1e-9, "the harmonic mean, at two thirds of the level")
	assert.Equal(t, 42.5, a.Bits)
	assert.Equal(t, []string{"aa", "bb"}, a.TraceIDs)
	assert.Equal(t, anomaly.NewID("test", "pay", "logs", epoch, a.ConfigHash), a.ID)
	assert.Equal(t, "pay", a.Resource["service.name"])
	assert.Empty(t, a.Reasons[2].Context, "all operations together have no parent")
	sum := 0.0
	for _, r := range a.Reasons {
		sum += r.Bits
	}
	assert.LessOrEqual(t, sum, a.Bits, "reasons explain more than there is")
}

// Reasons are bounded and the costliest come first.
func TestReasonsAreBounded(t *testing.T) {
	j := judged(t)
	var items []cbad.Item
	for i := range 16 {
		items = append(items, cbad.Item{Channel: cbad.LogCount, Bits: float64(i), Template: "line", Observed: 1, Expected: 5})
	}
	j.v.signals[logs].items, _ = json.Marshal(items)
	all := j.reasons()
	require.Len(t, all, maxReasons)
	for i := 1; i < len(all); i++ {
		assert.GreaterOrEqual(t, all[i-1].Bits, all[i].Bits)
	}
	assert.Equal(t, "log line “line” once, usual 5", all[0].Text)
}

func TestDamagedItemsAreCountedNotFatal(t *testing.T) {
	j := judged(t)
	j.v.signals[logs].items = []byte("{")
	j.v.signals[logs].evidence = []byte("[]")
	a := j.anomaly(&canonical.Resource{})
	assert.Len(t, a.Reasons, 2)
	assert.EqualValues(t, 2, j.m.d.counters.coreErrors.Load())
}

func TestPhrases(t *testing.T) {
	for kind := cbad.LogNew; kind <= cbad.TraceError; kind++ {
		text := phrase(kind, &anomaly.Reason{Item: "item", Context: "context", Observed: 7, Expected: 2})
		assert.Regexp(t, "7|item", text, kind)
	}
	for want, r := range map[string]anomaly.Reason{
		"log line “b” after “a” 6 times, usual 13.9":                {Channel: "log_count", Item: "b", Context: "a", Observed: 6, Expected: 13.926},
		"log line “a” was the last of its request 8 times, usual 2": {Channel: "log_count", Item: "(end)", Context: "a", Observed: 8, Expected: 2},
		"log line “a” began a request 8 times, usual 2":             {Channel: "log_count", Item: "a", Context: "(start)", Observed: 8, Expected: 2},
		"1 request ran an unusual course, usually never":            {Channel: "request", Observed: 1, Expected: 0.04124},
		"“GET /a” from front failed once, usually never":            {Channel: "trace_error", Item: "GET /a", Context: "front", Observed: 1},
		"“GET /a” from front takes 104ms, usual 37.2ms":             {Channel: "trace_duration", Item: "GET /a", Context: "front", Observed: 104.07e6, Expected: 37.17e6, Unit: "ns"},
		"load of pod-1 is 3 per second, usual 1 to 2 per second":    {Channel: "metric", Item: "load", Context: "pod-1", Observed: 3, Band: []float64{1, 2}, Unit: "/s"},
		"memory is 3 MiB, usual 1 KiB to 2 MiB":                     {Channel: "metric", Item: "memory", Context: "#1f", Observed: 3 << 20, Band: []float64{1 << 10, 2 << 20}, Unit: "By"},
		"memory is 2 GiB, about 1 GiB was expected":                 {Channel: "metric", Item: "memory", Observed: 2 << 30, Expected: 1 << 30, Unit: "By"},
	} {
		for kind := cbad.LogNew; kind <= cbad.TraceError; kind++ {
			if kind.String() == r.Channel {
				assert.Equal(t, want, phrase(kind, &r))
			}
		}
	}
	band := &anomaly.Reason{Item: "cpu", Observed: 95, Expected: 20, Band: []float64{10, 30}, Unit: "%"}
	assert.Equal(t, "cpu is 95 %, usual 10 to 30 %", phrase(cbad.MetricSum, band))
	assert.Equal(t, "n is 95 requests, usual up to 30 requests", phrase(cbad.MetricSum, &anomaly.Reason{Item: "n", Observed: 95, Band: []float64{-10, 30}, Unit: "{request}"}))
	assert.Equal(t, "n is 95, usual 3", phrase(cbad.MetricSum, &anomaly.Reason{Item: "n", Observed: 95, Band: []float64{3, 3}}))
	assert.Equal(t, "it is silent", phrase(cbad.TraceError+1, &anomaly.Reason{Text: "it is silent"}), "what has its words keeps them")
	band.Observed = 15
	assert.Equal(t, "cpu is 15 %, about 20 % was expected", phrase(cbad.MetricSum, band))
}

func TestTheOddestCourseIsTold(t *testing.T) {
	for want, c := range map[string]struct {
		item, context, usual string
		requests             float64
	}{
		"; the oddest of them went from “a” to “b”, where mostly “c” follows": {"b", "a", "c", 7},
		"; it went from “a” to “b”":                                           {"b", "a", "", 1},
		"; it went from “a” to “b”, where one mostly ends":                    {"b", "a", "(end)", 1},
		"; it ended after “a”, where mostly “c” follows":                      {"(end)", "a", "c", 1},
		"; it began with “b”, where mostly “c” does":                          {"b", "(start)", "c", 1},
		"; the oddest of them is odd for how often it wrote “b”":              {"b", "", "", 2},
		"; the oddest of them wrote lines that do not come together":          {"", "", "", 2},
	} {
		r := anomaly.Reason{Item: c.item, Context: c.context, Observed: c.requests, Sample: "  a"}
		assert.Equal(t, want, course(&r, c.usual))
	}
	assert.Empty(t, course(&anomaly.Reason{Observed: 3}, ""), "no course is known")
}

func TestNumbers(t *testing.T) {
	for want, p := range map[string]float64{
		"more than a million billion windows": 0, "10 windows": 0.1, "3.3 windows": 0.3, "330 windows": 0.003, "51,000 windows": 1 / 50500.0, "990,000 windows": 1 / 990001.0,
		"96 million windows": 1.0438e-8, "1.2 billion windows": 8.5e-10, "63 billion windows": 1.58e-11, "100 trillion windows": 1e-14,
	} {
		assert.Equal(t, want, oneIn(p))
	}
	assert.Equal(t, "minute", span(time.Minute))
	assert.Equal(t, "5 minutes", span(5*time.Minute))
	assert.Equal(t, "90 seconds", span(90*time.Second))
	cut := quote(strings.Repeat("x", 159) + "“long”")
	assert.Equal(t, "“"+strings.Repeat("x", 159)+"…”", cut, "cut on a rune's border")
}

// That requests ran an unusual course says that something happened, and not what: a line that is new says more.
func TestHeadlineSaysWhatHappened(t *testing.T) {
	requests := anomaly.Reason{Channel: cbad.RequestExcess.String(), Bits: 60, Text: "requests"}
	fewer := anomaly.Reason{Channel: cbad.LogCount.String(), Bits: 20, Text: "fewer"}
	line := anomaly.Reason{Channel: cbad.LogNew.String(), Bits: 9, Text: "a new line"}
	j := judged(t)
	a := &anomaly.Anomaly{Service: "pay", WindowStart: epoch, Timestamp: epoch.Add(time.Minute), Reasons: []anomaly.Reason{requests, fewer, line}}
	text := j.m.d.explain(episode.Said{Anomaly: a})
	assert.True(t, strings.HasPrefix(text, "pay: a new line, in the minute"), text)
	assert.Contains(t, text, "\n- requests (60.0 bits)\n- fewer (20.0 bits)")
	assert.Equal(t, 1, strings.Count(text, "a new line"), text)
	assert.Equal(t, 1, headline([]anomaly.Reason{requests, fewer}), "what names something")
	assert.Equal(t, 0, headline([]anomaly.Reason{requests, {Channel: cbad.LogCount.String(), Bits: 5}}), "if it weighs enough")
	assert.Equal(t, 0, headline([]anomaly.Reason{fewer, line}))
	line.Severity = "WARN"
	assert.Equal(t, 1, headline([]anomaly.Reason{fewer, line}), "a count says less than a new warning")
	assert.Equal(t, 0, headline(nil))
}

// The odder a window, the less may its anomaly be lost: numbers that JSON has no word for are bounded.
func TestInfinitelyOddWindowsAreSaid(t *testing.T) {
	j := judged(t)
	j.v.signals[logs].Channels[0].Statistic, j.v.signals[logs].Bits = math.Inf(1), math.Inf(1)
	j.v.signals[traces].Channels[0].Statistic = math.NaN()
	_, err := j.anomaly(&canonical.Resource{}).ToLogs()
	require.NoError(t, err)
}

// What surrounds an anomaly: how long it has lasted, what explains it, what it explains, who else is odd, a deploy.
func TestExplanationSaysWhereToLook(t *testing.T) {
	j := judged(t)
	a := j.anomaly(&canonical.Resource{})
	a.Episode = &anomaly.Episode{Started: epoch.Add(-2 * time.Minute), Windows: 3}
	a.Cause, a.IncidentServices = "bank", []string{"bank", "pay", "a", "b", "c", "d", "e"}
	a.Deploy = &anomaly.Deploy{From: "1.0", To: "1.1", At: epoch.Add(-5 * time.Minute)}
	text := j.m.d.explain(episode.Said{Anomaly: a})
	assert.Contains(t, text, "in the minute from 2024-05-01 12:00:00 UTC, the 3rd unusual one since 11:58:00.")
	assert.Contains(t, text, " Look at bank first: it is unusual at the same time and explains this. pay went from version 1.0 to 1.1 at 11:55:00.")
	assert.Contains(t, text, " Unusual at the same time: a, b, c and 2 more services.")
	a.Cause, a.PValue = "", 1e-12
	text = j.m.d.explain(episode.Said{Anomaly: a, Explains: []string{"a", "b"}})
	assert.Contains(t, text, " It explains what is unusual in a and b. Unusual at the same time: bank, c, d and e.")
	assert.Contains(t, text, " A window this odd is practically never seen by chance (p 1e-12;")
	a.Reasons = append([]anomaly.Reason{{Channel: cbad.TraceError.String(), Bits: 50, Text: "it failed"}}, a.Reasons...)
	assert.Contains(t, j.m.d.explain(episode.Said{Anomaly: a}), "pay: it failed; ERROR log line never written before, 12 times: “card gateway <*> refused”, in the minute")
	for n, want := range map[int]string{1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 11: "11th", 12: "12th", 13: "13th", 21: "21st", 102: "102nd", 112: "112th"} {
		assert.Equal(t, want, ordinal(n))
	}
}
