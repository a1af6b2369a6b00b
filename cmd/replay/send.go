package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/driftlock/driftlock/internal/otlpclient"
	"github.com/driftlock/driftlock/internal/recording"

	"github.com/driftlock/driftlock/internal/cli"
)

// sender hands the data to a collector, one batch after the other, so that it arrives in the order in which a replay judges it.
type sender struct {
	client *otlpclient.Client
	replay *replay
}

func newSender(r *replay) (target, func() error, error) {
	c, err := otlpclient.New(otlpclient.Config{Endpoint: r.options.send, Patience: r.options.patience})
	if err != nil {
		return nil, nil, cli.Usage(fmt.Errorf("--send: %w", err))
	}
	return &sender{client: c, replay: r}, c.Close, nil
}

func (s *sender) wantsSeries() bool { return false }

func (s *sender) series(context.Context, *recording.Series) error { return nil }

func (s *sender) finish(context.Context) error { return nil }

func (s *sender) item(ctx context.Context, it recording.Item) error {
	var rejected int64
	var why string
	var err error
	switch it.Signal {
	case recording.Logs:
		rejected, why, err = s.client.Logs(ctx, it.Logs)
	case recording.Metrics:
		rejected, why, err = s.client.Metrics(ctx, it.Metrics)
	case recording.Traces:
		rejected, why, err = s.client.Traces(ctx, it.Traces)
	default:
		return nil
	}
	if rejected > 0 {
		s.replay.tally.rejected += rejected
		s.replay.tally.why = why
	}
	var lost *otlpclient.UnreachableError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &lost):
		return fmt.Errorf("%s:%d: %w\nStart a collector (make run LIVE=0), or name another address with --send", it.Path, it.Line, err)
	default:
		return fmt.Errorf("%s:%d: %w", it.Path, it.Line, err)
	}
}
