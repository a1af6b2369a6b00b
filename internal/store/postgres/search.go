package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// A text that many rows have is found by walking along the order, one that few have by the trigram index, and the wrong way round either
// reads the whole table. The first rows of the order tell which it is; the server's statistics do not know texts.
const (
	firstWalk = 200    // enough for a page where every fourth row has the text
	sample    = 1500   // rows walked before the index is thought of
	walkMost  = 20_000 // a walk that must be expected to be longer is left to the index
	stride    = 10_000 // rows of one statement
	sortMost  = 10_000 // rows that the index may find and that are then sorted
)

// onlyIndexes: what a text needs is not what the planner believes it does.
const onlyIndexes = "SET LOCAL enable_seqscan = off"

// search returns the first n rows that have the query's text, as of one moment.
func (s *Store) search(ctx context.Context, o order, q store.Query, n int) (list []*anomaly.Anomaly, err error) {
	err = pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, onlyIndexes); err != nil {
			return err
		}
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
	var ids []uuid.UUID
	rest, indexable := q, trigrams(q.Text)
	for walked, length := 0, firstWalk; ; {
		found, last, err := walk(ctx, tx, o, rest, length)
		if err != nil {
			return nil, err
		}
		ids = append(ids, found...)
		if len(ids) >= n {
			return ids[:n], nil
		}
		if last == nil {
			return ids, nil
		}
		walked += length
		rest.After = last
		if walked < sample {
			length = sample - walked
			continue
		}
		// At this density the walk to the end of the page has so many rows more; where nothing was found, as many as there are.
		length = stride
		ahead := walkMost
		if len(ids) > 0 {
			ahead = (n - len(ids)) * walked / len(ids)
			length = min(max(ahead*5/4, sample), stride)
		}
		if indexable && ahead >= walkMost {
			indexable = false
			if all, ok, err := lookUp(ctx, tx, o, q, n); err != nil || ok {
				return all, err
			}
		}
	}
}

// walk reads so many rows of the list and returns those that have the text, and where it ended; nil where the list did.
func walk(ctx context.Context, tx pgx.Tx, o order, q store.Query, length int) (ids []uuid.UUID, last *store.Position, err error) {
	text, args := walking(o, q, length)
	rows, err := tx.Query(ctx, text, append([]any{fresh}, args...)...)
	if err != nil {
		return nil, nil, err
	}
	var id uuid.UUID
	var at time.Time
	var value float64
	var hit bool
	var number int
	into := []any{&id, &value, &hit, &number}
	if o.time {
		into[1] = &at
	}
	_, err = pgx.ForEachRow(rows, into, func() error {
		if hit {
			ids = append(ids, id)
		}
		if number == length {
			last = &store.Position{Time: at, Value: value, ID: id.String()}
		}
		return nil
	})
	return ids, last, err
}

func walking(o order, q store.Query, length int) (string, []any) {
	w := o.conditions(q)
	hit := "search_text LIKE " + w.parameter(like(q.Text))
	k := w.parameter(length)
	return "SELECT id, " + o.column + ", hit, number FROM (SELECT id, " + o.column + ", " + hit + " AS hit, row_number() OVER (" + o.by()[1:] + ") AS number" +
		" FROM anomalies" + w.clause() + o.by() + " LIMIT " + k + ") AS walked WHERE hit OR number = " + k + " ORDER BY number", w.args
}

// lookUp asks the trigram index; ok says whether there is one, and it found few enough rows to sort.
func lookUp(ctx context.Context, tx pgx.Tx, o order, q store.Query, n int) (ids []uuid.UUID, ok bool, err error) {
	if err := tx.QueryRow(ctx, "SELECT to_regclass('anomalies_by_text') IS NOT NULL").Scan(&ok); err != nil || !ok {
		return nil, false, err
	}
	text, args := lookingUp(o, q, n)
	var found int
	err = tx.QueryRow(ctx, text, append([]any{fresh}, args...)...).Scan(&found, &ids)
	return ids, found <= sortMost, err
}

func lookingUp(o order, q store.Query, n int) (string, []any) {
	w := o.conditions(q)
	w.add("search_text LIKE ?", like(q.Text))
	return "WITH found AS MATERIALIZED (SELECT id, " + o.column + " FROM anomalies" + w.clause() + " LIMIT " + w.parameter(sortMost+1) + ")" +
		" SELECT (SELECT count(*) FROM found), ARRAY(SELECT id FROM found" + o.by() + " LIMIT " + w.parameter(n) + ")", w.args
}

// trigrams says whether the trigram index knows anything of a text: it is of letters and digits, three in a row. Of another text it would
// return every row.
func trigrams(text string) bool {
	run := 0
	for _, c := range []byte(text) {
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			if run++; run == 3 {
				return true
			}
		} else {
			run = 0
		}
	}
	return false
}
