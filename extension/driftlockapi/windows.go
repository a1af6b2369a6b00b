package driftlockapi

import (
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

type windowList struct {
	Windows    []*anomaly.Window `json:"windows"`
	NextCursor string            `json:"next_cursor"`
}

// listWindows pages through a service's windows, oldest first.
func (h *handler) listWindows(w http.ResponseWriter, r *http.Request) error {
	p := parseParams(r)
	q := store.WindowQuery{Service: p.text("service"), Limit: p.limit()}
	q.Start, q.End = p.span()
	if cursor := p.text("cursor"); cursor != "" {
		if q.After = parseWindowPlace(cursor); q.After == nil {
			p.fail("cursor", "is not a cursor of this list; take next_cursor from the answer before (got %q)", clip(cursor))
		}
	}
	if err := p.done(); err != nil {
		return err
	}
	windows, err := h.store.Windows(r.Context(), q)
	if err != nil {
		return err
	}
	list := windowList{Windows: windows}
	if windows == nil {
		list.Windows = []*anomaly.Window{}
	}
	if n := len(windows); n == q.Limit {
		list.NextCursor = windowPlace(windows[n-1])
	}
	h.answer(w, r, http.StatusOK, list)
	return nil
}

// A place in the list of windows is, in base64url: a version, 8 bytes of time, the length of the component's id, the component's id, the process's id.
const windowPlaceVersion = 1

func windowPlace(w *anomaly.Window) string {
	b := binary.BigEndian.AppendUint64([]byte{windowPlaceVersion}, uint64(w.Timestamp.UnixNano()))
	b = binary.AppendUvarint(b, uint64(len(w.ComponentID)))
	b = append(b, w.ComponentID...)
	return base64.RawURLEncoding.EncodeToString(append(b, w.ProcessID...))
}

func parseWindowPlace(text string) *store.WindowPosition {
	const head = 1 + 8
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < head+1 || b[0] != windowPlaceVersion {
		return nil
	}
	at := int64(binary.BigEndian.Uint64(b[1:]))
	n, size := binary.Uvarint(b[head:])
	if at < 0 || size <= 0 || n > uint64(len(b)-head-size) {
		return nil
	}
	rest := b[head+size:]
	return &store.WindowPosition{Time: time.Unix(0, at).UTC(), Component: string(rest[:n]), Process: string(rest[n:])}
}
