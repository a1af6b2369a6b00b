package driftlockapi

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

//go:embed page
var pageFiles embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"rfc3339":  func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) },
	"clock":    func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
	"odds":     odds,
	"headline": headline,
	"details":  details,
	"course":   course,
	"number":   number,
	"quantity": anomaly.Quantity,
	"size":     size,
}).ParseFS(pageFiles, "page/*.html"))

// The first page shows this much; the API has the rest.
const (
	homeAnomalies = 20
	homeServices  = 50
	homeRefresh   = 10 // seconds
)

type page struct {
	Title, Version string
	Refresh        int
	Now            time.Time

	Anomalies   []*anomaly.Anomaly
	More        bool
	Streams     []stream
	MoreStreams bool

	Anomaly *anomaly.Anomaly
}

func (h *handler) home(w http.ResponseWriter, r *http.Request) error {
	list, err := h.store.List(r.Context(), store.Query{Limit: homeAnomalies, Detail: store.Summary})
	if err != nil {
		return err
	}
	windows, err := h.store.Latest(r.Context(), store.LatestQuery{Limit: homeServices})
	if err != nil {
		return err
	}
	return h.render(w, r, "home.html", page{
		Title: "Driftlock", Refresh: homeRefresh, Now: time.Now(),
		Anomalies: list.Anomalies, More: list.Next != nil, Streams: streamsOf(windows), MoreStreams: len(windows) == homeServices,
	})
}

func (h *handler) anomalyPage(w http.ResponseWriter, r *http.Request) error {
	a, err := h.find(r)
	if err != nil {
		return err
	}
	return h.render(w, r, "anomaly.html", page{Title: a.Service + " · Driftlock", Anomaly: a})
}

func (h *handler) render(w http.ResponseWriter, r *http.Request, name string, p page) error {
	p.Version = h.version
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, p); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		w.Write(b.Bytes())
	}
	return nil
}

func (h *handler) style(w http.ResponseWriter, r *http.Request) error {
	b, err := pageFiles.ReadFile("page/style.css")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	if r.Method != http.MethodHead {
		w.Write(b)
	}
	return nil
}

// odds says how unusual a window is, and no more than its history supports: beyond that the p-value is extrapolated.
func odds(p, floor float64) string {
	switch {
	case p < floor && floor < 1:
		return fmt.Sprintf("further out than anything in %s windows before", grouped(1/floor-1))
	case p <= 0:
		return "chance: none that can be computed"
	case p >= .1:
		return fmt.Sprintf("chance: %.0f %%", 100*p)
	}
	if decades := -math.Log10(p); decades > 12 {
		return fmt.Sprintf("chance: one in 10^%.0f", decades)
	}
	return "chance: one in " + grouped(1/p)
}

// headline is an explanation's first line, details what follows.
func headline(text string) string {
	first, _, _ := strings.Cut(text, "\n")
	return first
}

func details(text string) string {
	_, rest, _ := strings.Cut(text, "\n")
	return rest
}

// course says how an episode went so far. It has no clock: an episode is over when somebody said so.
func course(e *anomaly.Episode) string {
	windows := "1 window"
	if e.Windows != 1 {
		windows = strconv.FormatUint(uint64(e.Windows), 10) + " windows"
	}
	if e.Ended != nil {
		return windows + ", over since " + e.Ended.UTC().Format("15:04:05")
	}
	return windows + ", not over"
}

// grouped rounds to two digits and sets commas.
func grouped(f float64) string {
	if f < 100 {
		return strconv.FormatFloat(math.Round(f), 'f', 0, 64)
	}
	step := math.Pow(10, math.Max(0, math.Floor(math.Log10(f))-1))
	s := strconv.FormatFloat(math.Round(f/step)*step, 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', 4, 64) }

func size(n uint64) string {
	const unit = 1024
	switch {
	case n < unit:
		return fmt.Sprintf("%d B", n)
	case n < unit*unit:
		return fmt.Sprintf("%.1f KiB", float64(n)/unit)
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/unit/unit)
}
