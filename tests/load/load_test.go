// Package load puts the built collector under load and prints what it did in one table. It talks to this machine alone, and every part
// of it ends by itself. These are benchmarks, so that `go test` leaves them out; `make bench-load` runs them.
package load

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"text/tabwriter"

	"github.com/driftlock/driftlock/internal/pgtest"
	"github.com/driftlock/driftlock/tests/rig"
)

// TestMain also plays the peer that the API is compared with.
func TestMain(m *testing.M) {
	if address := os.Getenv(peerVariable); address != "" {
		servePeer(address)
		return
	}
	rig.MainThen(m, results.print)
}

// stores are the two that a collector can have; open makes a collector that does not run yet, and what driftlock-keys calls its store.
var stores = []struct {
	name string
	open func(b *testing.B, env ...string) (c *rig.Collector, store string)
}{
	{"sqlite", func(b *testing.B, env ...string) (*rig.Collector, string) {
		c := rig.New(b, "testdata/sqlite.yaml", env...)
		return c, c.File()
	}},
	{"postgres", func(b *testing.B, env ...string) (*rig.Collector, string) {
		dsn := pgtest.Database(b)
		return rig.New(b, "testdata/postgres.yaml", append(env, "E2E_DSN="+dsn)...), dsn
	}},
}

// table collects the rows of the result.
type table struct {
	mu   sync.Mutex
	rows [][4]string
	bad  int
}

var results table

// add puts a row down: what was measured, what came out, what is asked for, and whether that holds.
func (t *table) add(what, got, target string, holds bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	verdict := "yes"
	switch {
	case target == "":
		verdict = ""
	case !holds:
		verdict = "NO"
		t.bad++
	}
	t.rows = append(t.rows, [4]string{what, got, target, verdict})
}

// print shows all rows; it fails where a target was missed.
func (t *table) print() error {
	if len(t.rows) == 0 {
		return nil
	}
	fmt.Printf("\n%s/%s, %d cores, %s\n\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "WHAT\tMEASURED\tTARGET\tHOLDS")
	for _, r := range t.rows {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r[0], r[1], r[2], r[3])
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if t.bad > 0 {
		return fmt.Errorf("%d targets are missed", t.bad)
	}
	return nil
}

// setting is a number that the environment may change, for a quick look.
func setting(b *testing.B, name string, usual int) int {
	b.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		b.Fatalf("%s must be a whole number above 0 (got %q)", name, text)
	}
	return n
}
