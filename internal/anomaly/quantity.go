package anomaly

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Number writes a number for people: three digits, no exponent where it is of everyday size.
func Number(v float64) string {
	switch a := math.Abs(v); {
	case a != 0 && (a >= 1e9 || a < 1e-3):
		return strconv.FormatFloat(v, 'g', 3, 64)
	case a >= 100 || v == math.Trunc(v):
		return strconv.FormatFloat(v, 'f', 0, 64)
	default:
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
}

// Quantity writes a value with its unit, a UCUM code as OpenTelemetry has them; annotations lose their braces, durations
// and sizes in bytes are written in what fits.
func Quantity(v float64, unit string) string {
	base, perSecond := strings.CutSuffix(unit, "/s")
	var text string
	switch base {
	case "", "1":
		if perSecond {
			return Number(v) + " per second"
		}
		return Number(v)
	case "ns":
		text = nanoseconds(v)
	case "us", "ms", "s":
		if perSecond || math.Abs(v) >= 1e9 {
			text = Number(v) + " " + base
		} else {
			text = nanoseconds(v * map[string]float64{"us": 1e3, "ms": 1e6, "s": 1e9}[base])
		}
	case "By":
		text = byteSize(v)
	case "%":
		text = Number(v) + " %"
	default:
		text = Number(v) + " " + annotation(base, v)
	}
	if perSecond {
		return text + "/s"
	}
	return text
}

// annotation is a unit in words: of UCUM's annotations, which are counted things in braces, there are several.
func annotation(unit string, n float64) string {
	word, counted := strings.CutPrefix(unit, "{")
	word = strings.TrimSuffix(word, "}")
	if counted && n != 1 && !strings.HasSuffix(word, "s") {
		return word + "s"
	}
	return word
}

// nanoseconds writes a duration with three digits.
func nanoseconds(v float64) string {
	if !(math.Abs(v) < math.MaxInt64) {
		return Number(v) + " ns"
	}
	d := time.Duration(v)
	step := time.Duration(1)
	for d.Abs() >= 1000*step && step < time.Minute {
		step *= 10
	}
	return d.Round(step).String()
}

func byteSize(v float64) string {
	for _, unit := range []string{"B", "KiB", "MiB", "GiB"} {
		if math.Abs(v) < 1024 {
			return Number(v) + " " + unit
		}
		v /= 1024
	}
	return Number(v) + " TiB"
}
