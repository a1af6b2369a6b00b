package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/driftlock/driftlock/internal/detect"
	"github.com/driftlock/driftlock/internal/progress"
	"github.com/driftlock/driftlock/internal/recording"

	"github.com/driftlock/driftlock/internal/cli"
)

// tally is what a run has come across.
type tally struct {
	batches, records, points, spans, rows, empty, problems, rejected int64
	why                                                              string // of rejections
	anomalies                                                        int64
}

func (t *tally) usable() bool { return t.records+t.points+t.spans+t.rows > 0 }

func (t *tally) add(it *recording.Item) {
	t.batches++
	switch n := int64(it.Count); it.Signal {
	case recording.Logs:
		t.records += n
	case recording.Metrics:
		t.points += n
	case recording.Traces:
		t.spans += n
	default:
	}
	if it.Count == 0 {
		t.empty++
	}
}

func (t *tally) String() string {
	return fmt.Sprintf("%d log records, %d metric points, %d spans, %d rows", t.records, t.points, t.spans, t.rows)
}

// target is what becomes of the data: it is judged, or sent.
type target interface {
	item(ctx context.Context, it recording.Item) error
	wantsSeries() bool // CSV files come whole, to series; else as batches of a gauge, to item
	series(ctx context.Context, s *recording.Series) error
	finish(ctx context.Context) error
}

// replay is one run.
type replay struct {
	options *options
	stderr  io.Writer
	tally   tally
	meter   *progress.Meter
	read    atomic.Int64 // bytes of the files as stored
}

func (o *options) run(ctx context.Context, paths []string, stdout, stderr io.Writer) (err error) {
	stop, err := o.profile()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	r := &replay{options: o, stderr: stderr}
	files, size, err := inspect(paths)
	if err != nil {
		return cli.Usage(err)
	}
	began := time.Now()
	to, done, err := r.open(ctx, stdout)
	if err != nil {
		return err
	}
	if !o.quiet {
		r.meter = progress.New(stderr, "replay", size)
	}
	err = r.deliver(ctx, files, to)
	r.meter.Finish()
	if err == nil {
		err = to.finish(ctx)
	}
	if err = errors.Join(err, done()); err != nil {
		return err
	}
	r.summary(len(files), time.Since(began))
	if !r.tally.usable() {
		return fmt.Errorf("nothing usable in %d files (%d bad lines)", len(files), r.tally.problems)
	}
	return nil
}

func inspect(paths []string) ([]recording.File, int64, error) {
	var files []recording.File
	var size int64
	for _, p := range paths {
		f, err := recording.Inspect(p)
		if err != nil {
			return nil, 0, err
		}
		files = append(files, f)
		size += f.Size
	}
	return files, size, nil
}

// open returns the target and what to do after its end.
func (r *replay) open(ctx context.Context, stdout io.Writer) (target, func() error, error) {
	o := r.options
	if o.send != "" {
		return newSender(r)
	}
	cfg, err := o.detectorConfig(ctx)
	if err != nil {
		return nil, nil, err
	}
	out := &output{anomalies: bufio.NewWriterSize(stdout, 64<<10), tally: &r.tally}
	var scores *os.File
	if o.scores != "" {
		if scores, err = os.Create(o.scores); err != nil {
			return nil, nil, fmt.Errorf("write scores: %w", err)
		}
		out.scores = bufio.NewWriterSize(scores, 1<<20)
	}
	d, err := detect.New(o.componentID, cfg, detect.Settings{Logger: zap.NewNop(), Replay: true, Scores: scores != nil}, out)
	if err == nil {
		err = d.Start(ctx)
	}
	if err != nil {
		return nil, nil, err
	}
	done := func() error {
		err := errors.Join(d.Shutdown(context.WithoutCancel(ctx)), out.flush())
		if scores != nil {
			err = errors.Join(err, scores.Close())
		}
		return err
	}
	return &judge{detector: d}, done, nil
}

// deliver hands the CSV files on one after the other and merges the rest by time.
func (r *replay) deliver(ctx context.Context, files []recording.File, to target) error {
	var merged, series []recording.File
	for _, f := range files {
		if f.Format == recording.CSV && to.wantsSeries() {
			series = append(series, f)
		} else {
			merged = append(merged, f)
		}
	}
	err := recording.EachSeries(ctx, series, &r.read, func(s *recording.Series) error {
		for _, p := range s.Problems {
			r.problem(p)
		}
		r.tally.rows += int64(len(s.Times))
		r.meter.Set(r.read.Load(), r.tally.String())
		return to.series(ctx, s)
	})
	if err != nil {
		return err
	}
	return recording.Merge(ctx, merged, &r.read, func(it recording.Item) error {
		if it.Problem != nil {
			r.problem(it.Problem)
			return nil
		}
		r.tally.add(&it)
		if it.Count == 0 {
			return nil
		}
		r.meter.Set(r.read.Load(), r.tally.String())
		return to.item(ctx, it)
	})
}

func (r *replay) problem(err error) {
	r.tally.problems++
	switch n := int64(r.options.maxProblems); {
	case r.tally.problems <= n && r.meter != nil:
		r.meter.Printf("replay: %v", err)
	case r.tally.problems <= n:
		_, _ = fmt.Fprintf(r.stderr, "replay: %v\n", err)
	}
}

func (r *replay) summary(files int, took time.Duration) {
	t := &r.tally
	if hidden := t.problems - int64(r.options.maxProblems); hidden > 0 {
		_, _ = fmt.Fprintf(r.stderr, "replay: and %d more\n", hidden)
	}
	if t.problems > 0 {
		_, _ = fmt.Fprintf(r.stderr, "replay: %d bad lines or files skipped\n", t.problems)
	}
	if t.rejected > 0 {
		_, _ = fmt.Fprintf(r.stderr, "replay: the receiver rejected %d items: %s\n", t.rejected, t.why)
	}
	if r.options.quiet {
		return
	}
	verb, end := "judged", fmt.Sprintf("%d anomalies", t.anomalies)
	if r.options.send != "" {
		verb, end = "sent", fmt.Sprintf("%d batches", t.batches-t.empty)
	}
	_, _ = fmt.Fprintf(r.stderr, "%s %d files in %s: %s; %s\n", verb, files, took.Round(10*time.Millisecond), t.String(), end)
}

// profile starts what the hidden flags ask for.
func (o *options) profile() (func() error, error) {
	stop := func() error { return nil }
	if o.cpuProfile != "" {
		f, err := os.Create(o.cpuProfile)
		if err != nil {
			return nil, fmt.Errorf("write CPU profile: %w", err)
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		stop = func() error { pprof.StopCPUProfile(); return f.Close() }
	}
	if o.memProfile == "" {
		return stop, nil
	}
	cpu := stop
	return func() error {
		err := cpu()
		f, ferr := os.Create(o.memProfile)
		if ferr != nil {
			return errors.Join(err, fmt.Errorf("write heap profile: %w", ferr))
		}
		runtime.GC()
		return errors.Join(err, pprof.WriteHeapProfile(f), f.Close())
	}, nil
}
