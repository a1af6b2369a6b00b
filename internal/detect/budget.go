package detect

import "time"

// budget turns false alarms per day into a level.
//
// In each window duration at most one window of each active service is judged, so with A active services a level of
// B / (A · windows per day) spends at most B / (windows per day) per duration, and B a day: the expected number of false
// alarms is at most B a day whatever the dependence between services, windows and signals, if the p-values hold
// (Bonferroni's inequality, applied over time). A service is active when it had data in the last 24 hours of event time,
// counted in whole hours and therefore rather too long than too short. Nothing is carried over: a quiet day does not
// make the next one noisier.
type budget struct {
	perDay        float64
	fixed         float64 // level.p, or 0
	windowsPerDay float64
	hours         map[int64]int // services by the hour of their newest data
	newest        int64
}

const day = 24 // hours

func newBudget(cfg *Config) *budget {
	return &budget{
		perDay:        cfg.FalseAlarmsPerDay,
		fixed:         cfg.Level.P,
		windowsPerDay: float64(day*time.Hour) / float64(cfg.Window.Duration),
		hours:         make(map[int64]int),
	}
}

// saw moves a service to the hour of its newest data.
func (b *budget) saw(s *service, timeNs uint64) {
	hour := int64(timeNs/uint64(time.Hour)) + 1 // 0: none yet
	if hour <= s.hour {
		return
	}
	if n, ok := b.hours[s.hour]; ok {
		b.hours[s.hour] = n - 1
	}
	s.hour = hour
	if _, ok := b.hours[hour]; !ok {
		b.prune()
	}
	b.hours[hour]++
	b.newest = max(b.newest, hour)
}

// prune forgets hours that nobody asks for any more, so that the map stays small however far event times wander.
func (b *budget) prune() {
	if len(b.hours) < maxHours {
		return
	}
	for h := range b.hours {
		if h < b.newest-2*day {
			delete(b.hours, h)
		}
	}
}

const maxHours = 256

// active counts services with data in the day before the newest.
func (b *budget) active() int { return b.activeSince(b.newest - day) }

func (b *budget) activeSince(hour int64) int {
	n := 0
	for h, services := range b.hours {
		if h >= hour {
			n += services
		}
	}
	return n
}

// level is the p-value that makes a window that ends at endNs an anomaly.
func (b *budget) level(endNs uint64) float64 {
	return b.among(b.activeAt(endNs))
}

// activeAt counts the services among which a window that ends at endNs shares the budget.
func (b *budget) activeAt(endNs uint64) int {
	return max(b.activeSince(int64(endNs/uint64(time.Hour))+1-day), 1)
}

// among is the level while so many services are active.
func (b *budget) among(active int) float64 {
	if b.fixed > 0 {
		return b.fixed
	}
	return min(b.perDay/(float64(active)*b.windowsPerDay), 1)
}

// highest is the level while one service is active.
func (b *budget) highest() float64 {
	return b.among(1)
}

// ledger is what was spent of the budget: the episodes begun in the last 24 hours of event time. It sees them in judged order,
// in which event times of different services may cross, so each is kept with its time. Beyond its size the oldest are
// forgotten: a budget overspent that much is overspent anyway.
type ledger struct {
	times [4096]uint64 // a ring
	next  int
}

func (l *ledger) spend(endNs uint64) {
	l.times[l.next] = endNs
	l.next = (l.next + 1) % len(l.times)
}

func (l *ledger) spent(endNs uint64) float64 {
	n := 0
	for _, t := range l.times {
		if t != 0 && t <= endNs && t+uint64(day*time.Hour) > endNs {
			n++
		}
	}
	return float64(n)
}
