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
	assert.InEpsilon(t, math.Pow(10, -4-poolMost), p.level(1e-4), 0.03)
	fill(&p, 6*poolMemory, 1)
	assert.Greater(t, p.level(1e-4), 1e-4/2.5)
	assert.Less(t, p.N, float64(poolMemory))
}
