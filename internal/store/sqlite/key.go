package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/driftlock/driftlock/internal/store"
)

const keyFields = "id, name, role, created_at, created_by, expires_at, last_used_at, revoked_at"

// AddKey stores a new key.
func (s *Store) AddKey(ctx context.Context, k store.Key, secret store.SecretHash, by store.Actor) error {
	const action = "add key"
	if err := s.usable(action); err != nil {
		return err
	}
	err := s.transact(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO api_keys (id, name, role, secret_hash, created_at, created_by, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
			k.ID, k.Name, k.Role, secret[:], nanos(k.CreatedAt), k.CreatedBy, ended(k.ExpiresAt))
		var se sqlite3.Error
		if errors.As(err, &se) && se.ExtendedCode == sqlite3.ErrConstraintPrimaryKey {
			return &store.PermanentError{Err: store.ErrKeyID}
		}
		if err != nil {
			return err
		}
		entry, err := store.NewEntry(by, store.ActionKeyCreate, k.ID, "", nil, k)
		if err != nil {
			return err
		}
		return appendAudit(ctx, tx, s.now(), entry)
	})
	return s.wrap(action, err)
}

// Keys returns all keys, oldest first.
func (s *Store) Keys(ctx context.Context) ([]*store.Key, error) {
	const action = "list keys"
	if err := s.usable(action); err != nil {
		return nil, err
	}
	rows, err := s.db.read.QueryContext(ctx, "SELECT "+keyFields+" FROM api_keys ORDER BY created_at, id")
	if err != nil {
		return nil, s.wrap(action, err)
	}
	defer rows.Close()
	var out []*store.Key
	for rows.Next() {
		k, err := scanKey(rows)
		if err != nil {
			return nil, s.wrap(action, err)
		}
		out = append(out, k)
	}
	return out, s.wrap(action, rows.Err())
}

func scanKey(row scanner, more ...any) (*store.Key, error) {
	var k store.Key
	var created int64
	var expires, used, revoked sql.NullInt64
	if err := row.Scan(append([]any{&k.ID, &k.Name, &k.Role, &created, &k.CreatedBy, &expires, &used, &revoked}, more...)...); err != nil {
		return nil, err
	}
	k.CreatedAt = moment(created)
	for _, t := range []struct {
		from sql.NullInt64
		into **time.Time
	}{{expires, &k.ExpiresAt}, {used, &k.LastUsedAt}, {revoked, &k.RevokedAt}} {
		if t.from.Valid {
			at := moment(t.from.Int64)
			*t.into = &at
		}
	}
	return &k, nil
}

// Key returns a key and its secret's hash.
func (s *Store) Key(ctx context.Context, id string) (*store.Key, store.SecretHash, error) {
	const action = "read key"
	var hash store.SecretHash
	if err := s.usable(action); err != nil {
		return nil, hash, err
	}
	var secret []byte
	k, err := scanKey(s.db.read.QueryRowContext(ctx, "SELECT "+keyFields+", secret_hash FROM api_keys WHERE id = ?", id), &secret)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, hash, store.ErrNoKey
	}
	if err != nil {
		return nil, hash, s.wrap(action, err)
	}
	copy(hash[:], secret)
	return k, hash, nil
}

// RevokeKey ends a key's use for good.
func (s *Store) RevokeKey(ctx context.Context, id string, by store.Actor) (*store.Key, error) {
	const action = "revoke key"
	if err := s.usable(action); err != nil {
		return nil, err
	}
	var k *store.Key
	err := s.transact(ctx, func(tx *sql.Tx) (err error) {
		k, err = scanKey(tx.QueryRowContext(ctx, "SELECT "+keyFields+" FROM api_keys WHERE id = ?", id))
		if errors.Is(err, sql.ErrNoRows) {
			return store.ErrNoKey
		}
		if err != nil || k.RevokedAt != nil {
			return err
		}
		before, now := *k, s.now().UTC().Truncate(time.Microsecond)
		k.RevokedAt = &now
		if _, err := tx.ExecContext(ctx, "UPDATE api_keys SET revoked_at = ? WHERE id = ?", nanos(now), k.ID); err != nil {
			return err
		}
		entry, err := store.NewEntry(by, store.ActionKeyRevoke, k.ID, "", before, k)
		if err != nil {
			return err
		}
		return appendAudit(ctx, tx, now, entry)
	})
	if err != nil {
		return nil, s.wrap(action, err)
	}
	return k, nil
}

// KeyUsed notes when a key was last used.
func (s *Store) KeyUsed(ctx context.Context, id string, at time.Time) error {
	const action = "note a key's use"
	if err := s.usable(action); err != nil {
		return err
	}
	err := s.transact(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE api_keys SET last_used_at = ?1 WHERE id = ?2 AND (last_used_at IS NULL OR last_used_at < ?1)", nanos(at), id)
		return err
	})
	return s.wrap(action, err)
}
