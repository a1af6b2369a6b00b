package detect

import (
	"math"
	"slices"

	"github.com/driftlock/driftlock/internal/cbad"
)

// pool is what the verdicts on all services together say about how far p-values can be believed. It does not say which of
// them are right.
//
// With twenty services and one false alarm a day the level is 3.5e-5 a window, and no single service has the history that
// a p-value of that size needs: it is extrapolated. But all services together have tens of thousands of windows, each
// with a p-value that should be at most 10^−x with a chance of 10^−x. The pool holds these decades x, and the core fits their
// tail (cbad-core/src/calibrate/pool.rs). Where x decades come more often than 10^−x says, the level is lowered until the
// realised chance is what the budget allows; where they come less often, nothing is gained by it.
//
// What belongs together counts once, since the budget counts what wakes people, and so that an incident does not make the
// detector deaf to the next one: a run of odd windows of one service (runs declustering, Leadbetter, Weissman, de Haan and
// Rootzén 1989), and all odd windows of an incident's services. Whether an odd window is part of an incident shows
// within some windows after it, so it waits for so long.
type pool struct {
	Bins    [poolBins]float64 // windows by decades, poolWidth each
	N       float64           // their sum
	Waiting []oddWindow       // in the order in which they were judged
}

// oddWindow is the first odd window of a run.
type oddWindow struct {
	Service uint64
	Start   uint64
	Decades float64
}

const (
	poolBins  = 240
	poolWidth = 0.05
	// poolMemory is the number of windows after which all counts are halved: nine days of twenty services.
	poolMemory = 1 << 18
	// poolOdd are the decades from which on a window waits.
	poolOdd = 2
	// poolWait is for how many windows.
	poolWait = 6
	// poolWaiting bounds those that wait; the oldest then enter early.
	poolWaiting = 1024
)

// wait takes in an odd window that may turn out to be part of an incident.
func (p *pool) wait(w oddWindow) {
	if len(p.Waiting) >= poolWaiting {
		p.add(p.Waiting[0].Decades)
		p.Waiting = slices.Delete(p.Waiting, 0, 1)
	}
	p.Waiting = append(p.Waiting, w)
}

// settle adds the windows that have waited since before the given time.
func (p *pool) settle(before uint64) {
	p.Waiting = slices.DeleteFunc(p.Waiting, func(w oddWindow) bool {
		if w.Start < before {
			p.add(w.Decades)
		}
		return w.Start < before
	})
}

// incident makes one of the waiting windows that belong to an incident, the oddest.
func (p *pool) incident(belongs func(oddWindow) bool) {
	most := -1.0
	p.Waiting = slices.DeleteFunc(p.Waiting, func(w oddWindow) bool {
		if !belongs(w) {
			return false
		}
		most = max(most, w.Decades)
		return true
	})
	if most >= 0 {
		p.add(most)
	}
}

// add learns one window's decades.
func (p *pool) add(decades float64) {
	i := int(decades / poolWidth)
	p.Bins[max(0, min(i, poolBins-1))]++
	p.N++
	if p.N < poolMemory {
		return
	}
	p.N = 0
	for i := range p.Bins {
		p.Bins[i] = math.Floor(p.Bins[i] / 2)
		p.N += p.Bins[i]
	}
}

// level is the p at which the realised chance is the given one, at most that itself.
func (p *pool) level(nominal float64) float64 { return cbad.PoolLevel(p.Bins[:], poolWidth, nominal) }
