package detect

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/driftlock/driftlock/internal/anomaly"
)

// A service that comes when others have measured the same for hours is judged by what they showed, long before it has a past
// of its own; without others nothing is said of it.
func TestNewServicesAreLentWhatOthersShowed(t *testing.T) {
	for _, workers := range []int{1, 3} {
		assert.NotEmpty(t, saidOfNewcomer(t, workers, 8), "%d workers", workers)
		assert.Empty(t, saidOfNewcomer(t, workers, 0), "%d workers", workers)
	}
}

// saidOfNewcomer runs two hours of some services, then 100 minutes in which another is new, whose four queues are full in the end.
func saidOfNewcomer(t *testing.T, workers, others int) (said []*anomaly.Anomaly) {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Workers, cfg.OnOverload, cfg.Level.P = workers, Block, 1e-3
	l := &listener{}
	d, err := New("test", cfg, Settings{Replay: true}, l)
	require.NoError(t, err)
	require.NoError(t, d.Start(t.Context()))
	r := rand.New(rand.NewPCG(1, 2))
	for minute := range 220 {
		second := float64(60 * minute)
		for i := range others {
			require.NoError(t, d.ConsumeMetrics(t.Context(), gaugeAt(string(rune('a'+i)), second, float64(i+1)*(10+r.NormFloat64()))))
		}
		if minute >= 120 {
			require.NoError(t, d.ConsumeMetrics(t.Context(), queuesAt(r, second, minute >= 215)))
		}
	}
	require.NoError(t, d.Flush(t.Context()))
	require.NoError(t, d.Shutdown(t.Context()))
	assert.Zero(t, d.Stats().CoreErrors)
	for _, a := range l.anomalies {
		if a.Service == "new" {
			said = append(said, a)
		}
	}
	return said
}

// queuesAt is what the new service measures: the others' metric, four times.
func queuesAt(r *rand.Rand, second float64, full bool) pmetric.Metrics {
	md := gaugeAt("new", second, 0)
	points := md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Gauge().DataPoints()
	for queue := range 4 {
		p := points.At(0)
		if queue > 0 {
			p = points.AppendEmpty()
			points.At(0).CopyTo(p)
		}
		p.Attributes().PutInt("queue", int64(queue))
		p.SetDoubleValue(500 + 30*r.NormFloat64())
		if full {
			p.SetDoubleValue(5000)
		}
	}
	return md
}
