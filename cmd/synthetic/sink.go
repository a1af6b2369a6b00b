package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/driftlock/driftlock/internal/otlpclient"
	"github.com/driftlock/driftlock/internal/shop"
)

// receiver sends each batch's signals one after the other.
type receiver struct {
	client *otlpclient.Client
	tally  *tally
}

func (r *receiver) write(ctx context.Context, b shop.Batch) error {
	var errs error
	note := func(rejected int64, why string, err error) bool {
		if rejected > 0 {
			r.tally.rejected += rejected
			r.tally.why = why
		}
		errs = err
		return err == nil
	}
	ok := b.Traces.SpanCount() == 0 || note(r.client.Traces(ctx, b.Traces))
	ok = ok && (b.Logs.LogRecordCount() == 0 || note(r.client.Logs(ctx, b.Logs)))
	_ = ok && (b.Metrics.DataPointCount() == 0 || note(r.client.Metrics(ctx, b.Metrics)))
	return errs
}

func (r *receiver) close() error { return r.client.Close() }

// file writes OTLP/JSON lines, as the collector's file exporter does.
type file struct {
	f   *os.File
	w   *bufio.Writer
	gz  *gzip.Writer
	out io.Writer
}

func createFile(path string) (sink, error) {
	f, err := os.Create(path) //nolint:gosec // G304: whoever runs the command names the file
	if err != nil {
		return nil, fmt.Errorf("write recording: %w", err)
	}
	s := &file{f: f, w: bufio.NewWriterSize(f, 1<<20)}
	s.out = s.w
	if strings.HasSuffix(path, ".gz") {
		s.gz = gzip.NewWriter(s.w)
		s.out = s.gz
	}
	return s, nil
}

func (s *file) write(_ context.Context, b shop.Batch) error {
	if b.Traces.SpanCount() > 0 {
		if err := s.line((&ptrace.JSONMarshaler{}).MarshalTraces(b.Traces)); err != nil {
			return err
		}
	}
	if b.Logs.LogRecordCount() > 0 {
		if err := s.line((&plog.JSONMarshaler{}).MarshalLogs(b.Logs)); err != nil {
			return err
		}
	}
	if b.Metrics.DataPointCount() > 0 {
		return s.line((&pmetric.JSONMarshaler{}).MarshalMetrics(b.Metrics))
	}
	return nil
}

func (s *file) line(text []byte, err error) error {
	if err == nil {
		_, err = s.out.Write(append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write recording: %w", err)
	}
	return nil
}

func (s *file) close() error {
	var err error
	if s.gz != nil {
		err = s.gz.Close()
	}
	return errors.Join(err, s.w.Flush(), s.f.Close())
}
