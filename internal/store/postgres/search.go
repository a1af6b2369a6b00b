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

// reading begins a transaction that sees one moment, in one round trip. What the planner believes makes it compile and start other processes, too,
// each of which takes longer than any of these statements.
var reading = pgx.TxOptions{BeginQuery: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0; " + onlyIndexes}

// search returns the first n rows that have the query's text, as of one moment.
func (s *Store) search(ctx context.Context, o order, q store.Query, n int) (list []*anomaly.Anomaly, err error) {
	err = pgx.BeginTxFunc(ctx, s.pool, reading, func(tx pgx.Tx) error {
		list, err = find(ctx, tx, o, q, n)
		return err
	})
	return list, err
}

// find returns the first n rows that have the text.
func find(ctx context.Context, tx pgx.Tx, o order, q store.Query, n int) ([]*anomaly.Anomaly, error) {
	c, err := candidatesOf(ctx, tx, clean(store.Fold(q.Text)))
	if err != nil {
		return nil, err
	}
	if c.Few() {
		return having(ctx, tx, o, q, c.Numbers(), n)
	}
	return along(ctx, tx, o, q, c, n)
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

// having returns the first n of some rows, as far as they are in the list and have the text.
func having(ctx context.Context, tx pgx.Tx, o order, q store.Query, numbers []int64, n int) ([]*anomaly.Anomaly, error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	text, args := narrowing(o, q, numbers, n)
	return collect(ctx, tx, text, args) // the rows are named, so one plan is as good as another
}

// narrowing looks the rows up before anything else is asked of them, and reads the rest of those that are left.
func narrowing(o order, q store.Query, numbers []int64, n int) (string, []any) {
	w := o.conditions(q)
	w.add("search_text LIKE ?", like(q.Text))
	return "WITH candidates AS MATERIALIZED (SELECT id, timestamp, score, p_value, ncd_score, service, status, stream_type, kind, incident_id, search_text" +
		" FROM anomalies WHERE number = ANY (" + w.parameter(numbers) + ")) " + selected(q) +
		" WHERE id = ANY (ARRAY(SELECT id FROM candidates" + w.clause() + o.by() + " LIMIT " + w.parameter(n) + "))" + o.by(), w.args
}

// along walks the list by an index, which costs nothing against reading rows, and reads the texts of candidates only.
func along(ctx context.Context, tx pgx.Tx, o order, q store.Query, c *grams.Candidates, n int) (found []*anomaly.Anomaly, err error) {
	for length := c.Expected(n); ; {
		text, args := numbering(o, q, length)
		var numbers []int64
		if err := tx.QueryRow(ctx, text, append([]any{fresh}, args...)...).Scan(&numbers); err != nil {
			return nil, err
		}
		more, err := having(ctx, tx, o, q, c.Among(numbers), n-len(found))
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
		if len(found) >= n || len(numbers) < length {
			return found, nil
		}
		if q.After, err = placeOf(ctx, tx, o, numbers[length-1]); err != nil {
			return nil, err
		}
		length = grams.Further(length, len(more), n-len(found))
	}
}

func numbering(o order, q store.Query, length int) (string, []any) {
	w := o.conditions(q)
	return "SELECT ARRAY(SELECT number FROM anomalies" + w.clause() + o.by() + " LIMIT " + w.parameter(length) + ")", w.args
}

// placeOf is where a row stands in the order.
func placeOf(ctx context.Context, tx pgx.Tx, o order, number int64) (*store.Position, error) {
	var id uuid.UUID
	at, into := o.place()
	err := tx.QueryRow(ctx, "SELECT "+o.column+", id FROM anomalies WHERE number = $1", number).Scan(append(into, &id)...)
	return at(id), err
}

const (
	selectState = `SELECT ARRAY(SELECT number FROM texts_to_index ORDER BY number LIMIT $1),
    coalesce((SELECT min(block) FROM text_sets), 0), coalesce((SELECT max(block) FROM text_sets), -1)`

	// Of each block asked for, the rows of the grams of each range.
	selectRows = `SELECT range.n, block, rows FROM unnest($1::integer[], $2::integer[]) WITH ORDINALITY AS range (first, last, n), unnest($3::bigint[]) AS wanted (number),
LATERAL (SELECT block, rows FROM text_sets WHERE block = wanted.number AND gram BETWEEN range.first AND range.last OFFSET 0) AS found`
)

// candidatesOf reads the text index. Where too many texts are still to be indexed, every row is a candidate.
func candidatesOf(ctx context.Context, tx pgx.Tx, text string) (*grams.Candidates, error) {
	var waiting []int64
	var first, last int64
	if err := tx.QueryRow(ctx, selectState, waitMost+1).Scan(&waiting, &first, &last); err != nil {
		return nil, err
	}
	if len(waiting) > waitMost {
		return grams.Everything, nil
	}
	c, err := grams.Find(ctx, text, first, last, func(ctx context.Context, ranges []grams.Range, wanted []int64, f func(int, int64, []byte)) error {
		from, to := make([]int32, len(ranges)), make([]int32, len(ranges))
		for i, r := range ranges {
			from[i], to[i] = int32(r.From), int32(r.To) //nolint:gosec // G115: 31 bits
		}
		rows, err := tx.Query(ctx, selectRows, from, to, wanted)
		if err != nil {
			return err
		}
		var n int
		var block int64
		var packed pgtype.DriverBytes
		_, err = pgx.ForEachRow(rows, []any{&n, &block, &packed}, func() error {
			f(n-1, block, packed)
			return nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	c.Add(0) // which no block is kept for
	for _, number := range waiting {
		c.Add(number)
	}
	return c, nil
}
