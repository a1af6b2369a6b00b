// Package recording reads telemetry from files (OTLP/JSON lines, plain log lines, CSV series; gzip or not) and merges files by time.
// It does not judge, send or write anything.
package recording

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Format is what a file's lines are.
type Format int

// The formats.
const (
	OTLP  Format = iota // one OTLP/JSON request a line, any signal
	Plain               // one log record a line
	CSV                 // timestamp,value
)

func (f Format) String() string { return [...]string{"OTLP/JSON lines", "plain log lines", "CSV"}[f] }

// Limits of what a reader holds in memory.
const (
	MaxLine = 64 << 20 // bytes of one line
	MaxRows = 20 << 20 // rows of one CSV file that is judged as a whole
)

// Item is one delivery: a batch of one signal, or a problem.
type Item struct {
	Path string
	Line int   // first line of the batch
	Time int64 // earliest timestamp in it, nanoseconds; the previous item's where it has none

	Signal  Signal
	Logs    plog.Logs
	Metrics pmetric.Metrics
	Traces  ptrace.Traces
	Count   int    // records, points or spans
	latest  uint64 // timestamp in it

	Problem error // not nil: nothing else is set but Path and Line
}

// Signal says which of an Item's batches is set.
type Signal int

// The signals; None is an item without telemetry.
const (
	None Signal = iota
	Logs
	Metrics
	Traces
)

// Problem is a line that could not be used, or a file that ended early.
type Problem struct {
	Path string
	Line int
	Why  error
}

func (p *Problem) Error() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %v", p.Path, p.Why)
	}
	return fmt.Sprintf("%s:%d: %v", p.Path, p.Line, p.Why)
}

func (p *Problem) Unwrap() error { return p.Why }

// Stem is the file's name without folders and without the endings of its format: what a service or a series is called.
func Stem(path string) string {
	s := filepath.Base(path)
	for {
		ext := filepath.Ext(s)
		switch strings.ToLower(ext) {
		case ".gz", ".csv", ".jsonl", ".ndjson", ".json", ".log", ".txt", ".otlp":
			if t := strings.TrimSuffix(s, ext); t != "" {
				s = t
				continue
			}
		}
		return s
	}
}

// formatOf goes by the name's ending, and where that says nothing by the first bytes.
func formatOf(path string, head []byte) Format {
	name := strings.TrimSuffix(strings.ToLower(path), ".gz")
	switch filepath.Ext(name) {
	case ".csv":
		return CSV
	case ".jsonl", ".ndjson", ".json":
		return OTLP
	}
	for _, key := range []string{`"resourceLogs"`, `"resourceSpans"`, `"resourceMetrics"`} {
		if bytes.Contains(head, []byte(key)) {
			return OTLP
		}
	}
	first, _, _ := bytes.Cut(bytes.TrimPrefix(head, utf8BOM), []byte("\n"))
	var c columns
	if c.header(first) {
		return CSV
	}
	if _, _, err := c.row(first); err == nil {
		return CSV
	}
	return Plain
}

var utf8BOM = []byte("\xef\xbb\xbf")
