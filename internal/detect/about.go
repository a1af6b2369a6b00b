package detect

import (
	"fmt"
	"slices"
	"strings"
)

// about is what a snapshot says of itself.
type about struct {
	Component   string
	CoreVersion string
	SavedAt     int64 // wall clock, ns
	Clean       bool  // at shutdown: nothing was taken in afterwards
	Meaning     []setting
}

// setting is a key of the configuration and its value.
type setting struct{ Key, Value string }

func (d *Detector) about(savedAt int64, clean bool) about {
	return about{Component: d.id, CoreVersion: d.coreVersion, SavedAt: savedAt, Clean: clean, Meaning: d.cfg.meaning()}
}

// meaning is the keys that make a state what it is: what was counted, hashed and sized under one value means nothing under
// another, so such a state is not loaded. All other keys may change between a snapshot and the next start; thresholds then
// hold from the next window on.
func (c *Config) meaning() []setting {
	text := func(v any) string { return fmt.Sprint(v) }
	return []setting{
		{"window.duration", text(c.Window.Duration)},
		{"service_attributes", strings.Join(c.ServiceAttributes, ", ")},
		{"logs.attributes", strings.Join(c.Logs.Attributes, ", ")},
		{"requests.idle", text(c.Requests.Idle)},
		{"requests.p", text(c.Requests.P)},
		{"limits.records_per_window", text(c.Limits.RecordsPerWindow)},
		{"limits.symbols_per_stream", text(c.Limits.SymbolsPerStream)},
		{"limits.requests_per_stream", text(c.Limits.RequestsPerStream)},
		{"limits.sample_bytes", text(c.Limits.SampleBytes)},
		{"seed", text(c.Seed)},
	}
}

// otherMeaning names the keys that differ, with both values; empty when the state can be used.
func (a *about) otherMeaning(d *Detector) string {
	var differ []string
	if a.Component != d.id {
		differ = append(differ, fmt.Sprintf("the component was %s, is %s", a.Component, d.id))
	}
	for _, now := range d.cfg.meaning() {
		i := slices.IndexFunc(a.Meaning, func(s setting) bool { return s.Key == now.Key })
		if i < 0 {
			differ = append(differ, now.Key+" was not known")
		} else if was := a.Meaning[i].Value; was != now.Value {
			differ = append(differ, fmt.Sprintf("%s was %s, is %s", now.Key, was, now.Value))
		}
	}
	return strings.Join(differ, "; ")
}
