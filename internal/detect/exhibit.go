package detect

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/cbad"
	"github.com/driftlock/driftlock/internal/join"
)

// exhibit is the form of baseline_data and window_data: what one signal shows of the past or of the window, for people.
type exhibit struct {
	Signal       anomaly.Signal     `json:"signal"`
	Excerpts     []excerpt          `json:"excerpts"`
	Compression  []cbad.Compression `json:"compression,omitempty"`
	ScoreHistory []float64          `json:"score_history,omitempty"` // of the deciding channel, newest last
	Permutations uint32             `json:"permutations,omitempty"`
	Nulls        []shownNull        `json:"nulls,omitempty"`  // of the past
	Series       []shownSeries      `json:"series,omitempty"` // of the window
	Calls        []shownCall        `json:"calls,omitempty"`  // of the window
	Also         []exhibit          `json:"also,omitempty"`   // what the other signals show
}

// excerpt is a record, without secrets. Words are characters start to end of the text, and bits.
type excerpt struct {
	TimeNs  uint64      `json:"time_ns"`
	TraceID string      `json:"trace_id"`
	Text    string      `json:"text"`
	Bits    *float64    `json:"bits,omitempty"`
	Share   *float64    `json:"share,omitempty"`
	Words   []cbad.Word `json:"words,omitempty"`
}

// shownNull is what a channel was ranked among.
type shownNull struct {
	Channel  string   `json:"channel"`
	Observed float64  `json:"observed"`
	Low      float64  `json:"low"`
	Width    float64  `json:"width"`
	Counts   []uint64 `json:"counts"`
}

// shownSeries is a series around the window. Points are seconds since start and values, those from window on are the window's;
// expected are from which second on, value, low and high.
type shownSeries struct {
	Item     string       `json:"item"`
	Instance string       `json:"instance,omitempty"`
	Unit     string       `json:"unit,omitempty"`
	Bits     float64      `json:"bits"`
	Start    time.Time    `json:"start"`
	Points   [][2]float64 `json:"points"`
	Window   uint32       `json:"window"`
	Expected [][4]float64 `json:"expected,omitempty"`
	Drift    bool         `json:"drift,omitempty"`
}

// shownCall is one edge of the calls: an operation of the service under the one that called it, which may be another service's. Ids
// make a tree of the edges.
type shownCall struct {
	ID                 string   `json:"id"`
	ParentID           string   `json:"parent_id"`
	Operation          string   `json:"operation"`
	Parent             string   `json:"parent"`
	Spans              uint64   `json:"spans"`
	Expected           *float64 `json:"expected,omitempty"`
	Errors             uint64   `json:"errors"`
	ExpectedErrors     *float64 `json:"expected_errors,omitempty"`
	DurationNs         float64  `json:"duration_ns"`
	ExpectedDurationNs *float64 `json:"expected_duration_ns,omitempty"`
	Bits               float64  `json:"bits"`
	TraceIDs           []string `json:"trace_ids,omitempty"`
}

// exhibits are what a signal's evidence shows of the past and of the window.
func (j *judgement) exhibits(s signal, e *cbad.Evidence) (past, now exhibit) {
	d := j.m.d
	past = exhibit{Signal: signalNames[s], Excerpts: d.excerpts(s, e.BaselineSample), ScoreHistory: e.ScoreHistory}
	for _, n := range e.Nulls {
		past.Nulls = append(past.Nulls, shownNull{n.Channel.String(), n.Observed, n.Low, n.Width, n.Counts})
	}
	now = exhibit{
		Signal: signalNames[s], Excerpts: d.excerpts(s, e.WindowSample), Compression: e.Compression, Permutations: e.Permutations,
	}
	for _, c := range e.Courses {
		shown := shownSeries{
			Item: d.shownName(c.ID), Unit: d.names.Unit(c.ID), Bits: c.Bits, Start: at(c.StartNs), Points: c.Points, Window: c.Window,
			Expected: c.Expected, Drift: c.Drift,
		}
		if c.Context != 0 {
			shown.Instance = d.shownName(c.Context)
		}
		now.Series = append(now.Series, shown)
	}
	hex := func(h uint64) string { return strconv.FormatUint(h, 16) }
	for _, c := range e.Calls {
		now.Calls = append(now.Calls, shownCall{
			ID: hex(join.OperationKey(j.m.service.hash, c.Operation)), ParentID: hex(c.Parent),
			Operation: d.shownName(c.Operation), Parent: d.parentOf(c.Parent),
			Spans: c.Spans, Expected: c.Expected, Errors: c.Errors, ExpectedErrors: c.ExpectedErrors, DurationNs: c.DurationNs,
			ExpectedDurationNs: c.ExpectedDurationNs, Bits: c.Bits, TraceIDs: c.TraceIDs,
		})
	}
	return past, now
}

// excerpts are records without secrets. Those of metrics are times and values alone.
func (d *Detector) excerpts(s signal, records []cbad.Excerpt) []excerpt {
	out := make([]excerpt, 0, len(records))
	for _, r := range records {
		text := r.Text
		switch s {
		case logs:
			text = d.shownRecord(text)
		case traces:
			text = d.shownSpan(text)
		default:
		}
		out = append(out, excerpt{r.TimeNs, r.TraceID, text, r.Bits, r.Share, placed(r.Words, r.Text, text)})
	}
	return out
}

// placed moves words, bytes of a text, to their characters in the same text without its secrets. Words that lie between the
// first and the last character that differ are left out.
func placed(words []cbad.Word, before, after string) []cbad.Word {
	if len(words) == 0 {
		return nil
	}
	head, tail := common(before, after)
	out := make([]cbad.Word, 0, len(words))
	at, characters := 0, 0
	for _, w := range words {
		start, end := int(w[0]), int(w[1])
		switch {
		case end <= head:
		case start >= len(before)-tail:
			start, end = start+len(after)-len(before), end+len(after)-len(before)
		default:
			continue
		}
		if start < at || end < start || end > len(after) {
			continue
		}
		from := characters + utf8.RuneCountInString(after[at:start])
		characters = from + utf8.RuneCountInString(after[start:end])
		at = end
		out = append(out, cbad.Word{float64(from), float64(characters), w[2]})
	}
	return out
}

// common are the bytes that two texts begin and end with alike, whole characters, without overlap.
func common(a, b string) (head, tail int) {
	least := min(len(a), len(b))
	for head < least && a[head] == b[head] {
		head++
	}
	for head > 0 && head < len(a) && !utf8.RuneStart(a[head]) {
		head--
	}
	for tail < least-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	for tail > 0 && !utf8.RuneStart(a[len(a)-tail]) {
		tail--
	}
	return head, tail
}

// shownSpan puts a sampled span, as the core writes it, into words: `parent>operation alone 2^n [net 2^n] [calls] [error]`.
func (d *Detector) shownSpan(text string) string {
	edge, rest, _ := strings.Cut(text, " ")
	from, to, ok := strings.Cut(edge, ">")
	parent, err1 := strconv.ParseUint(from, 16, 64)
	operation, err2 := strconv.ParseUint(to, 16, 64)
	if !ok || err1 != nil || err2 != nil {
		return text
	}
	var b strings.Builder
	b.WriteString(d.shownName(operation) + " from " + d.parentOf(parent))
	words := strings.Fields(rest)
	for i, w := range words {
		switch w {
		case "alone", "net":
			if i+1 < len(words) {
				b.WriteString(", " + map[string]string{"alone": "by itself under ", "net": "on the way under "}[w] + powerOfTwo(words[i+1]))
			}
		case "calls":
			b.WriteString(", calls another service")
		case "error":
			b.WriteString(", failed")
		}
	}
	return b.String()
}

// powerOfTwo is so many nanoseconds in words.
func powerOfTwo(text string) string {
	n, err := strconv.Atoi(strings.TrimPrefix(text, "2^"))
	if err != nil || n < 0 || n > 64 {
		return text
	}
	return anomaly.Quantity(float64(uint64(1)<<min(n, 63)), "ns")
}
