package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/grams"
)

// waitMost is how many texts may wait to be indexed and are candidates meanwhile; of more, texts are read along the order.
const waitMost = 20_000

// onlyIndexes: what a text needs is not what the planner believes it does.
const onlyIndexes = "SET LOCAL enable_seqscan = off"

// reading begins a transaction that sees one moment, in one round trip. What the planner believes makes it compile, too, which takes longer than
// any of these statements.
var reading = pgx.TxOptions{BeginQuery: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL jit = off; " + onlyIndexes}

// search returns the first n rows that have the query's text, as of one moment.
func (s *Store) search(ctx context.Context, o order, q store.Query, n int) (list []*anomaly.Anomaly, err error) {
	err = pgx.BeginTxFunc(ctx, s.pool, reading, func(tx pgx.Tx) error {
		ids, err := find(ctx, tx, o, q, n)
		if err != nil || len(ids) == 0 {
			return err
		}
		list, err = collect(ctx, tx, selected(q)+" WHERE id = ANY ($1)"+o.by(), []any{ids})
		return err
	})
	return list, err
}

// find returns the ids of the first n rows that have the text.
func find(ctx context.Context, tx pgx.Tx, o order, q store.Query, n int) ([]uuid.UUID, error) {
	ids, last, err := walk(ctx, tx, o, q, grams.FirstWalk)
	if err != nil || len(ids) >= n || last == nil {
		return ids[:min(n, len(ids))], err
	}
	c, err := candidatesOf(ctx, tx, clean(store.Fold(q.Text)))
	switch {
	case err != nil:
		return nil, err
	case c == nil:
		return readAll(ctx, tx, o, q, n)
	case c.Count <= grams.SortMost:
		return having(ctx, tx, o, q, c.Numbers(), n)
	}
	return along(ctx, tx, o, q, c, n)
}

// walk reads so many rows of the list and returns those that have the text, and where it ended; nil where the list did.
func walk(ctx context.Context, tx pgx.Tx, o order, q store.Query, length int) (ids []uuid.UUID, last *store.Position, err error) {
	text, args := walking(o, q, length)
	rows, err := tx.Query(ctx, text, append([]any{fresh}, args...)...)
	if err != nil {
		return nil, nil, err
	}
	var id uuid.UUID
	var hit bool
	var number int
	at, into := o.place()
	_, err = pgx.ForEachRow(rows, append(into, &id, &hit, &number), func() error {
		if hit {
			ids = append(ids, id)
		}
		if number == length {
			last = at(id)
		}
		return nil
	})
	return ids, last, err
}

// place is what the column of the order is scanned into, and what makes a place of it.
func (o order) place() (at func(uuid.UUID) *store.Position, into []any) {
	var t time.Time
	var value float64
	at = func(id uuid.UUID) *store.Position { return &store.Position{Time: t, Value: value, ID: id.String()} }
	if o.time {
		return at, []any{&t}
	}
	return at, []any{&value}
}

func walking(o order, q store.Query, length int) (string, []any) {
	w := o.conditions(q)
	hit := "search_text LIKE " + w.parameter(like(q.Text))
	k := w.parameter(length)
	return "SELECT " + o.column + ", id, hit, place FROM (SELECT " + o.column + ", id, " + hit + " AS hit, row_number() OVER (" + o.by()[1:] + ") AS place" +
		" FROM anomalies" + w.clause() + o.by() + " LIMIT " + k + ") AS walked WHERE hit OR place = " + k + " ORDER BY place", w.args
}

// readAll reads the texts of the list's rows one after the other.
func readAll(ctx context.Context, tx pgx.Tx, o order, q store.Query, n int) (found []uuid.UUID, err error) {
	for {
		ids, last, err := walk(ctx, tx, o, q, grams.Stride)
		if err != nil {
			return nil, err
		}
		found = append(found, ids...)
		if len(found) >= n || last == nil {
			return found[:min(n, len(found))], nil
		}
		q.After = last
	}
}

// having returns the first n of some rows, as far as they are in the list and have the text.
func having(ctx context.Context, tx pgx.Tx, o order, q store.Query, numbers []int64, n int) ([]uuid.UUID, error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	text, args := narrowing(o, q, numbers, n)
	rows, err := tx.Query(ctx, text, append([]any{fresh}, args...)...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// narrowing looks the rows up before anything else is asked of them.
func narrowing(o order, q store.Query, numbers []int64, n int) (string, []any) {
	w := o.conditions(q)
	w.add("search_text LIKE ?", like(q.Text))
	return "WITH candidates AS MATERIALIZED (SELECT id, timestamp, score, p_value, ncd_score, service, status, stream_type, kind, incident_id, search_text" +
		" FROM anomalies WHERE number = ANY (" + w.parameter(numbers) + "))" +
		" SELECT id FROM candidates" + w.clause() + o.by() + " LIMIT " + w.parameter(n), w.args
}

// along walks the list by an index, which costs nothing against reading rows, and reads the texts of candidates only.
func along(ctx context.Context, tx pgx.Tx, o order, q store.Query, c *grams.Candidates, n int) (found []uuid.UUID, err error) {
	for length := max(grams.FirstWalk, min(c.Expected(n), grams.Stride)); ; length = grams.Stride {
		text, args := numbering(o, q, length)
		var numbers []int64
		if err := tx.QueryRow(ctx, text, append([]any{fresh}, args...)...).Scan(&numbers); err != nil {
			return nil, err
		}
		var met []int64
		for _, number := range numbers {
			if c.Has(number) {
				met = append(met, number)
			}
		}
		ids, err := having(ctx, tx, o, q, met, n-len(found))
		if err != nil {
			return nil, err
		}
		found = append(found, ids...)
		if len(found) >= n || len(numbers) < length {
			return found, nil
		}
		if q.After, err = placeOf(ctx, tx, o, q, length); err != nil {
			return nil, err
		}
	}
}

func numbering(o order, q store.Query, length int) (string, []any) {
	w := o.conditions(q)
	return "SELECT ARRAY(SELECT number FROM anomalies" + w.clause() + o.by() + " LIMIT " + w.parameter(length) + ")", w.args
}

// placeOf is where the n-th row of the list stands.
func placeOf(ctx context.Context, tx pgx.Tx, o order, q store.Query, n int) (*store.Position, error) {
	w := o.conditions(q)
	var id uuid.UUID
	at, into := o.place()
	err := tx.QueryRow(ctx, "SELECT "+o.column+", id FROM anomalies"+w.clause()+o.by()+" LIMIT 1 OFFSET "+w.parameter(n-1),
		append([]any{fresh}, w.args...)...).Scan(append(into, &id)...)
	return at(id), err
}

const (
	selectState = `SELECT ARRAY(SELECT number FROM texts_to_index LIMIT $1),
    coalesce((SELECT min(block) FROM text_blocks), 0), coalesce((SELECT max(block) FROM text_blocks), -1)`

	// Of each block asked for, the rows of the grams of each range.
	selectRows = `SELECT range.n, block, rows FROM unnest($1::integer[], $2::integer[]) WITH ORDINALITY AS range (first, last, n), unnest($3::bigint[]) AS wanted (number),
LATERAL (SELECT block, rows FROM text_blocks WHERE block = wanted.number AND gram BETWEEN range.first AND range.last OFFSET 0) AS found`
)

// candidatesOf reads the text index; nil where too many texts are still to be indexed.
func candidatesOf(ctx context.Context, tx pgx.Tx, text string) (*grams.Candidates, error) {
	var waiting []int64
	var first, last int64
	if err := tx.QueryRow(ctx, selectState, waitMost+1).Scan(&waiting, &first, &last); err != nil || len(waiting) > waitMost {
		return nil, err
	}
	c, err := grams.Find(ctx, text, first, last, func(ctx context.Context, ranges []grams.Range, wanted []int64) ([]map[int64]*grams.Set, error) {
		sets := make([]map[int64]*grams.Set, len(ranges))
		from, to := make([]int32, len(ranges)), make([]int32, len(ranges))
		for i, r := range ranges {
			sets[i], from[i], to[i] = map[int64]*grams.Set{}, int32(r.From), int32(r.To) //nolint:gosec // G115: three bytes
		}
		rows, err := tx.Query(ctx, selectRows, from, to, wanted)
		if err != nil {
			return nil, err
		}
		var n int
		var block int64
		var packed pgtype.DriverBytes
		_, err = pgx.ForEachRow(rows, []any{&n, &block, &packed}, func() error {
			grams.Merge(sets[n-1], block, packed)
			return nil
		})
		return sets, err
	})
	if err != nil {
		return nil, err
	}
	for _, number := range waiting {
		c.Add(number)
	}
	return c, nil
}
