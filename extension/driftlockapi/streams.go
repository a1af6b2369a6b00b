package driftlockapi

import (
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// stream is one service × signal as its newest window left it.
type stream struct {
	Service     string    `json:"service"`
	ComponentID string    `json:"component_id"`
	Timestamp   time.Time `json:"timestamp"` // the newest window's end
	WindowStart time.Time `json:"window_start"`
	Score       float64   `json:"score"` // of the service in that window, all signals together
	Level       float64   `json:"level"`
	Anomaly     bool      `json:"anomaly"`
	anomaly.Stream
}

type streamList struct {
	Streams    []stream `json:"streams"`
	NextCursor string   `json:"next_cursor"`
}

// listStreams pages by service: limit counts services, of which each has up to three streams.
func (h *handler) listStreams(w http.ResponseWriter, r *http.Request) error {
	p := parseParams(r)
	q := store.LatestQuery{Service: p.text("service"), Limit: p.limit()}
	if cursor := p.text("cursor"); cursor != "" {
		var ok bool
		if q.AfterService, q.AfterComponent, ok = parsePlace(cursor); !ok {
			p.fail("cursor", "is not a cursor of this list; take next_cursor from the answer before (got %q)", clip(cursor))
		}
	}
	if err := p.done(); err != nil {
		return err
	}
	windows, err := h.store.Latest(r.Context(), q)
	if err != nil {
		return err
	}
	list := streamList{Streams: streamsOf(windows)}
	if n := len(windows); n == q.Limit {
		list.NextCursor = place(windows[n-1])
	}
	h.answer(w, r, http.StatusOK, list)
	return nil
}

func streamsOf(windows []*anomaly.Window) []stream {
	out := []stream{}
	for _, w := range windows {
		for _, s := range w.Streams {
			out = append(out, stream{
				Service: w.Service, ComponentID: w.ComponentID, Timestamp: w.Timestamp, WindowStart: w.WindowStart,
				Score: w.Score, Level: w.Level, Anomaly: w.Anomaly, Stream: s,
			})
		}
	}
	return out
}

// A place in the list of streams is, in base64url: a version, the length of the service's name, the service's name, the component's id.
const placeVersion = 1

func place(w *anomaly.Window) string {
	b := binary.AppendUvarint([]byte{placeVersion}, uint64(len(w.Service)))
	b = append(b, w.Service...)
	return base64.RawURLEncoding.EncodeToString(append(b, w.ComponentID...))
}

func parsePlace(text string) (service, component string, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < 2 || b[0] != placeVersion {
		return "", "", false
	}
	n, size := binary.Uvarint(b[1:])
	if size <= 0 || n > uint64(len(b)-1-size) {
		return "", "", false
	}
	rest := b[1+size:]
	return string(rest[:n]), string(rest[n:]), true
}
