package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"time"

	"github.com/driftlock/driftlock/internal/store"
)

const entryColumns = "seq, at, actor, role, address, action, target, note, before, after, previous, hash"

// appendAudit adds rows to the log.
func appendAudit(ctx context.Context, tx *sql.Tx, at time.Time, entries ...store.Entry) error {
	var seq int64
	var hash string
	if err := tx.QueryRowContext(ctx, "SELECT seq, hash FROM audit_head").Scan(&seq, &hash); err != nil {
		return err
	}
	for i := range entries {
		e := &entries[i]
		e.Seal(at, seq, hash)
		seq, hash = e.Seq, e.Hash
		if _, err := tx.ExecContext(ctx, "INSERT INTO audit_log ("+entryColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			e.Seq, nanos(e.At), e.Actor, e.Role, e.Address, e.Action, e.Target, e.Note, string(e.Before), string(e.After), e.Previous, e.Hash); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, "UPDATE audit_head SET seq = ?, hash = ?", seq, hash)
	return err
}

// Audit returns rows of the log, newest first.
func (s *Store) Audit(ctx context.Context, q store.AuditQuery) ([]*store.Entry, error) {
	const action = "read the audit log"
	if err := s.usable(action); err != nil {
		return nil, err
	}
	var where []string
	var args []any
	add := func(condition string, value any) {
		where, args = append(where, condition), append(args, value)
	}
	for _, c := range []struct{ column, value string }{{"target", q.Target}, {"actor", q.Actor}, {"action", q.Action}} {
		if c.value != "" {
			add(c.column+" = ?", c.value)
		}
	}
	if !q.Start.IsZero() {
		add("at >= ?", nanos(q.Start))
	}
	if !q.End.IsZero() {
		add("at < ?", nanos(q.End))
	}
	if q.Before > 0 {
		add("seq < ?", q.Before)
	}
	text := "SELECT " + entryColumns + " FROM audit_log"
	if len(where) > 0 {
		text += " WHERE " + strings.Join(where, " AND ")
	}
	rows, err := s.db.read.QueryContext(ctx, text+" ORDER BY seq DESC LIMIT ?", append(args, store.ClampLimit(q.Limit))...)
	if err != nil {
		return nil, s.wrap(action, err)
	}
	defer rows.Close()
	var out []*store.Entry
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return nil, s.wrap(action, err)
		}
		out = append(out, e)
	}
	return out, s.wrap(action, rows.Err())
}

func scanEntry(row scanner) (*store.Entry, error) {
	var e store.Entry
	var at int64
	var before, after string
	err := row.Scan(&e.Seq, &at, &e.Actor, &e.Role, &e.Address, &e.Action, &e.Target, &e.Note, &before, &after, &e.Previous, &e.Hash)
	e.At, e.Before, e.After = moment(at), json.RawMessage(before), json.RawMessage(after)
	return &e, err
}

// CheckAudit reads the whole log as of one moment.
func (s *Store) CheckAudit(ctx context.Context) (n int64, err error) {
	const action = "check the audit log"
	if err := s.usable(action); err != nil {
		return 0, err
	}
	tx, err := s.db.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return 0, s.wrap(action, err)
	}
	defer tx.Rollback() //nolint:errcheck // it only read
	var head store.AuditHead
	if err := tx.QueryRowContext(ctx, "SELECT seq, hash FROM audit_head").Scan(&head.Seq, &head.Hash); err != nil {
		return 0, s.wrap(action, err)
	}
	rows, err := tx.QueryContext(ctx, "SELECT "+entryColumns+" FROM audit_log ORDER BY seq")
	if err != nil {
		return 0, s.wrap(action, err)
	}
	defer rows.Close()
	var chain store.Chain
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return 0, s.wrap(action, err)
		}
		if err := chain.Next(e); err != nil {
			return 0, s.wrap(action, &store.PermanentError{Err: err})
		}
	}
	if err := rows.Err(); err != nil {
		return 0, s.wrap(action, err)
	}
	n, err = chain.End(head)
	if err != nil {
		return n, s.wrap(action, &store.PermanentError{Err: err})
	}
	return n, nil
}
