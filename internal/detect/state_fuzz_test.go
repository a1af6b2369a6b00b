package detect

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/cbad"
	"github.com/driftlock/driftlock/internal/join"
	"github.com/driftlock/driftlock/internal/pack"
)

// Whatever a record says, past its checksum: it is loaded or refused, never more, and what was loaded can be worked with.
func FuzzState(f *testing.F) {
	cfg := DefaultConfig()
	cfg.Limits.Spans, cfg.Workers = 1024, 1
	idle := func(t testing.TB) *Detector {
		d, err := New("test", cfg, replaying(), &listener{})
		require.NoError(t, err)
		d.newModel = func(cbad.Kind, cbad.Params) (model, error) { return &fakeModel{}, nil }
		d.loadModel = func(_ cbad.Kind, _ cbad.Params, saved []byte) (model, error) {
			m := &fakeModel{}
			return m, pack.Unmarshal(saved, &m.records)
		}
		return d
	}
	d := idle(f)
	require.NoError(f, d.Start(f.Context()))
	for s := 10.0; s < 200; s += 30 {
		require.NoError(f, d.ConsumeLogs(f.Context(), logsAt("shop", s, s+70)))
		require.NoError(f, d.ConsumeMetrics(f.Context(), gaugeAt("shop", s, 1)))
		require.NoError(f, d.ConsumeTraces(f.Context(), callAt(randomly(), "shop", "pay", s, 5)))
	}
	d.mu.Lock()
	c := d.cutNow(0, 1)
	d.mu.Unlock()
	f.Add(byte(0), pack.Marshal(c.sequencer))
	f.Add(byte(3), pack.Marshal(struct {
		S join.State
		E [][]join.Entry
	}{*c.spans, [][]join.Entry{c.chunks[0].Entries}}))
	for range c.services + 2 {
		switch r := <-c.parts; r.name {
		case emitterName:
			f.Add(byte(2), r.data)
		case lendingName:
			f.Add(byte(4), r.data)
		default:
			f.Add(byte(1), r.data)
		}
	}
	c.end()
	require.NoError(f, d.Shutdown(context.Background()))

	f.Fuzz(func(t *testing.T, kind byte, raw []byte) {
		d := idle(t)
		switch kind % 5 {
		case 0:
			var s sequencerState
			if pack.Unmarshal(raw, &s) != nil || d.loadSequencer(&s) != nil {
				return
			}
		case 1:
			var s modelsState
			if pack.Unmarshal(raw, &s) != nil {
				return
			}
			v := d.service(d.resources.Named("shop"))
			if v.models.load(&s) != nil {
				return
			}
		case 2:
			var s emitterState
			if pack.Unmarshal(raw, &s) != nil || d.emitter.load(&s) != nil {
				return
			}
		case 3:
			var s struct {
				S join.State
				E [][]join.Entry
			}
			if pack.Unmarshal(raw, &s) != nil {
				return
			}
			table, err := join.Load(cfg.Limits.Spans, s.S, s.E)
			if err != nil {
				return
			}
			d.spans = table
		case 4:
			var s lendingState
			if pack.Unmarshal(raw, &s) != nil || d.lending.load(&s) != nil {
				return
			}
		}
		require.NoError(t, d.Start(t.Context()))
		require.NoError(t, d.ConsumeLogs(t.Context(), logsAt("shop", 20, 500)))
		require.NoError(t, d.ConsumeTraces(t.Context(), callAt(randomly(), "shop", "pay", 500, 5)))
		require.NoError(t, d.Flush(t.Context()))
		require.NoError(t, d.Shutdown(t.Context()))
	})
}

func randomly() *rand.Rand { return rand.New(rand.NewPCG(1, 1)) }
