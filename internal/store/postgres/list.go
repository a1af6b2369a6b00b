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

// order is the column of each field that lists can be sorted by. Only these constants reach the statement.
var order = map[store.Field]string{
	store.ByTimestamp: "timestamp",
	store.ByScore:     "score",
	store.ByPValue:    "p_value",
	store.ByNCDScore:  "ncd_score",
}

// List returns one page.
func (s *Store) List(ctx context.Context, q store.Query) (store.Page, error) {
	const action = "list anomalies"
	if err := s.usable(ctx, action); err != nil {
		return store.Page{}, err
	}
	text, args, err := listing(q)
	if err != nil {
		return store.Page{}, &store.PermanentError{Err: fmt.Errorf("%s: %w", action, err)}
	}
	rows, err := s.pool.Query(ctx, text, args...)
	if err != nil {
		return store.Page{}, s.wrap(action, err)
	}
	list, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (*anomaly.Anomaly, error) { return scanAnomaly(r) })
	if err != nil {
		return store.Page{}, s.wrap(action, err)
	}
	page := store.Page{Anomalies: list}
	if limit := store.ClampLimit(q.Limit); len(list) > limit {
		page.Anomalies = list[:limit]
		page.Next = store.PositionOf(list[limit-1], q.Sort)
	}
	return page, nil
}

// listing is the statement of a page and its parameters. It asks for one row more, which tells whether there is a next page.
func listing(q store.Query) (string, []any, error) {
	if q.Sort.Field == "" {
		q.Sort.Field = store.ByTimestamp
	}
	column, ok := order[q.Sort.Field]
	if !ok {
		return "", nil, fmt.Errorf("no order by %q", q.Sort.Field)
	}
	w := conditions(q)
	direction, beyond := "DESC", "<"
	if q.Sort.Ascending {
		direction, beyond = "ASC", ">"
	}
	if q.After != nil {
		var at any = q.After.Value
		if q.Sort.Field == store.ByTimestamp {
			at = q.After.Time
		}
		w.add("("+column+", id) "+beyond+" (?, ?)", at, q.After.ID)
	}
	text := selectAnomalies
	if q.Detail == store.Summary {
		text = selectSummaries
	}
	if len(w.terms) > 0 {
		text += " WHERE " + strings.Join(w.terms, " AND ")
	}
	text += " ORDER BY " + column + " " + direction + ", id " + direction + " LIMIT " + w.parameter(store.ClampLimit(q.Limit)+1)
	return text, w.args, nil
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
		like := "%" + likeLiteral.Replace(clean(q.Text)) + "%"
		w.add("(glass_box_explanation ILIKE ? OR service ILIKE ? OR reasons::text ILIKE ?)", like, like, like)
	}
	return w
}

// likeLiteral makes a text stand for itself in ILIKE.
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
