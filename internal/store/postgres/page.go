package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// order is the order of a list, as SQL. Only these constants reach a statement.
type order struct {
	column    string
	direction string // DESC or ASC
	beyond    string // how a row compares with those before it
	time      bool   // whether the column is a time
}

var columns = map[store.Field]string{
	store.ByTimestamp: "timestamp",
	store.ByScore:     "score",
	store.ByPValue:    "p_value",
	store.ByNCDScore:  "ncd_score",
}

func orderOf(s store.Sort) (order, error) {
	if s.Field == "" {
		s.Field = store.ByTimestamp
	}
	column, ok := columns[s.Field]
	if !ok {
		return order{}, fmt.Errorf("no order by %q", s.Field)
	}
	o := order{column, "DESC", "<", s.Field == store.ByTimestamp}
	if s.Ascending {
		o.direction, o.beyond = "ASC", ">"
	}
	return o, nil
}

// by is the clause; id makes the order total.
func (o order) by() string {
	return " ORDER BY " + o.column + " " + o.direction + ", id " + o.direction
}

// conditions are those of a query's filters but its text, and its place in the list.
func (o order) conditions(q store.Query) *where {
	q.Text = ""
	w := conditions(q)
	if q.After != nil {
		var at any = q.After.Value
		if o.time {
			at = q.After.Time
		}
		w.add("("+o.column+", id) "+o.beyond+" (?, ?)", at, q.After.ID)
	}
	return w
}

// clause is WHERE and the conditions, if there are any.
func (w *where) clause() string {
	if len(w.terms) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.terms, " AND ")
}

// List returns one page.
func (s *Store) List(ctx context.Context, q store.Query) (store.Page, error) {
	const action = "list anomalies"
	if err := s.usable(ctx, action); err != nil {
		return store.Page{}, err
	}
	o, err := orderOf(q.Sort)
	if err != nil {
		return store.Page{}, &store.PermanentError{Err: fmt.Errorf("%s: %w", action, err)}
	}
	limit := store.ClampLimit(q.Limit)
	var list []*anomaly.Anomaly
	if q.Text == "" {
		text, args := listing(o, q, limit+1)
		list, err = collect(ctx, s.pool, text, append([]any{fresh}, args...))
	} else {
		list, err = s.search(ctx, o, q, limit+1)
	}
	if err != nil {
		return store.Page{}, s.wrap(action, err)
	}
	page := store.Page{Anomalies: list}
	if len(list) > limit {
		page.Anomalies = list[:limit]
		page.Next = store.PositionOf(list[limit-1], q.Sort)
	}
	return page, nil
}

// listing is the statement of a page and its parameters: the ids of n rows by the indexes alone, then these rows. One row more than a page
// has tells whether there is a next one.
func listing(o order, q store.Query, n int) (string, []any) {
	w := o.conditions(q)
	ids := "SELECT id FROM anomalies" + w.clause() + o.by() + " LIMIT " + w.parameter(n)
	return selected(q) + " WHERE id = ANY (ARRAY(" + ids + "))" + o.by(), w.args
}

func selected(q store.Query) string {
	if q.Detail == store.Summary {
		return selectSummaries
	}
	return selectAnomalies
}

type querier interface {
	Query(ctx context.Context, text string, args ...any) (pgx.Rows, error)
}

// fresh is how lists are asked: planned for the values at hand. A plan kept for all values would walk along the order for a rare status as
// for a common one.
const fresh = pgx.QueryExecModeCacheDescribe

func collect(ctx context.Context, db querier, text string, args []any) ([]*anomaly.Anomaly, error) {
	rows, err := db.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (*anomaly.Anomaly, error) { return scanAnomaly(r) })
}
