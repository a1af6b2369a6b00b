package anomaly

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestQuantity(t *testing.T) {
	for _, c := range []struct {
		want, unit string
		v          float64
	}{
		{"12", "", 12}, {"0.123", "1", 0.12345}, {"1234", "", 1234.4}, {"1e+12", "", 1e12}, {"-3.14", "", -3.14159}, {"0.0001", "", 0.0001},
		{"0.133 requests/s", "{request}/s", 0.1333}, {"1 request", "{request}", 1}, {"54 descriptors", "{descriptor}", 54}, {"3 Cel", "Cel", 3},
		{"105ms", "s", 0.105}, {"2.5s", "ms", 2500}, {"-20µs", "us", -20}, {"1e+12 s", "s", 1e12}, {"2 per second", "/s", 2}, {"2 per second", "1/s", 2}, {"0.0756 s/s", "s/s", 0.0756}, {"95 %", "%", 95},
		{"1.5 KiB", "By", 1536}, {"3 MiB/s", "By/s", 3 << 20}, {"2048 TiB", "By", 2048 * (1 << 40)},
		{"104ms", "ns", 104.07e6}, {"669µs", "ns", 669251}, {"2.5s", "ns", 2.5e9}, {"11.2ms", "ns", 11.2e6}, {"1m31.2s", "ns", 91.234e9}, {"999ns", "ns", 999},
		{"-4ms", "ns", -4e6}, {"1e+30 ns", "ns", 1e30}, {"NaN ns", "ns", math.NaN()},
	} {
		assert.Equal(t, c.want, Quantity(c.v, c.unit), "%g %q", c.v, c.unit)
	}
}
