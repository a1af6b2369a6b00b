package detect

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/cbad"
)

// maxExhibits is what an ordinary statement's exhibits may weigh together: half of an item.
const maxExhibits = anomaly.MaxItemBytes / 2

// exhibited holds what statements show to what they state.
func exhibited(t *testing.T, said []*anomaly.Anomaly) {
	t.Helper()
	for _, a := range said {
		if len(a.WindowData) == 0 {
			continue
		}
		assert.Less(t, len(a.WindowData)+len(a.BaselineData), maxExhibits, a.ID)
		var past, now exhibit
		require.NoError(t, json.Unmarshal(a.BaselineData, &past))
		require.NoError(t, json.Unmarshal(a.WindowData, &now))
		require.Len(t, now.Also, len(past.Also))
		for _, e := range append([]exhibit{past, now}, append(past.Also, now.Also...)...) {
			exhibitHolds(t, a, &e)
		}
	}
}

func exhibitHolds(t *testing.T, a *anomaly.Anomaly, e *exhibit) {
	t.Helper()
	for _, r := range e.Excerpts {
		sum, at := 0.0, 0.0
		for _, w := range r.Words {
			require.True(t, at <= w[0] && w[0] < w[1] && int(w[1]) <= utf8.RuneCountInString(r.Text), "%v in %q", w, r.Text)
			at, sum = w[1], sum+w[2]
		}
		if e.Signal == anomaly.Logs {
			require.NotNil(t, r.Bits)
			assert.LessOrEqual(t, sum, *r.Bits+1e-6, r.Text)
		}
	}
	for _, n := range e.Nulls {
		assert.NotEmpty(t, n.Counts)
		var statistic float64
		for _, c := range a.Channels {
			if c.Signal == e.Signal && c.Name == n.Channel {
				statistic = c.Statistic
			}
		}
		assert.InDelta(t, statistic, n.Observed, 1e-9, n.Channel)
	}
	for _, s := range e.Series {
		require.NotEmpty(t, s.Points)
		require.Less(t, int(s.Window), len(s.Points))
		first := s.Start.Add(secondsOf(s.Points[s.Window][0]))
		assert.False(t, first.Before(a.WindowStart) || first.After(a.Timestamp), "%s: %s is not in the window", s.Item, first)
	}
	bits := map[string]float64{}
	for _, c := range e.Calls {
		bits[c.Operation] += c.Bits
	}
	for _, r := range a.Reasons {
		if e.Signal == anomaly.Traces && len(e.Calls) > 0 && r.Signal == anomaly.Traces && r.Item != allOperations && r.Bits >= 1 && !strings.Contains(r.Channel, "volume") {
			assert.GreaterOrEqual(t, bits[r.Item], r.Bits-0.01, "the calls do not show %s", r.Text)
		}
	}
}

func TestWordsKeepTheirPlaceWhereSecretsGo(t *testing.T) {
	t.Parallel()
	word := func(text, w string, bits float64) cbad.Word {
		at := strings.Index(text, w)
		return cbad.Word{float64(at), float64(at + len(w)), bits}
	}
	before := "größe of password=hunter2 für alice"
	after := "größe of password=[redacted] für alice"
	words := []cbad.Word{word(before, "größe", 1), word(before, "hunter2", 9), word(before, "für", 2), word(before, "alice", 3)}
	shown := map[string]float64{}
	characters := []rune(after)
	for _, w := range placed(words, before, after) {
		shown[string(characters[int(w[0]):int(w[1])])] = w[2]
	}
	assert.Equal(t, map[string]float64{"größe": 1, "für": 2, "alice": 3}, shown)
	assert.Nil(t, placed(nil, before, after))
	assert.Empty(t, placed(words, before, ""))
}

func FuzzPlaced(f *testing.F) {
	f.Add("a secret b", "a * b", 2, 8)
	f.Add("ä", "äa", 0, 2)
	f.Fuzz(func(t *testing.T, before, after string, start, end int) {
		if start < 0 || start > end || end > len(before) || !utf8.ValidString(before) || !utf8.ValidString(after) {
			return
		}
		for _, w := range placed([]cbad.Word{{float64(start), float64(end), 1}}, before, after) {
			if w[0] < 0 || w[0] > w[1] || w[1] > float64(utf8.RuneCountInString(after)) || math.IsNaN(w[2]) {
				t.Fatalf("%v in %q", w, after)
			}
		}
	})
}

func TestSpansAreShownByName(t *testing.T) {
	t.Parallel()
	d, err := New("test", DefaultConfig(), replaying(), &listener{})
	require.NoError(t, err)
	assert.Equal(t, "#b from (root), by itself under 1.05ms, on the way under 1.02µs, calls another service, failed",
		d.shownSpan("0000000000000000>000000000000000b alone 2^20 net 2^10 calls error"))
	assert.Equal(t, "anything else", d.shownSpan("anything else"))
}

func secondsOf(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
