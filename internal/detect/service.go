package detect

import (
	"cmp"
	"slices"
	"time"

	"github.com/driftlock/driftlock/internal/canonical"
)

// service is what the sequencer knows of a service. Its models belong to a worker.
type service struct {
	name     string
	hash     uint64
	index    uint64 // order of first sight
	worker   *worker
	models   *models
	resource *canonical.Resource // of the newest replica
	rows     bool                // made by ConsumeRows

	signals [signals]stream
	judged  uint64   // every window that starts before is judged
	waiting []uint64 // closed by a signal and not judged, rising
	changes changes  // windows in which a new replica or version appeared
	version version
	hour    int64 // of the newest data, for the budget

	evicted    bool
	windows    int // judged so far
	prev, next *service
	segment    *segment
	visit      uint64 // the arrival that touched it last
}

// stream is the sequencer's part of a service × signal.
type stream struct {
	seen     bool
	newest   uint64 // newest event time
	last     uint64 // newest window with data
	closed   uint64 // every window that starts before is closed
	open     []openWindow
	late     uint64 // since the last window closed
	present  uint64 // which of the 64 windows up to the last one with data had some, the last one lowest
	lag      uint64 // how far behind the newest event time of all it comes, in ns
	ended    bool   // the window closed last was the last
	idle     bool   // nothing came for the idle timeout: nobody waits for it
	arrival  time.Time
	replicas replicas
}

// openWindow is a window with data.
type openWindow struct {
	start      uint64
	records    uint64
	unscored   uint64
	incomplete bool
	pending    uint64 // bytes that wait for an earlier window
	spans      *load
}

// window finds or makes the open window; few are open at a time.
func (s *stream) window(start uint64) *openWindow {
	i, found := slices.BinarySearchFunc(s.open, start, func(w openWindow, t uint64) int { return cmp.Compare(w.start, t) })
	if !found {
		s.open = slices.Insert(s.open, i, openWindow{start: start})
	}
	return &s.open[i]
}

// oldest is the first window that is not judged.
func (s *service) oldest() (window uint64, ok bool) {
	if len(s.waiting) > 0 {
		window, ok = s.waiting[0], true
	}
	for i := range s.signals {
		if open := s.signals[i].open; len(open) > 0 && (!ok || open[0].start < window) {
			window, ok = open[0].start, true
		}
	}
	return window, ok
}

// wait remembers that a window is to be judged.
func (s *service) wait(start uint64) {
	if i, found := slices.BinarySearch(s.waiting, start); !found {
		s.waiting = slices.Insert(s.waiting, i, start)
	}
}
