package store

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var at = time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)

func one() *anomaly.Anomaly {
	return &anomaly.Anomaly{ID: "1ba9dba3-7b1f-8c20-a3e4-c63f4c5d1f9f", Timestamp: at, Score: 3.25, PValue: 1e-300, NCDScore: .7}
}

func TestCursorRoundTrip(t *testing.T) {
	t.Parallel()
	for _, field := range append(Fields, "") {
		for _, ascending := range []bool{true, false} {
			q := Query{Service: "cart", Sort: Sort{Field: field, Ascending: ascending}}
			want := PositionOf(one(), q.Sort)
			text, err := q.Cursor(want)
			require.NoError(t, err)
			require.Len(t, text, 40)
			got, err := q.ParseCursor(text)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	}
}

func TestCursorIsOfItsList(t *testing.T) {
	t.Parallel()
	q := Query{Service: "cart"}
	text, err := q.Cursor(PositionOf(one(), q.Sort))
	require.NoError(t, err)
	half := .5
	for name, other := range map[string]Query{
		"service": {}, "sort": {Service: "cart", Sort: Sort{Field: ByScore}}, "direction": {Service: "cart", Sort: Sort{Ascending: true}},
		"filter": {Service: "cart", MinNCDScore: &half}, "which filter": {Status: "cart"}, "time": {Service: "cart", Start: at}, "text": {Service: "cart", Text: "x"},
	} {
		_, err := other.ParseCursor(text)
		require.ErrorIs(t, err, ErrCursor, name)
	}
	_, err = Query{Service: "cart", Limit: 7, Detail: Summary}.ParseCursor(text)
	require.NoError(t, err, "limit and detail may change between pages")
	for _, bad := range []string{"", "x", text[:39], text + "A", text[:39] + "\n", "AAAA" + text[4:], " " + text} {
		_, err := q.ParseCursor(bad)
		require.ErrorIs(t, err, ErrCursor, "%q", bad)
	}
	nan := Query{Sort: Sort{Field: ByScore}}
	text, err = nan.Cursor(&Position{Value: math.NaN(), ID: one().ID})
	require.NoError(t, err)
	_, err = nan.ParseCursor(text)
	require.ErrorIs(t, err, ErrCursor)
	_, err = q.Cursor(&Position{ID: "7"})
	require.ErrorContains(t, err, `cursor of anomaly "7"`)
}

func FuzzParseCursor(f *testing.F) {
	q := Query{Service: "cart", Sort: Sort{Field: ByScore}}
	text, err := q.Cursor(PositionOf(one(), q.Sort))
	require.NoError(f, err)
	f.Add(text)
	f.Add("AQDjsMRC")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := q.ParseCursor(text)
		if err != nil {
			return
		}
		again, err := q.Cursor(p)
		require.NoError(t, err)
		require.Equal(t, text, again, "one place has one cursor")
	})
}

func TestParseSort(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Sort{
		"": {Field: ByTimestamp}, "-timestamp": {Field: ByTimestamp}, "timestamp": {Field: ByTimestamp, Ascending: true}, "p_value": {Field: ByPValue, Ascending: true},
		"-score": {Field: ByScore}, "-ncd_score": {Field: ByNCDScore},
	} {
		got, err := ParseSort(text)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	for _, bad := range []string{"-", "--score", "id", "score desc", "Score"} {
		_, err := ParseSort(bad)
		require.ErrorContains(t, err, "must be timestamp, score, p_value or ncd_score", bad)
	}
}

// prunes answers Prune from a list and counts calls; its other methods are not called here.
type prunes struct {
	Store
	answers []Counts
	before  []Cutoffs
	err     error
}

func (p *prunes) Prune(_ context.Context, before Cutoffs, _ int) (Counts, error) {
	p.before = append(p.before, before)
	if len(p.answers) == 0 {
		return Counts{}, p.err
	}
	n := p.answers[0]
	p.answers = p.answers[1:]
	return n, nil
}

func TestRetention(t *testing.T) {
	t.Parallel()
	s := &prunes{answers: []Counts{{Windows: pruneBatch}, {Anomalies: pruneBatch, Windows: 3}, {Anomalies: 1}}}
	n, err := Retention{Anomalies: time.Hour, Windows: time.Minute}.Apply(t.Context(), s, at)
	require.NoError(t, err)
	require.Equal(t, Counts{Anomalies: pruneBatch + 1, Windows: pruneBatch + 3}, n)
	require.Equal(t, Cutoffs{Anomalies: at.Add(-time.Hour), Windows: at.Add(-time.Minute)}, s.before[2])

	s = &prunes{err: errors.New("full")}
	_, err = Retention{Windows: time.Minute}.Apply(t.Context(), s, at)
	require.ErrorContains(t, err, "delete items past their retention: full")
	require.Zero(t, s.before[0].Anomalies)

	s = &prunes{}
	_, err = Retention{}.Apply(t.Context(), s, at)
	require.NoError(t, err)
	require.Empty(t, s.before)
}

func TestRetentionRun(t *testing.T) {
	t.Parallel()
	s := &prunes{answers: []Counts{{Windows: 1}, {}, {Windows: 2}}}
	ctx, cancel := context.WithCancel(t.Context())
	var seen []Counts
	done := make(chan struct{})
	go func() {
		defer close(done)
		Retention{Windows: time.Hour}.Run(ctx, s, time.Millisecond, func(n Counts, err error) {
			assert.NoError(t, err)
			seen = append(seen, n)
			if len(seen) == 2 {
				cancel()
			}
		})
	}()
	<-done
	require.Equal(t, []Counts{{Windows: 1}, {Windows: 2}}, seen, "rounds without work are not reported")
}

func TestClampLimit(t *testing.T) {
	t.Parallel()
	for in, want := range map[int]int{-1: DefaultLimit, 0: DefaultLimit, 1: 1, 500: 500, 501: 500} {
		require.Equal(t, want, ClampLimit(in))
	}
}
