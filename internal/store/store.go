// Package store says what a store of anomalies can do, in terms no database appears in.
// It does not store anything; its subpackages do, and storetest holds all of them to the same behaviour.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
)

// Store keeps anomalies and window items. All methods may be called concurrently.
type Store interface {
	// Add stores items in one transaction and returns how many rows are new or say something new. Delivery is at least once and in any order:
	//
	// The statements of an episode share one anomaly, whose id is the episode's. It is placed by the episode's first window
	// (timestamp, window_start), takes what the episode has come to (last, windows, ended, incident, cause) from the highest
	// revision, and scores, explanation and evidence from the statement with the smallest p_value (of equals the first).
	// Its status and created_at stay as they are; updated_at moves when anything else does. The same set of statements
	// gives the same anomaly, however it comes in. A statement without an episode is one of its own.
	//
	// A window item that is known is left as it is.
	Add(ctx context.Context, items anomaly.Items) (Counts, error)

	// Get returns the anomaly with this id, which is the id of its episode's first statement, or ErrNotFound.
	Get(ctx context.Context, id string) (*anomaly.Anomaly, error)

	// List returns the anomalies of one page, in the order of the query.
	List(ctx context.Context, q Query) (Page, error)

	// Windows returns a service's window items, oldest first, from q.Start on.
	Windows(ctx context.Context, q WindowQuery) ([]*anomaly.Window, error)

	// Latest returns the newest window item of each service and component, ordered by service, then component.
	Latest(ctx context.Context, q LatestQuery) ([]*anomaly.Window, error)

	// SetStatus changes an anomaly's status and writes the audit row, both or neither, and returns the anomaly as it is then. Errors are
	// ErrNotFound, ErrModified and *TransitionError.
	SetStatus(ctx context.Context, c StatusChange) (*anomaly.Anomaly, error)

	// Acknowledge changes at most batch pending anomalies that nobody touched since before to acknowledged, each audited as the
	// system's doing. Of several processes that try at once one does it; the others get ErrLocked.
	Acknowledge(ctx context.Context, before time.Time, batch int) (int, error)

	// Stats counts the anomalies of a span of time.
	Stats(ctx context.Context, q StatsQuery) (*Stats, error)

	// Prune deletes at most batch anomalies and batch windows that were stored before the cut-offs; that anomalies went is audited.
	// A zero time deletes nothing. It returns how many went; fewer than batch means that nothing older is left.
	Prune(ctx context.Context, before Cutoffs, batch int) (Counts, error)

	Viewer
	Tailer
	Auditor
	Keyring

	// Ping fails if the store cannot be reached or its schema is not the one this build expects.
	Ping(ctx context.Context) error

	// Close releases the store. Whatever follows fails with ErrClosed; closing twice does nothing.
	Close() error
}

// Viewer draws windows together. What it returns is bounded, and it reads no more of a window than it needs.
type Viewer interface {
	// Lanes returns the scores of services over time.
	Lanes(ctx context.Context, q LanesQuery) (*Lanes, error)

	// Levels counts what would have been anomalous at another level.
	Levels(ctx context.Context, q LevelsQuery) (*Levels, error)

	// Overview sums up the newest window of each service and component, and counts anomalies: those open, and those from since on.
	Overview(ctx context.Context, since time.Time) (*Overview, error)
}

// Tailer follows what is new and what changes.
type Tailer interface {
	// Tail returns the anomalies of q's filters that came or changed after a mark, in the order of their marks. None can come later
	// with a mark before the last one returned, however many write at once.
	Tail(ctx context.Context, after Mark, q Query) ([]Change, error)

	// Head is the mark after which everything is still to come.
	Head(ctx context.Context) (Mark, error)

	// Watch returns a channel that gets a value when there may be something new to tail, and is closed when ctx ends or the store is
	// closed. Values do not pile up: one stands for all since it was last received. After a lost connection one value comes anyway.
	Watch(ctx context.Context) (<-chan struct{}, error)
}

// Auditor reads the audit log. It is written in the transactions of what it tells about.
type Auditor interface {
	// Audit returns rows of the log, newest first.
	Audit(ctx context.Context, q AuditQuery) ([]*Entry, error)

	// CheckAudit reads the whole log and returns how many rows it has; an error names the first that is missing or altered.
	CheckAudit(ctx context.Context) (int64, error)
}

// Keyring keeps API keys.
type Keyring interface {
	// AddKey stores a new key and audits it.
	AddKey(ctx context.Context, k Key, secret SecretHash, by Actor) error

	// Keys returns all keys, also expired and revoked ones, oldest first.
	Keys(ctx context.Context) ([]*Key, error)

	// Key returns a key and its secret's hash, or ErrNoKey.
	Key(ctx context.Context, id string) (*Key, SecretHash, error)

	// RevokeKey ends a key's use for good and audits it; revoking twice changes nothing. Unknown keys are ErrNoKey.
	RevokeKey(ctx context.Context, id string, by Actor) (*Key, error)

	// KeyUsed notes when a key was last used. It is not audited.
	KeyUsed(ctx context.Context, id string, at time.Time) error
}

// MaxLimit is how many rows one call returns at most, DefaultLimit how many where the query does not say.
const (
	MaxLimit     = 500
	DefaultLimit = 50
)

// Counts says how many items of each kind something happened to.
type Counts struct{ Anomalies, Windows int }

// Cutoffs are the times of storing before which items may go.
type Cutoffs struct{ Anomalies, Windows time.Time }

// WindowQuery selects the windows that end in [Start, End); a zero End means no end.
type WindowQuery struct {
	Service    string
	Start, End time.Time
	After      *WindowPosition // the last window of the page before
	Limit      int
}

// WindowPosition is a window's place among those of its service.
type WindowPosition struct {
	Time               time.Time // its end
	Component, Process string
}

// LatestQuery selects the newest windows of all services or of one, after the given service and component.
type LatestQuery struct {
	Service                      string
	AfterService, AfterComponent string
	Limit                        int
}

// Errors that callers tell apart.
var (
	ErrNotFound = errors.New("no such anomaly")
	ErrClosed   = errors.New("the store is closed")
)

// PermanentError marks a failure that would come back however often the same call is repeated.
type PermanentError struct{ Err error }

func (e *PermanentError) Error() string { return e.Err.Error() }

// Unwrap gives access to the cause.
func (e *PermanentError) Unwrap() error { return e.Err }

// IsPermanent says whether repeating the call is of no use.
func IsPermanent(err error) bool {
	var p *PermanentError
	return errors.As(err, &p) || errors.Is(err, ErrClosed) || errors.Is(err, ErrNotFound)
}

// ClampLimit puts a limit into [1, MaxLimit].
func ClampLimit(n int) int {
	if n <= 0 {
		return DefaultLimit
	}
	return min(n, MaxLimit)
}
