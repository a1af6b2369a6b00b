package driftlockapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/evidence"
	"github.com/driftlock/driftlock/internal/store"
)

// EvidenceConfig is about exported bundles.
type EvidenceConfig struct {
	// SigningKeyFile is a PEM file with the Ed25519 key (PKCS #8) that signs them; without one they are not signed.
	SigningKeyFile string `mapstructure:"signing_key_file"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// exportAnomaly gives what stands behind an anomaly, in a form that can be checked elsewhere.
func (h *handler) exportAnomaly(w http.ResponseWriter, r *http.Request) error {
	body, err := h.evidenceOn(r.Context(), pathID(r))
	if err != nil {
		return err
	}
	bundle, digest, err := evidence.Seal(body, h.signer)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", `"`+digest+`"`)
	h.file(w, r, "application/json; charset=utf-8", "driftlock-"+pathID(r)+".json", bundle)
	return nil
}

// evidenceOn reads an anomaly and its history. Where it changes in between, it is read again, so that they go together.
func (h *handler) evidenceOn(ctx context.Context, id string) (*evidence.Body, error) {
	a, err := h.store.Get(ctx, id)
	for range 3 {
		if err != nil {
			return nil, err
		}
		var history []*store.Entry
		if history, err = h.store.Audit(ctx, store.AuditQuery{Target: a.ID, Action: store.ActionStatus, Limit: store.MaxLimit}); err != nil {
			return nil, err
		}
		var again *anomaly.Anomaly
		if again, err = h.store.Get(ctx, id); err != nil {
			return nil, err
		}
		if again.UpdatedAt.Equal(*a.UpdatedAt) {
			body, err := evidence.New(a, oldestFirst(history))
			if err == nil {
				body.Status.Shortened = len(history) == store.MaxLimit
			}
			return body, err
		}
		a = again
	}
	return nil, problem(http.StatusServiceUnavailable, "anomaly %s keeps changing; try again", id)
}

func oldestFirst(history []*store.Entry) []*store.Entry {
	slices.Reverse(history)
	return history
}

// exportAnomalies gives a page of anomalies in a form for tables and scripts.
func (h *handler) exportAnomalies(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r)
	if err != nil {
		return err
	}
	page, err := h.store.List(r.Context(), q)
	if err != nil {
		return err
	}
	if page.Next != nil {
		cursor, err := q.Cursor(page.Next)
		if err != nil {
			return err
		}
		w.Header().Set("X-Next-Cursor", cursor)
	}
	if parseParams(r).text("format") == "csv" {
		table, err := asCSV(page.Anomalies)
		if err != nil {
			return err
		}
		h.file(w, r, "text/csv; charset=utf-8", "driftlock-anomalies.csv", table)
		return nil
	}
	lines, err := asLines(page.Anomalies)
	if err != nil {
		return err
	}
	h.file(w, r, "application/x-ndjson; charset=utf-8", "driftlock-anomalies.ndjson", lines)
	return nil
}

func asLines(list []*anomaly.Anomaly) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for _, a := range list {
		if err := e.Encode(a); err != nil {
			return nil, fmt.Errorf("write anomaly %s: %w", a.ID, err)
		}
	}
	return b.Bytes(), nil
}

var csvHeader = []string{
	"id", "timestamp", "window_start", "service", "stream_type", "kind", "status", "score", "p_value", "p_floor", "level", "bits", "ncd_score",
	"windows", "ended", "incident_id", "cause", "glass_box_explanation",
}

// asCSV is a table (RFC 4180) of what lists are read for.
func asCSV(list []*anomaly.Anomaly) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	if err := w.Write(csvHeader); err != nil {
		return nil, err
	}
	number := func(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
	for _, a := range list {
		windows, ended := "", ""
		if e := a.Episode; e != nil {
			windows = strconv.FormatUint(uint64(e.Windows), 10)
			if e.Ended != nil {
				ended = e.Ended.Format(time.RFC3339Nano)
			}
		}
		if err := w.Write([]string{
			a.ID, a.Timestamp.Format(time.RFC3339Nano), a.WindowStart.Format(time.RFC3339Nano), plain(a.Service), string(a.StreamType), plain(string(a.Kind)), a.Status,
			number(a.Score), number(a.PValue), number(a.PFloor), number(a.Level), number(a.Bits), number(a.NCDScore),
			windows, ended, a.IncidentID, plain(a.Cause), plain(a.Explanation),
		}); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// plain keeps a spreadsheet from taking a text for a formula: the texts come from whoever writes logs.
func plain(s string) string {
	if s != "" && bytes.IndexByte([]byte("=+-@\t\r"), s[0]) >= 0 {
		return "'" + s
	}
	return s
}

// file answers with something to be kept, with its hash (RFC 9530).
func (h *handler) file(w http.ResponseWriter, r *http.Request, kind, name string, data []byte) {
	sum := sha256.Sum256(data)
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	header.Set("Repr-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":")
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		w.Write(data) //nolint:gosec // G705: it is JSON or CSV, says so, and no browser guesses otherwise (nosniff)
	}
}
