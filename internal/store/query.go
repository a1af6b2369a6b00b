package store

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/driftlock/driftlock/internal/anomaly"
)

// Query selects and orders anomalies. Zero fields do not filter.
type Query struct {
	StreamType  anomaly.Signal
	Service     string
	Status      string
	Kind        anomaly.Kind
	IncidentID  string
	MinNCDScore *float64
	MaxPValue   *float64
	Start       time.Time // timestamp ≥ Start
	End         time.Time // timestamp < End
	Text        string    // a part of the explanation, the reasons or the service's name (SearchText), ASCII case folded

	Sort   Sort
	After  *Position // the last row of the page before
	Limit  int
	Detail Detail
}

// Detail is how much of each anomaly a list carries.
type Detail int

// Full is everything; Summary leaves out the excerpts, which are most of the bytes.
const (
	Full Detail = iota
	Summary
)

// Page is one page of a list. Next is nil where the list ends.
type Page struct {
	Anomalies []*anomaly.Anomaly
	Next      *Position
}

// Field is what a list can be ordered by.
type Field string

// The fields with an index for their order.
const (
	ByTimestamp Field = "timestamp"
	ByScore     Field = "score"
	ByPValue    Field = "p_value"
	ByNCDScore  Field = "ncd_score"
)

// Fields are all of them, in the order of their codes in a cursor.
var Fields = []Field{ByTimestamp, ByScore, ByPValue, ByNCDScore}

// Sort is an order; ties are broken by id in the same direction. The zero Sort is newest first.
type Sort struct {
	Field     Field
	Ascending bool
}

// ParseSort reads `field` (ascending) or `-field` (descending); empty means -timestamp.
func ParseSort(text string) (Sort, error) {
	if text == "" {
		return Sort{Field: ByTimestamp}, nil
	}
	name, descending := strings.CutPrefix(text, "-")
	if !slices.Contains(Fields, Field(name)) {
		return Sort{}, fmt.Errorf("must be timestamp, score, p_value or ncd_score, with - in front for descending (got %q)", text)
	}
	return Sort{Field: Field(name), Ascending: !descending}, nil
}

func (s Sort) normal() Sort {
	if s.Field == "" {
		s.Field = ByTimestamp
	}
	return s
}

// Position is a row's place in an order: the value sorted by and the id.
type Position struct {
	Time  time.Time // where the order is by timestamp
	Value float64   // where it is by a number
	ID    string
}

// PositionOf is an anomaly's place in the order s.
func PositionOf(a *anomaly.Anomaly, s Sort) *Position {
	p := &Position{ID: a.ID}
	switch s.normal().Field {
	case ByScore:
		p.Value = a.Score
	case ByPValue:
		p.Value = a.PValue
	case ByNCDScore:
		p.Value = a.NCDScore
	default:
		p.Time = a.Timestamp
	}
	return p
}

// A cursor is, in base64url: a version, the code of the order, 4 bytes of a hash of the filters, 8 bytes of the value, the 16 bytes of the id.
// It holds a place, not a page number: rows that arrive meanwhile shift nothing, so that no row comes twice or is missed.
const (
	cursorVersion = 1
	cursorBytes   = 1 + 1 + 4 + 8 + 16
)

// ErrCursor is what a cursor that this query did not give out is refused with.
var ErrCursor = errors.New("is not a cursor of this list; take next_cursor from the answer before, and keep filters and sort")

// Cursor encodes a place in the list of q.
func (q Query) Cursor(p *Position) (string, error) {
	id, err := uuid.Parse(p.ID)
	if err != nil {
		return "", fmt.Errorf("cursor of anomaly %q: %w", p.ID, err)
	}
	s := q.Sort.normal()
	value := uint64(p.Time.UnixNano())
	if s.Field != ByTimestamp {
		value = math.Float64bits(p.Value)
	}
	b := make([]byte, 0, cursorBytes)
	b = append(b, cursorVersion, s.code())
	b = append(b, q.fingerprint()...)
	b = binary.BigEndian.AppendUint64(b, value)
	b = append(b, id[:]...)
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// ParseCursor reads a cursor that Cursor made for the same filters and order.
func (q Query) ParseCursor(text string) (*Position, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	s := q.Sort.normal()
	if err != nil || len(b) != cursorBytes || b[0] != cursorVersion || b[1] != s.code() || string(b[2:6]) != string(q.fingerprint()) {
		return nil, ErrCursor
	}
	p := &Position{ID: uuid.UUID(b[14:]).String()}
	value := binary.BigEndian.Uint64(b[6:])
	if s.Field == ByTimestamp {
		p.Time = time.Unix(0, int64(value)).UTC()
		return p, nil
	}
	if p.Value = math.Float64frombits(value); math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
		return nil, ErrCursor
	}
	return p, nil
}

func (s Sort) code() byte {
	c := byte(slices.Index(Fields, s.Field)) << 1 //nolint:gosec // G115: there are four
	if s.Ascending {
		c |= 1
	}
	return c
}

// fingerprint tells lists apart by their filters.
func (q Query) fingerprint() []byte {
	number := func(f *float64) string {
		if f == nil {
			return ""
		}
		return fmt.Sprintf("%x", math.Float64bits(*f))
	}
	moment := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return fmt.Sprint(t.UnixNano())
	}
	h := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %s %s %s %s %q %q %q", q.StreamType, q.Service, q.Status,
		number(q.MinNCDScore), number(q.MaxPValue), moment(q.Start), moment(q.End), q.Text, q.Kind, q.IncidentID))
	return h[:4]
}
