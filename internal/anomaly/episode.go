package anomaly

import (
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// Kind is what sort of statement an anomaly is.
type Kind string

// The kinds that there are. Readers keep kinds they do not know: an agent may be newer than its gateway.
const (
	KindAnomaly Kind = "anomaly" // a window that the past does not explain
	KindSilence Kind = "silence" // a stream that was regular and stopped
	KindGap     Kind = "gap"     // most streams stopped together: the pipeline, rather than the services
	KindShift   Kind = "shift"   // a lasting change, or a slow drift away from a frozen reference
)

// Episode is what consecutive anomalous windows of one service have in common. Each window is stated as an anomaly of its own
// that carries the episode as it stands then; a store keeps one row for all of them.
type Episode struct {
	ID       string     `json:"id"`              // the id of its first statement
	Started  time.Time  `json:"started"`         // the start of its first anomalous window
	Last     time.Time  `json:"last"`            // the end of its newest anomalous window
	Windows  uint32     `json:"windows"`         // anomalous windows so far
	Revision uint32     `json:"revision"`        // 1 for the first statement, one more for each that follows; the highest is the newest
	PeakP    float64    `json:"peak_p"`          // the smallest p-value of its windows
	Peak     time.Time  `json:"peak"`            // the start of the window that had it
	Ended    *time.Time `json:"ended,omitempty"` // the service has been normal since; said once, by the last revision
}

// Deploy is a change of a service's version that lies near an anomaly.
type Deploy struct {
	From string    `json:"from"`
	To   string    `json:"to"`
	At   time.Time `json:"at"` // the first record of the new version
}

func (e *Episode) write(m pcommon.Map) {
	w := writer{m: m, prefix: episodePrefix}
	w.str("id", e.ID)
	w.time("started", e.Started)
	w.time("last", e.Last)
	w.uint("windows", uint64(e.Windows))
	w.uint("revision", uint64(e.Revision))
	w.float("peak_p", e.PeakP)
	w.time("peak", e.Peak)
	if e.Ended != nil {
		w.time("ended", *e.Ended)
	}
}

func (d *Deploy) write(m pcommon.Map) {
	w := writer{m: m, prefix: deployPrefix}
	w.str("from", d.From)
	w.str("to", d.To)
	w.time("at", d.At)
}

// readEpisode returns nil where there is none, as in items of older builds.
func readEpisode(m pcommon.Map) (*Episode, error) {
	r := reader{m: m, prefix: episodePrefix}
	id := r.str("id")
	if id == "" {
		return nil, r.err
	}
	e := &Episode{
		ID: id, Started: r.time("started"), Last: r.time("last"), Windows: r.uint32("windows"), Revision: r.uint32("revision"), PeakP: r.float("peak_p"),
		Peak: r.time("peak"),
	}
	if r.str("ended") != "" {
		ended := r.time("ended")
		e.Ended = &ended
	}
	return e, r.err
}

func readDeploy(m pcommon.Map) (*Deploy, error) {
	r := reader{m: m, prefix: deployPrefix}
	from, to := r.str("from"), r.str("to")
	if from == "" && to == "" {
		return nil, r.err
	}
	return &Deploy{From: from, To: to, At: r.time("at")}, r.err
}

// checkEpisode holds what places an anomaly among others to its form.
func (a *Anomaly) checkEpisode() error {
	if a.IncidentID != "" {
		if err := checkID("incident_id", a.IncidentID); err != nil {
			return err
		}
	}
	if d := a.Deploy; d != nil {
		if err := checkTime("deploy.at", d.At); err != nil {
			return err
		}
	}
	e := a.Episode
	if e == nil {
		return nil
	}
	if err := checkID("episode.id", e.ID); err != nil {
		return err
	}
	if e.Revision == 0 || e.Windows == 0 {
		return fmt.Errorf("episode.revision and episode.windows must be at least 1 (got %d, %d)", e.Revision, e.Windows)
	}
	for name, t := range map[string]time.Time{"episode.started": e.Started, "episode.last": e.Last, "episode.peak": e.Peak} {
		if err := checkTime(name, t); err != nil {
			return err
		}
	}
	if e.Ended != nil {
		if err := checkTime("episode.ended", *e.Ended); err != nil {
			return err
		}
	}
	return checkProbability("episode.peak_p", e.PeakP)
}
