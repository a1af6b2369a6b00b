package detect

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/shop"
)

// TestAFirstWindowOfSecondsAccusesNobody starts shortly before a minute is over, as a collector may: its first window has
// hardly anything in it, so that nearly all of the second is new.
func TestAFirstWindowOfSecondsAccusesNobody(t *testing.T) {
	cfg := DefaultConfig()
	cfg.OnOverload = Block
	for _, left := range []time.Duration{2 * time.Second, 4 * time.Second, 15 * time.Second} {
		t.Run(left.String(), func(t *testing.T) {
			t.Parallel()
			began := time.Date(2026, 11, 27, 14, 52, 0, 0, time.UTC).Add(-left)
			g, err := shop.New(shop.Config{Seed: 1, Rate: 10, Start: began})
			require.NoError(t, err)
			l := run(t, cfg, nil, func(d *Detector) {
				for g.Now().Before(began.Add(12 * time.Minute)) {
					b := g.Next(g.Now().Add(10 * time.Second))
					feed(t, d, []payload{{g.Now(), b.Logs, b.Metrics, b.Traces}})
				}
				require.NoError(t, d.Flush(t.Context()))
			})
			for _, a := range l.anomalies {
				assert.Fail(t, "said in the first minutes", a.Explanation)
			}
		})
	}
}
