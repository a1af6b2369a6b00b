package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"

	"github.com/driftlock/driftlock/internal/store/grams"
)

// putTexts stores and indexes the texts of rows that are new or have changed.
func putTexts(ctx context.Context, tx *sql.Tx, rows []grams.Text) error {
	if len(rows) == 0 {
		return nil
	}
	put, err := tx.PrepareContext(ctx, "INSERT INTO anomaly_texts (number, text) VALUES (?, ?) ON CONFLICT (number) DO UPDATE SET text = excluded.text")
	if err != nil {
		return err
	}
	defer put.Close()
	for _, r := range rows {
		if _, err := put.ExecContext(ctx, r.Number, r.Text); err != nil {
			return err
		}
	}
	return indexTexts(ctx, tx, rows)
}

// indexTexts adds the grams of texts to their blocks. What a changed text had before stays: it makes a candidate, no find.
func indexTexts(ctx context.Context, tx *sql.Tx, rows []grams.Text) error {
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
	return grams.Blocks(rows, func(block int64, texts []grams.Text) error {
		having := grams.Rows(texts)
		for _, g := range slices.Sorted(maps.Keys(having)) { // in the order of the table: neighbours lie on one page
			if err := addRows(ctx, read, write, block, g, having[g]); err != nil {
				return err
			}
		}
		return nil
	})
}

func addRows(ctx context.Context, read, write *sql.Stmt, block int64, g grams.Gram, rows []uint16) error {
	var packed []byte
	if err := read.QueryRowContext(ctx, block, g).Scan(&packed); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	grown, changed := grams.Grow(packed, rows)
	if !changed {
		return nil
	}
	_, err := write.ExecContext(ctx, block, g, grown)
	return err
}

// TextsWaiting is none: an anomaly is stored together with its text's grams, and those of older rows are made before the store opens.
func (s *Store) TextsWaiting() int { return 0 }

// dropBlocks deletes the blocks before the oldest text.
func dropBlocks(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM text_blocks WHERE block < (SELECT coalesce(min(number), 1 << 62) / ? FROM anomaly_texts)", grams.BlockRows)
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
	from := left / grams.BlockRows * grams.BlockRows
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

func textsBetween(ctx context.Context, tx *sql.Tx, from, to int64) (all []grams.Text, err error) {
	var r grams.Text
	err = each(ctx, tx, "SELECT number, text FROM anomaly_texts WHERE number BETWEEN ? AND ?", []any{from, to}, []any{&r.Number, &r.Text}, func() {
		all = append(all, r)
	})
	return all, err
}
