package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/driftlock/driftlock/internal/shop"

	"github.com/driftlock/driftlock/internal/cli"
)

// options are the flags as given.
type options struct {
	endpoint     string
	protocol     string
	patience     time.Duration
	rate         float64
	count        uint64
	history      time.Duration
	end          string
	live         bool
	duration     time.Duration
	forever      bool // --live, or --duration 0
	seed         uint64
	deploys      float64
	churn        float64
	incidents    []string
	incidentLast time.Duration
	incidentAt   string
	incidentFor  time.Duration
	labels       string
	output       string
	quiet        bool
}

const examples = `  synthetic 100                                       100 requests of the last seconds, at once
  synthetic --history 2h --incident errors@payment    two hours of the past in seconds, the last 10 minutes with an incident
  synthetic --history 2h --incident latency@catalogue --incident silence@cart --incident-last 5m --labels labels.json
  synthetic --live --rate 20                          requests as they happen, until Ctrl-C
  synthetic --history 24h --output day.jsonl.gz       a recording for 'replay', no receiver needed`

func longHelp() string {
	var b strings.Builder
	b.WriteString(`Sends the traces, logs and metrics of a simulated shop of twenty services over OTLP, deploys and replaced pods included.

An event is one request to the shop with all its spans and log records; metrics are read every 15 s of event time.
The same seed, rate and event time give the same data, byte for byte.

Say how much: COUNT requests, --history, --live or --duration. History is sent as fast as the receiver takes it, in
order of time, and ends now (or at --end); --history with --live or --duration goes on in real time afterwards.

Services: `)
	b.WriteString(strings.Join(shop.ServiceNames(), ", "))
	b.WriteString("\n\nIncidents (--incident KIND@SERVICE, repeatable):\n")
	for _, k := range shop.Kinds() {
		fmt.Fprintf(&b, "  %-19s %s\n", k.Kind, k.Help)
	}
	b.WriteString("\nExit codes: 0 all was sent, 1 the receiver failed or cannot be reached, 2 usage, 130 interrupted.")
	return b.String()
}

func newCommand(stdout, stderr io.Writer) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:     "synthetic [COUNT]",
		Short:   "Send the telemetry of a simulated shop over OTLP",
		Long:    longHelp(),
		Example: examples,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return cli.Usage(fmt.Errorf("one COUNT at most (got %d arguments)", len(args)))
			}
			return nil
		},
		SilenceErrors: true, SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				n, err := strconv.ParseUint(args[0], 10, 64)
				if err != nil || n == 0 {
					return cli.Usage(fmt.Errorf("COUNT must be a whole number of requests, at least 1 (got %q)", args[0]))
				}
				o.count = n
			}
			o.forever = o.live || (cmd.Flags().Changed("duration") && o.duration == 0)
			if err := o.validate(); err != nil {
				return cli.Usage(err)
			}
			return o.run(cmd.Context(), stderr)
		},
	}
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return cli.Usage(err) })
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.endpoint, "endpoint", "e", "localhost:4317", "OTLP receiver: host:port for gRPC, http://host:port for HTTP")
	f.StringVar(&o.protocol, "protocol", "", "grpc or http (default: by the endpoint's form)")
	f.DurationVar(&o.patience, "patience", 10*time.Second, "how long to wait for a receiver that refuses connections")
	f.Float64VarP(&o.rate, "rate", "r", 5, "requests a second, the mean of a day")
	f.DurationVar(&o.history, "history", 0, "send this much of the past")
	f.StringVar(&o.end, "end", "", "event time at which the past ends, RFC 3339 (default: now)")
	f.BoolVar(&o.live, "live", false, "send requests as they happen, until Ctrl-C")
	f.DurationVar(&o.duration, "duration", 0, "like --live, for so long (0: without end)")
	f.Uint64Var(&o.seed, "seed", 1, "another seed, another shop's day")
	f.Float64Var(&o.deploys, "deploys-per-day", 6, "services that get a new version, pod by pod; the mean over all services (0: none)")
	f.Float64Var(&o.churn, "churn-per-day", 10, "pods replaced without a deploy; the mean over all services (0: none)")
	f.StringArrayVar(&o.incidents, "incident", nil, "KIND@SERVICE, repeatable")
	f.DurationVar(&o.incidentLast, "incident-last", 10*time.Minute, "incidents fill the last so much of the history")
	f.StringVar(&o.incidentAt, "incident-at", "", "incidents start then: RFC 3339, or a duration after the first event time")
	f.DurationVar(&o.incidentFor, "incident-for", 0, "incidents last so long (default: to the end)")
	f.StringVar(&o.labels, "labels", "", "write what was injected, deploys and replaced pods to this file, as JSON")
	f.StringVarP(&o.output, "output", "o", "", "write OTLP/JSON lines to this file instead of sending (.gz: compressed)")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no progress on stderr")
	return cmd
}

func (o *options) validate() error {
	switch {
	case o.count == 0 && o.history == 0 && !o.forever && o.duration == 0:
		return fmt.Errorf("say how much: COUNT, --history 2h, --live or --duration 10m")
	case o.count > 0 && (o.history != 0 || o.forever || o.duration != 0):
		return fmt.Errorf("COUNT goes with neither --history nor --live nor --duration")
	case o.live && o.duration != 0:
		return fmt.Errorf("--live has no end, --duration has one: give one of them")
	case o.history < 0 || o.duration < 0 || o.incidentLast <= 0 || o.incidentFor < 0 || o.patience < 0:
		return fmt.Errorf("durations must be positive (history %s, duration %s, incident-last %s, incident-for %s, patience %s)",
			o.history, o.duration, o.incidentLast, o.incidentFor, o.patience)
	case !(o.rate > 0) || o.rate > shop.MaxRate || math.IsInf(o.rate, 0):
		return fmt.Errorf("rate must be above 0 and at most %d requests a second (got %g)", shop.MaxRate, o.rate)
	case o.end != "" && (o.forever || o.duration != 0):
		return fmt.Errorf("--end is for the past, not for --live or --duration")
	case o.output != "" && o.forever:
		return fmt.Errorf("--output needs an end: use --history or --duration")
	}
	return nil
}

// plan is what the options come to at the time of the start.
type plan struct {
	config  shop.Config
	pastEnd time.Time // history ends, live begins
	end     time.Time // zero: no end
}

func (o *options) plan(now time.Time) (plan, error) {
	p := plan{pastEnd: now.UTC().Truncate(time.Second), config: shop.Config{
		Seed: o.seed, Rate: o.rate, Requests: o.count, DeploysPerDay: o.deploys, ChurnPerDay: o.churn}}
	if o.end != "" {
		t, err := time.Parse(time.RFC3339, o.end)
		if err != nil {
			return p, cli.Usage(fmt.Errorf("--end must be RFC 3339, for example 2026-01-31T12:00:00Z (got %q)", o.end))
		}
		p.pastEnd = t.UTC()
	}
	switch {
	case o.count > 0:
		// A time in which so many requests come even in a quiet hour; the generator stops at the count.
		seconds := 2.5*float64(o.count)/o.rate + 10
		p.config.Start = p.pastEnd.Add(-time.Duration(seconds * float64(time.Second)))
		p.end = p.pastEnd
	default:
		p.config.Start = p.pastEnd.Add(-o.history)
		p.end = p.pastEnd.Add(o.duration)
	}
	if o.forever {
		p.end = time.Time{}
	}
	return p, o.schedule(&p)
}

// schedule gives the incidents their times.
func (o *options) schedule(p *plan) error {
	far := p.config.Start.AddDate(50, 0, 0)
	start, end := p.config.Start, p.end
	if o.history > 0 {
		start, end = p.pastEnd.Add(-o.incidentLast), p.pastEnd
		if start.Before(p.config.Start) {
			start = p.config.Start
		}
	}
	if end.IsZero() {
		end = far
	}
	if o.incidentAt != "" {
		if d, err := time.ParseDuration(o.incidentAt); err == nil {
			start = p.config.Start.Add(d)
		} else if t, err := time.Parse(time.RFC3339, o.incidentAt); err == nil {
			start = t.UTC()
		} else {
			return cli.Usage(fmt.Errorf("--incident-at must be RFC 3339 or a duration after the first event time, for example 90m (got %q)", o.incidentAt))
		}
		end = p.end
		if end.IsZero() {
			end = far
		}
	}
	if o.incidentFor > 0 {
		end = start.Add(o.incidentFor)
	}
	for _, s := range o.incidents {
		in, err := shop.ParseIncident(s)
		if err != nil {
			return cli.Usage(err)
		}
		in.Start, in.End = start, end
		if !in.End.After(in.Start) {
			return cli.Usage(fmt.Errorf("incident %s would end (%s) before it starts (%s): see --incident-at, --incident-for",
				s, end.Format(time.RFC3339), start.Format(time.RFC3339)))
		}
		p.config.Incidents = append(p.config.Incidents, in)
	}
	return nil
}
