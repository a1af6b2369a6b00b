package progress

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestLinesNowAndThenWhereThereIsNoTerminal(t *testing.T) {
	var out bytes.Buffer
	m := New(&out, "replay", 200)
	now := m.start
	m.now = func() time.Time { return now }
	m.Set(10, "a")
	assert.Empty(t, out.String(), "not at once")
	now = now.Add(lineEvery)
	m.Set(50, "b")
	m.Set(60, "c")
	assert.Equal(t, "replay: 25% after 5s, b\n", out.String())
	m.Printf("bad line %d", 7)
	m.Finish()
	assert.Equal(t, "replay: 25% after 5s, b\nbad line 7\n", out.String())
}

func TestANilMeterShowsNothing(t *testing.T) {
	var m *Meter
	assert.NotPanics(t, func() {
		m.Set(1, "")
		m.Printf("x")
		m.Finish()
	})
}

func TestWithoutATotalThereIsNoShare(t *testing.T) {
	var out bytes.Buffer
	m := New(&out, "live", 0)
	now := m.start.Add(lineEvery)
	m.now = func() time.Time { return now }
	m.Set(5, "note")
	assert.Equal(t, "live: after 5s, note\n", out.String())
}
