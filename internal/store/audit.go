package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Actor is who did something.
type Actor struct {
	Name    string // of the key or of the token's subject; "system" for what happens by itself
	Role    string
	Address string // where the request came from
}

// System is who does what nobody asked for: retention, automatic acknowledgement.
var System = Actor{Name: "system", Role: "system"}

// The actions of the audit log.
const (
	ActionStatus    = "anomaly.status"
	ActionRetention = "anomaly.retention"
	ActionKeyCreate = "key.create"
	ActionKeyRevoke = "key.revoke"
)

// Entry is one row of the audit log. Rows are only ever added; each carries the hash of the one before, so that a row that was
// altered or taken out shows.
type Entry struct {
	Seq      int64           `json:"seq"` // 1, 2, 3, … without a gap
	At       time.Time       `json:"at"`
	Actor    string          `json:"actor"`
	Role     string          `json:"role"`
	Address  string          `json:"address"`
	Action   string          `json:"action"`
	Target   string          `json:"target"` // the anomaly's or the key's id
	Note     string          `json:"note"`
	Before   json.RawMessage `json:"before"` // what of the target changed, null where there was nothing
	After    json.RawMessage `json:"after"`
	Previous string          `json:"previous"` // hash of the row before; of the first, empty
	Hash     string          `json:"hash"`     // see Seal
}

// NewEntry makes a row that is not yet part of the log. Before and after are what changed, as JSON.
func NewEntry(by Actor, action, target, note string, before, after any) (Entry, error) {
	b, err := json.Marshal(before)
	if err != nil {
		return Entry{}, err
	}
	a, err := json.Marshal(after)
	if err != nil {
		return Entry{}, err
	}
	return Entry{Actor: by.Name, Role: by.Role, Address: by.Address, Action: action, Target: target, Note: note, Before: b, After: a}, nil
}

// Entry tells of the change, which was made to an anomaly in this state.
func (c StatusChange) Entry(from string) (Entry, error) {
	type state struct {
		Status string `json:"status"`
	}
	return NewEntry(c.By, ActionStatus, c.ID, c.Note, state{from}, state{c.To})
}

// Acknowledgement is the change that the system makes to an anomaly that nobody touched.
func Acknowledgement(id string) StatusChange {
	return StatusChange{ID: id, To: "acknowledged", Note: "nobody touched it", By: System}
}

// RetentionEntry tells that anomalies were deleted because their time had passed.
func RetentionEntry(before Cutoffs, gone Counts) (Entry, error) {
	return NewEntry(System, ActionRetention, "", "stored before "+before.Anomalies.UTC().Format(time.RFC3339), map[string]int{"anomalies": gone.Anomalies}, nil)
}

// Seal places the row behind the one with this number and hash. Times are kept to the microsecond, which is what databases hold.
func (e *Entry) Seal(at time.Time, last int64, previous string) {
	e.At, e.Seq, e.Previous = at.UTC().Truncate(time.Microsecond), last+1, previous
	e.Hash = e.digest()
}

// digest is the SHA-256 of the row's JSON, all fields in their order, with an empty hash.
func (e Entry) digest() string {
	e.Hash = ""
	b, err := json.Marshal(e)
	if err != nil {
		return "" // raw messages that are no JSON: nothing that Seal saw
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// AuditQuery selects rows of the log, newest first.
type AuditQuery struct {
	Target, Actor, Action string
	Start, End            time.Time
	Before                int64 // rows with a smaller number; 0: from the newest on
	Limit                 int
}

// AuditHead is where the log ends, kept apart from its rows.
type AuditHead struct {
	Seq  int64
	Hash string
}

// Chain checks rows of the log as they come, from the first on.
type Chain struct {
	seq  int64
	hash string
}

// Next checks the next row; an error names the first row that is not what was written.
func (c *Chain) Next(e *Entry) error {
	switch {
	case e.Seq != c.seq+1:
		return fmt.Errorf("audit row %d is missing: row %d follows row %d", c.seq+1, e.Seq, c.seq)
	case e.Previous != c.hash:
		return fmt.Errorf("audit row %d does not follow row %d: it names another hash", e.Seq, c.seq)
	case e.Hash != e.digest():
		return fmt.Errorf("audit row %d was altered: its hash is not that of its content", e.Seq)
	}
	c.seq, c.hash = e.Seq, e.Hash
	return nil
}

// End checks that the rows go as far as the head does, and returns how many there are.
func (c *Chain) End(head AuditHead) (int64, error) {
	if head.Seq != c.seq || head.Hash != c.hash {
		return c.seq, fmt.Errorf("the audit log ends at row %d, but %d rows were written", c.seq, head.Seq)
	}
	return c.seq, nil
}
