package detect

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/driftlock/driftlock/internal/cbad"
)

const minute = 60_000_000_000

// said is a verdict with the given p-values; a negative one leaves the channel out.
func said(window int, logCount, metric float64) *verdict {
	v := &verdict{window: uint64(window) * minute}
	add := func(s signal, k cbad.ChannelKind, p float64) {
		if p >= 0 {
			v.present[s] = true
			v.signals[s].Channels = append(v.signals[s].Channels, cbad.Channel{Kind: k, P: p})
		}
	}
	add(logs, cbad.LogCount, logCount)
	add(metrics, cbad.MetricSum, metric)
	return v
}

func combiner() *models { return &models{d: &Detector{duration: minute}} }

func TestCombineOfOneWindow(t *testing.T) {
	p, decades := combiner().combine(said(1, -1, 1e-4))
	assert.InEpsilon(t, 1e-4, p, 1e-12, "metrics alone have no second look")
	assert.InDelta(t, 4, decades, 1e-9)
	p, _ = combiner().combine(said(1, 1e-6, 1))
	assert.InEpsilon(t, 1.5*2/(1e6+1), p, 1e-12, "the harmonic mean, at two thirds of the level")
}

func TestMildlyOddWindowsAddUp(t *testing.T) {
	m := combiner()
	var p float64
	for i := range 3 {
		p, _ = m.combine(said(i, 2e-3, 1))
	}
	assert.InEpsilon(t, 3*cbad.Product([]float64{2e-3, 2e-3, 2e-3, 1}), p, 1e-12)
	assert.Less(t, p, 1e-4)

	p, _ = m.combine(said(3, 0.9, 1))
	assert.Greater(t, p, 0.5, "a normal window is normal, whatever came before it")

	m = combiner()
	for _, i := range []int{0, 5, 10} {
		p, _ = m.combine(said(i, 2e-3, 1))
	}
	assert.Greater(t, p, 1e-3, "windows far apart do not add up")
}

func TestMetricsCountOnceOverTheLastWindows(t *testing.T) {
	m := combiner()
	var p float64
	for i := range 3 {
		p, _ = m.combine(said(i, 1, 1e-2))
	}
	assert.Greater(t, p, 1e-2)
}

func TestALineIsNewOnceOverTheLastWindows(t *testing.T) {
	m := combiner()
	fresh := func(i int) *verdict {
		v := said(i, 1, 1)
		v.signals[logs].Channels = append(v.signals[logs].Channels, cbad.Channel{Kind: cbad.LogNew, P: 1e-4})
		return v
	}
	first, _ := m.combine(fresh(0))
	second, _ := m.combine(fresh(1))
	assert.InEpsilon(t, first, second, 1e-12, "the same line a minute later")
}

func TestCombinedPOfIndependentChannelsIsValid(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	m := combiner()
	const n = 200_000
	below := map[float64]int{1e-2: 0, 1e-3: 0}
	for i := range n {
		v := said(i, rng.Float64(), rng.Float64())
		v.present[traces] = true
		v.signals[traces].Channels = []cbad.Channel{{P: rng.Float64()}, {P: rng.Float64()}}
		p, _ := m.combine(v)
		for alpha := range below {
			if p <= alpha {
				below[alpha]++
			}
		}
	}
	for alpha, k := range below {
		assert.LessOrEqual(t, float64(k)/n, 1.25*alpha, "%g", alpha)
	}
}
