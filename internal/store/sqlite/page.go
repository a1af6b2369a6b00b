package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// order is how a field is sorted and continued. Only these constants reach a statement.
type order struct {
	field store.Field
	index string // of this order over all rows
	by    string
	after string
}

var columns = map[store.Field]struct{ column, index string }{
	store.ByTimestamp: {"timestamp", "anomalies_by_time"},
	store.ByScore:     {"score", "anomalies_by_score"},
	store.ByPValue:    {"p_value", "anomalies_by_p_value"},
	store.ByNCDScore:  {"ncd_score", "anomalies_by_ncd"},
}

func orderOf(s store.Sort) (order, error) {
	if s.Field == "" {
		s.Field = store.ByTimestamp
	}
	c, ok := columns[s.Field]
	if !ok {
		return order{}, fmt.Errorf("no order by %q", s.Field)
	}
	o := order{s.Field, c.index, " ORDER BY " + c.column + " DESC, id DESC", "(" + c.column + ", id) < (?, ?)"}
	if s.Ascending {
		o.by, o.after = " ORDER BY "+c.column+", id", "("+c.column+", id) > (?, ?)"
	}
	return o, nil
}

// selection is which rows a list is of, in which order, by which index, before a text is looked for.
type selection struct {
	order
	where []string
	args  []any
	index string
}

func (s *Store) selectionOf(ctx context.Context, tx *sql.Tx, o order, q store.Query) (*selection, error) {
	q.Text = ""
	sel := &selection{order: o}
	sel.where, sel.args = conditions(q)
	var err error
	if sel.index, err = indexFor(ctx, tx, o, q); err != nil {
		return nil, err
	}
	if q.After != nil {
		sel.goOn(q.After)
	}
	return sel, nil
}

// goOn lets the selection begin behind a place.
func (s *selection) goOn(p *store.Position) {
	var at any = p.Value
	if s.field == store.ByTimestamp {
		at = nanos(p.Time)
	}
	s.where, s.args = append(s.where, s.after), append(s.args, at, p.ID)
}

// query is a statement over the selection's first rows; it reads nothing but the index unless what is selected needs more.
func (s *selection) query(what string, limit int) (string, []any) {
	text := "SELECT " + what + " FROM anomalies INDEXED BY " + s.index
	if len(s.where) > 0 {
		text += " WHERE " + strings.Join(s.where, " AND ")
	}
	return text + s.by + " LIMIT ?", append(append([]any{}, s.args...), limit)
}

// List returns one page.
func (s *Store) List(ctx context.Context, q store.Query) (store.Page, error) {
	const action = "list anomalies"
	if err := s.usable(action); err != nil {
		return store.Page{}, err
	}
	o, err := orderOf(q.Sort)
	if err != nil {
		return store.Page{}, &store.PermanentError{Err: fmt.Errorf("%s: %w", action, err)}
	}
	limit := store.ClampLimit(q.Limit)
	var page store.Page
	err = s.view(ctx, action, func(tx *sql.Tx) error {
		sel, err := s.selectionOf(ctx, tx, o, q)
		if err != nil {
			return err
		}
		n := limit + 1 // one more tells whether there is a next page
		if q.Text == "" {
			rows, args := sel.query("rowid", n)
			page.Anomalies, err = fetch(ctx, tx, q, o, rows, args)
			return err
		}
		numbers, err := search(ctx, tx, sel, store.Fold(q.Text), n)
		if err != nil || len(numbers) == 0 {
			return err
		}
		page.Anomalies, err = fetch(ctx, tx, q, o, "SELECT value FROM json_each(?)", []any{list(numbers)})
		return err
	})
	if err != nil {
		return store.Page{}, err
	}
	if len(page.Anomalies) > limit {
		page.Anomalies = page.Anomalies[:limit]
		page.Next = store.PositionOf(page.Anomalies[limit-1], q.Sort)
	}
	return page, nil
}

// fetch reads the rows whose numbers a statement gives.
func fetch(ctx context.Context, tx *sql.Tx, q store.Query, o order, numbers string, args []any) (all []*anomaly.Anomaly, err error) {
	text := selectAnomalies
	if q.Detail == store.Summary {
		text = selectSummaries
	}
	rows, err := tx.QueryContext(ctx, text+" NOT INDEXED WHERE rowid IN ("+numbers+")"+o.by, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		a, err := scanAnomaly(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, rows.Err()
}
