package store

import (
	"fmt"
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
)

// Limits of the views. An answer is no longer, however many services and windows there are.
const (
	MaxLaneBuckets = 500
	MaxServices    = 200 // in Lanes and Levels
	MaxBudgets     = 50  // in an Overview
)

// LanesQuery selects the windows that end in (Start, End] and says how long the spans of time are into which they are sorted: a window
// belongs to that in which it ends, where an end on a border belongs to the one before.
type LanesQuery struct {
	Start, End time.Time
	Step       time.Duration
	Service    string // empty: all
	Limit      int    // of services, at most MaxServices
}

// Buckets is how many spans of time there are.
func (q LanesQuery) Buckets() int { return int((q.End.Sub(q.Start) + q.Step - 1) / q.Step) }

// Check says what is wrong with the query; nil where nothing is.
func (q LanesQuery) Check() error {
	switch {
	case !q.Start.Before(q.End):
		return fmt.Errorf("lanes need a start before an end")
	case q.Step < time.Second || q.Buckets() > MaxLaneBuckets:
		return fmt.Errorf("buckets must be at least 1s long and at most %d (got %s each in %s)", MaxLaneBuckets, q.Step, q.End.Sub(q.Start))
	}
	return nil
}

// Lanes are services over time: those with anomalous windows first, then those with the highest score, then by name.
type Lanes struct {
	Services []Lane
	More     bool // services that are less severe are left out
}

// Lane is one service over time.
type Lane struct {
	Service   string     `json:"service"`
	MaxScore  float64    `json:"max_score"`
	Anomalies int        `json:"anomalies"` // anomalous windows in all
	Scores    []*float64 `json:"scores"`    // the highest score of each bucket; nil where no window ended
	Anomalous []int      `json:"anomalous"` // anomalous windows of each bucket
}

// NewLane is a service without windows.
func NewLane(service string, buckets int) Lane {
	return Lane{Service: service, Scores: make([]*float64, buckets), Anomalous: make([]int, buckets)}
}

// LevelsQuery asks which of the windows that end in [Start, End) have a p-value of at most Level.
type LevelsQuery struct {
	Level      float64
	Start, End time.Time
	Limit      int // of services, at most MaxServices
}

// Levels counts windows at a level. Windows of one service that end at the same time, of several processes, are one.
type Levels struct {
	LevelCounts
	Services []ServiceLevel `json:"services"` // those with most anomalous windows first, then by name
	More     bool           `json:"more"`     // services with fewer are left out
}

// LevelCounts are numbers of windows, and of runs of them.
type LevelCounts struct {
	Windows   int `json:"windows"`
	Anomalous int `json:"anomalous_windows"`
	Episodes  int `json:"episodes"` // runs of consecutive anomalous windows of a service
}

// ServiceLevel is the count of one service.
type ServiceLevel struct {
	Service string `json:"service"`
	LevelCounts
}

// CurrentWindows is how many of its own windows a stream may lie behind the newest of all and still be current.
const CurrentWindows = 5

// Overview is how things stand.
type Overview struct {
	Services         int
	Streams          map[string]int // by state
	Warmup           *Warmup        // the current stream that is furthest from ready; nil where all are
	RecordsPerSecond float64        // of the current streams' newest windows
	Unscored         int64          // records of the same windows
	Newest           time.Time      // the end of the newest window; zero where there is none
	Budgets          []Budget       // by component, at most MaxBudgets
	Pending          int            // anomalies
	Investigating    int
	Since            int // anomalies whose timestamp is at or after the time asked for
}

// Warmup is how far a stream has come.
type Warmup struct {
	Service string         `json:"service"`
	Signal  anomaly.Signal `json:"signal"`
	Seen    int64          `json:"seen"`
	Needed  int64          `json:"needed"`
}

// Budget is a processor's, as its newest window says.
type Budget struct {
	ComponentID string  `json:"component_id"`
	PerDay      float64 `json:"per_day"` // 0 where the level is fixed
	Spent       float64 `json:"spent"`
	Level       float64 `json:"level"`
}

// ClampServices puts a limit of services into [1, MaxServices].
func ClampServices(n int) int { return min(ClampLimit(n), MaxServices) }

// ByService finds lanes by their service, and names the services in their order.
func (l *Lanes) ByService() (lanes map[string]*Lane, names []string) {
	lanes, names = map[string]*Lane{}, []string{}
	for i := range l.Services {
		lane := &l.Services[i]
		lanes[lane.Service] = lane
		names = append(names, lane.Service)
	}
	return lanes, names
}
