package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// Get returns one anomaly.
func (s *Store) Get(ctx context.Context, id string) (*anomaly.Anomaly, error) {
	const action = "read anomaly"
	if err := s.usable(ctx, action); err != nil {
		return nil, err
	}
	if _, err := uuid.Parse(id); err != nil {
		return nil, fmt.Errorf("%s %q: %w", action, id, store.ErrNotFound)
	}
	a, err := scanAnomaly(s.pool.QueryRow(ctx, selectAnomalies+" WHERE id = $1", id))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("%s %s: %w", action, id, store.ErrNotFound)
	}
	if err != nil {
		return nil, s.wrap(action+" "+id, err)
	}
	return a, nil
}

// where collects conditions and their parameters.
type where struct {
	terms []string
	args  []any
}

// parameter adds a value and returns its placeholder.
func (w *where) parameter(v any) string {
	w.args = append(w.args, v)
	return "$" + itoa(len(w.args))
}

// add adds a condition with a question mark for each value.
func (w *where) add(condition string, values ...any) {
	for _, v := range values {
		condition = strings.Replace(condition, "?", w.parameter(v), 1)
	}
	w.terms = append(w.terms, condition)
}

func conditions(q store.Query) *where {
	w := &where{}
	if q.StreamType != "" {
		w.add("stream_type = ?", string(q.StreamType))
	}
	if q.Service != "" {
		w.add("service = ?", q.Service)
	}
	if q.Status != "" {
		w.add("status = ?", q.Status)
	}
	if q.Kind != "" {
		w.add("kind = ?", string(q.Kind))
	}
	if q.IncidentID != "" {
		w.add("incident_id = ?", q.IncidentID)
	}
	if q.MinNCDScore != nil {
		w.add("ncd_score >= ?", *q.MinNCDScore)
	}
	if q.MaxPValue != nil {
		w.add("p_value <= ?", *q.MaxPValue)
	}
	if !q.Start.IsZero() {
		w.add("timestamp >= ?", q.Start)
	}
	if !q.End.IsZero() {
		w.add("timestamp < ?", q.End)
	}
	if q.Text != "" {
		w.add("search_text LIKE ?", like(q.Text))
	}
	return w
}

// like is the pattern of what has the text in it.
func like(text string) string { return "%" + likeLiteral.Replace(clean(store.Fold(text))) + "%" }

// likeLiteral makes a text stand for itself in LIKE.
var likeLiteral = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// compact takes out the spaces that JSONB puts in.
func compact(document []byte) json.RawMessage {
	if len(document) == 0 {
		return nil
	}
	var b bytes.Buffer
	if json.Compact(&b, document) != nil {
		return document
	}
	return b.Bytes()
}
