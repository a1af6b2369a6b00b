package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/driftlock/driftlock/internal/store"
)

const keyFields = "id, name, role, created_at, created_by, expires_at, last_used_at, revoked_at"

// AddKey stores a new key.
func (s *Store) AddKey(ctx context.Context, k store.Key, secret store.SecretHash, by store.Actor) error {
	const action = "add key"
	if err := s.usable(ctx, action); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO api_keys (id, name, role, secret_hash, created_at, created_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			k.ID, clean(k.Name), k.Role, secret[:], k.CreatedAt, clean(k.CreatedBy), k.ExpiresAt)
		var pe *pgconn.PgError
		if errors.As(err, &pe) && pe.Code == "23505" {
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
	if err := s.usable(ctx, action); err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, "SELECT "+keyFields+" FROM api_keys ORDER BY created_at, id")
	if err != nil {
		return nil, s.wrap(action, err)
	}
	list, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (*store.Key, error) { return scanKey(r) })
	return list, s.wrap(action, err)
}

func scanKey(from scanner, more ...any) (*store.Key, error) {
	var k store.Key
	if err := from.Scan(append([]any{&k.ID, &k.Name, &k.Role, &k.CreatedAt, &k.CreatedBy, &k.ExpiresAt, &k.LastUsedAt, &k.RevokedAt}, more...)...); err != nil {
		return nil, err
	}
	k.CreatedAt = k.CreatedAt.UTC()
	for _, t := range []*time.Time{k.ExpiresAt, k.LastUsedAt, k.RevokedAt} {
		if t != nil {
			*t = t.UTC()
		}
	}
	return &k, nil
}

// Key returns a key and its secret's hash.
func (s *Store) Key(ctx context.Context, id string) (*store.Key, store.SecretHash, error) {
	const action = "read key"
	var hash store.SecretHash
	if err := s.usable(ctx, action); err != nil {
		return nil, hash, err
	}
	var secret []byte
	k, err := scanKey(s.pool.QueryRow(ctx, "SELECT "+keyFields+", secret_hash FROM api_keys WHERE id = $1", clean(id)), &secret)
	if errors.Is(err, pgx.ErrNoRows) {
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
	if err := s.usable(ctx, action); err != nil {
		return nil, err
	}
	var k *store.Key
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		k, err = scanKey(tx.QueryRow(ctx, "SELECT "+keyFields+" FROM api_keys WHERE id = $1 FOR UPDATE", clean(id)))
		if errors.Is(err, pgx.ErrNoRows) {
			return store.ErrNoKey
		}
		if err != nil || k.RevokedAt != nil {
			return err
		}
		before, now := *k, s.now().UTC().Truncate(time.Microsecond)
		k.RevokedAt = &now
		if _, err := tx.Exec(ctx, "UPDATE api_keys SET revoked_at = $2 WHERE id = $1", k.ID, now); err != nil {
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
	if err := s.usable(ctx, action); err != nil {
		return err
	}
	_, err := s.pool.Exec(ctx, "UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)", clean(id), at)
	return s.wrap(action, err)
}
