package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
)

// textRow is what a text is looked for in, under the rowid of its anomaly.
type textRow struct {
	number int64
	text   string
}

// putTexts stores and indexes the texts of rows that are new or have changed.
func putTexts(ctx context.Context, tx *sql.Tx, rows []textRow) error {
	if len(rows) == 0 {
		return nil
	}
	put, err := tx.PrepareContext(ctx, "INSERT INTO anomaly_texts (number, text) VALUES (?, ?) ON CONFLICT (number) DO UPDATE SET text = excluded.text")
	if err != nil {
		return err
	}
	defer put.Close()
	for _, r := range rows {
		if _, err := put.ExecContext(ctx, r.number, r.text); err != nil {
			return err
		}
	}
	return indexTexts(ctx, tx, rows)
}

// indexTexts adds the grams of texts to their blocks. What a changed text had before stays: it makes a candidate, no find.
func indexTexts(ctx context.Context, tx *sql.Tx, rows []textRow) error {
	read, err := tx.PrepareContext(ctx, "SELECT rows FROM text_blocks WHERE block = ? AND gram = ?")
	if err != nil {
		return err
	}
	defer read.Close()
	write, err := tx.PrepareContext(ctx, "INSERT OR REPLACE INTO text_blocks (block, gram, rows) VALUES (?, ?, ?)")
	if err != nil {
		return err
	}
	defer write.Close()
	slices.SortFunc(rows, func(a, b textRow) int { return cmp.Compare(a.number, b.number) })
	for len(rows) > 0 {
		block := rows[0].number / blockRows
		end := 1
		for end < len(rows) && rows[end].number/blockRows == block {
			end++
		}
		having := rowsByGram(rows[:end])
		for _, g := range slices.Sorted(maps.Keys(having)) { // in the order of the table: neighbours lie on one page
			if err := addRows(ctx, read, write, block, g, having[g]); err != nil {
				return err
			}
		}
		rows = rows[end:]
	}
	return nil
}

// rowsByGram takes rows of one block in ascending order.
func rowsByGram(rows []textRow) map[gram][]uint16 {
	having := make(map[gram][]uint16, 1024)
	for _, r := range rows {
		row := uint16(r.number % blockRows) //nolint:gosec // G115: below blockRows
		eachGram(r.text, func(g gram) {
			if list := having[g]; len(list) == 0 || list[len(list)-1] != row {
				having[g] = append(list, row)
			}
		})
	}
	return having
}

func addRows(ctx context.Context, read, write *sql.Stmt, block int64, g gram, rows []uint16) error {
	var packed []byte
	if err := read.QueryRowContext(ctx, block, g).Scan(&packed); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	var set rowSet
	set.unpack(packed)
	fresh := false
	for _, row := range rows {
		fresh = fresh || !set.has(int(row))
		set.add(int(row))
	}
	if !fresh {
		return nil
	}
	_, err := write.ExecContext(ctx, block, g, set.pack())
	return err
}

// dropBlocks deletes the blocks before the oldest text.
func dropBlocks(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM text_blocks WHERE block < (SELECT coalesce(min(number), 1 << 62) / ? FROM anomaly_texts)", blockRows)
	return err
}

// catchUp indexes the texts of rows that came before there was an index, a block in each transaction, the newest first.
func (d *database) catchUp(ctx context.Context) error {
	for {
		left, err := d.indexBlock(ctx)
		if err != nil || left == 0 {
			return err
		}
	}
}

// indexBlock returns up to which number there are texts left to index.
func (d *database) indexBlock(ctx context.Context) (left int64, err error) {
	if err := d.read.QueryRowContext(ctx, "SELECT value FROM counters WHERE name = 'texts_to_index'").Scan(&left); err != nil || left == 0 {
		return 0, err
	}
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback() //nolint:errcheck // of no effect after the commit
	from := left / blockRows * blockRows
	rows, err := textsBetween(ctx, tx, from, left)
	if err != nil {
		return 0, err
	}
	if err := indexTexts(ctx, tx, rows); err != nil {
		return 0, err
	}
	left = max(from-1, 0)
	if _, err := tx.ExecContext(ctx, "UPDATE counters SET value = min(value, ?) WHERE name = 'texts_to_index'", left); err != nil {
		return 0, err
	}
	return left, tx.Commit()
}

func textsBetween(ctx context.Context, tx *sql.Tx, from, to int64) (all []textRow, err error) {
	var r textRow
	err = each(ctx, tx, "SELECT number, text FROM anomaly_texts WHERE number BETWEEN ? AND ?", []any{from, to}, []any{&r.number, &r.text}, func() {
		all = append(all, r)
	})
	return all, err
}
