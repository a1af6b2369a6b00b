package detect

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/canonical"
	"github.com/driftlock/driftlock/internal/cbad"
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
	j.p, j.decades, _ = v.combine(nil)
	j.signal, j.channel = v.strongest()
	return j
}

func TestAnomalySaysWhatWhereWhenAndHowSure(t *testing.T) {
	a := judged(t).anomaly(&canonical.Resource{Attributes: map[string]string{"service.name": "pay"}})
	assert.Equal(t, strings.Join([]string{
		"pay: ERROR log line never written before, 12 times: “card gateway <*> refused”, in the minute from 2024-05-01 12:00:00 UTC. " +
			"A window this odd is expected once in 50500 windows (p 2e-05); its history alone supports p 0.01, the rest is extrapolated. Logs and traces agree.",
		"- calls of “GET /pay” by front spend 2.5s on the way, usual 4ms (11.0 bits)",
		"- “all operations together” takes 3ms, usual 1ms (1.5 bits)",
	}, "\n"), a.Explanation)
	assert.Equal(t, anomaly.Logs, a.StreamType)
	assert.Equal(t, []anomaly.Signal{anomaly.Logs, anomaly.Traces}, a.Signals)
	assert.InDelta(t, 2.0/(1e5+1e3), a.PValue, 1e-9, "the harmonic mean")
	assert.Equal(t, 42.5, a.Bits)
	assert.Equal(t, []string{"aa", "bb"}, a.TraceIDs)
	assert.Equal(t, anomaly.NewID("test", "pay", "logs", epoch, a.ConfigHash), a.ID)
	assert.Equal(t, "pay", a.Resource["service.name"])
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
	band := &anomaly.Reason{Item: "cpu", Observed: 95, Expected: 20, Band: []float64{10, 30}, Unit: "%"}
	assert.Equal(t, "cpu is 95 %, usual 10 to 30 %", phrase(cbad.MetricSum, band))
	band.Observed = 15
	assert.Equal(t, "cpu is 15 % on an unusual course, usual about 20 %", phrase(cbad.MetricSum, band))
}

func TestNumbers(t *testing.T) {
	for want, v := range map[string]float64{"0": 0, "12": 12, "0.123": 0.12345, "1234": 1234.4, "1e+12": 1e12, "-3.14": -3.14159, "0.0001": 0.0001} {
		assert.Equal(t, want, number(v))
	}
	assert.Equal(t, "more than 1e15 windows", oneIn(0))
	assert.Equal(t, "minute", span(time.Minute))
	assert.Equal(t, "5 minutes", span(5*time.Minute))
	assert.Equal(t, "90 seconds", span(90*time.Second))
	cut := quote(strings.Repeat("x", 159) + "“long”")
	assert.Equal(t, "“"+strings.Repeat("x", 159)+"…”", cut, "cut on a rune's border")
}
