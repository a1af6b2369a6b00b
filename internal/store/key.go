package store

import (
	"errors"
	"time"
)

// Key is an API key without its secret, of which only a SHA-256 is stored.
type Key struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Role       string     `json:"role"`
	CreatedAt  time.Time  `json:"created_at"`
	CreatedBy  string     `json:"created_by"`
	ExpiresAt  *time.Time `json:"expires_at"`
	LastUsedAt *time.Time `json:"last_used_at"`
	RevokedAt  *time.Time `json:"revoked_at"`
}

// Usable says whether the key opens anything at this time.
func (k *Key) Usable(now time.Time) bool {
	return k.RevokedAt == nil && (k.ExpiresAt == nil || now.Before(*k.ExpiresAt))
}

// SecretHash is the SHA-256 of a key's secret.
type SecretHash [32]byte

// Errors about keys.
var (
	ErrNoKey  = errors.New("no such key")
	ErrKeyID  = errors.New("a key with this id exists")
	ErrLocked = errors.New("another process is doing this")
)
