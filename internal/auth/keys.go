package auth

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/driftlock/driftlock/internal/store"
)

// How long what the store said about a key counts, and how many keys are remembered. A key revoked here ends at once; one revoked by
// another process that shares the store, within the first.
const (
	remember    = 5 * time.Second
	rememberMax = 1024
	// noteUse is how exact last_used_at is: a write for each request would cost more than the request.
	noteUse = time.Minute
)

// Keys checks API keys against a store.
type Keys struct {
	store store.Keyring
	now   func() time.Time

	mu    sync.Mutex
	known map[string]*known
	any   struct {
		yes   bool
		until time.Time
	}
}

// known is what the store said about a key not long ago.
type known struct {
	key   *store.Key // nil: there is none
	hash  store.SecretHash
	until time.Time
	used  time.Time
}

// NewKeys checks against a store. A nil clock is time.Now.
func NewKeys(s store.Keyring, now func() time.Time) *Keys {
	if now == nil {
		now = time.Now
	}
	return &Keys{store: s, now: now, known: map[string]*known{}}
}

// Errors that tell why credentials are not accepted. Only who holds the secret learns that a key has expired or was revoked.
var (
	ErrMissing = errors.New("no credentials: send Authorization: Bearer with an API key or a token")
	ErrInvalid = errors.New("the credentials are not valid")
	ErrExpired = errors.New("the key has expired")
	ErrRevoked = errors.New("the key was revoked")
)

// Check returns whose a token is. Errors of the store are not about the credentials and are returned as they are.
func (k *Keys) Check(ctx context.Context, token string) (Identity, error) {
	id, hash, ok := parse(token)
	if !ok {
		return Identity{}, ErrInvalid
	}
	e, err := k.lookUp(ctx, id)
	if err != nil {
		return Identity{}, err
	}
	if !same(e.hash, hash) || e.key == nil {
		return Identity{}, ErrInvalid
	}
	now := k.now()
	switch {
	case e.key.RevokedAt != nil:
		return Identity{}, ErrRevoked
	case !e.key.Usable(now):
		return Identity{}, ErrExpired
	}
	if k.due(id, now) {
		if err := k.store.KeyUsed(ctx, id, now.UTC().Truncate(time.Microsecond)); err != nil {
			return Identity{}, err
		}
	}
	return Identity{Name: e.key.Name, Role: Role(e.key.Role), Key: id}, nil
}

// lookUp asks the store unless it said something not long ago.
func (k *Keys) lookUp(ctx context.Context, id string) (known, error) {
	now := k.now()
	k.mu.Lock()
	e := k.known[id]
	if e != nil && now.Before(e.until) {
		defer k.mu.Unlock()
		return *e, nil
	}
	k.mu.Unlock()
	key, hash, err := k.store.Key(ctx, id)
	if err != nil && !errors.Is(err, store.ErrNoKey) {
		return known{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	fresh := &known{key: key, hash: hash, until: now.Add(remember)}
	if e != nil {
		fresh.used = e.used
	}
	if len(k.known) >= rememberMax && k.known[id] == nil {
		k.forgetOne(now)
	}
	k.known[id] = fresh
	return *fresh, nil
}

// forgetOne makes room: what is out of date goes, or else whatever comes first.
func (k *Keys) forgetOne(now time.Time) {
	last := ""
	for id, e := range k.known {
		last = id
		if !now.Before(e.until) {
			break
		}
	}
	delete(k.known, last)
}

// due says whether the key's use is to be noted, and notes that it was.
func (k *Keys) due(id string, now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	e := k.known[id]
	if e == nil || now.Sub(e.used) < noteUse {
		return false
	}
	e.used = now
	return true
}

// Forget drops what is remembered of a key, so that a change holds at once.
func (k *Keys) Forget(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.known, id)
	k.any.until = time.Time{}
}

// Any says whether a key was ever made. One that has expired or was revoked counts: what ends somebody's access must not give everybody
// more. It looks again after a while until there is one; from then on there is.
func (k *Keys) Any(ctx context.Context) (bool, error) {
	k.mu.Lock()
	yes, until := k.any.yes, k.any.until
	k.mu.Unlock()
	if yes {
		return true, nil
	}
	now := k.now()
	if now.Before(until) {
		return false, nil
	}
	keys, err := k.store.Keys(ctx)
	if err != nil {
		return false, err
	}
	yes = len(keys) > 0
	k.mu.Lock()
	defer k.mu.Unlock()
	k.any.yes, k.any.until = yes, now.Add(remember)
	return yes, nil
}
