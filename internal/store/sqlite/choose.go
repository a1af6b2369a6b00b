package sqlite

import (
	"context"
	"database/sql"
	"strings"

	"github.com/driftlock/driftlock/internal/store"
)

// SQLite knows no distribution of values, so the index of a list is chosen here, by counting how many rows each filter leaves, up to a bound.
// With f of N rows left, a walk along the order passes 51 N / f of them for a page, and reading what the filter leaves takes f: at a
// million rows they are equal at 7,000. Where there are several filters, fewer rows pass all of them than any one, and the walk is longer.
const fewRows = 10_000

// filter is a condition that an index begins with.
type filter struct {
	index string
	order store.Field // of the rows that the condition leaves
	query store.Query
}

// filtersOf are the filters of a query that have an index, those first that usually leave the fewest rows.
func filtersOf(q store.Query) (all []filter) {
	if q.Service != "" {
		all = append(all, filter{"anomalies_by_service", store.ByTimestamp, store.Query{Service: q.Service}})
	}
	if q.Status != "" {
		all = append(all, filter{"anomalies_by_status", store.ByTimestamp, store.Query{Status: q.Status}})
	}
	if q.Kind != "" {
		all = append(all, filter{"anomalies_by_kind", store.ByTimestamp, store.Query{Kind: q.Kind}})
	}
	if q.StreamType != "" {
		all = append(all, filter{"anomalies_by_stream_type", store.ByTimestamp, store.Query{StreamType: q.StreamType}})
	}
	if !q.Start.IsZero() || !q.End.IsZero() {
		all = append(all, filter{"anomalies_by_time", store.ByTimestamp, store.Query{Start: q.Start, End: q.End}})
	}
	if q.MaxPValue != nil {
		all = append(all, filter{"anomalies_by_p_value", store.ByPValue, store.Query{MaxPValue: q.MaxPValue}})
	}
	if q.MinNCDScore != nil {
		all = append(all, filter{"anomalies_by_ncd", store.ByNCDScore, store.Query{MinNCDScore: q.MinNCDScore}})
	}
	return all
}

// indexFor chooses the index that a list is read by.
func indexFor(ctx context.Context, tx *sql.Tx, o order, q store.Query) (string, error) {
	if q.IncidentID != "" {
		return "anomalies_by_incident", nil // never many
	}
	filters := filtersOf(q)
	if len(filters) == 0 {
		return o.index, nil
	}
	if len(filters) == 1 && filters[0].order == o.field {
		return filters[0].index, nil
	}
	best, bound := "", fewRows
	for _, f := range filters {
		n, err := f.count(ctx, tx, bound)
		if err != nil {
			return "", err
		}
		if n < bound {
			best, bound = f.index, n
		}
	}
	if best != "" {
		return best, nil
	}
	for _, f := range filters {
		if f.order == o.field {
			return f.index, nil
		}
	}
	return o.index, nil
}

// count is how many rows a filter leaves, at most bound.
func (f filter) count(ctx context.Context, tx *sql.Tx, bound int) (n int, err error) {
	where, args := conditions(f.query)
	err = tx.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM anomalies INDEXED BY "+f.index+" WHERE "+strings.Join(where, " AND ")+" LIMIT ?)",
		append(args, bound)...).Scan(&n)
	return n, err
}
