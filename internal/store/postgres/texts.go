package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/driftlock/driftlock/internal/store/grams"
)

const (
	indexFrom = 1000        // texts that wait before they are indexed together: so that blocks are written once for many rows
	indexMost = 4096        // texts of one transaction
	lookAgain = time.Minute // where nothing changes: another process may have indexed what was counted, or have ended
)

// indexLock is the advisory lock that one process at a time holds while it indexes texts: the bytes of "grams".
const indexLock int64 = 0x6772616d73

// keepIndexed indexes texts whenever enough of them wait, until the store is closed. What fails is told, and tried again after the next
// change or a minute; meanwhile lists find the texts all the same.
func (s *Store) keepIndexed() {
	failing := false
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for {
		var err error
		for more := true; more && err == nil; {
			more, err = s.indexTexts(s.open)
		}
		if err != nil && !failing && s.failed != nil && s.open.Err() == nil {
			s.failed(err)
		}
		failing = err != nil
		select {
		case <-s.open.Done():
			return
		case <-s.grown:
		case <-again.C:
		}
	}
}

// TextsWaiting is how many waited when they were last counted, up to some 20,000.
func (s *Store) TextsWaiting() int { return int(s.waiting.Load()) }

// changed says that there are texts to index.
func (s *Store) changed() {
	select {
	case s.grown <- struct{}{}:
	default:
	}
}

// indexTexts indexes texts that wait; more says whether there may be enough of them for another time.
func (s *Store) indexTexts(ctx context.Context) (more bool, err error) {
	var waiting int64
	err = s.pool.QueryRow(ctx, "SELECT count(*) FROM (SELECT FROM texts_to_index ORDER BY number LIMIT $1) AS waiting", waitMost+1).Scan(&waiting)
	if err != nil {
		return false, err
	}
	if s.waiting.Store(waiting); waiting < int64(s.indexFrom) {
		return false, nil
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var mine bool
		if err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1)", indexLock).Scan(&mine); err != nil || !mine {
			return err
		}
		texts, err := take(ctx, tx)
		if err != nil {
			return err
		}
		more = true
		return grams.Blocks(texts, func(block int64, texts []grams.Text) error { return addToBlock(ctx, tx, block, texts) })
	})
	return more, err
}

// take removes what waits and reads it. A text that changes later waits anew.
func take(ctx context.Context, tx pgx.Tx) (texts []grams.Text, err error) {
	rows, err := tx.Query(ctx, "DELETE FROM texts_to_index WHERE ctid = ANY (ARRAY(SELECT ctid FROM texts_to_index ORDER BY number LIMIT $1)) RETURNING number", indexMost)
	if err != nil {
		return nil, err
	}
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, err
	}
	if rows, err = tx.Query(ctx, "SELECT number, search_text FROM anomalies WHERE number = ANY ($1)", numbers); err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[grams.Text])
}

// addToBlock adds the grams of texts to their block. What a changed text had before stays: it makes a candidate, no find.
func addToBlock(ctx context.Context, tx pgx.Tx, block int64, texts []grams.Text) error {
	rows, err := tx.Query(ctx, "SELECT gram, rows FROM text_sets WHERE block = $1", block)
	if err != nil {
		return err
	}
	known := map[grams.Gram][]byte{}
	var g int32
	var packed []byte
	if _, err := pgx.ForEachRow(rows, []any{&g, &packed}, func() error {
		known[grams.Gram(g)] = append([]byte(nil), packed...) //nolint:gosec // G115: 31 bits
		return nil
	}); err != nil {
		return err
	}
	var changed []int32
	var sets [][]byte
	for g, numbers := range grams.Rows(texts) {
		if grown, more := grams.Grow(known[g], numbers); more {
			changed, sets = append(changed, int32(g)), append(sets, grown) //nolint:gosec // G115: 31 bits
		}
	}
	_, err = tx.Exec(ctx, `INSERT INTO text_sets (block, gram, rows) SELECT $1, * FROM unnest($2::integer[], $3::bytea[]) AS v (gram, rows) ORDER BY gram
ON CONFLICT (block, gram) DO UPDATE SET rows = excluded.rows`, block, changed, sets)
	return err
}

// dropBlocks deletes the blocks before the oldest row. Those with the number 0 are candidates of every search.
const dropBlocks = "DELETE FROM text_sets WHERE block < (SELECT coalesce(min(number), 1::bigint << 62) / $1 FROM anomalies WHERE number > 0)"
