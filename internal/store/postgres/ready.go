package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/driftlock/driftlock/internal/store"
)

// tryAgainAfter is how long a failed preparation stands for those who call next: a database that comes back is not met by all at once.
const tryAgainAfter = time.Second

// readiness prepares the database before its first use. An attempt belongs to the store, not to the call that found it necessary: a
// migration outlasts a request.
type readiness struct {
	prepare func(context.Context) error
	done    atomic.Bool

	mu     sync.Mutex
	closed bool
	last   *attempt
}

type attempt struct {
	ended chan struct{}
	err   error // what follows is written before ended is closed
	at    time.Time
}

// wait returns when the database is prepared, or why it cannot be.
func (r *readiness) wait(ctx context.Context, s *Store) error {
	if r.done.Load() {
		return nil
	}
	a := r.attempt(s)
	select {
	case <-a.ended:
		return a.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// attempt is the one under way, or the last while it is fresh, or else a new one.
func (r *readiness) attempt(s *Store) *attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a := r.last; a != nil {
		select {
		case <-a.ended:
			if a.err == nil || time.Since(a.at) < tryAgainAfter {
				return a
			}
		default:
			return a
		}
	}
	a := &attempt{ended: make(chan struct{})}
	if r.closed {
		a.err = store.ErrClosed
		close(a.ended)
		return a
	}
	r.last = a
	s.background.Go(func() {
		defer close(a.ended)
		a.err = r.prepare(s.open)
		a.at = time.Now()
		r.done.Store(a.err == nil)
	})
	return a
}

// close lets no further attempt begin.
func (r *readiness) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}

// usable is asked at the start of every call.
func (s *Store) usable(ctx context.Context, action string) error {
	if s.closed.Load() {
		return fmt.Errorf("%s: %w", action, store.ErrClosed)
	}
	if err := s.ready.wait(ctx, s); err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	return nil
}

// unreachable tells a database that is away, which time mends, from one that refuses us or is not what we need, which an operator must.
// The codes are those of PostgreSQL's appendix A.
func unreachable(err error) bool {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		switch pe.Code {
		case "53300", // too_many_connections
			"57P01", "57P02", "57P03": // admin_shutdown, crash_shutdown, cannot_connect_now
			return true
		}
		return pe.Code[:min(2, len(pe.Code))] == "08" // connection exception
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
