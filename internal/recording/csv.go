package recording

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// Series is a CSV file as a whole.
type Series struct {
	Path     string
	Times    []time.Time
	Values   []float64
	Problems []*Problem
}

// columns says where time and value stand; without a header they are the first and the second.
type columns struct{ time, value int }

// header recognises a first line that names the columns.
func (c *columns) header(line []byte) bool {
	found := columns{-1, -1}
	for i, f := range bytes.Split(line, []byte(",")) {
		switch strings.ToLower(string(field(f))) {
		case "timestamp", "time", "ts", "date", "datetime", "@timestamp":
			if found.time < 0 {
				found.time = i
			}
		case "value", "val", "y", "v":
			if found.value < 0 {
				found.value = i
			}
		}
	}
	if found.time < 0 {
		return false
	}
	if found.value < 0 {
		found.value = found.time + 1
	}
	*c = found
	return true
}

func field(b []byte) []byte { return bytes.Trim(b, " \t\"") }

func (c *columns) nth(line []byte, n int) ([]byte, bool) {
	for ; n > 0; n-- {
		i := bytes.IndexByte(line, ',')
		if i < 0 {
			return nil, false
		}
		line = line[i+1:]
	}
	if i := bytes.IndexByte(line, ','); i >= 0 {
		line = line[:i]
	}
	return field(line), true
}

// row reads one line. A missing value is NaN: the row exists, though it cannot be judged.
func (c *columns) row(line []byte) (time.Time, float64, error) {
	at := *c
	if at.time == at.value {
		at.value = at.time + 1
	}
	ts, ok := at.nth(line, at.time)
	vs, ok2 := at.nth(line, at.value)
	if !ok || !ok2 {
		return time.Time{}, 0, fmt.Errorf("want timestamp,value (got %s)", quote(line))
	}
	t, ok := ParseTime(string(ts))
	if !ok {
		return time.Time{}, 0, fmt.Errorf("timestamp must be RFC 3339, 2006-01-02 15:04:05 or seconds, ms, µs or ns since 1970 (got %s)", quote(ts))
	}
	v, err := parseValue(string(vs))
	return t, v, err
}

func parseValue(s string) (float64, error) {
	switch strings.ToLower(s) {
	case "", "na", "n/a", "null", "none", "-":
		return math.NaN(), nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("value must be a number (got %s)", quote([]byte(s)))
	}
	return v, nil // out of range is ±Inf
}

func quote(b []byte) string {
	if len(b) > 60 {
		return strconv.Quote(string(b[:60])) + "…"
	}
	return strconv.Quote(string(b))
}

// rows calls each for every row in order, and bad for what is not one. The first line may be a header.
func rows(l *lines, each func(line int, t time.Time, v float64) bool, bad func(*Problem)) {
	var c columns
	for {
		b, err := l.next()
		switch {
		case errors.Is(err, io.EOF):
			return
		case errors.Is(err, errLong):
			bad(&Problem{l.path, l.number, err})
			continue
		case err != nil:
			bad(&Problem{l.path, 0, err})
			return
		}
		if l.number == 1 {
			b = bytes.TrimPrefix(b, utf8BOM)
			if c.header(b) {
				continue
			}
		}
		if len(bytes.TrimSpace(b)) == 0 {
			continue
		}
		t, v, err := c.row(b)
		if err != nil {
			bad(&Problem{l.path, l.number, err})
			continue
		}
		if !each(l.number, t, v) {
			return
		}
	}
}

// ReadSeries reads a whole CSV file.
func ReadSeries(path string, read *atomic.Int64) (*Series, error) {
	s := &Series{Path: path}
	l, err := openLines(path, read)
	if errors.Is(err, errDamaged) {
		s.Problems = append(s.Problems, &Problem{path, 0, err})
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = l.close() }()
	rows(l, func(line int, t time.Time, v float64) bool {
		if len(s.Times) >= MaxRows {
			s.Problems = append(s.Problems, &Problem{path, line, fmt.Errorf("more than %d rows, the rest is not read: split the file", MaxRows)})
			return false
		}
		s.Times, s.Values = append(s.Times, t), append(s.Values, v)
		return true
	}, func(p *Problem) { s.Problems = append(s.Problems, p) })
	s.settle()
	return s, nil
}

// gaugeRows is how many rows of a CSV file make a batch when it is read as a gauge.
const gaugeRows = 256

// gauge turns rows into batches of one metric, named as its service after the file.
type gauge struct {
	name   string
	batch  pmetric.Metrics
	points pmetric.NumberDataPointSlice
	first  int
}

func (g *gauge) add(line int, t time.Time, v float64) (Item, bool) {
	var done Item
	full := g.points != (pmetric.NumberDataPointSlice{}) && g.points.Len() >= gaugeRows
	if full {
		done, _ = g.flush()
	}
	if g.points == (pmetric.NumberDataPointSlice{}) {
		g.batch = pmetric.NewMetrics()
		rm := g.batch.ResourceMetrics().AppendEmpty()
		rm.Resource().Attributes().PutStr("service.name", g.name)
		m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
		m.SetName(g.name)
		g.points = m.SetEmptyGauge().DataPoints()
		g.first = line
	}
	p := g.points.AppendEmpty()
	p.SetTimestamp(pcommon.NewTimestampFromTime(t))
	p.SetDoubleValue(v)
	return done, full
}

func (g *gauge) flush() (Item, bool) {
	if g.points == (pmetric.NumberDataPointSlice{}) {
		return Item{}, false
	}
	it := Item{Line: g.first, Metrics: g.batch}
	it.set(Metrics, g.points.Len(), metricsTime(g.batch))
	g.points = pmetric.NumberDataPointSlice{}
	return it, true
}

// EachSeries reads whole CSV files, the next one while the last is being used, and delivers them in the order given.
func EachSeries(ctx context.Context, files []File, read *atomic.Int64, deliver func(*Series) error) error {
	ctx, cancel := context.WithCancel(ctx)
	type result struct {
		series *Series
		err    error
	}
	out := make(chan result, 1)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		defer close(out)
		for _, f := range files {
			s, err := ReadSeries(f.Path, read)
			select {
			case out <- result{s, err}:
			case <-ctx.Done():
				return
			}
		}
	})
	for r := range out {
		if r.err != nil {
			return r.err
		}
		if err := deliver(r.series); err != nil {
			return err
		}
	}
	return ctx.Err()
}
