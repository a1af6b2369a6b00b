package detect

// gaps is how often most streams of a signal stopped together, and for how long: the pipeline's past, as
// cbad-core/src/volume/gaps.rs keeps it for one stream (see there for the formula and its source).
type gaps struct {
	windows, begun, continued, ended float64
}

const (
	gapDecay = 0.9995
	gapPrior = 1.0 / 3
	gapMost  = 1024
)

// present learns a window without a gap.
func (g *gaps) present() {
	for _, v := range []*float64{&g.windows, &g.begun, &g.continued, &g.ended} {
		*v *= gapDecay
	}
	g.windows++
}

// over learns a gap of so many windows, also an improbable one: it was stated, and the next like it is less of a surprise.
func (g *gaps) over(run uint64) {
	g.begun++
	g.continued += float64(min(max(run, 1), gapMost) - 1)
	g.ended++
}

// p is the probability of a gap of at least so many windows.
func (g *gaps) p(run uint64) float64 {
	r := min((g.begun+gapPrior)/(g.windows+2*gapPrior), 1)
	p := r
	for i := range min(run, gapMost) - 1 {
		p *= (g.continued + r + float64(i)) / (g.continued + g.ended + 1 + float64(i))
	}
	return max(p, 1e-300)
}
