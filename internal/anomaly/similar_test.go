package anomaly

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func reason(channel, item string, bits float64) Reason {
	return Reason{Signal: Logs, Channel: channel, Item: item, Bits: bits}
}

func TestSimilarity(t *testing.T) {
	t.Parallel()
	a := &Anomaly{Reasons: []Reason{reason("log_new", "pool exhausted", 30), reason("log_count", "order placed", 10)}}
	for name, c := range map[string]struct {
		other  []Reason
		want   float64
		shared []string
	}{
		"itself":            {a.Reasons, 1, []string{"pool exhausted", "order placed"}},
		"half the bits":     {[]Reason{reason("log_new", "pool exhausted", 15), reason("log_count", "order placed", 5)}, .5, []string{"pool exhausted", "order placed"}},
		"one of two":        {[]Reason{reason("log_new", "pool exhausted", 30)}, .75, []string{"pool exhausted"}},
		"one, and another":  {[]Reason{reason("log_count", "order placed", 10), reason("log_new", "x", 60)}, .1, []string{"order placed"}},
		"twice said":        {[]Reason{reason("log_new", "pool exhausted", 10), reason("log_new", "pool exhausted", 20), reason("log_count", "order placed", 10)}, 1, []string{"pool exhausted", "order placed"}},
		"another channel":   {[]Reason{reason("log_transition", "pool exhausted", 30)}, 0, nil},
		"saved bits":        {[]Reason{reason("log_new", "pool exhausted", -30)}, 0, nil},
		"nothing to go by":  {nil, 0, nil},
		"the costlier item": {[]Reason{reason("log_count", "order placed", 40), reason("log_new", "pool exhausted", 1)}, 11. / 70, []string{"order placed", "pool exhausted"}},
	} {
		got, shared := Similarity(a, &Anomaly{Reasons: c.other}, 5)
		require.InDelta(t, c.want, got, 1e-12, name)
		require.Equal(t, c.shared, shared, name)
	}
	_, shared := Similarity(a, a, 1)
	require.Equal(t, []string{"pool exhausted"}, shared)
}

// TestSimilarityIsAnIndex: symmetric, in [0, 1], 1 only of equals, and the same however the reasons are ordered.
func TestSimilarityIsAnIndex(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	draw := func() *Anomaly {
		a := &Anomaly{}
		for range r.IntN(8) {
			a.Reasons = append(a.Reasons, reason("log_new", strconv.Itoa(r.IntN(6)), r.Float64()*10))
		}
		return a
	}
	for range 2000 {
		a, b := draw(), draw()
		ab, shared := Similarity(a, b, 10)
		ba, _ := Similarity(b, a, 10)
		require.InDelta(t, ab, ba, 1e-12)
		require.True(t, ab >= 0 && ab <= 1)
		require.Equal(t, ab > 0, len(shared) > 0)
		r.Shuffle(len(a.Reasons), func(i, j int) { a.Reasons[i], a.Reasons[j] = a.Reasons[j], a.Reasons[i] })
		again, _ := Similarity(a, b, 10)
		require.InDelta(t, ab, again, 1e-12)
		self, _ := Similarity(a, a, 10)
		require.True(t, len(a.Reasons) == 0 || self == 1)
	}
}
