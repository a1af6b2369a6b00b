package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/driftlock/driftlock/internal/otlpclient"
	"github.com/driftlock/driftlock/internal/progress"
	"github.com/driftlock/driftlock/internal/shop"

	"github.com/driftlock/driftlock/internal/cli"
)

const (
	pastStep = 5 * time.Second // event time in one batch of history
	liveStep = time.Second     // of live traffic
)

// sink takes batches: a receiver or a file.
type sink interface {
	write(ctx context.Context, b shop.Batch) error
	close() error
}

// tally is what has been sent.
type tally struct {
	requests, spans, records, points, rejected int64
	why                                        string
}

func (t *tally) add(b shop.Batch) {
	t.requests += int64(b.Requests)
	t.spans += int64(b.Traces.SpanCount())
	t.records += int64(b.Logs.LogRecordCount())
	t.points += int64(b.Metrics.DataPointCount())
}

func (t *tally) String() string {
	return fmt.Sprintf("%d requests: %d spans, %d log records, %d metric points", t.requests, t.spans, t.records, t.points)
}

func (o *options) run(ctx context.Context, stderr io.Writer) (err error) {
	p, err := o.plan(time.Now())
	if err != nil {
		return err
	}
	g, err := shop.New(p.config)
	if err != nil {
		return cli.Usage(err)
	}
	if o.labels != "" {
		if err := writeLabels(o.labels, g, p); err != nil {
			return err
		}
	}
	var t tally
	to, err := o.open(&t)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.close()) }()

	began := time.Now()
	err = o.past(ctx, g, p, to, &t, stderr)
	if err == nil && (o.forever || o.duration > 0) {
		err = o.present(ctx, g, p, to, &t, stderr)
	}
	if !o.quiet {
		_, _ = fmt.Fprintf(stderr, "sent %s in %s\n", t.String(), time.Since(began).Round(10*time.Millisecond))
	}
	if t.rejected > 0 {
		_, _ = fmt.Fprintf(stderr, "the receiver rejected %d items: %s\n", t.rejected, t.why)
	}
	var lost *otlpclient.UnreachableError
	if errors.As(err, &lost) {
		return fmt.Errorf("%w\nStart a collector (make run), or name another address with --endpoint; --output FILE needs none", err)
	}
	return err
}

func (o *options) open(t *tally) (sink, error) {
	if o.output != "" {
		return createFile(o.output)
	}
	c, err := otlpclient.New(otlpclient.Config{Endpoint: o.endpoint, Protocol: o.protocol, Patience: o.patience})
	if err != nil {
		return nil, cli.Usage(err)
	}
	return &receiver{client: c, tally: t}, nil
}

// past generates in one goroutine and sends in another, one batch after the other so that event time never steps back.
func (o *options) past(ctx context.Context, g *shop.Generator, p plan, to sink, t *tally, stderr io.Writer) error {
	if !p.pastEnd.After(g.Now()) {
		return nil
	}
	var m *progress.Meter
	if !o.quiet {
		m = progress.New(stderr, "history", int64(p.pastEnd.Sub(g.Now())/time.Second))
	}
	defer m.Finish()
	first := g.Now()
	batches := make(chan shop.Batch, 2)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(batches)
		for !g.Done() && g.Now().Before(p.pastEnd) {
			next := g.Now().Truncate(pastStep).Add(pastStep)
			if next.After(p.pastEnd) {
				next = p.pastEnd
			}
			select {
			case batches <- g.Next(next):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	group.Go(func() error {
		for b := range batches {
			if err := to.write(ctx, b); err != nil {
				return err
			}
			t.add(b)
			m.Set(int64(b.Until.Sub(first)/time.Second), b.Until.Format("15:04:05")+", "+t.String())
		}
		return nil
	})
	return group.Wait()
}

// present sends each second's requests when the second is over.
func (o *options) present(ctx context.Context, g *shop.Generator, p plan, to sink, t *tally, stderr io.Writer) error {
	var m *progress.Meter
	if !o.quiet {
		m = progress.New(stderr, "live", int64(o.duration/time.Second))
	}
	defer m.Finish()
	for p.end.IsZero() || g.Now().Before(p.end) {
		next := g.Now().Truncate(liveStep).Add(liveStep)
		if o.output == "" {
			if err := sleepUntil(ctx, next); err != nil {
				// Ctrl-C is how --live is meant to end.
				if o.forever && errors.Is(err, context.Canceled) {
					return nil
				}
				return err
			}
		}
		for g.Now().Before(next) {
			b := g.Next(next)
			if err := to.write(ctx, b); err != nil {
				if o.forever && ctx.Err() != nil {
					return nil
				}
				return err
			}
			t.add(b)
		}
		m.Set(int64(g.Now().Sub(p.pastEnd)/time.Second), t.String())
	}
	return nil
}

func sleepUntil(ctx context.Context, at time.Time) error {
	d := time.Until(at)
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// writeLabels lists the ordinary changes of an endless run's first day alone.
func writeLabels(path string, g *shop.Generator, p plan) error {
	until := p.end
	if until.IsZero() {
		until = p.pastEnd.Add(24 * time.Hour)
	}
	f, err := os.Create(path) //nolint:gosec // G304: whoever runs the command names the file
	if err != nil {
		return fmt.Errorf("write labels: %w", err)
	}
	if err := errors.Join(g.WriteLabels(f, until), f.Close()); err != nil {
		return fmt.Errorf("write labels: %w", err)
	}
	return nil
}
