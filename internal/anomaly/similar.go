package anomaly

import (
	"cmp"
	"slices"
)

// cause is what tells reasons apart: the same item in the same channel is the same reason, whatever it cost.
type cause struct {
	signal        Signal
	channel, item string
}

// Similarity is the weighted Jaccard index of two anomalies' reasons, in [0, 1]: a reason weighs the bits that it cost, and the sum of
// the smaller weights is divided by the sum of the larger ones. shared are the items of reasons that both have, at most `most`, the
// costliest first. Anomalies without reasons are like none.
func Similarity(a, b *Anomaly, most int) (similarity float64, shared []string) {
	x, y := weights(a), weights(b)
	type part struct {
		cause
		bits float64
	}
	var both []part
	var smaller, larger float64
	for _, c := range order(x) {
		low, high := min(x[c], y[c]), max(x[c], y[c])
		smaller += low
		larger += high
		if low > 0 {
			both = append(both, part{c, low})
		}
	}
	for _, c := range order(y) {
		if _, seen := x[c]; !seen {
			larger += y[c]
		}
	}
	if smaller == 0 {
		return 0, nil
	}
	slices.SortStableFunc(both, func(a, b part) int { return cmp.Compare(b.bits, a.bits) })
	for _, p := range both {
		if !slices.Contains(shared, p.item) && len(shared) < most {
			shared = append(shared, p.item)
		}
	}
	return smaller / larger, shared
}

func weights(a *Anomaly) map[cause]float64 {
	w := map[cause]float64{}
	for _, r := range a.Reasons {
		if r.Bits > 0 {
			w[cause{r.Signal, r.Channel, r.Item}] += r.Bits
		}
	}
	return w
}

// order makes sums the same on every run: they are rounded.
func order(w map[cause]float64) []cause {
	list := make([]cause, 0, len(w))
	for c := range w {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b cause) int {
		return cmp.Or(cmp.Compare(a.signal, b.signal), cmp.Compare(a.channel, b.channel), cmp.Compare(a.item, b.item))
	})
	return list
}
