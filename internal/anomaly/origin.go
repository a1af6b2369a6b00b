package anomaly

import "time"

// Origin is who states anomalies: a component in a process, with its configuration and core.
type Origin struct {
	ComponentID string
	ConfigHash  string
	CoreVersion string
	ProcessID   string
}

// Anomaly begins a statement about a service's window: who states it, about what, when, and under which id.
func (o *Origin) Anomaly(service string, stream Signal, start, end time.Time) *Anomaly {
	return &Anomaly{
		ID:        NewID(o.ComponentID, service, string(stream), start, o.ConfigHash),
		Timestamp: end, WindowStart: start, Service: service, StreamType: stream, Status: statusPending,
		ComponentID: o.ComponentID, ConfigHash: o.ConfigHash, CoreVersion: o.CoreVersion, ProcessID: o.ProcessID,
	}
}
