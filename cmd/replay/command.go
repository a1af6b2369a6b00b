package main

import (
	"fmt"
	"io"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/driftlock/driftlock/internal/cli"
)

// options are the flags as given.
type options struct {
	config      string
	level       float64
	p           float64
	componentID string
	workers     int
	scores      string
	send        string
	patience    time.Duration
	maxProblems int
	quiet       bool
	cpuProfile  string
	memProfile  string
}

const long = `Runs the detector over recordings and prints one anomaly a line, as JSON, to stdout: the same that a collector with the same
configuration would have said.

Files, gzip or not, told apart by their names, else by their first bytes:
  OTLP/JSON lines   .jsonl .ndjson .json   as the collector's file exporter writes them, any signal
  CSV               .csv                   timestamp,value; a header is optional; each file is judged as a series of its own
  plain log lines   .log .txt and others   timestamp at the line's start where there is one; the service is the file's name

OTLP and plain files are merged by time. Lines that cannot be read are reported with file and line, counted and skipped.
The same files and flags give the same output, byte for byte.

Exit codes: 0 done, also with bad lines; 1 nothing usable or a failure; 2 usage; 130 interrupted.`

const examples = `  replay day.jsonl.gz                                  what would have been said with the default budget
  replay --p 1e-3 logs.jsonl.gz metrics.jsonl.gz       a fixed p-value instead of the budget
  replay --level 3.3 --scores s.ndjson series/*.csv    single points of metric series, with a score for every row
  replay --config collector.yaml /var/log/app/*.log    the processor's section of a collector's configuration
  replay --send localhost:4317 day.jsonl.gz            the same batches in the same order to a running collector
  replay verify bundle.json                            check what stands behind an anomaly`

func newCommand(stdout, stderr io.Writer) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "replay FILE...",
		Short: "Run the detector over recordings",
		Long:  long, Example: examples,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cli.Usage(fmt.Errorf("name at least one file"))
			}
			return nil
		},
		SilenceErrors: true, SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.validate(cmd); err != nil {
				return cli.Usage(err)
			}
			return o.run(cmd.Context(), args, stdout, stderr)
		},
	}
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return cli.Usage(err) })
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.config, "config", "c", "", "YAML: a collector's configuration, or the keys of its driftlockcbad section alone")
	f.Float64Var(&o.p, "p", 0, "p-value at or below which a window is an anomaly (default: the configuration's budget decides)")
	f.Float64Var(&o.level, "level", 0, "decades at which single metric points alert")
	f.StringVar(&o.componentID, "component-id", "driftlockcbad", "component id, which is part of each anomaly's id")
	f.IntVar(&o.workers, "workers", 0, "scoring goroutines (default: one per CPU); changes nothing in the output")
	f.StringVarP(&o.scores, "scores", "s", "", "write one JSON line for every scored window, point and request to this file")
	f.StringVar(&o.send, "send", "", "send to the OTLP receiver at HOST:PORT (gRPC) or http://HOST:PORT instead of judging")
	f.DurationVar(&o.patience, "patience", 10*time.Second, "with --send: how long to wait for a receiver that refuses connections")
	f.IntVar(&o.maxProblems, "max-problems", 10, "bad lines to show; all are counted")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no progress and no summary on stderr")
	f.StringVar(&o.cpuProfile, "cpuprofile", "", "write a CPU profile")
	f.StringVar(&o.memProfile, "memprofile", "", "write a heap profile at the end")
	_ = f.MarkHidden("cpuprofile")
	_ = f.MarkHidden("memprofile")
	cmd.AddCommand(newVerify(stdout))
	return cmd
}

func (o *options) validate(cmd *cobra.Command) error {
	changed := cmd.Flags().Changed
	switch {
	case changed("p") && !(o.p > 0 && o.p <= 1):
		return fmt.Errorf("--p must be above 0 and at most 1 (got %g)", o.p)
	case changed("level") && (!(o.level > 0) || math.IsInf(o.level, 0)):
		return fmt.Errorf("--level must be above 0 decades (got %g)", o.level)
	case o.workers < 0 || o.maxProblems < 0 || o.patience < 0:
		return fmt.Errorf("--workers, --max-problems and --patience must not be negative (got %d, %d, %s)", o.workers, o.maxProblems, o.patience)
	case o.componentID == "":
		return fmt.Errorf("--component-id must not be empty")
	case o.send != "" && (o.scores != "" || o.config != "" || changed("p") || changed("level")):
		return fmt.Errorf("--send leaves judging to the collector: --scores, --config, --p and --level do not go with it")
	}
	return nil
}
