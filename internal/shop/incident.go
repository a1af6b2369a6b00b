package shop

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Kind is what goes wrong.
type Kind string

// The kinds of incident. Each changes what its description says and nothing else.
const (
	Errors          Kind = "errors"
	NewLogLine      Kind = "new-log-line"
	Latency         Kind = "latency"
	ThroughputDrop  Kind = "throughput-drop"
	Silence         Kind = "silence"
	MemoryLeak      Kind = "memory-leak"
	RetryStorm      Kind = "retry-storm"
	NewDependency   Kind = "new-dependency"
	ValueOutOfRange Kind = "value-out-of-range"
	SlowDrift       Kind = "slow-drift"
)

// KindHelp is one kind with a sentence for people.
type KindHelp struct {
	Kind Kind
	Help string
}

// Kinds lists all kinds in the order of the documentation.
func Kinds() []KindHelp {
	return []KindHelp{
		{Errors, "a third of the service's requests fail with 500 and an ERROR line; callers that need it fail too"},
		{NewLogLine, "a WARN line never seen before in a fifth of the service's requests"},
		{Latency, "the service's own time is six times as long"},
		{ThroughputDrop, "four fifths of the calls to the service are not made; its processor time falls with them"},
		{Silence, "no telemetry of the service arrives; its callers go on"},
		{MemoryLeak, "memory of each instance grows by 4 % of its resting size a minute"},
		{RetryStorm, "calls to the service are refused with 503 two to four times before they succeed"},
		{NewDependency, "the service calls a host that it never called, in two fifths of its requests"},
		{ValueOutOfRange, "the gauge process.open_file_descriptors stands at ten times its usual value"},
		{SlowDrift, "the service's own time grows steadily to three times its usual length"},
	}
}

// Incident is one fault on one service for a span of event time.
type Incident struct {
	Kind    Kind
	Service string
	Start   time.Time
	End     time.Time
}

// ParseIncident reads KIND@SERVICE; the caller sets the times.
func ParseIncident(s string) (Incident, error) {
	kind, name, found := strings.Cut(s, "@")
	if !found {
		return Incident{}, fmt.Errorf("incident %q: want KIND@SERVICE, for example errors@payment", s)
	}
	if !slices.ContainsFunc(Kinds(), func(k KindHelp) bool { return string(k.Kind) == kind }) {
		return Incident{}, fmt.Errorf("incident %q: no kind %q; kinds are %s", s, kind, strings.Join(KindNames(), ", "))
	}
	if !slices.Contains(ServiceNames(), name) {
		return Incident{}, fmt.Errorf("incident %q: no service %q; services are %s", s, name, strings.Join(ServiceNames(), ", "))
	}
	return Incident{Kind: Kind(kind), Service: name}, nil
}

// KindNames lists the kinds' names.
func KindNames() []string {
	var names []string
	for _, k := range Kinds() {
		names = append(names, string(k.Kind))
	}
	return names
}

// ServiceNames lists the shop's services, the entry first.
func ServiceNames() []string {
	var names []string
	for _, s := range services() {
		names = append(names, s.name)
	}
	return names
}

// effects are the incidents of one service at one moment.
type effects struct {
	errors, newLine, drop, silent, retry, dependency, outOfRange bool
	slower                                                       float64 // factor on own time
	leakMinutes                                                  float64 // since the leak began
}

func (g *Generator) effects(owner int, t int64) effects {
	e := effects{slower: 1}
	for i := range g.incidents[owner] {
		in := &g.incidents[owner][i]
		start, end := in.Start.UnixNano(), in.End.UnixNano()
		if t < start || t >= end {
			continue
		}
		switch in.Kind {
		case Errors:
			e.errors = true
		case NewLogLine:
			e.newLine = true
		case Latency:
			e.slower *= 6
		case ThroughputDrop:
			e.drop = true
		case Silence:
			e.silent = true
		case MemoryLeak:
			e.leakMinutes = float64(t-start) / float64(time.Minute)
		case RetryStorm:
			e.retry = true
		case NewDependency:
			e.dependency = true
		case ValueOutOfRange:
			e.outOfRange = true
		case SlowDrift:
			e.slower *= 1 + 2*float64(t-start)/float64(end-start)
		}
	}
	return e
}

// Label is one injected fault as the scorers read it.
type Label struct {
	InjectTime time.Time `json:"inject_time"`
	EndTime    time.Time `json:"end_time"`
	Service    string    `json:"service"`
	Pod        string    `json:"pod"`
	Fault      string    `json:"fault"`

	// Ordinary changes, which are no faults: "deploy" and "churn", with the pod that came last.
	Ordinary bool   `json:"ordinary,omitempty"`
	From     string `json:"from,omitempty"` // versions of a deploy
	To       string `json:"to,omitempty"`
}

// WriteLabels writes what is injected, and the deploys and replaced pods that begin before the given event time, as a JSON array.
func (g *Generator) WriteLabels(w io.Writer, until time.Time) error {
	labels := g.changes(until)
	for _, in := range g.config.Incidents {
		owner := slices.Index(ServiceNames(), in.Service)
		labels = append(labels, Label{
			InjectTime: in.Start.UTC().Truncate(time.Second), EndTime: in.End.UTC().Truncate(time.Second),
			Service: in.Service, Pod: g.podAt(owner, in.Start.UnixNano()), Fault: string(in.Kind),
		})
	}
	slices.SortStableFunc(labels, func(a, b Label) int { return a.InjectTime.Compare(b.InjectTime) })
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	return enc.Encode(labels)
}
