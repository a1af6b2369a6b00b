package shop

import "math"

// mix hashes the parts into one key (the finaliser of SplitMix64, applied after each part).
// Every draw of the simulation starts from such a key rather than from a shared stream of random numbers,
// so that leaving one call out, or adding one, changes no other.
func mix(parts ...uint64) uint64 {
	h := uint64(0x9e3779b97f4a7c15)
	for _, p := range parts {
		h = finalise(h ^ p)
	}
	return h
}

func finalise(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// mixString folds a name into a key.
func mixString(s string) uint64 {
	h := uint64(len(s))
	for i := 0; i < len(s); i++ {
		h = finalise(h ^ uint64(s[i]))
	}
	return h
}

// random is SplitMix64: the state is the key, and it is small enough to live on the stack.
type random uint64

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// uniform is in [0, 1).
func (r *random) uniform() float64 { return float64(r.next()>>11) / (1 << 53) }

// between is an integer in [lo, hi].
func (r *random) between(lo, hi int64) int64 {
	if hi <= lo {
		return lo
	}
	return lo + int64(r.next()%uint64(hi-lo+1))
}

// normal is a standard normal deviate (Box and Muller).
func (r *random) normal() float64 {
	u := 1 - r.uniform() // never 0
	return math.Sqrt(-2*math.Log(u)) * math.Cos(2*math.Pi*r.uniform())
}

// lognormal has the given median and shape.
func (r *random) lognormal(median, sigma float64) float64 {
	return median * math.Exp(sigma*r.normal())
}

// poisson counts arrivals with the given mean: products of uniforms (Knuth) below 30, the rounded normal above.
func (r *random) poisson(mean float64) int {
	if mean <= 0 {
		return 0
	}
	if mean > 30 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*r.normal())))
	}
	limit, product, n := math.Exp(-mean), r.uniform(), 0
	for product > limit {
		product *= r.uniform()
		n++
	}
	return n
}

// smoothNoise is a standard normal value per period, joined by a cosine: noise that wanders, yet is a function of time alone.
func smoothNoise(key uint64, t, period int64) float64 {
	step := floorDiv(t, period)
	at := func(i int64) float64 {
		r := random(mix(key, uint64(i)))
		return r.normal()
	}
	x := float64(t-step*period) / float64(period)
	w := (1 - math.Cos(math.Pi*x)) / 2
	return at(step)*(1-w) + at(step+1)*w
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
