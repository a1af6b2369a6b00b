// Package progress tells people on stderr how far a long run has come: a bar on a terminal, else a line now and then.
// It does not log, and it never writes to stdout.
package progress

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/cheggaaa/pb/v3"
	"golang.org/x/term"
)

// lineEvery is how often a line is written where there is no terminal.
const lineEvery = 5 * time.Second

// Meter shows one run. Its methods are safe for concurrent use, and a nil Meter shows nothing.
type Meter struct {
	mu    sync.Mutex
	out   io.Writer
	bar   *pb.ProgressBar
	what  string
	total int64
	done  int64
	start time.Time
	last  time.Time
	now   func() time.Time
}

// New starts a meter for a total of work in the caller's unit (0: unknown). A bar is drawn if out is a terminal.
func New(out io.Writer, what string, total int64) *Meter {
	m := &Meter{out: out, what: what, total: total, now: time.Now}
	m.start = m.now()
	m.last = m.start
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		t := `{{string . "what"}} {{bar . "[" "=" ">" " " "]"}} {{percent .}} {{etime .}} {{string . "note"}}`
		m.bar = pb.ProgressBarTemplate(t).New(0)
		m.bar.SetTotal(total).SetWriter(out).SetRefreshRate(200*time.Millisecond).Set("what", what)
		m.bar.Start()
	}
	return m
}

// Set says how much is done, with a note on the present state.
func (m *Meter) Set(done int64, note string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done = done
	if m.bar != nil {
		m.bar.SetCurrent(done).Set("note", note)
		return
	}
	if now := m.now(); now.Sub(m.last) >= lineEvery {
		m.last = now
		share := ""
		if m.total > 0 {
			share = fmt.Sprintf(" %d%%", 100*done/m.total)
		}
		_, _ = fmt.Fprintf(m.out, "%s:%s after %s, %s\n", m.what, share, now.Sub(m.start).Round(time.Second), note)
	}
}

// Printf writes a message above the bar.
func (m *Meter) Printf(format string, a ...any) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bar != nil {
		_, _ = fmt.Fprint(m.out, "\r\033[K")
	}
	_, _ = fmt.Fprintf(m.out, format+"\n", a...)
}

// Finish removes the bar's goroutine; nothing is drawn afterwards.
func (m *Meter) Finish() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bar != nil {
		m.bar.Finish()
		m.bar = nil
	}
}
