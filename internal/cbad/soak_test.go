package cbad

import (
	"cmp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A stream that is saved and loaded between all windows, and gets its batches in another order, says the same as one
// that is not: bit for bit, evidence included.
func TestSnapshotsAndOrderChangeNothing(t *testing.T) {
	windows := 120
	if testing.Short() {
		windows = 50
	}
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			p := DefaultParams()
			p.EvidenceP, p.MetricLevel = 0.05, 3
			plain, err := New(kind, p)
			require.NoError(t, err)
			defer plain.Free()
			twin, err := New(kind, p)
			require.NoError(t, err)
			defer func() { twin.Free() }()

			seed := uint64(kind)
			random := func(n uint64) uint64 {
				seed = seed*6364136223846793005 + 1442695040888963407
				return (seed >> 33) % n
			}
			var a, b Verdict
			evidence, judged := 0, 0
			for i := range uint64(windows) {
				w := Window{StartNs: i * 60 * second, EndNs: (i + 1) * 60 * second, InstanceChanged: i == 40, Last: i+1 == uint64(windows)}
				batches := make([]*Batch, 5)
				for j := range batches {
					batches[j] = new(Batch)
					n := 20 + random(20)
					if i%37 == 36 {
						n *= 8 // a burst now and then, so that there is something to say
					}
					for range n {
						fillRecord(batches[j], kind, w.StartNs+random(60)*second, random)
					}
				}
				for j, batch := range batches {
					require.NoError(t, plain.Observe(batch))
					require.NoError(t, twin.Observe(batches[len(batches)-1-j]))
				}
				require.NoError(t, plain.Close(w, &a))
				require.NoError(t, twin.Close(w, &b))
				a.Points, b.Points = byTag(a.Points), byTag(b.Points)
				require.Equal(t, a, b, "window %d", i)
				ea, err := plain.Evidence()
				require.NoError(t, err)
				eb, err := twin.Evidence()
				require.NoError(t, err)
				require.Equal(t, string(ea), string(eb), "window %d", i)
				if ea != nil {
					evidence++
					_, err := DecodeEvidence(ea)
					require.NoError(t, err)
				}
				if a.P < 1 {
					judged++
				}

				snapshot, err := twin.Save()
				require.NoError(t, err)
				twin.Free()
				twin, err = Load(snapshot)
				require.NoError(t, err)
			}
			assert.Positive(t, judged, "no window was judged: the test saw nothing")
			t.Logf("%d windows, %d judged below 1, %d with evidence", windows, judged, evidence)
		})
	}
}

// byTag brings points, which come in the order they were observed, into an order of their own; twins by severity.
func byTag(points []Point) []Point {
	out := append([]Point{}, points...)
	slices.SortFunc(out, func(a, b Point) int {
		return cmp.Or(cmp.Compare(a.TimeNs, b.TimeNs), cmp.Compare(a.Tag, b.Tag), cmp.Compare(a.Value, b.Value), cmp.Compare(a.Severity, b.Severity))
	})
	return out
}
