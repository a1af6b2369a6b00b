package detect

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/shop"
)

var update = flag.Bool("update", false, "write the golden explanations anew")

// where each kind of incident strikes.
var struck = map[shop.Kind]string{
	shop.Errors: "payment", shop.NewLogLine: "users", shop.Latency: "catalogue", shop.ThroughputDrop: "recommend", shop.Silence: "cart",
	shop.MemoryLeak: "orders", shop.RetryStorm: "inventory", shop.NewDependency: "checkout", shop.ValueOutOfRange: "shipping", shop.SlowDrift: "search",
}

// TestExplanations shows what people read: for each kind of incident what its service's worst window is said to be, and
// which other services are named. The history is the same for all; it is learnt once and taken up again from its snapshot.
//
// When a model changes so do the numbers. Look at what changed and, if it reads well, run
//
//	go test ./internal/detect -run TestExplanations -update
func TestExplanations(t *testing.T) {
	if testing.Short() {
		t.Skip("replays hours of telemetry")
	}
	began := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	strikes := began.Add(110 * time.Minute)
	cfg := DefaultConfig()
	cfg.OnOverload = Block
	cfg.State.Interval = time.Hour
	past := newMemory()
	run(t, cfg, past, func(d *Detector) { feed(t, d, shopping(t, began, strikes)) })
	t.Run("kinds", func(t *testing.T) {
		for _, k := range shop.Kinds() {
			t.Run(string(k.Kind), func(t *testing.T) {
				t.Parallel()
				in := shop.Incident{Kind: k.Kind, Service: struck[k.Kind], Start: strikes.Add(2 * time.Minute), End: strikes.Add(12 * time.Minute)}
				l := run(t, cfg, past.clone(), func(d *Detector) {
					feed(t, d, shopping(t, strikes, in.End, in))
					require.NoError(t, d.Flush(t.Context()))
				})
				path := filepath.Join("testdata", "explanations", string(k.Kind)+".golden")
				recomputed(t, l.anomalies)
				exhibited(t, l.anomalies)
				got := read(in, l.anomalies)
				if *update {
					require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
					require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
				}
				want, err := os.ReadFile(path)
				require.NoError(t, err)
				assert.Equal(t, string(want), got, "if this reads well: go test ./internal/detect -run TestExplanations -update")
			})
		}
	})
}

// shopping is the shop's telemetry of a span of time, in payloads of ten seconds.
func shopping(t testing.TB, from, to time.Time, incidents ...shop.Incident) []payload {
	t.Helper()
	g, err := shop.New(shop.Config{Seed: 7, Rate: 4, Start: from, Incidents: incidents})
	require.NoError(t, err)
	var all []payload
	for g.Now().Before(to) {
		b := g.Next(g.Now().Add(10 * time.Second))
		all = append(all, payload{g.Now(), b.Logs, b.Metrics, b.Traces})
	}
	return all
}

// read is what a person gets to see of an incident.
func read(in shop.Incident, said []*anomaly.Anomaly) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s@%s from %s\n\n", in.Kind, in.Service, in.Start.Format("15:04"))
	var first, worst *anomaly.Anomaly
	var others []string
	for _, a := range said {
		if a.Episode.Ended != nil {
			continue
		}
		if a.Service != in.Service {
			text := a.Service
			if a.Cause != "" {
				text += " because of " + a.Cause
			}
			if !slices.Contains(others, text) {
				others = append(others, text)
			}
			continue
		}
		if first == nil {
			first = a
		}
		if worst == nil || a.PValue < worst.PValue {
			worst = a
		}
	}
	if worst == nil {
		b.WriteString("Nothing is said of it.\n")
	} else {
		b.WriteString(worst.Explanation + "\n")
		if first != worst {
			line, _, _ := strings.Cut(first.Explanation, "\n")
			fmt.Fprintf(&b, "\nFirst said: %s\n", line)
		}
	}
	if len(others) > 0 {
		fmt.Fprintf(&b, "\nAlso said of: %s\n", strings.Join(others, ", "))
	}
	return b.String()
}
