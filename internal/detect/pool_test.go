package detect

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
)

// fill draws decades of p-values that are too small by the given factor in the exponent: 1 is honest.
func fill(p *pool, n int, stretch float64) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range n {
		p.add(stretch * rng.ExpFloat64() * math.Log10E)
	}
}

func TestHonestPValuesLeaveTheLevelNearlyAsItIs(t *testing.T) {
	var p pool
	assert.Equal(t, 3.5e-5, p.level(3.5e-5), "nothing is known yet")
	fill(&p, 30_000, 1)
	got := p.level(3.5e-5)
	assert.LessOrEqual(t, got, 3.5e-5)
	assert.Greater(t, got, 3.5e-5/2.5)
}

func TestPValuesThatAreTooSmallLowerTheLevel(t *testing.T) {
	for _, stretch := range []float64{1.15, 1.3} {
		var p pool
		fill(&p, 30_000, stretch)
		realised := math.Pow(p.level(1e-4), 1/stretch) // the chance of such a p
		assert.InEpsilon(t, 1e-4, realised, 0.8, "stretch %g", stretch)
		assert.LessOrEqual(t, realised, 1.8e-4)
	}
}

// A sixth of a young pool's odd windows belong to one incident on several services.
func TestAnIncidentCountsOnce(t *testing.T) {
	var calm, hurt pool
	fill(&calm, 2_400, 1)
	fill(&hurt, 2_400, 1)
	for i := range uint64(8) {
		hurt.wait(oddWindow{Service: i, Start: i, Decades: 6})
	}
	hurt.wait(oddWindow{Service: 99, Start: 3, Decades: 2})
	hurt.incident(func(w oddWindow) bool { return w.Service < 8 })
	assert.Equal(t, []oddWindow{{99, 3, 2}}, hurt.Waiting)
	assert.Equal(t, calm.N+1, hurt.N)
	assert.Greater(t, hurt.level(3.5e-5), calm.level(3.5e-5)/2)
	hurt.incident(func(oddWindow) bool { return false })
	assert.Equal(t, calm.N+1, hurt.N, "an incident of windows that did not wait")
	hurt.settle(3)
	assert.Len(t, hurt.Waiting, 1, "its time has not come")
	hurt.settle(4)
	assert.Empty(t, hurt.Waiting)
	assert.Equal(t, calm.N+2, hurt.N)
}

func TestWhatWaitsIsBounded(t *testing.T) {
	var p pool
	for i := range uint64(5 * poolWaiting) {
		p.wait(oddWindow{i, i, 3})
	}
	assert.Len(t, p.Waiting, poolWaiting)
	assert.Equal(t, float64(4*poolWaiting), p.N)
}

func TestPValuesThatAreTooLargeDoNotRaiseTheLevel(t *testing.T) {
	var p pool
	fill(&p, 30_000, 0.5)
	assert.Equal(t, 1e-4, p.level(1e-4))
}

func TestThePoolForgetsAndNeverGoesDeaf(t *testing.T) {
	var p pool
	for range 2000 {
		p.add(12) // a storm
	}
	assert.InEpsilon(t, math.Pow(10, -4-1.5), p.level(1e-4), 0.03)
	fill(&p, 6*poolMemory, 1)
	assert.Greater(t, p.level(1e-4), 1e-4/2.5)
	assert.Less(t, p.N, float64(poolMemory))
}
